"""What is read to judge stale or missing data of one connector: when it was synchronized, and what came through."""

import asyncio
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final

from bot.diagnosis.landscape import Landscape, landscape
from bot.diagnosis.reading import Reads
from bot.diagnosis.site import Site
from bot.diagnosis.subject import Subject
from bot.model.change import TableMapping
from bot.model.file import AgentFile, Folder
from bot.model.finding import Missing
from bot.model.job import Connector, Job, JobRun, Limits, RunState, TaskKind, TaskRun
from bot.model.page import Page
from bot.model.value import ResourceVersion
from bot.ports import NimReads

LOOK_BACK: Final = timedelta(days=4)
COMPUTED_BACK: Final = timedelta(hours=12)
_COMPUTING: Final = frozenset({TaskKind.ROLE_MODEL, TaskKind.EXPRESSIONS, TaskKind.CORRELATION_KEYS})


@dataclass(frozen=True, slots=True)
class Evidence:
    subject: Subject
    site: Site
    landscape: Landscape
    connector: Connector | None = None
    """Read now: blocks and deactivation change while jobs run."""
    recent: Page[TaskRun] | None = None
    """Tasks of the connector, newest first."""
    latest: Page[JobRun] | None = None
    """The newest run of each job."""
    tables: Sequence[tuple[TableMapping, Limits]] | None = None
    files: tuple[AgentFile, ...] | None = None
    prepared: tuple[AgentFile, ...] | None = None
    """Output of the preparation, with the rows that it threw out."""
    found: Page[ResourceVersion] | None = None
    """The object that is missed, looked up by its key."""
    before: Page[ResourceVersion] | None = None
    """The same as it was before the run that may have removed it, where it is not stored now."""
    other: Page[ResourceVersion] | None = None
    """The other end of a link that is missed."""
    everything: Page[TaskRun] | None = None
    """Tasks of all connectors and of the server of the last hours."""
    missing: tuple[Missing, ...] = ()

    def tasks(self, kind: TaskKind) -> list[TaskRun]:
        return [one for one in self.recent or () if one.kind is kind]

    def jobs(self, *, incremental: bool) -> tuple[Job, ...]:
        if self.connector is None:
            return ()
        return tuple(
            job
            for job in self.landscape.jobs_of(self.connector.id, TaskKind.SYNCHRONIZE)
            if job.is_incremental is incremental and not job.is_initialization
        )

    def synchronized(self, *, incremental: bool) -> TaskRun | None:
        """The newest synchronization that ended well and that only jobs of this kind can have run."""
        return _newest(
            one
            for one in self.tasks(TaskKind.SYNCHRONIZE)
            if one.state is RunState.COMPLETED and self.is_incremental(one) is incremental
        )

    def is_incremental(self, one: TaskRun) -> bool | None:
        """By the jobs that hold the task, else by the run's own job; None where neither tells."""
        kinds = {
            job.is_incremental
            for job in self.landscape.jobs
            if any(task.id == one.task_id for task in self.landscape.tasks_of(job.id))
        }
        if len(kinds) == 1:
            return next(iter(kinds))
        run = next((run for run in self.latest or () if run.id == one.job_run_id), None)
        job = self.landscape.job(run.job_id) if run else None
        if job is not None:
            return job.is_incremental
        exports = [other for other in self.tasks(TaskKind.EXPORT) if other.job_run_id == one.job_run_id]
        flags = {config.ignore_cookie for other in exports if (config := self.landscape.task(other.task_id))}
        return not flags.pop() if len(flags) == 1 and None not in flags else None

    @property
    def removing(self) -> tuple[TaskRun, ...]:
        """Synchronizations that are known to have removed rows, oldest first."""
        found = [
            (one.started_at, one.id, one)
            for one in self.tasks(TaskKind.SYNCHRONIZE)
            if one.state is RunState.COMPLETED and one.started_at and one.progress is not None and one.progress.deleted
        ]
        return tuple(one for *_, one in sorted(found, key=lambda one: one[:2]))

    @property
    def running(self) -> TaskRun | None:
        return next((one for one in self.recent or () if one.ended_at is None and one.state is RunState.RUNNING), None)

    @property
    def computed(self) -> TaskRun | None:
        """The newest computation of expressions, keys or role model that ended well."""
        return _newest(
            one for one in self.everything or () if one.kind in _COMPUTING and one.state is RunState.COMPLETED
        )


