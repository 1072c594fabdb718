"""What the product needs from outside, named by the asker. Adapters fulfil these; tests write their own.

Every read raises a `bot.errors.NimError` when Identity Manager does not give it; nothing returns a guess.
"""

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from datetime import datetime
from typing import Protocol

from bot.model.action import Action, ActionState, Wish
from bot.model.answer import RequestMade
from bot.model.assignment import Assignment, Decision, RoleRule
from bot.model.audit import AuditRecord
from bot.model.change import LinkChange, Operation, Progress, RowChange, TableMapping
from bot.model.file import AgentFile, Folder, TaskLog
from bot.model.ids import (
    ActionId,
    AgentId,
    ConnectorId,
    IncidentId,
    JobId,
    JobRunId,
    OrderId,
    ResourceId,
    ResourceTypeId,
    TaskRunId,
)
from bot.model.incident import Incident, WatchMark
from bot.model.job import Connector, Job, JobRun, Limits, RunState, Step, Task, TaskRun
from bot.model.message import Delivery, Message
from bot.model.order import ChangeType, Order, OrderProperty, OrderState, ResourceType
from bot.model.page import Page
from bot.model.person import Person
from bot.model.reminder import Reminder
from bot.model.request import HelpRequest, RequestState
from bot.model.value import PropertyRule, ResourceVersion, Source, ValueChange


class Catalogue(Protocol):
    """What changes with a configuration only. Each part costs one request when cold and none while it is warm."""

    async def jobs(self) -> Sequence[Job]: ...
    async def tasks(self) -> Sequence[Task]: ...
    async def steps(self) -> Sequence[Step]: ...

    """No request of their own where jobs show them."""

    async def connectors(self) -> Sequence[Connector]: ...
    async def resource_types(self) -> Sequence[ResourceType]: ...
    async def entity_types(self) -> Sequence[tuple[str, str]]: ...

    """Pairs of id and identifier, of what orders can go from and to at least; `properties` knows them all."""

    async def properties(self) -> Mapping[str, Sequence[str]]:
        """Identifiers of the properties per identifier of an entity type: a query may name only what exists."""
        ...

    async def mappings(self) -> Sequence[TableMapping]: ...


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
        self, since: datetime, *, connector_id: ConnectorId | None = None, limit: int = 1000
    ) -> Page[TaskRun]:
        """Executions of tasks of all jobs that started at or after `since`, newest first: one request.

        With `connector_id` only those whose task works on that connector.
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
        limit: int = 1000,
    ) -> Page[Order]:
        """One page, newest first. `errored` = state 3 or 7 or the error bit of the review filter."""
        ...

    async def order_properties(self, order_ids: Sequence[OrderId]) -> Mapping[OrderId, tuple[OrderProperty, ...]]:
        """Scalar values that a few orders (at most 50) would write: one request, however many orders."""
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
    ) -> Page[ResourceVersion]:
        """`where` holds pairs of property and exact value, all of which must hold; `ids` (at most 50) any of which."""
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

    async def sources(self, entity_type: str, resource_id: ResourceId) -> Sequence[Source]: ...


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


class NimWrites(Protocol):
    """The only two calls that change anything. Neither is ever repeated by itself."""

    async def unblock(self, order_id: OrderId) -> None:
        """Sets the order to pending. Read the order afterwards: the answer's body is not to be trusted."""
        ...

    async def run_job(self, job_id: JobId) -> None:
        """Launches the job. The new run is found by reading; the answer's body is not to be trusted.

        Raises NimError with `changed=None` when it cannot be known whether the call arrived.
        """
        ...


class Environment(Protocol):
    """One Identity Manager of the settings."""

    @property
    def name(self) -> str: ...

    @property
    def label(self) -> str: ...

    def reads(self) -> NimReads:
        """A fresh ledger of requests over the shared client and caches."""
        ...

    @property
    def writes(self) -> NimWrites: ...

    def now(self) -> datetime:
        """The environment's time: the wall clock corrected by the offset of NIM's `Date` header."""
        ...


class Clock(Protocol):
    def now(self) -> datetime:
        """The host's wall clock, UTC. Never compared with a time of NIM's."""
        ...


class Actions(Protocol):
    """The store of actions: a row is committed before anything is sent."""

    async def ask(self, wish: Wish, now: datetime) -> tuple[Action, bool]:
        """Stores the wish under its key, with the audit record before it.

        Returns the action and whether it is new: the same key again, or the same target while its action has not
        ended, meets the first one's action. A key is free again after REFUSED and UNKNOWN: a person may decide anew.
        """
        ...

    async def get(self, action_id: ActionId) -> Action: ...

    async def unfinished(self) -> Sequence[Action]: ...

    async def recent(self, env: str, target: str, *, limit: int = 5) -> Sequence[Action]: ...

    async def latest(self, env: str, *, limit: int = 50) -> Sequence[Action]:
        """The newest actions of one environment, ended or not, newest first."""
        ...

    async def change(self, action: Action, *, now: datetime, audit: str = "") -> None:
        """Stores the action's new state; a non-empty `audit` adds a record after the fact."""
        ...

    async def in_state(self, state: ActionState) -> Sequence[Action]: ...

    async def changed(self, at_most: float) -> bool:
        """Waits until an action may have been asked, at most `at_most` seconds; true when one was in this process."""
        ...


