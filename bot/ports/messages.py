"""What goes out to Slack and what came in from it: stored before it is sent, or acknowledged."""

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

from bot.model.ids import IncidentId
from bot.model.message import Delivery, Message


class Outbox(Protocol):
    """What is to be delivered to Slack, stored before it is sent; the sender belongs to the driver."""

    async def post(
        self, key: str, channel: str, message: Message, *, thread_of: str = "", incident_id: IncidentId | None = None
    ) -> None:
        """A new message under its own key; the same key again changes nothing.

        `thread_of` is the key of the message whose thread it belongs to, or a message's timestamp.
        """
        ...

    async def edit(self, key: str, message: Message) -> None:
        """The message that was posted under `key` shall now look so; several edits become the last one."""
        ...


class DeliveryQueue(Protocol):
    """The sender's side of the outbox. One sender at a time: it belongs to the driver."""

    async def claim_due(self, now: datetime, limit: int = 20) -> Sequence[Delivery]:
        """The oldest rows that are due, marked as being sent. A reply comes only after the message that it answers."""
        ...

    async def sent(self, delivery: Delivery, *, ts: str, channel: str = "") -> None:
        """It stands in Slack under `ts`; `channel` is Slack's own id of the channel, kept for later edits."""
        ...

    async def failed(self, delivery: Delivery, why: str, retry_at: datetime | None) -> None:
        """It was not delivered; it is due again at `retry_at`, or never with None."""
        ...

    async def unsure(self) -> Sequence[Delivery]:
        """Rows that were being sent when a process died: each may or may not stand in Slack.

        Look for the key in the channel, then report `sent`, or `failed` with the time at which to send again.
        """
        ...

    async def changed(self, at_most: float) -> bool:
        """Waits until something may be due, at most `at_most` seconds; true when a row was added or edited."""
        ...


class Inbox(Protocol):
    """Mentions and direct messages: stored before they are acknowledged, since Slack sends them again otherwise."""

    async def receive(self, event_id: str, body: str, now: datetime) -> bool:
        """False when the event is known already."""
        ...

    async def done(self, event_id: str, now: datetime) -> None: ...

    async def waiting(self) -> Sequence[tuple[str, str]]:
        """Pairs of event id and body that nobody has finished, oldest first."""
        ...
