"""What the program costs: memory idle and after much work, processor time when idle, starts."""

import asyncio
import os
import statistics
import sys
import time
from collections.abc import Sequence
from contextlib import AsyncExitStack
from itertools import cycle, islice
from pathlib import Path
from typing import Final

from bench import installation
from bench.figures import Figure, Pairs, in_turn
from bench.installation import Sandbox, Wanted, Workspace
from bench.slack_requests import Slack, at_a_pace
from bench.subjects import subjects
from bench.work import PEOPLE, SCENARIO

IDLE_SECONDS: Final = 20
STEPS, POLLS, COMMANDS = 10, 1_000, 100
"""The load: so many steps of so many polls and commands."""
SETTLED_STEPS: Final = 6
"""Growth counts from here on: before, caches fill and the allocator takes what it needs."""
PER_SECOND: Final = 20
STEP_SECONDS: Final = 40
STARTS, HELPS = 7, 9
POLLED: Final = "/api/Job/JobInstance"
LIBRARIES: Final = "import aiohttp.web, slack_bolt.async_app, sqlalchemy.ext.asyncio, aiosqlite, pydantic_settings"


async def measure() -> Sequence[Figure]:
    if sys.platform != "linux":
        raise RuntimeError("reads /proc, which only Linux has")
    async with AsyncExitStack() as stack:
        where = await stack.enter_async_context(installation.folder())
        nim = await stack.enter_async_context(installation.sandbox(where, SCENARIO))
        slack = await stack.enter_async_context(installation.workspace(where, "http"))
        (sink,) = await stack.enter_async_context(
            installation.started(installation.program("The sink", ["bench.sink"], where / "sink.log"), 1)
        )
        idle = await _idle(where, slack, nim)
        load = await _loaded(where, slack, nim, f"{sink}/answer")
    async with AsyncExitStack() as stack:
        where = await stack.enter_async_context(installation.folder())
        nim = await stack.enter_async_context(installation.sandbox(where, SCENARIO))
        slack = await stack.enter_async_context(installation.workspace(where))
        ready = await _ready(where, slack, nim)
    return [*idle, *load, *ready, await _help()]


async def _idle(where: Path, slack: Workspace, nim: Sandbox) -> list[Figure]:
    """Of a second start: the first one migrates the database, which the next ones have behind them."""
    wanted = Wanted(mode="http", watch=True)
    async with installation.bot(where, slack, nim, wanted):
        await installation.settled(1)
    async with installation.bot(where, slack, nim, wanted) as bot:
        await installation.settled(8)
        before, began = _processor(bot.pid), time.perf_counter()
        await asyncio.sleep(IDLE_SECONDS)
        share = 100 * (_processor(bot.pid) - before) / (time.perf_counter() - began)
        resident = _resident(bot.pid)
    what = f"over {IDLE_SECONDS} s, polled every 15 s"
    return [
        Figure("idle", resident, "MB", f"resident after {IDLE_SECONDS + 8} s, with the watch and the workflow engine"),
        Figure("core", share, "% of a core", what),
    ]


async def _loaded(where: Path, slack: Workspace, nim: Sandbox, answers: str) -> list[Figure]:
    wanted = Wanted(mode="http", watch=True, poll_seconds=0.001)
    words = (await subjects(nim)).reads()
    people = cycle(PEOPLE)
    resident: list[float] = []
    async with installation.bot(where, slack, nim, wanted) as bot:
        to = Slack(bot.events, slack.said["signing_secret"], answers)
        await installation.settled()
        await nim.forget()
        polls = 0
        for _ in range(STEPS):
            texts = islice(zip(cycle(words), people, strict=False), COMMANDS)
            await at_a_pace(to.port, [to.command(text, who) for text, who in texts], PER_SECOND)
            polls += await _polled(nim, POLLS)
            resident.append(_resident(bot.pid))
    done = f"{STEPS * COMMANDS:,} commands and {polls:,} polls"
    return [
        Figure("loaded", max(resident), "MB", f"the most over {STEPS} looks during {done}"),
        Figure(
            "growth",
            resident[-1] - resident[SETTLED_STEPS - 1],
            "MB",
            f"over the last {STEPS - SETTLED_STEPS} of {STEPS} steps of {done}",
        ),
    ]


async def _polled(nim: Sandbox, wanted: int) -> int:
    """Waits until so many polls were made since it was last asked. Raises TimeoutError when it takes too long."""
    polls = 0
    async with asyncio.timeout(STEP_SECONDS):
        while polls < wanted:
            asked = await nim.requests()
            await nim.forget()
            polls += sum(one["path"] == POLLED for one in asked)
            await asyncio.sleep(0.5)
    return polls


async def _ready(where: Path, slack: Workspace, nim: Sandbox) -> list[Figure]:
    """From starting the program to its first line: both sockets have been opened, the first is up."""
    busy: list[float] = []

    async def start() -> float:
        async with installation.bot(where, slack, nim, Wanted(watch=True)) as bot:
            busy.append(_processor(bot.pid))
            return bot.ready_seconds

    async def libraries() -> float:
        return await _ran("-c", LIBRARIES)

    await start()
    busy.clear()
    pairs = Pairs(*await in_turn([start, libraries], rounds=STARTS))
    return [
        Figure(
            "ready",
            pairs.our_median,
            "s",
            f"median of {STARTS} starts in socket mode with a migrated database",
            peer=pairs.peer_median,
            peer_unit="s",
            against="importing only the libraries that a start needs",
        ),
        Figure(
            "ready-processor", statistics.median(busy), "s", "of which the processor worked, the others' load aside"
        ),
    ]


async def _help() -> Figure:
    async def ours() -> float:
        return await _ran("-m", "bot.cli", "--help")

    async def click() -> float:
        return await _ran("-c", "import click")

    pairs = Pairs(*await in_turn([ours, click], rounds=HELPS))
    return Figure(
        "help",
        pairs.our_median,
        "s",
        f"median of {HELPS} times `nimdesk --help`",
        peer=pairs.peer_median,
        peer_unit="s",
        against="importing only click",
    )


async def _ran(*words: str) -> float:
    """Seconds that a Python program takes. Raises RuntimeError when it fails."""
    began = time.perf_counter()
    process = await asyncio.create_subprocess_exec(
        sys.executable, *words, stdout=asyncio.subprocess.DEVNULL, env={**os.environ, **installation.AS_INSTALLED}
    )
    if await process.wait():
        raise RuntimeError(f"{' '.join(words)} failed")
    return time.perf_counter() - began


def _resident(pid: int) -> float:
    """Megabytes (10^6 bytes) of memory that the program really has."""
    for line in Path(f"/proc/{pid}/status").read_text(encoding="ascii").splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) * 1024 / 1e6
    raise RuntimeError("the program has ended")


def _processor(pid: int) -> float:
    """Seconds of the processor that the program has used."""
    fields = Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
