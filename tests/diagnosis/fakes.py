"""An Identity Manager for diagnoses: answers from lists as the real one would, refuses where it is told to."""

# ruff: noqa: A002, ARG002

from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from bot.errors import NimDenied, NimMissing, NotExposed
from bot.model.answer import RequestMade
from bot.model.assignment import Assignment, Decision, LinkRule, RoleRule
from bot.model.change import LinkChange, Operation, Progress, RowChange, TableMapping
from bot.model.file import AgentFile, Folder, LogLine, TaskLog
from bot.model.ids import (
    AgentId,
    ConnectorId,
    EntityTypeId,
    JobId,
    JobRunId,
    OrderId,
    ResourceId,
    ResourceTypeId,
    TaskId,
    TaskRunId,
)
from bot.model.job import Connector, Job, JobRun, Limits, RunState, Step, Task, TaskKind, TaskRun
from bot.model.order import ChangeType, HeldValue, Order, OrderError, OrderProperty, OrderState, ResourceType
from bot.model.page import Page
from bot.model.person import Person
from bot.model.value import PropertyRule, ResourceVersion, Source, ValueChange

NOW = datetime(2026, 3, 3, 10, 0, tzinfo=UTC)
STATES = {
    OrderState.NONE: 0,
    OrderState.PENDING: 1,
    OrderState.TRANSMITTED: 2,
    OrderState.ERRORED: 3,
    OrderState.VERIFIED: 4,
    OrderState.AWAITING_APPROVAL: 5,
    OrderState.INACTIVE: 6,
    OrderState.RULE_ERROR: 7,
    OrderState.EXECUTED: 8,
}
RUNS = {
    RunState.QUEUED: 0,
    RunState.RUNNING: 1,
    RunState.COMPLETED: 2,
    RunState.ERRORED: 3,
    RunState.CANCELLED: 4,
    RunState.BLOCKED: 5,
    RunState.WARNING: 7,
    RunState.UNKNOWN: 9,
}
NO_RIGHT = "The user has insufficient access rights. 00000005: SecErr: DSID-03152501, problem 4003 (INSUFF_ACCESS_RIGHTS), data 0"
AD = ConnectorId("2002")
HR = ConnectorId("2001")
AGENT = AgentId("1")


def ago(**span: float) -> datetime:
    return NOW - timedelta(**span)


def connector(id: str = AD, name: str = "AD", **more: Any) -> Connector:
    return Connector(ConnectorId(id), name, name, agent_id=AGENT, **more)


def job(id: str, identifier: str, **more: Any) -> Job:
    return Job(JobId(id), identifier, identifier.replace("_", " "), **more)


def task(id: str, identifier: str, kind: TaskKind, connector_id: str | None = AD, **more: Any) -> Task:
    return Task(
        TaskId(id),
        identifier,
        identifier,
        kind,
        connector_id=ConnectorId(connector_id) if connector_id else None,
        **more,
    )


def resource_type(
    id: str = "71", identifier: str = "AD_Entry_NominativeUser", connector_id: str = AD, **more: Any
) -> ResourceType:
    return ResourceType(
        ResourceTypeId(id),
        identifier,
        more.pop("name", "AD account"),
        ConnectorId(connector_id),
        target_entity_type_id=more.pop("target_entity_type_id", EntityTypeId("53")),
        **more,
    )


def run(
    id: str,
    job_id: str = "1003",
    state: RunState = RunState.COMPLETED,
    *,
    start: datetime,
    minutes: float | None = 5,
    **more: Any,
) -> JobRun:
    return JobRun(
        JobRunId(id),
        JobId(job_id),
        state,
        RUNS[state],
        started_at=start,
        ended_at=None if minutes is None else start + timedelta(minutes=minutes),
        **more,
    )


