"""Symptom 5, row by row of the decision table (troubleshooting 2.5)."""

from dataclasses import replace
from datetime import timedelta

import pytest

from bot.diagnosis.site import Site
from bot.diagnosis.subject import Subject
from bot.diagnosis.symptoms import errored_orders
from bot.model.finding import ActionKind, Certainty
from bot.model.ids import JobRunId, OrderId, ResourceId
from bot.model.job import RunState, TaskKind
from bot.model.order import ChangeType, OrderProperty, OrderState
from bot.model.person import Person
from bot.model.value import ResourceVersion
from tests.diagnosis.fakes import (
    FULFILL,
    NO_RIGHT,
    NOW,
    FakeNim,
    ago,
    job,
    leavers,
    order,
    resource_type,
    run,
    task,
    task_run,
)

SITE = Site(owners={"AD": "#team-ad"})
PARENT = (
    "0000208D: NameErr: DSID-03100288, problem 2001 (NO_OBJECT), data 0, best match of: 'OU=Sites,DC=contoso,DC=com'"
)
THROTTLED = "Response status code does not indicate success: 429 (Too Many Requests). Retry-After: 120"


async def ask(nim: FakeNim, subject: Subject | None = None, site: Site = SITE):
    return errored_orders.diagnose(await errored_orders.gather(nim, subject or Subject(), site, NOW), NOW)


def failing(text: str | None, count: int = 5, change: ChangeType = ChangeType.UPDATE, **more) -> FakeNim:
    nim = leavers(0, passed=0, duplicates=0)
    nim.all_the_orders = [order(str(5000 + index), change=change, error=text, **more) for index in range(count)]
    return nim


def and_passed(nim: FakeNim, count: int = 9, change: ChangeType = ChangeType.UPDATE, **more) -> FakeNim:
    nim.all_the_orders += [order(str(8000 + index), OrderState.EXECUTED, change, **more) for index in range(count)]
    return nim


async def test_5a_every_order_of_one_kind_is_refused_while_others_pass():
    found = await ask(leavers(duplicates=0))
    assert (found.symptom, found.cause, found.certainty) == (5, "5a", Certainty.CONFIRMED)
    assert found.title == "150 deletions in AD in error: the service account may not delete in OU=Leavers"
    assert found.ruled_out[0].row == "5c"
    assert "37 other orders" in found.ruled_out[0].why
    assert found.next.startswith("The AD team (#team-ad) grants")
    assert found.groups[0].containers == ("OU=Leavers",)


async def test_the_main_story_has_two_groups_and_not_162_lines():
    found = await ask(leavers())
    assert [(group.count, group.cause, group.exact) for group in found.groups] == [(150, "5a", True), (12, "5e", True)]
    assert (found.cause, found.certainty) == ("5a", Certainty.CONFIRMED)
    assert [(one.row, one.why) for one in found.contributing] == [
        ("5e", "12 creations: the userPrincipalName already exists")
    ]
    assert found.groups[0].title == "150 deletions: the service account may not delete in OU=Leavers"
    assert "150 of 150 deletions" in found.groups[0].evidence[0].value


async def test_5a_is_only_likely_when_what_passed_cannot_be_read():
    nim = leavers(duplicates=0)
    nim.denied = {"passed"}
    found = await ask(nim)
    assert (found.cause, found.certainty) == ("5a", Certainty.LIKELY)
    assert any(one.what == "what passed in the same run" for one in found.missing)


async def test_5a_is_only_likely_when_nothing_else_passed():
    found = await ask(leavers(duplicates=0, passed=0))
    assert (found.cause, found.certainty) == ("5a", Certainty.LIKELY)


async def test_5b_like_orders_elsewhere_passed():
    nim = and_passed(leavers(duplicates=0), 4, ChangeType.DELETE, resource_dn="CN=a,OU=Other,DC=contoso,DC=com")
    found = await ask(nim)
    assert (found.cause, found.certainty) == ("5b", Certainty.LIKELY)


async def test_5b_specially_protected_objects():
    found = await ask(and_passed(failing("Cannot modify a protected object: AdminSDHolder", change=ChangeType.DELETE)))
    assert (found.cause, found.certainty) == ("5b", Certainty.LIKELY)


