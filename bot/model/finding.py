"""A finding: the cause of a symptom, how sure it is, on which evidence, and what may be done.

One object makes every answer: the push line, the card, the ticket paragraph and `nimdesk ask --format json`.
Names of persons are kept apart (`private`, `subject`, `*_public`), since channel cards carry counts and order numbers
only (safety rule 14).
"""

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum

from bot.model.picture import Bar, Bars, Picture


class Certainty(StrEnum):
    """How far the evidence carries. Compare by `rank`: the words themselves have no order."""

    CONFIRMED = "confirmed"
    LIKELY = "likely"
    POSSIBLE = "possible"
    UNKNOWN = "unknown"

    @property
    def rank(self) -> int:
        """0 for unknown to 3 for confirmed."""
        return _RANK[self]

    def lowered(self) -> "Certainty":
        """One step less sure, as a missing piece of evidence demands; never below `UNKNOWN`."""
        return _LOWERED[self]


_RANK = {Certainty.UNKNOWN: 0, Certainty.POSSIBLE: 1, Certainty.LIKELY: 2, Certainty.CONFIRMED: 3}
_LOWERED = {
    Certainty.CONFIRMED: Certainty.LIKELY,
    Certainty.LIKELY: Certainty.POSSIBLE,
    Certainty.POSSIBLE: Certainty.UNKNOWN,
    Certainty.UNKNOWN: Certainty.UNKNOWN,
}


class ActionKind(StrEnum):
    """What a finding may offer. The values are a contract (`offers[].action` of `nimdesk ask`)."""

    UNBLOCK_ONE = "unblock_one"
    RELAUNCH = "relaunch"
    RELAUNCH_COMPLETE = "relaunch_complete"
    RESUME = "resume"
    RECOMPUTE_ONE = "recompute_one"
    RECOMPUTE_ALL = "recompute_all"
    RELEASE_REST = "release_rest"
    OPEN = "open"
    DETAILS = "details"
    ASK_OPERATOR = "ask_operator"
    COUNT_ALL = "count_all"
    TICKET_TEXT = "ticket_text"


@dataclass(frozen=True, slots=True)
class Fact:
    """One line of evidence: a fact with its source and time, never a conclusion."""

    label: str
    value: str
    source: str
    """Where it was read: "order 771203", "job run 48213", "ad_entries.csv"."""
    at: datetime | None = None
    private: bool = False
    """True when it names a person or shows a person's value."""
    value_public: str = ""
    """The value without what it shows of a person; empty when the value itself shows nothing."""


@dataclass(frozen=True, slots=True)
class Remark:
    """A further row of the decision tables: what contributes, or what was ruled out, and why."""

    row: str
    why: str


@dataclass(frozen=True, slots=True)
class Missing:
    """A piece of evidence that could not be read, and what it would have told apart."""

    what: str
    why: str
    look_at: str = ""
    """Where a person can look instead: a screen of Identity Manager."""


@dataclass(frozen=True, slots=True)
class Offer:
    """A next step as a button. The press decides again; `allowed` only colours what is drawn."""

    action: ActionKind
    target: str
    """Order, job or run id; for `OPEN` an absolute URL."""
    label: str
    allowed: bool = True
    why_not: str = ""
    seen: str = ""
    """Fingerprint of what the offer was drawn from; a stale press is refused with it."""
    subject: str = ""
    """The person and the change, shown beside the label to one person only: "Leroy, Anne · delete AD account"."""
    danger: bool = False
    """Draws the button in the platform's warning style."""


@dataclass(frozen=True, slots=True)
class Group:
    """Like orders: same connector, resource type, change and normalised error (troubleshooting 2.5)."""

    key: str
    error_class: str
    cause: str | None
    certainty: Certainty
    count: int
    exact: bool
    resource_type: str
    change_type: str
    sample: str
    """One raw error text, masked."""
    sample_public: str = ""
    """The sample without values that may name somebody; empty when it holds none."""
    title: str = ""
    """One line: what happened to how many, without names."""
    text: str = ""
    next: str = ""
    evidence: tuple[Fact, ...] = ()
    offers: tuple[Offer, ...] = ()
    containers: tuple[str, ...] = ()
    order_ids: tuple[str, ...] = ()
    """The orders that were read, oldest first; not necessarily all of `count`."""
    sample_people: tuple[str, ...] = ()
    """Private: names of the first few owners."""


