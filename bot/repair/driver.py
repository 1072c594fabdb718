"""The driver: the one process that watches, sends and carries out what people have asked for."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final, Protocol

import structlog

from bot.model.ids import ActionId
from bot.ports import Actions, Clock, DrivingLock

log = structlog.get_logger()

SWEEP_SECONDS: Final = 1.0
"""How late an action of another replica is found; one of this process wakes the driver at once."""
KEPT: Final = timedelta(days=30)
COLLECT_SECONDS: Final = 6 * 3600.0
PAUSES: Final = (1.0, 2.0, 5.0, 15.0, 60.0)
"""Before a service that broke down is started again."""

Service = Callable[[], Awaitable[None]]
"""Runs until it is cancelled: the watch, the sender of the outbox."""


class Workflows(Protocol):
    """`bot.repair.workflow.Engine`, which imports DBOS: half a second that only the driver needs."""

    async def start(self) -> None: ...
    async def stop(self) -> None: ...
    async def drive(self, action_id: ActionId) -> None: ...
    async def collect(self, before: datetime) -> int: ...


class _LockLost(Exception):
    pass


@dataclass
class Driver:
    """Waits for the right to drive, then runs all of its services until it is cancelled or loses the right."""

    lock: DrivingLock
    actions: Actions
    workflows: Callable[[], Workflows]
    """Makes the engine of the workflows; called each time this process begins to drive."""
    services: Mapping[str, Service]
    clock: Clock
    driving: asyncio.Event = field(default_factory=asyncio.Event)
    """Set while this process drives; a standby serves Slack without it."""

    async def run(self) -> None:
        """Raises SettingsError when another process drives a SQLite database."""
        while True:
            await self.lock.acquire()
            try:
                await self._drive()
            except* _LockLost:
                log.warning("the right to drive was lost; standing by")
            finally:
                self.driving.clear()
                await self.lock.release()

    async def _drive(self) -> None:
        engine = self.workflows()
        try:
            await engine.start()
            async with asyncio.TaskGroup() as group:
                group.create_task(self._until_lost(), name="lock")
                group.create_task(supervised("actions", lambda: self._sweep(engine)), name="actions")
                group.create_task(supervised("collector", lambda: self._collect(engine)), name="collector")
                for name, service in self.services.items():
                    group.create_task(supervised(name, service), name=name)
                self.driving.set()
        finally:
            await asyncio.shield(engine.stop())

    async def _until_lost(self) -> None:
        await self.lock.lost()
        raise _LockLost

    async def _sweep(self, engine: Workflows) -> None:
        """Starts a workflow for each action that has none; starting one twice joins the first."""
        started: set[ActionId] = set()
        while True:
            unfinished = [action.id for action in await self.actions.unfinished()]
            for action_id in unfinished:
                if action_id not in started:
                    await engine.drive(action_id)
                    started.add(action_id)
            started.intersection_update(unfinished)
            await self.actions.changed(SWEEP_SECONDS)

    async def _collect(self, engine: Workflows) -> None:
        while True:
            deleted = await engine.collect(self.clock.now() - KEPT)
            if deleted:
                log.info("old workflows deleted", count=deleted)
            await asyncio.sleep(COLLECT_SECONDS)


async def supervised(name: str, service: Service) -> None:
    """Runs a service for ever: what breaks is logged and started again after a growing pause."""
    failures = 0
    while True:
        started = asyncio.get_running_loop().time()
        try:
            await service()
            return
        except Exception:
            lasted = asyncio.get_running_loop().time() - started
            failures = 0 if lasted > PAUSES[-1] else failures + 1
            log.exception("service broke down", service=name, failures=failures)
            if (own := asyncio.current_task()) is not None and own.cancelling():
                raise asyncio.CancelledError from None  # it was told to end, and broke down on the way
        await asyncio.sleep(PAUSES[min(failures, len(PAUSES)) - 1] if failures else PAUSES[0])
