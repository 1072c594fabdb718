"""Who wishes, and from where."""

from dataclasses import dataclass
from enum import StrEnum


class Role(StrEnum):
    """What a person may do; cumulative from viewer to approver, the auditor stands apart (safety, "Who may")."""

    NONE = "none"
    VIEWER = "viewer"
    OPERATOR = "operator"
    APPROVER = "approver"
    AUDITOR = "auditor"


@dataclass(frozen=True, slots=True)
class Actor:
    """A person by the ids of their own workspace, never by a name (safety; slack-platform 8.2)."""

    team_id: str
    user_id: str
    roles: frozenset[Role] = frozenset()
    name: str = ""
    """How to speak of them in words; never decides anything."""

    def has(self, role: Role) -> bool:
        return role in self.roles


@dataclass(frozen=True, slots=True)
class Place:
    """Where an answer or the progress of an action belongs."""

    channel: str
    thread: str = ""
    message: str = ""
    """Timestamp of the message that was pressed, when one was."""
    ephemeral: bool = False
    response_url: str = ""
