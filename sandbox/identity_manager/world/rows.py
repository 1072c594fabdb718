"""The engine's records as rows of the store."""

from __future__ import annotations

from collections.abc import Mapping

from sandbox.identity_manager.store import Row
from sandbox.identity_manager.world.clock import to_iso
from sandbox.identity_manager.world.model import (
    NEVER_ENDS,
    Assignment,
    LinkValue,
    OrderError,
    Resource,
    RoleAssignment,
    ScalarValue,
    State,
    Trail,
    blocked_count,
    consolidated,
    review_filter,
)

MOVING = (
    "WorkflowState", "StartDate", "EndDate", "WhenPerformed", "PerformerId", "IsDenied", "ResourceId",
    "ProvisioningState", "ConsolidatedProvisioningState", "ConsolidatedWorkflowBlockedState",
    "ConsolidatedWorkflowBlockedCount", "ConsolidatedWorkflowFoundState", "ConsolidatedWorkflowFoundCount",
    "ConsolidatedAssignedResourceTypeCountError", "ProvisioningReviewFilter", "SourceMatchedConfidenceLevel",
    "ResourceTypeIdentificationConfidenceLevel", "HasPendingOrders", "WhenTransmitted",
)  # fmt: skip
"""Columns of an assigned resource type that change during its life."""

MOVING_VALUES = (
    "WorkflowState",
    "ProvisioningState",
    "Value",
    "PolicyValue",
    "CurrentValue",
    "WhenPerformed",
    "PerformerId",
    "IsPending",
)
MOVING_LINKS = ("WorkflowState", "ProvisioningState", "IsDenied", "ConfidenceLevel", "WhenPerformed", "IsPending")

FOUND_STATES = {1: 1, 3: 2}


def _date(instant: float | None) -> str | None:
    return None if instant is None or instant == NEVER_ENDS else to_iso(instant)


def _minute(instant: float | None) -> str | None:
    """Assignment dates have minute precision."""
    return None if instant is None or instant == NEVER_ENDS else to_iso(instant - instant % 60)


def resource(r: Resource, type_id: int, columns: Mapping[str, str]) -> Row:
    row: Row = {
        "Id": r.id,
        "Type": type_id,
        "InternalDisplayName": r.name,
        "PrimaryKey": r.key,
        "ValidFrom": to_iso(r.valid_from),
    }
    for name, value in r.values.items():
        if value is not None:
            row[columns[name]] = value
    for name, target in r.refs.items():
        row[columns[name]] = target
    return row


def _trail(trail: Trail | None) -> Row:
    if trail is None:
        return {}
    row: Row = {
        "RequesterId": trail.requester,
        "RequestComment": trail.comment or None,
        "WorkflowInstanceId": trail.workflow_instance,
    }
    for number, (person, at) in enumerate(trail.reviewers[:3], start=1):
        row[f"Reviewer{number}Id"] = person
        row[f"WhenReviewed{number}"] = _minute(at)
    return row


def assignment(a: Assignment, owner_type: int, role_id: int) -> Row:
    blocked = blocked_count(a)
    found = [
        w
        for w in (a.workflow, *(s.workflow for s in a.scalars.values()), *(n.workflow for n in a.links))
        if w in FOUND_STATES
    ]
    return {
        "Id": a.id,
        "OwnerType": owner_type,
        "OwnerId": a.owner,
        "RoleId": role_id,
        "ResourceId": a.resource,
        "WorkflowState": int(a.workflow),
        "StartDate": _minute(a.start),
        "EndDate": _minute(a.end),
        "WhenCreated": _minute(a.created),
        "WhenPerformed": _minute(a.performed),
        "PerformerId": a.performer,
        "IsDenied": a.denied,
        "ProvisioningState": int(a.state),
        "ConsolidatedProvisioningState": consolidated(a),
        "ConsolidatedWorkflowBlockedState": 1 if blocked else 0,
        "ConsolidatedWorkflowBlockedCount": blocked,
        "ConsolidatedWorkflowFoundState": max((FOUND_STATES[w] for w in found), default=0),
        "ConsolidatedWorkflowFoundCount": len(found),
        "ConsolidatedAssignedResourceTypeCountError": sum(s in (State.ERRORED, State.ERROR) for s in a.states()),
        "ProvisioningReviewFilter": review_filter(a),
        "SourceMatchedConfidenceLevel": a.source_confidence,
        "ResourceTypeIdentificationConfidenceLevel": a.type_confidence,
        "HasPendingOrders": State.PENDING in a.states(),
        "WhenTransmitted": _minute(a.transmitted),
        "ValidFrom": to_iso(a.valid_from),
        **_trail(a.trail),
    }


def scalar(a: Assignment, s: ScalarValue, owner_type: int, property_id: int) -> Row:
    return {
        "Id": s.id,
        "OwnerType": owner_type,
        "OwnerId": a.owner,
        "AssignedResourceTypeId": a.id,
        "PropertyId": property_id,
        "WorkflowState": int(s.workflow),
        "ProvisioningState": int(s.state),
        "Value": s.value,
        "PolicyValue": s.policy,
        "CurrentValue": s.current,
        "StartDate": _minute(a.start),
        "EndDate": _minute(a.end),
        "WhenCreated": _minute(s.created),
        "WhenPerformed": _minute(s.performed),
        "PerformerId": s.performer,
        "IsPending": s.state == State.PENDING,
        "ValidFrom": to_iso(s.created),
    }


def link(a: Assignment, value: LinkValue, owner_type: int, property_id: int) -> Row:
    return {
        "Id": value.id,
        "OwnerType": owner_type,
        "OwnerId": a.owner,
        "AssignedResourceTypeId": a.id,
        "PropertyId": property_id,
        "WorkflowState": int(value.workflow),
        "ProvisioningState": int(value.state),
        "ResourceId": value.resource,
        "PolicyResourceId": value.resource if not value.denied else None,
        "CurrentResourceId": value.resource if value.state == State.VERIFIED else None,
        "ConfidenceLevel": value.confidence,
        "IsDenied": value.denied,
        "IsInferred": value.inferred,
        "IsCollectionNavigation": value.property == "memberOf",
        "StartDate": _minute(a.start),
        "EndDate": _minute(a.end),
        "WhenCreated": _minute(value.created),
        "WhenPerformed": _minute(value.performed),
        "IsPending": value.state == State.PENDING,
        "ValidFrom": to_iso(value.created),
    }


def order_error(a: Assignment, error: OrderError) -> Row:
    return {
        "Id": error.id,
        "AssignedResourceTypeId": a.id,
        "JobInstanceId": error.job_instance,
        "ErrorCode": 1,
        "ErrorMessage": error.text,
    }


def role(r: RoleAssignment, owner_type: int, role_id: int) -> Row:
    return {
        "Id": r.id,
        "OwnerType": owner_type,
        "OwnerId": r.owner,
        "RoleId": role_id,
        "WorkflowState": int(r.workflow),
        "IsDenied": r.denied,
        "IsInferred": r.inferred,
        "StartDate": _minute(r.start),
        "EndDate": _date(r.end),
        "WhenCreated": _minute(r.created),
        "WhenPerformed": _minute(r.performed),
        "ValidFrom": to_iso(r.valid_from),
        **_trail(r.trail),
    }
