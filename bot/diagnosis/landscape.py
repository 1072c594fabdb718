"""What is configured: connectors, jobs with their tasks, resource types, and how they belong together."""

import asyncio
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cached_property

from bot.diagnosis.reading import Reads
from bot.diagnosis.site import Site
from bot.model.ids import ConnectorId, JobId, ResourceTypeId, TaskId
from bot.model.job import Connector, Job, JobRun, RunState, Step, Task, TaskKind
from bot.model.order import Order, ResourceType
from bot.ports import Catalogue


@dataclass(frozen=True)
class Landscape:
    """The catalogue of one environment. A part that could not be read is empty, and a `Missing` tells of it."""

    connectors: tuple[Connector, ...] = ()
    jobs: tuple[Job, ...] = ()
    tasks: tuple[Task, ...] = ()
    steps: tuple[Step, ...] = ()
    resource_types: tuple[ResourceType, ...] = ()
    entity_types: tuple[tuple[str, str], ...] = ()
    unread: frozenset[str] = field(default=frozenset())

    @cached_property
    def _tasks(self) -> dict[TaskId, Task]:
        return {task.id: task for task in self.tasks}

    @cached_property
    def _types(self) -> dict[ResourceTypeId, ResourceType]:
        return {one.id: one for one in self.resource_types}

    @cached_property
    def _tasks_of_job(self) -> dict[JobId, tuple[Task, ...]]:
        ordered: dict[JobId, list[Task]] = {}
        for step in sorted(self.steps, key=lambda one: (one.launch_order, one.task_id)):
            if task := self._tasks.get(step.task_id):
                ordered.setdefault(step.job_id, []).append(task)
        return {job_id: tuple(tasks) for job_id, tasks in ordered.items()}

    def job(self, job_id: JobId | None) -> Job | None:
        return next((job for job in self.jobs if job.id == job_id), None)

    def task(self, task_id: TaskId) -> Task | None:
        return self._tasks.get(task_id)

    def connector(self, connector_id: ConnectorId | None) -> Connector | None:
        return next((one for one in self.connectors if one.id == connector_id), None)

    def resource_type(self, type_id: ResourceTypeId) -> ResourceType | None:
        return self._types.get(type_id)

    def entity_type(self, entity_type_id: str | None) -> str:
        """The identifier, "" when it is not known."""
        return next((name for known, name in self.entity_types if known == entity_type_id), "")

    def entity_type_of(self, type_id: ResourceTypeId) -> str:
        """The identifier of what the resource type's accounts are, "" when it is not known."""
        found = self.resource_type(type_id)
        return self.entity_type(found.target_entity_type_id) if found else ""

    def connector_of(self, order: Order) -> ConnectorId | None:
        found = self.resource_type(order.resource_type_id)
        return found.connector_id if found else None

    def filled_by(self, entity_type: str) -> ConnectorId | None:
        """The connector whose identifier an entity type begins with: "HR" of "HR_Person"; None where not just one."""
        found = [
            one.id
            for one in self.connectors
            if one.identifier and entity_type.lower().startswith(one.identifier.lower())
        ]
        return found[0] if len(found) == 1 else None

    def system_of(self, order: Order) -> str:
        """The managed system of an order in the words of the configuration."""
        connector = self.connector(self.connector_of(order))
        return connector.name or connector.identifier if connector else order.resource_type

    def types_of(self, connector_ids: Iterable[ConnectorId | None]) -> tuple[ResourceTypeId, ...]:
        wanted = set(connector_ids)
        return tuple(one.id for one in self.resource_types if one.connector_id in wanted)

    def tasks_of(self, job_id: JobId) -> tuple[Task, ...]:
        """In the order in which they are launched."""
        return self._tasks_of_job.get(job_id, ())

    def connectors_of(self, job_id: JobId) -> frozenset[ConnectorId]:
        return frozenset(task.connector_id for task in self.tasks_of(job_id) if task.connector_id)

    def jobs_of(self, connector_id: ConnectorId | None, kind: TaskKind) -> tuple[Job, ...]:
        """Jobs with an active task of this kind on that connector."""
        return tuple(
            job
            for job in self.jobs
            if any(
                task.kind is kind and task.connector_id == connector_id and not task.deactivated
                for task in self.tasks_of(job.id)
            )
        )

    def running_on(self, connector_id: ConnectorId | None, runs: Iterable[JobRun]) -> JobRun | None:
        """A run that works on that connector right now."""
        return next(
            (
                run
                for run in runs
                if not run.ended
                and run.state in {RunState.RUNNING, RunState.QUEUED, RunState.UNKNOWN}
                and (connector_id is None or connector_id in self.connectors_of(run.job_id))
            ),
            None,
        )

    def fulfilling_job(self, connector_id: ConnectorId | None, failed: JobId | None = None) -> Job | None:
        """The job to relaunch: the one that failed, else the only one with a fulfil task; None = a person chooses."""
        candidates = self.jobs_of(connector_id, TaskKind.FULFILL)
        if found := next((job for job in candidates if job.id == failed), None):
            return found
        return candidates[0] if len(candidates) == 1 else None

    def complete_job(self, connector_id: ConnectorId | None, of: Job | None, site: Site) -> Job | None:
        """The complete twin: from the settings, else the connector's only complete job that exports or synchronises.

        None = there is none, or a person chooses: never guessed by name (troubleshooting 1.2).
        """
        if of is not None and (named := site.complete_job.get(of.identifier)):
            return next((job for job in self.jobs if job.identifier == named), None)
        synchronizing = self.jobs_of(connector_id, TaskKind.SYNCHRONIZE)
        if of is not None and not of.is_incremental and of in synchronizing:
            return of
        if of is None:
            named_ones = {
                site.complete_job[job.identifier] for job in synchronizing if job.identifier in site.complete_job
            }
            if len(named_ones) == 1:
                return next((job for job in self.jobs if job.identifier in named_ones), None)
        complete = [job for job in synchronizing if not job.is_incremental and not job.is_initialization]
        return complete[0] if len(complete) == 1 else None


async def _left_out() -> None:
    return None


async def landscape(catalogue: Catalogue, reads: Reads, *, jobs_too: bool = True) -> Landscape:
    """Reads the catalogue, all parts together. Costs nothing while it is warm.

    Without `jobs_too` jobs, tasks and steps stay unread: three requests less while it is cold.
    """
    connectors, jobs, tasks, steps, types, entities = await asyncio.gather(
        reads.attempt(catalogue.connectors(), "the connectors"),
        reads.attempt(catalogue.jobs(), "the jobs") if jobs_too else _left_out(),
        reads.attempt(catalogue.tasks(), "the tasks") if jobs_too else _left_out(),
        reads.attempt(catalogue.steps(), "the steps of the jobs") if jobs_too else _left_out(),
        reads.attempt(catalogue.resource_types(), "the resource types"),
        reads.attempt(catalogue.entity_types(), "the entity types"),
    )
    parts = {
        "connectors": connectors,
        "jobs": jobs,
        "tasks": tasks,
        "steps": steps,
        "resource_types": types,
        "entity_types": entities,
    }
    return Landscape(
        connectors=tuple(connectors or ()),
        jobs=tuple(jobs or ()),
        tasks=tuple(tasks or ()),
        steps=tuple(steps or ()),
        resource_types=tuple(types or ()),
        entity_types=tuple(entities or ()),
        unread=frozenset(name for name, read in parts.items() if read is None),
    )
