"""An incident: one failure of one job that stays open until its subject is gone, not until a job is green."""

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from bot.model.finding import Finding
from bot.model.ids import IncidentId, JobId, JobRunId
from bot.model.job import RunState


class IncidentState(StrEnum):
    OPEN = "open"
    CLOSED = "closed"


class RunTrouble(StrEnum):
    """What the watch saw in a run."""

    FAILED = "failed"
    BLOCKED = "blocked"
    FAILED_INSIDE = "failed inside"
    """The job ended with a warning or in green, a task inside it failed."""
    RECOVERED = "recovered"


@dataclass(frozen=True, slots=True)
class Incident:
    id: IncidentId
    env: str
    fingerprint: str
    """What makes a failure the same one: environment, job and kind of trouble. One open incident per fingerprint."""
    job_id: JobId
    job_name: str
    state: IncidentState
    trouble: RunTrouble
    opened_at: datetime
    run_ids: tuple[JobRunId, ...]
    channel: str
    message_ts: str = ""
    """Empty until the outbox has posted the card."""
    finding: Finding | None = None
    closed_at: datetime | None = None
    last_run_state: RunState | None = None
    last_run_at: datetime | None = None
    open_orders: int | None = None
    """Orders of the incident that are still errored; None when it is not about orders or could not be read."""
    open_orders_exact: bool = True
    history: tuple[str, ...] = field(default=())

    @property
    def message_key(self) -> str:
        """The outbox's key of the incident's card; replies in its thread name it as `thread_of`."""
        return f"incident-{self.id}"


@dataclass(frozen=True, slots=True)
class WatchMark:
    """How far the watch has come with one environment."""

    at: datetime | None = None
    """The environment's own time up to which ended runs were seen; None before the first look."""
    keys: tuple[str, ...] = ()
    """Runs in the states in which they were seen, as far back as the overlap and all that have not ended."""
