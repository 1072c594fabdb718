"""Roles and accounts of one person and how they came about (nim-api 4.14, 4.17)."""

from datetime import datetime
from typing import Final

from bot.model.assignment import Assignment, AssignmentKind, Decision
from bot.model.ids import ResourceId
from bot.nim.squery import Join, Op, Path, Query, Sort, all_of, compare, equal, number, paths
from bot.nim.wire.row import Row

_INACTIVE: Final = 19
"""Expired and hidden, though not yet removed (nim-api 5.4)."""
_STEPS: Final = (1, 2, 3)
_ACTIVITY: Final = Join("Activity", "a")
_STATE: Final = Join("State", "s")


def assignments(kind: AssignmentKind, owner_id: ResourceId, person_type: str) -> Query:
    role = Join("Role", "r")
    workflow = Join("WorkflowInstance", "w")
    people = tuple(
        Join(navigation, alias, of_type=person_type)
        for navigation, alias in (
            ("Requester", "rq"),
            ("Performer", "pf"),
            *((f"Reviewer{step}", f"v{step}") for step in _STEPS),
        )
    )
    of_account = ("ResourceId", "ProvisioningState", "SourceMatchedConfidenceLevel")
    return Query(
        joins=(role, workflow, *people),
        select=(
            *paths("Id", "RoleId", "OwnerId", "WorkflowState", "IsDenied", "IsInferred", "IsIndirect"),
            *paths("RequestComment", "StartDate", "EndDate", "WhenCreated", "WhenPerformed", "WorkflowInstanceId"),
            *paths(*(f"WhenReviewed{step}" for step in _STEPS), *(f"ReviewComment{step}" for step in _STEPS)),
            *(paths(*of_account) if kind is AssignmentKind.RESOURCE_TYPE else ()),
            role["Identifier"],
            role["DisplayName"],
            workflow["Identifier"],
            *(one["InternalDisplayName"] for one in people),
        ),
        where=all_of(equal("OwnerId", number(owner_id)), compare("WorkflowState", Op.DIFFERENT, _INACTIVE)),
        order=(Sort(Path("Id")),),
    )


def assignment(row: Row, kind: AssignmentKind, read_at: datetime) -> Assignment:
    role = row.at("Role")
    resource_id = row.id("ResourceId")
    return Assignment(
        id=row.own_id("an assignment"),
        kind=kind,
        role_id=row.id("RoleId") or "",
        role=role.text("DisplayName") or role.text("Identifier"),
        owner_id=ResourceId(row.id("OwnerId") or ""),
        workflow_state=row.whole("WorkflowState") or 0,
        denied=bool(row.flag("IsDenied")),
        inferred=bool(row.flag("IsInferred")),
        indirect=bool(row.flag("IsIndirect")),
        requester=_name(row, "Requester"),
        reviewers=tuple(one for step in _STEPS if (one := _review(row, step)) is not None),
        request_comment=row.text("RequestComment"),
        performer=_name(row, "Performer"),
        performed_at=row.moment("WhenPerformed"),
        created_at=row.moment("WhenCreated"),
        start_date=row.moment("StartDate"),
        end_date=row.moment("EndDate"),
        workflow_id=row.id("WorkflowInstanceId") or "",
        workflow_number=row.at("WorkflowInstance").text("Identifier"),
        resource_id=ResourceId(resource_id) if resource_id else None,
        correlation_confidence=row.whole("SourceMatchedConfidenceLevel"),
        provisioning_state=row.whole("ProvisioningState"),
        read_at=read_at,
    )


def _review(row: Row, step: int) -> Decision | None:
    who, at = _name(row, f"Reviewer{step}"), row.moment(f"WhenReviewed{step}")
    if not who and at is None:
        return None
    return Decision(who, f"review {step}", at, row.text(f"ReviewComment{step}"))


def _name(row: Row, navigation: str) -> str:
    return row.at(navigation).text("InternalDisplayName")


def workflow_story(workflow_id: str, person_type: str) -> Query:
    who = Join("Performer", "pf", of_type=person_type)
    return Query(
        joins=(who, _ACTIVITY, _STATE),
        select=(
            *paths("Id", "CreationDate", "Subject"),
            _ACTIVITY["DisplayName"],
            _STATE["DisplayName"],
            who["InternalDisplayName"],
        ),
        where=equal("WorkflowInstanceId", number(workflow_id)),
        order=(Sort(Path("Id")),),
    )


def decision(row: Row) -> Decision:
    activity, state = row.at("Activity").text("DisplayName"), row.at("State").text("DisplayName")
    return Decision(
        who=_name(row, "Performer"),
        what=": ".join(filter(None, (activity, state))),
        at=row.moment("CreationDate"),
        comment=row.text("Subject"),
    )
