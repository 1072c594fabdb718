"""Which run is ours, and when the ground moves."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from bot.model.action import Action, ActionState
from bot.model.ids import ActionId, ConnectorId, JobId, JobRunId, TaskId
from bot.model.job import JobRun, RunState, Step, Task, TaskKind
from bot.repair.follow import Ground, Pace, ended_at, moving, our_run
from tests.repair.program import wish_to_relaunch

NOW = datetime(2026, 3, 3, 9, 41, tzinfo=UTC)
JOB = JobId("1006")
LAUNCHED = Action(
    ActionId(1), wish_to_relaunch(), ActionState.LAUNCHED, NOW, run_id_before=JobRunId("52009"), launched_at=NOW
)


def run(number, *, job=JOB, seconds=1, state=RunState.RUNNING, ended=None):
    return JobRun(JobRunId(str(number)), job, state, 1, NOW + timedelta(seconds=seconds), ended)


@pytest.mark.parametrize(
    ("one", "ours"),
    [
        (run(52010), True),
        (run(52009, seconds=-30), False),
        (run(9999), False),
        (run(52010, job=JobId("1007")), False),
        (run(52010, seconds=3600), False),
        (run(52010, seconds=-3600), False),
        (replace(run(52010), started_at=None), True),
    ],
    ids=["newer", "the last one before", "older number", "another job", "an hour later", "an hour before", "queued"],
)
def test_a_run_is_ours_by_its_id_and_its_start(one, ours):
    assert LAUNCHED.owns(one) is ours


def test_before_the_call_no_run_is_ours():
    assert not replace(LAUNCHED, launched_at=None).owns(run(52010))


def test_for_a_job_that_never_ran_the_first_run_is_ours():
    assert replace(LAUNCHED, run_id_before=None).owns(run(1))


def test_of_two_newer_runs_the_earlier_one_is_ours():
    assert our_run(LAUNCHED, [run(100000), run(52011), run(52010)]) == run(52010)
    assert our_run(LAUNCHED, []) is None


@pytest.mark.parametrize(
    ("one", "moves"),
    [
        (run(1, job=JobId("1007")), True),
        (run(1), True),
        (run(1, job=JobId("1008")), False),
        (run(1, ended=NOW), False),
        (run(1, state=RunState.BLOCKED), False),
        (run(1, state=RunState.QUEUED), True),
    ],
    ids=["same connector", "same job", "another connector", "ended", "blocked", "queued"],
)
def test_the_ground_moves_while_a_run_of_the_connector_is_in_progress(one, moves):
    task = Task(TaskId("1"), "f", "f", TaskKind.FULFILL, connector_id=ConnectorId("ad"))
    other = Task(TaskId("2"), "f", "f", TaskKind.FULFILL, connector_id=ConnectorId("hr"))
    steps = [Step(JOB, task.id), Step(JobId("1007"), task.id), Step(JobId("1008"), other.id)]
    ground = Ground([task, other], steps)

    assert (moving([one], JOB, ground.connectors_of(JOB), ground) == one) is moves


def test_a_blocked_run_has_ended_for_us_when_it_is_seen():
    assert ended_at(run(1), NOW) is None
    assert ended_at(run(1, state=RunState.BLOCKED), NOW) == NOW
    assert ended_at(run(1, ended=NOW - timedelta(minutes=1)), NOW) == NOW - timedelta(minutes=1)


def test_pauses_grow_and_stay_at_the_longest():
    pace = Pace()
    pauses = [pace.pause(pace.follow, looks) for looks in range(30)]
    assert pauses == sorted(pauses)
    assert pauses[-1] == pace.follow[-1]
