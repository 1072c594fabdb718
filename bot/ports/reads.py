"""What one question reads of one Identity Manager.

Every read raises a `bot.errors.NimError` when Identity Manager does not give it; nothing returns a guess.
"""

from collections.abc import AsyncIterator, Mapping, Sequence
from datetime import datetime
from typing import Protocol

from bot.model.answer import RequestMade
from bot.model.assignment import Assignment, Decision, LinkRule, RoleRule
from bot.model.change import LinkChange, Operation, Progress, RowChange, TableMapping
from bot.model.file import AgentFile, Folder, TaskLog
from bot.model.ids import AgentId, ConnectorId, JobId, JobRunId, OrderId, ResourceId, ResourceTypeId, TaskId, TaskRunId
from bot.model.job import Connector, JobRun, Limits, RunState, TaskRun
from bot.model.order import ChangeType, HeldValue, Order, OrderProperty, OrderState
from bot.model.page import Page
from bot.model.person import Person
from bot.model.value import PropertyRule, ResourceVersion, Source, ValueChange
from bot.ports.catalogue import Catalogue


class JobReads(Protocol):
    async def job_runs(
        self,
        job_id: JobId | None = None,
        *,
        since: datetime | None = None,
        states: Sequence[RunState] = (),
        limit: int = 20,
    ) -> Page[JobRun]:
        """Newest first."""
        ...

    async def latest_runs(self) -> Page[JobRun]:
        """The newest run of each job that ever ran: one request on the jobs with their last instance."""
        ...

    async def job_run(self, run_id: JobRunId) -> JobRun: ...

    async def task_runs(self, run_id: JobRunId) -> Sequence[TaskRun]:
        """In the order in which they were started."""
        ...

    async def recent_task_runs(
        self,
        since: datetime,
        *,
        connector_id: ConnectorId | None = None,
        task_ids: Sequence[TaskId] = (),
        limit: int = 1000,
    ) -> Page[TaskRun]:
        """Executions of tasks of all jobs that started at or after `since`, newest first: one request.

        With `connector_id` only those whose task works on that connector; with `task_ids` only those of these tasks
        and those that have no end, so that the page reaches further back.
        """
        ...

    async def connector(self, connector_id: ConnectorId) -> Connector:
        """Read now and not from the catalogue: whether it is blocked or deactivated changes while jobs run."""
        ...

    async def watched_runs(self, since: datetime) -> Page[JobRun]:
        """Runs that ended at or after `since`, that have no end, or that are blocked: one request (architecture).

        Further pages are read too, after a long silence: a run that is left out would never be seen.
        """
        ...


class OrderReads(Protocol):
    async def order(self, order_id: OrderId, *, properties: bool = False) -> Order:
        """One order with its errors; with `properties` also what it would write (one more request per kind)."""
        ...

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
        """One page, newest first. `errored` = state 3 or 7 or the error bit of the review filter.

        `as_of`: as they stood then. Orders that have ended since are among them; errors are as they are now.
        """
        ...

    async def order_properties(self, order_ids: Sequence[OrderId]) -> Mapping[OrderId, tuple[OrderProperty, ...]]:
        """Scalar values that a few orders (at most 50) would write: one request, however many orders."""
        ...

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
        """Properties of these names as orders hold them, with their order and its owner: one request, oldest first.

        `owners` holds pairs of a person's property and its exact value; `resource_ids` what links lead to.
        """
        ...

    def all_orders(self, *, errored: bool, states: Sequence[OrderState] = ()) -> AsyncIterator[Page[Order]]:
        """Page after page, for *Count all*."""
        ...


class PeopleReads(Protocol):
    async def find_people(self, words: str, *, limit: int = 10) -> Page[Person]:
        """By login, employee id or words of the name, in one request; exact matches first."""
        ...

    async def person(self, resource_id: ResourceId) -> Person: ...


