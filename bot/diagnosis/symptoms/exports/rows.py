"""The decision table of failed exports, rows 1a to 1m (troubleshooting 2.1)."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final

from bot.diagnosis.catalogue import UNKNOWN, ErrorKind, classify_log
from bot.diagnosis.schedule import interval
from bot.diagnosis.symptoms.exports.agent_clock import offset_of
from bot.diagnosis.symptoms.exports.evidence import Evidence, files_of, nearest
from bot.diagnosis.words import counted, lasted, listed, moment
from bot.model.file import AgentFile, TaskLog
from bot.model.finding import Certainty, Remark
from bot.model.job import RunState, TaskKind, TaskRun

SKEW: Final = timedelta(minutes=5)
"""A file that is older than its task's start by more than this was not written by it, whatever the clocks say."""
_CERTAIN_ROWS: Final = {
    "credentials": "1c",
    "rights": "1d",
    "certificate": "1e",
    "quota": "1g",
    "file": "1h",
    "disk": "1h",
}
_UNREACHABLE: Final = frozenset({"network", "target"})
_ERROR_LEVELS: Final = frozenset({"error", "fatal", "critical"})
_OVERDUE: Final = 3
"""So many times the rhythm without a run: the schedule stands still."""
EXTERNAL_ROWS: Final = frozenset({"1a", "1b", "1c", "1d", "1e", "1f", "1g", "1h"})


@dataclass(frozen=True, slots=True)
class Row:
    name: str | None
    certainty: Certainty
    why: str
    kind: ErrorKind = UNKNOWN
    line: str = ""
    """The log line that decided."""
    contributing: tuple[Remark, ...] = ()
    ruled_out: tuple[Remark, ...] = ()


def judge(seen: Evidence, now: datetime) -> Row:
    """The first row that fits the failed task, with what contributes."""
    row = _judged(seen, now)
    clock = offset_of(seen)
    if clock is None:
        return row
    way = "fast" if clock > timedelta() else "slow"
    told = f"the agent's clock is {lasted(abs(clock))} {way}: its files bear that time"
    return replace(row, contributing=(*row.contributing, Remark("5.4", told)))


def _judged(seen: Evidence, now: datetime) -> Row:
    failed = seen.failed
    if failed is None:
        return _nothing_failed(seen, now)
    if failed.started_at is None:
        return Row(
            "1k", Certainty.LIKELY, "The task never started: the agent did not take it, or an earlier one failed."
        )
    kind, line = classify_log(error_lines(seen))
    row = _by_class(seen, failed, kind, line)
    extra = _contributing(seen, failed) + _next_obstacle(seen, failed)
    if row.name is None and extra and extra[0].row == "1l":
        first, *others = extra
        return Row(first.row, Certainty.CONFIRMED, f"{_sentence(first.why)} {row.why}", kind, line, tuple(others))
    return Row(row.name, row.certainty, row.why, kind, line, extra + row.contributing, _ruled_out(seen, failed, kind))


def _sentence(text: str) -> str:
    return f"{text[:1].upper()}{text[1:].rstrip('.')}."


def error_lines(seen: Evidence) -> tuple[str, ...]:
    """Error lines of the log, oldest first; all lines where none is marked as an error."""
    return () if seen.log is None else _errors(seen.log)


def _errors(log: TaskLog) -> tuple[str, ...]:
    errors = tuple(line.text for line in log.lines if line.level.lower() in _ERROR_LEVELS)
    return errors or tuple(line.text for line in log.lines)


def _by_class(seen: Evidence, failed: TaskRun, kind: ErrorKind, line: str) -> Row:
    if seen.log is None:
        return Row(None, Certainty.UNKNOWN, f"Its log could not be read. {_duration_hint(failed)}".strip())
    if not line:
        level = seen.job.log_level if seen.job else None
        told = " The job's log level is None." if level == _LEVEL_NONE else ""
        return Row(
            "1j", Certainty.UNKNOWN, f"Identity Manager recorded no text for this task.{told} {_duration_hint(failed)}"
        )
    if failed.kind is TaskKind.PREPARE and kind.family not in {"data", "file", "disk"}:
        return Row(
            None, Certainty.UNKNOWN, "The export went well; preparing its files failed for a reason not known here."
        )
    if kind.family in _UNREACHABLE:
        return _unreachable(seen, failed, kind)
    if row := _CERTAIN_ROWS.get(kind.family):
        return Row(row, Certainty.CONFIRMED, kind.advice)
    match kind.family:
        case "address":
            return Row("1f", Certainty.LIKELY, kind.advice)
        case "data":
            return _source_changed(seen, failed, kind, line)
        case "nim" if kind.error_class in {"nim/server-unreachable", "nim/auth"}:
            return Row("1k", Certainty.LIKELY, kind.advice)
        case _:
            return Row(None, Certainty.UNKNOWN, kind.advice or "The log's text matches nothing in the catalogue.")


