"""Small words that every finding needs: counts before adjectives, times with their zone, titles with an end."""

import re
from datetime import UTC, datetime, timedelta
from typing import Final

from bot.model.job import Connector
from bot.model.order import ChangeType, Order

LONGEST_TITLE: Final = 80
_LOOSE_END: Final = re.compile(r"(?: (?:a|an|and|for|in|is|its|of|on|the|to))+$")
_LONGEST_REST: Final = 24
"""Characters of a word that are not given up for a clean end."""

_NOUN: Final = {ChangeType.CREATE: "creation", ChangeType.UPDATE: "change", ChangeType.DELETE: "deletion"}
_VERB: Final = {ChangeType.CREATE: "create", ChangeType.UPDATE: "change", ChangeType.DELETE: "delete"}


def number(count: int) -> str:
    return f"{count:,}"


def counted(count: int, noun: str, *, exact: bool = True, plural: str = "") -> str:
    """ "150 deletions", "at least 1,000 orders"."""
    word = noun if count == 1 else plural or f"{noun}s"
    return f"{number(count)} {word}" if exact else f"at least {number(count)} {word}"


def percent(part: int, whole: int) -> str:
    """A share that never rounds up to a whole: 99.7 %, not 100 %."""
    if not whole:
        return "no share"
    tenths = part * 1000 // whole
    return f"{tenths // 10} %" if tenths % 10 == 0 else f"{tenths // 10}.{tenths % 10} %"


def noun_of(change: ChangeType | str) -> str:
    return _NOUN[ChangeType(change)]


def verb_of(change: ChangeType | str) -> str:
    return _VERB[ChangeType(change)]


def moment(at: datetime | None) -> str:
    """A time for a sentence; facts carry the moment itself and are shown in the reader's zone."""
    return at.astimezone(UTC).strftime("%Y-%m-%d %H:%M UTC") if at else "an unknown time"


def lasted(span: timedelta) -> str:
    """ "25 h", "3 days", "40 min", "2 s"."""
    seconds = max(0, int(span.total_seconds()))
    for size, unit in ((172_800, "days"), (7_200, "h"), (120, "min")):
        if seconds >= size:
            return f"{seconds // (size // 2)} {unit}"
    return f"{seconds} s"


def title(text: str, connector: Connector | None = None) -> str:
    """At most `LONGEST_TITLE` characters, cut after a whole word.

    Before anything is cut, the connector is called by its identifier: "HR" for "Human resources".
    """
    text = " ".join(text.split())
    if connector is not None and len(text) > LONGEST_TITLE and len(connector.identifier) < len(connector.name):
        text = text.replace(connector.name, connector.identifier)
    if len(text) <= LONGEST_TITLE:
        return text
    kept = text[: LONGEST_TITLE - 1]
    whole, _, rest = kept.rpartition(" ")
    ends_a_word = text[LONGEST_TITLE - 1] == " "
    kept = kept if ends_a_word or len(rest) > _LONGEST_REST else whole
    return _LOOSE_END.sub("", kept.rstrip(" ,;:·–-")) + "…"


def listed(parts: list[str] | tuple[str, ...], *, most: int = 3) -> str:
    """ "a, b and c", "a, b, c and 4 more"."""
    shown = list(parts[:most])
    if len(parts) > most:
        return f"{', '.join(shown)} and {number(len(parts) - most)} more"
    return " and ".join([", ".join(shown[:-1]), shown[-1]]) if len(shown) > 1 else "".join(shown)


def type_name(order: Order) -> str:
    """The resource type as people know it."""
    return order.resource_type_name or order.resource_type


def subject_of(order: Order) -> str:
    """Private: the person and the change, "Leroy, Anne · delete AD account"."""
    return f"{order.owner_name or 'unnamed'} · {verb_of(order.change)} {type_name(order)}"
