"""Requests to Identity Manager for errored orders, whatever their number."""

from collections.abc import Sequence
from contextlib import AsyncExitStack
from typing import Final

from bench import installation
from bench.figures import Figure
from bench.installation import Sandbox, Wanted, Workspace
from bench.subjects import subjects

SIZES: Final = (1_000, 10_000, 100_000)
WHO: Final = "omar"
COUNT_SECONDS: Final = 60


async def measure() -> Sequence[Figure]:
    figures: list[Figure] = []
    for size in SIZES:
        figures += await _of(size)
    warm = {figure.name: figure.value for figure in figures}
    least, *more = (warm[f"requests-{size}"] for size in SIZES)
    what = f"the most with {SIZES[1]:,} or {SIZES[-1]:,} orders, less those with {SIZES[0]:,}"
    return [*figures, Figure("growth", max(more) - least, "requests", what)]


async def _of(size: int) -> list[Figure]:
    async with AsyncExitStack() as stack:
        where = await stack.enter_async_context(installation.folder())
        words = ["bench.large_world", "--orders", str(size), "--errored", str(size // 10)]
        nim = await stack.enter_async_context(installation.sandbox(where, words))
        slack = await stack.enter_async_context(installation.workspace(where))
        about = await subjects(nim)
        first, again = f"first, {size:,} orders", f"again, {size:,} orders"
        errored = Asker(nim, slack, "orders errored")
        one = Asker(nim, slack, f"order {about.order}")
        async with installation.bot(where, slack, nim, Wanted()):
            cold, warm = await errored.requests(), await errored.requests()
            counted = await errored.count_all(size // 10) if size == SIZES[-1] else 0
        async with installation.bot(where, slack, nim, Wanted()):
            one_cold, one_warm = await one.requests(), await one.requests()
    found = [
        Figure(f"requests-{size}", warm, "requests", f"`orders errored` {again}"),
        Figure(f"requests-{size}-cold", cold, "requests", f"`orders errored` {first}"),
    ]
    if size == SIZES[-1]:
        found += [
            Figure("one-order-warm", one_warm, "requests", f"`order ID` {again}"),
            Figure("one-order-cold", one_cold, "requests", f"`order ID` {first}"),
            Figure("count-all", counted, "orders", "counted by *Count all*, page by page"),
        ]
    return found


class Asker:
    """Asks one command and counts what Identity Manager was asked for it."""

    def __init__(self, nim: Sandbox, slack: Workspace, text: str) -> None:
        self._nim = nim
        self._slack = slack
        self._text = text

    async def requests(self) -> int:
        await self._nim.forget()
        since = await self._slack.ask(WHO, self._text)
        await self._slack.answer(WHO, since)
        return len(await self._nim.requests())

    async def count_all(self, wanted: int) -> int:
        """Presses *Count all* under a fresh answer; how many orders it ends with. Raises TimeoutError."""
        since = await self._slack.ask(WHO, self._text)
        message = await self._slack.answer(WHO, since)
        where = {"channel": message["channel"], "ts": message["ts"]}
        pressed = await self._slack.act(WHO, "press", {**where, "label": "Count all"})
        if not pressed.get("ok"):
            raise RuntimeError(f"Count all: {pressed}")
        said = f"{wanted:,}"
        await self._slack.answer(WHO, int(pressed["since"]), wait=COUNT_SECONDS, contains=said)
        return wanted
