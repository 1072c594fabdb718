"""*Remind me if not*: what shall be looked at again after the run that may heal it."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from bot.model.intent import Intent


class ReminderState(StrEnum):
    WAITING = "waiting"
    DONE = "done"


@dataclass(frozen=True, slots=True)
class Reminder:
    """One person's wish about one question. Asked again, it is the same reminder with a new time."""

    id: int
    team_id: str
    user_id: str
    intent: Intent
    """The question, with its environment; what was seen is not part of it."""
    due_at: datetime
    """By the environment's clock."""
    asked_at: datetime
    """By the host's clock."""
    title: str = ""
    """The finding's public title when it was asked for."""
    stop: str = ""
    """Name of the link at which the way to an account stood then."""
    looks: int = 0
    """How often it was looked at in vain, since Identity Manager did not answer or a run was under way."""
    state: ReminderState = ReminderState.WAITING

    @property
    def env(self) -> str:
        return self.intent.env

    @property
    def key(self) -> str:
        return f"{self.team_id}|{self.user_id}|{self.env}|{self.intent.verb.value} {self.intent.thing}".rstrip()

    @property
    def message_key(self) -> str:
        """The outbox's key: one message for each time that it was asked for."""
        return f"reminder-{self.id}-{int(self.asked_at.timestamp())}"
