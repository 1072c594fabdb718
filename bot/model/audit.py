"""What is kept about every action, for as long as the database lives."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from bot.model.ids import ActionId


class AuditEvent(StrEnum):
    BEFORE = "before"
    """Stored with the action, before anything is sent."""
    AFTER = "after"
    """What Identity Manager said, and how it ended."""
    REFUSED = "refused"
    SHOWN = "shown"
    """Names were shown to a person who asked for them (safety rule 14)."""


@dataclass(frozen=True, slots=True)
class AuditRecord:
    """One record of the chain. `sequence`, `previous` and `hash` are the store's; a new record leaves them empty."""

    at: datetime
    event: AuditEvent
    team_id: str
    user_id: str
    env: str
    kind: str
    target: str
    role: str = ""
    label: str = ""
    evidence: str = ""
    said: str = ""
    action_id: ActionId | None = None
    sequence: int = 0
    previous: str = ""
    hash: str = ""
