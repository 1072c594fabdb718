"""What is read to judge a blocked synchronization: its changes, what is stored, its thresholds, the file behind it."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Final

from bot.diagnosis.blocked_task import BlockedTask
from bot.diagnosis.landscape import Landscape, landscape
from bot.diagnosis.measuring import evenly, of_kind, wanted_properties
from bot.diagnosis.reading import Reads
from bot.diagnosis.site import Site
from bot.diagnosis.subject import Subject
from bot.diagnosis.symptoms.sync_threshold import past
from bot.errors import NimError, NimRejected
from bot.model.change import Operation, Progress, RowChange, TableMapping
from bot.model.file import AgentFile, Folder
from bot.model.finding import Missing
from bot.model.ids import ConnectorId, ResourceId, TaskId
from bot.model.job import JobRun, Limits, RunState, TaskKind, TaskRun
from bot.model.page import Page
from bot.model.value import ResourceVersion
from bot.ports import NimReads

MOST_TABLES: Final = 2
"""Tables of one connector whose changes are read: the largest ones. What the others hold is told as not read."""
STORED_ROWS: Final = 1000
SAMPLED: Final = 50
LOOK_BACK: Final = timedelta(days=14)


@dataclass(frozen=True, slots=True)
class Table:
    """One entity type of the connector with the changes that wait."""

    mapping: TableMapping
    limits: Limits
    changes: Page[RowChange] | None
    """None = not read."""


@dataclass(frozen=True, slots=True)
class Evidence(BlockedTask):
    tables: tuple[Table, ...] = ()
    unread_tables: tuple[str, ...] = ()
    progress: Progress | None = None
    stored: Page[ResourceVersion] | None = None
    """Rows as they are stored, of the table with the most changes: where rows stand at all."""
    olds: Page[ResourceVersion] | None = None
    """The stored rows of an even sample of the changed ones."""
    stored_of: str = ""
    properties: Mapping[str, Sequence[str]] = field(default_factory=dict)
    files: tuple[AgentFile, ...] | None = None
    recent: Page[TaskRun] | None = None
    """Synchronizations of the connector since two weeks before, and what of it has not ended; newest first."""
    resumed_run: JobRun | None = None
    """The newest run with which somebody went on past a threshold of the connector; None where there is none."""
    missing: tuple[Missing, ...] = ()


async def gather(
    nim: NimReads, subject: Subject, site: Site, now: datetime, *, task: TaskRun | None = None
) -> Evidence:
    """At most six requests. `task` is the blocked task where it was read just before; else it is looked for."""
    reads = Reads()
    world = await landscape(nim.catalogue, reads)
    connector_id = task.connector_id if task else subject.connector_id
    started = (subject.run.started_at if subject.run else None) or now
    properties, recent = await asyncio.gather(
        reads.attempt(nim.catalogue.properties(), "the properties of the entity types"),
        reads.attempt(
            nim.recent_task_runs(
                started - LOOK_BACK, connector_id=connector_id, task_ids=_synchronizing(world, connector_id)
            ),
            "the runs of the connector",
            without="Whether the block is still the newest state is not known.",
        ),
    )
    task = task or _blocked(recent)
    resumption = past.resumption(recent or (), task.connector_id if task else connector_id)
    run = subject.run or (await _run_of(nim, reads, task) if task else None)
    seen = Evidence(subject, site, world, task, run, recent=recent, properties=properties or {})
    if resumption is not None and past.is_settled(task, resumption):
        return await _settled(nim, reads, seen, resumption)
    if task is None or seen.connector_id is None:
        return replace(seen, missing=reads.missing)
    limits, progress, files = await asyncio.gather(
        reads.attempt(
            nim.table_limits(seen.connector_id),
            "the thresholds of the tables",
            without="Which threshold stopped it is not known.",
        ),
        reads.attempt(nim.files.progress(task.id), "the counters of the task")
        if task.progress is None
        else _shown(task.progress),
        reads.attempt(
            nim.files.agent_files(task.agent_id or _agent(seen), Folder.EXPORT_OUTPUT),  # type: ignore[arg-type]
            "the export files",
            without="A blank file can be told from a real change by its size only.",
        )
        if task.agent_id or _agent(seen)
        else _nothing(),
    )
    entity_tables = [pair for pair in limits or () if pair[0].entity_type]
    ordered = sorted(entity_tables, key=lambda pair: (-(pair[0].stored or 0), pair[0].entity_type))
    resumed = past.let_through(
        recent.items if recent else (),
        seen.connector_id,
        past.stored_in([mapping.stored for mapping, _ in entity_tables]),
    )
    wrong = resumed.task if resumed and resumed.wrong else None
    resumed_run, pages = await asyncio.gather(
        _run_of(nim, reads, wrong) if wrong else _nothing(),
        _changes(nim, reads, [mapping.entity_type for mapping, _ in ordered[:MOST_TABLES]], task),
    )
    tables = tuple(
        Table(mapping, limit, page) for (mapping, limit), page in zip(ordered[:MOST_TABLES], pages, strict=True)
    )
    tables = await _with_deletions(nim, reads, tables, progress, task)
    chosen, stored, olds = await _stored(nim, reads, tables, properties or {}) if wrong is None else ("", None, None)
    return replace(
        seen,
        tables=tables,
        unread_tables=tuple(mapping.entity_type for mapping, _ in ordered[MOST_TABLES:]),
        progress=progress,
        stored=stored,
        olds=olds,
        stored_of=chosen,
        files=tuple(files) if files is not None else None,
        resumed_run=resumed_run,
        missing=reads.missing,
    )


async def _changes(
    nim: NimReads, reads: Reads, entity_types: Sequence[str], task: TaskRun
) -> Sequence[Page[RowChange] | None]:
    return await asyncio.gather(
        *(
            reads.attempt(
                nim.row_changes(name, task.job_run_id),
                f"the changes of {name}",
                without="What would change is not known.",
                look_at="Synchronization Changes",
            )
            for name in entity_types
        )
    )


def _synchronizing(world: Landscape, connector_id: ConnectorId | None) -> tuple[TaskId, ...]:
    """The synchronize tasks of the connector; none where the connector is not known yet."""
    return tuple(
        one.id
        for one in world.tasks
        if one.kind is TaskKind.SYNCHRONIZE and one.connector_id == connector_id and connector_id is not None
    )


async def _run_of(nim: NimReads, reads: Reads, task: TaskRun) -> JobRun | None:
    return await reads.attempt(nim.job_run(task.job_run_id), f"run {task.job_run_id}")


async def _settled(nim: NimReads, reads: Reads, seen: Evidence, resumption: TaskRun) -> Evidence:
    """Who has gone on, and how many rows are left: the list of changes is gone with that."""
    own = seen.subject.run
    known = own if own is not None and own.id == resumption.job_run_id else None
    run, progress, limits = await asyncio.gather(
        _run_of(nim, reads, resumption) if known is None else _known(known),
        reads.attempt(
            nim.files.progress(resumption.id),
            "the counters of the task",
            without="Whether the resume was right cannot be told.",
            look_at="Job Results",
        )
        if resumption.progress is None
        else _shown(resumption.progress),
        reads.attempt(nim.table_limits(seen.connector_id), "the stored rows") if seen.connector_id else _nothing(),
    )
    tables = tuple(Table(mapping, limit, None) for mapping, limit in limits or () if mapping.entity_type)
    recent = past.with_counters(seen.recent, resumption, progress) if seen.recent else None
    return replace(seen, tables=tables, recent=recent, resumed_run=run, missing=reads.missing)


async def _known(run: JobRun) -> JobRun:
    return run


async def _nothing() -> None:
    return None


async def _shown(progress: Progress) -> Progress:
    return progress


def _agent(seen: Evidence) -> str | None:
    return seen.connector.agent_id if seen.connector else None


def _blocked(recent: Page[TaskRun] | None) -> TaskRun | None:
    return next(
        (one for one in recent or () if one.kind is TaskKind.SYNCHRONIZE and one.state is RunState.BLOCKED), None
    )


async def _with_deletions(
    nim: NimReads, reads: Reads, tables: tuple[Table, ...], progress: Progress | None, task: TaskRun
) -> tuple[Table, ...]:
    """A page of changes may hold insertions only; keys that change their format show in deletions beside them.

    One more page, and only for a connector of one table.
    """
    if len(tables) != 1 or progress is None or not progress.deleted:
        return tables
    page = tables[0].changes
    if page is None or page.exact or of_kind(page, Operation.DELETE):
        return tables
    name = tables[0].mapping.entity_type
    further = await reads.attempt(_first_deletions(nim, name, task), f"the deletions of {name}")
    if further is None:
        return tables
    return (replace(tables[0], changes=replace(page, items=page.items + further.items)),)


async def _first_deletions(nim: NimReads, entity_type: str, task: TaskRun) -> Page[RowChange] | None:
    async for page in nim.all_row_changes(entity_type, task.job_run_id, Operation.DELETE):
        return page
    return None


async def _stored(
    nim: NimReads, reads: Reads, tables: Sequence[Table], properties: Mapping[str, Sequence[str]]
) -> tuple[str, Page[ResourceVersion] | None, Page[ResourceVersion] | None]:
    """Of the table with the most changes: where rows stand at all, and what the changed ones hold now."""
    counted = [(len(table.changes), table) for table in tables if table.changes]
    if not counted:
        return "", None, None
    _, table = max(counted, key=lambda pair: (pair[0], pair[1].mapping.entity_type))
    changes = list(table.changes or ())
    name = table.mapping.entity_type
    changed = sorted({key for one in of_kind(changes, Operation.UPDATE) for key in one.values})
    inserted = sorted({key for one in of_kind(changes, Operation.INSERT) for key in one.values})
    wanted = wanted_properties(properties.get(name, ()) or inserted, changed)
    certain = tuple(one for one in wanted if one in {*changed, *inserted})
    moved = of_kind(changes, Operation.DELETE) + of_kind(changes, Operation.UPDATE)
    ids = tuple(ResourceId(one.resource_id) for one in evenly(moved, SAMPLED) if one.resource_id)
    if not wanted:
        return name, None, None
    deletes = len(of_kind(changes, Operation.DELETE)) + len(of_kind(changes, Operation.INSERT))
    olds, stored = await asyncio.gather(
        _rows(nim, reads, name, wanted, certain, ids) if ids else _nothing(),
        _rows(nim, reads, name, wanted, certain, ()) if deletes else _nothing(),
    )
    return name, stored, olds


async def _rows(
    nim: NimReads,
    reads: Reads,
    name: str,
    wanted: tuple[str, ...],
    certain: tuple[str, ...],
    ids: tuple[ResourceId, ...],
) -> Page[ResourceVersion] | None:
    what, without = f"the stored rows of {name}", "Old values cannot be compared with new ones."
    try:
        return await nim.resources(name, wanted, ids=ids, limit=STORED_ROWS)
    except NimRejected:
        # A property may be a navigation, which a query cannot name; those that changed are values for certain.
        if not certain:
            reads.note(what, without)
            return None
        return await reads.attempt(nim.resources(name, certain, ids=ids, limit=STORED_ROWS), what, without=without)
    except NimError as error:
        reads.note(what, f"{error.say} {without}")
        return None
