"""Changes that a synchronization found, and how many a threshold lets through."""

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum


class Operation(StrEnum):
    INSERT = "insert"
    UPDATE = "update"
    DELETE = "delete"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class RowChange:
    """One changed row of an entity type in one job run (nim-api 4.15)."""

    entity_type: str
    operation: Operation
    key: str
    resource_id: str = ""
    values: dict[str, str | None] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class LinkChange:
    entity_type: str
    property: str
    operation: Operation
    key: str
    other_key: str


@dataclass(frozen=True, slots=True)
class TableMapping:
    """An entity type as a connector fills it, with its thresholds; `stored` is NIM's own count of its resources."""

    entity_type_id: str
    entity_type: str
    connector_id: str
    table: str = ""
    stored: int | None = None


@dataclass(frozen=True, slots=True)
class Progress:
    """Counters of one task run, from the companion."""

    inserted: int | None = None
    updated: int | None = None
    deleted: int | None = None
    links_inserted: int | None = None
    links_deleted: int | None = None
    orders: int | None = None
    errored: int | None = None
    at: datetime | None = None
