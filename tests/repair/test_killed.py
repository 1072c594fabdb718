"""kill -9 at a chosen request, then a restart: nothing is lost and nothing is done twice."""

import asyncio
import pickle
import sys
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import pytest
from aiohttp import web

from bot.errors import NimError
from bot.model.action import ActionState, Verdict
from bot.store.store import Store
from tests.repair.program import wish_to_relaunch, wish_to_unblock
from tests.repair.world import World

pytestmark = [pytest.mark.slow, pytest.mark.timeout(180)]
ROOT = Path(__file__).parents[2]
PATIENCE = 60
"""Seconds: a driver starts twice in each test, which takes long where many programs run."""


@dataclass
class FarEnd:
    """Serves the world; at the chosen call it holds the answer, before or after the call has taken effect."""

    world: World
    url: str = ""
    hold: str = ""
    before: bool = False
    nth: int = 1
    held: asyncio.Event = field(default_factory=asyncio.Event)
    over: asyncio.Event = field(default_factory=asyncio.Event)
    """Set once the asker is dead."""

    async def answer(self, request: web.Request) -> web.Response:
        name = request.match_info["name"]
        args, named = pickle.loads(await request.read())  # noqa: S301
        holds = False
        if name == self.hold and not self.held.is_set():
            self.nth -= 1
            holds = self.nth == 0
        if holds and self.before:
            self.held.set()
            await self.over.wait()
            return web.Response()
        try:
            result: object = await getattr(self.world, name)(*args, **named)
        except NimError as why:
            result = why
        if holds:
            self.held.set()
            await self.over.wait()
        return web.Response(body=pickle.dumps(result))


@pytest.fixture
async def far_end(world):
    end = FarEnd(world)
    app = web.Application()
    app.router.add_post("/{name}", end.answer)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    end.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    yield end
    end.over.set()
    await runner.cleanup()


@pytest.fixture
async def driver(store_url, far_end):
    """Starts drivers in processes of their own; whatever is left is killed."""
    started = []

    async def start():
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "tests.repair.killed", store_url, far_end.url, cwd=ROOT
        )
        started.append(process)
        return process

    yield start
    for process in started:
        if process.returncode is None:
            process.kill()
        await process.wait()


async def to_its_end(store, action_id):
    """The action and the last text of its message, once the message shows what the action has come to."""
    shown = ""
    async with asyncio.timeout(PATIENCE):
        while True:
            action = await store.actions.get(action_id)
            for delivery in await store.outbox.claim_due(datetime.now(UTC)):
                shown = delivery.message.text
                await store.outbox.sent(delivery, ts="1.1")
            settled = action.ended or action.state is ActionState.AWAITING_VERIFICATION
            if settled and shown.startswith(action.state.value):
                return action, shown
            await asyncio.sleep(0.05)


@pytest.mark.parametrize(
    ("call", "nth", "before"),
    [
        pytest.param("unblock", 1, True, id="before the order is pending"),
        pytest.param("unblock", 1, False, id="after the order is pending"),
        pytest.param("run_job", 1, False, id="after the job is launched"),
        pytest.param("job_run", 2, False, id="while the run is followed"),
    ],
)
async def test_an_action_killed_at_any_call_ends_right_and_is_done_once(
    store_url, far_end, driver, world, call, nth, before
):
    far_end.hold, far_end.nth, far_end.before = call, nth, before
    store = await Store.open(store_url)
    action, _ = await store.actions.ask(wish_to_unblock(), datetime.now(UTC))
    process = await driver()
    async with asyncio.timeout(PATIENCE):
        await far_end.held.wait()
    process.kill()
    await process.wait()
    far_end.over.set()

    await driver()
    action, _ = await to_its_end(store, action.id)

    assert action.verdict is Verdict.EXECUTED
    assert world.calls.count("run_job") == 1
    assert world.calls.count("unblock") == 1
    assert len(world.runs) == 2
    records = [record.said async for record in store.audit.since()]
    assert sum(said.startswith("launched") for said in records) == 1
    assert (await store.audit.verify())[0] == len(records)
    await store.close()


async def test_a_launch_that_may_not_have_arrived_is_told_and_never_sent_again(store_url, far_end, driver, world):
    far_end.hold, far_end.before = "run_job", True
    store = await Store.open(store_url)
    action, _ = await store.actions.ask(wish_to_relaunch(), datetime.now(UTC))
    process = await driver()
    async with asyncio.timeout(PATIENCE):
        await far_end.held.wait()
    process.kill()
    await process.wait()
    far_end.over.set()

    await driver()
    action, shown = await to_its_end(store, action.id)

    assert action.state is ActionState.UNKNOWN
    assert "run_job" not in world.calls
    assert "no run of ours has appeared" in shown
    await store.close()


@pytest.mark.postgres
async def test_on_postgresql_a_standby_goes_on_when_the_driver_is_killed(postgres_url, far_end, world):
    far_end.hold, far_end.nth = "job_run", 2
    store = await Store.open(postgres_url)
    program = [sys.executable, "-m", "tests.repair.killed", postgres_url, far_end.url]
    first = await asyncio.create_subprocess_exec(*program, cwd=ROOT)
    action, _ = await store.actions.ask(wish_to_unblock(), datetime.now(UTC))
    async with asyncio.timeout(PATIENCE):
        await far_end.held.wait()
    second = await asyncio.create_subprocess_exec(*program, cwd=ROOT)
    await asyncio.sleep(2)
    first.kill()
    await first.wait()
    far_end.over.set()
    killed_at = asyncio.get_running_loop().time()

    action, _ = await to_its_end(store, action.id)

    assert action.verdict is Verdict.EXECUTED
    assert world.calls.count("run_job") == world.calls.count("unblock") == 1
    assert asyncio.get_running_loop().time() - killed_at < 10
    second.terminate()
    await second.wait()
    await store.close()