def _newest(runs: Iterable[TaskRun]) -> TaskRun | None:
    ended = [(one.ended_at, one.id, one) for one in runs if one.ended_at is not None]
    return max(ended, key=lambda one: one[:2])[2] if ended else None


async def gather(nim: NimReads, subject: Subject, site: Site, now: datetime) -> Evidence:
    """At most six requests to Identity Manager, two to the companion."""
    reads = Reads()
    world = await landscape(nim.catalogue, reads)
    connector_id = subject.connector_id
    if connector_id is None:
        return Evidence(subject, site, world, missing=reads.missing)
    known = world.connector(connector_id)
    (connector, recent, latest, tables), (files, prepared), (found, other) = await asyncio.gather(
        asyncio.gather(
            reads.attempt(
                nim.connector(connector_id),
                "the connector",
                without="Whether it is blocked or deactivated is not known.",
            ),
            reads.attempt(
                nim.recent_task_runs(now - LOOK_BACK, connector_id=connector_id),
                "the runs of the connector",
                without="How old the data are is not known.",
            ),
            reads.attempt(nim.latest_runs(), "the newest run of each job"),
            reads.attempt(nim.table_limits(connector_id), "the number of stored rows"),
        ),
        asyncio.gather(
            reads.attempt(
                nim.files.agent_files(known.agent_id, Folder.EXPORT_OUTPUT),
                "the export files",
                without="It can be seen when it ran, not what it read.",
            )
            if known and known.agent_id
            else _nothing(),
            reads.attempt(nim.files.agent_files(known.agent_id, Folder.COLLECT), "the prepared files")
            if known and known.agent_id
            else _nothing(),
        ),
        asyncio.gather(
            reads.attempt(_stored(nim, subject, subject.key), "the object that is missed"),
            reads.attempt(_stored(nim, subject, subject.other_key), "the other end of the link"),
        ),
    )
    seen = Evidence(
        subject,
        site,
        world,
        connector or known,
        recent,
        latest,
        tuple(pair for pair in tables if pair[0].entity_type) if tables is not None else None,
        tuple(files) if files is not None else None,
        tuple(prepared) if prepared is not None else None,
        found,
        other=other,
    )
    return replace(await _once_more(nim, reads, seen, now), missing=reads.missing)


async def _once_more(nim: NimReads, reads: Reads, seen: Evidence, now: datetime) -> Evidence:
    """What is not stored is looked for in the past; what is stored may only wait for a computation."""
    if seen.found is None or seen.subject.other_key:
        return seen
    if seen.found.items:
        what = "the last computations"
        return replace(seen, everything=await reads.attempt(nim.recent_task_runs(now - COMPUTED_BACK), what))
    at = next((one.started_at for one in seen.removing if one.started_at), now - LOOK_BACK)
    what = "the object as it was before"
    return replace(seen, before=await reads.attempt(_stored(nim, seen.subject, seen.subject.key, as_of=at), what))


async def _stored(
    nim: NimReads, subject: Subject, key: str, *, as_of: datetime | None = None
) -> Page[ResourceVersion] | None:
    """The resource of that key; None where it is not known in which property such a key stands."""
    name = subject.property_name
    if not (key and subject.entity_type and name):
        return None
    return await nim.resources(subject.entity_type, (name,), where=((name, key),), as_of=as_of)


async def _nothing() -> None:
    return None
