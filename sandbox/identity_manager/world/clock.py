"""The sandbox's own time: runs one to one from the start moment, can be scaled, and can be moved forward.

Instants are float seconds since the epoch (UTC). Nothing in the world reads the machine's clock except this module.
"""

from __future__ import annotations

import heapq
import itertools
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import lru_cache

MINUTE = 60.0
HOUR = 3600.0
DAY = 86400.0


def to_datetime(instant: float) -> datetime:
    return datetime.fromtimestamp(instant, UTC)


@lru_cache(maxsize=4096)
def to_iso(instant: float) -> str:
    """ISO 8601 in UTC at second precision, as Identity Manager writes dates."""
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(instant))


def midnight(instant: float) -> float:
    """Start of the UTC day that holds the instant."""
    return instant - instant % DAY


@dataclass(order=True, slots=True)
class _Due:
    at: float
    order: int
    act: Callable[[], None] = field(compare=False)


class Clock:
    """A time line with acts waiting on it.

    Until `go_live` it stands still except for `run_until`; afterwards it follows the machine's monotonic clock
    times `speed`, plus whatever `run_until` has jumped.
    """

    def __init__(self, start: float, *, speed: float = 1.0, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._now = start
        self._speed = speed
        self._monotonic = monotonic
        self._anchor: tuple[float, float] | None = None
        self._due: list[_Due] = []
        self._sequence = itertools.count()

    @property
    def now(self) -> float:
        """The instant at which the act being run happens; between acts, the last instant that was reached."""
        return self._now

    def go_live(self) -> None:
        self._anchor = (self._monotonic(), self._now)

    def at(self, instant: float, act: Callable[[], None]) -> None:
        heapq.heappush(self._due, _Due(max(instant, self._now), next(self._sequence), act))

    def after(self, seconds: float, act: Callable[[], None]) -> None:
        self.at(self._now + seconds, act)

    def run_until(self, instant: float) -> None:
        """Run everything that is due up to the instant, each act at its own time, and stand there."""
        while self._due and self._due[0].at <= instant:
            due = heapq.heappop(self._due)
            self._now = max(self._now, due.at)
            due.act()
        self._now = max(self._now, instant)
        if self._anchor is not None and self._now > self.present():
            self.go_live()

    def present(self) -> float:
        """Where the time line should stand now, by the machine's clock."""
        if self._anchor is None:
            return self._now
        real, virtual = self._anchor
        return virtual + (self._monotonic() - real) * self._speed

    def catch_up(self) -> None:
        self.run_until(self.present())

    def set_speed(self, speed: float) -> None:
        self.catch_up()
        self._speed = speed
        if self._anchor is not None:
            self.go_live()

    @property
    def speed(self) -> float:
        return self._speed

    def seconds_to_next(self) -> float | None:
        """Real seconds until something is due; None when nothing waits or time stands still."""
        if not self._due or self._speed <= 0:
            return None
        return max(0.0, (self._due[0].at - self.present()) / self._speed)
