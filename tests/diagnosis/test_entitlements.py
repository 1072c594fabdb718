"""Symptom 8, row by row of the decision table (troubleshooting 2.8)."""

from dataclasses import replace

import pytest

from bot.diagnosis.site import Site
from bot.diagnosis.subject import Subject
from bot.diagnosis.symptoms import entitlements
from bot.diagnosis.symptoms.entitlements.returns import says_it_comes_back
from bot.model.assignment import Assignment, AssignmentKind, Decision, LinkRule, RoleRule
from bot.model.finding import Certainty
from bot.model.ids import OrderId, ResourceId
from bot.model.job import TaskKind
from bot.model.order import ChangeType, OrderProperty, OrderState
from bot.model.person import Person
from bot.model.value import ResourceVersion
from tests.diagnosis.fakes import NOW, FakeNim, ago, job, order, task, task_run

SITE = Site(service_reviewers=("svc-automation",))
JOHN = Person(ResourceId("900"), "Directory_User", "Doe, John", "jdoe")


def held(
    state: int = 18, role: str = "VPN – full", kind: AssignmentKind = AssignmentKind.SINGLE_ROLE, **more
) -> Assignment:
    return Assignment(
        more.pop("id", "a1"),
        kind,
        more.pop("role_id", "r1"),
        role,
        JOHN.id,
        state,
        created_at=ago(days=90),
        read_at=NOW,
        **more,
    )


def rule(*dimensions: tuple[str, str], parent: str = "", role_id: str = "r1") -> RoleRule:
    return RoleRule(
        "7", "single role rule", role_id, "VPN – full", parent, "Project Titan" if parent else "", dimensions
    )


def world(*assignments: Assignment, rules=(), organization: str | None = None) -> FakeNim:
    nim = FakeNim(held=list(assignments), all_role_rules=list(rules))
    nim.property_names = {"Directory_User": ["Organization", "Site"]}
    if organization:
        nim.versions = [ResourceVersion(JOHN.id, "Directory_User", "Doe, John", {"Organization": organization})]
    return nim


async def ask(nim: FakeNim, words: str = "vpn full", told: str = ""):
    subject = Subject(person=JOHN, entitlement=words, told=told)
    return entitlements.diagnose(await entitlements.gather(nim, subject, SITE, NOW), NOW)


FINANCE = rule(("Organization", "Finance"))


async def test_8a_a_rule_that_the_person_meets():
    found = await ask(world(held(), rules=[FINANCE], organization="Finance"))
    assert (found.symptom, found.cause, found.certainty) == (8, "8a", Certainty.CONFIRMED)
    assert "Organization = Finance" in found.text


async def test_8a_is_only_likely_when_the_persons_attributes_cannot_be_read():
    found = await ask(world(held(), rules=[FINANCE]))
    assert (found.cause, found.certainty) == ("8a", Certainty.LIKELY)


async def test_8a_is_only_likely_without_the_rules():
    nim = world(held(), rules=[FINANCE], organization="Finance")
    nim.denied = {"role_rules"}
    found = await ask(nim)
    assert (found.cause, found.certainty) == ("8a", Certainty.LIKELY)


async def test_8a_a_rule_whose_dimensions_are_not_shown_is_only_likely():
    assert ((await ask(world(held(), rules=[rule()]))).certainty) is Certainty.LIKELY


TITAN = held(
    16,
    "Project Titan",
    AssignmentKind.COMPOSITE_ROLE,
    id="a2",
    role_id="r2",
    workflow_id="w1",
    requester="Lopez, Maria",
    reviewers=(Decision("Ng, Tom", "review 1", ago(days=89)),),
    end_date=ago(days=-90),
)


async def test_8b_it_follows_from_a_role_that_was_requested():
    nim = world(held(inferred=True), TITAN, rules=[rule(parent="r2")])
    nim.stories = {"w1": [Decision("Lopez, Maria", "Request: Submitted", ago(days=90))]}
    found = await ask(nim)
    assert (found.cause, found.certainty) == ("8b", Certainty.CONFIRMED)
    assert "composite role “Project Titan”" in found.text
    assert "requested and approved" in found.text
    assert [one.row for one in found.ruled_out] == ["8c", "8a"]
    assert [link.name for link in found.chain] == ["composite role", "single role"]
    assert any(fact.label == "Workflow" for fact in found.evidence)