async def test_5c_nothing_of_the_connector_passed():
    found = await ask(
        failing("No connection could be made because the target machine actively refused it. (10.2.0.15:636)")
    )
    assert (found.cause, found.certainty) == ("5c", Certainty.CONFIRMED)


async def test_5c_is_only_likely_when_others_passed():
    found = await ask(and_passed(failing("The LDAP server is unavailable.")))
    assert (found.cause, found.certainty) == ("5c", Certainty.LIKELY)


async def test_5c_a_target_that_asks_for_a_pause_says_how_long():
    found = await ask(and_passed(failing(THROTTLED, performed_at=ago(minutes=1))))
    assert (found.cause, found.certainty) == ("5c", Certainty.CONFIRMED)
    assert (
        found.next == "Wait 2 minutes, then test with one; the AD team (#team-ad) avoids parallel jobs on this target."
    )


async def test_5c_a_pause_that_is_over_is_not_asked_for_again():
    found = await ask(and_passed(failing(THROTTLED)))
    assert found.next == "The pause that it needs is over: test with one."


def sites(count: int = 23) -> FakeNim:
    nim = failing(PARENT, count, ChangeType.CREATE)
    for one in nim.all_the_orders:
        nim.values[one.id] = (OrderProperty("dn", "scalar", f"CN=P{one.id},OU=Nantes,OU=Sites,DC=contoso,DC=com"),)
    nim.all_task_runs.append(task_run("9", TaskKind.SYNCHRONIZE, start=ago(hours=2)))
    return nim


async def test_5d_the_computed_container_is_absent_from_fresh_data():
    found = await ask(sites())
    assert (found.cause, found.certainty) == ("5d", Certainty.CONFIRMED)
    assert "OU=Nantes,OU=Sites" in found.title
    assert "Unblocking alone sends the same value again" in found.next


async def test_5d_is_only_likely_without_fresh_data():
    nim = sites()
    nim.all_task_runs.pop()
    assert (await ask(nim)).certainty is Certainty.LIKELY


async def test_5d_a_container_that_exists_now_is_told():
    nim = sites()
    dn = "OU=Nantes,OU=Sites,DC=contoso,DC=com"
    nim.versions = [ResourceVersion(ResourceId("1"), "AD_Entry", "Nantes", {"dn": dn})]
    found = await ask(nim)
    assert (found.cause, found.certainty) == ("5d", Certainty.LIKELY)
    assert "exists now" in found.groups[0].title
    assert found.next == "The container exists now: test with one."


@pytest.mark.parametrize("there", [True, False])
async def test_5e_the_value_that_exists_already_is_looked_up(there):
    nim = failing(
        "Another object with the same value for property userPrincipalName already exists.", 3, ChangeType.CREATE
    )
    for one in nim.all_the_orders:
        nim.values[one.id] = (OrderProperty("userPrincipalName", "scalar", "jdoe@contoso.com"),)
    if there:
        nim.versions = [
            ResourceVersion(ResourceId("1"), "AD_Entry", "Doe, Jane", {"userPrincipalName": "jdoe@contoso.com"})
        ]
    found = await ask(nim)
    assert (found.cause, found.certainty) == ("5e", Certainty.LIKELY)
    looked = next(fact for fact in found.evidence if fact.label == "Looked up")
    assert looked.private
    assert ("Doe, Jane" in looked.value) is there
    assert "jdoe@contoso.com" not in str(found.without_names().evidence)


async def test_5f_names_the_property_that_is_refused():
    text = "Code: Request_BadRequest Message: Invalid value specified for property 'usageLocation' of resource 'User'."
    found = await ask(and_passed(failing(text)))
    assert (found.cause, found.certainty) == ("5f", Certainty.CONFIRMED)
    assert "usageLocation" in found.title


async def test_5f_is_only_likely_when_the_text_names_no_property():
    found = await ask(and_passed(failing("The string value is too long")))
    assert (found.cause, found.certainty) == ("5f", Certainty.LIKELY)


