"""A failed export judged. Pure."""

from datetime import datetime, timedelta
from itertools import takewhile
from typing import Final

from bot.diagnosis import links, outlook
from bot.diagnosis.catalogue import wait_minutes
from bot.diagnosis.complete_run import relaunch_complete
from bot.diagnosis.fingerprint import job_fingerprint
from bot.diagnosis.masking import sample
from bot.diagnosis.symptoms.exports.evidence import Evidence, files_of, neighbours
from bot.diagnosis.symptoms.exports.rows import EXTERNAL_ROWS, Row, changed_header, header_difference, judge
from bot.diagnosis.words import lasted, moment, number, title
from bot.model.finding import ActionKind, Certainty, Fact, Finding, Link, Offer, Outlook
from bot.model.job import FAILED, JobRun, RunState, TaskKind, TaskRun

NUMBER: Final = 1
_SHOWN_FILES: Final = 3
_STORM: Final = 3
"""Equal refusals after which trying on does harm (confounder 5.13)."""
_TITLES: Final = {
    "1a": "the target could not be reached",
    "1b": "the agent's network failed",
    "1c": "the service account's logon was refused",
    "1d": "the service account may not read",
    "1e": "a certificate was refused",
    "1f": "the target's address or settings do not fit",
    "1g": "the target limits the export",
    "1h": "the agent's files or disk failed",
    "1i": "the source's columns or content changed",
    "1j": "no cause was recorded",
    "1k": "the task was never started",
    "1l": "the data were not refreshed",
}
_SAYS_OF_CLASS: Final = {"file/share-logon": "the file share refused the agent's logon"}
_NEXT_OF_CLASS: Final = {
    "file/share-logon": "{owner} renews the logon to the file share and enters it in the agent's connection settings; "
    "then relaunch in complete mode."
}
_NEXT: Final = {
    "1a": "{owner} checks that the target is up and reachable from the agent; then relaunch in complete mode.",
    "1b": "The platform team checks the agent's network, proxy and name service; then relaunch in complete mode.",
    "1c": "{owner} renews the logon and enters it in the agent's connection settings; then relaunch in complete mode.",
    "1d": "{owner} grants the service account the right to read; then relaunch in complete mode.",
    "1e": "{owner} renews the certificate or the platform team trusts it; then relaunch in complete mode.",
    "1f": "Compare the agent's connection settings with the target's address, correct them, relaunch in complete mode.",
    "1g": "{owner} raises the limit or frees capacity, or wait; then relaunch in complete mode.",
    "1h": "The platform team frees space or the file on the agent and checks that no file was cut off; "
    "then relaunch in complete mode.",
    "1i": "{owner} delivers the file as before; do not relaunch in complete mode before that.",
    "1j": "Relaunch the job with the log level Information: then the cause is recorded.",
    "1k": "The platform team checks that the agent is running; look at the first task that failed.",
    "1l": "Read the task's log in Job Results; the cause is there.",
    "1m": "{owner} of the source checks the file; do not synchronize it before that.",
    "2a": "Judge the blocked synchronization: resume it or repair the source.",
    "2c": "An application administrator activates the connector if it is wanted.",
}
_VERIFY: Final = (
    "The new run's export ends without error, every file is newer than its start and not half as long as before; "
    "the data are repaired when the following synchronization has completed."
)
_CALLER: Final = "The data of one connected system were not refreshed; they are being brought up to date."


def diagnose(evidence: Evidence, now: datetime) -> Finding:
    """The finding of one export. Empty evidence gives an unknown one."""
    row = judge(evidence, now)
    if not evidence.tasks_read:
        row = Row(None, Certainty.UNKNOWN, "The tasks of the run could not be read.")
    solved = repaired_by(evidence)
    return Finding(
        symptom=NUMBER,
        cause=row.name,
        certainty=row.certainty,
        title=title(_title(evidence, row, solved), evidence.connector),
        text=_text(row, solved),
        next=_next(evidence, row, solved),
        verify=_VERIFY if row.name in EXTERNAL_ROWS else "",
        evidence=_facts(evidence, row, solved),
        contributing=row.contributing,
        ruled_out=row.ruled_out,
        offers=_offers(evidence, row, solved, now),
        missing=evidence.missing,
        links=(_screen(evidence), links.vendor_page(NUMBER)),
        say_to_caller=_CALLER if evidence.failed else "",
        outlook=_outlook(evidence, row, solved, now),
        as_of=min((page.read_at for page in (evidence.recent,) if page), default=now),
    )


