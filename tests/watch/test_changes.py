"""What is new in an answer, whatever the order and the clocks."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.model.ids import JobId, JobRunId, TaskId, TaskRunId
from bot.model.incident import RunTrouble, WatchMark
from bot.model.job import JobRun, RunState, TaskKind, TaskRun
from bot.watch.changes import (
    culprit,
    current,
    fingerprint,
    forgotten,
    fresh,
    marked,
    may_be_trouble,
    trouble_of,
    vanished,
)

NOW = datetime(2026, 3, 3, 9, 0, tzinfo=UTC)
OVERLAP = timedelta(minutes=5)
DAY = timedelta(hours=24)


def run(number, state=RunState.ERRORED, *, job="1006", minutes_ago=0, ended=True):
    started = NOW - timedelta(minutes=minutes_ago + 10)
    return JobRun(
        JobRunId(str(number)), JobId(job), state, 3, started, NOW - timedelta(minutes=minutes_ago) if ended else None
    )


def task(number, state, kind=TaskKind.FULFILL, *, child=False):
    return TaskRun(
        TaskRunId(f"r{number}"), JobRunId("1"), TaskId(str(number)), "t", "t", kind, state, 3, is_child=child
    )


def test_a_run_is_new_once_in_each_state():
    started = run(1, RunState.RUNNING, ended=False)
    mark = marked(WatchMark(NOW), [started], NOW, OVERLAP)
    assert fresh(mark, [started]) == ()

    ended = run(1)
    assert fresh(mark, [ended]) == (ended,)
    assert fresh(marked(mark, [ended], NOW, OVERLAP), [started, ended]) == ()


def test_new_runs_come_in_the_order_in_which_they_ended():
    late, early = run(2, minutes_ago=1), run(3, minutes_ago=4)
    assert fresh(WatchMark(NOW), [late, early]) == (early, late)


def test_identity_managers_own_jobs_are_not_watched():
    assert fresh(WatchMark(NOW), [run(1, job="2147483647")]) == ()
    assert current([run(1, job="2147483650")], NOW, DAY) == ()


def test_an_id_that_a_restored_database_uses_again_is_another_run():
    old = run(1, minutes_ago=500)
    assert fresh(marked(WatchMark(NOW), [old], NOW, OVERLAP), [run(1)]) == (run(1),)


def test_the_mark_never_runs_ahead_of_the_clock_and_goes_back_with_it():
    ahead = replace(run(1), ended_at=NOW + timedelta(hours=3))
    assert marked(WatchMark(NOW), [ahead], NOW, OVERLAP).at == NOW
    assert marked(WatchMark(NOW), [run(1, minutes_ago=30)], NOW, OVERLAP).at == NOW
    back = NOW - timedelta(days=2)
    assert marked(WatchMark(NOW), [], back, OVERLAP).at == back


def test_a_run_whose_end_lies_before_what_was_asked_for_is_asked_for_by_its_id():
    running, blocked = run(1, RunState.RUNNING, ended=False), run(2, RunState.BLOCKED, ended=False)
    mark = marked(WatchMark(NOW), [running, blocked, run(3)], NOW, OVERLAP)

    assert set(vanished(mark, [])) == {"1", "2"}
    assert vanished(mark, [running, blocked]) == ()
    assert vanished(forgotten(marked(mark, [run(1)], NOW, OVERLAP), JobRunId("2")), []) == ()


def test_at_the_first_look_only_the_latest_run_of_a_job_counts_and_only_if_it_is_recent():
    runs = [
        run(1, minutes_ago=120),
        run(2, RunState.COMPLETED, minutes_ago=60),
        run(3, job="1007", minutes_ago=90),
        run(4, RunState.RUNNING, job="1007", ended=False),
        run(5, RunState.BLOCKED, job="1008", minutes_ago=3 * 24 * 60),
    ]
    assert [one.id for one in current(runs, NOW, DAY)] == ["3", "2"]


@pytest.mark.parametrize(
    ("state", "tasks", "trouble"),
    [
        (RunState.ERRORED, [], RunTrouble.FAILED),
        (RunState.ERRORED, None, RunTrouble.FAILED),
        (RunState.BLOCKED, [], RunTrouble.BLOCKED),
        (RunState.WARNING, [task(1, RunState.ERRORED)], RunTrouble.FAILED_INSIDE),
        (RunState.WARNING, [task(1, RunState.WARNING)], RunTrouble.FAILED_INSIDE),
        (RunState.WARNING, None, RunTrouble.FAILED_INSIDE),
        (RunState.WARNING, [task(1, RunState.COMPLETED)], None),
        (RunState.UNKNOWN, [task(1, RunState.ERRORED)], RunTrouble.FAILED_INSIDE),
        (RunState.UNKNOWN, None, None),
        (RunState.COMPLETED, [], None),
        (RunState.CANCELLED, [task(1, RunState.ERRORED)], None),
    ],
)
def test_what_went_wrong_is_told_by_the_run_and_its_tasks(state, tasks, trouble):
    one = run(1, state)
    assert trouble_of(one, tasks) is trouble
    assert trouble is None or may_be_trouble(one)


def test_the_culprit_is_the_first_failed_task_and_a_warning_only_without_one():
    export, generate = task(1, RunState.WARNING, TaskKind.EXPORT), task(2, RunState.ERRORED, TaskKind.GENERATE)
    assert culprit([export, generate]) == generate
    assert culprit([export, task(3, RunState.COMPLETED)]) == export
    assert culprit([task(3, RunState.COMPLETED)]) is None
    assert culprit([task(4, RunState.ERRORED, child=True)]) == task(4, RunState.ERRORED, child=True)


def test_another_task_that_fails_in_the_same_job_is_another_incident():
    of_export = fingerprint("p", run(1), RunTrouble.FAILED, task(1, RunState.ERRORED))
    assert of_export != fingerprint("p", run(1), RunTrouble.FAILED, task(2, RunState.ERRORED))
    assert of_export == fingerprint("p", run(2), RunTrouble.FAILED_INSIDE, task(1, RunState.ERRORED))
    assert of_export != fingerprint("p", run(1), RunTrouble.BLOCKED, task(1, RunState.BLOCKED))


histories = st.lists(
    st.tuples(st.integers(1, 8), st.integers(0, 600), st.sampled_from([RunState.ERRORED, RunState.COMPLETED])),
    min_size=1,
    max_size=12,
    unique_by=lambda one: one[0],
)


@given(histories, st.integers(0, 10_000))
def test_however_the_answers_are_shuffled_and_repeated_each_end_is_new_exactly_once(history, seed):
    """Each run is shown running first, and ended later, in answers that overlap at random."""
    chance = Random(seed)  # noqa: S311
    ends = [run(number, state, minutes_ago=minutes) for number, minutes, state in history]
    starts = [replace(one, state=RunState.RUNNING, ended_at=None) for one in ends]
    mark, told = WatchMark(NOW - DAY), []
    under_way = list(starts)
    while under_way or chance.random() < 0.5:
        ending = [one for one in under_way if chance.random() < 0.5]
        under_way = [one for one in under_way if one not in ending]
        shown = [end for end in ends if not any(end.id == one.id for one in under_way)]
        shown = [end for end in shown if chance.random() < 0.8]
        answer = shown + under_way
        chance.shuffle(answer)
        by_id = [
            end for end in ends if end.id in vanished(mark, answer) and end.id not in {one.id for one in under_way}
        ]
        answer += by_id
        told += [one.id for one in fresh(mark, answer) if one.ended_at is not None]
        mark = marked(mark, answer, NOW, OVERLAP)
    last = [*ends]
    told += [one.id for one in fresh(mark, last) if one.ended_at is not None]
    assert sorted(told) == sorted(one.id for one in ends)
