"""Stands between the bot and a server, passes everything on, and keeps when each answer left and each request came.

Both of the bot's servers are recorded in this process, by one clock.
"""

import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from urllib.parse import unquote

import aiohttp
from aiohttp import web
from yarl import URL

NOT_PASSED_ON = frozenset({"host", "content-length", "transfer-encoding", "connection", "accept-encoding"})
HOP = frozenset({"content-length", "transfer-encoding", "connection", "content-encoding"})


@dataclass(frozen=True, slots=True)
class Exchange:
    """`came` and `answered` are in seconds of time.perf_counter."""

    path: str
    query: str
    came: float
    answered: float
    body: bytes
    answer: bytes


@dataclass(slots=True)
class Recorder:
    target: str
    url: str = ""
    exchanges: list[Exchange] = field(default_factory=list)

    def to(self, path: str, since: float = 0) -> list[Exchange]:
        """Exchanges whose path ends so, of requests that came after a time, in the order of their answers."""
        return [one for one in self.exchanges if one.came >= since and one.path.endswith(path)]


@asynccontextmanager
async def recording(target: str) -> AsyncIterator[Recorder]:
    """A recorder before the server at `target`, until the end of the block."""
    made = Recorder(target)
    async with aiohttp.ClientSession(auto_decompress=False) as http:

        async def pass_on(request: web.Request) -> web.StreamResponse:
            came = time.perf_counter()
            body = await request.read()
            headers = {name: value for name, value in request.headers.items() if name.lower() not in NOT_PASSED_ON}
            url = f"{target}{request.raw_path}"
            async with http.request(request.method, URL(url, encoded=True), data=body, headers=headers) as got:
                content = await got.read()
                kept = {name: value for name, value in got.headers.items() if name.lower() not in HOP}
                answer = web.Response(body=content, status=got.status, headers=kept)
            await answer.prepare(request)
            await answer.write_eof()
            made.exchanges.append(
                Exchange(request.path, unquote(request.query_string), came, time.perf_counter(), body, content)
            )
            return answer

        app = web.Application(client_max_size=64 * 1024 * 1024, handler_args={"max_line_size": 65536})
        app.router.add_route("*", "/{path:.*}", pass_on)
        runner = web.AppRunner(app, access_log=None, shutdown_timeout=1)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        made.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
        try:
            yield made
        finally:
            await runner.cleanup()
