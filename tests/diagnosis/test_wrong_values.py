"""Symptom 6, row by row of the decision table (troubleshooting 2.6)."""

from dataclasses import replace

import pytest

from bot.diagnosis.site import Site
from bot.diagnosis.subject import Subject
from bot.diagnosis.symptoms import wrong_values
from bot.diagnosis.symptoms.wrong_values.inputs import inputs_of
from bot.diagnosis.symptoms.wrong_values.rows import causes_of
from bot.model.finding import ActionKind, Certainty
from bot.model.ids import OrderId, ResourceId, ResourceTypeId
from bot.model.job import RunState, TaskKind
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
    [(0.2, Certainty.CONFIRMED, []), (8, Certainty.POSSIBLE, ["6b"]), (None, Certainty.POSSIBLE, [])],
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


def changed_rule(*, then: str = "Sales FR", organization: str = "Sales FR") -> FakeNim:
    """The rule was changed twelve hours ago; before, the value and its input were these."""
    nim = world()
    nim.rules = [replace(RULE, changed_at=ago(hours=12))]
    nim.values_then = {OrderId("500"): (OrderProperty("department", "scalar", then, then, then),)}
    minute_before = ago(hours=12, minutes=1)
    nim.versions.append(replace(nim.versions[0], properties={"Organization": organization}, as_of=minute_before))
    return nim


async def test_6d_is_confirmed_when_only_the_rule_changed():
    assert (await ask(changed_rule())).certainty is Certainty.CONFIRMED


async def test_6d_is_not_confirmed_when_the_input_changed_as_well():
    found = await ask(changed_rule(organization="Sales ES"))
    assert (found.cause, found.certainty) == ("6d", Certainty.LIKELY)


async def test_6d_is_not_told_when_the_change_made_no_difference():
    found = await ask(changed_rule(then="Sales EMEA"))
    assert (found.cause, found.certainty) == ("6l", Certainty.POSSIBLE)


async def test_6d_is_only_possible_when_the_value_before_cannot_be_read():
    nim = changed_rule()
    nim.denied = {"past_values"}
    found = await ask(nim)
    assert (found.cause, found.certainty) == ("6d", Certainty.POSSIBLE)


def with_colleagues(
    nim: FakeNim, *colleagues: tuple[str, str], name: str = "LastName", organization: str = "FR-110"
) -> FakeNim:
    """Each colleague by the value that the rule reads and the value that it made."""
    nim.property_names = {kind: [*known, "OrganizationCode", name] for kind, known in nim.property_names.items()}
    nim.versions = [
        replace(one, properties={**one.properties, "OrganizationCode": organization}) for one in nim.versions
    ]
    for number, (read, made) in enumerate(colleagues):
        owner = ResourceId(f"91{number}")
        nim.all_the_orders.append(
            order(f"51{number}", OrderState.VERIFIED, ChangeType.UPDATE, owner_id=owner, owner_name="x")
        )
        nim.values[OrderId(f"51{number}")] = (OrderProperty("mail", "scalar", made, made, made),)
        nim.versions.append(
            ResourceVersion(owner, "Directory_User", "x", {"OrganizationCode": organization, name: read})
        )
    return nim


def mailed(last_name: str, mail: str, *colleagues: tuple[str, str], source: str | None = None) -> FakeNim:
    """A world in which the mail address is made of the family name."""
    nim = world()
    nim.values = {OrderId("500"): (OrderProperty("mail", "scalar", mail, mail, mail),)}
    nim.rules = [replace(RULE, property="mail", expression='C#:person:return person.LastName + "@x.com";')]
    of_source = last_name if source is None else source
    nim.versions = [
        replace(one, properties={"LastName": last_name if one.id == JOHN.id else of_source}) for one in nim.versions
    ]
    return with_colleagues(nim, *colleagues)


async def ask_mail(nim: FakeNim, **more):
    subject = Subject(person=JOHN, property_name="mail", **more)
    return wrong_values.diagnose(await wrong_values.gather(nim, subject, SITE, NOW), NOW)


