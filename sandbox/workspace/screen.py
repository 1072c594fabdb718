"""What one person sees: everything, or what has changed since a revision."""

from __future__ import annotations

import asyncio
from typing import Any

from sandbox.workspace.hub import Hub
from sandbox.workspace.methods_views import view_wire
from sandbox.workspace.state import Json, Post, Room, View, dm_id

MAX_WAIT = 60.0


def rooms_of(hub: Hub, user: str) -> list[Room]:
    return [room for room in hub.state.rooms.values() if user in room.members]


def _shown(hub: Hub, user: str, post: Post) -> Json:
    if post.deleted:
        gone = {"channel": post.channel, "ts": post.ts, "deleted": True, "revision": post.revision}
        return gone | ({"thread_ts": post.thread} if post.thread else {})
    values = hub.state.message_values.get((user, post.channel, post.ts))
    return {
        **post.wire,
        "channel": post.channel,
        "ephemeral": bool(post.only_for),
        "revision": post.revision,
        **({"values": values} if values else {}),
    }


def _shown_view(hub: Hub, view: View) -> Json:
    return view_wire(hub, view) | {"errors": view.errors, "failed": view.failed}


def _says(value: Any, words: str) -> bool:
    """Whether any text a person reads in it holds the words, whatever the case."""
    if isinstance(value, str):
        return words in value.lower()
    if isinstance(value, list):
        return any(_says(item, words) for item in value)
    if isinstance(value, dict):
        hidden = ("value", "action_id", "block_id", "metadata", "bot_profile", "callback_id", "private_metadata")
        return any(_says(item, words) for key, item in value.items() if key not in hidden)
    return False


def snapshot(hub: Hub, user: str, since: int, *, channel: str = "", thread: str = "", contains: str = "") -> Json:
    """Messages, open modals, Home and notices that changed after revision `since`."""
    state = hub.state
    rooms = [room for room in rooms_of(hub, user) if channel in ("", room.id)]
    if channel and not rooms:
        rooms = [state.rooms[channel]]
    found = [
        _shown(hub, user, post)
        for room in rooms
        for post in room.posts.values()
        if post.revision > since
        and post.only_for in ("", user)
        and (since or not post.deleted)
        and (not thread or thread in (post.thread, post.ts))
    ]
    if contains:
        found = [shown for shown in found if _says(shown, contains.lower())]
    found.sort(key=lambda shown: str(shown["ts"]))
    screen: Json = {
        "ok": True,
        "revision": state.revision,
        "messages": found,
        "notices": [
            {"kind": note.kind, "text": note.text, "revision": note.revision}
            for note in state.notices
            if note.user == user and note.revision > since
        ],
    }
    if state.view_revision.get(user, 0) > since or not since:
        home = state.homes.get(user)
        screen["views"] = [_shown_view(hub, view) for view in state.stacks.get(user, ())]
        screen["home"] = _shown_view(hub, home) if home else None
    if state.people_revision > since:
        screen["members_changed"] = True
    return screen


def _holds(screen: Json, wanted: set[str]) -> bool:
    """`for=view` waits until a modal is open, `for=home` until Home has content, `closed` until no modal is open."""
    tests = {
        "message": bool(screen["messages"]),
        "notice": bool(screen["notices"]),
        "view": bool(screen.get("views")),
        "home": bool(screen.get("home")),
        "closed": screen.get("views") == [],
    }
    if wanted:
        return any(tests[name] for name in wanted & tests.keys())
    return tests["message"] or tests["notice"] or "views" in screen or "members_changed" in screen


async def wait_for_screen(
    hub: Hub, user: str, since: int, *, wait: float, wanted: set[str], channel: str, thread: str, contains: str
) -> Json:
    """The snapshot as soon as it holds what is wanted, or what it holds after `wait` seconds."""
    loop = asyncio.get_running_loop()
    end = loop.time() + min(wait, MAX_WAIT)
    if contains and not wanted:
        wanted = {"message"}
    while True:
        screen = snapshot(hub, user, since, channel=channel, thread=thread, contains=contains)
        left = end - loop.time()
        if left <= 0 or _holds(screen, wanted):
            return screen
        await hub.state.wait_beyond(screen["revision"], left)


def surroundings(hub: Hub, user: str) -> Json:
    """What the page needs once: who is here, which channels, commands and shortcuts there are."""
    config, state = hub.config, hub.state
    app = config.app
    return {
        "ok": True,
        "revision": state.revision,
        "me": user,
        "team": {"id": config.team_id, "name": config.team_name},
        "app": {"name": app.name, "user": app.bot_user, "home": app.home_tab, "dm": dm_id(user)},
        "people": [
            {"id": p.id, "name": p.name, "real_name": p.real_name, "title": p.title, "bot": p.bot, "guest": p.guest,
             "foreign": p.foreign, "deleted": p.deleted}
            for p in state.people.values()
        ],
        "groups": [
            {"id": g.group.id, "handle": g.group.handle, "members": sorted(g.members)} for g in state.groups.values()
        ],
        "channels": [
            {"id": r.id, "name": r.name, "direct": r.direct, "private": r.private, "shared": r.shared,
             "archived": r.archived, "purpose": r.purpose, "with_app": r.with_app,
             "members": len(r.members) + r.with_app}
            for r in rooms_of(hub, user)
        ],
        "commands": [
            {"command": c.command, "description": c.description, "usage_hint": c.usage_hint, "hints": list(c.hints)}
            for c in app.commands
        ],
        "shortcuts": [
            {"name": s.name, "type": s.type, "callback_id": s.callback_id, "description": s.description}
            for s in app.shortcuts
        ],
        "panel": {"url": config.panel_url, "title": config.panel_title},
    }  # fmt: skip
