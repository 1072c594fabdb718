"""The life of an action: what may follow what. Pure: no I/O, no clock; what is not listed cannot happen."""

from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from bot.model.action import Action, ActionState, TaskProgress, Verdict
from bot.model.finding import ActionKind
from bot.model.ids import JobRunId
from bot.model.job import JobRun
from bot.model.order import Order, OrderState


class Impossible(Exception):
    """An event that the state of the action does not admit: nothing is changed."""


class Step(StrEnum):
    """What is to be done next, told by the stored action alone, so that a restart goes on from there."""

    CHECK = "check"
    UNBLOCK = "unblock"
    LAUNCH = "launch"
    FIND_RUN = "find run"
    FOLLOW = "follow"
    JUDGE = "judge"
    VERIFY = "verify"
    NOTHING = "nothing"


def next_step(action: Action) -> Step:
    match action.state:
        case ActionState.ASKED if action.wish.kind is not ActionKind.UNBLOCK_ONE:
            return Step.LAUNCH
        case ActionState.ASKED:
            return Step.UNBLOCK if action.unblock_sent_at else Step.CHECK
        case ActionState.UNBLOCKED:
            return Step.LAUNCH
        case ActionState.LAUNCHED:
            return Step.FIND_RUN
        case ActionState.RUNNING:
            return Step.JUDGE if action.run_ended_at else Step.FOLLOW
        case ActionState.AWAITING_VERIFICATION:
            return Step.VERIFY
        case _:
            return Step.NOTHING


@dataclass(frozen=True, slots=True)
class Unwanted:
    """The world has changed, or the ground moves: nothing was written and nothing will be."""

    why: str


@dataclass(frozen=True, slots=True)
class MayUnblock:
    """The order is as it was seen. Stored before the call, so that a restart knows that it may have been made."""

    at: datetime
    order: Order
    account_type: str = ""


@dataclass(frozen=True, slots=True)
class Unblocked:
    """Read back: the order is pending, or on its way already."""

    at: datetime


@dataclass(frozen=True, slots=True)
class Declined:
    """Identity Manager refused the call, or did not do what it was asked to; read back, so it is certain."""

    why: str


@dataclass(frozen=True, slots=True)
class TakenElsewhere:
    """The pending order left before our run could be launched."""

    state: OrderState
    why: str


@dataclass(frozen=True, slots=True)
class Launching:
    """RunJob is about to be called. Stored before the call: RunJob has no idempotency."""

    at: datetime
    run_before: JobRunId | None


@dataclass(frozen=True, slots=True)
class NotSent:
    """The call is known not to have arrived; it may be made again."""

    why: str


@dataclass(frozen=True, slots=True)
class RunSeen:
    run: JobRun


@dataclass(frozen=True, slots=True)
class RunNotSeen:
    """No run of ours appeared in time: whether the call arrived is not known."""

    why: str


@dataclass(frozen=True, slots=True)
class Looked:
    """One look at the run of ours."""

    run: JobRun
    tasks: tuple[TaskProgress, ...]
    ended_at: datetime | None
    executed_seen: bool = False


@dataclass(frozen=True, slots=True)
class Judged:
    verdict: Verdict
    why: str
    order_state: OrderState | None = None
    error_after: str = ""


@dataclass(frozen=True, slots=True)
class Verified:
    at: datetime


@dataclass(frozen=True, slots=True)
class NotVerified:
    """It was executed, and no synchronization will say more, or none did in time."""

    why: str
    order_state: OrderState | None = None


@dataclass(frozen=True, slots=True)
class NothingNew:
    """A look that found all as it was."""


@dataclass(frozen=True, slots=True)
class Waiting:
    """Identity Manager does not give what the next step needs; it is asked again."""

    why: str


@dataclass(frozen=True, slots=True)
class TooLate:
    """The step has waited as long as it may."""

    why: str


Event = (
    Unwanted
    | MayUnblock
    | Unblocked
    | Declined
    | TakenElsewhere
    | Launching
    | NotSent
    | RunSeen
    | RunNotSeen
    | Looked
    | Judged
    | Verified
    | NotVerified
    | NothingNew
    | Waiting
    | TooLate
)


@dataclass(frozen=True, slots=True)
class Moved:
    """The action after an event, and what the audit keeps of it; empty where there is nothing to keep."""

    action: Action
    audit: str = ""


def advance(action: Action, event: Event, now: datetime) -> Moved:
    """Raises Impossible for an event that cannot happen in this state. `now` is the host's clock."""
    moved = _advance(action, event)
    after = moved.action
    if isinstance(event, Waiting):
        after = replace(after, waits_because=event.why, waits_since=action.waits_since or now, looks=action.looks + 1)
    else:
        news = not isinstance(event, NothingNew) and replace(after, looks=action.looks) != action
        after = replace(after, waits_because="", waits_since=None, looks=0 if news else action.looks + 1)
    if after.state is not action.state or after.state_since is None:
        after = replace(after, state_since=now)
    return replace(moved, action=after)


def _advance(action: Action, event: Event) -> Moved:
    match action.state, event:
        case (
            ActionState.ASKED
            | ActionState.UNBLOCKED
            | ActionState.LAUNCHED
            | ActionState.RUNNING
            | ActionState.AWAITING_VERIFICATION,
            Waiting() | NothingNew(),
        ):
            return Moved(action)
        case ActionState.ASKED, _:
            return _asked(action, event)
        case ActionState.UNBLOCKED, _:
            return _unblocked(action, event)
        case ActionState.LAUNCHED, _:
            return _launched(action, event)
        case ActionState.RUNNING, _:
            return _running(action, event)
        case ActionState.AWAITING_VERIFICATION, _:
            return _awaiting(action, event)
        case _:
            raise _impossible(action, event)


