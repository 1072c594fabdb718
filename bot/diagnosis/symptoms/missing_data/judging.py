"""The decision table of missing data, rows 2a to 2m, as far as they can be seen from outside (troubleshooting 2.2)."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import takewhile
from typing import Final

from bot.diagnosis.schedule import interval
from bot.diagnosis.symptoms.missing_data.evidence import Evidence
from bot.diagnosis.told import told_moment
from bot.diagnosis.words import counted, lasted, moment, number
from bot.model.change import TableMapping
from bot.model.file import AgentFile
from bot.model.finding import Certainty, Remark
from bot.model.job import FAILED, Job, RunState, TaskKind, TaskRun

RECOMMENDED_INCREMENTAL: Final = timedelta(minutes=15)
RECOMMENDED_COMPLETE: Final = timedelta(days=1)
LATE_INCREMENTAL: Final = timedelta(minutes=45)
SLACK: Final = timedelta(hours=2)
_RESTORE: Final = re.compile(r"restor|restaur|rolled back|\bcookies?\b|previous folder", re.IGNORECASE)
_NOT_USED: Final = frozenset({1, 3})
_SANE_SHARE: Final = 0.5


@dataclass(frozen=True, slots=True)
class Cause:
    row: str
    certainty: Certainty
    why: str


@dataclass(frozen=True, slots=True)
class Difference:
    """Rows in the export file beside rows stored."""

    table: TableMapping
    file: AgentFile
    rejected: int

    @property
    def count(self) -> int:
        return (self.file.rows or 0) - self.rejected - (self.table.stored or 0)


def causes_of(seen: Evidence, now: datetime) -> tuple[Cause, ...]:
    """Every cause that holds, the one to deal with first in front."""
    found = (
        _blocked(seen),
        _unused(seen),
        _export_failed(seen),
        _rejected(seen),
        _removed(seen),
        _half_a_link(seen),
        _stopped(seen, now),
        _not_yet_due(seen, now),
        _restored(seen),
        _computation(seen),
        _drift(seen, now),
        _outside(seen, now),
    )
    held = tuple(cause for cause in found if cause is not None)
    if held or seen.recent is None or seen.connector is None or seen.running is not None or is_absent(seen):
        return held
    if not differences(seen) and is_fresh(seen, now):
        told = "Synchronization is fresh" + (" and the counts agree" if _comparable(seen) else "")
        return (
            Cause("2m", Certainty.POSSIBLE, f"{told}: a filter of the view, a permission or a policy may hide it."),
        )
    return ()


def is_absent(seen: Evidence) -> bool:
    """Whether the object that was asked for is not stored."""
    return seen.found is not None and not seen.found.items


def is_fresh(seen: Evidence, now: datetime) -> bool:
    """Whether the newest synchronization is not older than its schedule explains."""
    last = newest([seen.synchronized(incremental=True), seen.synchronized(incremental=False)])
    if last is None or last.ended_at is None:
        return False
    incremental = seen.jobs(incremental=True)
    if incremental:
        return now - last.ended_at <= _late(rhythm(seen, incremental, now))
    return now - last.ended_at <= (rhythm(seen, seen.jobs(incremental=False), now) or RECOMMENDED_COMPLETE) + SLACK


def _blocked(seen: Evidence) -> Cause | None:
    connector = seen.connector
    if connector is None:
        return None
    blocked = next((one for one in seen.tasks(TaskKind.SYNCHRONIZE) if one.state is RunState.BLOCKED), None)
    complete = seen.synchronized(incremental=False)
    later = (
        blocked is not None
        and complete is not None
        and complete.started_at is not None
        and blocked.started_at is not None
        and complete.started_at > blocked.started_at
    )
    if connector.sync_blocked:
        since = f" since run {blocked.job_run_id}, {moment(blocked.started_at)}" if blocked else ""
        return Cause(
            "2a", Certainty.CONFIRMED, f"Incremental runs skip {connector.name}: it is blocked by a threshold{since}."
        )
    if connector.sync_blocked is None and blocked is not None and not later:
        return Cause(
            "2a",
            Certainty.LIKELY,
            f"Run {blocked.job_run_id} is blocked by a threshold and no complete run came since.",
        )
    return None


def _unused(seen: Evidence) -> Cause | None:
    connector = seen.connector
    if connector is None:
        return None
    if connector.deactivated:
        return Cause("2c", Certainty.CONFIRMED, f"{connector.name} is deactivated: export and provisioning are off.")
    if connector.incremental_use in _NOT_USED and connector.complete_use in _NOT_USED:
        return Cause(
            "2c", Certainty.CONFIRMED, f"{connector.name} is used by no synchronizing job, by its configuration."
        )
    return None


def _export_failed(seen: Evidence) -> Cause | None:
    for kind, noun in ((TaskKind.EXPORT, "export"), (TaskKind.PREPARE, "preparation of the files")):
        found = _in_a_row(seen, kind, noun)
        if found is not None:
            return found
    return None


def _in_a_row(seen: Evidence, kind: TaskKind, noun: str) -> Cause | None:
    exports = [one for one in seen.tasks(kind) if one.started_at and one.ended_at]
    if not exports or exports[0].state not in FAILED:
        return None
    failed = list(takewhile(lambda one: one.state in FAILED, exports))
    well = next((one for one in exports if one.state is RunState.COMPLETED), None)
    as_of = f" the data are as of {moment(well.ended_at)}." if well else " no export went well in the last days."
    told = f"{counted(len(failed), noun, plural=f'{noun}s' if noun == 'export' else noun)} in a row failed:{as_of}"
    return Cause("2b", Certainty.CONFIRMED, told)


def _all_files(seen: Evidence) -> tuple[AgentFile, ...]:
    return (*(seen.files or ()), *(seen.prepared or ()))


def _rejected(seen: Evidence) -> Cause | None:
    key = seen.subject.key
    if not key:
        return None
    holding = [one for one in _all_files(seen) if key in one.rejected_keys]
    if not holding:
        return None
    return Cause("2g", Certainty.CONFIRMED, f"{key} was thrown out of {holding[0].name}: no key, or a key twice.")


def _removed(seen: Evidence) -> Cause | None:
    """It was stored before a synchronization that removed rows, and is not any more."""
    if not is_absent(seen) or seen.before is None or not seen.before.items:
        return None
    key, runs = seen.subject.key, seen.removing
    if not runs:
        at = seen.before.items[0].as_of
        told = f"{key} was stored {moment(at)} and is not any more: the export has left it out since."
        return Cause("2l", Certainty.LIKELY, told)
    if len(runs) == 1:
        by = f"run {runs[0].job_run_id}, {moment(runs[0].started_at)}, removed it"
    else:
        by = f"one of {number(len(runs))} runs that removed rows since {moment(runs[0].started_at)} did so with it"
    return Cause("2l", Certainty.CONFIRMED, f"{key} was stored until {by}: the export left it out.")


def _half_a_link(seen: Evidence) -> Cause | None:
    """A link whose other end is not stored is dropped."""
    if seen.other is None or seen.found is None or bool(seen.found.items) is bool(seen.other.items):
        return None
    here, away = seen.subject.key, seen.subject.other_key
    stored, absent = (here, away) if seen.found.items else (away, here)
    return Cause(
        "2j", Certainty.LIKELY, f"{stored} is stored, {absent} is not: a link whose other end is unknown is dropped."
    )


def _not_yet_due(seen: Evidence, now: datetime) -> Cause | None:
    """By the asker's word the source was changed after the newest synchronization had begun to read it."""
    changed = told_moment(seen.subject.told, now, seen.site.timezone)
    last = newest([seen.synchronized(incremental=True), seen.synchronized(incremental=False)])
    if changed is None or last is None or last.started_at is None or not is_fresh(seen, now):
        return None
    if changed <= last.started_at or seen.running is not None:
        return None
    told = f"By what was told, the source was changed {moment(changed)}; the newest synchronization had started before"
    return Cause("2k", Certainty.LIKELY, f"{told}, {moment(last.started_at)}.")