def _outlook(evidence: Evidence, row: Row, solved: TaskRun | None, now: datetime) -> Outlook | None:
    failed = evidence.failed
    if failed is None or solved is not None:
        return None
    own = evidence.exports(failed.connector_id)
    return outlook.of_export(row.kind, evidence.job, own, now, evidence.site.timezone)


def repaired_by(evidence: Evidence) -> TaskRun | None:
    """The first export of the connector that went well after the failed one: nobody has to repair anything."""
    failed = evidence.failed
    if failed is None or failed.kind is not TaskKind.EXPORT or failed.ended_at is None:
        return None
    later = [
        one
        for one in evidence.exports(failed.connector_id)
        if one.state is RunState.COMPLETED
        and one.started_at
        and one.started_at >= failed.ended_at
        and _connection(evidence, one) == _connection(evidence, failed)
    ]
    return min(later, key=lambda one: (one.started_at, one.id), default=None)


def _missed_a_complete_run(evidence: Evidence, solved: TaskRun) -> bool:
    """Whether a complete run failed and only an incremental one has gone well since."""
    of_the_same_task = evidence.failed is not None and evidence.failed.task_id == solved.task_id
    return evidence.job is not None and not evidence.job.is_incremental and not of_the_same_task


def _connection(evidence: Evidence, one: TaskRun) -> str:
    config = evidence.landscape.task(one.task_id)
    return config.connection if config else ""


def _text(row: Row, solved: TaskRun | None) -> str:
    if solved is None:
        return row.why
    again = f"Resolved since: the export went well again in run {solved.job_run_id}, {moment(solved.started_at)}."
    return f"{again} It had failed because {_said(row)}." if row.name in _TITLES else f"{again} {row.why}"


def _said(row: Row) -> str:
    return _SAYS_OF_CLASS.get(row.kind.error_class) or _TITLES.get(row.name or "", "the cause is not known")


def _title(evidence: Evidence, row: Row, solved: TaskRun | None) -> str:
    name = evidence.connector.name if evidence.connector else (evidence.failed.name if evidence.failed else "")
    if evidence.failed is None:
        match row.name:
            case "1m":
                return f"{name} export ended well and wrote nothing new"
            case "2a":
                return f"{name} is not exported: its synchronization is blocked"
            case "2c":
                return f"{name} is not exported: the connector is deactivated"
            case "1k":
                return f"{name} is not exported: scheduled runs have stopped"
            case _:
                return f"{name} export: no failure seen".strip()
    stage = "export" if evidence.failed.kind is TaskKind.EXPORT else "preparation of the files"
    return f"{name} {stage} failed{' (resolved since)' if solved else ''}: {_said(row)}"


def _next(evidence: Evidence, row: Row, solved: TaskRun | None) -> str:
    if solved is not None:
        missed = " Relaunch the complete run that was missed." if _missed_a_complete_run(evidence, solved) else ""
        return f"Nothing has to be repaired.{missed}"
    connector = evidence.connector
    owner = evidence.site.owners.get(connector.identifier, "") if connector else ""
    system = connector.name if connector else "target"
    team = f"The {system} team ({owner})" if owner else f"The {system} team"
    if evidence.failed is None and row.name is None:
        return "If an older run is meant, open it in Job Results and name its number."
    if evidence.failed is None and row.name == "1k":
        return "The platform team checks that the agent and the scheduler are running."
    unread = "Read the task's log in Job Results: without it the cause is not known."
    text = _NEXT_OF_CLASS.get(row.kind.error_class) or _NEXT.get(row.name or "", unread)
    wait = wait_minutes(row.kind, row.line)
    if row.kind.family == "credentials" and failures_in_a_row(evidence) >= _STORM:
        text += " Until then pause the connector's schedule: every further try may lock the account."
    return text.format(owner=team) + (f" It may pass by itself: look again after {wait} minutes." if wait else "")


