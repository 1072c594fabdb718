"""Everything the workspace remembers, in memory, with a revision number on whatever a person's screen can show."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from sandbox.workspace.clock import Clock
from sandbox.workspace.config import Channel, Group, Person, WorkspaceConfig

Json = dict[str, Any]


@dataclass(slots=True)
class Post:
    """A message; `wire` is what the Web API returns for it."""

    channel: str
    wire: Json
    only_for: str = ""
    """The one person who sees an ephemeral message; empty for messages that stay."""
    metadata: Json | None = None
    deleted: bool = False
    revision: int = 0

    @property
    def ts(self) -> str:
        return str(self.wire["ts"])

    @property
    def thread(self) -> str:
        return str(self.wire.get("thread_ts", ""))

    @property
    def is_reply(self) -> bool:
        return bool(self.thread) and self.thread != self.ts


@dataclass(slots=True)
class Room:
    """A channel or a direct message between the app and one person."""

    id: str
    name: str
    members: set[str]
    with_app: bool = True
    private: bool = False
    archived: bool = False
    shared: bool = False
    purpose: str = ""
    person: str = ""
    """The person of a direct message; empty for channels."""
    opened: bool = False
    posts: dict[str, Post] = field(default_factory=dict)

    @property
    def direct(self) -> bool:
        return bool(self.person)

    @property
    def kind(self) -> str:
        return "im" if self.direct else "group" if self.private else "channel"

    def standing(self) -> Iterator[Post]:
        """The messages that are in the history: neither deleted nor ephemeral, oldest first."""
        for ts in sorted(self.posts):
            post = self.posts[ts]
            if not post.deleted and not post.only_for:
                yield post


@dataclass(slots=True)
class View:
    id: str
    user: str
    content: Json
    """What the app sent, with block and action ids filled in."""
    hash: str
    values: Json = field(default_factory=dict)
    """What the person has filled in: block id → action id → state."""
    root: str = ""
    previous: str = ""
    errors: Json = field(default_factory=dict)
    failed: str = ""
    """Set when the app did not answer a submission."""


@dataclass(slots=True)
class Membership:
    group: Group
    members: set[str]
    updated: int


@dataclass(frozen=True, slots=True)
class Notice:
    """Something only one person is told and that is no message: a failed command, a dead button."""

    user: str
    kind: str
    text: str
    revision: int


@dataclass(slots=True)
class StoredFile:
    id: str
    name: str
    length: int
    title: str = ""
    alt: str = ""
    content: bytes | None = None
    mimetype: str = "application/octet-stream"
    user: str = ""
    shared: bool = False


class State:
    """Mutable; everything that changes a screen calls `touch`, and `wait_beyond` wakes whoever looks at one."""

    def __init__(self, config: WorkspaceConfig, clock: Clock) -> None:
        self.clock = clock
        self.started = int(clock.now())
        self.people: dict[str, Person] = {person.id: person for person in config.people}
        by_name = {person.name: person.id for person in config.people}
        self.groups: dict[str, Membership] = {
            group.id: Membership(group, {by_name[name] for name in group.members}, self.started)
            for group in config.groups
        }
        self.rooms: dict[str, Room] = {
            channel.id: self._room(channel, by_name, config.people) for channel in config.channels
        }
        for person in config.people:
            if not person.bot:
                self.rooms[dm_id(person.id)] = Room(
                    dm_id(person.id), "directmessage", {person.id, config.app.bot_user}, person=person.id
                )
        self.bot_user = config.app.bot_user
        self.bot_name = config.app.name
        self.stacks: dict[str, list[View]] = {}
        self.homes: dict[str, View] = {}
        self.home_open: set[str] = set()
        self.message_values: dict[tuple[str, str, str], Json] = {}
        self.files: dict[str, StoredFile] = {}
        self.notices: list[Notice] = []
        self.warnings: list[Json] = []
        self.view_revision: dict[str, int] = {}
        self.people_revision = 0
        self.revision = 0
        self._moved = asyncio.Event()

    @staticmethod
    def _room(channel: Channel, by_name: dict[str, str], people: Iterable[Person]) -> Room:
        if channel.members is None:
            members = {p.id for p in people if not (p.guest or p.bot or p.foreign)}
        else:
            members = {by_name[name] for name in channel.members}
        return Room(
            channel.id, channel.name, members, channel.with_app, channel.private, channel.archived,
            channel.shared, channel.purpose,
        )  # fmt: skip

    def touch(self) -> int:
        self.revision += 1
        self._moved.set()
        self._moved = asyncio.Event()
        return self.revision

    async def wait_beyond(self, revision: int, seconds: float) -> bool:
        """True as soon as anything changed after `revision`, False after `seconds`."""
        if self.revision > revision:
            return True
        try:
            await asyncio.wait_for(self._moved.wait(), seconds)
        except TimeoutError:
            return False
        return True

    def person(self, text: str) -> Person | None:
        """By id or name."""
        text = text.lstrip("@")
        return self.people.get(text) or next((p for p in self.people.values() if p.name == text.lower()), None)

    def room(self, text: str) -> Room | None:
        """By id, `#name` or name; a person's id means the app's direct message with that person."""
        if text in self.rooms:
            return self.rooms[text]
        if text in self.people:
            return self.rooms.get(dm_id(text))
        name = text.removeprefix("#")
        return next((r for r in self.rooms.values() if not r.direct and r.name == name), None)

    def handle(self, user: str) -> str:
        if user == self.bot_user:
            return self.bot_name
        return self.people[user].name if user in self.people else user

    def put(self, post: Post) -> Post:
        self.rooms[post.channel].posts[post.ts] = post
        post.revision = self.touch()
        return post

    def find(self, channel: str, ts: str) -> Post | None:
        """A message that stays; ephemeral ones cannot be addressed."""
        room = self.rooms.get(channel)
        post = room.posts.get(ts) if room else None
        return None if post is None or post.deleted or post.only_for else post

    def notify(self, user: str, kind: str, text: str) -> None:
        self.notices.append(Notice(user, kind, text, self.touch()))

    def warn(self, what: str, **detail: Any) -> None:
        """Note something that real Slack lets pass but that a careful app does not do."""
        self.warnings.append({"warning": what, "at": self.clock.now(), **detail})

    def view_changed(self, user: str) -> None:
        self.view_revision[user] = self.touch()

    def find_view(self, view_id: str = "", external_id: str = "") -> View | None:
        for view in [view for stack in self.stacks.values() for view in stack] + list(self.homes.values()):
            if (view_id and view.id == view_id) or (external_id and view.content.get("external_id") == external_id):
                return view
        return None


def dm_id(user: str) -> str:
    return "D" + user[1:]


def random_id(letter: str) -> str:
    return letter + "0" + "".join(secrets.choice("ABCDEFGHJKLMNPQRSTUVWXYZ23456789") for _ in range(9))
