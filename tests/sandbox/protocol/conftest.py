"""A sandbox over a hand-made world, and a caller that has a token."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

import aiohttp
import pytest

from sandbox.identity_manager.server.running import RunningSandbox, start_sandbox
from tests.sandbox.protocol.small_world import SmallWorld, load_small_world


@dataclass
class Caller:
    """One API client on the wire."""

    http: aiohttp.ClientSession
    sandbox: RunningSandbox
    world: SmallWorld
    token: str = ""
    headers: dict[str, str] = field(default_factory=dict)

    @property
    def ids(self) -> dict[str, int]:
        return self.world.ids

    async def sign_in(self, client: str = "nimdesk") -> Caller:
        form = {
            "client_id": f"{client}@{self.sandbox.client_domain}",
            "client_secret": self.sandbox.client_secret,
            "scope": "usercube_api",
            "grant_type": "client_credentials",
        }
        async with self.http.post(f"{self.sandbox.url}/connect/token", data=form) as answer:
            self.token = (await answer.json())["access_token"]
        self.headers = {"Authorization": f"Bearer {self.token}"}
        return self

    async def get(self, path: str, **params: Any) -> tuple[int, Any]:
        """GET with api-version 1.0 unless given; the answer's status and JSON (or text)."""
        names = {"api_version": "api-version"}
        sent = {"api-version": "1.0"} | {names.get(n, n): str(v) for n, v in params.items()}
        return await self.call("GET", path, params=sent)

    async def call(self, method: str, path: str, **arguments: Any) -> tuple[int, Any]:
        arguments.setdefault("headers", self.headers)
        async with self.http.request(method, self.sandbox.url + path, **arguments) as answer:
            body = await answer.json(content_type=None) if "json" in answer.content_type else await answer.text()
            return answer.status, body

    async def put(self, path: str, body: Any) -> tuple[int, Any]:
        return await self.call("PUT", path, params={"api-version": "1.0"}, json=body)

    async def rows(self, path: str, squery: str, **params: Any) -> list[dict[str, Any]]:
        """The rows of a list that must succeed."""
        status, body = await self.get(path, squery=squery, **params)
        assert status == 200, body
        rows: list[dict[str, Any]] = body["Result"]
        return rows


Starter = Callable[..., Awaitable[Caller]]


@pytest.fixture
async def start() -> AsyncIterator[Starter]:
    """Starts sandboxes over the small world; closes them at the end."""
    opened: list[Caller] = []

    async def go(scenario: str = "small", *, client: str = "nimdesk", **options: Any) -> Caller:
        sandbox = await start_sandbox(scenario, load_world=load_small_world, **options)
        assert isinstance(sandbox.world, SmallWorld)
        caller = Caller(aiohttp.ClientSession(), sandbox, sandbox.world)
        opened.append(caller)
        return await caller.sign_in(client)

    yield go
    for caller in opened:
        await caller.http.close()
        await caller.sandbox.close()


@pytest.fixture
async def nim(start: Starter) -> Caller:
    return await start()