def task_run(
    id: str,
    kind: TaskKind,
    state: RunState = RunState.COMPLETED,
    *,
    run_id: str = "48260",
    start: datetime | None = None,
    seconds: float | None = 60,
    connector_id: str | None = AD,
    name: str = "",
    task_id: str = "",
    **more: Any,
) -> TaskRun:
    return TaskRun(
        TaskRunId(id),
        JobRunId(run_id),
        TaskId(task_id or id),
        name or kind.name.title(),
        name or kind.name.title(),
        kind,
        state,
        RUNS[state],
        connector_id=ConnectorId(connector_id) if connector_id else None,
        agent_id=more.pop("agent_id", AGENT),
        started_at=start,
        ended_at=start + timedelta(seconds=seconds) if start and seconds is not None else None,
        **more,
    )


def order(
    id: str,
    state: OrderState = OrderState.ERRORED,
    change: ChangeType = ChangeType.DELETE,
    *,
    error: str | None = None,
    run_id: str | None = "48260",
    type_id: str = "71",
    type_name: str = "AD_Entry_NominativeUser",
    **more: Any,
) -> Order:
    return Order(
        OrderId(id),
        state,
        STATES[state],
        change,
        ResourceTypeId(type_id),
        type_name,
        more.pop("resource_type_name", "AD account"),
        owner_id=more.pop("owner_id", ResourceId(f"9{id}")),
        owner_name=more.pop("owner_name", f"Person {id}"),
        errors=(OrderError(error, 1, JobRunId(run_id) if run_id else None),) if error is not None else (),
        performed_at=more.pop("performed_at", ago(hours=7, minutes=45)),
        created_at=more.pop("created_at", ago(days=1)),
        review_filter=more.pop("review_filter", 32 if state in {OrderState.ERRORED, OrderState.RULE_ERROR} else 0),
        read_at=NOW,
        **more,
    )


