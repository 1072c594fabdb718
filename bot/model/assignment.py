"""How somebody came to hold an entitlement: the assignments of roles and resource types with their origin."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from bot.model.ids import ResourceId


class AssignmentKind(StrEnum):
    COMPOSITE_ROLE = "composite role"
    SINGLE_ROLE = "single role"
    RESOURCE_TYPE = "resource type"
    NAVIGATION = "navigation"


@dataclass(frozen=True, slots=True)
class Decision:
    """One step of a request's story: who did what, when. Names are private (safety rule 13)."""

    who: str
    what: str
    at: datetime | None
    comment: str = ""


@dataclass(frozen=True, slots=True)
class Assignment:
    id: str
    kind: AssignmentKind
    role_id: str
    role: str
    owner_id: ResourceId
    workflow_state: int
    denied: bool = False
    inferred: bool = False
    indirect: bool = False
    requester: str = ""
    reviewers: tuple[Decision, ...] = ()
    request_comment: str = ""
    performer: str = ""
    performed_at: datetime | None = None
    created_at: datetime | None = None
    start_date: datetime | None = None
    end_date: datetime | None = None
    workflow_id: str = ""
    """Id of the workflow instance that carried the request; empty = none."""
    workflow_number: str = ""
    """The request number that people see."""
    resource_id: ResourceId | None = None
    correlation_confidence: int | None = None
    provisioning_state: int | None = None
    read_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class RoleRule:
    """A rule that gives a role. NIM's rules have no name: they are known by role, parent, dimensions and id."""

    id: str
    kind: str
    """"single role rule", "composite role rule" or "resource type rule"."""
    role_id: str
    role: str
    parent_role_id: str = ""
    parent_role: str = ""
    dimensions: tuple[tuple[str, str], ...] = ()
    denied: bool = False
    changed_at: datetime | None = None
    changed_by: str = ""


@dataclass(frozen=True, slots=True)
class LinkRule:
    """A navigation rule: who has the role gets the link, for instance a membership in a group."""

    id: str
    role_id: str
    resource_id: ResourceId
    resource: str = ""