async def test_5g_the_account_to_delete_is_gone():
    found = await ask(and_passed(failing(PARENT, change=ChangeType.DELETE)))
    assert (found.cause, found.certainty) == ("5g", Certainty.LIKELY)


def unconfirmed(*, validity: int | None = 1440, synced_hours: float = 30) -> FakeNim:
    nim = failing(None, 410, performed_at=ago(hours=25))
    nim.types = [resource_type(validity_minutes=validity)]
    nim.all_task_runs = [task_run("9", TaskKind.SYNCHRONIZE, start=ago(hours=synced_hours))]
    return nim


async def test_5h_no_text_and_an_elapsed_validity_period_is_not_an_error_of_the_target():
    found = await ask(unconfirmed())
    assert (found.cause, found.certainty) == ("5h", Certainty.CONFIRMED)
    offer = found.groups[0].offers[0]
    assert not offer.allowed
    assert "synchronize first" in offer.why_not
    assert found.ruled_out[0].row == "5a"


async def test_5h_is_only_likely_when_a_synchronization_ran_since():
    found = await ask(unconfirmed(synced_hours=2))
    assert found.certainty is Certainty.LIKELY
    assert "One completed since, 2026-03-03 08:01 UTC, and did not either." in found.text


@pytest.mark.parametrize("validity", [0, None])
async def test_5h_never_applies_without_a_validity_period(validity):
    found = await ask(unconfirmed(validity=validity))
    assert (found.cause, found.certainty) == (None, Certainty.UNKNOWN)


async def test_5h_never_applies_before_the_period_has_elapsed():
    nim = unconfirmed()
    nim.all_the_orders = [replace(one, performed_at=ago(hours=1)) for one in nim.all_the_orders]
    assert (await ask(nim)).cause is None


async def test_5i_a_rule_exception_is_never_unblocked():
    nim = failing(None, 2)
    nim.all_the_orders = [replace(one, state=OrderState.RULE_ERROR, code=7) for one in nim.all_the_orders]
    found = await ask(nim)
    assert (found.cause, found.certainty) == ("5i", Certainty.CONFIRMED)
    assert not any(offer.action is ActionKind.UNBLOCK_ONE and offer.allowed for offer in found.groups[0].offers)


async def test_5i_state_3_and_state_7_are_different_groups():
    nim = failing("System.NullReferenceException: Object reference not set to an instance of an object.", 4)
    nim.all_the_orders[0] = replace(nim.all_the_orders[0], state=OrderState.RULE_ERROR, code=7)
    assert [group.count for group in (await ask(nim)).groups] == [3, 1]


async def test_5j_a_custom_script_failed():
    text = "The term 'Get-Mailbox' is not recognized as the name of a cmdlet, function, script file"
    assert ((await ask(failing(text))).cause) == "5j"


async def test_5k_several_causes_are_told_apart():
    nim = failing(THROTTLED, 6)
    nim.all_the_orders += failing("Invalid value specified for property 'usageLocation'", 5).all_the_orders
    nim.all_the_orders += failing("Property sAMAccountName is longer than 20", 4).all_the_orders
    nim.all_the_orders = [replace(one, id=OrderId(str(index))) for index, one in enumerate(nim.all_the_orders)]
    found = await ask(nim)
    assert [group.cause for group in found.groups] == ["5c", "5f", "5f"]
    assert "5k" in [one.row for one in found.contributing]


async def test_an_unknown_text_is_unknown_and_shown():
    found = await ask(failing("Gremlins in the pipe"))
    assert (found.cause, found.certainty) == (None, Certainty.UNKNOWN)
    assert found.groups[0].sample == "Gremlins in the pipe"


async def test_harmless_errors_are_told_apart_from_failures():
    found = await ask(failing("problem 1006 (ATT_OR_VALUE_EXISTS), 00000562"))
    assert found.cause is None
    assert "wanted state exists" in found.title


async def test_no_more_than_five_groups_are_shown():
    nim = failing(None, 0)
    nim.all_the_orders = [
        order(str(i), change=ChangeType.UPDATE, error=f"Gremlin number {'abcdefgh'[i]}") for i in range(8)
    ]
    found = await ask(nim)
    assert len(found.groups) == 5
    assert "3 more groups not shown" in found.text