@dataclass
class FakeNim:
    """Answers like Identity Manager. A method named in `denied` raises NimDenied; `made` counts requests."""

    all_connectors: list[Connector] = field(default_factory=lambda: [connector(), connector(HR, "HR")])
    all_jobs: list[Job] = field(default_factory=list)
    all_tasks: list[Task] = field(default_factory=list)
    all_steps: list[Step] = field(default_factory=list)
    types: list[ResourceType] = field(default_factory=lambda: [resource_type()])
    entities: list[tuple[str, str]] = field(
        default_factory=lambda: [("53", "AD_Entry"), ("51", "Directory_User"), ("50", "HR_Person")]
    )
    property_names: dict[str, list[str]] = field(default_factory=dict)
    tables: list[tuple[TableMapping, Limits]] = field(default_factory=list)
    all_runs: list[JobRun] = field(default_factory=list)
    all_task_runs: list[TaskRun] = field(default_factory=list)
    all_the_orders: list[Order] = field(default_factory=list)
    ended_orders: list[Order] = field(default_factory=list)
    """Orders as they stood before they ended: only a read as of an earlier time shows them."""
    values: dict[str, tuple[OrderProperty, ...]] = field(default_factory=dict)
    values_then: dict[str, tuple[OrderProperty, ...]] = field(default_factory=dict)
    """What "as of" reads find, whatever the time."""
    people: list[Person] = field(default_factory=list)
    changes: dict[tuple[str, str], list[RowChange]] = field(default_factory=dict)
    links: list[LinkChange] = field(default_factory=list)
    versions: list[ResourceVersion] = field(default_factory=list)
    rules: list[PropertyRule] = field(default_factory=list)
    value_changes: list[ValueChange] = field(default_factory=list)
    source_changes: list[ValueChange] = field(default_factory=list)
    """Changes of records that are no people."""
    all_sources: list[Source] = field(default_factory=list)
    held: list[Assignment] = field(default_factory=list)
    all_role_rules: list[RoleRule] = field(default_factory=list)
    all_link_rules: list[LinkRule] = field(default_factory=list)
    stories: dict[str, list[Decision]] = field(default_factory=dict)
    logs: dict[str, list[str]] = field(default_factory=dict)
    listing: dict[Folder, list[AgentFile]] = field(default_factory=dict)
    progresses: dict[str, Progress] = field(default_factory=dict)
    companion: bool = True
    exposed: frozenset[str] = frozenset({"task-log", "agent-files"})
    denied: set[str] = field(default_factory=set)
    made: list[str] = field(default_factory=list)
    page_size: int = 1000

    def _ask(self, name: str, *, counts: bool = True) -> None:
        if counts:
            self.made.append(name)
        if name in self.denied:
            raise NimDenied(f"Identity Manager refuses {name}.")

    @property
    def catalogue(self) -> "FakeNim":
        return self

    @property
    def files(self) -> "FakeNim":
        return self

    @property
    def requests(self) -> Sequence[RequestMade]:
        return ()

    def with_job(self, name: Job, *tasks: Task) -> None:
        self.all_jobs.append(name)
        for position, one in enumerate(tasks):
            if one not in self.all_tasks:
                self.all_tasks.append(one)
            self.all_steps.append(Step(name.id, one.id, position))

    def page(self, items: Sequence[Any], limit: int) -> Page[Any]:
        limit = min(limit, self.page_size)
        return Page(tuple(items[:limit]), len(items) > limit, NOW)

    async def jobs(self) -> Sequence[Job]:
        self._ask("jobs", counts=False)
        return self.all_jobs

    async def tasks(self) -> Sequence[Task]:
        self._ask("tasks", counts=False)
        return self.all_tasks

    async def steps(self) -> Sequence[Step]:
        self._ask("steps", counts=False)
        return self.all_steps

    async def connectors(self) -> Sequence[Connector]:
        self._ask("connectors", counts=False)
        return self.all_connectors

    async def resource_types(self) -> Sequence[ResourceType]:
        self._ask("resource_types", counts=False)
        return self.types

    async def entity_types(self) -> Sequence[tuple[str, str]]:
        self._ask("entity_types", counts=False)
        return self.entities

    async def properties(self) -> Mapping[str, Sequence[str]]:
        self._ask("properties", counts=False)
        return self.property_names

    async def mappings(self) -> Sequence[TableMapping]:
        self._ask("mappings", counts=False)
        return [mapping for mapping, _ in self.tables]

    async def job_runs(
        self,
        job_id: JobId | None = None,
        *,
        since: datetime | None = None,
        states: Sequence[RunState] = (),
        limit: int = 20,
    ) -> Page[JobRun]:
        self._ask("job_runs")
        found = [
            one
            for one in self.all_runs
            if (job_id is None or one.job_id == job_id)
            and (since is None or (one.started_at or NOW) >= since)
            and (not states or one.state in states)
        ]
        return self.page(sorted(found, key=lambda one: one.started_at or NOW, reverse=True), limit)

    async def latest_runs(self) -> Page[JobRun]:
        self._ask("latest_runs")
        newest: dict[str, JobRun] = {}
        for one in sorted(self.all_runs, key=lambda one: one.started_at or NOW):
            newest[one.job_id] = one
        return self.page(list(newest.values()), 1000)

    async def job_run(self, run_id: JobRunId) -> JobRun:
        self._ask("job_run")
        for one in self.all_runs:
            if one.id == run_id:
                return one
        raise NimMissing(f"There is no run {run_id}.")

    async def task_runs(self, run_id: JobRunId) -> Sequence[TaskRun]:
        self._ask("task_runs")
        return [one for one in self.all_task_runs if one.job_run_id == run_id]

    async def recent_task_runs(
        self,
        since: datetime,
        *,
        connector_id: ConnectorId | None = None,
        task_ids: Sequence[TaskId] = (),
        limit: int = 1000,
    ) -> Page[TaskRun]:
        self._ask("recent_task_runs")
        found = [
            one
            for one in self.all_task_runs
            if one.started_at and one.started_at >= since and (connector_id is None or one.connector_id == connector_id)
            if not task_ids or one.task_id in task_ids or one.ended_at is None
        ]
        return self.page(sorted(found, key=lambda one: one.started_at or NOW, reverse=True), limit)

    async def connector(self, connector_id: ConnectorId) -> Connector:
        self._ask("connector")
        for one in self.all_connectors:
            if one.id == connector_id:
                return one
        raise NimMissing("There is no such connector.")

    async def watched_runs(self, since: datetime) -> Page[JobRun]:
        self._ask("watched_runs")
        return self.page([one for one in self.all_runs if one.ended_at is None or one.ended_at >= since], 1000)

    async def order(self, order_id: OrderId, *, properties: bool = False) -> Order:
        self._ask("order")
        for one in self.all_the_orders:
            if one.id == order_id:
                if not properties:
                    return one
                self.made.extend(["scalars", "navigations"])
                return replace(one, properties=self.values.get(one.id, ()))
        raise NimMissing(f"There is no order {order_id}.")

    async def orders(
        self,
        *,
        states: Sequence[OrderState] = (),
        in_review: bool = False,
        errored: bool = False,
        owner_id: ResourceId | None = None,
        resource_id: ResourceId | None = None,
        resource_type_ids: Sequence[ResourceTypeId] = (),
        change: ChangeType | None = None,
        performed_between: tuple[datetime, datetime] | None = None,
        with_errors: bool = False,
        as_of: datetime | None = None,
        limit: int = 1000,
    ) -> Page[Order]:
        self._ask(("passed" if as_of else "since") if performed_between else "as of" if as_of else "orders")
        found = [
            one
            for one in (*self.all_the_orders, *(self.ended_orders if as_of else ()))
            if (not states or one.state in states)
            and (not in_review or 0 < one.review_filter < 16 or one.review_filter > 31)
            and (not errored or one.is_errored)
            and (owner_id is None or one.owner_id == owner_id)
            and (resource_id is None or one.resource_id == resource_id)
            and (not resource_type_ids or one.resource_type_id in resource_type_ids)
            and (change is None or one.change is change)
            and (
                performed_between is None
                or (one.performed_at and performed_between[0] <= one.performed_at < performed_between[1])
            )
        ]
        if not with_errors:
            found = [replace(one, errors=()) for one in found]
        return self.page(found, limit)

    async def order_properties(self, order_ids: Sequence[OrderId]) -> Mapping[OrderId, tuple[OrderProperty, ...]]:
        self._ask("order_properties")
        assert len(order_ids) <= 50
        return {one: self.values[one] for one in order_ids if one in self.values}

    async def held_values(
        self,
        names: Sequence[str] = (),
        *,
        kind: str = "scalar",
        owner_id: ResourceId | None = None,
        owners: Sequence[tuple[str, str]] = (),
        value: str = "",
        resource_ids: Sequence[ResourceId] = (),
        resource_type_ids: Sequence[ResourceTypeId] = (),
        owner_properties: Sequence[str] = (),
        as_of: datetime | None = None,
        limit: int = 50,
    ) -> Page[HeldValue]:
        self._ask("past_values" if as_of else "held_values" if owner_id else "others_values")
        found = []
        for order in self.all_the_orders:
            known = self._owner_of(order, as_of)
            if (
                (owner_id is not None and order.owner_id != owner_id)
                or (resource_type_ids and order.resource_type_id not in resource_type_ids)
                or any(known.get(name) != text for name, text in owners)
            ):
                continue
            found += [
                HeldValue(order, one, {name: known[name] for name in owner_properties if name in known})
                for one in (self.values_then if as_of else self.values).get(order.id, ())
                if (one.kind == "scalar") == (kind == "scalar")
                and (not names or one.name.lower() in {name.lower() for name in names})
                and value in {"", one.value}
                and (not resource_ids or one.value in resource_ids)
            ]
        return self.page(found, limit)

    def _owner_of(self, order: Order, as_of: datetime | None) -> dict[str, str]:
        return next(
            (one.properties for one in self.versions if one.id == order.owner_id and one.as_of == as_of),
            {},
        )

    async def all_orders(self, *, errored: bool, states: Sequence[OrderState] = ()) -> AsyncIterator[Page[Order]]:
        self._ask("all_orders")
        yield await self.orders(errored=errored, states=states)

    async def find_people(self, words: str, *, limit: int = 10) -> Page[Person]:
        self._ask("find_people")
        return self.page([one for one in self.people if words.lower() in f"{one.name} {one.login}".lower()], limit)

    async def person(self, resource_id: ResourceId) -> Person:
        self._ask("person")
        for one in self.people:
            if one.id == resource_id:
                return one
        raise NimMissing("There is no such person.")

    async def row_changes(self, entity_type: str, run_id: JobRunId, *, limit: int = 1000) -> Page[RowChange]:
        self._ask("row_changes")
        return self.page(self.changes.get((entity_type, run_id), []), limit)

    async def link_changes(
        self, entity_type: str, property_name: str, run_id: JobRunId, *, limit: int = 1000
    ) -> Page[LinkChange]:
        self._ask("link_changes")
        return self.page(self.links, limit)

    async def all_row_changes(
        self, entity_type: str, run_id: JobRunId, operation: Operation | None = None
    ) -> AsyncIterator[Page[RowChange]]:
        self._ask("all_row_changes")
        yield await self.row_changes(entity_type, run_id)

    async def table_limits(self, connector_id: ConnectorId) -> Sequence[tuple[TableMapping, Limits]]:
        self._ask("table_limits")
        return [pair for pair in self.tables if pair[0].connector_id == connector_id]

    async def resource(
        self, entity_type: str, resource_id: ResourceId, properties: Sequence[str], *, as_of: datetime | None = None
    ) -> ResourceVersion:
        self._ask("resource")
        for one in self.versions:
            if one.entity_type == entity_type and one.id == resource_id and one.as_of == as_of:
                return one
        raise NimMissing("There is no such resource.")

    async def resources(
        self,
        entity_type: str,
        properties: Sequence[str],
        *,
        where: Sequence[tuple[str, str]] = (),
        ids: Sequence[ResourceId] = (),
        limit: int = 20,
        as_of: datetime | None = None,
    ) -> Page[ResourceVersion]:
        self._ask("resources")
        assert len(ids) <= 50
        return self.page(
            [
                one
                for one in self.versions
                if one.entity_type == entity_type
                and _alive(one, as_of)
                and (not ids or one.id in ids)
                and all(one.properties.get(name) == value for name, value in where)
            ],
            limit,
        )

    async def rules_of(
        self, resource_type_id: ResourceTypeId, property_name: str, *, kind: str = ""
    ) -> Sequence[PropertyRule]:
        self._ask("rules_of")
        if not kind:
            self.made.extend(["rules_of", "rules_of"])
        wanted = (resource_type_id, property_name)
        return [one for one in self.rules if (one.resource_type_id, one.property) == wanted and kind in {"", one.kind}]

    async def history(
        self, entity_type: str, resource_id: ResourceId, properties: Sequence[str]
    ) -> Sequence[ValueChange]:
        of_person = entity_type == "Directory_User"
        self._ask("history" if of_person else "source_history", counts=of_person)
        changes = self.value_changes if of_person else self.source_changes
        return sorted(changes, key=lambda one: one.at, reverse=True)

    async def sources(
        self,
        entity_type: str,
        resource_id: ResourceId,
        *,
        shown: Mapping[str, Sequence[str]] | None = None,
        records: Sequence[ResourceId] | None = None,
    ) -> Sequence[Source]:
        self._ask("sources")
        return self.all_sources

    async def assignments(self, owner_id: ResourceId) -> Sequence[Assignment]:
        self._ask("assignments")
        self.made.extend(["assignments", "assignments"])
        return [one for one in self.held if one.owner_id == owner_id]

    async def role_rules(self, role_ids: Sequence[str], *, kind: str = "") -> Sequence[RoleRule]:
        self._ask("role_rules")
        if not kind:
            self.made.extend(["role_rules", "role_rules"])
        return [one for one in self.all_role_rules if one.role_id in role_ids and kind in {"", one.kind}]

    async def role_rules_named(self, words: str) -> Sequence[RoleRule]:
        self._ask("role_rules_named")
        return [one for one in self.all_role_rules if words.casefold() in one.role.casefold()]

    async def link_rules(self, role_ids: Sequence[str]) -> Sequence[LinkRule]:
        self._ask("link_rules")
        return [one for one in self.all_link_rules if one.role_id in role_ids]

    async def workflow_story(self, workflow_id: str) -> Sequence[Decision]:
        self._ask("workflow_story")
        return self.stories.get(workflow_id, [])

    def _companion(self, name: str) -> None:
        if not self.companion:
            raise NotExposed("This environment does not expose it.")
        self._ask(name)

    async def capabilities(self) -> frozenset[str]:
        return self.exposed if self.companion else frozenset()

    async def task_log(self, task_run_id: TaskRunId, *, tail: int = 200) -> TaskLog:
        self._companion("task_log")
        return TaskLog(
            tuple(LogLine(NOW, "Error", text) for text in self.logs.get(task_run_id, [])), truncated=False, read_at=NOW
        )

    async def agent_files(self, agent_id: AgentId, folder: Folder) -> Sequence[AgentFile]:
        self._companion("agent_files")
        return self.listing.get(folder, [])

    async def progress(self, task_run_id: TaskRunId) -> Progress:
        self._companion("progress")
        if task_run_id not in self.progresses:
            raise NotExposed("This environment does not expose counters.")
        return self.progresses[task_run_id]


