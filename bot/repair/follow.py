"""What a look at a run or an order means for an action. Pure."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from bot.model.action import Action, TaskProgress
from bot.model.finding import ActionKind
from bot.model.ids import ConnectorId, JobId
from bot.model.job import JobRun, RunState, Step, Task, TaskKind, TaskRun
from bot.model.order import OrderState

ON_ITS_WAY: Final = frozenset({OrderState.PENDING, OrderState.TRANSMITTED, OrderState.EXECUTED, OrderState.VERIFIED})
"""States that an order can only be in when it is not blocked or in error any more."""


@dataclass(frozen=True, slots=True)
class Pace:
    """How often is looked, and how long at most. Seconds; deadlines by the host's clock."""

    find_every: float = 2.0
    find_for: float = 30.0
    follow: tuple[float, ...] = (1, 2, 2, 3, 3, 5, 8, 13, 20, 30)
    """Pauses grow while a look finds nothing new, since every look is a stored row."""
    verify: tuple[float, ...] = (2, 3, 5, 5, 10, 15, 15, 30, 30, 60)
    wait: tuple[float, ...] = (2, 5, 10, 20, 30, 60)
    """Pauses while Identity Manager does not answer."""
    patience: timedelta = timedelta(minutes=10)
    """How long a call that has not been made yet is held back; a later one would surprise."""
    follow_for: timedelta = timedelta(hours=12)
    verify_for: timedelta = timedelta(hours=26)

    def pause(self, pauses: Sequence[float], looks: int) -> float:
        return pauses[min(looks, len(pauses) - 1)]


def our_run(action: Action, runs: Iterable[JobRun]) -> JobRun | None:
    """The first run of the job that is ours; the earliest, since a later one was launched by somebody else."""
    ours = [run for run in runs if action.owns(run)]
    return min(ours, key=lambda run: (len(run.id), run.id), default=None)


def moving(
    runs: Iterable[JobRun], job_id: JobId | None, connectors: frozenset[ConnectorId], land: "Ground"
) -> JobRun | None:
    """A run in progress of the job itself or of one that works on the same connectors (safety rule 9)."""
    for run in runs:
        under_way = run.ended_at is None and run.state in {RunState.QUEUED, RunState.RUNNING, RunState.UNKNOWN}
        if under_way and (run.job_id == job_id or land.connectors_of(run.job_id) & connectors):
            return run
    return None


@dataclass(frozen=True, slots=True)
class Ground:
    """Which job works on which connectors."""

    tasks: Sequence[Task]
    steps: Sequence[Step]

    def connectors_of(self, job_id: JobId | None) -> frozenset[ConnectorId]:
        mine = {step.task_id for step in self.steps if step.job_id == job_id}
        return frozenset(task.connector_id for task in self.tasks if task.id in mine and task.connector_id)


def progress(tasks: Iterable[TaskRun]) -> tuple[TaskProgress, ...]:
    """The ladder: what the job runs, without the sub-tasks that tasks launch themselves."""
    return tuple(
        TaskProgress(one.id, one.name or one.identifier, one.kind, one.state, one.started_at, one.ended_at)
        for one in tasks
        if not one.is_child
    )


def fulfilled(tasks: Iterable[TaskRun]) -> bool:
    """Whether a fulfil task has ended, so that our order may have been executed though the job still runs."""
    return any(task.kind is TaskKind.FULFILL and task.ended_at is not None for task in tasks)


def ended_at(run: JobRun, now: datetime) -> datetime | None:
    """When the run ended; a blocked one waits for a person, and for us it has ended when we saw it."""
    if run.ended_at is not None:
        return run.ended_at
    return now if run.ended else None


def is_relaunch(action: Action) -> bool:
    return action.wish.kind in {ActionKind.RELAUNCH, ActionKind.RELAUNCH_COMPLETE}