class Incidents(Protocol):
    async def open_ones(self, env: str | None = None) -> Sequence[Incident]: ...
    async def get(self, incident_id: IncidentId) -> Incident: ...
    async def of_run(self, env: str, run_id: JobRunId) -> Incident | None: ...
    async def of_job(self, env: str, job_id: JobId) -> Incident | None: ...


class Outbox(Protocol):
    """What is to be delivered to Slack, stored before it is sent; the sender belongs to the driver."""

    async def post(
        self, key: str, channel: str, message: Message, *, thread_of: str = "", incident_id: IncidentId | None = None
    ) -> None:
        """A new message under its own key; the same key again changes nothing.

        `thread_of` is the key of the message whose thread it belongs to, or a message's timestamp.
        """
        ...

    async def edit(self, key: str, message: Message) -> None:
        """The message that was posted under `key` shall now look so; several edits become the last one."""
        ...


class DeliveryQueue(Protocol):
    """The sender's side of the outbox. One sender at a time: it belongs to the driver."""

    async def claim_due(self, now: datetime, limit: int = 20) -> Sequence[Delivery]:
        """The oldest rows that are due, marked as being sent. A reply comes only after the message that it answers."""
        ...

    async def sent(self, delivery: Delivery, *, ts: str, channel: str = "") -> None:
        """It stands in Slack under `ts`; `channel` is Slack's own id of the channel, kept for later edits."""
        ...

    async def failed(self, delivery: Delivery, why: str, retry_at: datetime | None) -> None:
        """It was not delivered; it is due again at `retry_at`, or never with None."""
        ...

    async def unsure(self) -> Sequence[Delivery]:
        """Rows that were being sent when a process died: each may or may not stand in Slack.

        Look for the key in the channel, then report `sent`, or `failed` with the time at which to send again.
        """
        ...

    async def changed(self, at_most: float) -> bool:
        """Waits until something may be due, at most `at_most` seconds; true when a row was added or edited."""
        ...


class Work(Protocol):
    """One transaction of ours: all of it is stored, or nothing."""

    async def mark(self, env: str, subject: str) -> WatchMark: ...
    async def set_mark(self, env: str, subject: str, mark: WatchMark) -> None: ...

    async def open_incident(self, draft: Incident) -> Incident:
        """Stores a new incident and gives it its id; an open one with its fingerprint is returned instead."""
        ...

    async def change_incident(self, incident: Incident, now: datetime) -> None: ...
    async def open_incidents(self, env: str) -> Sequence[Incident]: ...

    async def post(
        self, key: str, channel: str, message: Message, *, thread_of: str = "", incident_id: IncidentId | None = None
    ) -> None: ...
    async def edit(self, key: str, message: Message) -> None: ...


class Transactions(Protocol):
    def work(self) -> AbstractAsyncContextManager[Work]: ...


class Audit(Protocol):
    async def record(self, entry: AuditRecord) -> None: ...

    def since(self, moment: datetime | None = None, *, user_id: str = "") -> AsyncIterator[AuditRecord]:
        """Oldest first; None = from the beginning."""
        ...


class Preferences(Protocol):
    """What is remembered of one person, such as the last question."""

    async def get(self, team_id: str, user_id: str, subject: str) -> str: ...
    async def put(self, team_id: str, user_id: str, subject: str, value: str, now: datetime) -> None: ...


class Inbox(Protocol):
    """Mentions and direct messages: stored before they are acknowledged, since Slack sends them again otherwise."""

    async def receive(self, event_id: str, body: str, now: datetime) -> bool:
        """False when the event is known already."""
        ...

    async def done(self, event_id: str, now: datetime) -> None: ...

    async def waiting(self) -> Sequence[tuple[str, str]]:
        """Pairs of event id and body that nobody has finished, oldest first."""
        ...


class Requests(Protocol):
    """*Ask an operator*."""

    async def ask(self, draft: HelpRequest) -> tuple[HelpRequest, bool]:
        """Stores it and gives it its id; the same key again meets the first one. True when it is new."""
        ...

    async def get(self, request_id: int) -> HelpRequest: ...

    async def claim(self, request_id: int, user_id: str, now: datetime) -> HelpRequest:
        """The first one who claims has it; the request says who that is."""
        ...

    async def in_state(self, state: RequestState) -> Sequence[HelpRequest]: ...
    async def done(self, request_id: int) -> None: ...


class Reminders(Protocol):
    """*Remind me if not*: kept until the run that may heal it is over."""

    async def ask(self, draft: Reminder) -> Reminder:
        """Stores it and gives it its id; the same person and question again is the same one with a new time."""
        ...

    async def due(self, env: str, now: datetime) -> Sequence[Reminder]:
        """Those that wait and are due by the environment's clock, oldest first."""
        ...

    async def put_off(self, one: Reminder, until: datetime) -> None: ...

    async def done(self, one: Reminder, message: Message | None) -> None:
        """In one transaction: it is over, and its message, if there is one, stands in the outbox."""
        ...


class DrivingLock(Protocol):
    """The right to drive: to own the watch, the sender and the workflows."""

    async def acquire(self) -> None:
        """Waits for it. Raises SettingsError where waiting is pointless (SQLite: another process has the file)."""
        ...

    async def lost(self) -> None:
        """Returns when the right is lost; whoever drove stops at once."""
        ...

    async def release(self) -> None: ...
