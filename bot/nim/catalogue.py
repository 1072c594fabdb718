"""The catalogue of one environment: kept for all questions, each part loaded once for all who ask for it at a time."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, TypeVar

from typing_extensions import override

from bot import ports
from bot.errors import NimError
from bot.model.change import TableMapping
from bot.model.ids import ConnectorId, ResourceTypeId
from bot.model.job import Connector, Job, Limits, Step, Task
from bot.model.order import ResourceType
from bot.nim.asking import Asking, Kept
from bot.nim.capabilities import Part
from bot.nim.client import Call
from bot.nim.wire import catalogue as wire
from bot.nim.wire import entities
from bot.nim.wire import jobs as job_wire
from bot.nim.wire.catalogue import EntityKind

T = TypeVar("T")
_TYPE_PARTS: Final = (Part.RESOURCE_TYPE_LIMITS, Part.RESOURCE_TYPE_CONNECTION, Part.RESOURCE_TYPE_KINDS)


@dataclass(frozen=True, slots=True)
class _Jobs:
    jobs: Sequence[Job]
    steps: Sequence[Step]
    tasks: Sequence[Task]
    """Both empty where jobs do not show them: then they are read by themselves."""


@dataclass(frozen=True, slots=True)
class _Connectors:
    connectors: Sequence[Connector]
    tables: Sequence[tuple[TableMapping, Limits]]
    associations: Sequence[tuple[TableMapping, Limits]]
    """Both empty where connectors do not show them: then they are read by themselves."""


@dataclass(frozen=True, slots=True)
class _Types:
    types: Sequence[ResourceType]
    kinds: Sequence[tuple[str, str]]
    """Id and identifier of the entity types that they go from and to; empty where they do not show them."""


class Shelf:
    """What an environment keeps between questions."""

    def __init__(self, seconds: float) -> None:
        self.jobs: Kept[_Jobs] = Kept(seconds)
        self.tasks: Kept[Sequence[Task]] = Kept(seconds)
        self.steps: Kept[Sequence[Step]] = Kept(seconds)
        self.connectors: Kept[_Connectors] = Kept(seconds)
        self.resource_types: Kept[_Types] = Kept(seconds)
        self.entity_kinds: Kept[Sequence[EntityKind]] = Kept(seconds)
        self.tables: Kept[Sequence[tuple[TableMapping, Limits]]] = Kept(seconds)
        self.associations: Kept[Sequence[tuple[TableMapping, Limits]]] = Kept(seconds)

    def forget(self) -> None:
        for part in (self.jobs, self.tasks, self.steps, self.connectors):
            part.forget()
        for other in (self.resource_types, self.entity_kinds, self.tables, self.associations):
            other.forget()


class Catalogue(ports.Catalogue):
    """The shelf as one question sees it: what has to be loaded is written into its ledger."""

    def __init__(self, asking: Asking, shelf: Shelf) -> None:
        self._asking = asking
        self._shelf = shelf

    @override
    async def jobs(self) -> Sequence[Job]:
        return (await self._jobs()).jobs

    @override
    async def tasks(self) -> Sequence[Task]:
        """They come with the jobs; only where they do not, they are asked for by themselves."""
        beside = await tried(self._jobs)
        return beside.tasks if beside and beside.tasks else await self._shelf.tasks.get(self._load_tasks)

    @override
    async def steps(self) -> Sequence[Step]:
        """As the tasks."""
        beside = await tried(self._jobs)
        return beside.steps if beside and beside.steps else await self._shelf.steps.get(self._load_steps)

    @override
    async def connectors(self) -> Sequence[Connector]:
        return (await self._connectors()).connectors

    @override
    async def resource_types(self) -> Sequence[ResourceType]:
        return (await self._types()).types

    @override
    async def entity_types(self) -> Sequence[tuple[str, str]]:
        """They come with the resource types; only where they do not, all entity types are read."""
        beside = await tried(self._types)
        return (
            beside.kinds
            if beside and beside.kinds
            else tuple((one.id, one.identifier) for one in await self.entity_kinds())
        )

    @override
    async def properties(self) -> Mapping[str, Sequence[str]]:
        return {kind.identifier: tuple(kind.properties.values()) for kind in await self.entity_kinds()}

    @override
    async def mappings(self) -> Sequence[TableMapping]:
        return tuple(mapping for mapping, _ in await self.tables())

    async def entity_kinds(self) -> Sequence[EntityKind]:
        return await self._shelf.entity_kinds.get(self._load_entity_kinds)

    async def entity_kind(self, identifier: str) -> EntityKind | None:
        """None where the entity type is unknown or entity types are not shown."""
        kinds = await tried(self.entity_kinds)
        return next((kind for kind in kinds or () if kind.identifier.casefold() == identifier.casefold()), None)

    async def tables(self) -> Sequence[tuple[TableMapping, Limits]]:
        """They come with the connectors; only where they do not, they are asked for by themselves."""
        beside = await tried(self._connectors)
        return beside.tables if beside and beside.tables else await self._shelf.tables.get(self._load_tables)

    async def associations(self) -> Sequence[tuple[TableMapping, Limits]]:
        """The link tables, as the tables."""
        beside = await tried(self._connectors)
        if beside and beside.tables:
            return beside.associations
        return await self._shelf.associations.get(self._load_associations)

    def connector_filling(self, entity_type: str) -> str:
        """The identifier of the connector that fills an entity type, as far as it was loaded; empty = not known."""
        wanted = entity_type.casefold()
        beside = self._shelf.connectors.at_hand
        tables = (beside and beside.tables) or self._shelf.tables.at_hand or ()
        ids = {one.connector_id for one, _ in tables if one.entity_type.casefold() == wanted}
        return next((one.identifier for one in (beside.connectors if beside else ()) if one.id in ids), "")

    async def _connectors(self) -> _Connectors:
        return await self._shelf.connectors.get(self._load_connectors)

    async def _jobs(self) -> _Jobs:
        return await self._shelf.jobs.get(self._load_jobs)

    async def _types(self) -> _Types:
        return await self._shelf.resource_types.get(self._load_resource_types)

    async def _load_jobs(self) -> _Jobs:
        rows = await self._asking.with_parts(
            (Part.JOB_TASKS, Part.JOB_STEPS),
            lambda parts: self._asking.all(
                entities.JOB, job_wire.jobs(steps=Part.JOB_STEPS in parts, tasks=Part.JOB_TASKS in parts)
            ),
        )
        shown = [row for row in rows if not job_wire.is_built_in(row)]
        tasks = {task.id: task for row in shown for task in job_wire.tasks_of(row)}
        return _Jobs(
            jobs=tuple(map(job_wire.job, shown)),
            steps=tuple(step for row in shown for step in job_wire.steps_of(row)),
            tasks=tuple(tasks.values()),
        )

    async def _load_tasks(self) -> Sequence[Task]:
        return tuple(map(job_wire.task, await self._asking.all(entities.TASK, job_wire.TASKS)))

    async def _load_steps(self) -> Sequence[Step]:
        return tuple(map(job_wire.step, await self._asking.all(entities.JOB_STEP, job_wire.STEPS)))

    async def _load_connectors(self) -> _Connectors:
        rows = await self._asking.with_parts(
            (Part.CONNECTOR_TABLES,),
            lambda parts: self._asking.all(entities.CONNECTOR, wire.connectors(tables=Part.CONNECTOR_TABLES in parts)),
        )
        return _Connectors(
            connectors=tuple(map(wire.connector, rows)),
            tables=tuple(table for row in rows for table in wire.tables_of(row)),
            associations=tuple(link for row in rows for link in wire.associations_of(row)),
        )

    async def _load_tables(self) -> Sequence[tuple[TableMapping, Limits]]:
        return tuple(map(wire.table, await self._asking.all(entities.TABLE, wire.TABLES)))

    async def _load_associations(self) -> Sequence[tuple[TableMapping, Limits]]:
        return tuple(map(wire.association, await self._asking.all(entities.ASSOCIATION, wire.ASSOCIATIONS)))

    async def _load_entity_kinds(self) -> Sequence[EntityKind]:
        rows = await self._asking.with_parts(
            (Part.ENTITY_PROPERTIES,),
            lambda parts: self._asking.all(
                entities.ENTITY_TYPE, wire.entity_types(properties=Part.ENTITY_PROPERTIES in parts)
            ),
        )
        return tuple(wire.entity_kind(row) for row in rows if not wire.is_system_type(row))

    async def _load_resource_types(self) -> _Types:
        rows = await self._asking.with_parts(
            _TYPE_PARTS,
            lambda parts: self._asking.all(
                entities.RESOURCE_TYPE,
                wire.resource_types(
                    connection=Part.RESOURCE_TYPE_CONNECTION in parts,
                    kinds=Part.RESOURCE_TYPE_KINDS in parts,
                    limits=Part.RESOURCE_TYPE_LIMITS in parts,
                ),
            ),
        )
        connected = any(row.at("Connection").id("ConnectorId") for row in rows)
        connectors = {} if connected or not rows else await self._connectors_of_types()
        named: dict[str, str] = {}
        if any(row.id("DependsOnOwnerPropertyId") for row in rows):
            named = {
                key: name for kind in await tried(self.entity_kinds) or () for key, name in kind.properties.items()
            }
        types = tuple(wire.resource_type(row, connectors.get(row.id() or ""), named) for row in rows)
        return _Types(types, tuple(dict.fromkeys(kind for row in rows for kind in wire.kinds_of(row))))

    async def _connectors_of_types(self) -> dict[str, str]:
        """Resource type → connector, asked of each connector: only where the types do not name their connection."""
        connectors = await tried(self.connectors) or ()
        answers = await asyncio.gather(*(self._types_of(connector.id) for connector in connectors))
        return {one: connector.id for connector, types in zip(connectors, answers, strict=True) for one in types}

    async def _types_of(self, connector_id: ConnectorId) -> Sequence[ResourceTypeId]:
        connectors = entities.CONNECTOR
        call = Call(
            "GET", f"{connectors.path}/ResourceTypes/{connector_id}", connectors.permission, connectors.what, {}
        )
        try:
            got = await self._asking.client.read(call, self._asking.ledger)
        except NimError:
            return ()
        return tuple(map(ResourceTypeId, wire.types_of_connector(got.content)))


async def tried(ask: Callable[[], Awaitable[T]]) -> T | None:
    """What helps but is not needed: None where Identity Manager does not give it."""
    try:
        return await ask()
    except NimError:
        return None