async def test_the_canary_is_the_oldest_order_and_carries_what_was_seen():
    found = await ask(leavers())
    offer = found.groups[0].offers[0]
    assert (offer.action, offer.target, offer.label) == (ActionKind.UNBLOCK_ONE, "771000", "Test with 1 of 150")
    assert offer.seen.startswith("3|48260|delete:20000")
    assert offer.subject == "Person 771000 · delete AD account"
    assert offer.danger


async def test_a_group_of_one_is_simply_unblocked():
    assert (await ask(leavers(1, duplicates=0))).groups[0].offers[0].label == "Unblock this order"


async def test_the_failed_job_is_relaunched_and_its_last_run_was_seen():
    offer = next(one for one in (await ask(leavers())).offers if one.action is ActionKind.RELAUNCH)
    assert (offer.target, offer.seen, offer.allowed) == ("1003", "48260", True)


async def test_of_several_fulfilling_jobs_none_is_guessed():
    nim = leavers()
    nim.with_job(job("1004", "AD_Complete"), FULFILL)
    nim.all_runs = [replace(nim.all_runs[0], job_id=job("1099", "Other").id)]
    assert not [one for one in (await ask(nim)).offers if one.action is ActionKind.RELAUNCH]


async def test_while_a_run_of_the_connector_is_in_progress_nothing_may_be_pressed():
    nim = leavers()
    nim.all_runs.append(run("48270", "1003", RunState.RUNNING, start=ago(minutes=2), minutes=None))
    found = await ask(nim)
    offers = [*found.offers, *found.groups[0].offers]
    assert {offer.allowed for offer in offers} == {False}
    assert all("48270" in offer.why_not for offer in offers)
    assert "Run 48270 is in progress since 2026-03-03 09:58 UTC" in found.text


async def test_counts_are_at_least_when_there_are_more_than_one_page():
    nim = leavers(1500, duplicates=0)
    found = await ask(nim)
    assert (found.groups[0].count, found.groups[0].exact) == (1000, False)
    assert found.groups[0].title.startswith("at least 1,000 deletions")
    assert any(offer.action is ActionKind.COUNT_ALL for offer in found.offers)


async def test_one_order_tells_of_its_like_ones_and_offers_itself():
    found = await ask(leavers(), Subject(order_id=OrderId("771007")))
    assert (found.cause, found.certainty) == ("5a", Certainty.CONFIRMED)
    assert "149 other orders" in found.text
    assert found.offers[0].label == "Unblock this order"
    assert found.offers[0].target == "771007"
    assert found.title.startswith("Person 771007")
    assert "Person" not in found.without_names().title


async def test_a_persons_errored_orders_are_found_by_their_owner():
    nim = leavers()
    person = Person(ResourceId("9771003"), "Directory_User", "Leroy, Anne", "aleroy")
    found = await ask(nim, Subject(person=person))
    assert found.title.startswith("Leroy, Anne: 1 deletion")
    assert "Leroy" not in found.without_names().title


async def test_an_order_both_blocked_and_errored_tells_the_error_first():
    nim = failing(NO_RIGHT, 1, state=OrderState.AWAITING_APPROVAL, review_filter=36)
    found = await ask(nim, Subject(order_id=OrderId("5000")))
    assert found.cause == "5a"
    assert found.contributing[0].row == "4h"


async def test_nothing_read_is_unknown_with_what_is_missing():
    nim = leavers()
    nim.denied = {
        "orders",
        "job_runs",
        "passed",
        "jobs",
        "tasks",
        "steps",
        "connectors",
        "resource_types",
        "entity_types",
    }
    found = await ask(nim)
    assert (found.cause, found.certainty, found.offers) == (None, Certainty.UNKNOWN, ())
    assert len(found.missing) == 8


async def test_no_error_is_told_as_such():
    assert (await ask(FakeNim())).title == "No order in error"


@pytest.mark.parametrize("count", [1, 10, 2000])
async def test_the_number_of_requests_does_not_depend_on_the_number_of_orders(count):
    nim = leavers(count)
    await ask(nim)
    assert len(nim.made) <= 6


