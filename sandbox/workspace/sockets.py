"""Socket Mode, seen from Slack: one-use tickets, up to ten connections, one envelope to one of them."""

from __future__ import annotations

import asyncio
import contextlib
import json
import secrets
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from aiohttp import WSMsgType, web

from sandbox.workspace.clock import Clock
from sandbox.workspace.config import WorkspaceConfig
from sandbox.workspace.transport import Ack, Delivered, accepts_payload

MAX_CONNECTIONS = 10
TICKET_SECONDS = 30.0
PING_SECONDS = 5.0


@dataclass(eq=False, slots=True)
class _Connection:
    socket: web.WebSocketResponse
    request: web.Request
    sent: int = 0


@dataclass(slots=True)
class SocketHub:
    """Delivers envelopes over whichever connections the app keeps open, in turn."""

    config: WorkspaceConfig
    clock: Clock
    warn: Callable[..., None]
    tickets: dict[str, float] = field(default_factory=dict)
    connections: list[_Connection] = field(default_factory=list)
    enabled: bool = True
    """False after `link_disabled`: no new connection is given out."""
    _waiting: dict[str, tuple[asyncio.Future[Ack], bool]] = field(default_factory=dict)
    _turn: int = 0

    def ticket(self) -> str:
        ticket = str(uuid.uuid4())
        self.tickets[ticket] = self.clock.now()
        return ticket

    async def serve(self, request: web.Request) -> web.StreamResponse:
        made = self.tickets.pop(request.query.get("ticket", ""), None)
        if made is None or self.clock.now() - made > TICKET_SECONDS:
            raise web.HTTPForbidden(text="the ticket is unknown, used or too old")
        socket = web.WebSocketResponse(heartbeat=PING_SECONDS)
        await socket.prepare(request)
        if len(self.connections) >= MAX_CONNECTIONS:
            await socket.send_json(self._disconnect("too_many_websockets"))
            await socket.close()
            return socket
        connection = _Connection(socket, request)
        self.connections.append(connection)
        try:
            await socket.send_json(
                {
                    "type": "hello",
                    "num_connections": len(self.connections),
                    "connection_info": {"app_id": self.config.app.id},
                    "debug_info": {"host": "local", "build_number": 1, "approximate_connection_time": 18060},
                }
            )
            async for frame in socket:
                if frame.type == WSMsgType.TEXT:
                    self._acknowledged(frame.data)
        finally:
            if connection in self.connections:
                self.connections.remove(connection)
        return socket

    def _acknowledged(self, text: str) -> None:
        try:
            frame = json.loads(text)
            waiting = self._waiting.get(frame["envelope_id"])
        except (ValueError, KeyError, TypeError):
            self.warn("unreadable frame from the app", frame=text[:200])
            return
        if waiting is None or waiting[0].done():
            self.warn("late or repeated acknowledgement", envelope_id=str(frame["envelope_id"]))
            return
        future, wants_payload = waiting
        payload = frame.get("payload")
        if payload and not wants_payload:
            self.warn("payload in an acknowledgement that takes none", payload=payload)
            payload = None
        future.set_result(Ack(Delivered.ANSWERED, payload if isinstance(payload, dict) else {}))

    async def deliver(self, kind: str, payload: dict[str, Any], attempt: int, reason: str) -> Ack:
        live = [connection for connection in self.connections if not connection.socket.closed]
        if not live:
            return Ack(Delivered.NO_CONNECTION)
        self._turn += 1
        connection = live[self._turn % len(live)]
        envelope_id = str(uuid.uuid4())
        wants_payload = accepts_payload(kind, payload)
        envelope: dict[str, Any] = {
            "type": kind,
            "envelope_id": envelope_id,
            "accepts_response_payload": wants_payload,
            "payload": payload,
        }
        if kind == "events_api":
            envelope |= {"retry_attempt": attempt, "retry_reason": reason}
        future: asyncio.Future[Ack] = asyncio.get_running_loop().create_future()
        self._waiting[envelope_id] = (future, wants_payload)
        timer = asyncio.create_task(self._give_up(future))
        try:
            await connection.socket.send_json(envelope)
            return await future
        except ConnectionError:
            return Ack(Delivered.NO_CONNECTION)
        finally:
            timer.cancel()
            del self._waiting[envelope_id]

    async def _give_up(self, future: asyncio.Future[Ack]) -> None:
        await self.clock.sleep(self.config.ack_seconds)
        if not future.done():
            future.set_result(Ack(Delivered.TIMEOUT))

    def _disconnect(self, reason: str) -> dict[str, Any]:
        return {"type": "disconnect", "reason": reason, "debug_info": {"host": f"local-{secrets.token_hex(3)}"}}

    async def disconnect(self, reason: str) -> int:
        """Say goodbye on every connection with Slack's reason, then close. Returns how many there were."""
        leaving, self.connections = self.connections, []
        self.enabled = reason != "link_disabled"
        for connection in leaving:
            with contextlib.suppress(ConnectionError):
                await connection.socket.send_json(self._disconnect(reason))
            await connection.socket.close()
        return len(leaving)

    def drop(self) -> int:
        """Cut every connection without a closing frame, as a broken network does. Returns how many there were."""
        leaving, self.connections = self.connections, []
        for connection in leaving:
            if connection.request.transport is not None:
                connection.request.transport.abort()
        return len(leaving)
