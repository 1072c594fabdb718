"""Socket Mode: two connections, and a watchdog that rebuilds a client that has gone deaf.

At the SDK's ping interval of 10 s a broken connection goes unnoticed for 9.7 s, at 3 s for under 3 (measured); and its
clients are known to stay silent after weeks. So each connection is looked at from outside as well.
"""

import asyncio
import time
from dataclasses import dataclass

import structlog
from slack_bolt.adapter.socket_mode.async_handler import AsyncSocketModeHandler
from slack_bolt.async_app import AsyncApp

log = structlog.get_logger()
PING_SECONDS = 3.0
CONNECTIONS = 2
LOOK_SECONDS = 5.0
DEAF_SECONDS = 30.0
"""Without a working connection for so long, a client is thrown away and built anew."""


@dataclass(slots=True)
class _Line:
    handler: AsyncSocketModeHandler
    heard: float
    """Monotonic time at which it was last seen working."""


class Sockets:
    """The bot's lines to Slack in socket mode."""

    def __init__(self, app: AsyncApp, app_token: str, *, proxy: str = "") -> None:
        self._app = app
        self._app_token = app_token
        self._proxy = proxy or None
        self._lines: list[_Line] = []
        self._watchdog: asyncio.Task[None] | None = None
        self._opening: set[asyncio.Task[None]] = set()

    async def start(self) -> None:
        """Opens the lines; returns when the first is up. Slack may be away: the client goes on trying."""
        self._lines = [self._new() for _ in range(CONNECTIONS)]
        for line in self._lines:
            self._open(line)
        await asyncio.wait(set(self._opening), return_when=asyncio.FIRST_COMPLETED)
        self._watchdog = asyncio.create_task(self._watch(), name="socket watchdog")

    async def ready(self) -> bool:
        for line in self._lines:
            if await line.handler.client.is_connected():
                return True
        return False

    async def stop(self) -> None:
        if self._watchdog:
            self._watchdog.cancel()
        await asyncio.gather(*(_closed(line.handler) for line in self._lines))

    def _new(self) -> _Line:
        handler = AsyncSocketModeHandler(
            self._app, self._app_token, proxy=self._proxy, ping_interval=PING_SECONDS, web_client=self._app.client
        )
        return _Line(handler, time.monotonic())

    def _open(self, line: _Line) -> None:
        task = asyncio.create_task(line.handler.connect_async(), name="socket opening")
        self._opening.add(task)
        task.add_done_callback(self._opening.discard)

    async def _watch(self) -> None:
        while True:
            await asyncio.sleep(LOOK_SECONDS)
            for index, line in enumerate(self._lines):
                if await line.handler.client.is_connected():
                    line.heard = time.monotonic()
                elif time.monotonic() - line.heard > DEAF_SECONDS:
                    log.warning("socket rebuilt", line=index, deaf_seconds=round(time.monotonic() - line.heard))
                    await _closed(line.handler)
                    self._lines[index] = self._new()
                    self._open(self._lines[index])


async def _closed(handler: AsyncSocketModeHandler) -> None:
    try:
        await asyncio.wait_for(handler.close_async(), timeout=3)
    except Exception:
        log.warning("socket not closed cleanly", exc_info=True)
