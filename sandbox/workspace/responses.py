"""What an app sends back without a token: to a `response_url`, or inside the acknowledgement of a command."""

from __future__ import annotations

import asyncio
import json
from typing import Any

from aiohttp import web

from sandbox.workspace import messages
from sandbox.workspace.calls import Call, SlackError
from sandbox.workspace.hub import Hub
from sandbox.workspace.methods_chat import POST_TEXT, read_content
from sandbox.workspace.state import Json, Post
from sandbox.workspace.tickets import ResponseTicket, TicketError

_STATUS = {"no_service": 404, "expired_url": 404, "used_url": 404, "channel_is_archived": 410}


async def serve(hub: Hub, request: web.Request) -> web.StreamResponse:
    entry: Json = {"method": "response_url", "at": hub.clock.now(), "args": {}}
    hub.calls.append(entry)
    fault = hub.faults.take("response_url")
    if fault is not None:
        await asyncio.sleep(fault.delay)
        if fault.cut and request.transport is not None:
            request.transport.abort()
        if fault.answers or fault.cut:
            entry |= {"ok": False, "status": fault.status, "fault": True}
            return web.Response(status=fault.status, text=fault.error or "rollup_error", headers=fault.headers)
    try:
        ticket = hub.responses.use(request.path)
        entry["args"] = body = _json(await request.text())
        apply(hub, ticket, body)
    except (TicketError, SlackError) as error:
        entry |= {"ok": False, "error": error.code}
        return web.Response(status=_STATUS.get(error.code, 400), text=error.code)
    entry |= {"ok": True}
    if fault is not None and fault.lose_answer and request.transport is not None:
        request.transport.abort()
    return web.Response(text="ok")


def _json(text: str) -> Json:
    try:
        body: Any = json.loads(text)
    except ValueError:
        raise SlackError("invalid_payload") from None
    if not isinstance(body, dict):
        raise SlackError("invalid_payload")
    return body


def apply(hub: Hub, ticket: ResponseTicket, body: Json) -> None:
    """Post, replace or delete what the answer says. Raises SlackError."""
    room = hub.state.rooms[ticket.channel]
    if room.archived:
        raise SlackError("channel_is_archived")
    original = _original(hub, ticket)
    if body.get("delete_original"):
        if original is not None:
            messages.remove(hub, original)
        return
    content, _ = read_content(Call(hub, body | {"channel": room.id}), limit=POST_TEXT, cut=False)
    if body.get("replace_original") and original is not None:
        replaced = {"blocks": None, "attachments": None} | content
        messages.change(hub, original, replaced, edited=False)
        return
    thread = str(body.get("thread_ts") or "")
    if body.get("response_type") == "in_channel":
        messages.post(hub, room, messages.app_wire(hub, content, thread))
    else:
        messages.whisper(hub, room, ticket.user, content, thread)


def _original(hub: Hub, ticket: ResponseTicket) -> Post | None:
    found = hub.state.rooms[ticket.channel].posts.get(ticket.message_ts)
    return None if found is None or found.deleted else found