RIGHT = (("Leroy", "leroy@x.com"), ("Lopez", "lopez@x.com"), ("Ng-Tran", "ng-tran@x.com"))


@pytest.mark.parametrize(
    ("last_name", "mail", "said"),
    [
        ("Müller", "m.ller@x.com", "accents or signs"),
        ("Peña", "peña@x.com", "another sign"),
        ("Keller", "kell@x.com", "not in this person's"),
        ("", "@x.com", "is empty for this person"),
    ],
)
async def test_6e_only_this_person_while_the_colleagues_are_right(last_name, mail, said):
    found = await ask_mail(mailed(last_name, mail, *RIGHT))
    assert (found.cause, found.certainty) == ("6e", Certainty.LIKELY)
    assert said in found.text
    assert next(fact for fact in found.evidence if fact.label == "Colleague").value.startswith("mail: leroy@x.com")
    assert any(one.action is ActionKind.RECOMPUTE_ONE for one in found.offers)


async def test_6e_a_number_keeps_two_people_apart_who_have_one_name():
    nim = mailed("Doe", "doe2@x.com", ("Doe", "doe@x.com"))
    found = await ask_mail(nim)
    assert (found.cause, found.certainty) == ("6e", Certainty.LIKELY)
    assert "number" in found.text
    assert "doe@x.com" not in str(found.without_names())


async def test_6e_is_not_told_of_a_number_that_nobody_else_lacks():
    assert (await ask_mail(mailed("Doe", "doe2@x.com", *RIGHT))).cause != "6e"


async def test_6e_a_second_record_is_only_possible_without_colleagues():
    nim = mailed("Doe", "doe@x.com")
    nim.all_sources.append(Source("HR_Person", ResourceId("6"), "Doe, John", "HR_Person_To_Directory_UserRecord"))
    found = await ask_mail(nim, expected_value="john@x.com")
    assert (found.cause, found.certainty) == ("6e", Certainty.POSSIBLE)


async def test_6e_colleagues_with_the_same_inputs_have_another_value():
    nim = mailed("Doe", "x.com", ("Doe", "y.com"), ("Doe", "y.com"))
    assert (await ask_mail(nim)).cause == "6e"


async def test_6d_and_6e_are_not_separable_without_colleagues():
    nim = mailed("Müller", "m.ller@x.com", ("Leroy", "leroy@x.com"))
    found = await ask_mail(nim, expected_value="muller@x.com")
    assert (found.cause, found.certainty) == ("6d", Certainty.POSSIBLE)
    assert "cannot be told apart" in found.text


async def test_6d_and_6e_are_not_separable_when_colleagues_cannot_be_read():
    nim = mailed("Müller", "m.ller@x.com", *RIGHT)
    nim.denied = {"others_values"}
    found = await ask_mail(nim, expected_value="muller@x.com")
    assert (found.cause, found.certainty) == ("6d", Certainty.POSSIBLE)
    assert any("cannot be told apart" in one.why for one in found.missing)


async def test_6d_colleagues_with_the_same_inputs_have_the_same_wrong_value():
    nim = mailed("Doe", "sales@x.com", ("Doe", "sales@x.com"), ("Doe", "sales@x.com"))
    found = await ask_mail(nim, expected_value="doe@x.com")
    assert (found.cause, found.certainty) == ("6d", Certainty.LIKELY)
    assert "2 colleagues with the same inputs have the same value" in found.text


@pytest.mark.parametrize("kind", [TaskKind.EXPRESSIONS, TaskKind.ROLE_MODEL])
async def test_nothing_is_sure_while_the_role_model_is_computed(kind):
    nim = changed_rule()
    nim.all_task_runs = [task_run("9", kind, RunState.RUNNING, start=ago(minutes=2), seconds=None, connector_id=None)]
    found = await ask(nim)
    assert (found.cause, found.certainty) == ("6d", Certainty.POSSIBLE)
    assert "being computed" in found.text
    assert found.next == "Ask again when the computation has ended."
    assert [one.allowed for one in found.offers] == [False]


