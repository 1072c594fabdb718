"""What leaves for Slack: blocks for the eye, complete text for notifications, screen readers and the fallback."""

from dataclasses import dataclass, field
from typing import Any

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