def rejected_rows(seen: Evidence) -> int:
    return sum((one.null_key_rows or 0) + (one.duplicate_key_rows or 0) for one in own_files(seen))


def _late(job_interval: timedelta | None) -> timedelta:
    return max(3 * (job_interval or RECOMMENDED_INCREMENTAL), LATE_INCREMENTAL)


def rhythm(seen: Evidence, jobs: Sequence[Job], now: datetime) -> timedelta | None:
    """The shortest interval of the jobs' schedules."""
    known = [found for job in jobs if (found := interval(job, now, seen.site.timezone)) is not None]
    return min(known, default=None)


def _stopped(seen: Evidence, now: datetime) -> Cause | None:
    """Incremental runs have stopped: scheduler or agent."""
    jobs = seen.jobs(incremental=True)
    if not jobs or seen.recent is None or seen.running is not None:
        return None
    every = rhythm(seen, jobs, now)
    if every is None:
        return None
    touched = [one.ended_at or one.started_at for one in seen.recent if seen.is_incremental(one) is True]
    last = max((at for at in touched if at is not None), default=None)
    if last is None and seen.recent.more:
        return None
    if last is not None and now - last <= _late(every):
        return None
    since = (
        f"The last incremental run ended {moment(last)}, {lasted(now - last)} ago"
        if last
        else "No incremental run is seen"
    )
    told = f"{since}, though one is due every {lasted(every)}: the scheduler or the agent has stopped."
    return Cause("2d", Certainty.LIKELY, told)


