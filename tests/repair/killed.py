"""A driver in a process of its own, to be killed: `python -m tests.repair.killed STORE-URL WORLD-URL`.

Its Identity Manager is the test's `World`, asked over HTTP, so that the test decides what has arrived at the moment of
the kill. Answers travel pickled: both ends are this repository's tests.
"""

import asyncio
import pickle
import sys
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from functools import partial
from typing import Any

import aiohttp

from bot.errors import NimUnreachable
from bot.model.action import Action
from bot.model.message import Message
from bot.repair.driver import Driver
from bot.repair.follow import Pace
from bot.repair.workflow import Engine, Repairs
from bot.store.store import Store
from tests.repair.program import judging

PACE = Pace(find_every=0.1, find_for=0.8, follow=(0.05,), verify=(0.05,), wait=(0.1,))


class Clock:
    def now(self) -> datetime:
        return datetime.now(UTC)


class FarWorld:
    """The environment: every call is one request."""

    name = "production"
    label = "PRODUCTION"

    def __init__(self, url: str, http: aiohttp.ClientSession) -> None:
        self._url = url
        self._http = http

    def now(self) -> datetime:
        return datetime(2026, 3, 3, 9, 0, tzinfo=UTC)

    def reads(self) -> "FarWorld":
        return self

    @property
    def writes(self) -> "FarWorld":
        return self

    @property
    def catalogue(self) -> "FarWorld":
        return self

    def __getattr__(self, name: str) -> Callable[..., Awaitable[Any]]:
        async def call(*args: object, **named: object) -> Any:
            try:
                async with self._http.post(f"{self._url}/{name}", data=pickle.dumps((args, named))) as response:
                    answer = pickle.loads(await response.read())  # noqa: S301
            except aiohttp.ClientError as why:
                raise NimUnreachable("no answer", changed=None) from why
            if isinstance(answer, Exception):
                raise answer
            return answer

        return call


async def render(action: Action) -> Message:
    return Message(f"{action.state.value} {action.verdict.value if action.verdict else ''} {action.said}".strip())


async def where(action: Action) -> tuple[str, str]:
    return action.wish.place.channel, ""


async def main(store_url: str, world_url: str) -> None:
    store = await Store.open(store_url)
    async with aiohttp.ClientSession() as http:
        world: Any = FarWorld(world_url, http)
        repairs = Repairs(store.actions, store.outbox, {"production": world}, judging(), render, where, Clock(), PACE)
        driver = Driver(
            lock=store.driving_lock(),
            actions=store.actions,
            workflows=partial(Engine, repairs, store.workflow_url, poll_seconds=0.05),
            services={},
            clock=Clock(),
        )
        await driver.run()


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
