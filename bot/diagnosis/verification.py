"""Whether an action has worked: what an order or a run says afterwards (troubleshooting 2.5, the canary).

Success is credited by run, never by time alone: an order that was verified without having been sent in our run proves
nothing.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from bot.diagnosis.grouping import key_of
from bot.model.action import Verdict
from bot.model.job import JobRun, RunState
from bot.model.order import ChangeType, Order, OrderState

MINUTE: Final = timedelta(minutes=1)
"""Identity Manager keeps the time of an order's last act in whole minutes (nim-api 2.3)."""


@dataclass(frozen=True, slots=True)
class Judgement:
    """A verdict with its reason in words for the person who pressed."""

    verdict: Verdict
    why: str
    proven: bool = False
    """Only a proven test says anything about the other orders of its group and container."""


def judge_order(
    before: Order,
    after: Order | None,
    run: JobRun,
    *,
    executed_seen: bool = False,
    account_present: bool | None = None,
    key_before: str = "",
) -> Judgement:
    """The verdict on one unblocked order after the run that was to send it has ended.

    `after` is None when the order is gone; `executed_seen` says that a read during our run saw it executed;
    `account_present` whether the account is still in the synchronized data (None = not known); `key_before` is the
    error key stored with the action, where `before` was not kept.
    """
    if after is None:
        return _gone(before, executed_seen=executed_seen, account_present=account_present)
    match after.state:
        case OrderState.EXECUTED:
            return _executed(after, run, executed_seen=executed_seen)
        case OrderState.VERIFIED:
            return _verified(after, run, executed_seen=executed_seen)
        case OrderState.ERRORED:
            return _errored(key_before or key_of(before), before, after, run)
        case OrderState.AWAITING_APPROVAL:
            return Judgement(Verdict.BLOCKED_AGAIN, "It waits for a review again, so it was not sent.")
        case OrderState.PENDING if run.state is RunState.BLOCKED:
            return _open("The run stopped at a threshold before it was sent.")
        case OrderState.PENDING:
            return _open("It was not sent: the run did not take it. Another job may serve it, or it is not due yet.")
        case OrderState.TRANSMITTED:
            return _open("It was handed over and no answer has come: a manual task, or the agent has stopped.")
        case OrderState.RULE_ERROR:
            return _open("The role model threw an exception on it, so it was not sent.")
        case OrderState.INACTIVE:
            return _open("It was superseded and is no longer of use.")
        case _:
            return _open(f"It is in state {after.code}, which is not known here.")


def _open(why: str) -> Judgement:
    return Judgement(Verdict.INCONCLUSIVE, why)


def sent_in(run: JobRun, at: datetime | None) -> bool | None:
    """Whether a time (in whole minutes) lies in the run; None when one of them is not shown."""
    if at is None or run.started_at is None:
        return None
    started = run.started_at.replace(second=0, microsecond=0)
    ended = run.ended_at + MINUTE if run.ended_at else None
    return started <= at and (ended is None or at <= ended)


def _executed(after: Order, run: JobRun, *, executed_seen: bool) -> Judgement:
    ours = sent_in(run, after.performed_at)
    if ours is False and not executed_seen:
        return _open(f"It is executed, but not by run {run.id}: somebody or something else did it.")
    remark = "" if ours or executed_seen else " This installation does not show which run sent it."
    return Judgement(
        Verdict.EXECUTED,
        f"Run {run.id} sent it; the next synchronization verifies it.{remark}",
        proven=True,
    )


def _verified(after: Order, run: JobRun, *, executed_seen: bool) -> Judgement:
    ours = sent_in(run, after.performed_at)
    if executed_seen or ours:
        return Judgement(
            Verdict.VERIFIED, f"Executed in run {run.id} and verified by a synchronization since.", proven=True
        )
    if ours is None:
        return Judgement(Verdict.VERIFIED, "Verified; this installation does not show who sent it.", proven=True)
    return _open("It is verified, but was not sent in our run: the value was there already. Choose another order.")


def _errored(key_before: str, before: Order, after: Order, run: JobRun) -> Judgement:
    newest = after.error.job_run_id if after.error else None
    earlier = before.error.job_run_id if before.error else None
    if newest is not None and newest != run.id and newest == earlier:
        return _open("It is in error with the old error and was not sent again in our run.")
    if newest is not None and newest != run.id:
        return _open(f"It failed in run {newest}, which is not ours.")
    if key_of(after) == key_before:
        return Judgement(Verdict.REFUTED, f"The same error in run {run.id}: the cause is still there.")
    return Judgement(Verdict.REFUTED_OTHERWISE, f"Another error in run {run.id}: something else stands in the way now.")


def _gone(before: Order, *, executed_seen: bool, account_present: bool | None) -> Judgement:
    if before.change is ChangeType.DELETE and executed_seen and account_present is False:
        return Judgement(Verdict.VERIFIED, "Executed, and the account is gone from the synchronized data.", proven=True)
    if before.change is ChangeType.DELETE and account_present:
        return _open("The order is gone but the account is still there: it was superseded.")
    return _open("The order is gone without having been seen executed: it was superseded.")


def judge_run(run: JobRun) -> Verdict:
    """The verdict on a relaunched job. Only a run that has ended is to be judged."""
    return {
        RunState.COMPLETED: Verdict.RUN_SUCCEEDED,
        RunState.ERRORED: Verdict.RUN_FAILED,
        RunState.CANCELLED: Verdict.RUN_FAILED,
        RunState.BLOCKED: Verdict.RUN_BLOCKED,
        RunState.WARNING: Verdict.RUN_WARNING,
    }.get(run.state, Verdict.INCONCLUSIVE)
