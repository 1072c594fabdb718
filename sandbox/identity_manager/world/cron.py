"""Schedules in crontab notation, five fields, UTC."""

from __future__ import annotations

from dataclasses import dataclass

from sandbox.identity_manager.world.clock import DAY, MINUTE, midnight, to_datetime

_RANGES = ((0, 59), (0, 23), (1, 31), (1, 12), (0, 7))


@dataclass(frozen=True, slots=True)
class Cron:
    """The instants at which a schedule fires."""

    minutes: tuple[int, ...]
    hours: tuple[int, ...]
    days: frozenset[int]
    months: frozenset[int]
    weekdays: frozenset[int]

    @classmethod
    def parse(cls, text: str) -> Cron:
        """Raises ValueError for anything that is not five crontab fields."""
        fields = text.split()
        if len(fields) != len(_RANGES):
            raise ValueError(f"a schedule has five fields, {text!r} has {len(fields)}")
        minutes, hours, days, months, weekdays = (
            _field(part, low, high) for part, (low, high) in zip(fields, _RANGES, strict=True)
        )
        return cls(
            tuple(sorted(minutes)),
            tuple(sorted(hours)),
            frozenset(days),
            frozenset(months),
            frozenset(w % 7 for w in weekdays),
        )

    def next_after(self, instant: float) -> float:
        """First firing strictly after the instant. Raises ValueError when there is none within four years."""
        day = midnight(instant)
        for _ in range(4 * 366):
            date = to_datetime(day)
            if date.day in self.days and date.month in self.months and date.isoweekday() % 7 in self.weekdays:
                for hour in self.hours:
                    for minute in self.minutes:
                        firing = day + hour * 60 * MINUTE + minute * MINUTE
                        if firing > instant:
                            return firing
            day += DAY
        raise ValueError("this schedule never fires")


def _field(text: str, low: int, high: int) -> set[int]:
    values: set[int] = set()
    for part in text.split(","):
        span, _, step = part.partition("/")
        first, last = (low, high) if span == "*" else _span(span, high if step else None)
        if not (low <= first <= last <= high):
            raise ValueError(f"{part!r} lies outside {low} to {high}")
        values.update(range(first, last + 1, int(step or 1)))
    return values


def _span(text: str, open_end: int | None) -> tuple[int, int]:
    first, _, last = text.partition("-")
    return int(first), int(last) if last else (open_end if open_end is not None else int(first))
