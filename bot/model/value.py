"""Where a value comes from: rules, versions of a resource, contributing sources."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from bot.model.ids import ResourceId, ResourceTypeId


@dataclass(frozen=True, slots=True)
class PropertyRule:
    """A rule that computes one property of a resource type."""

    id: str
    kind: str
    """"scalar", "navigation" or "query"."""
    resource_type_id: ResourceTypeId
    property: str
    expression: str = ""
    confidence: int | None = None
    changed_at: datetime | None = None
    changed_by: str = ""


@dataclass(frozen=True, slots=True)
class ResourceVersion:
    """A resource as it was read, now or "as of" a moment. Properties by path: "MainRecord.LastName"."""

    id: ResourceId
    entity_type: str
    name: str
    properties: dict[str, str] = field(default_factory=dict)
    as_of: datetime | None = None
    """The moment asked for; None = current."""
    valid_from: datetime | None = None
    valid_to: datetime | None = None
    read_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class ValueChange:
    """One change of one property. Without the companion's history `at` is only the end of an interval."""

    property: str
    old: str | None
    new: str | None
    at: datetime
    not_before: datetime | None = None
    """Start of the interval in which it changed; None when `at` is exact."""


@dataclass(frozen=True, slots=True)
class Source:
    """A source record that contributes to a person (the View Sources screen)."""

    entity_type: str
    resource_id: ResourceId
    name: str
    resource_type: str
    workflow_state: int | None = None
    properties: tuple[str, ...] = ()
    values: Mapping[str, str] | None = None
    """What was asked for of the record; None where it was not shown beside its name."""
    valid_to: datetime | None = None
    read_at: datetime | None = None
