"""A small Identity Manager on a real socket that fails as the real one fails. It answers what a test puts in."""

import asyncio
import json
from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web

Answer = Callable[[web.Request], Awaitable[web.StreamResponse]]
JOB = {"Id": "1001", "Identifier": "AD_Provisioning", "DisplayName": "AD Provisioning"}


def listed(*rows: Any, token: str | None = None) -> Answer:
    """The answer of a list."""
    return replied(200, {"Result": list(rows), "ContinuationToken": token})


def replied(status: int, body: Any = None, **headers: str) -> Answer:
    async def answer(request: web.Request) -> web.StreamResponse:
        if isinstance(body, str):
            return web.Response(status=status, text=body, content_type="text/html", headers=headers)
        text = "" if body is None else json.dumps(body)
        return web.Response(status=status, text=text, content_type="application/json", headers=headers)

    return answer


async def cut_off(request: web.Request) -> web.StreamResponse:
    """Promises more than it sends."""
    response = web.StreamResponse(headers={"Content-Type": "application/json", "Content-Length": "1000"})
    await response.prepare(request)
    await response.write(b'{"Result":[{"Id":"1"')
    assert request.transport is not None
    request.transport.close()
    return response


async def hangs(request: web.Request) -> web.StreamResponse:
    await asyncio.sleep(30)
    return web.Response()


@dataclass
class StandIn:
    """`answers[path]` is what the next requests get, in turn; the last one stays."""

    answers: dict[str, list[Answer]] = field(default_factory=dict)
    token_answers: list[Answer] = field(default_factory=list)
    asked: list[web.Request] = field(default_factory=list)
    bodies: list[Any] = field(default_factory=list)
    token_forms: list[dict[str, str]] = field(default_factory=list)
    under_way: int = 0
    most_under_way: int = 0
    token_seconds: float = 0
    slow: float = 0
    good_tokens: set[str] = field(default_factory=set)
    url: str = ""

    def give(self, path: str, *answers: Answer) -> None:
        self.answers[path] = list(answers)

    @property
    def paths(self) -> Counter[str]:
        return Counter(f"{request.method} {request.path}" for request in self.asked)

    @property
    def squeries(self) -> list[str]:
        return [request.query.get("squery", "") for request in self.asked]

    async def token(self, request: web.Request) -> web.StreamResponse:
        form = {name: str(value) for name, value in (await request.post()).items()}
        self.token_forms.append(form)
        await asyncio.sleep(self.token_seconds)
        if self.token_answers:
            return await self.token_answers.pop(0)(request)
        token = f"token-{len(self.token_forms)}"
        self.good_tokens.add(token)
        return web.json_response({"access_token": token, "expires_in": 3600, "token_type": "Bearer"})

    async def everything(self, request: web.Request) -> web.StreamResponse:
        self.asked.append(request)
        self.bodies.append(await request.text())
        self.under_way += 1
        self.most_under_way = max(self.most_under_way, self.under_way)
        try:
            await asyncio.sleep(self.slow)
            if request.headers.get("Authorization", "").removeprefix("Bearer ") not in self.good_tokens:
                return web.Response(status=401, headers={"WWW-Authenticate": 'Bearer error="invalid_token"'})
            waiting = self.answers.get(request.path)
            if not waiting:
                return await replied(404, {"status": 404})(request)
            answer = waiting.pop(0) if len(waiting) > 1 else waiting[0]
            return await answer(request)
        finally:
            self.under_way -= 1

    def app(self) -> web.Application:
        app = web.Application()
        app.router.add_post("/connect/token", self.token)
        app.router.add_post("/below/a/path/connect/token", self.token)
        app.router.add_route("*", "/{rest:.*}", self.everything)
        return app