_LEVEL_NONE: Final = 6
_INSTANT = timedelta(seconds=3)


def _duration_hint(failed: TaskRun) -> str:
    took = failed.took
    if took is None:
        return ""
    if took <= _INSTANT:
        return f"It failed after {lasted(took)}: one possibility is a refused logon, name or connection."
    return f"It failed after {lasted(took)}."


def _unreachable(seen: Evidence, failed: TaskRun, kind: ErrorKind) -> Row:
    well, ill = nearest(seen, failed)
    if seen.recent is None:
        return Row("1a", Certainty.LIKELY, f"{kind.advice} Whether other connectors were fine could not be read.")
    if ill and not well:
        return _all_failed(seen, kind)
    sure = Certainty.CONFIRMED if well and kind.family == "network" and not ill else Certainty.LIKELY
    return Row("1a", sure, kind.advice)


def _all_failed(seen: Evidence, kind: ErrorKind) -> Row:
    """Every connector of the agent failed: for the same reason, or are these two faults at once (confounder 5.1)?"""
    others = [(one, classify_log(_errors(log))[0]) for one, log in seen.neighbour_logs]
    known = [(one, why) for one, why in others if why.known]
    if other := next(((one, why) for one, why in known if why.family not in _UNREACHABLE), None):
        connector = seen.landscape.connector(other[0].connector_id)
        name = connector.name if connector else "another connector of the agent"
        remark = Remark("5.1", f"{name} failed at that time for another reason. {other[1].advice}")
        return Row("1a", Certainty.LIKELY, kind.advice, contributing=(remark,))
    told = "Every connector of this agent failed at that time: its network, proxy or name service."
    return Row("1b", Certainty.LIKELY if known else Certainty.POSSIBLE, told)


def changed_header(seen: Evidence) -> AgentFile | None:
    """A file of the connector whose header is not what it was."""
    return next(
        (
            one
            for one in files_of(seen) or ()
            if one.header and one.previous and one.previous.header and one.header != one.previous.header
        ),
        None,
    )


def header_difference(one: AgentFile) -> str:
    """ "EmployeeId is missing, EmpID is new" or "the order of the columns changed"."""
    before, now = _columns(one.previous.header if one.previous else ""), _columns(one.header)
    gone = [name for name in before if name not in now]
    new = [name for name in now if name not in before]
    if not gone and not new:
        return "the order of the columns changed"
    parts = [*(["missing: " + listed(gone)] if gone else []), *(["new: " + listed(new)] if new else [])]
    return "; ".join(parts)


def _columns(header: str | None) -> list[str]:
    text = header or ""
    separator = max(";,\t|", key=text.count)
    return [part.strip().strip('"') for part in text.split(separator)]


def _source_changed(seen: Evidence, failed: TaskRun, kind: ErrorKind, line: str) -> Row:
    """A changed header is the cause only where the text complains of it, and not of a broken row of another file."""
    stage = "The export" if failed.kind is TaskKind.EXPORT else "The export went well; preparing its files"
    if found := changed_header(seen):
        told = f"{found.name} changed: {header_difference(found)}"
        if _complains_of(line, found):
            return Row("1i", Certainty.CONFIRMED, f"{stage} failed since {told}.")
        return Row("1i", Certainty.LIKELY, f"{stage} failed on the source's content. {kind.advice} Besides, {told}.")
    return Row("1i", Certainty.LIKELY, f"{stage} failed on the source's content. {kind.advice}")


def _complains_of(line: str, file: AgentFile) -> bool:
    before, now = _columns(file.previous.header if file.previous else ""), _columns(file.header)
    text = line.lower()
    return file.name.lower() in text or any(name and name.lower() in text for name in before if name not in now)


