"""A blocked synchronization judged by its tables, its thresholds and what came before and after it. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from bot.diagnosis.certainty import at_most
from bot.diagnosis.limits import Counts, Exceeded, exceeded, worst_first
from bot.diagnosis.patterns import DANGER, Pattern, worst
from bot.diagnosis.symptoms.sync_threshold import past
from bot.diagnosis.symptoms.sync_threshold.evidence import Evidence
from bot.diagnosis.symptoms.sync_threshold.past import LetThrough, Usual
from bot.diagnosis.symptoms.sync_threshold.tables import Judged, judge_table, rejected
from bot.diagnosis.words import counted, moment, number
from bot.model.finding import Certainty
from bot.model.job import RunState, TaskKind, TaskRun

ROWS: Final = {
    Pattern.EMPTY_FILE: "3a",
    Pattern.TRUNCATED: "3a",
    Pattern.COLUMN_SWAP: "3b",
    Pattern.COLUMN_LOST: "3b",
    Pattern.DATE_FORMAT: "3b",
    Pattern.ENCODING: "3b",
    Pattern.KEY_FORMAT: "3b",
    Pattern.KEY_COLUMN: "3b",
    Pattern.REPLACED_DATA: "3b",
    Pattern.CASE_OR_SPACE: "3b",
    Pattern.LINK_COLLAPSE: "3b",
    Pattern.SCOPE_LOSS: "3c",
    Pattern.FIRST_LOAD: "3d",
    Pattern.REORG: "3e",
    Pattern.BULK_HIRE: "3e",
    Pattern.LEAVER_WAVE: "3e",
    Pattern.SCOPE_GAIN: "3e",
    Pattern.SMALL_TABLE: "3f",
    Pattern.CATCH_UP: "3g",
}


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the whole run comes to."""

    row: str | None
    certainty: Certainty
    why: str
    pattern: Pattern | None
    main: Judged | None
    tables: tuple[Judged, ...]
    exceeded: tuple[Exceeded, ...]
    newer: TaskRun | None = None
    """A complete synchronization that made the block obsolete."""
    let_through: LetThrough | None = None
    """What a person has let through: it settled the block, or it came before and explains it."""
    usual: Usual | None = None
    said: str = ""
    """A few words for the title, where the pattern does not say it."""

    @property
    def wrongly_resumed(self) -> bool:
        """Whether what was let through is the matter, and not what is blocked now."""
        return self.let_through is not None and self.let_through.wrong and self.row == self.let_through.row


def judge(seen: Evidence, now: datetime) -> Verdict:
    """The row of the decision table: settled first, then the most dangerous pattern of any table."""
    resumed = let_through(seen)
    if resumed is not None and past.is_settled(seen.task, resumed.task):
        return _resumed(resumed)
    alone = len(seen.tables) == 1 and not seen.unread_tables
    before = past.usual(seen.task, seen.recent or ()) if seen.task else None
    judged = tuple(
        judge_table(seen, table, before, now)
        for table in seen.tables
        if table.changes is not None or (alone and seen.progress is not None)
    )
    over = _exceeded(seen, judged)
    if newer := obsolete_by(seen):
        why = f"Run {newer.job_run_id} synchronized this connector completely since: nothing waits any more."
        return Verdict("3h", Certainty.CONFIRMED, why, None, None, judged, over, newer)
    with_changes = {one.table.mapping.entity_type: one for one in judged if _any(one.counts)}
    if not with_changes:
        why = "It is blocked by a threshold, but its changes could not be read: it cannot be judged here."
        return Verdict(None, Certainty.UNKNOWN, why, None, None, judged, over)
    if resumed is not None and resumed.wrong:
        return _after_a_wrong_resume(resumed, judged, over)
    sizes = {name: one.counts.inserted + one.counts.updated + one.counts.deleted for name, one in with_changes.items()}
    main = with_changes[worst({name: one.match for name, one in with_changes.items()}, sizes)]
    row = ROWS.get(main.match.pattern)
    certainty = main.match.certainty
    if main.table.changes is None:
        certainty = at_most(certainty, Certainty.LIKELY)
    unclear = any(one.match.pattern is Pattern.MIXED for one in with_changes.values())
    if row in {"3d", "3e", "3f", "3g"} and (
        unclear or seen.unread_tables or any(t.changes is None for t in seen.tables)
    ):
        certainty = certainty.lowered()
    if main.match.pattern not in DANGER and (thrown_out := rejected(seen, main)):
        why = f"{counted(thrown_out, 'row')} of its file were rejected for an empty or a double key: they look deleted."
        return Verdict("3b", Certainty.LIKELY, why, None, main, judged, over, said="rows without a key")
    why = f"{main.match.why[:1].upper()}{main.match.why[1:]}."
    if certainty is Certainty.UNKNOWN and row is not None:
        partly = f"As far as can be seen: {main.match.why}. Not all changes could be read."
        return Verdict(None, certainty, partly, None, main, judged, over, said="not all changes are seen")
    return Verdict(row, certainty, why, main.match.pattern, main, judged, over, usual=before)