def _asked(action: Action, event: Event) -> Moved:
    unblocks = action.wish.kind is ActionKind.UNBLOCK_ONE
    match event:
        case Unwanted(why) if action.unblock_sent_at is None:
            return _refused(action, why)
        case MayUnblock(at, order, account_type) if unblocks and action.unblock_sent_at is None:
            kept = replace(order, properties=None)
            return Moved(replace(action, unblock_sent_at=at, order_before=kept, account_type=account_type))
        case Unblocked(at) if action.unblock_sent_at is not None:
            return _after_unblocking(action, at)
        case Declined(why):
            return _refused(action, why)
        case Launching(at, run_before) if not unblocks:
            return _launching(action, at, run_before)
        case TooLate(why) if action.unblock_sent_at is not None:
            return _unknown(action, why)
        case TooLate(why):
            return _refused(action, f"{why} Nothing was changed.")
        case _:
            raise _impossible(action, event)


def _after_unblocking(action: Action, at: datetime) -> Moved:
    unblocked = replace(action, unblocked_at=at, order_state=OrderState.PENDING)
    if action.wish.run_job:
        return Moved(replace(unblocked, state=ActionState.UNBLOCKED), "unblocked: read back as pending")
    ended = replace(unblocked, state=ActionState.DONE, verdict=Verdict.RELEASED)
    return Moved(ended, "unblocked: read back as pending; no run was wished")


def _unblocked(action: Action, event: Event) -> Moved:
    match event:
        case Launching(at, run_before):
            return _launching(action, at, run_before)
        case TakenElsewhere(state, why):
            taken = replace(action, state=ActionState.DONE, verdict=Verdict.INCONCLUSIVE, order_state=state, said=why)
            return Moved(taken, f"inconclusive: {why}")
        case Declined(why) | TooLate(why):
            return _released(action, why)
        case _:
            raise _impossible(action, event)


def _launched(action: Action, event: Event) -> Moved:
    unblocked = action.unblocked_at is not None
    match event:
        case RunSeen(run):
            seen = replace(action, state=ActionState.RUNNING, run_id=run.id, run_state=run.state)
            return Moved(seen, f"launched: run {run.id}")
        case RunNotSeen(why) | TooLate(why):
            return _unknown(action, why)
        case NotSent():
            back = ActionState.UNBLOCKED if unblocked else ActionState.ASKED
            return Moved(replace(action, state=back, launched_at=None, run_id_before=None))
        case Declined(why) if unblocked:
            return _released(replace(action, launched_at=None), why)
        case Declined(why):
            return _refused(replace(action, launched_at=None), why)
        case _:
            raise _impossible(action, event)


def _running(action: Action, event: Event) -> Moved:
    match event:
        case Looked(run, tasks, ended_at, executed_seen) if action.run_ended_at is None:
            looked = replace(
                action,
                run_state=run.state,
                tasks=tasks,
                run_ended_at=ended_at,
                executed_seen=action.executed_seen or executed_seen,
            )
            return Moved(looked)
        case Judged(verdict, why, order_state, error_after) if action.run_ended_at is not None:
            waits = verdict is Verdict.EXECUTED
            judged = replace(
                action,
                state=ActionState.AWAITING_VERIFICATION if waits else ActionState.DONE,
                verdict=verdict,
                order_state=order_state,
                error_after=error_after,
                executed_seen=action.executed_seen or waits,
                said=why,
            )
            return Moved(judged, f"{verdict.value}: {why}".rstrip(": "))
        case TooLate(why):
            late = replace(action, state=ActionState.DONE, verdict=Verdict.INCONCLUSIVE, said=why)
            return Moved(late, f"inconclusive: {why}")
        case _:
            raise _impossible(action, event)


def _awaiting(action: Action, event: Event) -> Moved:
    match event:
        case Verified(at):
            verified = replace(
                action,
                state=ActionState.DONE,
                verdict=Verdict.VERIFIED,
                verified_at=at,
                order_state=OrderState.VERIFIED,
                said="",
            )
            return Moved(verified, "verified by a synchronization")
        case NotVerified(why, order_state):
            ended = replace(action, state=ActionState.DONE, order_state=order_state or action.order_state, said=why)
            return Moved(ended, f"not verified: {why}")
        case TooLate(why):
            return Moved(replace(action, state=ActionState.DONE, said=why), f"not verified: {why}")
        case _:
            raise _impossible(action, event)


def _launching(action: Action, at: datetime, run_before: JobRunId | None) -> Moved:
    return Moved(replace(action, state=ActionState.LAUNCHED, launched_at=at, run_id_before=run_before))


def _refused(action: Action, why: str) -> Moved:
    return Moved(replace(action, state=ActionState.REFUSED, said=why), f"refused: {why}")


def _unknown(action: Action, why: str) -> Moved:
    return Moved(replace(action, state=ActionState.UNKNOWN, said=why), f"unknown: {why}")


def _released(action: Action, why: str) -> Moved:
    """The order is pending and goes with the next run, whoever starts it."""
    ended = replace(action, state=ActionState.DONE, verdict=Verdict.RELEASED, said=f"The job was not launched: {why}")
    return Moved(ended, f"unblocked only: {why}")


def _impossible(action: Action, event: Event) -> Impossible:
    return Impossible(f"an action that is {action.state.value} cannot take {type(event).__name__}")
