"""One Web API call: who makes it, with which arguments, and how it is refused."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from sandbox.workspace.hub import Hub
from sandbox.workspace.state import Json, Post, Room

_JSON_ARGUMENTS = frozenset({"blocks", "view", "attachments", "metadata", "files"})


class SlackError(Exception):
    """Answered as `{"ok": false, "error": code}`."""

    def __init__(self, code: str, *messages: str, **extra: Any) -> None:
        super().__init__(code)
        self.code = code
        self.messages = messages
        self.extra = extra

    def body(self) -> Json:
        body: Json = {"ok": False, "error": self.code, **self.extra}
        if self.messages:
            body["response_metadata"] = {"messages": [f"[ERROR] {message}" for message in self.messages]}
        return body


class RateLimited(Exception):
    def __init__(self, seconds: int) -> None:
        super().__init__(f"wait {seconds} s")
        self.seconds = seconds


@dataclass(frozen=True, slots=True)
class Call:
    hub: Hub
    args: Json

    def text(self, name: str) -> str:
        """A required argument."""
        value = self.args.get(name)
        if value in (None, ""):
            raise SlackError("invalid_arguments", f"missing required field: {name}")
        return str(value)

    def maybe(self, name: str) -> str:
        value = self.args.get(name)
        return "" if value is None else str(value)

    def flag(self, name: str) -> bool:
        return str(self.args.get(name, "")).lower() in {"1", "true", "t"}

    def parsed(self, name: str, bad: str) -> Any:
        """A structured argument, sent as JSON or as a string that holds JSON. Raises SlackError(bad)."""
        value = self.args.get(name)
        if isinstance(value, str) and name in _JSON_ARGUMENTS and value:
            try:
                return json.loads(value)
            except ValueError:
                raise SlackError(bad) from None
        return value

    def room(self, name: str = "channel") -> Room:
        """A conversation that the app may see: its private channels only when it is a member."""
        room = self.hub.state.rooms.get(self.text(name))
        if room is None or (room.private and not room.with_app):
            raise SlackError("channel_not_found")
        return room

    def room_to_post(self) -> Room:
        """Where a message goes: ids, `#name`, and a person's id for the direct message. Raises SlackError."""
        room = self.hub.state.room(self.text("channel"))
        if room is None or (room.private and not room.with_app):
            raise SlackError("channel_not_found")
        if room.archived:
            raise SlackError("is_archived")
        if not room.with_app and "chat:write.public" not in self.hub.config.app.scopes:
            raise SlackError("not_in_channel")
        if room.direct and not self.hub.config.app.messages_tab:
            raise SlackError("messages_tab_disabled")
        return room

    def message(self, room: Room, name: str) -> Post:
        found = self.hub.state.find(room.id, self.text(name))
        if found is None:
            raise SlackError("message_not_found")
        return found

    def page(self, rows: Sequence[Any], default: int = 100, most: int = 1000) -> tuple[list[Any], str]:
        """The rows that `cursor` and `limit` ask for, and the next cursor."""
        limit, cursor = self.maybe("limit") or str(default), self.maybe("cursor")
        if not limit.isdigit() or not 0 < int(limit) <= most:
            raise SlackError("invalid_limit")
        if cursor and not (cursor.startswith("next:") and cursor[5:].isdigit()):
            raise SlackError("invalid_cursor")
        start = int(cursor[5:]) if cursor else 0
        end = start + int(limit)
        return list(rows[start:end]), f"next:{end}" if end < len(rows) else ""


Handler = Callable[[Call], Awaitable[Json]]


@dataclass(frozen=True, slots=True)
class Method:
    """One row of the table of methods. `tier` is Slack's rate tier, 5 its "special"."""

    name: str
    handler: Handler
    scope: str = ""
    tier: int = 3
    caller: Literal["bot", "app"] = "bot"
    posts: bool = False
    """Counts against the one message a second of its channel."""
