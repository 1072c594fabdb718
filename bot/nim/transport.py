"""One exchange with Identity Manager over aiohttp: bytes out, bytes in, within limits of time, size and number.

The only module here that knows aiohttp. It repeats nothing and judges no status.
"""

import asyncio
import json as json_text
import ssl
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from functools import cached_property
from typing import Any, Final

import aiohttp
from yarl import URL

from bot.errors import SettingsError
from bot.nim.config import EnvironmentConfig

_ROUNDING: Final = timedelta(seconds=1.5)
"""A Date header is cut to whole seconds: offsets that differ by less are the same clock."""
_CHUNK: Final = 64 * 1024


class NotSent(Exception):
    """No connection: nothing has left this machine."""


class NoReply(Exception):
    """It may have arrived, but no whole answer came back. `cut` when the answer broke off in the middle."""

    def __init__(self, why: str, *, cut: bool = False, slow: bool = False) -> None:
        super().__init__(why)
        self.cut = cut
        self.slow = slow


class TooLarge(Exception):
    """The answer is larger than nimdesk reads."""


@dataclass(frozen=True)
class Reply:
    status: int
    content_type: str
    retry_after: str
    body: bytes
    at: datetime
    """The environment's time when it answered."""

    @cached_property
    def content(self) -> Any:
        """Raises ValueError when the body is no JSON."""
        return json_text.loads(self.body)

    @property
    def is_page(self) -> bool:
        """A page for a browser: a login form or a proxy's message."""
        return "html" in self.content_type or self.body.lstrip()[:15].lower().startswith((b"<!doctype", b"<html"))


class Transport:
    """A client session of one environment. At most `concurrency` exchanges are under way, so that asking is no load."""

    def __init__(self, config: EnvironmentConfig, http: aiohttp.ClientSession, trust: ssl.SSLContext | None) -> None:
        self._base = config.url.rstrip("/")
        self._http = http
        self._ssl = trust if trust is not None else True
        self._proxy = config.proxy or None
        self._largest = config.largest_answer
        self._timeout = aiohttp.ClientTimeout(total=config.timeout_seconds)
        self._slots = asyncio.Semaphore(config.concurrency)
        self._offset = timedelta()

    @classmethod
    @asynccontextmanager
    async def open(cls, config: EnvironmentConfig) -> AsyncIterator["Transport"]:
        """Raises SettingsError when the file of authorities cannot be used."""
        context = _trust(config.ca_file)
        async with aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(limit=config.concurrency + 1),
            cookie_jar=aiohttp.DummyCookieJar(),
            headers={"Accept": "application/json", "User-Agent": "nimdesk"},
        ) as http:
            yield cls(config, http, context)

    def now(self) -> datetime:
        return datetime.fromtimestamp(time.time(), UTC) + self._offset

    async def exchange(
        self,
        method: str,
        path: str,
        *,
        headers: Mapping[str, str] | None = None,
        params: Mapping[str, str] | None = None,
        form: Mapping[str, str] | None = None,
        json: Any = None,
    ) -> Reply:
        """Raises NotSent, NoReply, TooLarge."""
        try:
            async with (
                self._slots,
                self._http.request(
                    method,
                    URL(self._base + path, encoded=True),
                    headers=headers,
                    params=params,
                    data=form,
                    json=json,
                    ssl=self._ssl,
                    proxy=self._proxy,
                    timeout=self._timeout,
                    allow_redirects=False,
                ) as answer,
            ):
                body = await self._read(answer)
                return Reply(
                    answer.status,
                    answer.headers.get("Content-Type", "").lower(),
                    answer.headers.get("Retry-After", ""),
                    body,
                    self._learn_time(answer.headers.get("Date", "")),
                )
        except TimeoutError as why:
            raise NoReply("no answer in time", slow=True) from why
        except (aiohttp.ClientConnectorError, aiohttp.InvalidURL, aiohttp.ClientProxyConnectionError) as why:
            raise NotSent(_reason(why)) from why
        except aiohttp.ClientPayloadError as why:
            raise NoReply("the answer broke off", cut=True) from why
        except (aiohttp.ClientError, OSError) as why:
            raise NoReply("the connection broke") from why

    async def _read(self, answer: aiohttp.ClientResponse) -> bytes:
        body = bytearray()
        async for chunk in answer.content.iter_chunked(_CHUNK):
            body += chunk
            if len(body) > self._largest:
                raise TooLarge
        return bytes(body)

    def _learn_time(self, date: str) -> datetime:
        here = datetime.fromtimestamp(time.time(), UTC)
        try:
            there = parsedate_to_datetime(date).astimezone(UTC)
        except ValueError:
            return here + self._offset
        offset = there - here
        same_clock = abs(offset - self._offset) < _ROUNDING
        self._offset = max(offset, self._offset) if same_clock else offset
        return there


def _trust(ca_file: str) -> ssl.SSLContext | None:
    """None: whom the system trusts."""
    if not ca_file:
        return None
    try:
        return ssl.create_default_context(cafile=ca_file)
    except (OSError, ssl.SSLError) as why:
        raise SettingsError(f"network.ca_file: {ca_file} holds no certificates that can be read") from why


def _reason(why: Exception) -> str:
    match why:
        case aiohttp.ClientConnectorCertificateError() | aiohttp.ClientConnectorSSLError():
            return "its certificate is not trusted here"
        case aiohttp.ClientConnectorDNSError():
            return "its name is not known to the network"
        case aiohttp.ClientProxyConnectionError():
            return "the proxy cannot be reached"
        case aiohttp.InvalidURL():
            return "its address in the settings is not one"
        case _:
            return "nothing accepts connections there"
