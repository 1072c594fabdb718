"""What leaves for Slack: blocks for the eye, complete text for notifications, screen readers and the fallback."""

from dataclasses import dataclass, field
from typing import Any

from bot.model.ids import IncidentId

Block = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Message:
    """`text` is plain and complete by itself; it goes out with `mrkdwn: false`."""

    text: str
    blocks: tuple[Block, ...] = ()


@dataclass(frozen=True, slots=True)
class Modal:
    """A view for `views.open`. `callback_id` names the view's dispatch, `private_metadata` carries the intent."""

    title: str
    blocks: tuple[Block, ...]
    submit: str = ""
    close: str = "Close"
    callback_id: str = ""
    private_metadata: str = ""
    notify_on_close: bool = field(default=False)


@dataclass(frozen=True, slots=True)
class Delivery:
    """One row of the outbox that is due: a message to post, or the newest wish for one that stands already."""

    id: int
    key: str
    """The outbox's own key, to be carried in the message's metadata so that a doubtful post can be found again."""
    channel: str
    """As it was asked for ("#iam-alerts"), or Slack's own id once something was posted there."""
    message: Message
    version: int
    """Counts the wishes; what was sent is reported with it, so that an edit made meanwhile is not forgotten."""
    ts: str = ""
    """Slack's timestamp of the message to update; empty when it has yet to be posted."""
    thread_ts: str = ""
    attempts: int = 0
    incident_id: IncidentId | None = None

    @property
    def is_edit(self) -> bool:
        return bool(self.ts)
