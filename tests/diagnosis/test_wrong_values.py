"""Symptom 6, row by row of the decision table (troubleshooting 2.6)."""

from dataclasses import replace

import pytest

from bot.diagnosis.site import Site
from bot.diagnosis.subject import Subject
from bot.diagnosis.symptoms import wrong_values
from bot.diagnosis.symptoms.wrong_values.evidence import inputs_of
from bot.model.finding import ActionKind, Certainty
from bot.model.ids import OrderId, ResourceId, ResourceTypeId
from bot.model.job import TaskKind
from bot.model.order import ChangeType, OrderProperty, OrderState
from bot.model.person import Person
from bot.model.value import PropertyRule, ResourceVersion, Source, ValueChange
from tests.diagnosis.fakes import HR, NOW, FakeNim, ago, job, order, resource_type, task, task_run

SITE = Site()
JOHN = Person(ResourceId("900"), "Directory_User", "Doe, John", "jdoe")
RULE = PropertyRule(
    "9", "scalar", ResourceTypeId("71"), "department", "C#:person:return person.Organization;", changed_at=ago(days=60)
)


def world(
    *,
    value: str = "Sales EMEA",
    policy: str | None = "Sales EMEA",
    current: str | None = "Sales EMEA",
    identity: str = "Sales FR",
    record: str = "Sales FR",
    state: OrderState = OrderState.VERIFIED,
    **more,
) -> FakeNim:
    nim = FakeNim(all_the_orders=[order("500", state, ChangeType.UPDATE, owner_id=JOHN.id, owner_name=JOHN.name)])
    nim.types = [resource_type(discard_manual=False)]
    nim.values = {OrderId("500"): (OrderProperty("department", "scalar", value, policy, current, **more),)}
    nim.rules = [RULE]
    nim.property_names = {"Directory_User": ["Organization", "Login"], "HR_Person": ["Organization", "EmployeeId"]}
    nim.all_sources = [Source("HR_Person", ResourceId("5"), "Doe, John", "HR_Person_To_Directory_UserRecord")]
    nim.versions = [
        ResourceVersion(JOHN.id, "Directory_User", "Doe, John", {"Organization": identity}),
        ResourceVersion(ResourceId("5"), "HR_Person", "Doe, John", {"Organization": record}),
    ]
    return nim


async def ask(nim: FakeNim, **more):
    subject = Subject(person=JOHN, property_name="department", **more)
    return wrong_values.diagnose(await wrong_values.gather(nim, subject, SITE, NOW), NOW)


@pytest.mark.parametrize(
    ("synced", "certainty", "also"),
    [(0.2, Certainty.CONFIRMED, []), (8, Certainty.LIKELY, ["6b"]), (None, Certainty.LIKELY, [])],
)
async def test_6a_wrong_at_the_source_is_sure_only_while_the_source_is_fresh(synced, certainty, also):
    nim = world(value="Sales FR", policy="Sales FR", current="Sales FR")
    if synced:
        nim.all_task_runs = [task_run("4", TaskKind.SYNCHRONIZE, start=ago(hours=synced), connector_id=HR)]
    found = await ask(nim, expected_value="Sales DE")
    assert (found.symptom, found.cause, found.certainty) == (6, "6a", certainty)
    assert [one.row for one in found.contributing] == also


async def test_6a_is_never_told_without_the_source():
    nim = world(value="Sales FR", policy="Sales FR", current="Sales FR")
    nim.all_sources = []
    found = await ask(nim, expected_value="Sales DE")
    assert found.cause != "6a"


async def test_6c_several_sources_contribute():
    nim = world(identity="FR-1")
    nim.all_sources.append(Source("Directory_UserRecord", ResourceId("6"), "helpdesk", "Workflow"))
    nim.versions.append(ResourceVersion(ResourceId("6"), "Directory_UserRecord", "x", {}))
    nim.property_names["Directory_UserRecord"] = ["Organization"]
    nim.versions[-1] = replace(nim.versions[-1], properties={"Organization": "FR-2"})
    found = await ask(nim)
    assert (found.cause, found.certainty) == ("6c", Certainty.LIKELY)
    assert "HR_Person" in found.text


