"""What the companion shows of the agent's host: task logs and the facts of export files, never their content."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class Folder(StrEnum):
    EXPORT_OUTPUT = "ExportOutput"
    EXPORT_COOKIES = "ExportCookies"
    COLLECT = "Collect"
    SYNCHRONIZATION = "Synchronization"
    PROVISIONING_ORDERS = "ProvisioningOrders"


@dataclass(frozen=True, slots=True)
class LogLine:
    at: datetime | None
    level: str
    text: str


@dataclass(frozen=True, slots=True)
class TaskLog:
    lines: tuple[LogLine, ...]
    truncated: bool
    read_at: datetime


@dataclass(frozen=True, slots=True)
class FileVersion:
    """An earlier state of a file; a fact that the companion could not tell is None."""

    size: int | None = None
    modified_at: datetime | None = None
    rows: int | None = None
    header: str | None = None


@dataclass(frozen=True, slots=True)
class AgentFile:
    name: str
    folder: Folder
    size: int
    modified_at: datetime
    rows: int | None = None
    header: str | None = None
    last_line_complete: bool | None = None
    previous: FileVersion | None = None
    null_key_rows: int | None = None
    duplicate_key_rows: int | None = None
    rejected_keys: tuple[str, ...] = ()
