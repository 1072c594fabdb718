"""The main story's world: deletions refused for want of a right, creations refused because the login exists."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from sandbox.identity_manager.interface import Conflict
from sandbox.identity_manager.store import Row, Store
from sandbox.identity_manager.world import SimulatedWorld, load_world
from sandbox.identity_manager.world.scenario import DEFAULT, SHIPPED

ERRORED, EXECUTED, VERIFIED = 3, 8, 4


@pytest.fixture(scope="module")
def scenario(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The shipped file at seven minutes past ten, so that no schedule comes in between."""
    text = (SHIPPED / f"{DEFAULT}.toml").read_text(encoding="utf-8")
    file = tmp_path_factory.mktemp("scenario") / f"{DEFAULT}.toml"
    file.write_text(text.replace("[time]\n", '[time]\nclock = "10:07"\n'), encoding="utf-8")
    return file


@pytest.fixture(scope="module")
def loaded(scenario: Path) -> Iterator[SimulatedWorld]:
    store = Store()
    yield load_world(scenario, store, speed=0)
    store.close()


def errored(world: SimulatedWorld) -> list[Row]:
    return world.store.rows("AssignedResourceType", "ProvisioningState = 3", order="Id")


def job_id(world: SimulatedWorld, identifier: str) -> int:
    return int(world.store.rows("Job", "Identifier = ?", (identifier,))[0]["Id"])


def run(world: SimulatedWorld, identifier: str) -> Row:
    instance = world.run_job(job_id(world, identifier))
    world.advance(120)
    row = world.store.row("JobInstance", instance)
    assert row is not None
    assert row["EndDate"], "the run has ended"
    return row


def order_states(world: SimulatedWorld) -> Counter[tuple[bool, bool, int]]:
    """(is a deletion, has an account, state) -> orders of AD accounts."""
    (account,) = world.store.rows("ResourceType", "Identifier = 'AD_Entry_NominativeUser'")
    rows = world.store.rows("AssignedResourceType", "RoleId = ?", (account["Id"],))
    return Counter((r["IsDenied"], r["ResourceId"] is not None, r["ProvisioningState"]) for r in rows)


def test_last_nights_provisioning_refused_every_deletion_and_twelve_creations(loaded: SimulatedWorld) -> None:
    states = order_states(loaded)
    assert states[True, True, ERRORED] == 150
    assert states[False, False, ERRORED] == 12
    assert sum(states.values()) >= 2000
    assert set(states) == {(True, True, ERRORED), (False, False, ERRORED), (False, True, VERIFIED)}
    (failed,) = loaded.store.rows("JobInstance", "State = 3")
    fulfil = loaded.store.rows("TaskInstance", "JobInstanceId = ? AND State = 3", (failed["Id"],))
    assert [(t["C0"], t["C1"]) for t in fulfil] == [(37, 162)]


def test_the_directory_words_its_refusals_as_a_domain_controller_does(loaded: SimulatedWorld) -> None:
    texts = Counter(
        e["ErrorMessage"].partition("DirectoryOperationException: ")[2].partition(" (sAMAccountName '")[0]
        for e in loaded.store.rows("AssignedResourceError")
    )
    assert texts == {
        "The user has insufficient access rights. 00000005: SecErr: DSID-03152501, problem 4003 (INSUFF_ACCESS_RIGHTS), data 0": 150,
        "The object exists. 00000524: UpdErr: DSID-031A11E2, problem 6005 (ENTRY_EXISTS), data 0": 12,
    }


def test_an_errored_order_is_listed_for_review_and_anne_leroys_is_among_them(loaded: SimulatedWorld) -> None:
    people = {r["Id"]: r for r in loaded.resources.all("Directory_User", "{LastName} = 'Leroy'")}
    anne = next(p for p in people.values() if p["FirstName"] == "Anne" and p["Identifier"] == "10002")
    (order,) = [o for o in errored(loaded) if o["OwnerId"] == anne["Id"]]
    assert order["ProvisioningReviewFilter"] == 32
    assert order["IsDenied"]
    assert order["ConsolidatedProvisioningState"] & 32
    account = loaded.resources.get(order["ResourceId"])
    assert account is not None
    assert account["dn"] == "CN=Anne Leroy,OU=Leavers,DC=contoso,DC=com"


def test_unblocking_one_before_and_after_the_right_is_granted(scenario: Path) -> None:
    store = Store()
    world = load_world(scenario, store, speed=0)
    canary = next(o for o in errored(world) if o["IsDenied"])

    world.set_provisioning_state("AssignedResourceType", canary["Id"], 1)
    with pytest.raises(Conflict):
        world.set_provisioning_state("AssignedResourceType", canary["Id"], 1)
    refused = run(world, "AD_Provisioning")
    assert refused["State"] == 3
    assert len(errored(world)) == 162
    newest = store.rows("AssignedResourceError", "AssignedResourceTypeId = ?", (canary["Id"],), order="Id DESC")[0]
    assert newest["JobInstanceId"] == refused["Id"]
    assert "INSUFF_ACCESS_RIGHTS" in newest["ErrorMessage"]

    lever = "right:delete:OU=Leavers"
    assert not next(x.value for x in world.levers() if x.name == lever)
    world.pull(lever, True)
    world.set_provisioning_state("AssignedResourceType", canary["Id"], 1)
    assert run(world, "AD_Provisioning")["State"] == 2
    executed = store.row("AssignedResourceType", canary["Id"])
    assert executed is not None
    assert executed["ProvisioningState"] == EXECUTED

    run(world, "AD_Synchronization_Delta")
    assert store.row("AssignedResourceType", canary["Id"]) is None, "the order is closed with its account"
    assert store.row("Resource", canary["ResourceId"]) is None
    assert len(errored(world)) == 161
    store.close()


def test_the_rest_is_deleted_but_for_those_that_others_handled(scenario: Path) -> None:
    store = Store()
    world = load_world(scenario, store, speed=0)
    world.pull("right:delete:OU=Leavers", True)
    world.pull("two-deleted-by-hand", True)
    world.pull("colleague-handles-one", True)
    for order in errored(world):
        if order["IsDenied"]:
            world.set_provisioning_state("AssignedResourceType", order["Id"], 1)
    run(world, "AD_Provisioning")
    left = [o for o in errored(world) if o["IsDenied"]]
    newest = [
        store.rows("AssignedResourceError", "AssignedResourceTypeId = ?", (o["Id"],), order="Id DESC")[0] for o in left
    ]
    assert ["NO_OBJECT" in e["ErrorMessage"] for e in newest] == [True, True]
    run(world, "AD_Synchronization_Delta")
    assert not [o for o in errored(world) if o["IsDenied"]], "accounts that are gone need no deletion"
    assert not store.rows("Connector", "IsSynchronizationBlocked = 1")
    store.close()
