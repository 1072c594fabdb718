"""Getting events, commands and presses to the app: wrapped, retried as by Slack, disturbed where a test asks."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Coroutine
from dataclasses import dataclass, field
from typing import Any

from sandbox.workspace.clock import Clock
from sandbox.workspace.config import WorkspaceConfig
from sandbox.workspace.state import Json, random_id
from sandbox.workspace.transport import Ack, Delivered, Transport

EVENT_SCOPES = {
    "app_mention": "app_mentions:read",
    "message.im": "im:history",
    "message.channels": "channels:history",
    "message.groups": "groups:history",
    "member_joined_channel": "channels:read",
    "member_left_channel": "channels:read",
    "subteam_members_changed": "usergroups:read",
    "subteam_updated": "usergroups:read",
    "user_change": "users:read",
    "reaction_added": "reactions:read",
    "reaction_removed": "reactions:read",
}
RETRY_REASONS = {
    "socket": dict.fromkeys(Delivered, "timeout"),
    "http": {
        Delivered.TIMEOUT: "http_timeout",
        Delivered.NO_CONNECTION: "connection_failed",
        Delivered.REFUSED: "http_error",
    },
}


@dataclass(slots=True)
class Disturbance:
    """Set through the control API."""

    delay: float = 0.0
    """Seconds before each envelope is sent."""
    duplicates: int = 0
    """How many of the next deliveries are sent twice."""
    hold: bool = False
    """Nothing is sent until released; commands and presses then end as timeouts."""


@dataclass(slots=True)
class Delivery:
    config: WorkspaceConfig
    clock: Clock
    transport: Transport
    disturbance: Disturbance = field(default_factory=Disturbance)
    log: list[Json] = field(default_factory=list)
    """Every delivery with its outcome, for tests."""
    _tasks: set[asyncio.Task[Any]] = field(default_factory=set)
    _released: asyncio.Event = field(default_factory=asyncio.Event)

    def event(self, name: str, event: Json, *, shared: bool = False) -> None:
        """Send an event if the app subscribes to `name` and has its scope; Slack says nothing otherwise."""
        app = self.config.app
        scope = EVENT_SCOPES.get(name)
        if name not in app.events or (scope and scope not in app.scopes):
            return
        event_id = random_id("Ev")
        wrapper = {
            "token": "local-verification-token",
            "team_id": self.config.team_id,
            "context_team_id": self.config.team_id,
            "context_enterprise_id": None,
            "api_app_id": app.id,
            "type": "event_callback",
            "event_id": event_id,
            "event_time": int(self.clock.now()),
            "authorizations": [
                {
                    "enterprise_id": None,
                    "team_id": self.config.team_id,
                    "user_id": app.bot_user,
                    "is_bot": True,
                    "is_enterprise_install": False,
                }
            ],
            "is_ext_shared_channel": shared,
            "event_context": f"4-{secrets.token_urlsafe(24)}",
            "event": event,
        }
        self.background(self._deliver_event(wrapper))

    async def _deliver_event(self, wrapper: Json) -> None:
        reason = ""
        for attempt, pause in enumerate((0.0, *self.config.retry_seconds)):
            if pause:
                await self.clock.sleep(pause)
            ack = await self._send("events_api", wrapper, attempt, reason)
            if ack.ok or ack.no_retry:
                return
            reason = RETRY_REASONS[self.config.mode].get(ack.outcome, "unknown_error")

    async def interactive(self, payload: Json) -> Ack:
        """Once only, as Slack does for presses, submissions, shortcuts and option loads."""
        return await self._send("interactive", payload)

    async def command(self, payload: Json) -> Ack:
        return await self._send("slash_commands", payload)

    async def _send(self, kind: str, payload: Json, attempt: int = 0, reason: str = "") -> Ack:
        entry: Json = {
            "kind": kind,
            "type": payload.get("event", payload).get("type") or payload.get("command"),
            "event_id": payload.get("event_id"),
            "attempt": attempt,
            "at": self.clock.now(),
            "outcome": "under way",
        }
        self.log.append(entry)
        if self.disturbance.hold:
            await self._held(kind)
            if self.disturbance.hold:
                entry["outcome"] = Delivered.TIMEOUT
                return Ack(Delivered.TIMEOUT)
        if self.disturbance.delay:
            await asyncio.sleep(self.disturbance.delay)
        if self.disturbance.duplicates:
            self.disturbance.duplicates -= 1
            self.background(self.transport.deliver(kind, payload, attempt, reason))
        ack = await self.transport.deliver(kind, payload, attempt, reason)
        entry |= {"outcome": ack.outcome, "seconds": round(self.clock.now() - entry["at"], 4)}
        return ack

    async def _held(self, kind: str) -> None:
        waiting = asyncio.create_task(self._released.wait())
        limit = [asyncio.create_task(self.clock.sleep(self.config.ack_seconds))] if kind != "events_api" else []
        await asyncio.wait([waiting, *limit], return_when=asyncio.FIRST_COMPLETED)
        for task in (waiting, *limit):
            task.cancel()

    def hold(self, *, on: bool) -> None:
        self.disturbance.hold = on
        if not on:
            self._released.set()
            self._released = asyncio.Event()

    def background(self, work: Coroutine[Any, Any, Any]) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def close(self) -> None:
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
