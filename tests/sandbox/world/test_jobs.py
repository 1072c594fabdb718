"""Jobs on the clock: levels, parents, warnings, blocks, cancellation, resumption, schedules."""

from __future__ import annotations

import pytest

from sandbox.identity_manager.interface import Conflict, NotFound
from sandbox.identity_manager.world.cron import Cron

COMPLETED, ERRORED, CANCELLED, BLOCKED, BLOCKED_ORDERS, WARNING = 2, 3, 4, 5, 6, 7
AD_COMPLETE = "AD_Synchronization_Complete"
AD_DELTA = "AD_Synchronization_Delta"
LOCKED_OUT = """
[[acts]]
do = "credential"
connector = "AD"
state = "locked"
"""


def test_a_failed_export_stops_the_job_and_the_rest_is_listed_as_not_started(small):
    world = small(LOCKED_OUT)
    run = world.run(AD_COMPLETE)
    tasks = world.tasks(run)
    assert run["State"] == ERRORED
    assert tasks["Export"]["State"] == ERRORED
    assert tasks["Synchronize"]["State"] == 0
    assert tasks["Synchronize"]["StartDate"] is None
    log = world.world.task_log(tasks["Export"]["Id"], 10, "Error")
    assert "data 775" in log.lines[0].message


def test_in_warning_mode_the_job_goes_on_without_what_depends_on_the_export(small):
    world = small(LOCKED_OUT + "[tasks.AD_Export_Complete]\nContinueOnError = true\n")
    run = world.run(AD_COMPLETE)
    assert run["State"] == WARNING
    assert world.tasks(run)["Export"]["State"] == WARNING
    assert world.tasks(run)["Prepare"]["State"] == 0


def test_a_run_shows_its_tasks_while_they_work(small):
    world = small()
    instance = world.world.run_job(world.engine.configuration.jobs[AD_COMPLETE].id)
    (export,) = world.store.rows("TaskInstance", "JobInstanceId = ?", (instance,))
    assert (export["State"], export["EndDate"]) == (1, None)
    world.world.advance(8)
    states = [r["State"] for r in world.store.rows("TaskInstance", "JobInstanceId = ?", (instance,), order="Id")]
    assert states == [2, 1]
    with pytest.raises(Conflict, match="is running"):
        world.world.run_job(world.engine.configuration.jobs[AD_COMPLETE].id)


def test_cancelling_lets_the_running_task_finish(small):
    world = small()
    instance = world.world.run_job(world.engine.configuration.jobs[AD_COMPLETE].id)
    world.world.advance(1)
    world.world.cancel_job(instance)
    world.world.advance(60)
    run = world.store.row("JobInstance", instance)
    assert run["State"] == CANCELLED
    assert world.tasks(run)["Export"]["State"] == COMPLETED
    assert world.tasks(run)["Prepare"]["State"] == 0
    with pytest.raises(Conflict):
        world.world.cancel_job(instance)


def test_a_blocked_synchronisation_takes_its_connector_out_of_incremental_runs_until_it_is_resumed(small):
    world = small()
    world.world.pull("right:delete:OU=Leavers", True)
    world.engine.directory.rule("read", "OU=Paris,OU=Sites,DC=contoso,DC=com", allowed=False)
    blocked = world.run(AD_COMPLETE)
    assert blocked["State"] == BLOCKED
    lost = world.tasks(blocked)["Synchronize"]["C2"]
    assert world.store.count("ResourceChange", "JobInstanceId = ?", (blocked["Id"],)) == lost > 0
    incremental = world.tasks(world.run(AD_DELTA))
    assert not {"Export", "Prepare", "Synchronize"} & set(incremental)
    assert "RoleModel" in incremental

    resumed = world.world.resume(blocked["Id"], "validate")
    world.world.advance(120)
    run = world.store.row("JobInstance", resumed)
    assert run["State"] == COMPLETED
    assert world.tasks(run)["Synchronize"]["IsValidation"]
    assert world.tasks(run)["Synchronize"]["C2"] == lost
    assert not world.store.count("ResourceChange")
    assert not world.store.count("Connector", "IsSynchronizationBlocked = 1")
    assert "Export" in world.tasks(world.run(AD_DELTA))
    with pytest.raises(Conflict, match="not blocked"):
        world.world.resume(blocked["Id"], "validate")


def test_a_complete_run_makes_a_blocked_one_obsolete(small):
    world = small()
    world.engine.directory.rule("read", "OU=Paris,OU=Sites,DC=contoso,DC=com", allowed=False)
    blocked = world.run(AD_COMPLETE)
    world.engine.directory.rule("read", "OU=Paris,OU=Sites,DC=contoso,DC=com", allowed=True)
    assert world.run(AD_COMPLETE)["State"] == COMPLETED
    assert not world.store.count("ResourceChange")
    with pytest.raises(Conflict):
        world.world.resume(blocked["Id"], "validate")


def test_an_agent_that_is_stopped_does_not_answer_and_starts_nothing(small):
    world = small('[[acts]]\ndo = "agent"\nrunning = false\n')
    world.world.advance(3600)
    assert not world.store.count("JobInstance")
    run = world.run(AD_DELTA)
    assert run["State"] == ERRORED
    log = world.world.task_log(world.tasks(run)["Export"]["Id"], 10, "Error")
    assert log.lines[0].message == "Agent 'Local' is not responding"


def test_schedules_start_jobs_and_say_when_the_next_one_is_due(small):
    world = small()
    assert world.world.next_scheduled().at.strftime("%H:%M") == "08:15"
    world.world.advance(1800)
    runs = world.store.rows("JobInstance", order="Id")
    assert {r["StartDate"][11:16] for r in runs} == {"08:15", "08:30"}
    assert len(runs) == 8


def test_a_world_may_have_its_quarters_begin_so_that_nothing_is_due_for_a_while(small):
    world = small("quarter_started = 4\n")
    assert world.world.next_scheduled().at.strftime("%H:%M") == "08:18"


def test_an_unknown_job_or_execution_is_not_found(small):
    world = small()
    with pytest.raises(NotFound):
        world.world.run_job(1)
    with pytest.raises(NotFound):
        world.world.cancel_job(1)


@pytest.mark.parametrize(
    ("text", "after", "expected"),
    [
        ("*/15 * * * *", "08:07", "08:15"),
        ("0 3 * * *", "03:00", "03:00+1d"),
        ("10 2 * * 1", "00:00", "02:10+6d"),
    ],
)
def test_a_schedule_fires_at_its_next_time(text, after, expected):
    day = 1_772_496_000.0  # Tuesday, 3 March 2026
    hours, minutes = after.split(":")
    clock, _, days = expected.partition("+")
    wanted = day + int(clock[:2]) * 3600 + int(clock[3:]) * 60 + int(days.rstrip("d") or 0) * 86400
    assert Cron.parse(text).next_after(day + int(hours) * 3600 + int(minutes) * 60) == wanted


@pytest.mark.parametrize("text", ["", "* * * *", "61 * * * *", "*/x * * * *"])
def test_what_is_no_schedule_is_refused(text):
    with pytest.raises(ValueError):
        Cron.parse(text)
