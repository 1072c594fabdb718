"""The decision table of failed exports, rows 1a to 1m (troubleshooting 2.1)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from bot.diagnosis.catalogue import UNKNOWN, ErrorKind, classify_log
from bot.diagnosis.symptoms.exports.evidence import FAILED, Evidence, files_of
from bot.diagnosis.words import counted, lasted, listed
from bot.model.file import AgentFile
from bot.model.finding import Certainty, Remark
from bot.model.job import RunState, TaskKind, TaskRun

WINDOW: Final = timedelta(hours=1)
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
_ERROR_LEVELS: Final = frozenset({"error", "fatal", "critical"})
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


def judge(seen: Evidence) -> Row:
    """The first row that fits the failed task, with what contributes."""
    failed = seen.failed
    if failed is None:
        return _nothing_failed(seen)
    if failed.started_at is None:
        return Row(
            "1k", Certainty.LIKELY, "The task never started: the agent did not take it, or an earlier one failed."
        )
    kind, line = classify_log(error_lines(seen))
    row = _by_class(seen, failed, kind, line)
    extra = _contributing(seen, failed)
    if row.name is None and extra:
        first, *others = extra
        return Row(first.row, Certainty.CONFIRMED, f"{_sentence(first.why)} {row.why}", kind, line, tuple(others))
    return Row(row.name, row.certainty, row.why, kind, line, extra, _ruled_out(seen, failed, kind))


def _sentence(text: str) -> str:
    return f"{text[:1].upper()}{text[1:].rstrip('.')}."


def error_lines(seen: Evidence) -> tuple[str, ...]:
    """Error lines of the log, oldest first; all lines where none is marked as an error."""
    if seen.log is None:
        return ()
    errors = tuple(line.text for line in seen.log.lines if line.level.lower() in _ERROR_LEVELS)
    return errors or tuple(line.text for line in seen.log.lines)


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
    if kind.family in {"network", "target"}:
        return _unreachable(seen, failed, kind)
    if row := _CERTAIN_ROWS.get(kind.family):
        return Row(row, Certainty.CONFIRMED, kind.advice)
    match kind.family:
        case "address":
            return Row("1f", Certainty.LIKELY, kind.advice)
        case "data":
            return _source_changed(seen, failed, kind)
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


def nearest(seen: Evidence, failed: TaskRun) -> tuple[list[TaskRun], list[TaskRun]]:
    """Of each other connector of the agent the export nearest in time: those that went well, and those that failed."""
    well, ill = neighbours(seen, failed)
    start = failed.started_at
    if start is None:
        return [], []
    closest: dict[str | None, TaskRun] = {}
    for one in sorted([*well, *ill], key=lambda one: (abs((one.started_at or start) - start), one.id)):
        closest.setdefault(one.connector_id, one)
    return (
        [one for one in closest.values() if one.state is RunState.COMPLETED],
        [one for one in closest.values() if one.state in FAILED],
    )


def neighbours(seen: Evidence, failed: TaskRun) -> tuple[list[TaskRun], list[TaskRun]]:
    """Exports of other connectors of the same agent within an hour: those that went well, and those that failed."""
    near = [
        one
        for one in seen.recent or ()
        if one.kind is TaskKind.EXPORT
        and one.connector_id != failed.connector_id
        and one.agent_id == failed.agent_id
        and one.started_at
        and failed.started_at
        and abs(one.started_at - failed.started_at) <= WINDOW
    ]
    return (
        [one for one in near if one.state is RunState.COMPLETED],
        [one for one in near if one.state in FAILED],
    )


def _unreachable(seen: Evidence, failed: TaskRun, kind: ErrorKind) -> Row:
    well, ill = nearest(seen, failed)
    if seen.recent is None:
        return Row("1a", Certainty.LIKELY, f"{kind.advice} Whether other connectors were fine could not be read.")
    if ill and not well:
        return Row(
            "1b",
            Certainty.LIKELY,
            "Every connector of this agent failed at that time: its network, proxy or name service.",
        )
    sure = Certainty.CONFIRMED if well and kind.family == "network" and not ill else Certainty.LIKELY
    return Row("1a", sure, kind.advice)


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


def _source_changed(seen: Evidence, failed: TaskRun, kind: ErrorKind) -> Row:
    stage = "The export" if failed.kind is TaskKind.EXPORT else "The export went well; preparing its files"
    if found := changed_header(seen):
        return Row("1i", Certainty.CONFIRMED, f"{stage} failed since {found.name} changed: {header_difference(found)}.")
    return Row("1i", Certainty.LIKELY, f"{stage} failed on the source's content. {kind.advice}")


def _contributing(seen: Evidence, failed: TaskRun) -> tuple[Remark, ...]:
    if seen.run is None or seen.run.state is not RunState.WARNING or failed.kind is not TaskKind.EXPORT:
        return ()
    name = seen.connector.name if seen.connector else "this connector"
    return (Remark("1l", f"the job went on with a warning, but the data of {name} were not refreshed"),)


def _ruled_out(seen: Evidence, failed: TaskRun, kind: ErrorKind) -> tuple[Remark, ...]:
    if failed.kind is TaskKind.PREPARE:
        return (Remark("1a", "a failed export: the export task went well and its files are there"),)
    if kind.family in {"credentials", "rights"}:
        return (Remark("1a", "the network: the target answered"),)
    well, _ = nearest(seen, failed)
    if well and kind.family not in {"", "unknown"}:
        return (Remark("1b", f"the agent: {counted(len(well), 'other connector')} of it exported well at that time"),)
    return ()


def _nothing_failed(seen: Evidence) -> Row:
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
    return _wrote_nothing(seen, exports) or Row(
        None, Certainty.UNKNOWN, "No failed export is visible to the service account."
    )


def _wrote_nothing(seen: Evidence, exports: Sequence[TaskRun]) -> Row | None:
    """An incremental export writes a file of differences, and leaves the complete ones as they are."""
    if any(one.ended_at is None for one in exports):
        return None
    started = min((one.started_at for one in exports if one.started_at), default=None)
    files = files_of(seen)
    if started is None or not files:
        return None
    stale = [one.name for one in files if one.modified_at < started - SKEW]
    if seen.job is None or seen.job.is_incremental:
        if len(stale) < len(files):
            return None
        return Row("1m", Certainty.POSSIBLE, "The export ended well and wrote no file: perhaps nothing has changed.")
    if empty := [one.name for one in files if one.size == 0]:
        return Row("1m", Certainty.LIKELY, f"The export ended well but {listed(empty)} holds nothing.")
    if not stale:
        return None
    sure = Certainty.CONFIRMED if len(stale) == len(files) else Certainty.LIKELY
    return Row("1m", sure, f"The export ended well but did not write {listed(stale)}.")