class ChangeReads(Protocol):
    async def row_changes(self, entity_type: str, run_id: JobRunId, *, limit: int = 1000) -> Page[RowChange]: ...

    async def link_changes(
        self, entity_type: str, property_name: str, run_id: JobRunId, *, limit: int = 1000
    ) -> Page[LinkChange]: ...

    def all_row_changes(
        self, entity_type: str, run_id: JobRunId, operation: Operation | None = None
    ) -> AsyncIterator[Page[RowChange]]: ...

    async def table_limits(self, connector_id: ConnectorId) -> Sequence[tuple[TableMapping, Limits]]:
        """Thresholds per entity type and association of one connector."""
        ...


class ValueReads(Protocol):
    async def resource(
        self, entity_type: str, resource_id: ResourceId, properties: Sequence[str], *, as_of: datetime | None = None
    ) -> ResourceVersion: ...

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
        """`where` holds pairs of property and exact value, all of which must hold; `ids` (at most 50) any of which.

        With `as_of` as they were at that moment.
        """
        ...

    async def rules_of(
        self, resource_type_id: ResourceTypeId, property_name: str, *, kind: str = ""
    ) -> Sequence[PropertyRule]:
        """Scalar, navigation and query rules of one property: a request each; with `kind` only that one's."""
        ...

    async def history(
        self, entity_type: str, resource_id: ResourceId, properties: Sequence[str]
    ) -> Sequence[ValueChange]:
        """Newest first. From the companion where it has it, else by a few "as of" reads, marked by `not_before`."""
        ...

    async def sources(
        self,
        entity_type: str,
        resource_id: ResourceId,
        *,
        shown: Mapping[str, Sequence[str]] | None = None,
        records: Sequence[ResourceId] | None = None,
    ) -> Sequence[Source]:
        """`shown` names properties of the source records by their entity type: they come along where they can.

        `records` are the person's, where they are known; else they cost a request.
        """
        ...


class AccessReads(Protocol):
    async def assignments(self, owner_id: ResourceId) -> Sequence[Assignment]:
        """Composite roles, single roles and resource types of one person, live ones."""
        ...

    async def role_rules(self, role_ids: Sequence[str], *, kind: str = "") -> Sequence[RoleRule]:
        """One request per kind of rule; with `kind` ("resource type rule") one in all."""
        ...

    async def role_rules_named(self, words: str) -> Sequence[RoleRule]:
        """Rules of roles in whose name each of the words occurs: one request per kind of rule."""
        ...

    async def link_rules(self, role_ids: Sequence[str]) -> Sequence[LinkRule]:
        """Links that single roles give: one request."""
        ...

    async def workflow_story(self, workflow_id: str) -> Sequence[Decision]: ...


class NimReads(JobReads, OrderReads, PeopleReads, ChangeReads, ValueReads, AccessReads, Protocol):
    """All that one question reads of one environment. It remembers the requests that it made."""

    @property
    def catalogue(self) -> Catalogue: ...

    @property
    def requests(self) -> Sequence[RequestMade]: ...

    @property
    def files(self) -> "Files":
        """The companion of this environment; each call raises NotExposed where there is none."""
        ...


class Files(Protocol):
    """What the companion shows. Raises NotExposed for a capability that this environment lacks."""

    async def capabilities(self) -> frozenset[str]: ...
    async def task_log(self, task_run_id: TaskRunId, *, tail: int = 200) -> TaskLog: ...
    async def agent_files(self, agent_id: AgentId, folder: Folder) -> Sequence[AgentFile]: ...
    async def progress(self, task_run_id: TaskRunId) -> Progress: ...

    async def history(
        self, entity_type: str, resource_id: ResourceId, properties: Sequence[str]
    ) -> Sequence[ValueChange]:
        """Newest first, each with its exact time."""
        ...

    async def sources(self, entity_type: str, resource_id: ResourceId) -> Sequence[Source]: ...