async def test_a_value_kept_by_hand_stays_sure_while_the_role_model_is_computed():
    nim = world(value="Boss", policy="Clerk", current="Boss", workflow_state=16)
    nim.all_task_runs = [
        task_run("9", TaskKind.ROLE_MODEL, RunState.RUNNING, start=ago(minutes=2), seconds=None, connector_id=None)
    ]
    found = await ask(nim)
    assert (found.cause, found.certainty) == ("6h", Certainty.CONFIRMED)


async def test_6b_offers_no_second_run_beside_the_one_in_progress():
    nim = world(value="Sales FR", policy="Sales FR", current="Sales FR")
    nim.with_job(job("1001", "HR_Complete"), task("203", "Sync_HR", TaskKind.SYNCHRONIZE, HR))
    nim.all_task_runs = [
        task_run("5", TaskKind.EXPORT, RunState.RUNNING, start=ago(minutes=2), seconds=None, connector_id=HR),
        task_run("4", TaskKind.SYNCHRONIZE, start=ago(hours=8), connector_id=HR, task_id="203"),
    ]
    found = await ask(nim, told="still has the old name")
    assert found.certainty is Certainty.POSSIBLE
    assert [one.allowed for one in found.offers if one.action is ActionKind.RELAUNCH_COMPLETE] == [False]


@pytest.mark.parametrize(
    ("told", "row", "certainty"),
    [("still has the old name", "6b", Certainty.LIKELY), ("", "6l", Certainty.POSSIBLE)],
)
async def test_6b_the_source_may_have_changed_since_it_was_synchronized(told, row, certainty):
    nim = world(value="Sales FR", policy="Sales FR", current="Sales FR")
    nim.all_task_runs = [task_run("4", TaskKind.SYNCHRONIZE, start=ago(hours=8), connector_id=HR, task_id="203")]
    nim.with_job(job("1001", "HR_Complete"), task("203", "Sync_HR", TaskKind.SYNCHRONIZE, HR))
    found = await ask(nim, told=told)
    assert (found.cause, found.certainty) == (row, certainty)
    assert any(one.action is ActionKind.RELAUNCH_COMPLETE and one.allowed for one in found.offers)


async def test_6f_the_identity_differs_from_its_only_source():
    found = await ask(world(identity="Sales ES"))
    assert (found.cause, found.certainty) == ("6f", Certainty.POSSIBLE)


def changed_identity(*, source_changed_hours_ago: float | None = None) -> FakeNim:
    """The organisation of the identity changed three hours ago, and everybody was computed since."""
    nim = world()
    nim.exposed = frozenset({"resource-history"})
    nim.value_changes = [ValueChange("Organization", "Sales EMEA", "Sales FR", ago(hours=3))]
    if source_changed_hours_ago is not None:
        nim.source_changes = [ValueChange("Organization", "EMEA", "FR", ago(hours=source_changed_hours_ago))]
    nim.all_task_runs = [task_run("8", TaskKind.ROLE_MODEL, start=ago(hours=1), connector_id=None)]
    return nim


async def test_6f_the_identity_changed_and_its_source_did_not():
    found = await ask(changed_identity())
    assert (found.cause, found.certainty) == ("6f", Certainty.LIKELY)


async def test_6f_is_not_told_when_the_source_changed_before():
    assert (await ask(changed_identity(source_changed_hours_ago=3.1))).cause != "6f"


async def test_the_source_is_drawn_along_time_beside_the_identity():
    (timeline,) = (await ask(changed_identity(source_changed_hours_ago=3.1))).pictures
    assert [track.name for track in timeline.tracks][1:3] == ["Source: Organization", "Identity: Organization"]


async def test_6f_is_not_told_when_the_history_of_the_source_cannot_be_read():
    nim = changed_identity()
    nim.denied = {"source_history"}
    assert (await ask(nim)).cause != "6f"


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


