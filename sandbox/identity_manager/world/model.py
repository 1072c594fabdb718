"""The engine's own records: resources, assignments and what hangs on them. Instants are epoch seconds."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import IntEnum

NEVER_ENDS = float("inf")


class State(IntEnum):
    """Provisioning states (nim-api 5.2)."""

    NONE = 0
    PENDING = 1
    TRANSMITTED = 2
    ERRORED = 3
    VERIFIED = 4
    AWAITING_APPROVAL = 5
    INACTIVE = 6
    ERROR = 7
    EXECUTED = 8


class Workflow(IntEnum):
    """Workflow states that the world uses (nim-api 5.4)."""

    NONE = 0
    FOUND = 1
    HISTORIC = 3
    REQUESTED = 4
    PENDING_1_OF_1 = 8
    PENDING_1_OF_2 = 9
    PENDING_2_OF_2 = 10
    APPROVED = 16
    DECLINED = 17
    CALCULATED = 18
    CANCELLATION = 20


class RunState(IntEnum):
    """States of job and task executions (nim-api 5.1)."""

    NOT_STARTED = 0
    IN_PROGRESS = 1
    COMPLETED = 2
    ERRORED = 3
    CANCELLED = 4
    BLOCKED_SYNCHRONIZATION = 5
    BLOCKED_PROVISIONING = 6
    WARNING = 7


@dataclass(slots=True, eq=False)
class Resource:
    """The current version of one resource. `version` grows with every change of any resource."""

    id: int
    type: str
    key: str
    name: str
    values: dict[str, str | None]
    refs: dict[str, int] = field(default_factory=dict)
    valid_from: float = 0.0
    created: float = 0.0
    version: int = 0


@dataclass(slots=True, eq=False)
class ScalarValue:
    """One computed property of an account. `manual` keeps the value against the rules."""

    id: int
    property: str
    value: str | None
    policy: str | None
    current: str | None
    state: int
    workflow: int = Workflow.CALCULATED
    created: float = 0.0
    performed: float | None = None
    performer: int | None = None


@dataclass(slots=True, eq=False)
class LinkValue:
    """One link of an account to another resource (a group, a manager)."""

    id: int
    property: str
    resource: int
    state: int
    workflow: int = Workflow.CALCULATED
    confidence: int = 100
    denied: bool = False
    inferred: bool = False
    created: float = 0.0
    performed: float | None = None


@dataclass(slots=True)
class OrderError:
    id: int
    job_instance: int
    text: str
    at: float


@dataclass(slots=True, eq=False)
class Trail:
    """Who asked, who decided."""

    requester: int | None = None
    comment: str = ""
    requested: float | None = None
    reviewers: list[tuple[int, float]] = field(default_factory=list)
    workflow_instance: int | None = None


@dataclass(slots=True, eq=False)
class Assignment:
    """An assigned resource type: an account of an owner, existing or to be created, and its provisioning order."""

    id: int
    type: str
    owner: int
    resource: int | None
    state: int
    workflow: int = Workflow.CALCULATED
    denied: bool = False
    start: float = 0.0
    end: float = NEVER_ENDS
    created: float = 0.0
    performed: float | None = None
    performer: int | None = None
    transmitted: float | None = None
    source_confidence: int = 0
    type_confidence: int = 0
    scalars: dict[str, ScalarValue] = field(default_factory=dict)
    links: list[LinkValue] = field(default_factory=list)
    errors: list[OrderError] = field(default_factory=list)
    trail: Trail | None = None
    account_key: str = ""
    valid_from: float = 0.0
    closed: bool = False
    behind: int | None = None
    """an earlier order on the same resource that waits; this one waits behind it"""
    was_behind: bool = False

    @property
    def change_type(self) -> str:
        if self.denied:
            return "Deleted"
        return "Added" if self.resource is None else "Modified"

    def states(self) -> list[int]:
        return [self.state, *(s.state for s in self.scalars.values()), *(link.state for link in self.links)]


@dataclass(slots=True, eq=False)
class RoleAssignment:
    """An assigned single or composite role."""

    id: int
    kind: str
    role: str
    owner: int
    workflow: int = Workflow.CALCULATED
    denied: bool = False
    inferred: bool = False
    start: float = 0.0
    end: float = NEVER_ENDS
    created: float = 0.0
    performed: float | None = None
    trail: Trail | None = None
    valid_from: float = 0.0
    closed: bool = False


_FLAGS = {
    State.PENDING: 1,
    State.TRANSMITTED: 2,
    State.EXECUTED: 4,
    State.VERIFIED: 8,
    State.AWAITING_APPROVAL: 16,
    State.ERRORED: 32,
    State.ERROR: 32,
    State.INACTIVE: 64,
}


def consolidated(assignment: Assignment) -> int:
    """ConsolidatedProvisioningState (nim-api 5.3)."""
    flags = 0
    for state in assignment.states():
        flags |= _FLAGS.get(State(state), 0)
    return flags


def blocked_count(assignment: Assignment) -> int:
    return assignment.states().count(State.AWAITING_APPROVAL)


def review_filter(assignment: Assignment) -> int:
    """ProvisioningReviewFilter (nim-api 5.5)."""
    base = 0
    if assignment.workflow in (Workflow.FOUND, Workflow.HISTORIC):
        if assignment.resource is None:
            base = 16
        elif 0 < assignment.source_confidence < 100 and not assignment.denied:
            base = 2
    elif blocked_count(assignment):
        if assignment.state == State.AWAITING_APPROVAL:
            base = 8 if assignment.denied else (1 if assignment.resource is None else 2)
        else:
            base = 4
    return base | (32 if consolidated(assignment) & 32 else 0)