async def test_6c_a_link_is_compared_by_the_identifier_of_what_it_leads_to():
    nim = world()
    nim.values = {}
    nim.property_names = {"Directory_User": ["Manager", "Login"], "HR_Person": ["ManagerId"]}
    nim.all_sources.append(Source("Workflow_User", ResourceId("22"), "Helpdesk", "Helpdesk_To_Directory_UserRecord"))
    nim.versions = [
        ResourceVersion(JOHN.id, "Directory_User", "x", {"Manager.Identifier": "10002"}),
        ResourceVersion(ResourceId("5"), "HR_Person", "x", {"ManagerId": "10001"}),
    ]
    subject = Subject(person=JOHN, property_name="Manager")
    found = wrong_values.diagnose(await wrong_values.gather(nim, subject, SITE, NOW), NOW)
    assert (found.cause, found.certainty) == ("6c", Certainty.LIKELY)


async def test_a_code_stands_in_for_a_link():
    nim = world()
    nim.property_names = {n: [*v, "OrganizationCode"] for n, v in nim.property_names.items()}
    nim.versions = [replace(one, properties={**one.properties, "OrganizationCode": "FR-1"}) for one in nim.versions]
    nim.rules = [replace(RULE, changed_at=ago(hours=12))]
    assert ((await ask(nim)).certainty) is Certainty.LIKELY


async def test_6d_the_rule_was_changed_while_identity_and_source_agree():
    nim = world()
    nim.rules = [replace(RULE, changed_at=ago(hours=12))]
    found = await ask(nim)
    assert (found.cause, found.certainty) == ("6d", Certainty.LIKELY)
    assert [one.row for one in found.ruled_out] == ["6g", "6f"]


async def test_6d_is_only_possible_when_the_source_cannot_be_compared():
    nim = world()
    nim.rules = [replace(RULE, changed_at=ago(hours=12))]
    nim.denied = {"sources"}
    assert (await ask(nim)).certainty is Certainty.POSSIBLE


async def test_6d_is_confirmed_when_only_the_rule_changed():
    nim = world()
    nim.all_the_orders = [replace(nim.all_the_orders[0], start_date=ago(hours=11))]
    nim.rules = [replace(RULE, changed_at=ago(hours=12))]
    before = replace(nim.versions[0], as_of=ago(hours=12, minutes=1))
    nim.versions.append(before)
    assert (await ask(nim)).certainty is Certainty.CONFIRMED
    nim.versions[-1] = replace(before, properties={"Organization": "Sales ES"})
    assert (await ask(nim)).certainty is Certainty.LIKELY


@pytest.mark.parametrize(
    ("told", "row", "certainty"),
    [("still has the old name", "6b", Certainty.LIKELY), ("", "6l", Certainty.POSSIBLE)],
)
async def test_6b_the_source_may_have_changed_since_it_was_synchronized(told, row, certainty):
    nim = world(value="Sales FR", policy="Sales FR", current="Sales FR")
    nim.all_task_runs = [task_run("4", TaskKind.SYNCHRONIZE, start=ago(hours=8), connector_id=HR)]
    nim.with_job(job("1001", "HR_Complete"), task("203", "Sync_HR", TaskKind.SYNCHRONIZE, HR))
    found = await ask(nim, told=told)
    assert (found.cause, found.certainty) == (row, certainty)
    assert any(one.action is ActionKind.RELAUNCH_COMPLETE and one.allowed for one in found.offers)


async def test_6f_the_identity_differs_from_its_only_source():
    found = await ask(world(identity="Sales ES"))
    assert (found.cause, found.certainty) == ("6f", Certainty.POSSIBLE)


@pytest.mark.parametrize(("expected", "certainty"), [("Sales FR", Certainty.CONFIRMED), ("", Certainty.LIKELY)])
async def test_6g_the_computed_value_is_not_provisioned_yet(expected, certainty):
    nim = world(value="Sales FR", policy="Sales FR", current="Sales EMEA", state=OrderState.PENDING)
    found = await ask(nim, expected_value=expected)
    assert (found.cause, found.certainty) == ("6g", certainty)


