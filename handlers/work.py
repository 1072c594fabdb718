"""Work that goes on after the acknowledgement: held, counted, and drained when the program stops."""

import asyncio
from collections.abc import Coroutine
from typing import Any

import structlog

log = structlog.get_logger()
MOST_AT_ONCE = 64


class Work:
    """Runs coroutines in the background and keeps a reference to each, so that none is collected or lost silently."""

    def __init__(self, most_at_once: int = MOST_AT_ONCE) -> None:
        self._tasks: set[asyncio.Task[None]] = set()
        self._slots = asyncio.Semaphore(most_at_once)

    def start(self, job: Coroutine[Any, Any, None], name: str) -> None:
        task = asyncio.create_task(self._run(job, name), name=name)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    @property
    def under_way(self) -> int:
        return len(self._tasks)

    async def drain(self, seconds: float) -> None:
        """Waits for what is under way; what takes longer is cancelled."""
        if self._tasks:
            _, late = await asyncio.wait(set(self._tasks), timeout=seconds)
            for task in late:
                task.cancel()
            if late:
                await asyncio.wait(late, timeout=1)

    async def _run(self, job: Coroutine[Any, Any, None], name: str) -> None:
        async with self._slots:
            try:
                await job
            except asyncio.CancelledError:
                log.warning("stopped half-way", work=name)
                raise
            except Exception:
                log.exception("broken", work=name)
