"""How fast messages leave: below Slack's limits, so that a 429 stays the exception, and calm for those who read.

Numbers: slack-platform 4.2 and 5.1, architecture "Where progress goes".
"""

import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from aiolimiter import AsyncLimiter

MINUTE: Final = 60.0


@dataclass(frozen=True, slots=True)
class Pace:
    """Seconds and counts; tests make them shorter, nobody makes them faster than Slack allows."""

    between_posts_in_channel: float = 1.0
    posts_a_minute: int = 200
    edits_a_minute: int = 40
    between_edits_of_message: float = 3.0
    after_posting: float = 1.0
    """Changes within this time after a message was posted become one edit."""


class Pacing:
    """One bucket per channel, one per method, and a rest between two edits of one message."""

    def __init__(self, pace: Pace, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._pace = pace
        self._monotonic = monotonic
        self._posts = AsyncLimiter(pace.posts_a_minute, MINUTE)
        self._edits: deque[float] = deque()
        self._channels: dict[str, AsyncLimiter] = {}
        self._rests: dict[int, float] = {}
        self._paused_until: dict[str, float] = {}

    def edit_in(self, message: int) -> float:
        """Seconds until this message may be edited; 0 = now."""
        rest = self._rests.get(message, 0.0) - self._monotonic()
        if rest > 0:
            return rest
        now = self._monotonic()
        while self._edits and self._edits[0] <= now - MINUTE:
            self._edits.popleft()
        return 0.0 if len(self._edits) < self._pace.edits_a_minute else self._edits[0] + MINUTE - now

    def paused_for(self, *names: str) -> float:
        """Seconds for which Slack asked to leave a channel or a method alone."""
        now = self._monotonic()
        return max([0.0, *(self._paused_until.get(name, 0.0) - now for name in names)])

    def pause(self, name: str, seconds: float) -> None:
        self._paused_until[name] = self._monotonic() + seconds

    async def before_post(self, channel: str) -> None:
        limiter = self._channels.get(channel)
        if limiter is None:
            limiter = self._channels[channel] = AsyncLimiter(1, self._pace.between_posts_in_channel)
        await limiter.acquire()
        await self._posts.acquire()

    def before_edit(self) -> None:
        """Counts an edit that `edit_in` has let through; the minute slides, so that no burst adds to it."""
        self._edits.append(self._monotonic())

    def posted(self, message: int) -> None:
        self._rest(message, self._pace.after_posting)

    def edited(self, message: int) -> None:
        self._rest(message, self._pace.between_edits_of_message)

    def _rest(self, message: int, seconds: float) -> None:
        now = self._monotonic()
        self._rests = {one: until for one, until in self._rests.items() if until > now}
        self._rests[message] = now + seconds
