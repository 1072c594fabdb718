"""Times in scenario files, relative to the world's present.

`now-4h`, `night+10m`, `17:40-1d`, `2026-03-01T03:00:00Z`. `night` is the last 02:00 UTC at least half an hour ago;
a time of day is its last occurrence before now.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime

from sandbox.identity_manager.world.clock import DAY, HOUR, MINUTE, midnight

_NIGHT = "02:00"
_NIGHT_LASTS = 30 * MINUTE
_UNITS = {"d": DAY, "h": HOUR, "m": MINUTE, "s": 1.0}
_FORM = re.compile(r"^(?P<anchor>now|night|start|\d\d:\d\d)(?P<offsets>(?:[+-]\d+[dhms])*)$")
_OFFSET = re.compile(r"([+-])(\d+)([dhms])")


def last_time_of_day(text: str, now: float) -> float:
    hours, minutes = text.split(":")
    found = midnight(now) + int(hours) * HOUR + int(minutes) * MINUTE
    return found if found <= now else found - DAY


def after_the_night(now: float) -> float:
    """The instant itself, or the end of the half hour in which the night's runs are under way."""
    begun = last_time_of_day(_NIGHT, now)
    return max(now, begun + _NIGHT_LASTS)


def instant(text: str, now: float, start: float) -> float:
    """Raises ValueError for a text that is no time."""
    form = _FORM.match(text)
    if form is None:
        try:
            return datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp()
        except ValueError:
            raise ValueError(
                f"{text!r} is no time: write now-4h, night+10m, 17:40-1d, start, or 2026-03-01T03:00:00Z"
            ) from None
    match form["anchor"]:
        case "now":
            base = now
        case "start":
            base = start
        case "night":
            base = last_time_of_day(_NIGHT, now - _NIGHT_LASTS)
        case time_of_day:
            base = last_time_of_day(time_of_day, now)
    for sign, number, unit in _OFFSET.findall(form["offsets"]):
        base += (1 if sign == "+" else -1) * int(number) * _UNITS[unit]
    return base
