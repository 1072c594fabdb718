from dataclasses import replace

import pytest

from bot.diagnosis.job_run import examine_run
from bot.diagnosis.site import Site
from bot.model.finding import ActionKind, Certainty
from bot.model.job import RunState, TaskKind
from tests.diagnosis.fakes import NOW, FakeNim, ago, leavers, order, run, task_run

SITE = Site()


async def ask(nim: FakeNim, index: int = 0):
    return await examine_run(nim, nim.all_runs[index], SITE, NOW)


async def test_a_failed_fulfilment_is_told_by_its_orders():
    nim = leavers()
    found = await ask(nim)
    assert (found.symptom, found.cause, found.certainty) == (5, "5a", Certainty.CONFIRMED)
    assert found.title == "AD Provisioning failed: 162 of 199 changes"
    assert [group.count for group in found.groups] == [150, 12]
    assert len(nim.made) <= 6


async def test_a_failed_fulfilment_inside_a_warning_is_told_the_same():
    nim = leavers()
    nim.all_runs[0] = replace(nim.all_runs[0], state=RunState.WARNING)
    nim.all_task_runs[1] = replace(nim.all_task_runs[1], state=RunState.WARNING)
    assert (await ask(nim)).cause == "5a"


async def test_orders_of_earlier_runs_do_not_name_the_cause_of_this_one():
    nim = leavers()
    nim.all_runs.append(run("48300", "1003", RunState.ERRORED, start=ago(hours=1), minutes=10))
    nim.all_task_runs.append(
        task_run("3", TaskKind.FULFILL, RunState.ERRORED, run_id="48300", start=ago(minutes=59), task_id="307")
    )
    refused = "No connection could be made because the target machine actively refused it."
    nim.all_the_orders += [
        order(str(9000 + i), error=refused, run_id="48300", performed_at=ago(minutes=55)) for i in range(3)
    ]
    found = await ask(nim, 1)
    assert (found.cause, found.groups[0].count) == ("5c", 3)
    assert found.title == "AD Provisioning failed: 3 of 3 changes"
    assert any(fact.label == "Still in error" and "162" in fact.value for fact in found.evidence)


@pytest.mark.parametrize(
    ("text", "cause", "certainty"),
    [
        ("AcceptSecurityContext error, data 532, v4563", "1c", Certainty.CONFIRMED),
        ("No such host is known. (dc1:636)", "1a", Certainty.LIKELY),
        ("Gremlins", None, Certainty.UNKNOWN),
    ],
)
async def test_a_fulfilment_that_failed_before_any_order_was_sent_is_judged_by_its_log(text, cause, certainty):
    nim = leavers(0, duplicates=0)
    nim.logs = {"2": ["starting", text]}
    found = await ask(nim)
    assert (found.cause, found.certainty) == (cause, certainty)
    assert "before any order was sent" in found.text


async def test_an_expression_that_fails_in_the_role_model_is_a_rule():
    nim = leavers(0)
    nim.all_task_runs = [
        task_run("5", TaskKind.ROLE_MODEL, RunState.ERRORED, start=ago(hours=8), name="Compute_RoleModel")
    ]
    nim.logs = {"5": ["System.NullReferenceException: Object reference not set to an instance of an object."]}
    found = await ask(nim)
    assert (found.symptom, found.cause, found.certainty) == (5, "5i", Certainty.LIKELY)


async def test_without_the_log_a_failed_task_is_unknown():
    nim = leavers(0)
    nim.companion = False
    nim.all_task_runs = [task_run("5", TaskKind.SYNCHRONIZE, RunState.ERRORED, start=ago(hours=8), name="Sync_AD")]
    found = await ask(nim)
    assert (found.cause, found.certainty) == (None, Certainty.UNKNOWN)
    assert found.missing[0].what == "the log of task Sync_AD"


async def test_a_cancelled_run_did_not_fail():
    nim = leavers()
    nim.all_runs[0] = replace(nim.all_runs[0], state=RunState.CANCELLED)
    found = await ask(nim)
    assert "cancelled" in found.title
    assert not found.groups


async def test_a_run_in_progress_is_not_diagnosed():
    nim = leavers()
    nim.all_runs[0] = replace(nim.all_runs[0], state=RunState.RUNNING, ended_at=None)
    assert "is running" in (await ask(nim)).title


async def test_a_run_that_went_well_is_told_as_such():
    nim = leavers()
    nim.all_runs[0] = replace(nim.all_runs[0], state=RunState.COMPLETED)
    nim.all_task_runs = nim.all_task_runs[:1]
    nim.all_the_orders = []
    assert (await ask(nim)).title.endswith("went well")


async def test_unreadable_tasks_are_told():
    nim = leavers()
    nim.denied = {"task_runs"}
    found = await ask(nim)
    assert (found.certainty, found.missing[0].what) == (Certainty.UNKNOWN, "the tasks of the run")


async def test_a_second_failed_task_contributes():
    nim = leavers(0, duplicates=0)
    nim.all_task_runs.insert(0, task_run("8", TaskKind.EXPORT, RunState.ERRORED, start=ago(hours=8), name="Export_AD"))
    nim.logs = {"8": ["AcceptSecurityContext error, data 532, v4563"]}
    found = await ask(nim)
    assert (found.symptom, found.cause) == (1, "1c")
    assert any("Fulfill_AD" in one.why for one in found.contributing)


async def test_relaunching_is_offered_with_the_run_that_was_seen():
    nim = leavers()
    offer = next(one for one in (await ask(nim)).offers if one.action is ActionKind.RELAUNCH)
    assert (offer.target, offer.seen) == ("1003", "48260")


async def test_a_green_run_beside_errored_orders_says_that_it_does_not_send_them():
    nim = leavers()
    nim.all_runs.append(run("48300", "1003", start=ago(hours=1), minutes=10))
    found = await ask(nim, 1)
    assert found.title == "Job 1003 went well; 162 earlier orders are still in error"
    assert "no run sends them again" in found.text
    nim.all_the_orders = []
    assert (await ask(nim, 1)).title == "Job 1003 went well"
