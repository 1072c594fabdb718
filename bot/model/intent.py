"""A wish in nimdesk's words, whoever carried it: slash command, mention, message, button, shortcut or terminal."""

import json
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Final


class Verb(StrEnum):
    """What a person can ask for. The values are what people type, and what buttons carry."""

    DESK = "desk"
    HELP = "help"
    STATUS = "status"
    JOBS = "jobs"
    JOB = "job"
    ORDERS = "orders"
    ORDER = "order"
    USER = "user"
    WHY = "why"
    VALUE = "value"
    ACCESS = "access"
    SYNC = "sync"
    RULE = "rule"
    LAST = "last"
    ENV = "env"
    RELAUNCH = "relaunch"
    UNBLOCK = "unblock"
    ASK_OPERATOR = "ask"
    CLAIM = "claim"
    SHARE = "share"
    SHOW_ME = "show"
    DETAILS = "details"
    COUNT_ALL = "count"
    TICKET_TEXT = "ticket"
    REMIND = "remind"
    INCIDENT = "incident"


WRITING: Final = frozenset({Verb.UNBLOCK, Verb.RELAUNCH})
"""Verbs that change something in Identity Manager, after a person's modal."""

VERSION = 1


class BadButton(ValueError):
    """A button's value that this version of nimdesk did not write."""


@dataclass(frozen=True, slots=True)
class Intent:
    verb: Verb
    thing: str = ""
    """The words or the id that the verb is about."""
    env: str = ""
    """Environment name; empty = the channel's or the default one."""
    seen: str = ""
    """Fingerprint of what the person was looking at; empty when nothing was."""
    told: str = ""
    """The asker's own words, where they tell something that Identity Manager cannot know: "since the restore"."""

    def pack(self) -> str:
        """The intent as a button's value, a contract; Slack allows 2,000 characters."""
        fields = {"v": VERSION, "verb": self.verb.value, "env": self.env, "thing": self.thing, "seen": self.seen}
        if self.told:
            fields["told"] = self.told
        return json.dumps(fields, separators=(",", ":"), ensure_ascii=False)

    @staticmethod
    def unpack(value: str) -> "Intent":
        """Reads a button's value. Raises BadButton for anything that `pack` would not have written."""
        try:
            fields = json.loads(value)
            if fields["v"] != VERSION:
                raise BadButton(f"version {fields['v']!r}")
            parts = [fields[name] for name in ("thing", "env", "seen")]
            parts.append(fields.get("told", ""))
            if not all(isinstance(part, str) for part in parts):
                raise BadButton("a part is not text")
            return Intent(Verb(fields["verb"]), *parts)
        except (ValueError, KeyError, TypeError) as why:
            raise BadButton(str(why)) from why

    def about(self, thing: str) -> "Intent":
        return replace(self, thing=thing)

    def inside(self, verb: Verb) -> "Intent":
        """A wish about this wish, as *Share in channel* and *Details* have it: `share` about "order 771203"."""
        return replace(self, verb=verb, thing=f"{self.verb.value} {self.thing}".strip())

    def inner(self) -> "Intent":
        """The wish that this one is about, put there by `inside`. Raises BadButton when there is none."""
        verb, _, thing = self.thing.partition(" ")
        try:
            return replace(self, verb=Verb(verb), thing=thing)
        except ValueError as why:
            raise BadButton(str(why)) from why
