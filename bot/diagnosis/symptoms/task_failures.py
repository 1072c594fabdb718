"""Tasks other than exports that failed, which a caller reports as "the job failed" (troubleshooting 2.9, job names).

A fulfilment that failed before it sent an order is judged by the table of exports, with the direction "write".
"""

import asyncio
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from bot.diagnosis import links
from bot.diagnosis.catalogue import UNKNOWN, ErrorKind, classify_log
from bot.diagnosis.fingerprint import job_fingerprint
from bot.diagnosis.landscape import Landscape, landscape
from bot.diagnosis.masking import sample
from bot.diagnosis.reading import Reads
from bot.diagnosis.site import Site
from bot.diagnosis.subject import Subject
from bot.diagnosis.words import lasted, title
from bot.model.file import TaskLog
from bot.model.finding import ActionKind, Certainty, Fact, Finding, Missing, Offer
from bot.model.job import JobRun, TaskKind, TaskRun
from bot.ports import NimReads

_WRITING: Final = {
    "credentials": ("1c", Certainty.CONFIRMED),
    "rights": ("1d", Certainty.CONFIRMED),
    "certificate": ("1e", Certainty.CONFIRMED),
    "quota": ("1g", Certainty.CONFIRMED),
    "file": ("1h", Certainty.CONFIRMED),
    "disk": ("1h", Certainty.CONFIRMED),
    "network": ("1a", Certainty.LIKELY),
    "target": ("1a", Certainty.LIKELY),
    "address": ("1f", Certainty.LIKELY),
}
_RULES: Final = frozenset(
    {TaskKind.ROLE_MODEL, TaskKind.EXPRESSIONS, TaskKind.CORRELATION_KEYS, TaskKind.CLASSIFICATION}
)
_ERROR_LEVELS: Final = frozenset({"error", "fatal", "critical"})


@dataclass(frozen=True, slots=True)
class Evidence:
    subject: Subject
    site: Site
    landscape: Landscape
    task: TaskRun
    log: TaskLog | None = None
    missing: tuple[Missing, ...] = ()


async def gather(nim: NimReads, subject: Subject, task: TaskRun, site: Site) -> Evidence:
    """No request to Identity Manager beyond the catalogue; one to the companion."""
    reads = Reads()
    world, log = await asyncio.gather(
        landscape(nim.catalogue, reads),
        reads.attempt(
            nim.files.task_log(task.id),
            f"the log of task {task.name}",
            without="Without it the cause is not known.",
            look_at="Job Results > the task's line",
        ),
    )
    return Evidence(subject, site, world, task, log, reads.missing)


def diagnose(evidence: Evidence, now: datetime) -> Finding:
    """What the failed task's log says of it."""
    task, kind, line = evidence.task, UNKNOWN, ""
    if evidence.log is not None:
        errors = tuple(one.text for one in evidence.log.lines if one.level.lower() in _ERROR_LEVELS)
        kind, line = classify_log(errors or tuple(one.text for one in evidence.log.lines))
    symptom, row, certainty = _row(task.kind, kind)
    job = evidence.landscape.job(evidence.subject.run.job_id) if evidence.subject.run else None
    name = job.name if job else "The job"
    connector = evidence.landscape.connector(task.connector_id)
    source = f"job run {task.job_run_id}"
    took = f" after {lasted(task.took)}" if task.took is not None else ""
    facts = [
        Fact("Failed task", f"{task.name} ({task.kind.value}){took}", source, task.ended_at or task.started_at or now)
    ]
    if line and evidence.log:
        facts.append(Fact("Log", sample(line), f"log of {task.name}", evidence.log.read_at))
    runs: tuple[JobRun, ...] = evidence.subject.recent or ((evidence.subject.run,) if evidence.subject.run else ())
    return Finding(
        symptom=symptom,
        cause=row,
        certainty=certainty,
        title=title(f"{name} failed in {task.name}: {_short(task.kind, kind)}"),
        text=_text(task.kind, kind, line),
        next=_next(task.kind, kind),
        verify="The task ends without error in the next run." if row else "",
        evidence=tuple(facts),
        offers=(
            Offer(
                ActionKind.RELAUNCH,
                job.id,
                "Relaunch job",
                allowed=not job.user_start_denied,
                why_not="Identity Manager does not let people start this job." if job.user_start_denied else "",
                seen=job_fingerprint(job, runs),
            ),
        )
        if job
        else (),
        missing=evidence.missing,
        links=(
            links.job_results(
                evidence.site,
                run_id=task.job_run_id,
                job_id=job.id if job else None,
                connector=connector.name if connector else "",
            ),
            *((links.vendor_page(symptom),) if symptom else ()),
        ),
        say_to_caller="The nightly processing stopped before the end; the changes follow once it has been repaired.",
        as_of=now,
    )


def _row(task: TaskKind, kind: ErrorKind) -> tuple[int | None, str | None, Certainty]:
    if task is TaskKind.FULFILL:
        row, certainty = _WRITING.get(kind.family, (None, Certainty.UNKNOWN))
        return (1, row, certainty) if row else (5, None, Certainty.UNKNOWN)
    if task in _RULES and kind.error_class == "nim/expression":
        return 5, "5i", Certainty.LIKELY
    return None, None, Certainty.POSSIBLE if kind.known else Certainty.UNKNOWN


def _short(task: TaskKind, kind: ErrorKind) -> str:
    if not kind.known:
        return "the cause is not known"
    if task in _RULES and kind.error_class == "nim/expression":
        return "a rule's expression fails"
    return {
        "credentials": "the logon was refused",
        "rights": "a right is missing",
        "network": "the target could not be reached",
        "target": "the target was not available",
        "certificate": "a certificate was refused",
        "disk": "no space is left",
        "quota": "a limit is reached",
    }.get(kind.family, kind.error_class)


def _text(task: TaskKind, kind: ErrorKind, line: str) -> str:
    before = "It failed before any order was sent: the orders stay pending. " if task is TaskKind.FULFILL else ""
    if kind.known:
        return f"{before}{kind.advice}"
    return f"{before}{'Its log says nothing that the catalogue knows.' if line else 'No text tells the cause.'}"


def _next(task: TaskKind, kind: ErrorKind) -> str:
    if task in _RULES and kind.error_class == "nim/expression":
        return "An application administrator corrects the rule, then recomputes one person before all."
    if not kind.known:
        return "Read the task's log in Job Results; with the log level None, relaunch with Information."
    if kind.side == "external":
        return "The target's team removes the cause; then relaunch the job."
    return "The platform team removes the cause; then relaunch the job."
