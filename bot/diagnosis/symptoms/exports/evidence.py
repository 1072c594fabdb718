"""What is read to judge a failed export: its run and those around it, the task's log, the files it should write."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final

from bot.diagnosis.landscape import Landscape, landscape
from bot.diagnosis.reading import Reads
from bot.diagnosis.site import Site
from bot.diagnosis.subject import Subject
from bot.model.file import AgentFile, Folder, TaskLog
from bot.model.finding import Missing
from bot.model.ids import ConnectorId, TaskId
from bot.model.job import FAILED, Connector, Job, JobRun, RunState, Task, TaskKind, TaskRun
from bot.model.page import Page
from bot.ports import NimReads

LOOK_BACK: Final = timedelta(days=2)
WINDOW: Final = timedelta(hours=1)
MOST_NEIGHBOURS: Final = 3
"""A failed export in a job that goes on ends as a warning: both count as failed."""
MOST_NAMED: Final = 60
"""So many tasks a query may name; beyond that it asks for all, and its page reaches less far back."""
_OWN_TASKS: Final = frozenset({TaskKind.PREPARE, TaskKind.SYNCHRONIZE})
_SOURCE_TASKS: Final = frozenset({TaskKind.EXPORT, TaskKind.PREPARE})


@dataclass(frozen=True, slots=True)
class Evidence:
    subject: Subject
    site: Site
    landscape: Landscape
    run: JobRun | None = None
    tasks: tuple[TaskRun, ...] = ()
    """The tasks of `run` in the order in which they were started."""
    tasks_read: bool = True
    failed: TaskRun | None = None
    """The export (or the preparation of its files) that failed; None when none did."""
    recent: Page[TaskRun] | None = None
    """Tasks of all connectors since two days before."""
    log: TaskLog | None = None
    neighbour_logs: tuple[tuple[TaskRun, TaskLog], ...] = ()
    """Of other connectors of the agent that failed at that time, where none went well."""
    files: tuple[AgentFile, ...] | None = None
    connector_now: Connector | None = None
    """Read when no failed export explains why nothing was exported."""
    missing: tuple[Missing, ...] = ()

    @property
    def connector_id(self) -> ConnectorId | None:
        if self.failed is not None and self.failed.connector_id:
            return self.failed.connector_id
        if self.subject.connector_id:
            return self.subject.connector_id
        known = {one.connector_id for one in self.tasks if one.connector_id}
        return next(iter(known)) if len(known) == 1 else None

    @property
    def connector(self) -> Connector | None:
        return self.connector_now or self.landscape.connector(self.connector_id)

    @property
    def job(self) -> Job | None:
        return self.landscape.job(self.run.job_id) if self.run else None

    @property
    def config(self) -> Task | None:
        return self.landscape.task(self.failed.task_id) if self.failed else None

    def exports(self, connector_id: ConnectorId | None) -> list[TaskRun]:
        """Ended exports of a connector among the recent ones, newest first."""
        return [
            one
            for one in self.recent or ()
            if one.kind is TaskKind.EXPORT and one.connector_id == connector_id and one.ended_at
        ]


async def gather(
    nim: NimReads, subject: Subject, site: Site, now: datetime, *, tasks: Sequence[TaskRun] | None = None
) -> Evidence:
    """Two or three requests to Identity Manager and up to two to the companion.

    `tasks` are those of the run, where they have been read just before.
    """
    reads = Reads()
    since = (subject.run.started_at if subject.run and subject.run.started_at else now) - LOOK_BACK
    world = await landscape(nim.catalogue, reads)
    read, recent = await asyncio.gather(
        reads.attempt(nim.task_runs(subject.run.id), "the tasks of the run", look_at="Job Results")
        if subject.run and tasks is None
        else _nothing(),
        reads.attempt(
            nim.recent_task_runs(since, task_ids=_telling(world, subject)),
            "the recent runs of all connectors",
            without="A fault of the target cannot be told from one of the agent.",
        ),
    )
    asked_about_connector = tasks is None and subject.connector_id is not None
    tasks = tasks if tasks is not None else read
    run, own = subject.run, tuple(tasks or ())
    if run is None:
        run, own = _newest_with_export(subject.connector_id, recent.items if recent else ())
    failed = first_failed_source_task(own, subject.connector_id)
    if failed is None and asked_about_connector and (failed := _earlier_failure(subject.connector_id, recent)):
        run = await reads.attempt(nim.job_run(failed.job_run_id), f"run {failed.job_run_id}")
    seen = Evidence(
        subject,
        site,
        world,
        run,
        own,
        tasks_read=tasks is not None or subject.run is None,
        failed=failed,
        recent=recent,
    )
    agent = failed.agent_id if failed else next((one.agent_id for one in own if one.kind is TaskKind.EXPORT), None)
    log, files, connector = await asyncio.gather(
        reads.attempt(
            nim.files.task_log(failed.id),
            f"the log of task {failed.name}",
            without="Without it the cause is not known.",
            look_at="Job Results > the task's line",
        )
        if failed
        else _nothing(),
        reads.attempt(
            nim.files.agent_files(agent, Folder.EXPORT_OUTPUT),
            "the export files",
            without="Nothing is said of their age and size.",
        )
        if agent
        else _nothing(),
        reads.attempt(nim.connector(seen.connector_id), "the connector")
        if failed is None and seen.connector_id
        else _nothing(),
    )
    return replace(
        seen,
        log=log,
        neighbour_logs=await _neighbour_logs(nim, reads, seen, failed) if failed and log and log.lines else (),
        files=tuple(files) if files is not None else None,
        connector_now=connector,
        missing=reads.missing,
    )


def _telling(world: Landscape, subject: Subject) -> tuple[TaskId, ...]:
    """Every export task, and what the connector in question does with its own: a page of all tasks is soon full."""
    own = {subject.connector_id} - {None} or (world.connectors_of(subject.run.job_id) if subject.run else set())
    found = tuple(
        one.id
        for one in world.tasks
        if one.kind is TaskKind.EXPORT or (one.kind in _OWN_TASKS and (not own or one.connector_id in own))
    )
    return found if len(found) <= MOST_NAMED else ()


async def _neighbour_logs(
    nim: NimReads, reads: Reads, seen: Evidence, failed: TaskRun
) -> tuple[tuple[TaskRun, TaskLog], ...]:
    """Whether the others failed for the same reason: asked of the companion only where none of them went well."""
    well, ill = nearest(seen, failed)
    if well or not ill:
        return ()
    read = await asyncio.gather(
        *(
            reads.attempt(
                nim.files.task_log(one.id),
                f"the log of task {one.name}",
                without="A fault of the agent cannot be told from two faults at once.",
            )
            for one in ill[:MOST_NEIGHBOURS]
        )
    )
    return tuple((one, log) for one, log in zip(ill, read, strict=False) if log is not None)


async def _nothing() -> None:
    return None


def first_failed_source_task(tasks: Sequence[TaskRun], connector_id: ConnectorId | None = None) -> TaskRun | None:
    """The first export or preparation that failed, or that never started in a run that is over."""
    wanted = [
        one
        for one in tasks
        if one.kind in _SOURCE_TASKS and (connector_id is None or one.connector_id in {connector_id, None})
    ]
    return next((one for one in wanted if one.state in FAILED), None) or next(
        (one for one in wanted if one.started_at is None and one.state is RunState.QUEUED), None
    )


def _earlier_failure(connector_id: ConnectorId | None, recent: Page[TaskRun] | None) -> TaskRun | None:
    """The newest failure of a connector whose newest run went well: what somebody asks about may be over."""
    return next(
        (
            one
            for one in recent or ()
            if one.kind in _SOURCE_TASKS and one.connector_id == connector_id and one.state in FAILED
        ),
        None,
    )


def _newest_with_export(
    connector_id: ConnectorId | None, recent: Sequence[TaskRun]
) -> tuple[JobRun | None, tuple[TaskRun, ...]]:
    """Without a run to ask about: the newest run in which this connector was exported, as far as its tasks tell it."""
    newest = next(
        (
            one
            for one in recent
            if one.kind in _SOURCE_TASKS and (connector_id is None or one.connector_id == connector_id)
        ),
        None,
    )
    if newest is None:
        return None, ()
    own = tuple(sorted((one for one in recent if one.job_run_id == newest.job_run_id), key=_started))
    return None, own


def _started(one: TaskRun) -> tuple[bool, str, str]:
    return one.started_at is None, one.started_at.isoformat() if one.started_at else "", one.id


def files_of(evidence: Evidence) -> tuple[AgentFile, ...] | None:
    """The files of the connector, known by its name at their beginning; all of them where no name fits."""
    if evidence.files is None:
        return None
    connector = evidence.connector
    words = {word.lower() for word in (connector.identifier, connector.name) if word} if connector else set()
    return tuple(
        sorted(
            (one for one in evidence.files if any(one.name.lower().startswith(word) for word in words)),
            key=lambda one: one.name,
        )
    )


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