async def test_one_order_costs_at_most_four_requests():
    for nim, wanted in ((leavers(), "771007"), (leavers(), "772003"), (sites(), "5003"), (unconfirmed(), "5003")):
        await ask(nim, Subject(order_id=OrderId(wanted)))
        assert len(nim.made) <= 4, nim.made


async def test_what_passed_since_is_told_since_the_cause_may_be_gone():
    nim = and_passed(leavers(duplicates=0), 1, ChangeType.DELETE, performed_at=ago(hours=1))
    found = await ask(nim)
    assert any(fact.label == "Since then" for fact in found.groups[0].evidence)


async def test_every_evidence_line_has_a_source_and_a_time():
    for nim in (leavers(), sites(), unconfirmed()):
        found = await ask(nim)
        for fact in (*found.evidence, *(one for group in found.groups for one in group.evidence)):
            assert fact.source
            assert fact.at


async def test_public_texts_name_nobody():
    nim = leavers()
    for subject in (Subject(), Subject(order_id=OrderId("771007"))):
        found = (await ask(nim, subject)).without_names()
        assert "Person 77" not in str(found)


async def test_the_run_asked_about_narrows_to_its_connector():
    nim = leavers()
    nim.types.append(resource_type("72", "SAP_User", "2003"))
    nim.all_the_orders.append(order("1", type_id="72", type_name="SAP_User", error="RFC_LOGON_FAILURE"))
    found = await ask(nim, Subject(run=nim.all_runs[0]))
    assert {group.resource_type for group in found.groups} == {"AD_Entry_NominativeUser"}


async def test_a_time_out_of_minutes_is_inside_the_run():
    nim = leavers(duplicates=0)
    start = ago(hours=8)
    nim.all_runs[0] = replace(nim.all_runs[0], started_at=start + timedelta(seconds=40), id=JobRunId("48260"))
    nim.all_the_orders = [
        replace(one, performed_at=start) if one.state is OrderState.EXECUTED else one for one in nim.all_the_orders
    ]
    assert (await ask(nim)).certainty is Certainty.CONFIRMED


def and_ended(nim: FakeNim, change: ChangeType, count: int = 4, **more) -> FakeNim:
    """Orders that passed in the run and have ended since, as verified deletions do."""
    nim.ended_orders += [order(str(9000 + index), OrderState.EXECUTED, change, **more) for index in range(count)]
    return nim


async def test_5b_deletions_that_passed_count_although_they_are_gone_since():
    found = await ask(and_ended(leavers(duplicates=0), ChangeType.DELETE, resource_dn="CN=a,OU=DE,DC=contoso,DC=com"))
    assert (found.cause, found.certainty) == ("5b", Certainty.LIKELY)
    assert "150 of 154 deletions" in found.evidence[0].value


async def test_5b_like_orders_that_passed_in_the_same_place_speak_for_protected_objects():
    found = await ask(
        and_ended(leavers(5, duplicates=0), ChangeType.DELETE, resource_dn="CN=a,OU=Leavers,DC=contoso,DC=com")
    )
    assert (found.cause, found.certainty) == ("5b", Certainty.LIKELY)
    assert "protected" in found.title
    assert "grants" not in found.next


async def test_5a_one_or_two_refused_orders_may_be_protected_objects():
    found = await ask(leavers(2, duplicates=0))
    assert (found.cause, found.certainty) == ("5a", Certainty.LIKELY)


async def test_what_passed_in_a_run_of_another_connector_proves_nothing():
    nim = leavers(duplicates=0)
    nim.types.append(resource_type("72", "SAP_User", "2003"))
    nim.all_the_orders += [
        order(str(1 + index), type_id="72", type_name="SAP_User", error=NO_RIGHT, run_id="48262") for index in range(9)
    ]
    nim.all_the_orders.append(order("99", OrderState.EXECUTED, ChangeType.UPDATE, type_id="72", type_name="SAP_User"))
    found = await ask(nim)
    ours, theirs = found.groups
    assert (ours.certainty, theirs.certainty) == (Certainty.CONFIRMED, Certainty.LIKELY)
    assert not any(fact.label == "Passed" for fact in theirs.evidence)


