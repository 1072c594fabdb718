"""Jobs, tasks, connectors and their executions, as the product speaks of them."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from bot.model.change import Progress
from bot.model.ids import AgentId, ConnectorId, JobId, JobRunId, TaskId, TaskRunId


class RunState(StrEnum):
    """How an execution stands. NIM's numbers become these words once, in `bot.nim`."""

    QUEUED = "queued"
    RUNNING = "running"
    COMPLETED = "completed"
    ERRORED = "errored"
    BLOCKED = "blocked"
    WARNING = "warning"
    CANCELLED = "cancelled"
    UNKNOWN = "unknown"
    """A number that this installation has not taught us: shown as such, never taken for success."""


FAILED: Final = frozenset({RunState.ERRORED, RunState.WARNING})
"""Ended in an error, or with one inside (nim-api 5.1)."""
TROUBLED: Final = FAILED | {RunState.BLOCKED}
"""Failed, or waits at a threshold: somebody has to look."""


class TaskKind(StrEnum):
    """What a task of a connector's job does, in the order in which a complete job runs them."""

    EXPORT = "export"
    PREPARE = "prepare synchronization"
    SYNCHRONIZE = "synchronize"
    EXPRESSIONS = "update expressions"
    CORRELATION_KEYS = "compute correlation keys"
    ROLE_MODEL = "compute role model"
    GENERATE = "generate provisioning orders"
    FULFILL = "fulfill"
    CLASSIFICATION = "update classification"
    PROFILES = "set user profiles"
    OTHER = "other"


class CronZone(StrEnum):
    UTC = "utc"
    SERVER = "server"


@dataclass(frozen=True, slots=True)
class Job:
    id: JobId
    identifier: str
    name: str
    is_incremental: bool = False
    is_connector_job: bool = False
    is_initialization: bool = False
    user_start_denied: bool = False
    log_level: int | None = None
    """0 Trace to 6 None; None when NIM did not say."""
    cron: str = ""
    cron_zone: CronZone = CronZone.UTC
    agent_id: AgentId | None = None
    last_run_id: JobRunId | None = None


@dataclass(frozen=True, slots=True)
class Task:
    """A task's configuration. A flag that the installation does not show is None."""

    id: TaskId
    identifier: str
    name: str
    kind: TaskKind
    type_number: int | None = None
    connector_id: ConnectorId | None = None
    connection: str = ""
    continue_on_error: bool | None = None
    ignore_cookie: bool | None = None
    dirty: bool | None = None
    block_provisioning: bool | None = None
    do_not_delete_changes: bool | None = None
    deactivated: bool = False


@dataclass(frozen=True, slots=True)
class Step:
    """One task's place in one job; steps of one level start together."""

    job_id: JobId
    task_id: TaskId
    launch_order: int = 0
    level: int = -1


@dataclass(frozen=True, slots=True)
class JobRun:
    """One execution of a job, as one read saw it."""

    id: JobRunId
    job_id: JobId
    state: RunState
    code: int
    """NIM's own number, for the small print and for states that nobody has named."""
    started_at: datetime | None = None
    ended_at: datetime | None = None
    job_identifier: str = ""
    job_name: str = ""
    started_by: str = ""
    """Display name of who launched it; empty for the schedule."""
    cancel_requested: bool = False

    @property
    def ended(self) -> bool:
        """A run has ended when NIM gave it an end; a blocked one waits and still counts as ended here."""
        return self.ended_at is not None or self.state is RunState.BLOCKED


@dataclass(frozen=True, slots=True)
class TaskRun:
    """One execution of a task inside a job run."""

    id: TaskRunId
    job_run_id: JobRunId
    task_id: TaskId
    identifier: str
    name: str
    kind: TaskKind
    state: RunState
    code: int
    connector_id: ConnectorId | None = None
    agent_id: AgentId | None = None
    started_at: datetime | None = None
    ended_at: datetime | None = None
    is_child: bool = False
    is_validation: bool = False
    counters: tuple[int, ...] | None = None
    """C0 to C7 where the installation shows them; their meaning is a setting, never a guess."""
    progress: Progress | None = None
    """From WrappedProgress, where it is JSON with the keys of nim-api 9.2-P; None where not shown or not readable."""

    @property
    def took(self) -> timedelta | None:
        return self.ended_at - self.started_at if self.started_at and self.ended_at else None


@dataclass(frozen=True, slots=True)
class Limits:
    """Thresholds of one level (connector, entity type, association or resource type); 0 is off, None unreadable."""

    inserted: int | None = None
    deleted: int | None = None
    updated: int | None = None
    inserted_percent: int | None = None
    deleted_percent: int | None = None
    updated_percent: int | None = None
    links_inserted: int | None = None
    links_deleted: int | None = None
    links_inserted_percent: int | None = None
    links_deleted_percent: int | None = None


@dataclass(frozen=True, slots=True)
class Connector:
    id: ConnectorId
    identifier: str
    name: str
    agent_id: AgentId | None = None
    deactivated: bool = False
    sync_blocked: bool | None = None
    """None when the installation does not show it."""
    incremental_use: int | None = None
    complete_use: int | None = None
    """0 used, 1 not used, 2 only synchronization, 3 only provisioning (nim-api 4.2)."""
    limits: Limits = field(default_factory=Limits)
