"""Requests of roles: the workflow's instance, its activities, the reviewers, the assignment that results."""

from __future__ import annotations

from dataclasses import dataclass

from sandbox.identity_manager.world.clock import to_iso
from sandbox.identity_manager.world.engine import Engine
from sandbox.identity_manager.world.model import NEVER_ENDS, RoleAssignment, Trail, Workflow

_WAITING = {(1, 0): 8, (2, 0): 9, (2, 1): 10, (3, 0): 11, (3, 1): 12, (3, 2): 13}
"""(approvals needed, given) -> workflow state (nim-api 5.4)"""

_STATES = ("Executed", "Waiting")


@dataclass(frozen=True, slots=True)
class Request:
    role: str
    person: str
    requester: str
    reviewers: tuple[str, ...]
    steps: int
    next_reviewer: str
    end: float | None
    decided_after: float
    comment: str
    declined: bool = False


def request(engine: Engine, asked: Request) -> RoleAssignment:
    """Raises ValueError for an unknown person."""
    database, now = engine.database, engine.clock.now
    owner, requester = engine.person_id(asked.person), engine.person_id(asked.requester)
    if owner is None or requester is None:
        raise ValueError(f"nobody is called {asked.person if owner is None else asked.requester}")
    reviewers = [
        (engine.person_id(name) or 0, now + asked.decided_after * (n + 1)) for n, name in enumerate(asked.reviewers)
    ]
    approved = len(reviewers) >= asked.steps
    workflow = (
        Workflow.DECLINED
        if asked.declined
        else (Workflow.APPROVED if approved else Workflow(_WAITING[asked.steps, len(reviewers)]))
    )
    instance = _write_instance(engine, asked, owner, requester, reviewers, done=approved or asked.declined)
    kind = "CompositeRole" if asked.role in _composites(engine) else "SingleRole"
    role = RoleAssignment(
        database.next_id(f"Assigned{kind}"),
        kind,
        asked.role,
        owner,
        workflow,
        denied=asked.declined,
        start=now,
        end=asked.end or NEVER_ENDS,
        created=now,
        performed=now,
        trail=Trail(requester, asked.comment, now, reviewers, instance),
        valid_from=now,
    )
    database.assign_role(role)
    engine.bench.dirty_people.add(owner)
    database.flush(now)
    return role


def decide(engine: Engine, role: str, person: str, reviewer: str, *, approve: bool) -> None:
    """Raises ValueError when nothing waits."""
    owner = engine.person_id(person)
    for found in engine.database.roles_of[owner or 0]:
        if found.role == role and found.trail is not None and 8 <= found.workflow <= 13:
            found.trail.reviewers.append((engine.person_id(reviewer) or 0, engine.clock.now))
            last = found.workflow in (8, 10, 13)
            found.workflow = (
                Workflow.DECLINED if not approve else (Workflow.APPROVED if last else Workflow(found.workflow + 1))
            )
            engine.database.touch_role(found)
            engine.bench.dirty_people.add(found.owner)
            engine.database.flush(engine.clock.now)
            return
    raise ValueError(f"no request of {role} for {person} waits")


def _composites(engine: Engine) -> set[str]:
    return {row["Identifier"] for row in engine.store.rows("CompositeRole")}


def _write_instance(
    engine: Engine, asked: Request, owner: int, requester: int, reviewers: list[tuple[int, float]], *, done: bool
) -> int:
    store, now = engine.store, engine.clock.now
    workflow, activities = engine.workflow_rows()
    instance = store.insert(
        "WorkflowInstance",
        [
            {
                "Identifier": f"WF-{18000 + store.count('WorkflowInstance'):05d}",
                "WorkflowId": workflow,
                "CurrentActivityId": activities["Review"],
                "IsCompleted": done,
                "WhenCompleted": to_iso(reviewers[-1][1]) if done and reviewers else None,
            }
        ],
    )[0]
    person = engine.database.resources[owner].name
    rows = [
        {
            "WorkflowInstanceId": instance,
            "ActivityId": activities["Request"],
            "ActivityStateId": activities[_STATES[0]],
            "CreationDate": to_iso(now),
            "PerformerId": requester,
            "Subject": f"{asked.role.replace('_', ' ')} for {person}",
            "Body": asked.comment or None,
        }
    ]
    for reviewer, at in reviewers:
        rows.append(
            {
                "WorkflowInstanceId": instance,
                "ActivityId": activities["Review"],
                "ActivityStateId": activities[_STATES[0]],
                "CreationDate": to_iso(at),
                "PerformerId": reviewer,
                "Subject": f"Review of {asked.role.replace('_', ' ')} for {person}",
            }
        )
    if not done:
        rows.append(
            {
                "WorkflowInstanceId": instance,
                "ActivityId": activities["Review"],
                "ActivityStateId": activities[_STATES[1]],
                "CreationDate": to_iso(reviewers[-1][1] if reviewers else now),
                "AssignedToId": engine.person_id(asked.next_reviewer) if asked.next_reviewer else None,
                "Subject": f"Review of {asked.role.replace('_', ' ')} for {person}",
            }
        )
    store.insert("ActivityInstance", rows)
    return instance
