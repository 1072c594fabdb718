"""The one object that Slack's messages and `nimdesk ask --format json` are both made from."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from bot.model.finding import Finding, Link, Missing, Offer
from bot.model.intent import Intent


class AnswerKind(StrEnum):
    FINDING = "finding"
    LIST = "list"
    ANSWER = "answer"
    CHOICE = "choice"
    REFUSED = "refused"
    UNAVAILABLE = "unavailable"
    HELP = "help"


@dataclass(frozen=True, slots=True)
class Cell:
    """One value of a listing; a moment is shown in the reader's own time zone."""

    text: str
    at: datetime | None = None
    private: bool = False


@dataclass(frozen=True, slots=True)
class Row:
    """One line of a listing, with the intent that opens it."""

    title: str
    cells: tuple[Cell, ...] = ()
    mark: str = ""
    """A word for the state ("failed", "ok", "waiting"); never a colour or an emoji alone."""
    opens: Intent | None = None
    private: bool = False
    """The title names a person."""
    title_public: str = ""


@dataclass(frozen=True, slots=True)
class Section:
    """A part of a listing under a heading; `more` counts what is not shown, None when it is not known."""

    title: str
    rows: tuple[Row, ...]
    more: int | None = 0
    at_least: bool = False
    note: str = ""


@dataclass(frozen=True, slots=True)
class Choice:
    """A candidate offered as a button when words fit several things."""

    label: str
    intent: Intent
    hint: str = ""


@dataclass(frozen=True, slots=True)
class RequestMade:
    """One request to Identity Manager, for the *Details* button and for the count in `nimdesk ask`."""

    method: str
    path: str
    query: str
    status: int
    milliseconds: int
    rows: int | None = None


@dataclass(frozen=True, slots=True)
class Answer:
    """What a person gets for one intent. `text` is complete by itself; the rest lets it be drawn well."""

    kind: AnswerKind
    title: str
    text: str
    env: str = ""
    env_label: str = ""
    next: str = ""
    finding: Finding | None = None
    sections: tuple[Section, ...] = ()
    choices: tuple[Choice, ...] = ()
    offers: tuple[Offer, ...] = ()
    links: tuple[Link, ...] = ()
    missing: tuple[Missing, ...] = ()
    as_of: datetime | None = None
    requests: tuple[RequestMade, ...] = ()
    intent: Intent | None = None
    """What was asked, so that *Refresh*, *Share in channel* and *Details* can ask again."""
    shareable: bool = True
    reference: str = ""
    """Finds the log line of a mistake of nimdesk's own."""
