"""The promised limits, and how a figure stands against its own."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

FILE = Path(__file__).with_name("budgets.toml")


class BadBudgets(ValueError):
    """budgets.toml says something that has no meaning; the text names the key."""


@dataclass(frozen=True, slots=True)
class Budget:
    """`most` and `least` are limits in `unit`; exactly one of them is given."""

    unit: str
    source: str
    most: float | None = None
    least: float | None = None

    def holds(self, value: float) -> bool:
        return value <= self.most if self.most is not None else value >= (self.least or 0)

    @property
    def words(self) -> str:
        return f"≤ {self.most:g}" if self.most is not None else f"≥ {self.least:g}"


@dataclass(frozen=True, slots=True)
class Promise:
    """One benchmark's budgets by figure."""

    about: str
    figures: Mapping[str, Budget]


def read(file: Path = FILE) -> Mapping[str, Promise]:
    """All promises by benchmark. Raises BadBudgets."""
    tables = tomllib.loads(file.read_text(encoding="utf-8"))
    return {name: _promise(name, table) for name, table in tables.items()}


def _promise(name: str, table: Mapping[str, object]) -> Promise:
    figures = {key: _budget(f"{name}.{key}", value) for key, value in table.items() if isinstance(value, Mapping)}
    about = table.get("about")
    if not isinstance(about, str):
        raise BadBudgets(f"{name}.about: is missing")
    return Promise(about, figures)


def _budget(where: str, table: Mapping[str, object]) -> Budget:
    known = {"most", "least", "unit", "source"}
    if unknown := set(table) - known:
        raise BadBudgets(f"{where}.{min(unknown)}: unknown; known are {', '.join(sorted(known))}")
    if ("most" in table) == ("least" in table):
        raise BadBudgets(f"{where}: has either most or least")
    limits = {key: _number(f"{where}.{key}", table[key]) for key in ("most", "least") if key in table}
    return Budget(str(table.get("unit", "")), str(table.get("source", "")), **limits)


def _number(where: str, value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise BadBudgets(f"{where}: is no number")
    return float(value)