@pytest.mark.parametrize(("organization", "also"), [("Finance", []), ("HR", ["8h"])])
async def test_8b_what_it_follows_from_is_compared_with_the_person_as_well(organization, also):
    pack = held(18, "Finance pack", AssignmentKind.COMPOSITE_ROLE, id="a2", role_id="r2")
    of_pack = RoleRule("8", "composite role rule", "r2", "Finance pack", dimensions=(("Organization", "Finance"),))
    nim = world(held(inferred=True), pack, rules=[rule(parent="r2"), of_pack], organization=organization)
    found = await ask(nim)
    assert (found.cause, [one.row for one in found.contributing]) == ("8b", also)
    assert ("no longer meets" in found.text) == bool(also)
    assert len(nim.made) <= 8, nim.made


async def test_8b_without_the_rule_is_only_likely():
    found = await ask(world(held(inferred=True), TITAN))
    assert (found.cause, found.certainty) == ("8b", Certainty.LIKELY)


async def test_8b_a_circle_of_roles_comes_to_an_end():
    one = held(inferred=True)
    two = held(18, "Project Titan", AssignmentKind.COMPOSITE_ROLE, id="a2", role_id="r2", inferred=True)
    rules = [rule(parent="r2"), rule(parent="r1", role_id="r2")]
    assert (await ask(world(one, two, rules=rules))).cause == "8b"


@pytest.mark.parametrize(
    ("assignment", "row", "certainty"),
    [
        (held(16, workflow_id="w1"), "8c", Certainty.CONFIRMED),
        (held(9, workflow_id="w1"), "8c", Certainty.CONFIRMED),
        (held(16), "8d", Certainty.LIKELY),
        (held(1), "8e", Certainty.CONFIRMED),
        (held(3), "8f", Certainty.CONFIRMED),
        (held(18, indirect=True), "8g", Certainty.CONFIRMED),
        (held(16, workflow_id="w1", end_date=ago(days=1)), "8i", Certainty.LIKELY),
        (held(18, denied=True), "8j", Certainty.LIKELY),
        (held(20), "8j", Certainty.LIKELY),
        (held(17), None, Certainty.LIKELY),
        (
            held(18, kind=AssignmentKind.RESOURCE_TYPE, denied=True, resource_id=ResourceId("8")),
            "8j",
            Certainty.CONFIRMED,
        ),
        (held(18, kind=AssignmentKind.RESOURCE_TYPE, correlation_confidence=85), "8l", Certainty.LIKELY),
        (held(16, reviewers=(Decision("svc-automation", "review 1", None),)), "8n", Certainty.CONFIRMED),
        (held(99), None, Certainty.UNKNOWN),
        (held(21), None, Certainty.UNKNOWN),
    ],
)
async def test_8c_to_8n_the_state_tells_the_origin(assignment, row, certainty):
    found = await ask(world(assignment))
    assert (found.cause, found.certainty) == (row, certainty)


async def test_8h_the_person_no_longer_meets_the_rule():
    found = await ask(world(held(), rules=[FINANCE], organization="HR"))
    assert (found.cause, found.certainty) == ("8h", Certainty.LIKELY)


async def test_8h_a_dimension_known_by_its_number_is_compared_by_value():
    numbered = rule(("25003", "Finance"))
    gone = await ask(world(held(), rules=[numbered], organization="HR"))
    assert (gone.cause, gone.certainty) == ("8h", Certainty.LIKELY)
    still = await ask(world(held(), rules=[numbered], organization="Finance"))
    assert (still.cause, still.certainty) == ("8a", Certainty.LIKELY)


def linked(*assignments: Assignment, confidence: int | None = None, **more) -> FakeNim:
    """A world in which an account holds the link that the role gives."""
    nim = world(*assignments)
    nim.all_link_rules = [LinkRule("5", "r1", ResourceId("77"), "GG_VPN_Full")]
    nim.all_the_orders = [
        order("500", OrderState.VERIFIED, ChangeType.UPDATE, owner_id=JOHN.id, correlation_confidence=confidence)
    ]
    nim.values = {
        OrderId("500"): (
            OrderProperty("memberOf", "navigation", "77", state=more.pop("state", OrderState.VERIFIED), **more),
        )
    }
    return nim