@pytest.mark.parametrize(
    ("discard", "row", "certainty"),
    [(False, "6h", Certainty.CONFIRMED), (None, "6h", Certainty.LIKELY), (True, None, None)],
)
async def test_6h_a_value_set_by_hand_is_protected(discard, row, certainty):
    nim = world(value="Boss", policy="Clerk", current="Boss", workflow_state=16)
    nim.types = [resource_type(discard_manual=discard)]
    found = await ask(nim)
    if row:
        assert (found.cause, found.certainty) == (row, certainty)
        assert not found.offers
    else:
        assert found.cause != "6h"


async def test_6i_somebody_changed_it_in_the_account():
    found = await ask(world(value="Sales FR", policy="Sales FR", current="Marketing"))
    assert (found.cause, found.certainty) == ("6i", Certainty.LIKELY)


async def test_6j_two_query_rules_of_equal_rate():
    nim = world(value="x", policy="x", current=None)
    nim.values = {OrderId("500"): (OrderProperty("department", "navigation", "Org", "Org", confidence=90),)}
    nim.rules = [replace(RULE, kind="query", confidence=90)]
    assert ((await ask(nim)).cause) == "6j"


async def test_6k_the_role_model_has_not_run_since_the_identity_changed():
    nim = world()
    nim.exposed = frozenset({"resource-history"})
    nim.value_changes = [ValueChange("Organization", "Sales EMEA", "Sales FR", ago(hours=1))]
    nim.all_task_runs = [task_run("8", TaskKind.ROLE_MODEL, start=ago(hours=5), connector_id=None)]
    found = await ask(nim)
    assert (found.cause, found.certainty) == ("6k", Certainty.CONFIRMED)


async def test_6k_needs_an_exact_time():
    nim = world()
    nim.exposed = frozenset({"resource-history"})
    nim.value_changes = [ValueChange("Organization", "a", "b", ago(hours=1), not_before=ago(days=1))]
    nim.all_task_runs = [task_run("8", TaskKind.ROLE_MODEL, start=ago(hours=5), connector_id=None)]
    assert (await ask(nim)).cause != "6k"


async def test_6l_it_is_what_the_rule_computes():
    found = await ask(world(value="Sales FR", policy="Sales FR", current="Sales FR"))
    assert (found.cause, found.certainty) == ("6l", Certainty.POSSIBLE)


async def test_a_property_that_nothing_provisions_is_unknown():
    nim = world()
    nim.values = {}
    found = await ask(nim)
    assert (found.cause, found.certainty) == (None, Certainty.UNKNOWN)


async def test_values_and_names_are_private():
    for nim in (world(), world(identity="Sales ES")):
        public = str((await ask(nim)).without_names())
        assert "Doe" not in public
        assert "Sales" not in public


async def test_recomputing_is_named_as_a_step_of_a_person():
    nim = world()
    nim.rules = [replace(RULE, changed_at=ago(hours=12))]
    offers = (await ask(nim)).offers
    assert [(one.action, one.allowed) for one in offers] == [(ActionKind.RECOMPUTE_ONE, True)]


async def test_it_costs_at_most_eight_requests():
    nim = world()
    nim.exposed = frozenset({"resource-history"})
    await ask(nim)
    assert len(nim.made) <= 8, nim.made


@pytest.mark.parametrize(
    ("expression", "inputs"),
    [
        ("C#:person:return person.Organization;", ("Organization",)),
        ('C#:person:return person.FirstName.ToLower() + "." + person.LastName;', ("FirstName", "LastName")),
        ("C#:p:return p.MainRecord?.Organization?.Code;", ("MainRecord.Organization.Code",)),
        ("Organization", ("Organization",)),
        ('C#:p:return string.Format("x");', ()),
    ],
)
def test_what_a_rule_reads_is_taken_from_its_expression(expression, inputs):
    known = ["Organization", "FirstName", "LastName", "MainRecord"]
    assert inputs_of([replace(RULE, expression=expression)], known) == inputs
