"""Small worlds for one test."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from sandbox.identity_manager.store import Row, Store
from sandbox.identity_manager.world import SimulatedWorld, load_world

SMALL = """
people = 60
[time]
history_days = 0
clock = "2026-03-03T08:07:00"
speed = 0
"""


class SmallWorld:
    """A world of sixty people without a past, and what tests do with it."""

    def __init__(self, world: SimulatedWorld) -> None:
        self.world = world
        self.store = world.store
        self.engine = world.engine

    def run(self, job: str) -> Row:
        """Starts the job and lets time pass until it has ended, and no longer: the next schedule is minutes away."""
        instance = self.world.run_job(self.engine.configuration.jobs[job].id)
        for _ in range(60):
            self.world.advance(5)
            row = self.store.row("JobInstance", instance)
            assert row is not None
            if row["EndDate"]:
                return row
        raise AssertionError(f"{job} does not end")

    def tasks(self, run: Row) -> dict[str, Row]:
        """Kind -> execution."""
        kinds = {t.id: t.kind for t in self.engine.configuration.tasks.values()}
        rows = self.store.rows("TaskInstance", "JobInstanceId = ?", (run["Id"],))
        return {kinds[r["TaskId"]]: r for r in rows}

    def person(self, key: str) -> Row:
        (found,) = self.world.resources.all("Directory_User", "{Identifier} = ?", (key,))
        return found

    def order(self, key: str, resource_type: str = "AD_Entry_NominativeUser") -> Row:
        role = self.engine.database.role_ids[resource_type]
        (found,) = self.store.rows("AssignedResourceType", "OwnerId = ? AND RoleId = ?", (self.person(key)["Id"], role))
        return found

    def errors(self, order: int) -> list[str]:
        rows = self.store.rows("AssignedResourceError", "AssignedResourceTypeId = ?", (order,), order="Id")
        return [row["ErrorMessage"] for row in rows]


@pytest.fixture
def small(tmp_path: Path) -> Iterator[Callable[[str], SmallWorld]]:
    stores: list[Store] = []

    def make(text: str = "") -> SmallWorld:
        file = tmp_path / "small.toml"
        file.write_text(SMALL + text, encoding="utf-8")
        stores.append(Store())
        return SmallWorld(load_world(file, stores[-1]))

    yield make
    for store in stores:
        store.close()