UNSURE = held(
    1, "Administration account", AssignmentKind.RESOURCE_TYPE, id="a9", role_id="r9", correlation_confidence=85
)


async def test_8l_a_right_found_at_an_account_that_may_be_somebody_elses():
    found = await ask(linked(held(1), UNSURE, confidence=85, workflow_state=1))
    assert (found.cause, found.certainty) == ("8l", Certainty.LIKELY)


async def test_8l_is_only_possible_when_the_account_that_holds_it_cannot_be_read():
    nim = linked(held(1), UNSURE, confidence=85, workflow_state=1)
    nim.denied = {"held_values"}
    found = await ask(nim)
    assert (found.cause, found.certainty) == ("8l", Certainty.POSSIBLE)


async def test_8e_a_right_found_at_the_persons_own_account_though_another_one_is_unsure():
    found = await ask(linked(held(1), UNSURE, confidence=100, workflow_state=1))
    assert (found.cause, found.certainty) == ("8e", Certainty.CONFIRMED)


async def test_8e_a_request_was_declined_and_the_right_found_in_the_system():
    found = await ask(linked(held(17, denied=True), workflow_state=1))
    assert (found.cause, found.certainty) == ("8e", Certainty.CONFIRMED)
    assert "declined" in found.text


ENDED = held(16, workflow_id="w1", end_date=ago(days=1))


@pytest.mark.parametrize(("assignment", "row"), [(held(20), "8j"), (ENDED, "8i")])
async def test_8i_and_8j_are_confirmed_while_an_order_removes_it(assignment, row):
    found = await ask(linked(assignment, state=OrderState.ERRORED, denied=True))
    assert (found.cause, found.certainty) == (row, Certainty.CONFIRMED)
    assert "its removal is errored (order 500)" in found.text


async def test_8j_is_confirmed_while_an_account_still_holds_it():
    assert (await ask(linked(held(20)))).certainty is Certainty.CONFIRMED


async def test_8i_is_only_likely_while_no_order_removes_it():
    found = await ask(linked(ENDED))
    assert (found.cause, found.certainty) == ("8i", Certainty.LIKELY)
    assert "no order removes it yet" in found.text


@pytest.mark.parametrize(("state", "denied"), [(OrderState.VERIFIED, True), (OrderState.PENDING, False)])
async def test_8j_is_not_confirmed_of_a_right_that_no_account_holds(state, denied):
    found = await ask(linked(held(20), state=state, denied=denied))
    assert (found.cause, found.certainty) == ("8j", Certainty.LIKELY)
    assert "no account holds it" in found.text


ACCOUNT = held(18, "AD account", AssignmentKind.RESOURCE_TYPE, id="a7", role_id="71")
ACCOUNT_ROLE = held(18, "AD account FR", id="a8", role_id="r8")


async def test_8b_an_account_follows_from_the_role_that_gives_its_type():
    nim = world(ACCOUNT, ACCOUNT_ROLE)
    nim.all_role_rules = [
        RoleRule("3", "resource type rule", "71", "AD account", "r8", "AD account FR"),
        RoleRule("4", "single role rule", "r8", "AD account FR", dimensions=(("Organization", "Finance"),)),
    ]
    assert "was not compared" in (await ask(nim, "ad account")).text
    nim.versions = [ResourceVersion(JOHN.id, "Directory_User", "Doe, John", {"Organization": "Finance"})]
    found = await ask(nim, "ad account")
    assert (found.cause, found.certainty) == ("8b", Certainty.CONFIRMED)
    assert "single role “AD account FR”" in found.text
    assert "a rule gives" in found.text
    assert not [one for one in found.offers if one.action.value == "relaunch_complete"]


async def test_8i_no_role_gives_it_any_more_and_its_removal_failed():
    nim = linked(ACCOUNT, denied=True, state=OrderState.ERRORED)
    found = await ask(nim, "77")
    assert (found.cause, found.certainty) == ("8i", Certainty.CONFIRMED)
    assert "errored" in found.text


async def test_8e_a_link_of_that_name_was_found_though_no_role_is_called_so():
    found = await ask(linked(ACCOUNT, workflow_state=1), "77")
    assert (found.cause, found.certainty) == ("8e", Certainty.CONFIRMED)


