"""Stale or missing data judged: how old they are, why, and whether a complete run helps. Pure."""

from datetime import datetime, timedelta
from typing import Final

from bot.diagnosis import links
from bot.diagnosis.complete_run import relaunch_complete
from bot.diagnosis.limits import Counts, exceeded
from bot.diagnosis.schedule import next_start
from bot.diagnosis.symptoms.missing_data.evidence import Evidence
from bot.diagnosis.symptoms.missing_data.judging import (
    Cause,
    causes_of,
    differences,
    insane_file,
    is_absent,
    newest,
    rejected_rows,
    remarks_on_rhythm,
    rhythm,
)
from bot.diagnosis.words import lasted, moment, number, title
from bot.model.finding import ActionKind, Certainty, Fact, Finding, Offer, Outlook, Remark
from bot.model.job import Job, TaskRun

NUMBER: Final = 2
_SHORTEST_AGE: Final = timedelta(minutes=2)
"""Seconds are no age of data."""
_HELPED: Final = frozenset({"2e", "2f", "2i", "2k"})
_OF_THE_OBJECT: Final = frozenset({"2g", "2h", "2i", "2j", "2k", "2l"})
_SAYS: Final = {
    "2a": "its synchronization is blocked",
    "2b": "the exports fail",
    "2c": "it is not synchronized by design",
    "2d": "scheduled runs have stopped",
    "2e": "the complete run is overdue",
    "2f": "the database was restored",
    "2g": "the row was rejected",
    "2h": "it may be outside the export",
    "2i": "a later computation is missing",
    "2j": "the other end of the link is not stored",
    "2k": "the next run is not due yet",
    "2l": "a synchronization removed it",
    "2m": "no fault of the synchronization is seen",
}
_NEXT: Final = {
    "2a": "Judge first what the threshold holds back: /nim why {connector} says whether the source is to be repaired.",
    "2b": "Look at the failed export: without it every synchronization works on old files.",
    "2c": "An application administrator activates the connector or adds it to the jobs, if it is wanted.",
    "2d": "The platform team looks at the scheduler and the agent.",
    "2e": "Relaunch the connector's complete job.",
    "2f": "Relaunch the connector's complete job.",
    "2g": "{owner} gives the row a key of its own; a complete run does not help before that.",
    "2h": "{owner} checks whether the object is within the export's filter.",
    "2i": "Relaunch the complete job: it computes everybody.",
    "2j": "{owner} checks whether the missing end is within the export's filter; where the synchronize task lists its "
    "orphans, the link stands there.",
    "2k": "Wait for the next run, or relaunch the connector's complete job now.",
    "2l": "{owner} checks whether the object is still in the source and within the export's filter.",
    "2m": "Look at the view's filter and the asker's permissions.",
}
_NO_RELAUNCH: Final = {
    "2a": "It is blocked by a threshold: judge that first.",
    "2b": "The export fails: repair that first.",
    "2c": "The connector is not synchronized by design.",
    "2d": "The agent or the scheduler has stopped: a relaunch would not start.",
    "2g": "The row is rejected by a complete run too.",
    "2h": "A complete run reads the same scope.",
    "2j": "A complete run drops the link again while its other end is missing.",
    "2l": "A complete run would remove it again while the export leaves it out.",
    "2m": "The data are fresh: a complete run changes nothing.",
}


def diagnose(evidence: Evidence, now: datetime) -> Finding:
    """The finding of one connector's data."""
    connector = evidence.connector
    found = causes_of(evidence, now)
    first = found[0] if found else None
    name = connector.name if connector else "The connector"
    owner = evidence.site.owners.get(connector.identifier, "") if connector else ""
    pages = (evidence.recent, evidence.latest, evidence.found, evidence.everything)
    return Finding(
        symptom=NUMBER,
        cause=first.row if first else None,
        certainty=first.certainty if first else Certainty.UNKNOWN,
        title=title(_title(evidence, name, first, now), connector),
        text=first.why if first else _without_cause(evidence),
        next=_NEXT[first.row].format(
            owner=f"The {name} team ({owner})" if owner else f"The {name} team",
            connector=connector.identifier if connector else "",
        )
        if first
        else "",
        verify=_verify(first),
        evidence=_facts(evidence, now),
        contributing=(*(Remark(one.row, one.why) for one in found[1:]), *remarks_on_rhythm(evidence, now)),
        ruled_out=_ruled_out(evidence, first),
        offers=_offers(evidence, first),
        missing=evidence.missing,
        links=(
            *((links.connector(evidence.site, connector.id, connector.name),) if connector else ()),
            links.vendor_page(NUMBER),
        ),
        say_to_caller="The data of this system are being brought up to date." if first and first.row != "2m" else "",
        as_of=min((page.read_at for page in pages if page is not None), default=now),
        outlook=_outlook(evidence, first, now),
    )


def _title(evidence: Evidence, name: str, first: Cause | None, now: datetime) -> str:
    last = newest([evidence.synchronized(incremental=True), evidence.synchronized(incremental=False)])
    age = (
        f"data are {lasted(max(now - last.ended_at, _SHORTEST_AGE))} old"
        if last and last.ended_at
        else "the age of the data is not known"
    )
    if evidence.subject.key and first is not None and first.row in _OF_THE_OBJECT:
        possible = first.row == "2i" and first.certainty is Certainty.POSSIBLE
        says = "it is stored; what is computed from it may be missing" if possible else _SAYS[first.row]
        return f"{name}: {evidence.subject.key}: {says}"
    if evidence.running is not None and first is None:
        return f"{name}: {age}, a run is in progress"
    return f"{name}: {age}" + (f": {_SAYS[first.row]}" if first else "")


