"""From the poll's answer to the request that posts the message, seen from between the bot and its servers."""

import asyncio
import json
import re
import statistics
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import AsyncExitStack
from typing import Final

from bench import installation
from bench.figures import PAIRS, Figure
from bench.installation import Sandbox, Wanted
from bench.recorder import Exchange, Recorder, recording

SCENARIO: Final = ("sandbox.cli", "sandbox", "--scenario", "leavers-rights", "--speed", "0")
LEVER: Final = "credential:ENTRA"
BETWEEN_RUNS: Final = 16 * 60
"""The jobs that synchronise incrementally run every quarter of an hour."""
POLL_SECONDS: Final = 0.5
QUIET_SECONDS: Final = 8
POST_SECONDS: Final = 15
RUNS: Final = "/api/Job/JobInstance"
POST: Final = "/chat.postMessage"
ERRORED: Final = 3
DATES: Final = re.compile(r"\d{4}-\d\d-\d\d[T ][\d:.]+Z?")

Fits = Callable[[Exchange], bool]


async def measure() -> Sequence[Figure]:
    async with AsyncExitStack() as stack:
        where = await stack.enter_async_context(installation.folder())
        nim = await stack.enter_async_context(installation.sandbox(where, SCENARIO))
        slack = await stack.enter_async_context(installation.workspace(where))
        asked = await stack.enter_async_context(recording(nim.url))
        posted = await stack.enter_async_context(recording(slack.url))
        api = f"{posted.url}{slack.said['api_url'].removeprefix(slack.url)}"
        wanted = Wanted(watch=True, poll_seconds=POLL_SECONDS, nim_url=asked.url, api_url=api)
        await stack.enter_async_context(installation.bot(where, slack, nim, wanted))
        await installation.settled(5)
        delays = [await _failure(nim, asked, posted) for _ in range(PAIRS)]
        quiet = await _quiet(asked)
    after = [delay for delay, _ in delays]
    asking = [spent for _, spent in delays]
    what = f"{len(after)} failures, one after the other, polled every {POLL_SECONDS:g} s"
    against = "of which Identity Manager answers questions about the cause"
    return [
        Figure(
            "post",
            1000 * statistics.median(after),
            "ms",
            f"median of {what}",
            peer=1000 * statistics.median(asking),
            peer_unit="ms",
            against=against,
        ),
        Figure("post-worst", 1000 * max(after), "ms", f"worst of {what}"),
        quiet,
    ]


async def _failure(nim: Sandbox, asked: Recorder, posted: Recorder) -> tuple[float, float]:
    """Lets a job fail, then run well again. Seconds from the poll's answer to the post, and those spent asking."""
    began = time.perf_counter()
    before = {run for one in asked.to(RUNS) for run in _errored(one)}
    await nim.post(f"levers/{LEVER}", {"value": "expired"})
    await nim.post("tick", {"seconds": BETWEEN_RUNS})
    poll = await _first(asked, RUNS, began, lambda one: bool(set(_errored(one)) - before))
    post = await _first(posted, POST, poll.came, lambda one: b"thread_ts" not in one.body)
    between = [one for one in asked.exchanges if poll.answered <= one.came < post.came]
    await nim.post(f"levers/{LEVER}", {"value": "valid"})
    await nim.post("tick", {"seconds": BETWEEN_RUNS})
    await _first(posted, POST, post.answered, lambda one: b"thread_ts" in one.body)
    return post.came - poll.answered, _covered(between)


async def _first(recorder: Recorder, path: str, since: float, fits: Fits) -> Exchange:
    """The first exchange that fits. Raises TimeoutError when none comes."""
    async with asyncio.timeout(POST_SECONDS):
        while True:
            for one in recorder.to(path, since):
                if fits(one):
                    return one
            await asyncio.sleep(0.02)


def _errored(one: Exchange) -> Iterator[int]:
    for run in json.loads(one.answer).get("Result", []):
        if run.get("State") == ERRORED:
            yield run["Id"]


def _covered(exchanges: Sequence[Exchange]) -> float:
    """Seconds in which at least one of them was under way."""
    covered, until = 0.0, 0.0
    for one in sorted(exchanges, key=lambda one: one.came):
        covered += max(0.0, one.answered - max(one.came, until))
        until = max(until, one.answered)
    return covered


async def _quiet(asked: Recorder) -> Figure:
    """Requests per poll while nothing changes. A poll is known by its question, without its dates."""
    await installation.settled()
    began = time.perf_counter()
    await asyncio.sleep(QUIET_SECONDS)
    made = [one for one in asked.exchanges if one.came >= began]
    questions = Counter(DATES.sub("", f"{one.path}?{one.query}") for one in made)
    polls = max((count for question, count in questions.items() if RUNS in question), default=0)
    if not polls:
        raise RuntimeError("no poll within the quiet time")
    return Figure("requests-per-quiet-poll", len(made) / polls, "requests", f"{polls} polls, {len(made)} requests")
