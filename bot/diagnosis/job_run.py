"""One run of a job: which task failed, and the finding of the symptom that this is (troubleshooting 2.9)."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

from bot.diagnosis import links
from bot.diagnosis.landscape import landscape
from bot.diagnosis.reading import Reads
from bot.diagnosis.site import Site
from bot.diagnosis.subject import Subject
from bot.diagnosis.symptoms import errored_orders, exports, provisioning_threshold, sync_threshold, task_failures
from bot.diagnosis.words import counted, moment, title
from bot.model.finding import Certainty, Fact, Finding, Missing, Remark
from bot.model.job import TROUBLED, JobRun, RunState, TaskKind, TaskRun
from bot.ports import NimReads

_SYMPTOM_OF: Final = {TaskKind.EXPORT: "1", TaskKind.PREPARE: "1", TaskKind.FULFILL: "5", TaskKind.ROLE_MODEL: "5i"}


@dataclass(frozen=True, slots=True)
class Trouble:
    """The first task that went wrong, in the order of the pipeline, and the others."""

    first: TaskRun
    others: tuple[TaskRun, ...] = ()

    @property
    def blocked(self) -> bool:
        return self.first.state is RunState.BLOCKED


def trouble_in(tasks: Sequence[TaskRun]) -> Trouble | None:
    """None when every task that ran went well. A job in green or yellow may hold a failed task."""
    wrong = [one for one in tasks if one.state in TROUBLED]
    blocked = [one for one in wrong if one.state is RunState.BLOCKED]
    if not wrong:
        return None
    first = blocked[0] if blocked else wrong[0]
    return Trouble(first, tuple(one for one in wrong if one is not first))


async def examine_run(
    nim: NimReads, run: JobRun, site: Site, now: datetime, *, recent: tuple[JobRun, ...] = ()
) -> Finding:
    """The finding of one run. `recent` are runs of the job that were just read, newest first."""
    subject = Subject(run=run, recent=recent, job_id=run.job_id)
    name = run.job_name or run.job_identifier or f"Job {run.job_id}"
    if not run.ended and run.state in {RunState.RUNNING, RunState.QUEUED, RunState.UNKNOWN}:
        return _plain(
            run, site, now, f"{name} is running", f"Run {run.id} is in progress since {moment(run.started_at)}."
        )
    if run.state is RunState.CANCELLED:
        by = "somebody" if not run.started_by else "a person"
        return _plain(run, site, now, f"{name} was cancelled", f"Run {run.id} was stopped by {by}; it did not fail.")
    if (stopped := await _of_blocked_generation(nim, subject, run, site, now)) is not None:
        return stopped
    reads = Reads()
    tasks = await reads.attempt(nim.task_runs(run.id), "the tasks of the run", look_at="Job Results")
    if tasks is None:
        return _unread(run, site, now, name, reads.missing)
    trouble = trouble_in(tasks)
    if trouble is None:
        found = await _let_through(nim, subject, tasks, site, now) or await _skipped(nim, subject, tasks, site, now)
        return found or await _left_behind(nim, run, site, now, name) or _no_failed_task(run, site, now, name)
    return _with_others(await _of_task(nim, subject, trouble, tasks, site, now), trouble)


def _with_others(found: Finding, trouble: Trouble) -> Finding:
    also = tuple(
        Remark(_SYMPTOM_OF.get(one.kind, ""), f"task {one.name} ({one.kind.value}) failed too")
        for one in trouble.others
    )
    return replace(found, contributing=found.contributing + also)


async def _of_blocked_generation(
    nim: NimReads, subject: Subject, run: JobRun, site: Site, now: datetime
) -> Finding | None:
    """A blocked run of a job that can stop at a provisioning threshold only: its tasks are among the recent ones.

    None where the job holds another task that stops, or where the run is older than what was read.
    """
    if run.state is not RunState.BLOCKED:
        return None
    world = await landscape(nim.catalogue, Reads())
    kinds = {one.kind for one in world.tasks_of(run.job_id)}
    if TaskKind.GENERATE not in kinds or TaskKind.SYNCHRONIZE in kinds:
        return None
    evidence = await provisioning_threshold.gather(nim, subject, site, now)
    own = sorted(
        (one for one in evidence.recent or () if one.job_run_id == run.id),
        key=lambda one: (one.started_at is None, one.started_at or now, one.id),
    )
    trouble = trouble_in(own)
    if evidence.task is None or trouble is None:
        return None
    return _with_others(provisioning_threshold.diagnose(evidence, now), trouble)


async def _let_through(
    nim: NimReads, subject: Subject, tasks: Sequence[TaskRun], site: Site, now: datetime
) -> Finding | None:
    """A green run in which somebody went on past a threshold: it looks well, and may have deleted nearly everything."""
    resumed = next((one for one in tasks if one.is_validation and one.kind is TaskKind.SYNCHRONIZE), None)
    if resumed is None or resumed.state is not RunState.COMPLETED:
        return None
    about = replace(subject, connector_id=resumed.connector_id)
    return sync_threshold.diagnose(await sync_threshold.gather(nim, about, site, now), now)


async def _left_behind(nim: NimReads, run: JobRun, site: Site, now: datetime, name: str) -> Finding | None:
    """A green run beside errored orders: no run sends them again before they are unblocked."""
    reads = Reads()
    world = await landscape(nim.catalogue, reads)
    fulfilled = {one.connector_id for one in world.tasks_of(run.job_id) if one.kind is TaskKind.FULFILL} - {None}
    if run.state is not RunState.COMPLETED or not fulfilled:
        return None
    types = world.types_of(fulfilled)
    orders = await reads.attempt(nim.orders(errored=True, resource_type_ids=types), "the errored orders")
    if not orders:
        return None
    left = counted(len(orders), "earlier order", exact=orders.exact)
    still = "is still" if len(orders) == 1 else "are still"
    return replace(
        _plain(
            run,
            site,
            now,
            f"{name} went well; {left} {still} in error",
            f"Run {run.id} ended without a failed task. {left[:1].upper()}{left[1:]} {still} in error: "
            "no run sends them again before they are unblocked.",
        ),
        next="Look at those orders: /nim orders errored",
        missing=reads.missing,
    )


async def _skipped(
    nim: NimReads, subject: Subject, tasks: Sequence[TaskRun], site: Site, now: datetime
) -> Finding | None:
    """A green run that left a connector out: incremental runs skip what a threshold has blocked."""
    run = subject.run
    world = await landscape(nim.catalogue, Reads())
    job = world.job(run.job_id) if run else None
    if run is None or job is None or not job.is_incremental or run.state is not RunState.COMPLETED:
        return None
    planned = {
        one.connector_id for one in world.tasks_of(job.id) if one.kind is TaskKind.EXPORT and not one.deactivated
    }
    own = next((one for one in subject.recent if one.state is RunState.BLOCKED and one.id != run.id), None)
    left_out = planned - {one.connector_id for one in tasks if one.kind is TaskKind.EXPORT} - {None}
    if len(left_out) != 1:
        return None
    if own is not None:
        return await _of_blocked_run(nim, replace(subject, run=own), site, now)
    narrowed = replace(subject, connector_id=next(iter(left_out)))
    found = exports.diagnose(await exports.gather(nim, narrowed, site, now, tasks=tasks), now)
    return found if found.cause is not None else None


async def _of_blocked_run(nim: NimReads, subject: Subject, site: Site, now: datetime) -> Finding | None:
    """An earlier run of the same job that still waits at its threshold: what the skipping comes from."""
    reads = Reads()
    tasks = await reads.attempt(nim.task_runs(subject.run.id), "the tasks of the run") if subject.run else None
    blocked = next((one for one in tasks or () if one.state is RunState.BLOCKED), None)
    if blocked is None or blocked.kind is not TaskKind.SYNCHRONIZE:
        return None
    return sync_threshold.diagnose(await sync_threshold.gather(nim, subject, site, now, task=blocked), now)


async def _of_task(
    nim: NimReads, subject: Subject, trouble: Trouble, tasks: Sequence[TaskRun], site: Site, now: datetime
) -> Finding:
    first = trouble.first
    if trouble.blocked and first.kind is TaskKind.SYNCHRONIZE:
        return sync_threshold.diagnose(await sync_threshold.gather(nim, subject, site, now, task=first), now)
    if trouble.blocked:
        stopped = await provisioning_threshold.gather(nim, subject, site, now, task=first)
        return provisioning_threshold.diagnose(stopped, now)
    match first.kind:
        case TaskKind.EXPORT | TaskKind.PREPARE:
            return exports.diagnose(await exports.gather(nim, subject, site, now, tasks=tasks), now)
        case TaskKind.FULFILL:
            evidence = await errored_orders.gather(nim, subject, site, now)
            if evidence.orders is None or errored_orders.failed_in_run(evidence):
                return errored_orders.diagnose(evidence, now)
    return task_failures.diagnose(await task_failures.gather(nim, subject, first, site), now)


def _facts(run: JobRun) -> tuple[Fact, ...]:
    return (Fact("State", run.state.value, f"job run {run.id}", run.ended_at or run.started_at),)


def _plain(run: JobRun, site: Site, now: datetime, headline: str, text: str) -> Finding:
    return Finding(
        symptom=None,
        cause=None,
        certainty=Certainty.CONFIRMED,
        title=title(headline),
        text=text,
        evidence=_facts(run),
        links=(links.job_results(site, run_id=run.id, job_id=run.job_id),),
        as_of=now,
    )


def _unread(run: JobRun, site: Site, now: datetime, name: str, missing: tuple[Missing, ...]) -> Finding:
    return replace(
        _plain(run, site, now, f"{name}: run {run.id} is {run.state.value}", "Its tasks could not be read."),
        certainty=Certainty.UNKNOWN,
        next="Open Job Results and look for the first failed task.",
        missing=missing,
    )


def _no_failed_task(run: JobRun, site: Site, now: datetime, name: str) -> Finding:
    if run.state is RunState.COMPLETED:
        return _plain(run, site, now, f"{name} went well", f"Run {run.id} ended without a failed task.")
    return replace(
        _plain(run, site, now, f"{name}: run {run.id} is {run.state.value}", "No task of it is shown as failed."),
        certainty=Certainty.UNKNOWN,
        next="Open Job Results: the service account may not see every task.",
    )
