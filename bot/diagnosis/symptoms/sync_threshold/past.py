"""Earlier synchronizations of the connector: what a day usually brings, and what a resume has let through. Pure."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from statistics import median
from typing import Final

from bot.diagnosis.limits import Counts
from bot.diagnosis.patterns import Match, Measures, Pattern, pattern_of
from bot.model.change import Progress
from bot.model.finding import Certainty
from bot.model.ids import ConnectorId
from bot.model.job import RunState, TaskKind, TaskRun
from bot.model.page import Page

DAY: Final = timedelta(days=1)
MOST_DAYS: Final = 14
FEWEST_DAYS: Final = 5
"""Whole days that must be seen before something is called usual."""
_MUCH: Final = 0.2
"""A share of deleted rows from which an applied run deserves a look."""
_COME_BACK: Final = 0.8


@dataclass(frozen=True, slots=True)
class Usual:
    """What one day of synchronizations changed, as a median over days, and how long none was applied."""

    idle: timedelta
    last: TaskRun
    changes: float
    inserted: float
    deleted: float
    days: int


def usual(blocked: TaskRun, recent: Iterable[TaskRun]) -> Usual | None:
    """None where too few days, or no counters, are shown. A run without counters beside others has changed nothing."""
    start = blocked.started_at
    known = sorted(_applied(recent, blocked.connector_id, before=start), key=_started, reverse=True)
    ordinary = [one for one in known if not one.is_validation]
    if start is None or not known or all(one.progress is None for one in ordinary):
        return None
    end = known[0].ended_at or _started(known[0])
    days = min(MOST_DAYS, (end - _started(known[-1])) // DAY)
    if days < FEWEST_DAYS:
        return None
    windows = [[one.progress for one in ordinary if _within(one, end - DAY * n)] for n in range(days)]
    return Usual(
        idle=start - end,
        last=known[0],
        changes=median(sum(_total(one) for one in window) for window in windows),
        inserted=median(sum(one.inserted or 0 for one in window if one) for window in windows),
        deleted=median(sum(one.deleted or 0 for one in window if one) for window in windows),
        days=days,
    )


def _within(one: TaskRun, end: datetime) -> bool:
    return end - DAY < (one.ended_at or _started(one)) <= end


def _total(progress: Progress | None) -> int:
    return total_of(progress) or 0


def total_of(progress: Progress | None) -> int | None:
    """All changed rows; None where a counter is not shown."""
    if progress is None or None in {progress.inserted, progress.updated, progress.deleted}:
        return None
    return (progress.inserted or 0) + (progress.updated or 0) + (progress.deleted or 0)


def _applied(
    recent: Iterable[TaskRun], connector_id: ConnectorId | None, *, before: datetime | None = None
) -> list[TaskRun]:
    return [
        one
        for one in recent
        if one.kind is TaskKind.SYNCHRONIZE
        and one.state is RunState.COMPLETED
        and one.connector_id == connector_id
        and one.started_at
        and (before is None or one.started_at < before)
    ]


def _started(one: TaskRun) -> datetime:
    if one.started_at is None:
        raise ValueError(f"task execution {one.id} never started")
    return one.started_at


# --- What a person has let through -----------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class LetThrough:
    """A blocked synchronization that a person resumed, and what was applied thereby."""

    task: TaskRun
    blocked: TaskRun | None
    """The synchronization that had stopped, where it is still shown as such."""
    counts: Counts | None
    """`stored` = rows before; None where no counters are shown."""
    row: str | None
    """3a or 3b where it should have been repaired instead, 3h where nothing speaks against it, None = not known."""
    certainty: Certainty
    put_back: TaskRun | None = None
    """A later synchronization that brought the deleted rows back."""

    @property
    def wrong(self) -> bool:
        return self.row in {"3a", "3b"} and self.put_back is None


def resumption(recent: Iterable[TaskRun], connector_id: ConnectorId | None) -> TaskRun | None:
    """The newest synchronization that went on past its threshold, as a person wanted."""
    found = [one for one in _applied(recent, connector_id) if one.is_validation]
    return max(found, key=lambda one: (_started(one), one.id), default=None)


def being_resumed(recent: Iterable[TaskRun], blocked: TaskRun | None) -> TaskRun | None:
    """A synchronization that goes on past the threshold right now."""
    if blocked is None or blocked.started_at is None:
        return None
    return next(
        (
            one
            for one in recent
            if one.is_validation
            and one.kind is TaskKind.SYNCHRONIZE
            and one.connector_id == blocked.connector_id
            and one.ended_at is None
            and one.started_at
            and one.started_at >= blocked.started_at
        ),
        None,
    )


def is_settled(blocked: TaskRun | None, resumed: TaskRun) -> bool:
    """Whether somebody has gone on since a task was blocked, so that it waits no longer."""
    if blocked is None or blocked.started_at is None or blocked.state is not RunState.BLOCKED:
        return True
    return _started(resumed) >= blocked.started_at


def with_counters(recent: Page[TaskRun], task: TaskRun, progress: Progress | None) -> Page[TaskRun]:
    """The same runs, with counters that the companion has shown of one of them."""
    counted = tuple(replace(one, progress=progress) if one.id == task.id else one for one in recent)
    return replace(recent, items=counted)


def stored_in(tables: Sequence[int | None]) -> int | None:
    """Rows of all tables; None where one is not counted."""
    return sum(one or 0 for one in tables) if tables and None not in tables else None


def let_through(recent: Sequence[TaskRun], connector_id: ConnectorId | None, stored: int | None) -> LetThrough | None:
    """The newest resumption, judged by its counters alone; one that was repaired since gives way to none before it.

    `stored` counts the rows now.
    """
    task = resumption(recent, connector_id)
    if task is None:
        return None
    came_from = [
        one
        for one in recent
        if one.kind is TaskKind.SYNCHRONIZE
        and one.state is RunState.BLOCKED
        and one.connector_id == connector_id
        and one.started_at
        and one.started_at < _started(task)
    ]
    blocked = max(came_from, key=lambda one: (_started(one), one.id), default=None)
    progress = task.progress or (blocked.progress if blocked else None)
    if progress is None or total_of(progress) is None:
        return LetThrough(task, blocked, None, None, Certainty.UNKNOWN)
    counts = Counts(
        None if stored is None else stored + (progress.deleted or 0) - (progress.inserted or 0),
        progress.inserted or 0,
        progress.updated or 0,
        progress.deleted or 0,
    )
    row, certainty = _judged(counts)
    back = next(
        (
            one
            for one in sorted(_applied(recent, connector_id), key=_started)
            if _started(one) > _started(task)
            and one.progress
            and counts.deleted
            and (one.progress.inserted or 0) >= _COME_BACK * counts.deleted
        ),
        None,
    )
    return LetThrough(task, blocked, counts, row, certainty, back)


def _judged(counts: Counts) -> tuple[str | None, Certainty]:
    """Its changes are gone with the resume: counters alone never make it sure."""
    measures = Measures(counts.stored, counts.inserted, counts.updated, counts.deleted)
    found: Match = pattern_of(measures)
    if found.pattern is Pattern.EMPTY_FILE:
        return "3a", Certainty.LIKELY
    if counts.stored is None and counts.deleted > measures.nearly_none:
        return None, Certainty.UNKNOWN
    if measures.share(counts.deleted) < _MUCH or found.pattern is Pattern.FIRST_LOAD:
        return "3h", Certainty.CONFIRMED
    replaced = counts.inserted >= _COME_BACK * counts.deleted
    return ("3b" if replaced else "3a"), Certainty.POSSIBLE


def puts_back(counts: Counts, wrong: LetThrough) -> bool:
    """Whether a blocked run would bring the rows again that a resume has deleted."""
    gone = wrong.counts.deleted if wrong.counts else 0
    few = max(5.0, 0.005 * gone)
    return bool(gone) and _COME_BACK * gone <= counts.inserted <= 1.1 * gone + few and counts.deleted <= few