async def test_a_look_for_one_resource_type_is_no_evidence_for_another():
    text = "Another object with the same value for property userPrincipalName already exists."
    nim = failing(text, 3, ChangeType.CREATE)
    nim.types.append(resource_type("72", "ENTRA_User", "2003"))
    nim.all_the_orders += [
        order(str(index), change=ChangeType.CREATE, type_id="72", type_name="ENTRA_User", error=text)
        for index in range(2)
    ]
    for one in nim.all_the_orders:
        nim.values[one.id] = (OrderProperty("userPrincipalName", "scalar", "jdoe@contoso.com"),)
    found = await ask(nim)
    assert [any(fact.label == "Looked up" for fact in group.evidence) for group in found.groups] == [True, False]


@pytest.mark.parametrize(("code", "named"), [("00002071", "dn"), ("00000524", "sAMAccountName")])
async def test_5e_the_code_of_the_directory_tells_what_is_taken(code, named):
    nim = failing(f"The object exists. {code}: UpdErr: problem 6005 (ENTRY_EXISTS), data 0", 3)
    for one in nim.all_the_orders:
        nim.values[one.id] = (
            OrderProperty("dn", "scalar", "CN=Léa Zorro,OU=Paris,OU=Sites,DC=contoso,DC=com"),
            OrderProperty("sAMAccountName", "scalar", "lzorro"),
            OrderProperty("userPrincipalName", "scalar", "lzorro@contoso.com"),
        )
    assert f"the {named} already exists" in (await ask(nim)).title


async def test_5e_a_value_that_the_account_has_already_is_not_what_was_refused():
    nim = failing("The object exists.", 1)
    nim.values[nim.all_the_orders[0].id] = (
        OrderProperty("userPrincipalName", "scalar", "a@contoso.com", current="a@contoso.com"),
        OrderProperty("mail", "scalar", "b@contoso.com", current="a@contoso.com"),
    )
    assert "the mail already exists" in (await ask(nim)).title


async def test_5d_one_container_that_exists_now_says_nothing_of_the_others():
    nim = sites()
    dn = "OU=Nantes,OU=Sites,DC=contoso,DC=com"
    nim.versions = [ResourceVersion(ResourceId("1"), "AD_Entry", "Nantes", {"dn": dn})]
    nim.values[nim.all_the_orders[0].id] = (OrderProperty("dn", "scalar", "CN=P,OU=Brest,OU=Sites,DC=contoso,DC=com"),)
    found = await ask(nim)
    assert "the other containers were not looked up" in found.text
    assert "several containers below OU=Sites do not exist" in found.title
    assert "exists now: test with one" not in found.next


def broken_since(nim: FakeNim, log: str = "The supplied credential is invalid. data 775") -> FakeNim:
    export = task("301", "Export_AD", TaskKind.EXPORT)
    nim.with_job(job("1001", "AD_Incremental"), export)
    nim.all_runs.append(
        run("48300", "1001", RunState.ERRORED, start=ago(minutes=10), minutes=1, job_name="AD Incremental")
    )
    nim.all_task_runs.append(
        task_run("77", TaskKind.EXPORT, RunState.ERRORED, run_id="48300", start=ago(minutes=10), name="Export_AD")
    )
    nim.logs["77"] = [log]
    return nim


async def test_a_logon_that_is_refused_since_is_a_second_cause_and_comes_first():
    found = await ask(broken_since(leavers(duplicates=0)))
    assert (found.cause, found.certainty) == ("5a", Certainty.CONFIRMED)
    assert found.text.startswith("2 independent causes. ")
    assert [(one.row, "48300" in one.why) for one in found.contributing] == [("1", True)]
    assert found.next.startswith("First: The AD team (#team-ad) renews the service account's logon")
    offer = found.groups[0].offers[0]
    assert not offer.allowed
    assert not next(one for one in found.offers if one.action is ActionKind.RELAUNCH).allowed
    assert "the target refused the service account's logon" in offer.why_not


