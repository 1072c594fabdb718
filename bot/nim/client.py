"""The one request path to Identity Manager: token, version, repetition of reads, errors, record of what was asked.

A read is tried three times at most; a write is sent once. The single exception is a 401, after which anything is sent
once more with a fresh token: a request without a good token changed nothing.
"""

import asyncio
import random
import time
from collections.abc import AsyncIterator, Callable, Mapping, MutableSequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from typing import Any, Final

from bot.errors import NimBusy
from bot.model.answer import RequestMade
from bot.nim import refusals
from bot.nim.config import EnvironmentConfig
from bot.nim.tokens import Token, Tokens
from bot.nim.transport import NoReply, NotSent, Reply, TooLarge, Transport
from bot.nim.wire.row import rows_of

API_VERSION: Final = "1.0"
TRIES: Final = 3
_DEFAULT_LIFE_S: Final = 3600.0

Ledger = MutableSequence[RequestMade]
OnRequest = Callable[[RequestMade], None]


@dataclass(frozen=True, slots=True)
class Call:
    """One request. `permission` is the documented path of the right that it needs, for the text of a refusal."""

    method: str
    path: str
    permission: str
    what: str
    params: Mapping[str, str]
    body: Any = None

    @property
    def is_write(self) -> bool:
        return self.method != "GET"


@dataclass(frozen=True, slots=True)
class Got:
    content: Any
    at: datetime


class Client:
    def __init__(self, config: EnvironmentConfig, transport: Transport, on_request: OnRequest | None = None) -> None:
        self._config = config
        self._transport = transport
        self._on_request = on_request
        self._tokens = Tokens(self._ask_token)

    @classmethod
    @asynccontextmanager
    async def open(cls, config: EnvironmentConfig, on_request: OnRequest | None = None) -> AsyncIterator["Client"]:
        async with Transport.open(config) as transport:
            client = cls(config, transport, on_request)
            try:
                yield client
            finally:
                await client._tokens.close()

    def now(self) -> datetime:
        return self._transport.now()

    async def read(self, call: Call, ledger: Ledger) -> Got:
        """The parsed answer of a GET. Raises a NimError."""
        reply = await self._patiently(call, ledger)
        try:
            return Got(reply.content, reply.at)
        except ValueError as why:
            raise refusals.unreadable(call.what) from why

    async def write(self, call: Call, ledger: Ledger) -> None:
        """Sends it once; the answer's body is not read. Raises a NimError whose `changed` says what is known."""
        outcome = await self._with_token(call, ledger)
        if isinstance(outcome, Reply):
            error = self._judge(call, outcome)
            if error is not None:
                raise error
            return
        raise refusals.of_silence(outcome, write=True) from outcome

    def _judge(self, call: Call, reply: Reply) -> Exception | None:
        return refusals.of_reply(reply, permission=call.permission, what=call.what, write=call.is_write)

    async def _patiently(self, call: Call, ledger: Ledger) -> Reply:
        give_up = time.monotonic() + self._config.retry_total_seconds
        pause = self._config.retry_pause_seconds
        for left in reversed(range(TRIES)):
            outcome = await self._with_token(call, ledger)
            asked = _asked_pause(outcome, self._transport.now())
            wait = pause if asked is None else asked
            last = not left or not _worth_another_try(outcome) or time.monotonic() + wait > give_up
            if isinstance(outcome, Reply):
                error = self._judge(call, outcome)
                if error is None:
                    return outcome
                if last:
                    raise error
            elif last:
                raise refusals.of_silence(outcome, write=False) from outcome
            await asyncio.sleep(wait * random.uniform(1, 1.2) if asked is None else wait)  # noqa: S311
            pause *= 2
        raise NimBusy("Identity Manager gave no answer.")

    async def _with_token(self, call: Call, ledger: Ledger) -> Reply | NotSent | NoReply | TooLarge:
        token = await self._tokens.current()
        outcome = await self._once(call, token, ledger)
        if isinstance(outcome, Reply) and outcome.status == HTTPStatus.UNAUTHORIZED:
            self._tokens.refuse(token)
            outcome = await self._once(call, await self._tokens.current(), ledger)
        return outcome

    async def _once(self, call: Call, token: Token, ledger: Ledger) -> Reply | NotSent | NoReply | TooLarge:
        began = time.monotonic()
        outcome: Reply | NotSent | NoReply | TooLarge
        try:
            outcome = await self._transport.exchange(
                call.method,
                call.path,
                headers={"Authorization": f"Bearer {token.text}"},
                params={"api-version": API_VERSION, **call.params},
                json=call.body,
            )
        except (NotSent, NoReply, TooLarge) as why:
            outcome = why
        made = RequestMade(
            call.method,
            call.path,
            call.params.get("squery", ""),
            outcome.status if isinstance(outcome, Reply) else 0,
            round(1000 * (time.monotonic() - began)),
            _rows(call, outcome),
        )
        ledger.append(made)
        if self._on_request is not None:
            self._on_request(made)
        return outcome

    async def _ask_token(self) -> Token:
        """Raises NimDenied when Identity Manager does not know the client, else as a read does."""
        client_id = f"{self._config.client_id}@{self._config.client_domain}"
        form = {
            "client_id": client_id,
            "client_secret": self._config.client_secret,
            "scope": "usercube_api",
            "grant_type": "client_credentials",
        }
        pause = self._config.retry_pause_seconds
        left = TRIES
        while True:
            left -= 1
            try:
                reply = await self._transport.exchange("POST", "/connect/token", form=form)
            except (NotSent, NoReply, TooLarge) as why:
                if not left or not _worth_another_try(why):
                    raise refusals.of_silence(why, write=False) from why
            else:
                error = refusals.of_token(reply, client_id)
                if error is None:
                    return _token(reply)
                if not left or reply.status not in refusals.WORTH_ANOTHER_TRY:
                    raise error
            await asyncio.sleep(pause)
            pause *= 2


def _rows(call: Call, outcome: object) -> int | None:
    """How many rows a good answer to a read holds; None where it cannot be told."""
    if call.is_write or not isinstance(outcome, Reply) or outcome.status != HTTPStatus.OK:
        return None
    try:
        content = outcome.content
    except ValueError:
        return None
    return len(rows_of(content))


def _token(reply: Reply) -> Token:
    try:
        given = reply.content
        return Token.granted(str(given["access_token"]), float(given.get("expires_in") or _DEFAULT_LIFE_S))
    except (ValueError, KeyError, TypeError, AttributeError) as why:
        raise refusals.unreadable("an access token") from why


def _worth_another_try(outcome: Reply | NotSent | NoReply | TooLarge) -> bool:
    """What passes by itself within seconds. Not a time-out: asking again would add to what is slow already."""
    match outcome:
        case Reply():
            return outcome.status in refusals.WORTH_ANOTHER_TRY
        case NotSent():
            return True
        case NoReply():
            return not outcome.slow
        case TooLarge():
            return False


def _asked_pause(outcome: object, now: datetime) -> float | None:
    """The seconds of a Retry-After header, which is a number or an HTTP date; None without one."""
    if not isinstance(outcome, Reply) or not outcome.retry_after:
        return None
    text = outcome.retry_after.strip()
    if text.isdigit():
        return float(text)
    try:
        return max(0.0, (parsedate_to_datetime(text) - now).total_seconds())
    except (ValueError, TypeError):
        return None
