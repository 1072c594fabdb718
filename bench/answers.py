"""From the typed command to the answer on the screen, in a world of the size of a large company."""

import statistics
import time
from collections.abc import Sequence
from contextlib import AsyncExitStack
from typing import Final

from bench import installation
from bench.figures import Figure
from bench.installation import Wanted, Workspace
from bench.subjects import subjects

WORLD: Final = ("--people", "100000", "--orders", "300000", "--errored", "10000", "--blocked", "5000", "--runs", "2000")
SIZE: Final = "100,000 people, 300,000 orders, 2,000 runs"
WHO: Final = "omar"
TIMES: Final = 3


async def measure() -> Sequence[Figure]:
    async with AsyncExitStack() as stack:
        where = await stack.enter_async_context(installation.folder())
        nim = await stack.enter_async_context(installation.sandbox(where, ["bench.large_world", *WORLD]))
        slack = await stack.enter_async_context(installation.workspace(where))
        about = await subjects(nim)
        await stack.enter_async_context(installation.bot(where, slack, nim, Wanted()))
        words = ["", *dict.fromkeys(about.reads()), "jobs running", "orders waiting", "env"]
        taken: dict[str, list[float]] = {text: [] for text in words}
        for _ in range(TIMES):
            for text in words:
                taken[text].append(await _asked(slack, text))
    medians = {_shown(text): statistics.median(values) for text, values in taken.items()}
    slowest = max(medians, key=lambda text: medians[text])
    firsts = {_shown(text): values[0] for text, values in taken.items()}
    first = max(firsts, key=lambda text: firsts[text])
    return [
        Figure(
            "slowest", medians[slowest], "s", f"`{slowest}`, median of {TIMES}; the slowest of {len(words)}; {SIZE}"
        ),
        Figure("slowest-first", firsts[first], "s", f"`{first}`, the slowest when asked for the first time"),
        *(Figure(text, value, "s", f"median of {TIMES}") for text, value in medians.items()),
    ]


def _shown(text: str) -> str:
    """The command without the name that this world gave."""
    if not text:
        return "/nim alone"
    verb, _, thing = text.partition(" ")
    kinds = {"order": "ID" if thing[:1].isdigit() else "PERSON SYSTEM", "user": "NAME", "why": "WORDS", "job": "NAME"}
    return f"{verb} {kinds.get(verb, thing)}".strip()


async def _asked(slack: Workspace, text: str) -> float:
    """Seconds from sending the command to seeing its answer."""
    began = time.perf_counter()
    await slack.answer(WHO, await slack.ask(WHO, text))
    return time.perf_counter() - began
