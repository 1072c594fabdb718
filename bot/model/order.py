"""Provisioning orders: an assigned resource type of one owner with its properties and errors."""

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from bot.model.ids import ConnectorId, EntityTypeId, JobRunId, OrderId, ResourceId, ResourceTypeId
from bot.model.job import Limits


class OrderState(StrEnum):
    """The provisioning state in words; numbers in nim-api 5.2."""

    NONE = "none"
    PENDING = "pending"
    TRANSMITTED = "transmitted"
    ERRORED = "errored"
    VERIFIED = "verified"
    AWAITING_APPROVAL = "awaiting approval"
    INACTIVE = "inactive"
    RULE_ERROR = "role model error"
    """State 7: the role model threw an exception; unblocking it is pointless."""
    EXECUTED = "executed"
    UNKNOWN = "unknown"


class ChangeType(StrEnum):
    CREATE = "create"
    UPDATE = "update"
    DELETE = "delete"


@dataclass(frozen=True, slots=True)
class ResourceType:
    id: ResourceTypeId
    identifier: str
    name: str
    connector_id: ConnectorId | None = None
    source_entity_type_id: EntityTypeId | None = None
    target_entity_type_id: EntityTypeId | None = None
    block_provisioning: bool | None = None
    allow_add: bool | None = None
    allow_remove: bool | None = None
    discard_manual: bool | None = None
    depends_on_id: ResourceTypeId | None = None
    depends_on_owner_property: str = ""
    validity_minutes: int | None = None
    limits: Limits = field(default_factory=Limits)
    limits_shown: bool = True
    assignment_count: int | None = None
    """NIM's own count of the type's accounts: what a percentage is taken of."""


@dataclass(frozen=True, slots=True)
class OrderError:
    """What the fulfill task or the agent said of one order."""

    text: str
    code: int | None = None
    job_run_id: JobRunId | None = None


@dataclass(frozen=True, slots=True)
class OrderProperty:
    """One property that the order would write. `current` is what the managed system holds, where it is shown."""

    name: str
    kind: str
    """"scalar", "navigation" or "binary"."""
    value: str | None
    policy_value: str | None = None
    current: str | None = None
    state: OrderState = OrderState.NONE
    workflow_state: int | None = None
    confidence: int | None = None
    denied: bool = False
    created_at: datetime | None = None
    performed_at: datetime | None = None
    """When it was last provisioned."""


@dataclass(frozen=True, slots=True)
class Order:
    """A provisioning order as one read of Identity Manager saw it."""

    id: OrderId
    state: OrderState
    code: int
    change: ChangeType
    resource_type_id: ResourceTypeId
    resource_type: str
    """The resource type's identifier."""
    resource_type_name: str = ""
    owner_id: ResourceId | None = None
    owner_name: str = ""
    owner_type_id: EntityTypeId | None = None
    resource_id: ResourceId | None = None
    resource_name: str = ""
    resource_dn: str = ""
    """Distinguished name of the account as synchronised (its property `dn` or `distinguishedName`, joined where the
    target entity type has one); tells the container that a right is missing on. Empty where not shown."""
    consolidated_state: int = 0
    workflow_state: int | None = None
    review_filter: int = 0
    denied: bool = False
    inferred: bool = False
    correlation_confidence: int | None = None
    classification_confidence: int | None = None
    blocked_inside: bool | None = None
    """A nested property waits (ConsolidatedWorkflowBlockedState); None when not shown."""
    start_date: datetime | None = None
    end_date: datetime | None = None
    created_at: datetime | None = None
    performed_at: datetime | None = None
    performer: str = ""
    errors: tuple[OrderError, ...] = ()
    """Newest run first."""
    properties: tuple[OrderProperty, ...] | None = None
    """None when they were not read."""
    read_at: datetime | None = None

    @property
    def error(self) -> OrderError | None:
        return self.errors[0] if self.errors else None

    @property
    def is_errored(self) -> bool:
        return self.state in {OrderState.ERRORED, OrderState.RULE_ERROR} or bool(self.review_filter & 32)


@dataclass(frozen=True, slots=True)
class HeldValue:
    """One property of one order, with its order and the properties of its owner that were asked for."""

    order: Order
    held: OrderProperty
    owner: dict[str, str] = field(default_factory=dict)
