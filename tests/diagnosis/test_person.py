"""Why somebody has no account: the router with its chain (troubleshooting 2.9)."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from bot.diagnosis.absent import examine_absent
from bot.diagnosis.person import examine_person
from bot.diagnosis.site import Site
from bot.model.assignment import Assignment, AssignmentKind
from bot.model.finding import Certainty, LinkMark
from bot.model.ids import EntityTypeId, ResourceId, ResourceTypeId
from bot.model.job import RunState, TaskKind
from bot.model.order import ChangeType, OrderState
from bot.model.person import Person
from bot.model.value import ResourceVersion, Source
from tests.diagnosis.fakes import (
    HR,
    NO_RIGHT,
    NOW,
    FakeNim,
    ago,
    connector,
    job,
    leavers,
    order,
    resource_type,
    run,
    task,
    task_run,
)

SITE = Site()
ANNE = Person(
    ResourceId("9771000"), "Directory_User", "Leroy, Anne", "aleroy", "30412", end_date=ago(days=4), read_at=NOW
)

HERE = replace(ANNE, end_date=None)


def world(*orders) -> FakeNim:
    nim = leavers(2, duplicates=0)
    nim.people = [ANNE]
    nim.all_sources = [
        Source("HR_Person", ResourceId("5"), "Leroy, Anne", "HR_Person_To_Directory_UserRecord", read_at=NOW)
    ]
    if orders:
        nim.all_the_orders = list(orders)
    return nim


def own(state: OrderState, change: ChangeType = ChangeType.CREATE, **more):
    return order(more.pop("id", "500"), state, change, owner_id=ANNE.id, owner_name=ANNE.name, **more)


def marks(found) -> list[str]:
    return [f"{link.name} {link.mark.value}" for link in found.chain]


async def ask(nim: FakeNim, **more):
    return await examine_person(nim, more.pop("person", ANNE), SITE, NOW, **more)


async def test_an_errored_deletion_breaks_the_chain_at_the_job():
    found = await ask(world())
    assert marks(found) == [
        "HR record ok",
        "identity ok",
        "rule ok",
        "assignment ok",
        "order ok",
        "job broken",
        "account not reached",
    ]
    assert (found.symptom, found.cause) == (5, "5a")
    assert found.chain[5].source == "job run 48260"
    assert "may not delete" in found.chain[5].text


async def test_it_costs_at_most_six_requests():
    nim = world()
    await ask(nim)
    assert len(nim.made) <= 6


async def test_a_pending_order_waits_at_the_job():
    found = await ask(world(own(OrderState.PENDING, created_at=ago(hours=1))))
    assert "job waiting" in marks(found)
    assert found.symptom is None


async def test_a_blocked_order_breaks_the_chain_at_the_order():
    nim = world(own(OrderState.AWAITING_APPROVAL, review_filter=1))
    nim.types = [resource_type(block_provisioning=True)]
    found = await ask(nim)
    assert (found.symptom, found.cause) == (4, "4a")
    assert "order broken" in marks(found)


async def test_a_verified_account_is_in_place():
    found = await ask(world(own(OrderState.VERIFIED)))
    assert {link.mark for link in found.chain} == {LinkMark.OK}


async def test_the_worst_order_is_the_answer_and_the_others_contribute():
    nim = world(
        own(OrderState.VERIFIED, id="1"),
        own(OrderState.ERRORED, id="2", error=NO_RIGHT),
        own(OrderState.AWAITING_APPROVAL, id="3"),
    )
    found = await ask(nim)
    assert found.symptom == 5
    assert [one.row for one in found.contributing][-1] == "4"


async def test_somebody_who_starts_later_is_not_due():
    found = await ask(
        replace(world(), all_the_orders=[]), person=replace(ANNE, start_date=NOW + timedelta(days=9), end_date=None)
    )
    assert (found.title_public, found.certainty) == ("account: not due yet", Certainty.CONFIRMED)


def role(state: int, **more) -> Assignment:
    return Assignment("a1", AssignmentKind.SINGLE_ROLE, "r1", "Mailbox", ANNE.id, state, created_at=ago(days=1), **more)


@pytest.mark.parametrize(
    ("held", "said", "certainty"),
    [
        ([role(9)], "the request awaits an approval", Certainty.CONFIRMED),
        ([role(2)], "the request needs a value", Certainty.CONFIRMED),
        ([role(17)], "it was declined", Certainty.CONFIRMED),
        ([role(20)], "the role that gives it was declined", Certainty.CONFIRMED),
        ([role(20), role(17)], "it was declined", Certainty.CONFIRMED),
        ([], "nothing gives it", Certainty.LIKELY),
        ([role(18)], "assigned, but no order exists", Certainty.POSSIBLE),
    ],
)
async def test_without_an_order_the_right_tells_where_it_stops(held, said, certainty):
    nim = replace(world(), all_the_orders=[], held=held)
    found = await ask(nim, person=HERE)
    assert found.title_public == f"account: {said}"
    assert found.certainty is certainty
    assert not found.offers


async def test_an_order_that_depends_on_another_type_is_prevented_by_it():
    nim = world(own(OrderState.ERRORED, id="2", error=NO_RIGHT))
    nim.types = [
        resource_type(),
        resource_type("90", "Exchange_Mailbox", name="Mailbox", depends_on_id=ResourceTypeId("71")),
    ]
    found = await ask(nim, resource_type_ids=[ResourceTypeId("90")])
    assert (found.symptom, found.cause, found.certainty) == (4, None, Certainty.CONFIRMED)
    assert found.contributing[0].row == "5a"
    assert "needs AD account first" in found.text
    assert [one.symptom for one in found.more] == [5]


ROLE: dict[str, Any] = {"kind": AssignmentKind.SINGLE_ROLE, "owner_id": ANNE.id, "created_at": ago(days=1)}


async def test_a_request_for_another_role_does_not_explain_what_is_missing():
    nim = replace(world(), all_the_orders=[])
    nim.types = [resource_type("91", "AD_Entry_AdministrationUser", name="AD administration account")]
    nim.held = [Assignment("1", role_id="r1", role="Mailbox", workflow_state=9, **ROLE)]
    found = await ask(nim, resource_type_ids=[ResourceTypeId("91")], person=HERE)
    assert "nothing gives it" in found.title
    nim.held.append(Assignment("2", role_id="r2", role="Administration account", workflow_state=9, **ROLE))
    found = await ask(nim, resource_type_ids=[ResourceTypeId("91")], person=HERE)
    assert (found.symptom, found.certainty) == (4, Certainty.CONFIRMED)
    assert "the request awaits an approval" in found.title


async def test_an_identity_that_is_behind_its_only_source_was_not_computed():
    nim = world(own(OrderState.VERIFIED))
    nim.property_names = {
        "HR_Person": ["Title", "Organization", "OrganizationCode"],
        "Directory_User": ["Title", "Organization", "OrganizationCode"],
    }
    nim.versions = [
        ResourceVersion(ANNE.id, "Directory_User", "x", {"Title": "Clerk", "OrganizationCode": "FR-1"}),
        ResourceVersion(ResourceId("5"), "HR_Person", "x", {"Title": "Clerk", "OrganizationCode": "FR-2"}),
    ]
    found = await ask(nim)
    assert (found.symptom, found.cause, found.certainty) == (2, "2i", Certainty.LIKELY)
    nim.versions[1] = replace(nim.versions[1], properties={"Title": "clerk ", "OrganizationCode": "FR-1"})
    assert (await ask(nim)).cause is None


async def test_one_date_in_two_spellings_is_no_difference():
    nim = world(own(OrderState.VERIFIED))
    nim.property_names = {"HR_Person": ["StartDate"], "Directory_User": ["StartDate"]}
    nim.versions = [
        ResourceVersion(ANNE.id, "Directory_User", "x", {"StartDate": "2019-07-12"}),
        ResourceVersion(ResourceId("5"), "HR_Person", "x", {"StartDate": "12/07/2019"}),
    ]
    assert (await ask(nim)).cause is None


async def test_the_code_of_an_organisation_is_named():
    nim = world(own(OrderState.VERIFIED))
    nim.property_names = {"HR_Person": ["OrganizationCode"], "Directory_User": ["OrganizationCode"]}
    nim.versions = [
        ResourceVersion(ANNE.id, "Directory_User", "x", {"OrganizationCode": "FR-1"}),
        ResourceVersion(ResourceId("5"), "HR_Person", "x", {"OrganizationCode": "FR-2"}),
    ]
    found = await ask(nim)
    assert "OrganizationCode" in found.title_public


async def test_unreadable_orders_are_unknown():
    nim = world()
    nim.denied = {"orders"}
    found = await ask(nim)
    assert (found.certainty, found.missing[0].what) == (Certainty.UNKNOWN, "the person's orders")


async def test_no_name_is_public():
    for nim in (world(), world(own(OrderState.PENDING)), replace(world(), all_the_orders=[])):
        assert "Leroy" not in str((await ask(nim)).without_names())


def stop(found) -> str:
    """The link where the way stops, with its mark."""
    return next(f"{link.name} {link.mark.value}" for link in found.chain if link.mark is not LinkMark.OK)


def synchronized(nim: FakeNim, state: RunState = RunState.COMPLETED, *, start: Any = None) -> FakeNim:
    nim.with_job(
        job("1001", "AD_Incremental", cron="*/15 * * * *"), task("303", "Synchronize_AD", TaskKind.SYNCHRONIZE)
    )
    nim.all_runs.append(run("48400", "1001", state, start=start or ago(minutes=10), minutes=1))
    return nim


async def test_a_run_that_failed_after_the_order_came_to_be_did_not_send_it():
    found = await ask(world(own(OrderState.PENDING, created_at=ago(hours=9))))
    assert stop(found) == "job broken"
    assert found.chain[5].text == "AD Provisioning failed and did not send it, run 48260"
    assert found.certainty is Certainty.LIKELY
    assert found.outlook is None


async def test_a_run_that_failed_before_the_order_came_to_be_is_no_hindrance():
    found = await ask(world(own(OrderState.PENDING, created_at=ago(hours=1))))
    assert stop(found) == "job waiting"
    assert (found.title_public, found.certainty) == (
        "Order 500: AD account creation leaves with the next run",
        Certainty.CONFIRMED,
    )


async def test_a_change_whose_date_is_the_accounts_is_not_said_to_have_been_left():
    found = await ask(world(own(OrderState.PENDING, ChangeType.UPDATE, created_at=ago(days=200))))
    assert stop(found) == "job waiting"
    found = await ask(
        world(own(OrderState.PENDING, ChangeType.UPDATE, created_at=ago(days=200), start_date=ago(hours=9)))
    )
    assert stop(found) == "job broken"


async def test_a_run_that_a_threshold_stopped_holds_the_order_back():
    nim = world(own(OrderState.PENDING, created_at=ago(hours=1)))
    nim.all_runs[0] = replace(nim.all_runs[0], state=RunState.BLOCKED)
    found = await ask(nim)
    assert (found.symptom, found.certainty, stop(found)) == (7, Certainty.LIKELY, "job broken")


async def test_a_run_in_progress_may_be_taking_the_order_along():
    nim = world(own(OrderState.PENDING))
    nim.all_runs.append(run("48300", "1003", RunState.RUNNING, start=ago(minutes=1), minutes=None))
    found = await ask(nim)
    assert (found.certainty, stop(found)) == (Certainty.LIKELY, "job waiting")
    assert "run 48300" in found.chain[5].text


async def test_a_deactivated_connector_breaks_the_chain_and_no_run_is_promised():
    nim = world(own(OrderState.PENDING))
    nim.all_connectors = [connector(deactivated=True)]
    found = await ask(nim)
    assert stop(found) == "job broken"
    assert found.outlook is None


async def test_without_the_runs_nothing_is_promised_for_certain():
    nim = world(own(OrderState.PENDING, created_at=ago(hours=1)))
    nim.denied = {"latest_runs"}
    found = await ask(nim)
    assert found.certainty is Certainty.LIKELY
    assert "the newest run of each job" in [one.what for one in found.missing]


async def test_an_order_that_awaits_its_start_waits_at_the_job():
    found = await ask(world(own(OrderState.PENDING, start_date=NOW + timedelta(days=3))))
    assert stop(found) == "job waiting"
    assert found.chain[5].text.startswith("due 2026-03-06")


async def test_an_executed_order_waits_for_the_next_synchronization():
    nim = synchronized(world(own(OrderState.EXECUTED, performed_at=ago(minutes=5))))
    found = await ask(nim)
    assert (stop(found), found.certainty) == ("account waiting", Certainty.CONFIRMED)


@pytest.mark.parametrize("state", [RunState.ERRORED, RunState.BLOCKED])
async def test_an_executed_order_is_not_verified_while_its_synchronization_fails(state):
    found = await ask(synchronized(world(own(OrderState.EXECUTED)), state))
    assert (stop(found), found.certainty) == ("account broken", Certainty.LIKELY)
    assert "run 48400" in found.chain[6].text


async def test_an_executed_order_that_a_synchronization_passed_over_is_suspicious():
    found = await ask(synchronized(world(own(OrderState.EXECUTED))))
    assert found.certainty is Certainty.POSSIBLE
    assert "did not verify it" in found.title_public


async def test_an_executed_order_without_any_synchronization_since_tells_so():
    found = await ask(synchronized(world(own(OrderState.EXECUTED)), start=ago(hours=9)))
    assert found.certainty is Certainty.LIKELY
    assert "no synchronization ran since" in found.title_public


async def test_a_synchronization_under_way_is_not_a_missing_one():
    nim = synchronized(world(own(OrderState.EXECUTED)), RunState.RUNNING)
    nim.all_runs[-1] = replace(nim.all_runs[-1], ended_at=None)
    assert "no synchronization" not in (await ask(nim)).title_public


async def test_a_verified_account_is_in_place_as_of_the_last_synchronization():
    found = await ask(synchronized(world(own(OrderState.VERIFIED))))
    assert found.chain[6].text == "in place, verified as of 2026-03-03 09:51 UTC"
    assert found.certainty is Certainty.CONFIRMED


async def test_a_verified_account_may_have_changed_while_its_synchronization_fails():
    found = await ask(synchronized(world(own(OrderState.VERIFIED)), RunState.ERRORED))
    assert (stop(found), found.certainty) == ("account unknown", Certainty.LIKELY)
    assert "in place when last read" in found.chain[6].text


async def test_a_property_that_awaits_a_review_leaves_the_account_in_place():
    nim = world(own(OrderState.VERIFIED, ChangeType.UPDATE, review_filter=4))
    nim.property_names = {"HR_Person": ["Title"], "Directory_User": ["Title"]}
    found = await ask(nim)
    assert found.symptom == 4
    assert found.chain[6].text == "in place, a change of it waits"
    assert "resource" not in nim.made


async def test_somebody_who_has_left_is_not_told_to_request_the_account():
    found = await ask(replace(world(), all_the_orders=[]))
    assert (found.title_public, found.certainty, stop(found)) == (
        "account: the person has left",
        Certainty.LIKELY,
        "identity broken",
    )
    assert "Request" not in found.next


async def test_somebody_who_has_left_and_still_holds_a_role_stops_further_on():
    found = await ask(replace(world(), all_the_orders=[], held=[role(18)]))
    assert stop(found) == "order broken"


async def test_an_identity_without_a_source_record_is_possibly_gone_from_hr():
    nim = replace(world(), all_the_orders=[], all_sources=[])
    found = await ask(nim, person=HERE)
    assert (found.title_public, found.certainty, stop(found)) == (
        "account: no HR record",
        Certainty.POSSIBLE,
        "HR record broken",
    )
    nim.denied = {"sources"}
    assert stop(await ask(nim, person=HERE)) == "HR record unknown"


async def test_an_identity_behind_its_source_breaks_the_chain_at_the_identity():
    nim = world(own(OrderState.VERIFIED))
    nim.property_names = {"HR_Person": ["Title"], "Directory_User": ["Title"]}
    nim.versions = [
        ResourceVersion(ANNE.id, "Directory_User", "x", {"Title": "Clerk"}),
        ResourceVersion(ResourceId("5"), "HR_Person", "x", {"Title": "Buyer"}),
    ]
    found = await ask(nim, person=HERE)
    assert stop(found) == "identity broken"


async def test_a_role_of_the_system_explains_a_type_that_is_not_created():
    nim = replace(world(), all_the_orders=[])
    nim.types = [resource_type(name="AD account", allow_add=False)]
    nim.held = [Assignment("1", role_id="r1", role="AD account FR", workflow_state=18, **ROLE)]
    found = await ask(nim, resource_type_ids=[ResourceTypeId("71")], person=HERE)
    assert "it is not created automatically" in found.title
    assert stop(found) == "order broken"


async def test_a_role_of_the_system_explains_nothing_where_the_person_has_another_account_there():
    nim = world(own(OrderState.VERIFIED))
    nim.types = [resource_type(), resource_type("91", "AD_Entry_AdministrationUser", name="AD administration account")]
    nim.held = [Assignment("1", role_id="r1", role="AD account FR", workflow_state=18, **ROLE)]
    found = await ask(nim, resource_type_ids=[ResourceTypeId("91")], person=HERE)
    assert "nothing gives it" in found.title


async def test_a_declined_request_is_told_to_the_caller_as_declined():
    found = await ask(replace(world(), all_the_orders=[], held=[role(17)]), person=HERE)
    assert found.say_to_caller == "The request was declined."


async def test_every_link_that_was_read_has_a_source_and_a_time():
    for nim in (
        world(),
        world(own(OrderState.PENDING)),
        synchronized(world(own(OrderState.VERIFIED))),
        replace(world(), all_the_orders=[], held=[role(9)]),
    ):
        for link in (await ask(nim, person=HERE)).chain:
            if link.source:
                assert link.at, link


async def test_the_runs_cost_one_request():
    for state in (OrderState.PENDING, OrderState.EXECUTED, OrderState.VERIFIED):
        nim = synchronized(world(own(state)))
        await ask(nim)
        assert len(nim.made) <= 6


def people_from_hr(*, synced_hours: float = 0.2) -> FakeNim:
    """HR feeds the identities; it was synchronized last so long ago, and every 15 minutes is due."""
    nim = FakeNim()
    nim.entities.append(("52", "Directory_UserRecord"))
    record = resource_type("60", "HR_Person_To_Directory_UserRecord", target_entity_type_id=EntityTypeId("52"))
    nim.types = [replace(record, connector_id=None, source_entity_type_id=EntityTypeId("50"))]
    synchronize = task("311", "Synchronize_HR", TaskKind.SYNCHRONIZE, HR)
    nim.with_job(job("1011", "HR_Incremental", cron="*/15 * * * *", is_incremental=True), synchronize)
    at = ago(hours=synced_hours)
    complete = task("312", "Synchronize_HR_Complete", TaskKind.SYNCHRONIZE, HR)
    nim.with_job(job("1012", "HR_Complete", cron="0 2 * * *"), complete)
    nim.all_runs = [run("48500", "1011", start=at, minutes=1), run("48400", "1012", start=ago(hours=8), minutes=1)]
    nim.all_task_runs = [
        task_run("9", TaskKind.SYNCHRONIZE, run_id="48500", start=at, connector_id=HR, task_id="311"),
        task_run("8", TaskKind.SYNCHRONIZE, run_id="48400", start=ago(hours=8), connector_id=HR, task_id="312"),
    ]
    return nim


async def absent(nim: FakeNim):
    return await examine_absent(nim, "Julie Vernet", SITE, NOW)


async def test_a_name_that_is_nobody_stops_at_the_identity_and_tells_how_fresh_hr_is():
    found = await absent(people_from_hr())
    assert stop(found) == "HR record unknown"
    assert marks(found)[1:3] == ["identity broken", "rule not reached"]
    assert (found.cause, found.certainty) == (None, Certainty.UNKNOWN)
    assert "HR was synchronized last 2026-03-03 09:4" in found.text


async def test_a_source_that_stands_still_possibly_explains_a_name_that_is_nobody():
    found = await absent(people_from_hr(synced_hours=9))
    assert (found.symptom, found.cause, found.certainty) == (2, "2d", Certainty.POSSIBLE)


async def test_without_a_single_source_of_people_no_freshness_is_told():
    nim = people_from_hr()
    nim.types = []
    found = await absent(nim)
    assert found.chain[0].text == "where people come from is not known"
    assert found.certainty is Certainty.UNKNOWN


async def test_a_name_that_is_nobody_is_not_public():
    assert "Vernet" not in str((await absent(people_from_hr())).without_names())


@pytest.mark.parametrize("state", [OrderState.PENDING, OrderState.AWAITING_APPROVAL, OrderState.VERIFIED])
async def test_a_property_in_error_breaks_the_chain_at_the_job_whatever_the_order_waits_for(state):
    found = await ask(world(own(state, ChangeType.UPDATE, error=NO_RIGHT, review_filter=36)))
    assert found.symptom == 5
    assert stop(found) == "job broken"
