"""`python -m bench` runs every benchmark, `python -m bench NAME…` some of them, `python -m bench --list` names them."""

import argparse
import asyncio
import importlib
import sys
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Final

from bench import budgets, results
from bench.budgets import Promise
from bench.figures import Figure

CAPS: Final[Mapping[str, float]] = {
    "render": 30,
    "words": 60,
    "ack": 120,
    "work": 150,
    "orders": 120,
    "answers": 150,
    "watch": 90,
    "memory": 300,
}
"""Seconds after which a benchmark is stopped; in the order in which they run."""
UNKNOWN, OVER = 2, 1

Measure = Callable[[], Awaitable[Sequence[Figure]]]


def main(arguments: Sequence[str]) -> int:
    """Returns 1 when a figure is over its limit or a benchmark broke down."""
    parser = argparse.ArgumentParser(prog="bench", description="Measures what nimdesk promises.")
    parser.add_argument("names", nargs="*", metavar="NAME", help="one or more benchmarks; all of them without")
    parser.add_argument("--list", action="store_true", help="only list them")
    given = parser.parse_args(arguments)
    promises = budgets.read()
    if unknown := [name for name in given.names if name not in promises]:
        print(f"bench: there is no benchmark {unknown[0]!r}; there are {', '.join(promises)}", file=sys.stderr)
        return UNKNOWN
    if given.list:
        print("\n".join(f"{name:8} {promise.about}" for name, promise in promises.items()))
        return 0
    chosen = [name for name in CAPS if name in (given.names or promises)]
    kept = [run(name, promises[name]) for name in chosen]
    results.write_page(promises)
    return 0 if all(kept) else OVER


def run(name: str, promise: Promise) -> bool:
    """Measures, prints and keeps one; whether every figure holds its limit."""
    print(f"\n{name}: {promise.about}", flush=True)
    before, started = results.load(), time.perf_counter()
    try:
        figures = asyncio.run(_capped(_measure_of(name), CAPS[name]))
    except TimeoutError:
        print(f"  stopped after {CAPS[name]:g} s: no figures")
        return False
    except Exception as why:  # noqa: BLE001  # the others are still worth their figures
        print(f"  broke down: {type(why).__name__}: {why}")
        return False
    seconds = time.perf_counter() - started
    kept = results.record(name, figures, promise, seconds=seconds, loads=(before, results.load()))
    results.write(kept)
    for row in kept["figures"]:
        print(_line(row))
    missing = sorted(set(promise.figures) - {figure.name for figure in figures})
    if missing:
        print(f"  not measured: {', '.join(missing)}")
    print(f"  {seconds:.0f} s, load {before} then {results.load()}")
    return not missing and all(row["verdict"] != "over" for row in kept["figures"])


async def _capped(measure: Measure, seconds: float) -> Sequence[Figure]:
    async with asyncio.timeout(seconds):
        return await measure()


def _measure_of(name: str) -> Measure:
    measure: Measure = importlib.import_module(f"bench.{name}").measure
    return measure


def _line(row: results.Json) -> str:
    against = ""
    if "against" in row:
        ours = f"{row['measured']['value']:g} to " if "measured" in row else ""
        ratio = "" if "measured" in row else f", ratio {row['ratio']:g}"
        against = f"  [{row['against']}: {ours}{row['peer']['value']:g} {row['peer']['unit']}{ratio}]"
    limit = f"limit {row['limit']}" if "limit" in row else "no limit"
    return f"  {row['verdict']:4} {row['name']}: {row['value']:g} {row['unit']} ({limit}){against}"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
