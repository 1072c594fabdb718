"""The access token of one environment: kept while it is good, asked for once however many want it (nim-api 1)."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Final

SHARE_OF_LIFE: Final = 0.8
LONGEST_LIFE_S: Final = 3300.0


@dataclass(frozen=True, slots=True)
class Token:
    text: str
    good_until: float
    """On the monotonic clock."""

    @classmethod
    def granted(cls, text: str, expires_in: float) -> "Token":
        return cls(text, time.monotonic() + min(SHARE_OF_LIFE * expires_in, LONGEST_LIFE_S))


class Tokens:
    def __init__(self, ask: Callable[[], Awaitable[Token]]) -> None:
        self._ask = ask
        self._token: Token | None = None
        self._asking: asyncio.Task[Token] | None = None

    async def current(self) -> Token:
        """Raises what asking raises; everybody who waits for the same request gets the same error."""
        if self._token is not None and time.monotonic() < self._token.good_until:
            return self._token
        if self._asking is None:
            self._asking = asyncio.create_task(self._renew())
            self._asking.add_done_callback(self._asked)
        return await asyncio.shield(self._asking)

    def refuse(self, token: Token) -> None:
        """Identity Manager did not accept it; another one that came in the meantime stays."""
        if self._token is token:
            self._token = None

    async def close(self) -> None:
        if self._asking is not None:
            self._asking.cancel()
            await asyncio.gather(self._asking, return_exceptions=True)

    async def _renew(self) -> Token:
        self._token = await self._ask()
        return self._token

    def _asked(self, task: asyncio.Task[Token]) -> None:
        self._asking = None
        if not task.cancelled():
            task.exception()
