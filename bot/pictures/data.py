"""A picture's data on the way to the program that draws it: one line of JSON."""

import json
from dataclasses import asdict
from datetime import datetime
from typing import Any

from bot.model.picture import Bar, Bars, Picture, Step, Timeline, Track


def packed(picture: Picture) -> bytes:
    kind = "bars" if isinstance(picture, Bars) else "timeline"
    return json.dumps({"kind": kind, **asdict(picture)}, default=datetime.isoformat).encode()


def unpacked(line: bytes) -> Picture:
    """Raises ValueError for what `packed` did not write."""
    try:
        fields: dict[str, Any] = json.loads(line)
        if fields["kind"] == "bars":
            return Bars(fields["title"], tuple(Bar(**one) for one in fields["bars"]), fields["private"])
        tracks = tuple(Track(one["name"], tuple(_step(step) for step in one["steps"])) for one in fields["tracks"])
        return Timeline(fields["title"], tracks, datetime.fromisoformat(fields["until"]), fields["private"])
    except (KeyError, TypeError) as why:
        raise ValueError(f"no picture: {why}") from why


def _step(fields: dict[str, Any]) -> Step:
    before = fields["not_before"]
    return Step(
        datetime.fromisoformat(fields["at"]), fields["text"], datetime.fromisoformat(before) if before else None
    )
