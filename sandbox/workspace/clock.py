"""Time as the workspace sees it: the wall clock plus what a test has skipped."""

from __future__ import annotations

import asyncio
import time


class Clock:
    """Seconds since 1970. `advance` wakes whatever sleeps past the new time, so that minutes need not be waited for."""

    def __init__(self) -> None:
        self._offset = 0.0
        self._moved = asyncio.Event()
        self._last_stamp = 0

    def now(self) -> float:
        return time.time() + self._offset

    @staticmethod
    def wall() -> float:
        return time.time()

    def stamp(self) -> str:
        """A message's `ts`: microseconds as text, never twice, always rising."""
        self._last_stamp = max(self._last_stamp + 1, int(self.now() * 1_000_000))
        return f"{self._last_stamp // 1_000_000}.{self._last_stamp % 1_000_000:06d}"

    async def sleep(self, seconds: float) -> None:
        end = self.now() + seconds
        while (left := end - self.now()) > 0:
            moved = self._moved
            try:
                await asyncio.wait_for(moved.wait(), left)
            except TimeoutError:
                return

    def advance(self, seconds: float) -> None:
        self._offset += seconds
        self._moved.set()
        self._moved = asyncio.Event()
