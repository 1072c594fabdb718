"""Things that are good for a short time: `trigger_id`s and `response_url`s."""

from __future__ import annotations

import re
import secrets
from dataclasses import dataclass, field

from sandbox.workspace.clock import Clock

RESPONSE_USES = 5
RESPONSE_SECONDS = 30 * 60


class TicketError(Exception):
    """Carries Slack's error code."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


@dataclass(slots=True)
class _Trigger:
    user: str
    made: float
    used: bool = False


class Triggers:
    """One use, three seconds; afterwards remembered so that the error can say which of the two was missed."""

    def __init__(self, clock: Clock, seconds: float) -> None:
        self._clock = clock
        self._seconds = seconds
        self._known: dict[str, _Trigger] = {}

    def new(self, user: str) -> str:
        number = int(self._clock.now() * 1000)
        trigger = f"{number}.{secrets.randbelow(10**10):010d}.{secrets.token_hex(16)}"
        self._known[trigger] = _Trigger(user, self._clock.now())
        return trigger

    def use(self, trigger_id: str) -> str:
        """The user it was made for. Raises TicketError; `malformed` when it does not even look like one."""
        if not re.fullmatch(r"\d+\.\d+\.[0-9a-f]+", trigger_id):
            raise TicketError("malformed")
        known = self._known.get(trigger_id)
        if known is None:
            raise TicketError("invalid_trigger_id")
        if known.used:
            raise TicketError("exchanged_trigger_id")
        if self._clock.now() - known.made > self._seconds:
            raise TicketError("expired_trigger_id")
        known.used = True
        return known.user


@dataclass(slots=True)
class ResponseTicket:
    """What a `response_url` may do: answer one person in one place, and touch one message."""

    kind: str
    user: str
    channel: str
    message_ts: str = ""
    thread_ts: str = ""
    made: float = 0.0
    uses: int = 0


@dataclass(slots=True)
class ResponseUrls:
    clock: Clock
    team: str
    base: str = ""
    """Scheme, host and port; known once the server listens."""
    _known: dict[str, ResponseTicket] = field(default_factory=dict)

    def new(self, ticket: ResponseTicket) -> str:
        ticket.made = self.clock.now()
        path = f"/{ticket.kind}/{self.team}/{secrets.randbelow(10**12)}/{secrets.token_urlsafe(18)}"
        self._known[path] = ticket
        return self.base + path

    def use(self, path: str) -> ResponseTicket:
        """Counts one use. Raises TicketError `no_service`, `expired_url` or `used_url`."""
        ticket = self._known.get(path)
        if ticket is None:
            raise TicketError("no_service")
        if self.clock.now() - ticket.made > RESPONSE_SECONDS:
            raise TicketError("expired_url")
        if ticket.uses >= RESPONSE_USES:
            raise TicketError("used_url")
        ticket.uses += 1
        return ticket
