"""`job NAME [run N]`: one job's last runs, its tasks, and what is wrong with the run that was asked about."""

import re
from collections.abc import Sequence
from dataclasses import replace

from bot.desk.command import Asking, Command
from bot.desk.find import the_job
from bot.desk.jobs import run_cells, state_word
from bot.diagnosis.job_run import examine_run
from bot.errors import NotFound
from bot.model.answer import Answer, AnswerKind, Cell, Row, Section
from bot.model.finding import ActionKind, Finding, Offer
from bot.model.ids import JobRunId
from bot.model.intent import Intent, Verb
from bot.model.job import Job, JobRun, TaskRun

RUNS_READ = 8
_RUN = re.compile(r"^(?P<name>.*?)\s+run\s+(?P<run>-?\d+)$", re.IGNORECASE)


async def run(asking: Asking) -> Answer:
    name, run_id = _words(asking.intent.thing)
    if not name:
        raise NotFound("Which job?", next_step="For example: /nim job AD_Provisioning · all of them: /nim jobs")
    job = await the_job(replace(asking, intent=asking.intent.about(name)), name)
    recent = await asking.nim.job_runs(job.id, limit=RUNS_READ)
    one = next((run for run in recent if run.id == run_id), None) if run_id else next(iter(recent), None)
    if one is None and run_id:
        one = await asking.nim.job_run(run_id)
    if one is None:
        return _never_ran(job)
    finding = await examine_run(asking.nim, one, asking.facts.site, asking.env.now(), recent=recent.items)
    if finding.symptom is not None or finding.cause is not None:
        return _found(finding)
    return _listed(asking, job, one, finding, recent.items, await asking.nim.task_runs(one.id))


def _words(thing: str) -> tuple[str, JobRunId | None]:
    found = _RUN.match(thing)
    return (found["name"], JobRunId(found["run"])) if found else (thing, None)


def _never_ran(job: Job) -> Answer:
    return Answer(
        kind=AnswerKind.ANSWER,
        title=f"{job.name} has never run",
        text="No run of it is visible to the service account.",
        offers=(_relaunch(job, None),),
    )


def _found(finding: Finding) -> Answer:
    return Answer(
        kind=AnswerKind.FINDING,
        title=finding.title,
        text=finding.text,
        next=finding.next,
        finding=finding,
        as_of=finding.as_of,
    )


def _listed(
    asking: Asking, job: Job, one: JobRun, finding: Finding, recent: Sequence[JobRun], tasks: Sequence[TaskRun]
) -> Answer:
    sections = (
        Section(title=f"Tasks of run {one.id}", rows=tuple(_task_row(task) for task in tasks)),
        Section(
            title="Last runs",
            rows=tuple(
                Row(
                    title=f"Run {run.id}",
                    mark=state_word(run),
                    cells=run_cells(run),
                    opens=Intent(Verb.JOB, thing=f"{job.identifier} run {run.id}", env=asking.env.name),
                )
                for run in recent
            ),
        ),
    )
    return Answer(
        kind=AnswerKind.ANSWER,
        title=finding.title,
        text=finding.text,
        next=finding.next,
        sections=sections,
        offers=finding.offers or (_relaunch(job, one),),
        links=finding.links,
        missing=finding.missing,
        as_of=finding.as_of,
    )


def _task_row(task: TaskRun) -> Row:
    when = task.ended_at or task.started_at
    cells = (
        Cell(task.kind.value),
        Cell("ended" if task.ended_at else "started", at=when) if when else Cell("not started"),
    )
    return Row(title=task.name or task.identifier, mark=task.state.value, cells=cells)


def _relaunch(job: Job, last: JobRun | None) -> Offer:
    denied = "Identity Manager does not let people start this job." if job.user_start_denied else ""
    running = f"Run {last.id} is in progress." if last is not None and not last.ended else ""
    why_not = denied or running
    return Offer(
        ActionKind.RELAUNCH,
        job.id,
        "Relaunch job",
        allowed=not why_not,
        why_not=why_not,
        seen=last.id if last else "",
    )


COMMAND = Command(
    verb=Verb.JOB,
    run=run,
    usage="job NAME [run N]",
    summary="One job: its last runs, tasks, errors, and what is wrong",
    examples=("job AD_Provisioning",),
)
