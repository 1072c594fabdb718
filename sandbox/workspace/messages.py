"""Posting, changing and removing messages, whoever does it, with the events that follow."""

from __future__ import annotations

import re
import uuid
from typing import Any

from sandbox.workspace.hub import Hub
from sandbox.workspace.state import Json, Post, Room

_LOUD = re.compile(r"<!(channel|here|everyone)(\|[^>]*)?>")
_MARKED = re.compile(r"<@([A-Z0-9]+)(?:\|[^>]*)?>|`([^`\n]+)`")
EVENT_OF_KIND = {"im": "message.im", "channel": "message.channels", "group": "message.groups"}


def bot_profile(hub: Hub) -> Json:
    app = hub.config.app
    return {
        "id": app.bot_id, "app_id": app.id, "name": app.name, "deleted": False, "icons": {},
        "team_id": hub.config.team_id, "updated": hub.state.started,
    }  # fmt: skip


def app_wire(hub: Hub, content: Json, thread: str = "") -> Json:
    """A message of the app as Slack stores it."""
    app = hub.config.app
    wire = {
        "type": "message", "user": app.bot_user, "bot_id": app.bot_id, "app_id": app.id, "team": hub.config.team_id,
        "ts": hub.clock.stamp(), "bot_profile": bot_profile(hub), **content,
    }  # fmt: skip
    return wire | ({"thread_ts": thread} if thread else {})


def person_wire(hub: Hub, user: str, text: str, thread: str = "") -> Json:
    person = hub.state.people[user]
    wire: Json = {"type": "message"}
    if person.bot:
        wire |= {"bot_id": person.bot_id, "app_id": "A" + person.id[1:]}
    else:
        wire |= {"client_msg_id": str(uuid.uuid4())}
    wire |= {
        "user": user, "team": person.team, "text": text, "ts": hub.clock.stamp(),
        "blocks": [{"type": "rich_text", "block_id": "typed", "elements": [
            {"type": "rich_text_section", "elements": _leaves(text)}]}],
    }  # fmt: skip
    return wire | ({"thread_ts": thread} if thread else {})


def _leaves(text: str) -> list[Json]:
    leaves: list[Json] = []
    end = 0
    for found in _MARKED.finditer(text):
        if found.start() > end:
            leaves.append({"type": "text", "text": unescape(text[end : found.start()])})
        if found[1]:
            leaves.append({"type": "user", "user_id": found[1]})
        else:
            leaves.append({"type": "text", "text": unescape(found[2]), "style": {"code": True}})
        end = found.end()
    if end < len(text) or not leaves:
        leaves.append({"type": "text", "text": unescape(text[end:])})
    return leaves