async def test_6g_the_propertys_own_state_counts_though_the_account_is_verified():
    nim = world(value="Sales FR", policy="Sales FR", current=None)
    nim.values = {OrderId("500"): (replace(nim.values["500"][0], state=OrderState.AWAITING_APPROVAL),)}
    found = await ask(nim, expected_value="Sales FR")
    assert (found.cause, found.certainty) == ("6g", Certainty.CONFIRMED)
    assert "awaiting approval" in found.text


async def test_6g_is_not_told_of_a_property_that_is_done_in_an_order_that_failed():
    nim = world(value="Sales FR", policy="Sales FR", current="Marketing", state=OrderState.ERRORED)
    nim.values = {OrderId("500"): (replace(nim.values["500"][0], state=OrderState.VERIFIED),)}
    assert (await ask(nim)).cause == "6i"


async def test_6h_a_value_kept_by_hand_where_the_rule_gives_none_is_likely():
    found = await ask(world(value="Boss", policy=None, current="Boss", workflow_state=16))
    assert (found.cause, found.certainty) == ("6h", Certainty.LIKELY)


async def test_6g_is_only_possible_while_the_identity_differs_from_its_source():
    nim = world(value="Sales FR", policy="Sales FR", current="Sales", state=OrderState.PENDING, record="Sales ES")
    found = await ask(nim)
    assert (found.cause, found.certainty) == ("6f", Certainty.POSSIBLE)
    assert [one.row for one in found.contributing] == ["6g"]


async def test_6g_is_only_possible_while_the_rule_was_changed_lately():
    nim = changed_rule()
    nim.all_the_orders = [replace(nim.all_the_orders[0], state=OrderState.PENDING)]
    nim.values = {OrderId("500"): (OrderProperty("department", "scalar", "Sales EMEA", "Sales EMEA", "Sales FR"),)}
    assert {(one.row, one.certainty) for one in causes_of(await evidence_of(nim), NOW)} == {
        ("6g", Certainty.POSSIBLE),
        ("6d", Certainty.POSSIBLE),
    }
    assert [(one.row, one.certainty) for one in causes_of(await evidence_of(nim, expected_value="Sales FR"), NOW)] == [
        ("6d", Certainty.CONFIRMED)
    ]
    assert [one.row for one in causes_of(await evidence_of(nim, expected_value="Sales EMEA"), NOW)] == ["6g"]


async def evidence_of(nim: FakeNim, **more):
    return await wrong_values.gather(nim, Subject(person=JOHN, property_name="department", **more), SITE, NOW)


@pytest.mark.parametrize(
    ("hours", "row", "certainty"), [(20, "6k", Certainty.LIKELY), (5, "6d", Certainty.POSSIBLE), (None, "6k", "likely")]
)
async def test_6k_everybody_has_not_been_computed_since_the_rule_was_changed(hours, row, certainty):
    nim = changed_rule(then="Sales EMEA")
    whole = task("301", "RoleModel_All", TaskKind.ROLE_MODEL, None, dirty=False)
    nim.with_job(job("1009", "ComputeRoleModel_All"), whole)
    if hours is not None:
        nim.all_task_runs = [
            task_run("8", TaskKind.ROLE_MODEL, start=ago(hours=hours), connector_id=None, task_id="301")
        ]
    found = await ask(nim, expected_value="Sales FR")
    assert (found.cause, found.certainty) == (row, certainty)


async def test_a_property_is_found_by_what_it_is_called_elsewhere():
    nim = world()
    nim.values = {OrderId("500"): (OrderProperty("sAMAccountName", "scalar", "jdoe", "jdoe", "jdoe"),)}
    subject = Subject(person=JOHN, property_name="Login", also_called=("sAMAccountName",))
    found = wrong_values.diagnose(await wrong_values.gather(nim, subject, SITE, NOW), NOW)
    assert "sAMAccountName" in found.title