def let_through(seen: Evidence) -> LetThrough | None:
    counted = [table.mapping.stored for table in seen.tables]
    return past.let_through(
        seen.recent.items if seen.recent else (),
        seen.connector_id,
        None if seen.unread_tables else past.stored_in(counted),
    )


def _resumed(resumed: LetThrough) -> Verdict:
    when = moment(resumed.task.started_at)
    what = f"Run {resumed.blocked.job_run_id}" if resumed.blocked else "The blocked run"
    why = f"{what} is no longer blocked: it was resumed past its threshold at {when}, in run {resumed.task.job_run_id}."
    if resumed.put_back is not None:
        back = f"Run {resumed.put_back.job_run_id} has brought the deleted rows back since."
        return Verdict("3h", Certainty.LIKELY, f"{why} {back}", None, None, (), (), let_through=resumed)
    return Verdict(
        resumed.row, resumed.certainty, f"{why} {_applied(resumed)}".strip(), None, None, (), (), let_through=resumed
    )


def _applied(resumed: LetThrough) -> str:
    counts = resumed.counts
    if counts is None:
        return "How many changes that applied is not shown."
    return (
        f"Applied: {number(counts.inserted)} inserted, {number(counts.updated)} updated, "
        f"{number(counts.deleted)} deleted."
    )


def _after_a_wrong_resume(wrong: LetThrough, judged: tuple[Judged, ...], over: tuple[Exceeded, ...]) -> Verdict:
    """A block on the table that a wrong resume has left: compared with the last good run, not with that one."""
    main = max(judged, key=lambda one: one.counts.inserted + one.counts.updated + one.counts.deleted)
    earlier = f"{_resumed(wrong).why} What is stored now is what that left."
    if past.puts_back(main.counts, wrong):
        why = f"It brings as many rows as the resume of run {_blocked_id(wrong)} has deleted: they come back."
        return Verdict(
            "3e", Certainty.POSSIBLE, why, None, main, judged, over, let_through=wrong, said="they come back"
        )
    return Verdict(wrong.row, wrong.certainty, earlier, None, main, judged, over, let_through=wrong)


def _blocked_id(resumed: LetThrough) -> str:
    return (resumed.blocked or resumed.task).job_run_id


def _any(counts: Counts) -> bool:
    return bool(counts.inserted or counts.updated or counts.deleted or counts.links_deleted or counts.links_inserted)


def obsolete_by(seen: Evidence) -> TaskRun | None:
    """A completed synchronization by a complete job that ended after the block."""
    blocked = seen.task
    if blocked is None:
        return None
    later = [
        one
        for one in seen.recent or ()
        if one.kind is TaskKind.SYNCHRONIZE
        and one.state is RunState.COMPLETED
        and one.connector_id == blocked.connector_id
        and one.started_at
        and blocked.started_at
        and one.started_at > blocked.started_at
        and one.job_run_id != blocked.job_run_id
        and _is_complete(seen, one)
    ]
    return min(later, key=lambda one: (one.started_at, one.id), default=None)


def _is_complete(seen: Evidence, one: TaskRun) -> bool:
    """Whether a task belongs to complete jobs only: a task shared with an incremental job proves nothing."""
    jobs = [
        job for job in seen.landscape.jobs if any(task.id == one.task_id for task in seen.landscape.tasks_of(job.id))
    ]
    return bool(jobs) and not any(job.is_incremental for job in jobs)


def _exceeded(seen: Evidence, judged: Sequence[Judged]) -> tuple[Exceeded, ...]:
    found: list[Exceeded] = []
    total: Counts | None = None
    for one in judged:
        found += exceeded(one.table.mapping.entity_type, one.counts, one.table.limits, exact=one.exact)
        total = one.counts if total is None else total.plus(one.counts)
    if seen.connector is not None and total is not None:
        if seen.progress is not None:
            total = Counts(
                total.stored,
                max(total.inserted, seen.progress.inserted or 0),
                max(total.updated, seen.progress.updated or 0),
                max(total.deleted, seen.progress.deleted or 0),
                seen.progress.links_inserted or 0,
                seen.progress.links_deleted or 0,
            )
        exact = all(one.exact for one in judged) and not seen.unread_tables
        found += exceeded(f"connector {seen.connector.name}", total, seen.connector.limits, exact=exact)
    return worst_first(found)