def _restored(seen: Evidence) -> Cause | None:
    """Known only by the asker's word: after a restore the base of the differences is newer than the database."""
    if seen.recent is None or not _RESTORE.search(seen.subject.told):
        return None
    return Cause(
        "2f",
        Certainty.LIKELY,
        "After a restore incremental runs compare with a state that the database no longer has: only a complete run "
        "repairs that.",
    )


def _computation(seen: Evidence) -> Cause | None:
    """The object is there and fresh, what is computed from it may be old."""
    if seen.found is None or not seen.found.items or seen.everything is None:
        return None
    fresh = seen.synchronized(incremental=True) or seen.synchronized(incremental=False)
    computed = seen.computed
    if fresh is None or fresh.ended_at is None:
        return None
    if computed is None or computed.ended_at is None:
        if seen.everything.more:
            return None
        return Cause("2i", Certainty.LIKELY, "The object is there; expressions and role model have not run since.")
    if computed.started_at is not None and computed.started_at < fresh.ended_at:
        told = f"The object is there since {moment(fresh.ended_at)}; the last computation is older."
        return Cause("2i", Certainty.CONFIRMED, told)
    return Cause(
        "2i", Certainty.POSSIBLE, "The object is there; an incremental computation may have missed who depends on it."
    )


def own_files(seen: Evidence) -> tuple[AgentFile, ...]:
    """Files of the connector, by its name at their beginning or by a table's name."""
    if seen.connector is None:
        return ()
    starts = {seen.connector.identifier.lower(), seen.connector.name.lower()}
    starts |= {mapping.table.lower() for mapping, _ in seen.tables or () if mapping.table}
    return tuple(
        one for one in _all_files(seen) if any(one.name.lower().startswith(start) for start in starts if start)
    )


def differences(seen: Evidence) -> tuple[Difference, ...]:
    """Tables whose export file holds more or fewer rows than are stored."""
    found = []
    for mapping, _ in seen.tables or ():
        if mapping.stored is None:
            continue
        names = {mapping.table.lower(), mapping.entity_type.lower()} - {""}
        files = [
            one for one in seen.files or () if one.rows is not None and one.name.lower().rsplit(".", 1)[0] in names
        ]
        if len(files) == 1:
            thrown_out = (files[0].null_key_rows or 0) + (files[0].duplicate_key_rows or 0)
            one = Difference(mapping, files[0], thrown_out)
            if one.count:
                found.append(one)
    return tuple(found)