FULFILL = task("307", "Fulfill_AD", TaskKind.FULFILL)
GENERATE = task("306", "Generate_AD", TaskKind.GENERATE)


def leavers(count: int = 150, *, passed: int = 37, duplicates: int = 12) -> FakeNim:
    """The main story: deletions refused in OU=Leavers, creations whose login exists, changes that passed."""
    nim = FakeNim()
    nim.with_job(job("1003", "AD_Provisioning", last_run_id=JobRunId("48260")), GENERATE, FULFILL)
    nim.all_runs = [run("48260", "1003", RunState.ERRORED, start=ago(hours=8), minutes=20)]
    nim.all_task_runs = [
        task_run("1", TaskKind.GENERATE, start=ago(hours=8), task_id="306"),
        task_run(
            "2", TaskKind.FULFILL, RunState.ERRORED, start=ago(hours=7, minutes=58), task_id="307", name="Fulfill_AD"
        ),
    ]
    nim.all_the_orders = [
        order(
            str(771000 + index),
            error=NO_RIGHT,
            resource_id=ResourceId(str(20000 + index)),
            resource_dn=f"CN=Person {index},OU=Leavers,DC=contoso,DC=com",
            created_at=ago(days=2) + timedelta(minutes=index),
        )
        for index in range(count)
    ]
    nim.all_the_orders += [
        order(
            str(772000 + index),
            change=ChangeType.CREATE,
            error="Another object with the same value for property userPrincipalName already exists. ObjectConflict",
        )
        for index in range(duplicates)
    ]
    nim.all_the_orders += [
        order(
            str(773000 + index),
            OrderState.EXECUTED,
            ChangeType.UPDATE,
            resource_dn=f"CN=U{index},OU=Users,DC=contoso,DC=com",
        )
        for index in range(passed)
    ]
    return nim


def _alive(one: ResourceVersion, as_of: datetime | None) -> bool:
    """A version that ends is no current one; before its end it was."""
    return one.valid_to is None if as_of is None else one.valid_to is None or one.valid_to > as_of