def _without_cause(evidence: Evidence) -> str:
    if evidence.connector is None:
        return "Which connector is meant is not known, or it could not be read."
    if evidence.running is not None:
        return f"Run {evidence.running.job_run_id} is in progress since {moment(evidence.running.started_at)}."
    if is_absent(evidence):
        return (
            f"{evidence.subject.key} is not stored. Whether it was rejected, or is outside the export, cannot be told "
            "without the export files."
        )
    return "The cause could not be determined from what was read."


def _verify(first: Cause | None) -> str:
    if first is None or first.row not in _HELPED:
        return ""
    return "The synchronize task completes, and as many rows are stored as the file holds without the rejected ones."


def _facts(evidence: Evidence, now: datetime) -> tuple[Fact, ...]:
    facts = []
    for label, incremental in (("Last incremental", True), ("Last complete", False)):
        last: TaskRun | None = evidence.synchronized(incremental=incremental)
        jobs = evidence.jobs(incremental=incremental)
        every = rhythm(evidence, jobs, now)
        due = f", due every {lasted(every)}" if every else ""
        if last is not None:
            facts.append(Fact(label, f"completed{due}", f"job run {last.job_run_id}", last.ended_at))
        elif jobs and evidence.recent is not None:
            facts.append(Fact(label, f"none seen{due}", jobs[0].name, evidence.recent.read_at))
    if evidence.connector is not None and evidence.connector.sync_blocked is not None and evidence.recent:
        state = "blocked" if evidence.connector.sync_blocked else "not blocked"
        facts.append(Fact("Threshold", state, f"connector {evidence.connector.name}", evidence.recent.read_at))
    for mapping, _ in list(evidence.tables or ())[:3]:
        if mapping.stored is not None:
            at = evidence.recent.read_at if evidence.recent else now
            facts.append(Fact(mapping.entity_type, f"{number(mapping.stored)} rows stored", "entity type", at))
    for one in differences(evidence):
        rows = f"{number(one.file.rows or 0)} rows, {number(one.rejected)} rejected"
        facts.append(Fact("File", f"{one.file.name}: {rows}", one.file.name, one.file.modified_at))
    if evidence.subject.key and evidence.found is not None:
        told = "is stored" if evidence.found.items else "is not stored"
        facts.append(Fact("Object", f"{evidence.subject.key} {told}", "synchronized data", evidence.found.read_at))
    return tuple(facts)


def _ruled_out(evidence: Evidence, first: Cause | None) -> tuple[Remark, ...]:
    if first is None or first.row not in {"2d", "2e", "2h", "2i", "2m"}:
        return ()
    remarks = []
    if evidence.connector is not None and evidence.connector.sync_blocked is False:
        remarks.append(Remark("2a", "a blocked threshold: the connector is not blocked"))
    if evidence.recent is not None:
        remarks.append(Remark("2b", "a failed export: the newest one went well"))
    if evidence.files and not rejected_rows(evidence):
        remarks.append(Remark("2g", "rejected rows: none in the files"))
    return tuple(remarks[:2])


def _complete(evidence: Evidence) -> Job | None:
    connector = evidence.connector
    return evidence.landscape.complete_job(connector.id, None, evidence.site) if connector else None


def _announced(evidence: Evidence) -> str:
    """What a complete run would stop at, as far as the rows tell it."""
    if evidence.connector is None:
        return ""
    for one in differences(evidence):
        inserted, deleted = max(0, one.count), max(0, -one.count)
        counts = Counts(one.table.stored, inserted=inserted, deleted=deleted)
        over = exceeded(evidence.connector.name, counts, evidence.connector.limits)
        if over:
            return f" It will stop at a threshold ({over[0].told}); an approver resumes it then."
    return ""


def _offers(evidence: Evidence, first: Cause | None) -> tuple[Offer, ...]:
    complete = _complete(evidence)
    if evidence.connector is None:
        return ()
    if evidence.running is not None:
        why_not = f"Run {evidence.running.job_run_id} is in progress; wait until it has ended."
    elif first is None:
        why_not = "The cause is not known."
    elif first.row not in _HELPED:
        why_not = _NO_RELAUNCH[first.row]
    else:
        why_not = insane_file(evidence)
    rejected = (Offer(ActionKind.DETAILS, evidence.connector.id, "Details"),) if first and first.row == "2g" else ()
    return (
        *rejected,
        relaunch_complete(complete, evidence.latest or (), why_not, will_stop=bool(_announced(evidence))),
    )


def _outlook(evidence: Evidence, first: Cause | None, now: datetime) -> Outlook | None:
    if first is None or first.row == "2m":
        return None
    if first.row not in _HELPED:
        return Outlook(heals=False, text="It will not heal by itself.")
    complete = _complete(evidence)
    helping = [*(evidence.jobs(incremental=True) if first.row == "2k" else ()), *([complete] if complete else ())]
    due = [(at, job.name) for job in helping if (at := next_start(job, now, evidence.site.timezone)) is not None]
    if not due:
        return Outlook(heals=False, text="It will not heal by itself: no run that helps is scheduled.")
    at, name = min(due)
    kind = "run" if first.row == "2k" else "complete run"
    repairs = "would repair" if first.certainty is Certainty.POSSIBLE else "repairs"
    text = f"The next {kind} is due {moment(at)} ({name}); it {repairs} this.{_announced(evidence)}"
    return Outlook(heals=True, text=text, next_at=at)