def _comparable(seen: Evidence) -> bool:
    return any(mapping.stored is not None for mapping, _ in seen.tables or ()) and bool(seen.files)


def _drift(seen: Evidence, now: datetime) -> Cause | None:
    """The complete run is missed, and incremental ones cannot repair what they never look at."""
    if seen.recent is None or seen.running is not None:
        return None
    jobs = seen.jobs(incremental=False)
    every = rhythm(seen, jobs, now) or RECOMMENDED_COMPLETE
    last = seen.synchronized(incremental=False)
    late = last is None or (last.ended_at is not None and now - last.ended_at > every + SLACK)
    if not late or (last is None and seen.recent.more):
        return None
    when = f"the last complete one ended {moment(last.ended_at)}" if last else "no complete one is seen"
    cancelled = next(
        (
            run
            for run in seen.latest or ()
            if run.state is RunState.CANCELLED and any(run.job_id == job.id for job in jobs)
        ),
        None,
    )
    why = f" (run {cancelled.id} was cancelled)" if cancelled else ""
    differing = differences(seen)
    if not differing and _comparable(seen) and not seen.subject.key:
        return None
    told = f"Incremental runs cannot repair drift, and {when}{why}"
    if differing:
        apart = sum(abs(one.count) for one in differing)
        return Cause("2e", Certainty.LIKELY, f"{told}; file and stored rows differ by {number(apart)}.")
    return Cause("2e", Certainty.POSSIBLE, f"{told}; whether rows are missing could not be compared.")


def _outside(seen: Evidence, now: datetime) -> Cause | None:
    """Not stored, not rejected, fresh: not in the export, or not in the source yet."""
    if seen.found is None or seen.found.items or not seen.files or seen.recent is None:
        return None
    fresh = seen.synchronized(incremental=False)
    if fresh is None or fresh.ended_at is None or now - fresh.ended_at > RECOMMENDED_COMPLETE + SLACK:
        return None
    return Cause(
        "2h",
        Certainty.POSSIBLE,
        f"{seen.subject.key} is neither stored nor rejected after a complete run: outside the export's scope, or not "
        "in the source yet.",
    )


def remarks_on_rhythm(seen: Evidence, now: datetime) -> tuple[Remark, ...]:
    """Remarks, not causes: what the schedule is beside what the vendor recommends."""
    found = []
    incremental, complete = seen.jobs(incremental=True), seen.jobs(incremental=False)
    if "jobs" in seen.landscape.unread or "steps" in seen.landscape.unread or seen.connector is None:
        return ()
    if not complete:
        found.append(Remark("2e", "this connector has no complete job: drift is never repaired"))
    every = rhythm(seen, incremental, now)
    if every is not None and every > 2 * RECOMMENDED_INCREMENTAL:
        found.append(Remark("2", f"incremental every {lasted(every)} as scheduled; about 15 min are recommended"))
    daily = rhythm(seen, complete, now)
    if daily is not None and daily > RECOMMENDED_COMPLETE:
        found.append(Remark("2", f"complete every {lasted(daily)} as scheduled; once a day is recommended"))
    return tuple(found)


def insane_file(seen: Evidence) -> str:
    """Why the newest export must not be synchronized completely; "" = nothing speaks against it."""
    for mapping, _ in seen.tables or ():
        names = {mapping.table.lower(), mapping.entity_type.lower()} - {""}
        for one in seen.files or ():
            if one.name.lower().rsplit(".", 1)[0] not in names:
                continue
            if one.previous and one.previous.header and one.header and one.header != one.previous.header:
                return f"The header of {one.name} has changed."
            if one.rows is not None and mapping.stored and one.rows < _SANE_SHARE * mapping.stored:
                return f"{one.name} holds {number(one.rows)} rows, {number(mapping.stored)} are stored."
    return ""


def newest(runs: Sequence[TaskRun | None]) -> TaskRun | None:
    known = [one for one in runs if one is not None and one.ended_at is not None]
    return max(known, key=lambda one: (one.ended_at, one.id), default=None)
