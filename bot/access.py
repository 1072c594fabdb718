"""Who may do what: one pure decision, asked by every way in right before the act.

Source: safety.md, "Who may", rules 1 to 3 and 10. `docs/access.md` is generated from `table()`.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum

from bot.model.actor import Actor, Role
from bot.model.job import Job, Task, TaskKind
from bot.model.order import ChangeType, Order, OrderState


class Permission(StrEnum):
    """Things that are allowed or refused, named as a person would say them."""

    HELP = "see the help"
    READ = "read findings"
    ASK_OPERATOR = "ask an operator"
    CLAIM = "claim a request"
    TRY_ONE = "test a repair on one order"
    RETRY_ONE_DELETION = "retry one errored deletion"
    RELEASE_DELETION = "release a deletion that awaits approval"
    RELAUNCH = "relaunch a job"
    RECOMPUTE_EVERYBODY = "run a job that recomputes the role model for everybody"
    SEND_MANY_OTHERS = "relaunch a job that sends more other pending orders than the cap"
    LOAD_INITIALLY = "run a synchronization in initial mode"


@dataclass(frozen=True, slots=True)
class Ruling:
    """The answer to "may they?". `why` is a sentence for the person; `role` is what allowed it, for the audit."""

    allowed: bool
    why: str = ""
    needs: Role = Role.NONE


NEEDS: dict[Permission, Role | None] = {
    Permission.HELP: Role.NONE,
    Permission.READ: Role.VIEWER,
    Permission.ASK_OPERATOR: Role.VIEWER,
    Permission.CLAIM: Role.OPERATOR,
    Permission.TRY_ONE: Role.OPERATOR,
    Permission.RETRY_ONE_DELETION: Role.OPERATOR,
    Permission.RELEASE_DELETION: Role.APPROVER,
    Permission.RELAUNCH: Role.OPERATOR,
    Permission.RECOMPUTE_EVERYBODY: Role.APPROVER,
    Permission.SEND_MANY_OTHERS: Role.APPROVER,
    Permission.LOAD_INITIALLY: None,
}
"""The least role for each permission; None = refused to everybody."""

_A = {Role.VIEWER: "a viewer", Role.OPERATOR: "an operator", Role.APPROVER: "an approver"}
_WRITES = frozenset(Permission) - {Permission.HELP, Permission.READ, Permission.ASK_OPERATOR}
_INCLUDED = {
    Role.VIEWER: frozenset({Role.VIEWER}),
    Role.OPERATOR: frozenset({Role.VIEWER, Role.OPERATOR}),
    Role.APPROVER: frozenset({Role.VIEWER, Role.OPERATOR, Role.APPROVER}),
    Role.AUDITOR: frozenset({Role.AUDITOR, Role.VIEWER}),
}


def cumulative(granted: Sequence[Role]) -> frozenset[Role]:
    """All roles that the granted ones include: approver includes operator includes viewer; an auditor may read."""
    return frozenset().union(*(_INCLUDED[role] for role in granted if role is not Role.NONE))


def may(actor: Actor, permission: Permission) -> Ruling:
    """Decides. An auditor acts never, whatever other roles the same person holds (safety, "Who may")."""
    needs = NEEDS[permission]
    if needs is None:
        return Ruling(allowed=False, why=f"Nobody may {permission.value}: it has no thresholds and loads data twice.")
    if needs is Role.NONE:
        return Ruling(allowed=True, needs=needs)
    if permission in _WRITES and actor.has(Role.AUDITOR):
        return Ruling(allowed=False, why="An auditor reads everything and acts never.", needs=needs)
    if actor.has(needs):
        return Ruling(allowed=True, needs=needs)
    if not actor.has(Role.VIEWER):
        return Ruling(allowed=False, why="You have no role in nimdesk yet.", needs=needs)
    have = "read, not change" if not actor.has(Role.OPERATOR) else "repair one thing at a time"
    return Ruling(allowed=False, why=f"You may {have}: to {permission.value} takes {_A[needs]}.", needs=needs)


def to_unblock(order: Order) -> Permission:
    """What unblocking this one order amounts to (safety rule 1)."""
    if order.change is ChangeType.DELETE:
        if order.state is OrderState.AWAITING_APPROVAL:
            return Permission.RELEASE_DELETION
        return Permission.RETRY_ONE_DELETION
    return Permission.TRY_ONE


def to_relaunch(job: Job, tasks: Sequence[Task], *, others_pending: int = 0, cap: int = 0) -> Permission:
    """What launching this job amounts to: rights follow what its tasks do, not its name (safety rule 2).

    `others_pending` counts orders that would leave with the run beside the one that is meant.
    """
    if job.is_initialization:
        return Permission.LOAD_INITIALLY
    if any(task.kind is TaskKind.ROLE_MODEL and task.dirty is False for task in tasks):
        return Permission.RECOMPUTE_EVERYBODY
    sends = any(task.kind in {TaskKind.GENERATE, TaskKind.FULFILL} for task in tasks)
    if sends and others_pending > cap:
        return Permission.SEND_MANY_OTHERS
    return Permission.RELAUNCH


def table() -> Iterator[tuple[str, dict[Role, bool]]]:
    """Every permission with every role's answer, as `may` gives it."""
    roles = (Role.NONE, Role.VIEWER, Role.OPERATOR, Role.APPROVER, Role.AUDITOR)
    for permission in Permission:
        answers = {}
        for role in roles:
            actor = Actor(team_id="T", user_id="U", roles=cumulative([role]))
            answers[role] = may(actor, permission).allowed
        yield permission.value, answers