async def test_a_failure_since_without_its_log_is_told_and_forbids_nothing():
    nim = broken_since(leavers(duplicates=0))
    nim.companion = False
    found = await ask(nim)
    assert found.contributing[0].why == "AD Incremental failed in run 48300 since"
    assert found.groups[0].offers[0].allowed
    assert any(one.what == "the log of task Export_AD" for one in found.missing)


async def test_a_run_that_went_well_since_is_no_second_cause():
    nim = broken_since(leavers(duplicates=0))
    nim.all_runs.append(run("48310", "1001", start=ago(minutes=5), minutes=1))
    assert not (await ask(nim)).contributing


async def test_a_second_cause_costs_no_more_requests():
    for build, subject in ((leavers, Subject()), (sites, Subject()), (leavers, Subject(run=leavers().all_runs[0]))):
        nim = broken_since(build())
        found = await ask(nim, subject)
        assert "1" in [one.row for one in found.contributing]
        assert len([one for one in nim.made if one != "task_log"]) <= 6


async def test_causes_are_repaired_from_the_connection_over_rights_to_data():
    nim = failing("Property sAMAccountName is longer than 20", 9)
    refused = failing("The supplied credential is invalid. data 775", 2).all_the_orders
    nim.all_the_orders += [replace(one, id=OrderId(f"1{one.id}")) for one in refused]
    found = await ask(nim)
    assert found.cause == "5f"
    assert found.text.startswith("2 independent causes. ")
    assert found.next.startswith("The AD team (#team-ad) renews")
    assert "After that: 9 changes: the sAMAccountName is too long." in found.next


def over(nim: FakeNim) -> FakeNim:
    nim.all_the_orders = []
    nim.all_runs.append(run("48290", "1003", start=ago(hours=1), minutes=5))
    return nim


async def test_what_was_sent_again_before_anybody_asked_is_resolved():
    found = await ask(over(leavers()))
    assert found.title == "Resolved at 2026-03-03 09:05 UTC: no order in error"
    assert (found.cause, found.certainty) == (None, Certainty.CONFIRMED)
    assert "run 48260" in found.text
    assert "Run 48290" in found.text
    assert not [one for one in found.offers if one.action is ActionKind.UNBLOCK_ONE]


async def test_nothing_is_resolved_while_the_newest_run_of_the_job_has_failed():
    nim = leavers()
    nim.all_the_orders = []
    found = await ask(nim)
    assert (found.title, found.certainty) == ("No order in error", Certainty.UNKNOWN)
    assert "failed in run 48260" in found.text


async def test_nothing_is_resolved_when_the_runs_cannot_be_read():
    nim = over(leavers())
    nim.denied = {"latest_runs"}
    found = await ask(nim)
    assert (found.title, found.certainty) == ("No order in error", Certainty.UNKNOWN)


async def test_a_run_whose_orders_are_done_since_is_not_said_to_have_sent_none():
    nim = leavers(6, duplicates=0)
    nim.ended_orders, nim.all_the_orders = nim.all_the_orders[:6], nim.all_the_orders[6:]
    found = await ask(nim, Subject(run=nim.all_runs[0]))
    assert found.title == "AD Provisioning: 6 orders failed, none of them is in error any more"
    assert found.certainty is Certainty.CONFIRMED


async def test_orders_that_failed_again_in_a_later_run_are_not_done():
    nim = leavers(2, duplicates=0, passed=0)
    before = nim.all_the_orders
    nim.ended_orders = before
    nim.all_the_orders = [
        replace(
            before[0], errors=(replace(before[0].errors[0], job_run_id=JobRunId("48270")),), performed_at=ago(minutes=5)
        )
    ]
    found = await ask(nim, Subject(run=nim.all_runs[0]))
    assert found.title == "AD Provisioning: 2 orders failed, 1 failed again in a later run"


async def test_a_rule_that_throws_is_not_answered_with_another_run():
    nim = failing(None, 2)
    nim.all_the_orders = [replace(one, state=OrderState.RULE_ERROR, code=7) for one in nim.all_the_orders]
    assert not [one for one in (await ask(nim)).offers if one.action is ActionKind.RELAUNCH]