def _facts(evidence: Evidence, row: Row, solved: TaskRun | None) -> tuple[Fact, ...]:
    failed, facts = evidence.failed, []
    if failed is not None:
        source = f"job run {failed.job_run_id}"
        job = evidence.job.name if evidence.job else "job"
        took = f" after {lasted(failed.took)}" if failed.took else ""
        facts.append(Fact("Failed task", f"{failed.name} of {job}{took}", source, failed.ended_at or failed.started_at))
    if row.line and evidence.log:
        facts.append(
            Fact("Log", sample(row.line), f"log of {failed.name if failed else 'the task'}", evidence.log.read_at)
        )
    for one in (files_of(evidence) or ())[:_SHOWN_FILES]:
        before = f", before {number(one.previous.size)}" if one.previous and one.previous.size is not None else ""
        cut = ", last line cut off" if one.last_line_complete is False else ""
        facts.append(Fact("File", f"{one.name}: {number(one.size)} bytes{before}{cut}", one.name, one.modified_at))
    if (changed := changed_header(evidence)) is not None:
        facts.append(Fact("Header", header_difference(changed), changed.name, changed.modified_at))
    if failed is not None:
        well, ill = neighbours(evidence, failed)
        if well or ill:
            facts.append(
                Fact(
                    "Other exports of the agent",
                    f"{number(len(well))} went well, {number(len(ill))} failed within the hour",
                    "recent runs",
                    evidence.recent.read_at if evidence.recent else None,
                )
            )
        before_it = last_success(evidence, failed) if failed.kind is TaskKind.EXPORT else None
        if before_it is not None:
            facts.append(Fact("Last success", before_it.name, f"job run {before_it.job_run_id}", before_it.ended_at))
    if solved is not None:
        facts.append(Fact("Went well since", solved.name, f"job run {solved.job_run_id}", solved.ended_at))
    if row.name == "2a" and evidence.recent:
        facts.append(Fact("Synchronization", "blocked", f"connector {evidence.connector_id}", evidence.recent.read_at))
    return tuple(facts)


def failures_in_a_row(evidence: Evidence) -> int:
    """Exports of the connector that failed without a success in between, up to the newest."""
    failed = evidence.failed
    if failed is None:
        return 0
    return sum(1 for _ in takewhile(lambda one: one.state in FAILED, evidence.exports(failed.connector_id)))


def last_success(evidence: Evidence, failed: TaskRun) -> TaskRun | None:
    earlier = [
        one
        for one in evidence.exports(failed.connector_id)
        if one.state is RunState.COMPLETED and one.ended_at and failed.started_at and one.ended_at <= failed.started_at
    ]
    return max(earlier, key=lambda one: (one.ended_at, one.id), default=None)


def _running(evidence: Evidence) -> TaskRun | None:
    return next(
        (
            one
            for one in evidence.recent or ()
            if one.connector_id == evidence.connector_id and one.ended_at is None and one.state is RunState.RUNNING
        ),
        None,
    )


def _offers(evidence: Evidence, row: Row, solved: TaskRun | None, now: datetime) -> tuple[Offer, ...]:
    here = links.opening(_screen(evidence))
    if evidence.failed is None and row.name != "1m":
        return here if row.name is not None else ()
    complete = evidence.landscape.complete_job(evidence.connector_id, evidence.job, evidence.site)
    runs: tuple[JobRun, ...] = evidence.subject.recent or ((evidence.run,) if evidence.run else ())
    offers = [relaunch_complete(complete, runs, _why_not(evidence, row, solved, now))]
    job = evidence.job
    if row.name in {"1j", None} and job is not None and not job.user_start_denied and not _running(evidence):
        offers.append(Offer(ActionKind.RELAUNCH, job.id, "Relaunch job", seen=job_fingerprint(job, runs)))
    return (*offers, *here)


def _screen(evidence: Evidence) -> Link:
    return links.job_results(
        evidence.site,
        run_id=evidence.run.id if evidence.run else None,
        job_id=evidence.run.job_id if evidence.run else None,
        connector=evidence.connector.name if evidence.connector else "",
    )


def _why_not(evidence: Evidence, row: Row, solved: TaskRun | None, now: datetime) -> str:
    """Why a complete run must not be started now; "" = it may, once the cause has been removed."""
    if (running := _running(evidence)) is not None:
        return f"Run {running.job_run_id} of this connector is in progress; wait until it has ended."
    if evidence.connector is not None and evidence.connector.deactivated:
        return "The connector is deactivated."
    if solved is not None:
        missed = _missed_a_complete_run(evidence, solved)
        return "" if missed else "It is resolved already: the export went well again since."
    if row.name in {"1i", "1m"}:
        return "A complete run on a changed or empty file deletes data: repair the file first."
    if row.name not in EXTERNAL_ROWS:
        return "The cause is not known: read the log first."
    failed = evidence.failed
    wait = wait_minutes(row.kind, row.line)
    if wait and failed is not None and failed.ended_at and now < failed.ended_at + timedelta(minutes=wait):
        return f"It may pass by itself: wait until {moment(failed.ended_at + timedelta(minutes=wait))}."
    return ""