async def test_8k_tells_how_old_what_is_known_of_the_systems_is():
    nim = world(ACCOUNT)
    nim.with_job(job("1003", "AD_Sync"), task("203", "Sync_AD", TaskKind.SYNCHRONIZE))
    nim.all_task_runs = [task_run("4", TaskKind.SYNCHRONIZE, start=ago(hours=2), task_id="203")]
    found = await ask(nim, "domain admins")
    assert (found.cause, found.certainty) == ("8k", Certainty.POSSIBLE)
    assert "AD 2026-03-03 08:01 UTC" in found.text


async def test_8c_the_same_role_was_requested_beside_the_rule_that_gives_it():
    nim = world(held(), held(16, id="a5", workflow_id="w1"), rules=[FINANCE], organization="Finance")
    found = await ask(nim)
    assert {found.cause, *(one.row for one in found.contributing)} == {"8a", "8c"}


async def test_8h_no_rule_gives_it_any_more():
    assert ((await ask(world(held()))).cause) == "8h"


async def test_8k_nothing_of_that_name_is_known():
    found = await ask(world(held()), "domain admins")
    assert (found.cause, found.certainty) == ("8k", Certainty.POSSIBLE)


BACK = "VPN keeps coming back"


def coming_back(
    *assignments: Assignment,
    then: OrderState = OrderState.VERIFIED,
    now: OrderState = OrderState.VERIFIED,
    again_days_ago: float | None = 1,
    **more,
) -> FakeNim:
    """A link that was given ninety days ago and provisioned lately."""
    nim = world(*(assignments or (held(),)), **more)
    nim.all_link_rules = [LinkRule("5", "r1", ResourceId("77"), "GG_VPN_Full")]
    nim.all_the_orders = [order("500", OrderState.VERIFIED, ChangeType.UPDATE, owner_id=JOHN.id)]
    link = OrderProperty("memberOf", "navigation", "77", state=now, created_at=ago(days=90))
    again = ago(days=again_days_ago) if again_days_ago is not None else link.created_at
    nim.values = {OrderId("500"): (replace(link, performed_at=again),)}
    nim.values_then = {OrderId("500"): (replace(link, state=then),)}
    return nim


async def test_8m_a_right_that_was_verified_and_provisioned_again_comes_back():
    found = await ask(coming_back(rules=[FINANCE], organization="Finance"), told=BACK)
    assert (found.cause, found.certainty) == ("8m", Certainty.CONFIRMED)
    assert "provisioned again" in found.text
    assert found.next == "Remove it in Identity Manager, not in the system: change the rule, or the person's attribute."
    assert [fact.label for fact in found.evidence if fact.label.startswith("Link")] == ["Link then", "Link"]


async def test_8m_a_requested_role_comes_back_until_it_is_ended():
    found = await ask(coming_back(held(16, workflow_id="w1")), told=BACK)
    assert (found.cause, found.certainty) == ("8m", Certainty.CONFIRMED)
    assert "end the role that was requested" in found.next


async def test_8m_a_right_that_follows_from_a_role_comes_back_with_it():
    nim = coming_back(held(inferred=True), TITAN, rules=[rule(parent="r2")])
    found = await ask(nim, told=BACK)
    assert (found.cause, found.certainty) == ("8m", Certainty.CONFIRMED)
    assert "Project Titan" in found.text
    assert "remove the role that it follows from" in found.next
    assert len(nim.made) <= 8, nim.made


async def test_8m_is_only_likely_while_the_rule_above_was_not_compared_with_the_person():
    pack = held(18, "Finance pack", AssignmentKind.COMPOSITE_ROLE, id="a2", role_id="r2")
    of_pack = RoleRule("8", "composite role rule", "r2", "Finance pack", dimensions=(("Organization", "Finance"),))
    nim = coming_back(held(inferred=True), pack, rules=[rule(parent="r2"), of_pack], organization="Finance")
    found = await ask(nim, told=BACK)
    assert (found.cause, found.certainty) == ("8m", Certainty.LIKELY)
    assert len(nim.made) <= 8, nim.made


