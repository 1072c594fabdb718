"""The life of an action: every pair of state and event, and what can never happen."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import product

import pytest

from bot.model.action import Action, ActionState, Verdict, Wish
from bot.model.actor import Place
from bot.model.finding import ActionKind
from bot.model.ids import ActionId, JobId, JobRunId, OrderId, ResourceTypeId
from bot.model.job import JobRun, RunState
from bot.model.order import ChangeType, Order, OrderState
from bot.repair.machine import (
    Declined,
    Event,
    Impossible,
    Judged,
    Launching,
    Looked,
    MayUnblock,
    NothingNew,
    NotSent,
    NotVerified,
    RunNotSeen,
    RunSeen,
    Step,
    TakenElsewhere,
    TooLate,
    Unblocked,
    Unwanted,
    Verified,
    Waiting,
    advance,
    next_step,
)

NOW = datetime(2026, 3, 3, 9, 41, tzinfo=UTC)
S = ActionState
ORDER = Order(OrderId("1"), OrderState.ERRORED, 3, ChangeType.DELETE, ResourceTypeId("9"), "AD", properties=())
RUN = JobRun(JobRunId("52002"), JobId("1006"), RunState.RUNNING, 1)
WISH = Wish("production", ActionKind.UNBLOCK_ONE, "1", "s", "T1", "U1", Place("C1"), job_id=JobId("1006"))

STATES = {
    "asked": Action(ActionId(1), WISH, S.ASKED, NOW),
    "asked, call made": Action(ActionId(1), WISH, S.ASKED, NOW, unblock_sent_at=NOW, order_before=ORDER),
    "asked to unblock only, call made": Action(
        ActionId(1), replace(WISH, run_job=False), S.ASKED, NOW, unblock_sent_at=NOW, order_before=ORDER
    ),
    "asked to relaunch": Action(ActionId(1), replace(WISH, kind=ActionKind.RELAUNCH, target="1006"), S.ASKED, NOW),
    "unblocked": Action(ActionId(1), WISH, S.UNBLOCKED, NOW, unblock_sent_at=NOW, unblocked_at=NOW),
    "launched": Action(ActionId(1), WISH, S.LAUNCHED, NOW, unblocked_at=NOW, launched_at=NOW),
    "relaunched": Action(
        ActionId(1), replace(WISH, kind=ActionKind.RELAUNCH, target="1006"), S.LAUNCHED, NOW, launched_at=NOW
    ),
    "running": Action(ActionId(1), WISH, S.RUNNING, NOW, run_id=RUN.id),
    "run ended": Action(ActionId(1), WISH, S.RUNNING, NOW, run_id=RUN.id, run_ended_at=NOW),
    "awaiting": Action(ActionId(1), WISH, S.AWAITING_VERIFICATION, NOW, verdict=Verdict.EXECUTED),
    "done": Action(ActionId(1), WISH, S.DONE, NOW, verdict=Verdict.VERIFIED),
    "refused": Action(ActionId(1), WISH, S.REFUSED, NOW),
    "unknown": Action(ActionId(1), WISH, S.UNKNOWN, NOW),
}
EVENTS: dict[str, Event] = {
    "unwanted": Unwanted("changed"),
    "may unblock": MayUnblock(NOW, ORDER, "AD_Entry"),
    "unblocked": Unblocked(NOW),
    "declined": Declined("denied"),
    "taken elsewhere": TakenElsewhere(OrderState.EXECUTED, "run 5"),
    "launching": Launching(NOW, JobRunId("52001")),
    "not sent": NotSent("refused connection"),
    "run seen": RunSeen(RUN),
    "run not seen": RunNotSeen("none"),
    "looked": Looked(RUN, (), None),
    "looked at its end": Looked(RUN, (), NOW),
    "judged executed": Judged(Verdict.EXECUTED, "ours", OrderState.EXECUTED),
    "judged refuted": Judged(Verdict.REFUTED, "again", OrderState.ERRORED, "denied"),
    "verified": Verified(NOW),
    "not verified": NotVerified("gone"),
    "nothing new": NothingNew(),
    "waiting": Waiting("down"),
    "too late": TooLate("12 hours"),
}
GOES = {
    ("asked", "unwanted"): S.REFUSED,
    ("asked", "may unblock"): S.ASKED,
    ("asked", "declined"): S.REFUSED,
    ("asked", "too late"): S.REFUSED,
    ("asked, call made", "unblocked"): S.UNBLOCKED,
    ("asked, call made", "declined"): S.REFUSED,
    ("asked, call made", "too late"): S.UNKNOWN,
    ("asked to unblock only, call made", "unblocked"): S.DONE,
    ("asked to unblock only, call made", "declined"): S.REFUSED,
    ("asked to unblock only, call made", "too late"): S.UNKNOWN,
    ("asked to relaunch", "unwanted"): S.REFUSED,
    ("asked to relaunch", "launching"): S.LAUNCHED,
    ("asked to relaunch", "declined"): S.REFUSED,
    ("asked to relaunch", "too late"): S.REFUSED,
    ("unblocked", "launching"): S.LAUNCHED,
    ("unblocked", "taken elsewhere"): S.DONE,
    ("unblocked", "declined"): S.DONE,
    ("unblocked", "too late"): S.DONE,
    ("launched", "run seen"): S.RUNNING,
    ("launched", "run not seen"): S.UNKNOWN,
    ("launched", "too late"): S.UNKNOWN,
    ("launched", "not sent"): S.UNBLOCKED,
    ("launched", "declined"): S.DONE,
    ("relaunched", "run seen"): S.RUNNING,
    ("relaunched", "run not seen"): S.UNKNOWN,
    ("relaunched", "too late"): S.UNKNOWN,
    ("relaunched", "not sent"): S.ASKED,
    ("relaunched", "declined"): S.REFUSED,
    ("running", "looked"): S.RUNNING,
    ("running", "looked at its end"): S.RUNNING,
    ("running", "too late"): S.DONE,
    ("run ended", "judged executed"): S.AWAITING_VERIFICATION,
    ("run ended", "judged refuted"): S.DONE,
    ("run ended", "too late"): S.DONE,
    ("awaiting", "verified"): S.DONE,
    ("awaiting", "not verified"): S.DONE,
    ("awaiting", "too late"): S.DONE,
} | {
    (state, event): action.state
    for (state, action), event in product(STATES.items(), ("nothing new", "waiting"))
    if not action.ended
}
"""Where each pair leads; what is not listed cannot happen."""


@pytest.mark.parametrize(("state", "event"), list(product(STATES, EVENTS)))
def test_a_state_takes_an_event_as_the_table_says_and_no_other(state, event):
    action = STATES[state]
    if (state, event) not in GOES:
        with pytest.raises(Impossible):
            advance(action, EVENTS[event], NOW)
        return

    after = advance(action, EVENTS[event], NOW).action

    assert after.state is GOES[state, event]


@pytest.mark.parametrize("state", STATES)
def test_every_state_knows_what_is_next_and_an_end_knows_nothing(state):
    action = STATES[state]
    assert (next_step(action) is Step.NOTHING) == action.ended


def test_nothing_is_launched_before_it_was_read_back_as_pending():
    sent = advance(STATES["asked"], EVENTS["may unblock"], NOW).action
    assert next_step(sent) is Step.UNBLOCK
    with pytest.raises(Impossible):
        advance(sent, EVENTS["launching"], NOW)


def test_a_launched_action_is_never_launched_again_by_itself():
    assert next_step(STATES["launched"]) is Step.FIND_RUN
    with pytest.raises(Impossible):
        advance(STATES["launched"], EVENTS["launching"], NOW)


def test_only_a_judgement_of_the_run_makes_an_action_executed():
    for state, event in product(STATES, EVENTS):
        try:
            after = advance(STATES[state], EVENTS[event], NOW).action
        except Impossible:
            continue
        if after.state is S.AWAITING_VERIFICATION and state != "awaiting":
            assert (state, event) == ("run ended", "judged executed")


def test_every_end_and_every_write_is_kept_in_the_audit():
    for (state, event), leads_to in GOES.items():
        moved = advance(STATES[state], EVENTS[event], NOW)
        if leads_to in {S.DONE, S.REFUSED, S.UNKNOWN, S.UNBLOCKED} and leads_to is not STATES[state].state:
            assert moved.audit or event == "not sent"


def test_values_of_the_order_are_not_kept_with_the_action():
    kept = advance(STATES["asked"], EVENTS["may unblock"], NOW).action
    assert kept.order_before is not None
    assert kept.order_before.properties is None


def test_waiting_is_told_since_when_and_ends_with_the_next_news():
    first = advance(STATES["running"], Waiting("down"), NOW).action
    second = advance(first, Waiting("down"), NOW + timedelta(minutes=1)).action
    assert (second.waits_because, second.waits_since, second.looks) == ("down", NOW, 2)

    on = advance(second, EVENTS["looked"], NOW + timedelta(minutes=2)).action
    assert (on.waits_because, on.waits_since) == ("", None)


def test_looks_without_news_are_counted_so_that_pauses_grow():
    action = STATES["running"]
    for _ in range(3):
        action = advance(action, EVENTS["looked"], NOW).action
    assert action.looks >= 2
    assert advance(action, EVENTS["looked at its end"], NOW).action.looks == 0
