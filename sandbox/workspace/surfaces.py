"""Where a person can act: a message, a modal or App Home, and the element that was meant there."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from sandbox.workspace.blockkit import all_options, elements_of
from sandbox.workspace.elements import STATE_KEYS, all_values
from sandbox.workspace.hub import Hub
from sandbox.workspace.methods_views import view_wire
from sandbox.workspace.state import Json, Post, Room, View
from sandbox.workspace.tickets import ResponseTicket


class PersonError(Exception):
    """Something that a person could not do, because it is not there or not theirs."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


@dataclass(frozen=True, slots=True)
class Surface:
    hub: Hub
    user: str
    blocks: list[Json]
    given: Json
    """What the person filled in so far; written to by choices."""
    post: Post | None = None
    view: View | None = None

    def payload(self) -> Json:
        """The part of a `block_actions` or `block_suggestion` payload that says where it happened."""
        hub = self.hub
        if self.view is not None:
            return {"container": {"type": "view", "view_id": self.view.id}, "view": view_wire(hub, self.view)}
        if self.post is None:
            return {}
        room, wire = hub.state.rooms[self.post.channel], self.post.wire
        container = {"type": "message", "message_ts": self.post.ts, "channel_id": room.id,
                     "is_ephemeral": bool(self.post.only_for)}  # fmt: skip
        if self.post.thread:
            container["thread_ts"] = self.post.thread
        payload: Json = {"container": container, "channel": {"id": room.id, "name": channel_name(room)}}
        if not self.post.only_for:
            payload["message"] = dict(wire)
        return payload | {"state": {"values": all_values(self.blocks, self.given)}}

    def response_url(self) -> str:
        """Only messages have one."""
        if self.post is None:
            return ""
        ticket = ResponseTicket("actions", self.user, self.post.channel, self.post.ts, self.post.thread)
        return self.hub.responses.new(ticket)

    def changed(self) -> None:
        if self.view is not None:
            self.hub.state.view_changed(self.user)
        elif self.post is not None:
            self.post.revision = self.hub.state.touch()


def channel_name(room: Room) -> str:
    return "directmessage" if room.direct else "privategroup" if room.private else room.name


def visible_room(hub: Hub, user: str, text: Any) -> Room:
    """A channel by id or name; `@app`, `dm` or the app's name mean the direct message. Raises PersonError."""
    name = str(text or "")
    if name.removeprefix("@") in (hub.config.app.name, hub.config.app.bot_user, "dm"):
        name = user
    room = hub.state.room(name)
    if room is None or (user not in room.members and not (user in hub.state.people and _may_look(hub, room, user))):
        raise PersonError("channel_not_found", f"{hub.state.handle(user)} sees no channel {name!r}")
    return room


def _may_look(hub: Hub, room: Room, user: str) -> bool:
    """Public channels are open to every full member of the workspace."""
    person = hub.state.people[user]
    return room.kind == "channel" and not (person.guest or person.foreign)


def visible_post(hub: Hub, user: str, channel: Any, ts: Any) -> Post:
    post = visible_room(hub, user, channel).posts.get(str(ts))
    if post is None or post.deleted or post.only_for not in ("", user):
        raise PersonError("message_not_found", f"no message {ts!r} in {channel!r} for {hub.state.handle(user)}")
    return post


def surface(hub: Hub, user: str, body: Json) -> Surface:
    """A message by `channel` and `ts`, else the view named by `view` (an id, `home`; default the open modal)."""
    if body.get("ts"):
        post = visible_post(hub, user, body.get("channel"), body["ts"])
        given = hub.state.message_values.setdefault((user, post.channel, post.ts), {})
        return Surface(hub, user, post.wire.get("blocks", []), given, post=post)
    view = open_view(hub, user, str(body.get("view") or ""))
    return Surface(hub, user, view.content["blocks"], view.values, view=view)


def open_view(hub: Hub, user: str, name: str = "") -> View:
    stack = hub.state.stacks.get(user, [])
    home = hub.state.homes.get(user)
    if name == "home" or (home is not None and home.id == name):
        if home is None:
            raise PersonError("no_view", "the app has published no Home for this person")
        return home
    found = next((view for view in stack if view.id == name), None) if name else stack[-1] if stack else None
    if found is None:
        raise PersonError("no_view", f"{hub.state.handle(user)} has no modal open")
    return found


@dataclass(frozen=True, slots=True)
class Target:
    block: Json
    element: Json
    option: Json | None = None
    """The option of an overflow menu that was meant."""


def find_target(where: Surface, body: Json, *, pressable: bool) -> Target:
    """The element named by `action_id` and/or `label` and/or `block_id`. Raises PersonError naming what there is."""
    found = [target for target in _targets(where.blocks, pressable=pressable) if _matches(target, body)]
    label = str(body.get("label") or "")
    if label:
        exact = [target for target in found if label in _labels(target)]
        found = exact or [t for t in found if any(name.startswith(label) for name in _labels(t))]
    if not found or (len(found) > 1 and not _same_meaning(found)):
        names = "; ".join(
            " / ".join(_labels(t)) or t.element["action_id"] for t in _targets(where.blocks, pressable=pressable)
        )
        raise PersonError("ambiguous" if found else "no_such_element", f"{body!r} names {len(found)} of: {names}")
    return found[0]


def _same_meaning(found: list[Target]) -> bool:
    return len({(t.block["block_id"], t.element["action_id"], str(t.option)) for t in found}) == 1


def _targets(blocks: list[Json], *, pressable: bool) -> Iterator[Target]:
    for block in blocks:
        for element in elements_of(block):
            if (element["type"] in STATE_KEYS) == pressable:
                continue
            if element["type"] == "overflow":
                yield from (Target(block, element, option) for option in all_options(element))
            else:
                yield Target(block, element)


def _matches(target: Target, body: Json) -> bool:
    wanted_option = body.get("value")
    return (
        body.get("action_id") in (None, "", target.element["action_id"])
        and body.get("block_id") in (None, "", target.block["block_id"])
        and (target.option is None or wanted_option in (None, "", target.option.get("value")))
    )


def _labels(target: Target) -> list[str]:
    block, element = target.block, target.element
    if target.option is not None:
        return [str(target.option["text"]["text"])]
    names = [element["text"]["text"]] if element["type"] == "button" else []
    names += [block["label"]["text"]] if block["type"] == "input" else []
    names += [element["placeholder"]["text"]] if "placeholder" in element else []
    return names + ([element["accessibility_label"]] if "accessibility_label" in element else [])
