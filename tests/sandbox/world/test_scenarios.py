"""The forty labelled worlds: each shows its fault, and its repair has the effect that the label says."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator
from typing import Any

import pytest

from sandbox.identity_manager.store import Row, Store
from sandbox.identity_manager.world import SimulatedWorld, load_world
from sandbox.identity_manager.world.scenario import SHIPPED, read, shipped

NAMES = [name for name in shipped() if name[0] == "s" and name[1:3].isdigit()]
STATES = {"completed": 2, "errored": 3, "blocked": (5, 6), "warning": 7}

pytestmark = pytest.mark.slow


def acceptance(name: str) -> dict[str, Any]:
    table: dict[str, Any] = tomllib.loads((SHIPPED / f"{name}.toml").read_text(encoding="utf-8"))["acceptance"]
    return table


@pytest.fixture
def store() -> Iterator[Store]:
    opened = Store()
    yield opened
    opened.close()


def test_there_are_forty() -> None:
    assert len(NAMES) == 40


def test_every_label_names_its_symptom_and_its_question() -> None:
    for name in NAMES:
        label = acceptance(name)
        assert 1 <= label["symptom"] <= 8, name
        assert label["ask"], name
        assert label["certainty"] in {"confirmed", "likely", "possible", "unknown"}, name


@pytest.mark.parametrize("name", NAMES)
def test_the_repair_has_its_effect(name: str, store: Store) -> None:
    label = acceptance(name)
    world = load_world(name, store, speed=0)
    running = store.rows("JobInstance", "EndDate IS NULL")
    assert not running, "nothing is under way when somebody asks"
    canary = unblocked(world, label) if label["symptom"] == 5 and "unblock" in label else None
    for lever, value in label.get("levers", []):
        world.pull(lever, value)
    if "unblock" in label and label["symptom"] != 5:
        unblocked(world, label)
    last: Row | None = None
    for job in label.get("run", []):
        last = run(world, job)
    if "resume" in label:
        last = resumed(world, label["resume"])
    for job in label.get("then", []):
        last = run(world, job)
    check(world, label.get("effect", {}), last, canary)


def check(world: SimulatedWorld, effect: dict[str, Any], last: Row | None, canary: int | None) -> None:
    store = world.store
    if "run" in effect:
        assert last is not None
        wanted = STATES[effect["run"]]
        assert last["State"] in (wanted if isinstance(wanted, tuple) else (wanted,))
    for counter, column in (("inserted", "C0"), ("updated", "C1"), ("deleted", "C2")):
        if counter in effect:
            assert last is not None
            tasks = store.rows("TaskInstance", "JobInstanceId = ?", (last["Id"],))
            kinds = {t["Id"]: t["Identifier"].split("_") for t in store.rows("Task")}
            (found,) = [t for t in tasks if {"Synchronize", "Generate"} & set(kinds[t["TaskId"]])]
            assert found[column] == effect[counter], counter
    if "executed" in effect:
        assert last is not None
        tasks = store.rows("TaskInstance", "JobInstanceId = ?", (last["Id"],), order="Id")
        assert tasks[-1]["C0"] == effect["executed"]
    if "canary" in effect and canary is not None:
        row = store.row("AssignedResourceType", canary)
        assert row is not None
        assert row["ProvisioningState"] == effect["canary"]
    if "unblocked" in effect:
        (connector,) = store.rows("Connector", "Identifier = ?", (effect["unblocked"],))
        assert not connector["IsSynchronizationBlocked"]
    if "errored" in effect:
        assert store.count("AssignedResourceType", "ProvisioningState = 3") == effect["errored"]
    if "order" in effect:
        check_order(world, effect)
    elif "property" in effect:
        person = world.resources.get(owner(world, effect["person"]))
        assert person is not None
        assert person[effect["property"]] == effect["value"]


def check_order(world: SimulatedWorld, effect: dict[str, Any]) -> None:
    (resource_type,) = world.store.rows("ResourceType", "Identifier = ?", (effect["order"],))
    (order,) = world.store.rows(
        "AssignedResourceType", "OwnerId = ? AND RoleId = ?", (owner(world, effect["person"]), resource_type["Id"])
    )
    if "state" in effect and effect["order"] != "AD_Entry_Telephony":
        assert order["ProvisioningState"] == effect["state"]
    if "property" in effect:
        account = world.resources.get(order["ResourceId"])
        assert account is not None
        assert account[effect["property"]] == effect["value"]


def owner(world: SimulatedWorld, person: str) -> int:
    key = world.truth()["groups"].get(person, [person])[0]
    (found,) = world.resources.all("Directory_User", "{Identifier} = ?", (key,))
    return int(found["Id"])


def unblocked(world: SimulatedWorld, label: dict[str, Any]) -> int:
    """Sets one errored order of the type pending (the repair comes afterwards); returns its id."""
    (resource_type,) = world.store.rows("ResourceType", "Identifier = ?", (label["unblock"],))
    rows = world.store.rows(
        "AssignedResourceType", "RoleId = ? AND ProvisioningState = 3", (resource_type["Id"],), order="Id"
    )
    if "unblock_person" in label:
        rows = [r for r in rows if r["OwnerId"] == owner(world, label["unblock_person"])]
    if label.get("class") == "quota/throttled":
        rows = [r for r in rows if "429" in newest_error(world, r["Id"])]
    world.set_provisioning_state("AssignedResourceType", rows[0]["Id"], 1)
    return int(rows[0]["Id"])


def newest_error(world: SimulatedWorld, order: int) -> str:
    rows = world.store.rows("AssignedResourceError", "AssignedResourceTypeId = ?", (order,), order="Id DESC")
    return str(rows[0]["ErrorMessage"]) if rows else ""


def run(world: SimulatedWorld, identifier: str) -> Row:
    (job,) = world.store.rows("Job", "Identifier = ?", (identifier,))
    instance = world.run_job(job["Id"])
    for _ in range(20):
        world.advance(30)
        row = world.store.row("JobInstance", instance)
        assert row is not None
        if row["EndDate"]:
            return row
    raise AssertionError(f"{identifier} does not end")


def resumed(world: SimulatedWorld, identifier: str) -> Row:
    (job,) = world.store.rows("Job", "Identifier = ?", (identifier,))
    blocked = world.store.rows("JobInstance", "JobId = ? AND State IN (5, 6)", (job["Id"],), order="Id DESC")[0]
    instance = world.resume(blocked["Id"], "validate")
    world.advance(120)
    row = world.store.row("JobInstance", instance)
    assert row is not None
    return row


@pytest.mark.parametrize("name", ["s01-ad-password-expired", "s24-leavers-right-missing"])
def test_a_confounder_changes_the_world_only(name: str, store: Store) -> None:
    world = load_world(f"{name}+job_running", store, speed=0)
    assert store.rows("JobInstance", "EndDate IS NULL AND UserId IS NOT NULL")
    assert read(f"{name}+no_companion").settings(None).companion == ()
    assert world.settings.companion != ()
