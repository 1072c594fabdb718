"""What a viewer asks an operator to do, until somebody claims it."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from bot.model.actor import Place
from bot.model.intent import Intent


class RequestState(StrEnum):
    OPEN = "open"
    CLAIMED = "claimed"
    DONE = "done"


@dataclass(frozen=True, slots=True)
class HelpRequest:
    id: int
    key: str
    """The same key again is the same request: a double click asks once."""
    state: RequestState
    asked_at: datetime
    team_id: str
    user_id: str
    intent: Intent
    """What the viewer pressed and may not do."""
    place: Place
    note: str = ""
    ticket: str = ""
    label: str = ""
    """What it is about, without names."""
    claimed_by: str = ""
    claimed_at: datetime | None = None
