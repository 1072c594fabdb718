"""Slash commands as Slack sends them, signed; and a client that takes as little of the machine as it can.

It writes bytes on open connections: what is timed is the server, and a client of many layers would be half of it.
"""

import asyncio
import hashlib
import hmac
import socket
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import cycle
from urllib.parse import urlencode, urlsplit

from typing_extensions import override

OMAR = "U0OMAR00001"
OK = b"HTTP/1.1 200"
HEAD_ENDS = b"\r\n\r\n"
CONTENT_LENGTH = b"content-length:"


@dataclass(frozen=True, slots=True)
class Slack:
    """Where to, and what the requests are signed with."""

    address: str
    signing_secret: str
    response_url: str

    @property
    def port(self) -> int:
        return urlsplit(self.address).port or 80

    def command(self, text: str, user: str = OMAR, trigger: str = "1.1.1") -> bytes:
        """One slash command as the bytes of an HTTP request (slack-platform 2.1, 3.1)."""
        form = {
            "token": "not-used",
            "team_id": "T0NIMDESK01",
            "team_domain": "nimdesk-demo",
            "channel_id": "C0HELPDESK1",
            "channel_name": "helpdesk",
            "user_id": user,
            "user_name": "somebody",
            "command": "/nim",
            "text": text,
            "api_app_id": "A0NIMDESK01",
            "is_enterprise_install": "false",
            "response_url": self.response_url,
            "trigger_id": trigger,
        }
        body = urlencode(form).encode()
        stamp = str(int(time.time()))
        digest = hmac.new(self.signing_secret.encode(), b"v0:" + stamp.encode() + b":" + body, hashlib.sha256)
        head = (
            f"POST {urlsplit(self.address).path} HTTP/1.1\r\n"
            f"Host: 127.0.0.1:{self.port}\r\n"
            "User-Agent: Slackbot 1.0 (+https://api.slack.com/robots)\r\n"
            "Accept: application/json,*/*\r\n"
            "Content-Type: application/x-www-form-urlencoded\r\n"
            f"X-Slack-Request-Timestamp: {stamp}\r\n"
            f"X-Slack-Signature: v0={digest.hexdigest()}\r\n"
            f"Content-Length: {len(body)}\r\n\r\n"
        )
        return head.encode() + body

    def commands(self, texts: Sequence[str], count: int) -> list[bytes]:
        """Signed now: Slack's signatures are good for five minutes."""
        words = cycle(texts)
        return [self.command(next(words)) for _ in range(count)]


class NotAcknowledged(Exception):
    """The bot answered something else than 200."""


def one_after_the_other(port: int, requests: Sequence[bytes]) -> list[float]:
    """Seconds from the last byte written to the last byte of the answer, one connection. Raises NotAcknowledged."""
    taken: list[float] = []
    with socket.create_connection(("127.0.0.1", port)) as line:
        line.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for request in requests:
            began = time.perf_counter()
            line.sendall(request)
            answer = b""
            while not _whole(answer):
                piece = line.recv(65536)
                if not piece:
                    raise NotAcknowledged("the connection was closed")
                answer += piece
            taken.append(time.perf_counter() - began)
            _check(answer)
    return taken


async def at_once(port: int, requests: Sequence[bytes], connections: int = 32) -> float:
    """Acknowledged requests per second over so many connections that are never idle. Raises NotAcknowledged."""
    waiting = iter(requests)
    loop = asyncio.get_running_loop()
    lines = [_Line(waiting) for _ in range(connections)]
    for line in lines:
        await loop.create_connection(lambda line=line: line, "127.0.0.1", port)  # type: ignore[misc]
    began = time.perf_counter()
    for line in lines:
        line.next()
    await asyncio.gather(*(line.done for line in lines))
    return len(requests) / (time.perf_counter() - began)


class _Line(asyncio.Protocol):
    """A connection that sends the next request when the former is answered."""

    def __init__(self, waiting: Iterator[bytes]) -> None:
        self._waiting = waiting
        self._got = b""
        self._transport: asyncio.Transport | None = None
        self.done: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    @override
    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    @override
    def data_received(self, data: bytes) -> None:
        self._got += data
        if _whole(self._got):
            if not self._got.startswith(OK):
                self.done.set_exception(NotAcknowledged(self._got[:60].decode(errors="replace")))
                return
            self._got = b""
            self.next()

    @override
    def connection_lost(self, exc: Exception | None) -> None:
        if not self.done.done():
            self.done.set_exception(exc or NotAcknowledged("the connection was closed"))

    def next(self) -> None:
        assert self._transport is not None
        request = next(self._waiting, None)
        if request is None:
            self.done.set_result(None)
            self._transport.close()
        else:
            self._transport.write(request)


async def at_a_pace(port: int, requests: Sequence[bytes], per_second: float) -> list[float]:
    """Seconds until each acknowledgement, from the moment at which the request was due.

    Requests leave on time whatever became of those before, each on a free connection: a stall is seen by all of them.
    """
    free: list[tuple[asyncio.StreamReader, asyncio.StreamWriter]] = []
    loop = asyncio.get_running_loop()
    start = loop.time() + 0.1

    async def send(number: int, request: bytes) -> float:
        due = start + number / per_second
        line = free.pop() if free else await asyncio.open_connection("127.0.0.1", port)
        await asyncio.sleep(max(0.0, due - loop.time()))
        reader, writer = line
        began = loop.time()
        writer.write(request)
        head = await reader.readuntil(HEAD_ENDS)
        await reader.readexactly(_length(head))
        taken = loop.time() - began
        _check(head)
        free.append(line)
        return taken

    tasks: list[asyncio.Task[float]] = []
    for number, request in enumerate(requests):
        await asyncio.sleep(max(0.0, start + (number - 1) / per_second - loop.time()))
        tasks.append(asyncio.create_task(send(number, request)))
    taken = await asyncio.gather(*tasks)
    for _, writer in free:
        writer.close()
    return list(taken)


def _whole(answer: bytes) -> bool:
    head, found, body = answer.partition(HEAD_ENDS)
    return bool(found) and len(body) >= _length(head + found)


def _length(head: bytes) -> int:
    lowered = head.lower()
    at = lowered.find(CONTENT_LENGTH)
    return int(lowered[at + len(CONTENT_LENGTH) : lowered.index(b"\r\n", at)]) if at >= 0 else 0


def _check(answer: bytes) -> None:
    if not answer.startswith(OK):
        raise NotAcknowledged(answer[:60].decode(errors="replace"))
