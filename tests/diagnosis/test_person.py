"""Why somebody has no account: the router with its chain (troubleshooting 2.9)."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from bot.diagnosis.person import examine_person
from bot.diagnosis.site import Site
from bot.model.assignment import Assignment, AssignmentKind
from bot.model.finding import Certainty, LinkMark
from bot.model.ids import ResourceId, ResourceTypeId
from bot.model.order import ChangeType, OrderState
from bot.model.person import Person
from bot.model.value import ResourceVersion, Source
from tests.diagnosis.fakes import NO_RIGHT, NOW, FakeNim, ago, leavers, order, resource_type

SITE = Site()
ANNE = Person(
    ResourceId("9771000"), "Directory_User", "Leroy, Anne", "aleroy", "30412", end_date=ago(days=4), read_at=NOW
)


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
    found = await ask(world(own(OrderState.PENDING)))
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
        ([], "nothing gives it", Certainty.LIKELY),
        ([role(18)], "assigned, but no order exists", Certainty.POSSIBLE),
    ],
)
async def test_without_an_order_the_right_tells_where_it_stops(held, said, certainty):
    nim = replace(world(), all_the_orders=[], held=held)
    found = await ask(nim)
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
    found = await ask(nim, resource_type_ids=[ResourceTypeId("91")])
    assert "nothing gives it" in found.title
    nim.held.append(Assignment("2", role_id="r2", role="Administration account", workflow_state=9, **ROLE))
    found = await ask(nim, resource_type_ids=[ResourceTypeId("91")])
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
