"""Acknowledging over HTTP, against bare Bolt, with 10 and with 300 commands in the table."""

import asyncio
import statistics
from collections.abc import Sequence
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Final

from bench import installation
from bench.figures import Figure, Pairs, in_turn
from bench.installation import SERVER_CORE, Wanted, Workspace
from bench.quiet_bot import word
from bench.slack_requests import Slack, at_once, one_after_the_other

ROUNDS: Final = 41
IN_A_ROW, AT_ONCE = 80, 400
"""Many short rounds: what else the machine does changes within a second, then hits one side of a long round only."""
WARM_UP: Final = 600
FEW, MANY = 10, 300


async def measure() -> Sequence[Figure]:
    async with AsyncExitStack() as stack:
        where = await stack.enter_async_context(installation.folder())
        slack = await stack.enter_async_context(installation.workspace(where, "http"))
        peer = await bare(stack, where, slack)
        few, many = [await _quiet(stack, where, slack, commands) for commands in (FEW, MANY)]
        await installation.settled()
        words = {peer: [word(0)], few: _words(FEW), many: _words(MANY)}
        for one, texts in words.items():
            await at_once(one.port, one.commands(texts, WARM_UP))
        latency = await in_turn([_Latency(one, texts) for one, texts in words.items()], rounds=ROUNDS)
        rates = await in_turn([_Rate(one, texts) for one, texts in words.items()], rounds=ROUNDS)
    return list(_figures(latency, rates))


def _words(size: int) -> list[str]:
    return [word(number) for number in range(size)]


def _figures(latency: Sequence[Sequence[float]], rates: Sequence[Sequence[float]]) -> Sequence[Figure]:
    bare, few, many = latency
    bare_rate, few_rate, many_rate = rates
    row, rate = f"{ROUNDS} rounds of {IN_A_ROW}, one after the other", f"{ROUNDS} rounds of {AT_ONCE}, 32 at once"
    peer = "bare Bolt, process_before_response"
    return [
        _against("latency", Pairs(few, bare), f"{FEW} commands, {row}", "ms", peer),
        _against("throughput", Pairs(few_rate, bare_rate), f"{FEW} commands, {rate}", "requests/s", peer),
        _against("latency-300-commands", Pairs(many, bare), f"{MANY} commands, {row}", "ms", peer),
        _against(
            "throughput-300-commands", Pairs(many_rate, bare_rate), f"{MANY} commands, {rate}", "requests/s", peer
        ),
        _against("flat", Pairs(many, few), f"{MANY} commands, {row}", "ms", f"the same with {FEW} commands"),
    ]


def _against(name: str, pairs: Pairs, what: str, unit: str, peer: str) -> Figure:
    return Figure(
        name,
        pairs.ratio,
        "×",
        what,
        measured=pairs.our_median,
        peer=pairs.peer_median,
        peer_unit=unit,
        against=peer,
    )


async def bare(stack: AsyncExitStack, where: Path, slack: Workspace) -> Slack:
    options = {"--api-url": "api_url", "--bot-token": "bot_token", "--signing-secret": "signing_secret"}
    words = ["bench.bare_bolt", *(part for option, name in options.items() for part in (option, slack.said[name]))]
    made = installation.program("Bare Bolt", words, where / "bare.log")
    (address,) = await stack.enter_async_context(installation.started(made, 1))
    installation.on_core(made, SERVER_CORE)
    return Slack(address, slack.said["signing_secret"], "http://127.0.0.1:9/nowhere")


async def _quiet(stack: AsyncExitStack, where: Path, slack: Workspace, commands: int) -> Slack:
    own = where / str(commands)
    own.mkdir()
    words = ("bench.quiet_bot", "--commands", str(commands))
    wanted = Wanted(mode="http", words=words, core=SERVER_CORE)
    bot = await stack.enter_async_context(installation.bot(own, slack, None, wanted))
    return Slack(bot.events, slack.said["signing_secret"], "http://127.0.0.1:9/nowhere")


class _Latency:
    """The median of one row of requests, in milliseconds."""

    def __init__(self, slack: Slack, texts: Sequence[str]) -> None:
        self._slack = slack
        self._texts = texts

    async def __call__(self) -> float:
        requests = self._slack.commands(self._texts, IN_A_ROW)
        return 1000 * statistics.median(await asyncio.to_thread(one_after_the_other, self._slack.port, requests))


class _Rate:
    """Requests a second with 32 under way."""

    def __init__(self, slack: Slack, texts: Sequence[str]) -> None:
        self._slack = slack
        self._texts = texts

    async def __call__(self) -> float:
        return await at_once(self._slack.port, self._slack.commands(self._texts, AT_ONCE))