@pytest.mark.parametrize(("value", "said"), [("Sales FR", "another value"), ("Sales EMEA", "the same value")])
async def test_another_account_with_the_property_is_named_where_no_system_was(value, said):
    nim = world()
    nim.all_the_orders.append(
        order("501", OrderState.VERIFIED, ChangeType.UPDATE, owner_id=JOHN.id, type_id="72", created_at=ago(days=9))
    )
    nim.all_the_orders[-1] = replace(nim.all_the_orders[-1], resource_type_name="Entra ID account")
    nim.values[OrderId("501")] = (OrderProperty("department", "scalar", value, value, value),)
    assert [one.why for one in (await ask(nim)).contributing if said in one.why]
    assert not (await ask(nim, resource_type_ids=(ResourceTypeId("71"),))).contributing


@pytest.mark.parametrize(
    ("of_property", "certainty"), [(OrderState.RULE_ERROR, Certainty.LIKELY), (OrderState.NONE, Certainty.POSSIBLE)]
)
async def test_6e_the_rule_throws_an_exception(of_property, certainty):
    nim = world(state=OrderState.RULE_ERROR)
    nim.values = {OrderId("500"): (replace(nim.values["500"][0], state=of_property),)}
    found = await ask(nim, expected_value="Sales FR")
    assert (found.cause, found.certainty) == ("6e", certainty)
    assert "state 7" in found.text


async def test_6d_the_rule_was_changed_lately_and_throws_an_exception():
    nim = changed_rule()
    nim.all_the_orders = [replace(nim.all_the_orders[0], state=OrderState.RULE_ERROR)]
    nim.values = {OrderId("500"): (replace(nim.values["500"][0], state=OrderState.RULE_ERROR),)}
    found = await ask(nim)
    assert (found.cause, found.certainty, found.contributing) == ("6d", Certainty.LIKELY, ())
    assert "throws an exception" in found.text


async def test_6d_is_only_possible_when_what_is_expected_is_made_of_nothing_that_the_rule_reads():
    nim = mailed("Doe", "doe@x.com", ("Doe", "doe@x.com"), ("Doe", "doe@x.com"))
    found = await ask_mail(nim, expected_value="leroy@x.com")
    assert (found.cause, found.certainty) == ("6d", Certainty.POSSIBLE)


async def test_6g_a_difference_in_case_only_is_said_and_not_sure():
    found = await ask(world(value="SALES FR", policy="SALES FR", current="Sales FR", state=OrderState.PENDING))
    assert (found.cause, found.certainty) == ("6g", Certainty.POSSIBLE)
    assert "case, accents or signs only" in found.text


async def test_6g_a_value_kept_by_hand_that_the_account_does_not_hold_yet():
    nim = world(value="Boss", policy="Clerk", current="Other", workflow_state=16, state=OrderState.PENDING)
    found = await ask(nim, expected_value="Boss")
    assert (found.cause, found.certainty, found.contributing) == ("6g", Certainty.CONFIRMED, ())
    without = await ask(nim)
    assert (without.cause, [one.row for one in without.contributing]) == ("6g", ["6h"])


async def test_a_collection_of_links_is_not_judged_as_one_value():
    nim = world()
    links = tuple(OrderProperty("memberOf", "navigation", name) for name in ("a", "b"))
    nim.values = {OrderId("500"): links}
    subject = Subject(person=JOHN, property_name="memberOf")
    found = wrong_values.diagnose(await wrong_values.gather(nim, subject, SITE, NOW), NOW)
    assert (found.cause, found.certainty) == (None, Certainty.UNKNOWN)
    assert "several links" in found.text


async def test_values_of_an_account_that_is_being_removed_are_not_judged():
    nim = world()
    nim.all_the_orders = [replace(nim.all_the_orders[0], denied=True, change=ChangeType.DELETE)]
    found = await ask(nim)
    assert (found.cause, found.certainty) == (None, Certainty.UNKNOWN)
    assert "being removed" in found.text


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
