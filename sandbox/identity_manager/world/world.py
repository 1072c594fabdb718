"""The world behind the server: fulfils sandbox.identity_manager.interface.World."""

from __future__ import annotations

import asyncio
import gc
import time
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any, Literal

from sandbox.identity_manager.interface import Lever, LogLine, LogTail, NotFound, ScheduledRun, Settings
from sandbox.identity_manager.store import Store
from sandbox.identity_manager.world import inspection, simulation
from sandbox.identity_manager.world.acts import Happening
from sandbox.identity_manager.world.clock import DAY, HOUR, Clock, to_datetime
from sandbox.identity_manager.world.engine import Engine
from sandbox.identity_manager.world.genesis import settle
from sandbox.identity_manager.world.levers import Levers
from sandbox.identity_manager.world.manual import change_part, change_state
from sandbox.identity_manager.world.moments import instant
from sandbox.identity_manager.world.population import populate
from sandbox.identity_manager.world.runs import LEVELS, Line
from sandbox.identity_manager.world.scale import enlarge
from sandbox.identity_manager.world.scenario import Scenario, read

INSTALLED_DAYS_AGO = 200
LOGS_KEPT = 4 * HOUR
_TICK = 0.25


class SimulatedWorld:
    """One scenario, running. Made by `load_world`."""

    def __init__(
        self, scenario: Scenario, store: Store, *, profile: str | None = None, speed: float | None = None
    ) -> None:
        self.scenario = scenario
        self.settings: Settings = scenario.settings(profile)
        self.store = store
        present = scenario.present(time.time())
        start = present - scenario.time.history_days * DAY
        clock = Clock(start - INSTALLED_DAYS_AGO * DAY, speed=scenario.time.speed if speed is None else speed)
        collecting = gc.isenabled()
        gc.disable()
        try:
            with store.transaction():
                self.engine = self._build(scenario, clock, present)
                self._run_forward(scenario, start, present)
        finally:
            if collecting:
                gc.enable()
                gc.freeze()
        self.resources = self.engine.database.shapes
        acts = scenario.all_acts()
        self._levers = Levers(self.engine, scenario.levers, acts)
        store.analyze()
        clock.go_live()

    def _build(self, scenario: Scenario, clock: Clock, present: float) -> Engine:
        engine = Engine(
            self.store,
            clock,
            seed=scenario.seed,
            present=present,
            people=scenario.people - sum(g.count for g in scenario.groups),
            connectors=scenario.connectors,
            resource_types=scenario.resource_types,
            jobs=scenario.job_changes(present),
            task_scale=scenario.time.task_scale,
            files=self.store.folder / "installation",
        )
        for name, changes in scenario.tasks.items():
            engine.configuration.set("Task", engine.configuration.tasks[name].row, dict(changes))
        populate(engine, scenario.groups)
        return engine

    def _run_forward(self, scenario: Scenario, start: float, present: float) -> None:
        engine = self.engine
        for act in scenario.before:
            act.run(engine)
        settle(engine)
        for act in scenario.all_acts():
            engine.clock.at(instant(act.at or "start", present, start), _happening(engine, act))
        engine.clock.run_until(start - 1)
        settle(engine)
        engine.clock.run_until(start)
        for job in engine.configuration.jobs.values():
            engine.jobs.schedule(job)
        engine.clock.run_until(present)
        engine.database.flush(present)
        if scenario.scale.people:
            enlarge(engine, people=scenario.scale.people, errored=scenario.scale.errored)
        engine.runs.go_live(present - LOGS_KEPT)
        engine.files.go_live()

    # -- time ----------------------------------------------------------------------------------------------------------

    def now(self) -> datetime:
        return to_datetime(self.engine.clock.present())

    @property
    def speed(self) -> float:
        return self.engine.clock.speed

    def set_speed(self, speed: float) -> None:
        with self.store.transaction():
            self.engine.clock.set_speed(speed)

    def advance(self, seconds: float) -> None:
        clock = self.engine.clock
        with self.store.transaction():
            clock.catch_up()
            clock.run_until(clock.now + seconds)
            self.engine.database.flush(clock.now)

    def next_scheduled(self) -> ScheduledRun | None:
        firing = min(((at, name) for name, at in self.engine.jobs.next_firing.items()), default=None)
        if firing is None:
            return None
        job = self.engine.configuration.jobs[firing[1]]
        return ScheduledRun(job.id, job.identifier, to_datetime(firing[0]))

    async def run(self) -> None:
        while True:
            wait = self.engine.clock.seconds_to_next()
            await asyncio.sleep(_TICK if wait is None else min(max(wait, 0.01), _TICK))
            self._catch_up()

    def _catch_up(self) -> None:
        clock = self.engine.clock
        if clock.seconds_to_next() == 0.0:
            with self.store.transaction():
                clock.catch_up()
        else:
            clock.catch_up()

    # -- acting --------------------------------------------------------------------------------------------------------

    def run_job(self, job_id: int, user: int | None = None, log_level: int | None = None) -> int:
        self._catch_up()
        job = next((j for j in self.engine.configuration.jobs.values() if j.id == job_id), None)
        if job is None:
            raise NotFound(f"there is no job {job_id}")
        inspection.may_start(job)
        with self.store.transaction():
            return self.engine.jobs.start(job, user=user, log_level=log_level).id

    def cancel_job(self, job_instance_id: int) -> None:
        self._catch_up()
        run = self.engine.runs.jobs.get(job_instance_id)
        if run is None:
            raise NotFound(f"there is no execution {job_instance_id}")
        self.engine.jobs.cancel(run)

    def resume(self, job_instance_id: int, mode: Literal["validate", "retry"]) -> int:
        self._catch_up()
        run = self.engine.runs.jobs.get(job_instance_id)
        if run is None:
            raise NotFound(f"there is no execution {job_instance_id}")
        with self.store.transaction():
            return self.engine.jobs.resume(run, force=mode == "validate").id

    def set_provisioning_state(self, entity: str, row_id: int, state: int) -> None:
        self._catch_up()
        engine = self.engine
        if entity == "AssignedResourceType":
            assignment = engine.database.assignments.get(row_id)
            if assignment is None:
                raise NotFound(f"there is no {entity} {row_id}")
            change_state(engine, assignment, state, by=None)
        else:
            assignment, part = inspection.find_part(engine, entity, row_id)
            change_part(engine, assignment, part, state, by=None)
        engine.database.flush(engine.clock.now)

    def compute_one(self, entity_type: str, resource_id: int, simulate: bool) -> list[Mapping[str, Any]]:  # noqa: FBT001
        self._catch_up()
        person = self.engine.database.resources.get(resource_id)
        if person is None or person.type != entity_type or entity_type != "Directory_User":
            raise NotFound(f"there is no {entity_type} {resource_id}")
        return simulation.compute_one(self.engine, person, store=not simulate)

    # -- reading -------------------------------------------------------------------------------------------------------

    def task_log(self, task_instance_id: int, tail: int, min_level: str) -> LogTail:
        run = self.engine.runs.tasks.get(task_instance_id)
        if run is None:
            raise NotFound(f"there is no task execution {task_instance_id}")
        return _tail(run.lines, tail, min_level)

    def server_log(self, tail: int, min_level: str) -> LogTail:
        return _tail(self.engine.runs.server_lines, tail, min_level)

    def agent_files(self, agent_id: int, folder: str) -> list[Mapping[str, Any]]:
        return inspection.agent_files(self.engine, agent_id, folder)

    def levers(self) -> Sequence[Lever]:
        return self._levers.all()

    def pull(self, lever: str, value: bool | int | str) -> None:  # noqa: FBT001
        self._catch_up()
        with self.store.transaction():
            self._levers.pull(lever, value)

    def truth(self) -> dict[str, Any]:
        return inspection.truth(self.engine, self.scenario)

    def close(self) -> None:
        """Nothing is kept open: the store belongs to whoever made it."""


def _happening(engine: Engine, act: Happening) -> Callable[[], None]:
    def happen() -> None:
        act.run(engine)
        engine.database.flush(engine.clock.now)

    return happen


def _tail(lines: Sequence[Line], tail: int, min_level: str) -> LogTail:
    lowest = LEVELS.index(min_level) if min_level in LEVELS else 0
    chosen = [line for line in lines if LEVELS.index(line.level) >= lowest]
    kept = chosen[-tail:] if tail > 0 else []
    return LogTail(
        [LogLine(to_datetime(line.at), line.level, line.message) for line in kept], truncated=len(kept) < len(chosen)
    )


def load_world(
    scenario: str | Path, store: Store, *, profile: str | None = None, speed: float | None = None
) -> SimulatedWorld:
    """Reads a scenario, fills the store, runs the world forward to its present. Raises BadScenario."""
    return SimulatedWorld(read(scenario), store, profile=profile, speed=speed)
