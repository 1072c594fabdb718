"""`conversations.*` and `users.conversations`."""

from __future__ import annotations

import re

from sandbox.workspace import messages
from sandbox.workspace.calls import Call, Method, SlackError
from sandbox.workspace.methods_chat import with_metadata
from sandbox.workspace.state import Json, Post, Room, dm_id

READ_SCOPES = {"channel": "channels:read", "group": "groups:read", "im": "im:read"}
HISTORY_SCOPES = {"channel": "channels:history", "group": "groups:history", "im": "im:history"}
_KINDS = {"public_channel": "channel", "private_channel": "group", "im": "im", "mpim": "mpim"}


def need_scope(call: Call, scope: str) -> None:
    granted = call.hub.config.app.scopes
    if scope not in granted:
        raise SlackError("missing_scope", needed=scope, provided=",".join(sorted(granted)))


def room_wire(call: Call, room: Room) -> Json:
    config, created = call.hub.config, call.hub.state.started
    if room.direct:
        return {"id": room.id, "is_im": True, "user": room.person, "created": created, "is_archived": False,
                "is_user_deleted": call.hub.state.people[room.person].deleted, "is_org_shared": False}  # fmt: skip
    note = {"value": "", "creator": "", "last_set": 0}
    return {
        "id": room.id, "name": room.name, "name_normalized": room.name, "is_channel": not room.private,
        "is_group": False, "is_im": False, "is_mpim": False, "is_private": room.private, "is_archived": room.archived,
        "is_general": room.name == "general", "is_shared": room.shared, "is_ext_shared": room.shared,
        "is_org_shared": False, "is_pending_ext_shared": False, "shared_team_ids": [config.team_id],
        "context_team_id": config.team_id, "created": created, "creator": config.people[0].id,
        "is_member": room.with_app, "topic": note, "purpose": note | {"value": room.purpose}, "unlinked": 0,
        "updated": created * 1000,
    }  # fmt: skip


def members_of(call: Call, room: Room) -> list[str]:
    app = {call.hub.config.app.bot_user} if room.with_app else set()
    return sorted(room.members | app)


async def info(call: Call) -> Json:
    room = call.room()
    need_scope(call, READ_SCOPES[room.kind])
    wire = room_wire(call, room)
    return {
        "channel": wire | ({"num_members": len(members_of(call, room))} if call.flag("include_num_members") else {})
    }


def rooms_of_types(call: Call) -> list[Room]:
    kinds = []
    for kind in (call.maybe("types") or "public_channel").split(","):
        if kind.strip() not in _KINDS:
            raise SlackError("invalid_types")
        kinds.append(_KINDS[kind.strip()])
        if scope := READ_SCOPES.get(kinds[-1]):
            need_scope(call, scope)
    rooms = [room for room in call.hub.state.rooms.values() if room.kind in kinds]
    if call.flag("exclude_archived"):
        rooms = [room for room in rooms if not room.archived]
    return [room for room in rooms if room.with_app or not room.private]


async def list_rooms(call: Call) -> Json:
    rooms, cursor = call.page(rooms_of_types(call), most=999)
    return {"channels": [room_wire(call, r) for r in rooms], "response_metadata": {"next_cursor": cursor}}


async def rooms_of_user(call: Call) -> Json:
    user = call.maybe("user") or call.hub.config.app.bot_user
    found = [room for room in rooms_of_types(call) if user in members_of(call, room)]
    rooms, cursor = call.page(found, most=999)
    return {"channels": [room_wire(call, r) for r in rooms], "response_metadata": {"next_cursor": cursor}}


async def members(call: Call) -> Json:
    room = call.room()
    need_scope(call, READ_SCOPES[room.kind])
    rows, cursor = call.page(members_of(call, room))
    return {"members": rows, "response_metadata": {"next_cursor": cursor}}


async def join(call: Call) -> Json:
    room = call.room()
    if room.archived:
        raise SlackError("is_archived")
    if room.kind != "channel":
        raise SlackError("method_not_supported_for_channel_type")
    if room.with_app:
        return {"channel": room_wire(call, room), "warning": "already_in_channel"}
    messages.join(call.hub, room, call.hub.config.app.bot_user)
    return {"channel": room_wire(call, room)}


async def open_direct(call: Call) -> Json:
    users = [user for user in call.maybe("users").split(",") if user]
    if not users and not call.maybe("channel"):
        raise SlackError("users_list_not_supplied")
    if len(users) > 1:
        need_scope(call, "mpim:write")
        raise SlackError("method_not_supported_for_channel_type")
    if users:
        person = call.hub.state.people.get(users[0])
        if person is None or person.bot:
            raise SlackError("user_not_found")
        if person.deleted:
            raise SlackError("user_disabled")
    room = call.hub.state.rooms.get(dm_id(users[0]) if users else call.text("channel"))
    if room is None or not room.direct:
        raise SlackError("channel_not_found")
    answer: Json = {"channel": room_wire(call, room) if call.flag("return_im") else {"id": room.id}}
    if room.opened:
        answer |= {"no_op": True, "already_open": True}
    room.opened = True
    return answer


def _readable(call: Call) -> Room:
    room = call.room()
    need_scope(call, HISTORY_SCOPES[room.kind])
    if not room.with_app:
        raise SlackError("not_in_channel")
    return room


def _between(call: Call, posts: list[Post]) -> list[Post]:
    inclusive = call.flag("inclusive")
    for name in ("oldest", "latest"):
        bound = call.maybe(name)
        if bound in ("", "0"):
            continue
        if not re.fullmatch(r"\d+(\.\d+)?", bound):
            raise SlackError(f"invalid_ts_{name}")
        key = _order(bound)
        if name == "oldest":
            posts = [post for post in posts if _order(post.ts) > key or (inclusive and _order(post.ts) == key)]
        else:
            posts = [post for post in posts if _order(post.ts) < key or (inclusive and _order(post.ts) == key)]
    return posts


def _order(ts: str) -> tuple[int, int]:
    seconds, _, micro = ts.partition(".")
    return int(seconds), int((micro + "000000")[:6])


def _answer(call: Call, posts: list[Post]) -> Json:
    rows, cursor = call.page(posts, most=999)
    full = call.flag("include_all_metadata")
    wires = [with_metadata(post.wire, post.metadata if full else None) for post in rows]
    return {"messages": wires, "has_more": bool(cursor), "response_metadata": {"next_cursor": cursor}}


async def history(call: Call) -> Json:
    room = _readable(call)
    broadcast = "thread_broadcast"
    posts = [post for post in room.standing() if not post.is_reply or post.wire.get("subtype") == broadcast]
    return {"pin_count": 0, **_answer(call, _between(call, posts)[::-1])}


async def replies(call: Call) -> Json:
    room, ts = _readable(call), call.text("ts")
    found = call.hub.state.find(room.id, ts)
    if found is None:
        raise SlackError("thread_not_found")
    root = found.thread if found.is_reply else ts
    posts = [post for post in room.standing() if root in (post.thread, post.ts)]
    parent = [post for post in posts if post.ts == root]
    return _answer(call, parent + _between(call, [post for post in posts if post.ts != root]))


METHODS = (
    Method("conversations.info", info),
    Method("conversations.list", list_rooms, tier=2),
    Method("conversations.members", members, tier=4),
    Method("conversations.join", join, "channels:join"),
    Method("conversations.open", open_direct, "im:write"),
    Method("conversations.history", history),
    Method("conversations.replies", replies),
    Method("users.conversations", rooms_of_user),
)