async def test_5a_where_an_account_was_to_be_created_is_told_by_its_values():
    nim = and_passed(failing(NO_RIGHT, 9, ChangeType.CREATE))
    for one in nim.all_the_orders[:9]:
        nim.values[one.id] = (OrderProperty("dn", "scalar", f"CN=P{one.id},OU=Lyon,OU=Sites,DC=contoso,DC=com"),)
    found = await ask(nim)
    assert (found.cause, found.certainty) == ("5a", Certainty.CONFIRMED)
    assert found.groups[0].title == "9 creations: the service account may not create in OU=Lyon,OU=Sites"


async def test_5d_a_sample_of_the_containers_does_not_confirm():
    nim = sites(60)
    found = await ask(nim)
    assert (found.cause, found.certainty) == ("5d", Certainty.LIKELY)
    assert found.title == "60 creations in AD in error: a container does not exist"


def moved(best_match: str) -> FakeNim:
    text = f"0000208D: NameErr: problem 2001 (NO_OBJECT), data 0, best match of: '{best_match}'"
    nim = and_passed(failing(text, 6, resource_dn="CN=P,OU=Lyon,OU=Sites,DC=contoso,DC=com"))
    for one in nim.all_the_orders[:6]:
        nim.values[one.id] = (OrderProperty("dn", "scalar", "CN=P,OU=Nantes,OU=Sites,DC=contoso,DC=com"),)
    return nim


async def test_5d_an_account_that_moves_to_a_missing_container_is_not_gone():
    found = await ask(moved("OU=Sites,DC=contoso,DC=com"))
    assert (found.cause, found.certainty) == ("5d", Certainty.LIKELY)
    assert "container OU=Nantes,OU=Sites does not exist" in found.title
    assert not [one for one in found.offers if one.action is ActionKind.RELAUNCH_COMPLETE]


async def test_5g_an_account_that_is_gone_from_where_it_stood():
    assert (await ask(moved("OU=Lyon,OU=Sites,DC=contoso,DC=com"))).cause == "5g"


async def test_5h_what_a_complete_synchronization_did_not_confirm_may_be_tested():
    nim = unconfirmed(synced_hours=2)
    nim.with_job(job("1002", "AD_Complete"), task("303", "Synchronize_AD", TaskKind.SYNCHRONIZE))
    nim.all_runs.append(run("48350", "1002", start=ago(hours=2)))
    nim.all_task_runs = [replace(nim.all_task_runs[0], job_run_id=JobRunId("48350"))]
    found = await ask(nim)
    assert (found.cause, found.certainty) == ("5h", Certainty.LIKELY)
    assert found.groups[0].offers[0].allowed
    assert not [one for one in found.offers if one.action is ActionKind.RELAUNCH_COMPLETE]
    assert found.next.endswith("look at one account, then test with one.")


async def test_what_passed_in_the_newest_run_proves_nothing_for_orders_of_an_older_one():
    nim = leavers(duplicates=0)
    nim.types.append(resource_type("72", "AD_Entry_AdministrationUser"))
    nim.all_the_orders += [
        order(str(1 + index), type_id="72", type_name="AD_Entry_AdministrationUser", error=NO_RIGHT, run_id="48200")
        for index in range(9)
    ]
    newest, older = (await ask(nim)).groups
    assert (newest.certainty, older.certainty) == (Certainty.CONFIRMED, Certainty.LIKELY)


async def test_what_passed_on_another_connector_in_one_run_proves_nothing():
    nim = leavers(duplicates=0)
    nim.types.append(resource_type("72", "SAP_User", "2003"))
    nim.all_the_orders += [
        order(str(1 + index), type_id="72", type_name="SAP_User", error=NO_RIGHT) for index in range(9)
    ]
    ours, theirs = (await ask(nim)).groups
    assert (ours.certainty, theirs.certainty) == (Certainty.CONFIRMED, Certainty.LIKELY)


async def test_an_order_that_is_pending_again_with_a_property_in_error_is_not_unblocked():
    nim = failing(NO_RIGHT, 1, state=OrderState.PENDING, review_filter=32)
    found = await ask(nim, Subject(order_id=OrderId("5000")))
    assert found.cause == "5a"
    assert not found.offers[0].allowed
    assert "pending again" in found.offers[0].why_not
