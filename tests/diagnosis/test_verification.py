"""Verification of the canary, row by row (troubleshooting 2.5)."""

from dataclasses import replace

import pytest

from bot.diagnosis.verification import judge_order, judge_run
from bot.model.action import Verdict
from bot.model.ids import JobRunId
from bot.model.job import RunState
from bot.model.order import ChangeType, OrderError, OrderState
from tests.diagnosis.fakes import NO_RIGHT, ago, order, run

RUN = run("48271", state=RunState.COMPLETED, start=ago(hours=1), minutes=10)
BEFORE = order("771000", error=NO_RIGHT, run_id="48260")
INSIDE = ago(minutes=55)


def after(state: OrderState, **more):
    codes = {OrderState.PENDING: 1, OrderState.EXECUTED: 8, OrderState.VERIFIED: 4}
    return replace(BEFORE, state=state, code=codes.get(state, 3), **{"performed_at": INSIDE, **more})


def failed(text: str, run_id: str):
    return replace(BEFORE, performed_at=INSIDE, errors=(OrderError(text, 1, JobRunId(run_id)), *BEFORE.errors))


def test_executed_in_our_run_proves():
    judged = judge_order(BEFORE, after(OrderState.EXECUTED), RUN)
    assert (judged.verdict, judged.proven) == (Verdict.EXECUTED, True)


def test_executed_by_somebody_else_proves_nothing():
    judged = judge_order(BEFORE, after(OrderState.EXECUTED, performed_at=ago(hours=5)), RUN)
    assert (judged.verdict, judged.proven) == (Verdict.INCONCLUSIVE, False)


def test_verified_after_having_been_executed_proves():
    judged = judge_order(BEFORE, after(OrderState.VERIFIED, performed_at=None), RUN, executed_seen=True)
    assert (judged.verdict, judged.proven) == (Verdict.VERIFIED, True)


def test_verified_and_sent_in_our_run_proves():
    assert judge_order(BEFORE, after(OrderState.VERIFIED), RUN).proven


def test_verified_without_having_been_sent_by_our_run_proves_nothing():
    judged = judge_order(BEFORE, after(OrderState.VERIFIED, performed_at=ago(hours=5)), RUN)
    assert (judged.verdict, judged.proven) == (Verdict.INCONCLUSIVE, False)


def test_verified_where_the_sender_is_not_shown_is_proven_with_a_remark():
    judged = judge_order(BEFORE, after(OrderState.VERIFIED, performed_at=None), RUN)
    assert judged.proven
    assert "does not show who sent it" in judged.why


def test_the_same_error_in_our_run_refutes_whoever_it_is_about():
    text = NO_RIGHT.replace("DSID-03152501", "DSID-0315299F")
    assert judge_order(BEFORE, failed(text, "48271"), RUN).verdict is Verdict.REFUTED


def test_another_error_in_our_run_refutes_otherwise():
    judged = judge_order(BEFORE, failed("The server is unavailable: No such host is known.", "48271"), RUN)
    assert (judged.verdict, judged.proven) == (Verdict.REFUTED_OTHERWISE, False)


def test_the_stored_error_key_stands_in_for_the_order_before():
    bare = replace(BEFORE, errors=())
    judged = judge_order(bare, failed(NO_RIGHT, "48271"), RUN, key_before="v1:rights/denied|000000000000")
    assert judged.verdict is Verdict.REFUTED_OTHERWISE


def test_an_old_error_says_that_it_was_not_sent_again():
    assert judge_order(BEFORE, BEFORE, RUN).verdict is Verdict.INCONCLUSIVE


def test_a_failure_in_another_run_is_not_credited_to_ours():
    assert judge_order(BEFORE, failed(NO_RIGHT, "48265"), RUN).verdict is Verdict.INCONCLUSIVE


@pytest.mark.parametrize(
    ("state", "verdict"),
    [
        (OrderState.AWAITING_APPROVAL, Verdict.BLOCKED_AGAIN),
        (OrderState.PENDING, Verdict.INCONCLUSIVE),
        (OrderState.TRANSMITTED, Verdict.INCONCLUSIVE),
        (OrderState.INACTIVE, Verdict.INCONCLUSIVE),
        (OrderState.RULE_ERROR, Verdict.INCONCLUSIVE),
        (OrderState.UNKNOWN, Verdict.INCONCLUSIVE),
        (OrderState.NONE, Verdict.INCONCLUSIVE),
    ],
)
def test_no_other_state_proves_anything(state, verdict):
    judged = judge_order(BEFORE, after(state), RUN)
    assert (judged.verdict, judged.proven) == (verdict, False)


def test_a_run_stopped_at_a_threshold_is_named():
    judged = judge_order(BEFORE, after(OrderState.PENDING), replace(RUN, state=RunState.BLOCKED))
    assert "threshold" in judged.why


def test_a_deletion_that_was_executed_and_whose_account_is_gone_is_verified():
    judged = judge_order(BEFORE, None, RUN, executed_seen=True, account_present=False)
    assert (judged.verdict, judged.proven) == (Verdict.VERIFIED, True)


@pytest.mark.parametrize(
    ("executed", "present", "change"),
    [
        (False, False, ChangeType.DELETE),
        (True, True, ChangeType.DELETE),
        (True, None, ChangeType.DELETE),
        (True, False, ChangeType.UPDATE),
    ],
)
def test_an_order_that_is_gone_otherwise_was_superseded(executed, present, change):
    judged = judge_order(replace(BEFORE, change=change), None, RUN, executed_seen=executed, account_present=present)
    assert (judged.verdict, judged.proven) == (Verdict.INCONCLUSIVE, False)


@pytest.mark.parametrize(
    ("state", "verdict"),
    [
        (RunState.COMPLETED, Verdict.RUN_SUCCEEDED),
        (RunState.ERRORED, Verdict.RUN_FAILED),
        (RunState.CANCELLED, Verdict.RUN_FAILED),
        (RunState.BLOCKED, Verdict.RUN_BLOCKED),
        (RunState.WARNING, Verdict.RUN_WARNING),
        (RunState.UNKNOWN, Verdict.INCONCLUSIVE),
    ],
)
def test_a_run_is_judged_by_its_end(state, verdict):
    assert judge_run(replace(RUN, state=state)) is verdict