@dataclass(frozen=True, slots=True)
class Link:
    """A way to the right screen. `url` is empty where the installation has told none; `path` then leads in words."""

    label: str
    path: str
    url: str = ""


@dataclass(frozen=True, slots=True)
class TableChange:
    """What one table (or resource type) would gain and lose behind a threshold; drawn as bars beside the words."""

    name: str
    stored: int | None
    inserted: int
    updated: int
    deleted: int
    exact: bool = True


class LinkMark(StrEnum):
    """How one link of the way from the HR record to the account stands. A word, never a colour alone."""

    OK = "ok"
    BROKEN = "broken"
    WAITING = "waiting"
    UNKNOWN = "unknown"
    NOT_REACHED = "not reached"
    """Behind the first broken link: nothing can be expected of it yet."""


@dataclass(frozen=True, slots=True)
class ChainLink:
    """One link of HR record → identity → rule → assignment → order → job → account."""

    name: str
    mark: LinkMark
    text: str
    """Without names of persons."""
    source: str = ""
    at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Outlook:
    """Will it heal by itself? Only what can pass (pending, network, quota) has a next run that may heal it."""

    heals: bool
    text: str
    """One sentence: which run comes next, or why waiting does not help."""
    next_at: datetime | None = None
    healed: int | None = None
    """How many of the `seen` remembered cases healed by themselves; None where none is remembered."""
    seen: int | None = None


_PROVISIONING = 7
_ROWS = "Rows that are stored, and rows that would change"


@dataclass(frozen=True, slots=True)
class Finding:
    """Evidence judged. Made by pure functions of `bot.diagnosis`, rendered by `templates/findings`."""

    symptom: int | None
    """1 to 8, or None where none of the eight applies."""
    cause: str | None
    """Row of the decision table, such as "5a"; None when unknown."""
    certainty: Certainty
    title: str
    text: str
    next: str = ""
    verify: str = ""
    title_public: str = ""
    """The title without names; empty when the title has none."""
    text_public: str = ""
    evidence: tuple[Fact, ...] = ()
    contributing: tuple[Remark, ...] = ()
    ruled_out: tuple[Remark, ...] = ()
    groups: tuple[Group, ...] = ()
    offers: tuple[Offer, ...] = ()
    missing: tuple[Missing, ...] = ()
    links: tuple[Link, ...] = ()
    say_to_caller: str = ""
    """One sentence without technical words."""
    as_of: datetime | None = None
    """Time of the oldest evidence, UTC."""
    more: tuple["Finding", ...] = field(default=())
    """Contributing symptoms as findings of their own."""
    chain: tuple[ChainLink, ...] = ()
    """For "why has X no account?": in order, the first one that is not `OK` is where it stopped."""
    outlook: Outlook | None = None
    tables: tuple[TableChange, ...] = ()
    login: str = ""
    """The person's login, where it is about one: the only word about a person that a ticket carries."""
    pictures: tuple[Picture, ...] = ()
    """Drawn beside the words; `tables` make one of their own."""

    @property
    def illustrations(self) -> tuple[Picture, ...]:
        """All that can be drawn of it, with the bars that its tables make."""
        if not self.tables:
            return self.pictures
        bars = tuple(
            Bar(one.name, one.stored, one.inserted, one.updated, one.deleted, one.exact) for one in self.tables
        )
        told = "Accounts that exist, and orders that would leave" if self.symptom == _PROVISIONING else _ROWS
        return (Bars(told, bars), *self.pictures)

    def without_names(self) -> "Finding":
        """The same finding for a channel: counts and order numbers, no person (safety rule 14)."""
        return replace(
            self,
            title=self.title_public or self.title,
            text=self.text_public or self.text,
            evidence=_public(self.evidence),
            groups=tuple(
                replace(
                    group,
                    evidence=_public(group.evidence),
                    sample=group.sample_public or group.sample,
                    offers=tuple(replace(offer, subject="") for offer in group.offers),
                    sample_people=(),
                )
                for group in self.groups
            ),
            offers=tuple(replace(offer, subject="") for offer in self.offers),
            pictures=tuple(one for one in self.pictures if not one.private),
            more=tuple(finding.without_names() for finding in self.more),
        )


def _public(facts: Iterable[Fact]) -> tuple[Fact, ...]:
    return tuple(replace(fact, value=fact.value_public or fact.value) for fact in facts if not fact.private)
