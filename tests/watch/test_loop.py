"""What a channel reads when jobs fail, fail again, recover, and when Identity Manager is away."""

import asyncio
from dataclasses import replace
from datetime import timedelta

import pytest
from prometheus_client import REGISTRY

from bot.model.action import ActionState, Wish
from bot.model.actor import Place
from bot.model.finding import ActionKind
from bot.model.ids import JobId, JobRunId
from bot.model.incident import IncidentState
from bot.model.job import RunState
from bot.watch.loop import Limits
from tests.watch.scene import AD, FULFILL, HR, ON_BOTH


@pytest.fixture
async def watching(scene):
    """A watch that has had its first look at a quiet environment."""
    watch = scene.watch()
    await watch.poll()
    assert await scene.said() == []
    scene.requests.clear()
    return watch


@ON_BOTH
async def test_a_failed_run_is_said_once_with_its_cause_where_its_route_leads(scene, watching):
    scene.errored = 162
    scene.ends(52001)
    scene.ends(52002, job=HR)
    await watching.poll()
    await watching.poll()

    assert await scene.said() == [
        "#iam-alerts post: AD provisioning failed open 1 errored 162 errored cause of 52001",
        "#hr post: HR Delta failed open 1 errored cause of 52002",
    ]


@ON_BOTH
async def test_after_a_restart_nothing_is_said_again(scene, watching):
    scene.ends(52001)
    await watching.poll()
    await scene.said()
    scene.requests.clear()

    await scene.watch().poll()

    assert await scene.said() == []
    assert scene.requests == ["watched_runs"]


async def test_one_request_is_made_when_nothing_has_changed(scene, watching):
    scene.ends(52001)
    await watching.poll()
    scene.requests.clear()

    for _ in range(3):
        await watching.poll()

    assert scene.requests == ["watched_runs"] * 3


async def test_a_failed_fulfil_inside_a_warning_is_said(scene, watching):
    scene.ends(52001, RunState.WARNING)
    await watching.poll()

    assert await scene.said() == [
        "#iam-alerts post: AD provisioning failed inside open 1 warning 0 errored cause of 52001"
    ]


async def test_the_same_failure_again_edits_the_message_that_stands(scene, watching):
    scene.ends(52001)
    await watching.poll()
    await scene.said()
    scene.later(60)
    scene.ends(52003)
    await watching.poll()

    assert await scene.said() == ["#iam-alerts edit: AD provisioning failed open 2 errored 0 errored cause of 52003"]


async def test_another_task_that_fails_is_another_message(scene, watching):
    scene.ends(52001, job=HR)
    await watching.poll()
    scene.later(60)
    scene.ends(52003, job=HR, task=FULFILL)
    await watching.poll()

    assert [one.split(":")[0] for one in await scene.said()] == ["#hr post", "#hr post"]


async def test_a_green_job_does_not_close_an_incident_whose_orders_are_still_errored(scene, watching):
    scene.errored = 150
    scene.ends(52001)
    await watching.poll()
    await scene.said()
    scene.later(60)
    scene.ends(52003, RunState.COMPLETED)
    await watching.poll()

    assert await scene.said() == [
        "#iam-alerts edit: AD provisioning failed open 1 completed 150 errored cause of 52001"
    ]


async def test_an_incident_closes_when_its_orders_are_gone_and_says_so_in_its_thread(scene, watching):
    scene.errored = 2
    scene.ends(52001)
    await watching.poll()
    await scene.said()
    scene.errored = 0
    scene.later(60)
    scene.ends(52003, RunState.COMPLETED)
    await watching.poll()
    await watching.poll()

    edit, reply = await scene.said()
    assert edit.startswith("#iam-alerts edit: AD provisioning failed closed 1 completed 0 errored")
    assert reply.startswith("#iam-alerts thread: Incident 1 (AD provisioning) is closed.")
    (closed,) = [await scene.store.incidents.get(1)]
    assert (closed.state, closed.closed_at) == (IncidentState.CLOSED, scene.clock)


async def test_a_run_of_another_job_of_the_connector_tells_how_many_are_left(scene, watching):
    scene.errored = 162
    scene.ends(52001)
    await watching.poll()
    await scene.said()
    scene.errored = 161
    scene.later(5)
    scene.ends(52003, RunState.COMPLETED, job=JobId("2000"))
    await watching.poll()

    assert await scene.said() == ["#iam-alerts edit: AD provisioning failed open 1 errored 161 errored cause of 52001"]


async def test_more_errored_orders_than_one_page_holds_are_at_least_so_many(scene, watching):
    scene.errored = 5_000
    scene.ends(52001)
    await watching.poll()

    assert "1000 errored+" in (await scene.said())[0]


async def test_a_failed_export_closes_when_that_task_has_done_its_work(scene, watching):
    scene.ends(52001, job=HR)
    await watching.poll()
    await scene.said()
    scene.later(15)
    scene.ends(52002, RunState.COMPLETED, job=HR)
    await watching.poll()

    edit, _ = await scene.said()
    assert "closed" in edit


