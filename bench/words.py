"""Reading plain words: how many phrasings reach the right intent, and what it takes with 50,000 names around."""

import asyncio
import json
import random
import statistics
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

from bench.figures import Figure, percentile
from bot.intents.names import Kind, Names, Thing
from tests.intents.scene import NAMES, is_right, phrasings, told, understood

MANY = 50_000
ROUNDS = 5
SYLLABLES = "ad al an bel con dan fin gro hr ka la log mar mo per pro ron sal ser so ta tor tra ver".split()
MISSES = Path(__file__).with_name("results") / "words-missed.json"


async def measure() -> Sequence[Figure]:
    names = await asyncio.to_thread(lambda: Names.of([*NAMES.things, *_things(random.Random(50))]))
    every = list(phrasings())
    took: list[float] = []
    for _ in range(ROUNDS):
        for one in every:
            started = time.perf_counter()
            understood(one.text, names)
            took.append((time.perf_counter() - started) * 1000)
    missed = [
        {"text": one.text, "expected": one.means, "got": told(meant)}
        for one in every
        if not is_right(one, meant := understood(one.text))
    ]
    MISSES.parent.mkdir(exist_ok=True)
    MISSES.write_text(json.dumps(missed, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    right = 100 * (len(every) - len(missed)) / len(every)
    reading = f"reading one phrasing among {MANY:,} names, {len(took)} times"
    return (
        Figure("right", right, "%", f"{len(every)} phrasings, English and French; the misses: results/{MISSES.name}"),
        Figure("slowest", percentile(took, 0.99), "ms", f"{reading}, 99th percentile"),
        Figure("usual", statistics.median(took), "ms", f"{reading}, median"),
    )


def _things(chance: random.Random) -> Iterator[Thing]:
    kinds = list(Kind)
    for number in range(MANY):
        first, second = _word(chance), _word(chance)
        yield Thing(chance.choice(kinds), f"{first}_{second}_{number}", (f"{first} {second} {number}",))


def _word(chance: random.Random) -> str:
    return "".join(chance.choice(SYLLABLES) for _ in range(chance.randint(2, 4))).capitalize()


def main() -> None:
    for figure in asyncio.run(measure()):
        print(f"{figure.name}: {figure.value:.3g} {figure.unit} ({figure.what})")


if __name__ == "__main__":
    main()
