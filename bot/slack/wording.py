"""Words that several templates share: certainty, counts, kinds of trouble. No decision about the product is here."""

import re
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Final

from markupsafe import Markup

from bot.model.finding import Certainty, Finding, Group, LinkMark, Missing
from bot.model.incident import RunTrouble
from bot.model.job import RunState

_EXCEPTION: Final = re.compile(r"^(?:\w+\.)+\w*Exception: +(?=\S)")
_SAME_READING: Final = timedelta(minutes=10)
CERTAINTY: Final = {
    Certainty.CONFIRMED: "Certain",
    Certainty.LIKELY: "Probable",
    Certainty.POSSIBLE: "One possibility",
    Certainty.UNKNOWN: "Unknown",
}
_THEN: Final = {
    Certainty.LIKELY: ": also check ",
    Certainty.POSSIBLE: ": settle it by looking at ",
    Certainty.UNKNOWN: ": what is missing is ",
}
TROUBLE: Final = {
    RunTrouble.FAILED: "failed",
    RunTrouble.BLOCKED: "is blocked",
    RunTrouble.FAILED_INSIDE: "ended, but a task inside it failed",
    RunTrouble.RECOVERED: "recovered",
}
RUN: Final = {
    RunState.QUEUED: "is queued",
    RunState.RUNNING: "is running",
    RunState.COMPLETED: "ended green",
    RunState.ERRORED: "failed",
    RunState.BLOCKED: "is blocked",
    RunState.WARNING: "ended with a warning",
    RunState.CANCELLED: "was cancelled",
    RunState.UNKNOWN: "is in a state that this installation has not explained",
}
"""After "the job's last run"."""
MARK: Final = {
    LinkMark.OK: "✓",
    LinkMark.BROKEN: "✗",
    LinkMark.WAITING: "…",
    LinkMark.UNKNOWN: "?",
    LinkMark.NOT_REACHED: "–",
}
"""Stands before the mark's word, never alone where something is wrong."""


def certainty(thing: Finding | Group, missing: Iterable[Missing] = ()) -> str:
    """The certainty in words that may go into a ticket: "Probable: also check the OU's permissions"."""
    word = CERTAINTY[thing.certainty]
    open_points = (*missing, *(thing.missing if isinstance(thing, Finding) else ()))
    if thing.certainty is Certainty.CONFIRMED or not open_points:
        return word
    first = open_points[0]
    what = first.what if thing.certainty is Certainty.UNKNOWN else (first.look_at or first.what)
    return f"{word}{_THEN[thing.certainty]}{what}"


def counted(count: int, exact: bool = True) -> str:  # noqa: FBT001, FBT002  # a filter takes it by position
    return f"{count:,}" if exact else f"at least {count:,}"


def plural(count: int, one: str, many: str = "") -> str:
    """`{{ 3 | plural("order") }}` gives "3 orders"."""
    return f"{count:,} {one if count == 1 else many or one + 's'}"


def when(at: datetime | None, shape: str = "") -> Markup | str:
    """A moment in the reader's own time zone; "time not known" for None."""
    if at is None:
        return "time not known"
    moment = at if at.tzinfo else at.replace(tzinfo=UTC)
    return Markup(f'<time at="{int(moment.timestamp())}" format="{shape}"/>')  # noqa: S704  # a number and our own word


def shown(value: str) -> str:
    """The value, or words for one that nobody would see."""
    return value if value.strip() else "(empty)"


def sentence(text: str) -> str:
    """With a full stop where nothing ends it, so that sentences can follow one another."""
    text = text.strip()
    return text if not text or text[-1] in ".!?:…" else f"{text}."


def without_exception(text: str) -> str:
    """The message of an error without the name of the program's exception, which Details still shows."""
    return _EXCEPTION.sub("", text)


def apart_from(at: datetime | None, as_of: datetime | None) -> bool:
    """Whether a fact's time says more than the time of reading does: an earlier change, a coming end."""
    if at is None:
        return False
    return as_of is None or abs(as_of - at) > _SAME_READING
