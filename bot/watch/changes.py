"""What is new in an answer to the watch's one question. Pure.

The answer may come late, out of order, from a clock that has jumped or from a database that was restored: a run in a
state that was seen is never new again, and none that was seen under way is forgotten.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Final

from bot.model.ids import JobId, JobRunId
from bot.model.incident import RunTrouble, WatchMark
from bot.model.job import TROUBLED, JobRun, RunState, TaskRun

UNDER_WAY: Final = frozenset({RunState.QUEUED, RunState.RUNNING, RunState.BLOCKED, RunState.UNKNOWN})
"""States that will change again: such a run is asked for by its id when it is missing in an answer."""
BUILT_IN: Final = 2**31 - 1
"""Jobs from this id on are Identity Manager's own (nim-api 4.3)."""
_KEYS_KEPT: Final = 2_000


def key_of(run: JobRun) -> str:
    """Id and state; the start tells a reused id of a restored database from the run that had it before."""
    started = run.started_at.isoformat() if run.started_at else ""
    return f"{run.id}|{run.state.value}|{started}"


def fresh(mark: WatchMark, runs: Iterable[JobRun]) -> tuple[JobRun, ...]:
    """Runs in a state in which they were not seen yet, in the order in which they ended."""
    known = frozenset(mark.keys)
    new = [run for run in runs if key_of(run) not in known and not _built_in(run.job_id)]
    return tuple(sorted(new, key=_order))


def vanished(mark: WatchMark, runs: Iterable[JobRun]) -> tuple[JobRunId, ...]:
    """Runs that were last seen under way and are not in the answer: their end lies before what was asked for."""
    shown = {run.id for run in runs}
    last: dict[str, str] = {}
    for key in mark.keys:
        run_id, state, _ = key.split("|", 2)
        last[run_id] = state
    return tuple(
        JobRunId(run_id) for run_id, state in last.items() if RunState(state) in UNDER_WAY and run_id not in shown
    )


def marked(mark: WatchMark, runs: Sequence[JobRun], read_at: datetime, overlap: timedelta) -> WatchMark:
    """The mark after this answer. It never runs ahead of the environment's clock, and goes back with it."""
    ends = [run.ended_at for run in runs if run.ended_at is not None and run.ended_at <= read_at]
    newest = max(ends, default=None)
    at = mark.at
    if at is None or at > read_at + overlap:
        at = newest or read_at
    elif newest is not None and newest > at:
        at = newest
    shown = {run.id for run in runs}
    kept = [key for key in mark.keys if key.split("|", 1)[0] not in shown]
    again = [key for key in mark.keys if key.split("|", 1)[0] in shown]
    now_seen = [key for run in sorted(runs, key=_order) if (key := key_of(run)) not in again]
    return WatchMark(at, (*kept, *again, *now_seen)[-max(_KEYS_KEPT, 2 * len(runs)) :])


def forgotten(mark: WatchMark, run_id: JobRunId) -> WatchMark:
    """The mark without a run that Identity Manager does not know any more."""
    return WatchMark(mark.at, tuple(key for key in mark.keys if key.split("|", 1)[0] != run_id))


def current(runs: Iterable[JobRun], now: datetime, within: timedelta) -> tuple[JobRun, ...]:
    """At the first look: of each job the latest run that has ended or is blocked, if that was not long ago."""
    latest: dict[JobId, JobRun] = {}
    for run in sorted(runs, key=_order):
        if run.ended and not _built_in(run.job_id):
            latest[run.job_id] = run
    recent = [run for run in latest.values() if (at := run.ended_at or run.started_at) and now - at <= within]
    return tuple(sorted(recent, key=_order))


def may_be_trouble(run: JobRun) -> bool:
    """Whether the tasks of the run are worth a request."""
    return run.state in TROUBLED or (run.state is RunState.UNKNOWN and run.ended_at is not None)


def trouble_of(run: JobRun, tasks: Sequence[TaskRun] | None) -> RunTrouble | None:
    """What went wrong in a run; None when nothing did. `tasks` is None when they could not be read."""
    if run.state is RunState.BLOCKED:
        return RunTrouble.BLOCKED
    if run.state is RunState.ERRORED:
        return RunTrouble.FAILED
    failed_inside = culprit(tasks or ()) is not None
    if run.state is RunState.WARNING and (failed_inside or tasks is None):
        return RunTrouble.FAILED_INSIDE
    if run.state is RunState.UNKNOWN and run.ended_at is not None and failed_inside:
        return RunTrouble.FAILED_INSIDE
    return None


def culprit(tasks: Iterable[TaskRun]) -> TaskRun | None:
    """The task with which it began: blocked or failed, else the first that ended with a warning."""
    known = list(tasks)
    for states in ({RunState.BLOCKED, RunState.ERRORED}, {RunState.WARNING}):
        for task in known:
            if task.state in states and not task.is_child:
                return task
    return next((task for task in known if task.state in {RunState.BLOCKED, RunState.ERRORED}), None)


def fingerprint(env: str, run: JobRun, trouble: RunTrouble, task: TaskRun | None) -> str:
    """What makes two failures the same: job, blocked or failed, and the task with which it began."""
    family = "blocked" if trouble is RunTrouble.BLOCKED else "failed"
    return f"{env}|{run.job_id}|{family}|{task.task_id if task else ''}"


def _built_in(job_id: JobId) -> bool:
    return job_id.isdecimal() and int(job_id) >= BUILT_IN


def _order(run: JobRun) -> tuple[float, int, str]:
    at = run.ended_at or run.started_at
    return (at.timestamp() if at else float("inf"), len(run.id), run.id)
