from datetime import UTC, datetime, timedelta

import pytest

from bot.model.message import Message
from bot.repair.follow import Pace
from bot.repair.workflow import Engine, Repairs
from bot.store.store import Store
from tests.repair.program import judging, wish_to_relaunch, wish_to_unblock
from tests.repair.world import World

QUICK = Pace(find_every=0.02, find_for=0.2, follow=(0.01,), verify=(0.02,), wait=(0.02,))


class HostClock:
    ahead = timedelta()

    def now(self):
        return datetime.now(UTC) + self.ahead


@pytest.fixture
def clock():
    return HostClock()


@pytest.fixture
def world():
    return World()


@pytest.fixture
def seen():
    """What the action's message showed, oldest first, one entry per change."""
    return []


@pytest.fixture
def store_url(request):
    """SQLite, unless a test asks for both."""
    return request.getfixturevalue(f"{getattr(request, 'param', 'sqlite')}_url")


@pytest.fixture
async def store(store_url):
    opened = await Store.open(store_url)
    yield opened
    await opened.close()


@pytest.fixture
def repairs(store, world, clock, seen):
    async def render(action):
        text = " · ".join(
            filter(
                None, [action.state.value, action.verdict and action.verdict.value, action.said, action.waits_because]
            )
        )
        if not seen or seen[-1] != text:
            seen.append(text)
        return Message(text)

    async def where(action):
        return action.wish.place.channel, action.wish.place.thread

    return Repairs(store.actions, store.outbox, {"production": world}, judging(), render, where, clock, QUICK)


@pytest.fixture
async def engine(repairs, store):
    started = Engine(repairs, store.workflow_url, poll_seconds=0.01)
    await started.start()
    yield started
    await started.stop()


@pytest.fixture
def unblock():
    return wish_to_unblock()


@pytest.fixture
def relaunch():
    return wish_to_relaunch()
