"""`chat.*` and `reactions.*`."""

from __future__ import annotations

import json
import re
from typing import Any

from sandbox.workspace import messages
from sandbox.workspace.blockkit import check_blocks, text_length
from sandbox.workspace.calls import Call, Method, SlackError
from sandbox.workspace.elements import fill_ids
from sandbox.workspace.state import Json, Post, Room

POST_TEXT = 40_000
UPDATE_TEXT = 4_000
BLOCK_TEXT = 13_000
"""Slack documents no figure for the sum of a message's blocks; about 13,200 characters were seen to fail."""
MARKDOWN_TEXT = 12_000
MAX_ATTACHMENTS = 100
MAX_EMOJI = 50
MAX_REACTIONS_EACH = 23
METADATA_BYTES = 8_000
_EMOJI = re.compile(r"[a-z0-9_+'\-]+(::skin-tone-[2-6])?")


def read_blocks(call: Call) -> list[Json] | None:
    """The blocks of a message, checked and with ids filled in; None when not given. Raises SlackError."""
    blocks = call.parsed("blocks", "invalid_blocks_format")
    if blocks is None or blocks == "":
        return None
    if not isinstance(blocks, list):
        raise SlackError("invalid_blocks_format")
    if problems := check_blocks(blocks, "message"):
        raise SlackError("invalid_blocks", *problems, errors=problems)
    if text_length(blocks) > BLOCK_TEXT:
        raise SlackError("msg_blocks_too_long")
    return fill_ids(blocks)


def read_attachments(call: Call) -> list[Any] | None:
    attachments = call.parsed("attachments", "invalid_attachments")
    if attachments is None or attachments == "":
        return None
    if not isinstance(attachments, list):
        raise SlackError("invalid_attachments")
    if len(attachments) > MAX_ATTACHMENTS:
        raise SlackError("too_many_attachments")
    return attachments


def read_metadata(call: Call) -> Json | None:
    metadata = call.parsed("metadata", "invalid_metadata_format")
    if metadata is None or metadata == "":
        return None
    if (
        not isinstance(metadata, dict)
        or not isinstance(metadata.get("event_type"), str)
        or not isinstance(metadata.get("event_payload"), dict)
    ):
        raise SlackError("invalid_metadata_format")
    if len(json.dumps(metadata["event_payload"])) > METADATA_BYTES:
        raise SlackError("metadata_too_large")
    return metadata


def read_content(call: Call, *, limit: int, cut: bool) -> tuple[Json, list[str]]:
    """Text, blocks and attachments of a new message, and warnings. Raises SlackError."""
    text, blocks, attachments = call.maybe("text"), read_blocks(call), read_attachments(call)
    markdown = call.maybe("markdown_text")
    if markdown and (text or blocks):
        raise SlackError("markdown_text_conflict")
    if len(markdown) > MARKDOWN_TEXT:
        raise SlackError("msg_too_long")
    if not (text or blocks or attachments or markdown):
        raise SlackError("no_text")
    warnings = []
    if len(text) > limit:
        if not cut:
            raise SlackError("msg_too_long")
        text, warnings = text[:limit], ["message_truncated"]
    if not text and not markdown:
        call.hub.state.warn("message without top-level text", channel=call.maybe("channel"))
    content: Json = {"text": text or markdown}
    if call.args.get("mrkdwn") in (False, "false", "0"):
        content["mrkdwn"] = False
    if markdown:
        blocks = fill_ids([{"type": "markdown", "text": markdown}])
    if blocks:
        content["blocks"] = blocks
    if attachments:
        content["attachments"] = attachments
    return content, warnings


def read_thread(call: Call, room: Room) -> str:
    """The parent's ts; a reply's ts counts as its parent's. Raises SlackError."""
    if not (ts := call.maybe("thread_ts")):
        return ""
    parent = call.hub.state.find(room.id, ts)
    if parent is None:
        raise SlackError("thread_not_found")
    return parent.thread if parent.is_reply else ts


async def post_message(call: Call) -> Json:
    room = call.room_to_post()
    content, warnings = read_content(call, limit=POST_TEXT, cut=True)
    thread, metadata = read_thread(call, room), read_metadata(call)
    if call.args.get("unfurl_links") is not False and "unfurl_links" not in call.args and "<http" in content["text"]:
        call.hub.state.warn("Slack would fetch the links of this message", text=content["text"][:200])
    wire = messages.app_wire(call.hub, content, thread)
    messages.post(call.hub, room, wire, metadata=metadata, broadcast=call.flag("reply_broadcast"))
    answer = {"channel": room.id, "ts": wire["ts"], "message": with_metadata(wire, metadata)}
    if warnings:
        answer |= {"warning": warnings[0], "response_metadata": {"warnings": warnings}}
    return answer


async def post_ephemeral(call: Call) -> Json:
    room = call.room_to_post()
    user = call.text("user")
    if user not in room.members:
        raise SlackError("user_not_in_channel")
    content, _ = read_content(call, limit=POST_TEXT, cut=False)
    post = messages.whisper(call.hub, room, user, content, read_thread(call, room))
    return {"message_ts": post.ts}