def _contributing(seen: Evidence, failed: TaskRun) -> tuple[Remark, ...]:
    if seen.run is None or seen.run.state is not RunState.WARNING or failed.kind is not TaskKind.EXPORT:
        return ()
    name = seen.connector.name if seen.connector else "this connector"
    return (Remark("1l", f"the job went on with a warning, but the data of {name} were not refreshed"),)


def _next_obstacle(seen: Evidence, failed: TaskRun) -> tuple[Remark, ...]:
    """A synchronization that already waits at its threshold: a repaired export does not end that (confounder 5.2)."""
    own = [
        one for one in seen.recent or () if one.kind is TaskKind.SYNCHRONIZE and one.connector_id == failed.connector_id
    ]
    newest = max((one for one in own if one.started_at), key=lambda one: (one.started_at, one.id), default=None)
    if newest is None or newest.state is not RunState.BLOCKED:
        return ()
    told = f"its synchronization is blocked by a threshold since run {newest.job_run_id}, {moment(newest.started_at)}"
    return (Remark("5.2", f"{told}: that is the next obstacle"),)


def _ruled_out(seen: Evidence, failed: TaskRun, kind: ErrorKind) -> tuple[Remark, ...]:
    if failed.kind is TaskKind.PREPARE:
        return (Remark("1a", "a failed export: the export task went well and its files are there"),)
    if kind.family in {"credentials", "rights"}:
        return (Remark("1a", "the network: the target answered"),)
    well, _ = nearest(seen, failed)
    if well and kind.family not in {"", "unknown"}:
        return (Remark("1b", f"the agent: {counted(len(well), 'other connector')} of it exported well at that time"),)
    return ()


def _nothing_failed(seen: Evidence, now: datetime) -> Row:
    if seen.connector is not None and seen.connector.deactivated:
        return Row("2c", Certainty.CONFIRMED, "The connector is deactivated: export and provisioning are switched off.")
    exports = [one for one in seen.tasks if one.kind is TaskKind.EXPORT and one.started_at]
    if not exports and seen.connector is not None and seen.connector.sync_blocked:
        return Row(
            "2a",
            Certainty.CONFIRMED,
            "No export failed: incremental runs skip this connector while its synchronization is blocked.",
            ruled_out=(Remark("1a", "a failed export: there is no run of this connector's export at all"),),
        )
    return (
        _wrote_nothing(seen, exports)
        or _no_run(seen, exports, now)
        or Row(None, Certainty.UNKNOWN, "No failed export is visible to the service account.")
    )


def _no_run(seen: Evidence, exports: Sequence[TaskRun], now: datetime) -> Row | None:
    """Nothing has failed since nothing has run: the scheduler or the agent has stopped."""
    newest = max((one.started_at for one in exports if one.started_at), default=None)
    rhythms = [
        every
        for job in seen.landscape.jobs_of(seen.connector_id, TaskKind.EXPORT)
        if (every := interval(job, now, seen.site.timezone)) is not None
    ]
    if newest is None or not rhythms or (seen.connector is not None and seen.connector.sync_blocked):
        return None
    if now - newest <= _OVERDUE * min(rhythms):
        return None
    return Row(
        "1k",
        Certainty.LIKELY,
        f"No export failed: none has started since {moment(newest)}, though one is due every {lasted(min(rhythms))}. "
        "The scheduler or the agent has stopped.",
    )


def _wrote_nothing(seen: Evidence, exports: Sequence[TaskRun]) -> Row | None:
    """An incremental export writes a file of differences, and leaves the complete ones as they are."""
    if any(one.ended_at is None for one in exports):
        return None
    started = min((one.started_at for one in exports if one.started_at), default=None)
    files = files_of(seen)
    if started is None or not files:
        return None
    clock = offset_of(seen)
    stale = [one.name for one in files if one.modified_at - (clock or timedelta()) < started - SKEW]
    if seen.job is None or seen.job.is_incremental:
        if len(stale) < len(files):
            return None
        return Row("1m", Certainty.POSSIBLE, "The export ended well and wrote no file: perhaps nothing has changed.")
    if empty := [one.name for one in files if one.size == 0]:
        return Row("1m", Certainty.LIKELY, f"The export ended well but {listed(empty)} holds nothing.")
    if not stale:
        return None
    sure = Certainty.CONFIRMED if len(stale) == len(files) else Certainty.LIKELY
    if clock is not None:
        sure = Certainty.POSSIBLE
    return Row("1m", sure, f"The export ended well but did not write {listed(stale)}.")
