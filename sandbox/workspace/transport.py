"""What a delivery to the app can end in, whichever way it went."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Protocol


class Delivered(StrEnum):
    ANSWERED = "answered"
    TIMEOUT = "timeout"
    NO_CONNECTION = "no_connection"
    REFUSED = "refused"
    """HTTP only: an answer other than 2xx."""


@dataclass(frozen=True, slots=True)
class Ack:
    outcome: Delivered
    payload: dict[str, Any] = field(default_factory=dict)
    no_retry: bool = False
    """HTTP only: the app answered with `X-Slack-No-Retry: 1`."""

    @property
    def ok(self) -> bool:
        return self.outcome is Delivered.ANSWERED


class Transport(Protocol):
    async def deliver(self, kind: str, payload: dict[str, Any], attempt: int, reason: str) -> Ack:
        """Send one `events_api`, `interactive` or `slash_commands` payload and wait for the acknowledgement."""


def accepts_payload(kind: str, payload: dict[str, Any]) -> bool:
    """Whether the acknowledgement may carry an answer."""
    return kind == "slash_commands" or payload.get("type") in {"view_submission", "block_suggestion"}
