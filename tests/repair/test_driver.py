"""The driver: one at a time, everything supervised, stopped in time."""

import asyncio
from dataclasses import replace
from functools import partial

import pytest

from bot.errors import SettingsError
from bot.model.action import ActionState
from bot.repair.driver import Driver, supervised
from bot.repair.workflow import Engine
from tests.repair.program import ON_BOTH

PATIENCE = 40
"""Seconds, for a machine on which many programs run."""


@pytest.fixture
def driver(store, repairs, clock):
    return Driver(
        lock=store.driving_lock(),
        actions=store.actions,
        workflows=partial(Engine, repairs, store.workflow_url, poll_seconds=0.01),
        services={},
        clock=clock,
    )


@pytest.fixture
async def drive():
    """Runs drivers and stops them as SIGTERM does."""
    tasks = []

    async def started(driver):
        tasks.append(task := asyncio.create_task(driver.run()))
        waiting = asyncio.create_task(driver.driving.wait())
        await asyncio.wait([task, waiting], return_when=asyncio.FIRST_COMPLETED, timeout=PATIENCE)
        waiting.cancel()
        return task

    yield started
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


async def reached(store, action_id, state):
    async with asyncio.timeout(PATIENCE):
        while (action := await store.actions.get(action_id)).state is not state:  # noqa: ASYNC110
            await asyncio.sleep(0.02)
    return action


@ON_BOTH
async def test_an_asked_action_is_carried_out_at_once(driver, drive, store, relaunch, clock):
    await drive(driver)
    started = asyncio.get_running_loop().time()
    action, _ = await store.actions.ask(relaunch, clock.now())

    await reached(store, action.id, ActionState.DONE)

    assert asyncio.get_running_loop().time() - started < 2.5


async def test_actions_that_were_asked_before_it_started_are_carried_out_too(driver, drive, store, relaunch, clock):
    action, _ = await store.actions.ask(relaunch, clock.now())

    await drive(driver)

    await reached(store, action.id, ActionState.DONE)


async def test_a_service_whose_end_breaks_down_ends_all_the_same():
    async def breaks_at_its_end():
        try:
            await asyncio.sleep(60)
        finally:
            raise RuntimeError("dictionary changed size during iteration")

    service = asyncio.create_task(supervised("sender", breaks_at_its_end))
    await asyncio.sleep(0.01)

    service.cancel()
    _, running = await asyncio.wait([service], timeout=3)

    assert not running
    assert service.cancelled()


async def test_a_service_that_breaks_down_is_started_again_and_the_others_go_on(driver, drive, store, relaunch, clock):
    began = 0

    async def breaks():
        nonlocal began
        began += 1
        if began == 1:
            raise OSError("broken")
        await asyncio.Event().wait()

    driver.services = {"watch production": breaks}
    await drive(driver)
    action, _ = await store.actions.ask(relaunch, clock.now())
    await reached(store, action.id, ActionState.DONE)
    async with asyncio.timeout(PATIENCE):
        while began < 2:  # noqa: ASYNC110
            await asyncio.sleep(0.02)


async def test_a_second_driver_of_the_same_file_is_refused(driver, drive, store):
    await drive(driver)

    with pytest.raises(SettingsError, match="another nimdesk run"):
        await replace(driver, lock=store.driving_lock(), driving=asyncio.Event()).run()


@ON_BOTH
async def test_it_stops_at_once_though_a_run_is_being_followed(driver, drive, store, world, relaunch, clock):
    world.looks = 10_000
    task = await drive(driver)
    action, _ = await store.actions.ask(relaunch, clock.now())
    await reached(store, action.id, ActionState.RUNNING)
    started = asyncio.get_running_loop().time()

    task.cancel()
    await asyncio.gather(task, return_exceptions=True)

    assert asyncio.get_running_loop().time() - started < 5
    assert (await store.actions.get(action.id)).state is ActionState.RUNNING


async def test_when_the_right_is_lost_it_stands_by_and_goes_on_when_it_has_it_again(
    driver, drive, store, world, relaunch, clock
):
    class Breaking:
        """A lock whose connection breaks when it is told to."""

        broken = asyncio.Event()
        taken = 0

        async def acquire(self):
            self.taken += 1
            self.broken.clear()

        async def lost(self):
            await self.broken.wait()

        async def release(self):
            pass

    world.looks = 10_000
    driver.lock = lock = Breaking()
    await drive(driver)
    action, _ = await store.actions.ask(relaunch, clock.now())
    await reached(store, action.id, ActionState.RUNNING)

    lock.broken.set()
    async with asyncio.timeout(PATIENCE):
        while lock.taken < 2:  # noqa: ASYNC110
            await asyncio.sleep(0.02)
    world.end(world.runs[-1])

    await reached(store, action.id, ActionState.DONE)
    assert world.calls.count("run_job") == 1