async def test_8m_a_link_on_its_way_again_counts():
    nim = coming_back(rules=[FINANCE], organization="Finance", now=OrderState.PENDING, again_days_ago=None)
    found = await ask(nim, told=BACK)
    assert (found.cause, found.certainty) == ("8m", Certainty.CONFIRMED)
    assert "is to be provisioned again: pending" in found.text


async def test_8m_does_not_call_provisioned_what_failed():
    nim = coming_back(rules=[FINANCE], organization="Finance", now=OrderState.ERRORED)
    found = await ask(nim, told=BACK)
    assert "is to be provisioned again: errored" in found.text


async def test_8c_a_role_that_another_one_gives_as_well_says_so():
    nim = world(held(16, workflow_id="w1"), TITAN, rules=[rule(parent="r2"), FINANCE], organization="Finance")
    found = await ask(nim)
    assert (found.cause, [one.row for one in found.contributing]) == ("8c", ["8b", "8a"])


@pytest.mark.parametrize("denied", ["link_rules", "held_values", "past_values", "role_rules"])
async def test_8m_is_only_likely_when_a_part_cannot_be_read(denied):
    nim = coming_back(rules=[FINANCE], organization="Finance")
    nim.denied = {denied}
    found = await ask(nim, told=BACK)
    assert (found.cause, found.certainty) == ("8m", Certainty.LIKELY)
    assert found.missing


async def test_8m_is_not_confirmed_when_the_link_had_failed_until_then():
    nim = coming_back(rules=[FINANCE], organization="Finance", then=OrderState.ERRORED)
    assert (await ask(nim, told=BACK)).certainty is Certainty.LIKELY


async def test_8m_is_not_confirmed_when_the_role_itself_was_given_again():
    nim = coming_back(replace(held(), created_at=ago(days=2)), rules=[FINANCE], organization="Finance")
    assert (await ask(nim, told=BACK)).certainty is Certainty.LIKELY


async def test_8m_is_not_told_of_a_link_that_was_provisioned_once():
    found = await ask(coming_back(rules=[FINANCE], organization="Finance", again_days_ago=None), told=BACK)
    assert (found.cause, found.certainty) == ("8a", Certainty.CONFIRMED)
    assert "has not been provisioned again" in found.text


async def test_8m_is_not_told_where_nobody_says_that_it_comes_back():
    nim = coming_back(rules=[FINANCE], organization="Finance")
    assert (await ask(nim)).cause == "8a"
    assert "link_rules" not in nim.made


async def test_8h_is_told_of_a_right_that_comes_back_though_no_rule_gives_it_any_more():
    found = await ask(coming_back(rules=[FINANCE], organization="HR"), told=BACK)
    assert (found.cause, found.certainty) == ("8h", Certainty.LIKELY)


@pytest.mark.parametrize(
    "told",
    [
        "NIM keeps giving back a group I removed",
        "the share comes back every night",
        "I removed the VPN twice and it is there again",
        "Le droit VPN revient toujours",
        "NIM lui redonne le groupe",
        "VPN is back although we removed it",
    ],
)
def test_what_people_say_of_a_right_that_comes_back(told):
    assert says_it_comes_back(told)


@pytest.mark.parametrize(
    "told", ["why does jdoe have VPN", "since when does he have VPN access", "her back office role"]
)
def test_what_people_say_of_other_rights(told):
    assert not says_it_comes_back(told)


async def test_names_of_requesters_and_approvers_are_private():
    nim = world(held(inferred=True), TITAN, rules=[rule(parent="r2")])
    found = await ask(nim)
    assert "Lopez" in str(found.evidence)
    public = str(found.without_names())
    assert not any(name in public for name in ("Lopez", "Ng", "Doe"))


async def test_nothing_is_offered_that_changes_anything():
    assert not (await ask(world(held(1)))).offers


async def test_without_a_name_everything_is_listed():
    found = await ask(world(held(), TITAN), "")
    assert found.title == "Doe, John: 2 entitlements"


async def test_unreadable_assignments_are_unknown():
    nim = world(held())
    nim.denied = {"assignments"}
    found = await ask(nim)
    assert (found.cause, found.certainty) == (None, Certainty.UNKNOWN)


async def test_it_costs_at_most_eight_requests():
    nim = world(held(inferred=True), TITAN, rules=[rule(("Organization", "x"), parent="r2")], organization="x")
    await ask(nim)
    assert len(nim.made) <= 8, nim.made