async def test_a_blocked_run_closes_when_its_connector_is_not_blocked_any_more(scene, watching):
    scene.sync_blocked = True
    scene.ends(52001, RunState.BLOCKED, job=HR)
    await watching.poll()
    assert await scene.said() == ["#hr post: HR Delta blocked open 1 blocked cause of 52001"]
    scene.later(15)
    scene.ends(52002, RunState.COMPLETED, job=HR)
    await watching.poll()
    assert "blocked open" in (await scene.said())[0]
    scene.sync_blocked = False
    scene.later(15)
    scene.ends(52003, RunState.COMPLETED, job=HR)
    await watching.poll()

    assert "blocked closed" in (await scene.said())[0]


async def test_the_run_of_our_own_relaunch_belongs_to_the_open_incident(scene, watching):
    """Even when another task of it fails, and even before the action knows its run."""
    scene.ends(52001)
    await watching.poll()
    await scene.said()
    (incident,) = await scene.store.incidents.open_ones()
    place = Place("C1")
    wish = Wish("production", ActionKind.RELAUNCH, AD, "52001", "T1", "U1", place, job_id=AD, incident_id=incident.id)
    action, _ = await scene.store.actions.ask(wish, scene.clock)
    launched = replace(action, state=ActionState.LAUNCHED, launched_at=scene.clock, run_id_before=JobRunId("52001"))
    await scene.store.actions.change(launched, now=scene.clock)
    scene.later(5)
    scene.ends(52002, task=JobId("99"))
    await watching.poll()

    (said,) = await scene.said()
    assert said == "#iam-alerts edit: AD provisioning failed open 2 errored 0 errored cause of 52001"


async def test_a_test_run_that_fails_keeps_the_cause_that_is_known(scene, watching):
    """Its one order says less than the run with which the incident began; the action has ended by then."""
    scene.errored = 150
    scene.ends(52001)
    await watching.poll()
    await scene.said()
    (incident,) = await scene.store.incidents.open_ones()
    wish = Wish("production", ActionKind.UNBLOCK_ONE, "1", "s", "T1", "U1", Place("C1"), incident_id=incident.id)
    action, _ = await scene.store.actions.ask(wish, scene.clock)
    await scene.store.actions.change(replace(action, state=ActionState.DONE, run_id=JobRunId("52002")), now=scene.clock)
    scene.later(5)
    scene.ends(52002)
    await watching.poll()

    assert await scene.said() == ["#iam-alerts edit: AD provisioning failed open 2 errored 150 errored cause of 52001"]
    (after,) = await scene.store.incidents.open_ones()
    assert after.history == ("2026-03-03 09:05 UTC: run 52002 failed again; it was launched from here.",)
    (group,) = after.finding.groups
    assert group.text == "evidence of 52001"
    assert group.offers[0].seen == "3|52002", "the button can be pressed again"


async def test_a_late_diagnosis_of_a_test_run_keeps_the_cause_as_well(scene, watching):
    scene.errored = 150
    scene.ends(52001)
    await watching.poll()
    (incident,) = await scene.store.incidents.open_ones()
    wish = Wish("production", ActionKind.UNBLOCK_ONE, "1", "s", "T1", "U1", Place("C1"), incident_id=incident.id)
    action, _ = await scene.store.actions.ask(wish, scene.clock)
    await scene.store.actions.change(replace(action, state=ActionState.DONE, run_id=JobRunId("52002")), now=scene.clock)
    scene.diagnosis_takes = 0.4
    scene.later(5)
    scene.ends(52002)
    await watching.poll()
    await asyncio.sleep(0.8)

    (after,) = await scene.store.incidents.open_ones()
    assert after.finding.title == "cause of 52001"
    assert after.finding.groups[0].offers[0].seen == "3|52002"


async def test_when_orders_leave_the_incident_its_groups_and_buttons_count_those_left(scene, watching):
    scene.errored = 150
    scene.ends(52001)
    await watching.poll()
    scene.errored = 149
    scene.later(5)
    scene.ends(52002, RunState.COMPLETED)
    await watching.poll()
    await asyncio.sleep(0.4)

    (after,) = await scene.store.incidents.open_ones()
    (group,) = after.finding.groups
    assert (group.title, group.offers[0].label) == ("149 deletions", "Test with 1 of 149")


@pytest.mark.parametrize("hides_latest", [False, True])
async def test_at_the_first_start_only_what_is_current_is_said(scene, hides_latest):
    scene.hides_latest = hides_latest
    scene.ends(52001, ago=300)
    scene.ends(52002, RunState.COMPLETED, ago=200)
    scene.ends(52003, job=HR, ago=100)
    scene.ends(52004, job=JobId("2001"), ago=25 * 60)
    watch = scene.watch()
    await watch.poll()
    await watch.poll()

    assert await scene.said() == ["#hr post: HR Delta failed open 1 errored cause of 52003"]


