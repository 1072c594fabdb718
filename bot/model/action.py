"""What somebody asked to be done to an environment, and how far it has come."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from bot.model.actor import Place
from bot.model.finding import ActionKind
from bot.model.ids import ActionId, IncidentId, JobId, JobRunId, OrderId, TaskRunId
from bot.model.job import JobRun, RunState, TaskKind
from bot.model.order import Order, OrderState

LAUNCH_WINDOW: Final = timedelta(minutes=2)
"""How far a run's start may lie from our call, both in the environment's time; it becomes visible within 30 s."""


class ActionState(StrEnum):
    """Where an action stands. Each row of the store is in exactly one of these."""

    ASKED = "asked"
    UNBLOCKED = "unblocked"
    LAUNCHED = "launched"
    """RunJob was called; its run is not seen yet."""
    RUNNING = "running"
    AWAITING_VERIFICATION = "awaiting verification"
    DONE = "done"
    """Ended with a verdict."""
    REFUSED = "refused"
    """Nothing was written: the world had changed, or Identity Manager declined."""
    UNKNOWN = "unknown"
    """A call may or may not have arrived; told, and never sent again by itself."""


class Verdict(StrEnum):
    """The end of an action on one order (troubleshooting 2.5, verification of the canary)."""

    EXECUTED = "executed"
    VERIFIED = "verified"
    REFUTED = "refuted"
    REFUTED_OTHERWISE = "refuted with another error"
    BLOCKED_AGAIN = "blocked again"
    INCONCLUSIVE = "inconclusive"
    RELEASED = "released"
    """Unblock only: pending, to be sent by the next run."""
    RUN_SUCCEEDED = "run succeeded"
    RUN_FAILED = "run failed"
    RUN_BLOCKED = "run blocked"
    RUN_WARNING = "run ended with a warning"


@dataclass(frozen=True, slots=True)
class Wish:
    """An action to be stored under its key before anything is sent."""

    env: str
    kind: ActionKind
    target: str
    """Order id for `UNBLOCK_ONE`, job id for the relaunches."""
    seen: str
    """State, newest error's run and hash of values; for a relaunch the last run's id."""
    team_id: str
    user_id: str
    place: Place
    run_job: bool = True
    """False for *Unblock only*."""
    job_id: JobId | None = None
    """Which job is launched after an unblock, or relaunched."""
    job_name: str = ""
    incident_id: IncidentId | None = None
    reason: str = ""
    error_before: str = ""
    """The order's error text, masked, to be shown beside the new one."""
    error_key_before: str = ""
    subject: str = ""
    """Private: the person and the change."""
    label: str = ""
    """Without names: "order 771203 · AD_Entry_NominativeUser · delete"."""
    evidence: str = ""
    """One line for the audit: on which finding this rests."""
    role: str = ""
    """The role by which it was allowed."""

    @property
    def key(self) -> str:
        """Idempotency key: the same press twice is one action, the same wish after a change is a new one."""
        return f"{self.env}|{self.kind.value}|{self.target}|{self.seen}"


@dataclass(frozen=True, slots=True)
class TaskProgress:
    """One rung of the ladder while a job runs."""

    id: TaskRunId
    name: str
    kind: TaskKind
    state: RunState
    started_at: datetime | None
    ended_at: datetime | None


@dataclass(frozen=True, slots=True)
class Action:
    """A stored action as the driver and the thread's message see it."""

    id: ActionId
    wish: Wish
    state: ActionState
    asked_at: datetime
    run_id_before: JobRunId | None = None
    """The job's last run before our call; a newer one is credited to us."""
    run_id: JobRunId | None = None
    run_state: RunState | None = None
    unblocked_at: datetime | None = None
    launched_at: datetime | None = None
    run_ended_at: datetime | None = None
    verified_at: datetime | None = None
    order_state: OrderState | None = None
    verdict: Verdict | None = None
    error_after: str = ""
    tasks: tuple[TaskProgress, ...] = ()
    said: str = ""
    """Why it was refused or is unknown, in words for the person."""
    order_id: OrderId | None = None
    unblock_sent_at: datetime | None = None
    """Stored right before the call: after a crash an order that has become pending since is ours."""
    order_before: Order | None = None
    """As it was read right before the call, without its values."""
    executed_seen: bool = False
    """A read during our run, or after it, saw the order executed."""
    account_type: str = ""
    """Entity type of the account, to see after a deletion that it is gone."""
    waits_because: str = ""
    """What keeps it from going on, in words; empty while it goes on."""
    waits_since: datetime | None = None
    """By the host's clock."""
    state_since: datetime | None = None
    """By the host's clock, which the environment's may run away from: deadlines are counted on it."""
    looks: int = 0
    """How often the present state was looked at without news: pauses grow with it."""

    @property
    def message_key(self) -> str:
        """The outbox's key of the message that shows its progress."""
        return f"action-{self.id}"

    def owns(self, run: JobRun) -> bool:
        """Whether a run of the job is the one that our call launched.

        Newer than the last run before the call and started around it: an id alone would credit us with a scheduled run
        of the next day, a time alone with somebody else's.
        """
        if run.job_id != self.wish.job_id or self.launched_at is None or not _newer(run.id, self.run_id_before):
            return False
        return run.started_at is None or abs(run.started_at - self.launched_at) <= LAUNCH_WINDOW

    @property
    def ended(self) -> bool:
        return self.state in {ActionState.DONE, ActionState.REFUSED, ActionState.UNKNOWN}


def _newer(run_id: JobRunId, before: JobRunId | None) -> bool:
    """Ids are numbers that grow; where one is not, any other id counts."""
    if before is None:
        return True
    if run_id.isdecimal() and before.isdecimal():
        return int(run_id) > int(before)
    return run_id != before