def escape(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def unescape(text: str) -> str:
    return text.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")


def post(hub: Hub, room: Room, wire: Json, *, metadata: Json | None = None, broadcast: bool = False) -> Post:
    """Add a message that stays; its thread's counts and the app's events follow."""
    message = Post(room.id, wire, metadata=metadata)
    parent = room.posts.get(message.thread) if message.is_reply else None
    if parent is not None:
        wire["parent_user_id"] = parent.wire["user"]
        if broadcast:
            wire["subtype"] = "thread_broadcast"
    hub.state.put(message)
    if parent is not None:
        _count_replies(hub, room, parent)
    _note_loudness(hub, wire)
    event = {**wire, "channel": room.id, "event_ts": wire["ts"]}
    if room.with_app:
        channel_type = {"channel_type": room.kind}
        hub.delivery.event(EVENT_OF_KIND[room.kind], event | channel_type, shared=room.shared)
        if f"<@{hub.config.app.bot_user}>" in wire.get("text", "") and not room.direct:
            mention = {key: value for key, value in event.items() if key not in ("bot_profile", "metadata")}
            hub.delivery.event("app_mention", mention | {"type": "app_mention"}, shared=room.shared)
    return message


def whisper(hub: Hub, room: Room, user: str, content: Json, thread: str = "") -> Post:
    """Add an ephemeral message: one person sees it, no history holds it."""
    wire = app_wire(hub, content, thread) | {"is_ephemeral": True}
    _note_loudness(hub, wire)
    return hub.state.put(Post(room.id, wire, only_for=user))


def change(hub: Hub, message: Post, content: Json, *, edited: bool) -> None:
    """Replace text, blocks or attachments; a key given as None is removed."""
    before = dict(message.wire)
    for key, value in content.items():
        if value is None:
            message.wire.pop(key, None)
        else:
            message.wire[key] = value
    if edited:
        message.wire["edited"] = {"user": message.wire["user"], "ts": hub.clock.stamp()}
    message.revision = hub.state.touch()
    _note_loudness(hub, message.wire)
    _tell_changed(hub, message, {"subtype": "message_changed", "message": dict(message.wire)}, before)


def remove(hub: Hub, message: Post) -> None:
    message.deleted = True
    message.revision = hub.state.touch()
    room = hub.state.rooms[message.channel]
    if message.is_reply and (parent := room.posts.get(message.thread)):
        _count_replies(hub, room, parent)
    _tell_changed(hub, message, {"subtype": "message_deleted", "deleted_ts": message.ts}, dict(message.wire))


def _tell_changed(hub: Hub, message: Post, what: Json, before: Json) -> None:
    room = hub.state.rooms[message.channel]
    if message.only_for or not room.with_app:
        return
    stamp = hub.clock.stamp()
    event = {
        "type": "message", **what, "previous_message": before, "hidden": True, "channel": room.id, "ts": stamp,
        "event_ts": stamp, "channel_type": room.kind,
    }  # fmt: skip
    hub.delivery.event(EVENT_OF_KIND[room.kind], event, shared=room.shared)


def _count_replies(hub: Hub, room: Room, parent: Post) -> None:
    replies = [reply for reply in room.standing() if reply.thread == parent.ts and reply.is_reply]
    for key in ("reply_count", "reply_users", "reply_users_count", "latest_reply"):
        parent.wire.pop(key, None)
    if replies:
        users = list(dict.fromkeys(str(reply.wire["user"]) for reply in replies))
        parent.wire |= {
            "thread_ts": parent.ts, "reply_count": len(replies), "reply_users": users,
            "reply_users_count": len(users), "latest_reply": replies[-1].ts, "subscribed": True, "is_locked": False,
        }  # fmt: skip
    parent.revision = hub.state.touch()


def join(hub: Hub, room: Room, user: str, inviter: str = "") -> None:
    """Make a person or the app a member of a channel."""
    is_app = user == hub.config.app.bot_user
    if (room.with_app if is_app else user in room.members) or room.direct:
        return
    if is_app:
        room.with_app = True
    else:
        room.members.add(user)
    hub.state.people_revision = hub.state.touch()
    event: Json = {
        "type": "member_joined_channel", "user": user, "channel": room.id, "team": hub.config.team_id,
        "channel_type": "G" if room.private else "C", "event_ts": hub.clock.stamp(),
    }  # fmt: skip
    if inviter:
        event["inviter"] = inviter
    if room.with_app:
        hub.delivery.event("member_joined_channel", event, shared=room.shared)


def _note_loudness(hub: Hub, wire: Json) -> None:
    """Everything that would ping many people is worth a warning: a value from outside may have caused it."""
    if wire.get("bot_id") == hub.config.app.bot_id and (found := _LOUD.search(str(_marked_up(wire)))):
        hub.state.warn("notifies everybody", marker=found[0], ts=wire["ts"])


def _marked_up(value: Any) -> list[str]:
    """The texts in which Slack reads markup."""
    if isinstance(value, list):
        return [found for item in value for found in _marked_up(item)]
    if not isinstance(value, dict) or value.get("type") in ("plain_text", "rich_text", "raw_text"):
        return []
    found = [value["text"]] if isinstance(value.get("text"), str) else []
    return found + [text for item in value.values() if isinstance(item, dict | list) for text in _marked_up(item)]