async def test_more_than_five_new_incidents_in_a_channel_are_one_message_with_a_list(scene):
    for number in range(6):
        scene.ends(52001 + number, job=JobId(str(2000 + number)))
    watch = scene.watch()
    await watch.poll()
    assert await scene.said() == ["#iam-alerts post: production: 6 jobs failed"]
    assert len(await scene.store.incidents.open_ones()) == 6

    scene.later(30)
    scene.ends(53001, job=JobId("2003"))
    await watch.poll()
    assert (await scene.said())[0].startswith("#iam-alerts post: Job 2003 failed open 2")


async def test_a_run_that_ends_while_nobody_looks_is_found_afterwards(scene, watching):
    scene.starts(52001)
    await watching.poll()
    scene.ends(52001, ago=0)
    scene.later(60 * 24 * 3)
    scene.ends(52009, RunState.COMPLETED, job=HR)
    scene.runs = [
        replace(run, ended_at=run.ended_at and run.ended_at - timedelta(days=9)) if run.id == "52001" else run
        for run in scene.runs
    ]
    await watching.poll()

    assert [one.split(":")[0] for one in await scene.said()] == ["#iam-alerts post"]


async def test_a_clock_that_goes_back_and_a_restored_database_start_no_storm(scene, watching):
    scene.ends(52001)
    await watching.poll()
    await scene.said()
    scene.later(-60 * 24 * 2)
    scene.runs = []
    for _ in range(3):
        await watching.poll()
    scene.later(60 * 24 * 2)
    scene.ends(52001)
    await watching.poll()

    assert await scene.said() == []


async def test_a_broken_diagnosis_costs_the_cause_and_never_the_message(scene, watching):
    scene.diagnosis_fails = True
    scene.ends(52001)
    await watching.poll()

    assert await scene.said() == ["#iam-alerts post: AD provisioning failed open 1 errored 0 errored no cause yet"]


async def test_a_slow_diagnosis_is_added_to_the_message_that_stands(scene, watching):
    scene.diagnosis_takes = 0.6
    scene.ends(52001)
    await watching.poll()
    assert "no cause yet" in (await scene.said())[0]

    await asyncio.sleep(0.8)

    assert await scene.said() == ["#iam-alerts edit: AD provisioning failed open 1 errored 0 errored cause of 52001"]


async def test_a_cause_that_a_killed_process_had_no_time_to_read_is_read_after_the_restart(scene, watching):
    scene.diagnosis_fails = True
    scene.ends(52001)
    await watching.poll()
    await scene.said()
    scene.diagnosis_fails = False

    again = scene.watch()
    await again.poll()
    await asyncio.sleep(0.2)

    assert await scene.said() == ["#iam-alerts edit: AD provisioning failed open 1 errored 0 errored cause of 52001"]


async def test_identity_manager_away_is_said_once_and_its_return_too(scene, watching):
    scene.down = True
    for _ in range(2):
        await watching.poll()
    assert await scene.said() == []
    for _ in range(5):
        await watching.poll()
    again = scene.watch()
    for _ in range(5):
        await again.poll()
    (said,) = await scene.said()
    assert said.startswith("#iam-alerts post: Identity Manager cannot be read: Identity Manager did not answer.")

    scene.down = False
    scene.ends(52001)
    await again.poll()
    await again.poll()

    back, failed = await scene.said()
    assert back.startswith("#iam-alerts thread: Identity Manager answers again")
    assert failed.startswith("#iam-alerts post: AD provisioning failed")


@ON_BOTH
async def test_from_the_answer_to_the_sender_it_takes_less_than_a_fifth_of_a_second(scene, watching):
    """On an idle machine it is a few hundredths; the bound leaves room for a busy one."""
    sender = asyncio.create_task(scene.store.outbox.changed(5))
    await asyncio.sleep(0.01)
    scene.ends(52001)
    started = asyncio.get_running_loop().time()
    poll = asyncio.create_task(watching.poll())
    assert await sender
    assert asyncio.get_running_loop().time() - started < 0.2
    assert len(await scene.delivered()) == 1
    await poll


async def test_it_polls_at_its_pace_and_ends_when_it_is_told(scene):
    scene.limits = Limits(poll=timedelta(milliseconds=50))
    running = asyncio.create_task(scene.watch().run())
    await asyncio.sleep(0.5)
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)

    assert 3 <= scene.requests.count("watched_runs") <= 11


async def test_nothing_that_a_poll_has_left_for_later_goes_on_after_its_end(scene):
    """Or it holds a connection while the store is closed."""
    watch = scene.watch()
    before = asyncio.all_tasks()
    await watch.poll()
    scene.diagnosis_takes = 60
    scene.ends(52001)
    await watch.poll()
    assert asyncio.all_tasks() - before

    await watch.end()

    assert not asyncio.all_tasks() - before


async def test_every_poll_is_counted_by_its_end(scene, watching):
    def polls(end):
        labels = {"environment": "production", "end": end}
        return REGISTRY.get_sample_value("nimdesk_watch_polls_total", labels) or 0

    answered, unreachable = polls("answered"), polls("nim-unreachable")
    await watching.poll()
    scene.down = True
    await watching.poll()

    assert (polls("answered") - answered, polls("nim-unreachable") - unreachable) == (1, 1)
