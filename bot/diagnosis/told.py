"""A moment in somebody's own words: "changed at 9:40", "20 minutes ago", "hier à 18h"."""

import re
from datetime import UTC, datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

_AGO: Final = re.compile(
    r"\b(?:(\d{1,3}|an?|une?)\s*(minutes?|mins?|hours?|h)\s+ago|il\s+y\s+a\s+(\d{1,3}|une?)\s*(minutes?|mins?|heures?|h))\b",
    re.IGNORECASE,
)
_CLOCK: Final = re.compile(
    r"(?:\b(?:at|since|around|depuis|vers)|[àa])\s+(\d{1,2})(?:\s*[:h]\s*(\d{2})?|(?=\s*[ap]\.?m\b))\s*(?:([ap])\.?m\b)?",
    re.IGNORECASE,
)
_YESTERDAY: Final = re.compile(r"\b(?:yesterday|hier)\b", re.IGNORECASE)
_LAST_HOUR: Final = 23
_LAST_MINUTE: Final = 59
_NOON: Final = 12


def told_moment(told: str, now: datetime, timezone: str) -> datetime | None:
    """The moment that the words name, UTC and never after `now`; a time of day is read in `timezone`."""
    if ago := _AGO.search(told):
        count, unit = (ago[1], ago[2]) if ago[1] else (ago[3], ago[4])
        amount = int(count) if count.isdigit() else 1
        return now - (timedelta(hours=amount) if unit[0].casefold() == "h" else timedelta(minutes=amount))
    clock = _CLOCK.search(told)
    if clock is None:
        return None
    hour, minute = int(clock[1]), int(clock[2] or 0)
    if clock[3] and hour <= _NOON:
        hour = hour % _NOON + (_NOON if clock[3].casefold() == "p" else 0)
    if hour > _LAST_HOUR or minute > _LAST_MINUTE:
        return None
    today = now.astimezone(ZoneInfo(timezone)).replace(hour=hour, minute=minute, second=0, microsecond=0)
    yesterday = _YESTERDAY.search(told) or today > now
    return (today - timedelta(days=1) if yesterday else today).astimezone(UTC)
