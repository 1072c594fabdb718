"""Who may do what (safety.md, "Who may")."""

import pytest

from bot.access import Permission, cumulative, may, to_relaunch, to_unblock
from bot.model.actor import Actor, Role
from bot.model.ids import JobId, OrderId, ResourceTypeId, TaskId
from bot.model.job import Job, Task, TaskKind
from bot.model.order import ChangeType, Order, OrderState


def actor(*roles: Role) -> Actor:
    return Actor(team_id="T1", user_id="U1", roles=cumulative(roles))


def order(change: ChangeType, state: OrderState) -> Order:
    return Order(OrderId("1"), state, 0, change, ResourceTypeId("1"), "AD_Entry")


def job(*, is_initialization: bool = False) -> Job:
    return Job(JobId("1"), "J", "J", is_initialization=is_initialization)


def task(kind: TaskKind, dirty: bool | None = None) -> Task:
    return Task(TaskId("1"), "T", "T", kind, dirty=dirty)


def test_somebody_without_a_role_gets_the_help_and_nothing_else():
    allowed = [permission for permission in Permission if may(actor(), permission).allowed]

    assert allowed == [Permission.HELP]


def test_a_viewer_reads_and_asks_but_changes_nothing():
    allowed = {permission for permission in Permission if may(actor(Role.VIEWER), permission).allowed}

    assert allowed == {Permission.HELP, Permission.READ, Permission.ASK_OPERATOR}
    assert "read, not change" in may(actor(Role.VIEWER), Permission.TRY_ONE).why


def test_rule_1_retrying_one_errored_deletion_is_an_operators_and_releasing_a_waiting_one_an_approvers():
    retry = to_unblock(order(ChangeType.DELETE, OrderState.ERRORED))
    release = to_unblock(order(ChangeType.DELETE, OrderState.AWAITING_APPROVAL))

    assert may(actor(Role.OPERATOR), retry).allowed
    assert not may(actor(Role.OPERATOR), release).allowed
    assert may(actor(Role.APPROVER), release).allowed


def test_rule_2_a_role_model_task_that_is_not_dirty_is_a_recompute_of_everybody():
    whole = to_relaunch(job(), [task(TaskKind.ROLE_MODEL, dirty=False)])
    part = to_relaunch(job(), [task(TaskKind.ROLE_MODEL, dirty=True)])

    assert not may(actor(Role.OPERATOR), whole).allowed
    assert may(actor(Role.APPROVER), whole).allowed
    assert may(actor(Role.OPERATOR), part).allowed


def test_rule_2_a_synchronization_in_initial_mode_is_refused_to_everybody():
    initial = to_relaunch(job(is_initialization=True), [])

    assert not any(may(actor(role), initial).allowed for role in Role)


def test_rule_2_sending_more_other_orders_than_the_cap_takes_an_approver():
    tasks = [task(TaskKind.GENERATE), task(TaskKind.FULFILL)]

    assert to_relaunch(job(), tasks, others_pending=5, cap=5) is Permission.RELAUNCH
    many = to_relaunch(job(), tasks, others_pending=6, cap=5)
    assert not may(actor(Role.OPERATOR), many).allowed
    assert may(actor(Role.APPROVER), many).allowed


@pytest.mark.parametrize("permission", [Permission.TRY_ONE, Permission.RELAUNCH, Permission.CLAIM])
def test_an_auditor_acts_never_even_as_an_approver(permission):
    ruling = may(actor(Role.AUDITOR, Role.APPROVER), permission)

    assert not ruling.allowed
    assert "acts never" in ruling.why


def test_an_auditor_reads():
    assert may(actor(Role.AUDITOR), Permission.READ).allowed
