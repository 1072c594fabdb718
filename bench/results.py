"""Results as files: bench/results/<name>.json, and the table in docs/performance.md that is made from them."""

import json
import os
import platform
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from bench.budgets import Budget, Promise
from bench.figures import Figure

FOLDER = Path(__file__).with_name("results")
PAGE = Path(__file__).parents[1] / "docs" / "performance.md"
BEGIN, END = "<!-- figures: written by `make bench` -->", "<!-- end of figures -->"
PACKAGES = ("aiohttp", "dbos", "slack-bolt", "slack-sdk", "sqlalchemy")

Json = dict[str, Any]


def machine() -> Json:
    """What may be known of the machine: nothing that names it."""
    return {
        "cores": os.cpu_count(),
        "system": platform.system(),
        "architecture": platform.machine(),
        "python": platform.python_version(),
        "packages": dict(_versions()),
    }


def _versions() -> Iterator[tuple[str, str]]:
    for name in PACKAGES:
        try:
            yield name, version(name)
        except PackageNotFoundError:
            continue


def load() -> float | None:
    """Programs that wanted a core, on average of the last minute; more than cores: something else ran as well."""
    return round(os.getloadavg()[0], 2) if hasattr(os, "getloadavg") else None


def verdict(figure: Figure, budget: Budget | None) -> str:
    if budget is None:
        return "told"
    return "ok" if budget.holds(figure.value) else "over"


def record(name: str, figures: Sequence[Figure], promise: Promise, *, seconds: float, loads: Sequence[Any]) -> Json:
    """A benchmark's result as it is kept."""
    return {
        "benchmark": name,
        "about": promise.about,
        "at": datetime.now(UTC).isoformat(timespec="seconds"),
        "seconds": round(seconds, 1),
        "machine": machine(),
        "load_before_and_after": list(loads),
        "figures": [_row(figure, promise.figures.get(figure.name)) for figure in figures],
    }


def _row(figure: Figure, budget: Budget | None) -> Json:
    row: Json = {
        "name": figure.name,
        "value": _rounded(figure.value),
        "unit": figure.unit,
        "what": figure.what,
        "verdict": verdict(figure, budget),
    }
    if budget is not None:
        row["limit"] = budget.words
        row["source"] = budget.source
    if figure.peer is not None:
        row["against"] = figure.against
        row["peer"] = {"value": _rounded(figure.peer), "unit": figure.peer_unit}
        if figure.measured is not None:
            row["measured"] = {"value": _rounded(figure.measured), "unit": figure.peer_unit}
        row["ratio"] = _rounded(figure.ratio or 0.0)
    return row


def _rounded(value: float) -> float:
    """Three digits that count."""
    return float(f"{value:.3g}") if abs(value) < 1000 else float(round(value))


def write(kept: Json) -> None:
    FOLDER.mkdir(exist_ok=True)
    text = json.dumps(kept, indent=2, ensure_ascii=False)
    (FOLDER / f"{kept['benchmark']}.json").write_text(text + "\n", encoding="utf-8")


def read(name: str, folder: Path = FOLDER) -> Json | None:
    """The latest result of a benchmark; None when it was never run."""
    file = folder / f"{name}.json"
    if not file.exists():
        return None
    kept: Json = json.loads(file.read_text(encoding="utf-8"))
    return kept


def write_page(promises: Mapping[str, Promise], page: Path = PAGE, folder: Path = FOLDER) -> None:
    """Puts the latest figures between the marks of docs/performance.md; the words around them stay."""
    text = page.read_text(encoding="utf-8")
    before, _, rest = text.partition(BEGIN)
    _, _, after = rest.partition(END)
    tables = "\n".join(_table(kept) for name in promises if (kept := read(name, folder)) is not None)
    page.write_text(f"{before}{BEGIN}\n\n{tables}\n{END}{after}", encoding="utf-8")


def _table(kept: Json) -> str:
    made = kept["machine"]
    loads = " then ".join(str(one) for one in kept["load_before_and_after"])
    lines = [
        f"### {kept['benchmark']}",
        "",
        f"{kept['about']}.",
        "",
        "| figure | measured | limit | against, in the same run | |",
        "|---|---|---|---|---|",
        *(_line(row) for row in kept["figures"]),
        "",
        f"{kept['at'][:10]}, {made['cores']} cores, Python {made['python']}, load {loads}, {kept['seconds']:g} s.",
        "",
    ]
    return "\n".join(lines)


def _line(row: Json) -> str:
    against = ""
    if "against" in row:
        against = f"{row['against']}: {row['peer']['value']:g} {row['peer']['unit']}"
        if "measured" in row:
            against += f", ours {row['measured']['value']:g}"
    return (
        f"| {row['name']}: {row['what']} | {row['value']:g} {row['unit']} | {row.get('limit', '–')} "
        f"| {against} | {row['verdict']} |"
    )
