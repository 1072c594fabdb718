"""Acknowledging at 20 commands a second, each of which is answered in full."""

import asyncio
from collections.abc import Sequence
from contextlib import AsyncExitStack
from itertools import cycle, islice
from typing import Final

import aiohttp

from bench import installation
from bench.ack import bare
from bench.figures import Figure, percentile
from bench.installation import Wanted
from bench.slack_requests import Slack, at_a_pace
from bench.subjects import subjects

PER_SECOND: Final = 20
ROUNDS: Final = 5
OURS, PEERS = 160, 60
"""Commands of one round."""
PEOPLE: Final = ("U0OMAR00001", "U0NADIA0001", "U0OTTO00001", "U0INES00001")
SCENARIO: Final = ("sandbox.cli", "sandbox", "--scenario", "leavers-rights")
DRAIN_SECONDS: Final = 15


async def measure() -> Sequence[Figure]:
    async with AsyncExitStack() as stack:
        where = await stack.enter_async_context(installation.folder())
        nim = await stack.enter_async_context(installation.sandbox(where, SCENARIO))
        slack = await stack.enter_async_context(installation.workspace(where, "http"))
        (sink,) = await stack.enter_async_context(
            installation.started(installation.program("The sink", ["bench.sink"], where / "sink.log"), 1)
        )
        peer = await bare(stack, where, slack)
        bot = await stack.enter_async_context(installation.bot(where, slack, nim, Wanted(mode="http", watch=True)))
        ours = Slack(bot.events, slack.said["signing_secret"], f"{sink}/answer")
        words = (await subjects(nim)).reads()
        await at_a_pace(ours.port, _signed(ours, words, 2 * len(words)), PER_SECOND)
        await installation.settled()
        before = await _answers(sink)
        taken: list[float] = []
        bare_taken: list[float] = []
        for _ in range(ROUNDS):
            bare_taken += await at_a_pace(peer.port, _signed(peer, ["help"], PEERS), PER_SECOND)
            taken += await at_a_pace(ours.port, _signed(ours, words, OURS), PER_SECOND)
        answered = await _all_answered(sink, before, len(taken))
    what = f"{len(taken)} commands, {answered} answers delivered"
    against = f"bare Bolt at the same pace, {len(bare_taken)} commands"
    shares = {"p99": 0.99, "p50": 0.5, "worst": 1.0}
    return [
        Figure(
            name,
            1000 * percentile(taken, share),
            "ms",
            what,
            peer=1000 * percentile(bare_taken, share),
            peer_unit="ms",
            against=against,
        )
        for name, share in shares.items()
    ]


def _signed(slack: Slack, words: Sequence[str], count: int) -> list[bytes]:
    texts, people = cycle(words), cycle(PEOPLE)
    return [slack.command(text, user) for text, user in islice(zip(texts, people, strict=False), count)]


async def _answers(sink: str) -> int:
    async with aiohttp.ClientSession() as http, http.get(f"{sink}/count") as answer:
        count: int = await answer.json()
    return count


async def _all_answered(sink: str, before: int, wanted: int) -> int:
    """Waits for the last answers: work that is put off has not been done. Raises RuntimeError when some are missing."""
    answered = 0
    for _ in range(DRAIN_SECONDS):
        answered = await _answers(sink) - before
        if answered >= wanted:
            return answered
        await asyncio.sleep(1)
    raise RuntimeError(f"only {answered} of {wanted} commands were answered")