def own_message(call: Call, refusal: str) -> Post:
    room = call.room()
    if room.archived:
        raise SlackError("is_inactive")
    post = call.message(room, "ts")
    if post.wire.get("bot_id") != call.hub.config.app.bot_id:
        raise SlackError(refusal)
    return post


async def update(call: Call) -> Json:
    post = own_message(call, "cant_update_message")
    text, blocks, attachments = call.args.get("text"), read_blocks(call), read_attachments(call)
    if len(str(text or "")) > UPDATE_TEXT:
        raise SlackError("msg_too_long")
    if text is None and blocks is None and attachments is None:
        raise SlackError("no_text")
    if text is None:
        call.hub.state.warn("message without top-level text", channel=post.channel, ts=post.ts)
    had = {block["type"] for block in post.wire.get("blocks", ())}
    if "rich_text" in had and blocks and "rich_text" not in {block["type"] for block in blocks}:
        raise SlackError("block_mismatch")
    content: Json = {"text": str(text) if text is not None else post.wire.get("text", "")}
    if blocks is not None:
        content["blocks"] = blocks or None
    elif text is not None:
        content["blocks"] = None
    if attachments is not None:
        content["attachments"] = attachments or None
    if (metadata := read_metadata(call)) is not None:
        post.metadata = metadata
    messages.change(call.hub, post, content, edited=blocks is None)
    wire = with_metadata(post.wire, post.metadata)
    return {"channel": post.channel, "ts": post.ts, "text": content["text"], "message": wire}


async def delete(call: Call) -> Json:
    post = own_message(call, "cant_delete_message")
    messages.remove(call.hub, post)
    return {"channel": post.channel, "ts": post.ts}


async def permalink(call: Call) -> Json:
    room = call.room()
    post = call.message(room, "message_ts")
    link = f"{call.hub.url}/archives/{room.id}/p{post.ts.replace('.', '')}"
    return {"channel": room.id, "permalink": link + (f"?thread_ts={post.thread}&cid={room.id}" if post.thread else "")}


async def add_reaction(call: Call) -> Json:
    room, name = call.room(), call.text("name")
    if not _EMOJI.fullmatch(name):
        raise SlackError("invalid_name")
    if room.archived:
        raise SlackError("is_archived")
    react(call, call.message(room, "timestamp"), name, call.hub.config.app.bot_user)
    return {}


async def remove_reaction(call: Call) -> Json:
    post, user = call.message(call.room(), "timestamp"), call.hub.config.app.bot_user
    if not unreact(call, post, call.text("name"), user):
        raise SlackError("no_reaction")
    return {}


def react(call: Call, post: Post, name: str, user: str) -> None:
    """Raises SlackError `already_reacted`, `too_many_emoji` or `too_many_reactions`."""
    reactions: list[Json] = post.wire.setdefault("reactions", [])
    found = next((item for item in reactions if item["name"] == name), None)
    if found and user in found["users"]:
        raise SlackError("already_reacted")
    if sum(user in item["users"] for item in reactions) >= MAX_REACTIONS_EACH:
        raise SlackError("too_many_reactions")
    if found is None:
        if len(reactions) >= MAX_EMOJI:
            raise SlackError("too_many_emoji")
        reactions.append(found := {"name": name, "users": [], "count": 0})
    found["users"].append(user)
    _reacted(call, post, found, user, "reaction_added")


def unreact(call: Call, post: Post, name: str, user: str) -> bool:
    reactions: list[Json] = post.wire.get("reactions", [])
    found = next((item for item in reactions if item["name"] == name and user in item["users"]), None)
    if found is None:
        return False
    found["users"].remove(user)
    if not found["users"]:
        reactions.remove(found)
    _reacted(call, post, found, user, "reaction_removed")
    return True


def _reacted(call: Call, post: Post, reaction: Json, user: str, event: str) -> None:
    reaction["count"] = len(reaction["users"])
    post.revision = call.hub.state.touch()
    if call.hub.state.rooms[post.channel].with_app:
        item = {"type": "message", "channel": post.channel, "ts": post.ts}
        call.hub.delivery.event(event, {
            "type": event, "user": user, "reaction": reaction["name"], "item": item, "item_user": post.wire["user"],
            "event_ts": call.hub.clock.stamp(),
        })  # fmt: skip


def with_metadata(wire: Json, metadata: Json | None) -> Json:
    return {**wire, "metadata": metadata} if metadata else dict(wire)


METHODS = (
    Method("chat.postMessage", post_message, "chat:write", 5, posts=True),
    Method("chat.postEphemeral", post_ephemeral, "chat:write", 4),
    Method("chat.update", update, "chat:write", 3),
    Method("chat.delete", delete, "chat:write", 3),
    Method("chat.getPermalink", permalink, tier=5),
    Method("reactions.add", add_reaction, "reactions:write", 3),
    Method("reactions.remove", remove_reaction, "reactions:write", 2),
)
