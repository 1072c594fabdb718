"""A running workspace, a Bolt app connected to it, and a person's hands."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from typing import Any

import aiohttp
import pytest
from slack_bolt.adapter.socket_mode.async_handler import AsyncSocketModeHandler
from slack_bolt.async_app import AsyncApp
from slack_sdk.web.async_client import AsyncWebClient

from sandbox.workspace import RunningWorkspace, WorkspaceConfig, start_workspace

Json = dict[str, Any]


class Hands:
    """Acts as people through the person API."""

    def __init__(self, workspace: RunningWorkspace, session: aiohttp.ClientSession) -> None:
        self.workspace = workspace
        self._session = session
        self._headers = {"Authorization": f"Bearer {workspace.person_token}"}

    async def do(self, person: str, verb: str, **body: Any) -> Json:
        url = f"{self.workspace.url}/person/{person}/{verb}"
        async with self._session.post(url, json=body, headers=self._headers) as response:
            return dict(await response.json())

    async def view(self, person: str, **query: Any) -> Json:
        url = f"{self.workspace.url}/person/{person}/view"
        params = {key: str(value) for key, value in query.items()}
        async with self._session.get(url, params=params, headers=self._headers) as response:
            return dict(await response.json())

    async def control(self, what: str, **body: Any) -> Json:
        url = f"{self.workspace.url}/control/{what}"
        async with self._session.post(url, json=body, headers=self._headers) as response:
            return dict(await response.json())

    async def look_up(self, what: str, **query: str) -> Json:
        url = f"{self.workspace.url}/control/{what}"
        async with self._session.get(url, params=query, headers=self._headers) as response:
            return dict(await response.json())


@pytest.fixture
async def start() -> AsyncIterator[Callable[..., Any]]:
    running: list[RunningWorkspace] = []

    async def begin(config: WorkspaceConfig | None = None) -> RunningWorkspace:
        workspace = await start_workspace(config or WorkspaceConfig())
        running.append(workspace)
        return workspace

    yield begin
    for workspace in running:
        await workspace.close()


@pytest.fixture
async def workspace(start) -> RunningWorkspace:
    running: RunningWorkspace = await start()
    return running


@pytest.fixture
async def hands(workspace) -> AsyncIterator[Hands]:
    async with aiohttp.ClientSession() as session:
        yield Hands(workspace, session)


@pytest.fixture
def client(workspace) -> AsyncWebClient:
    return AsyncWebClient(token=workspace.bot_token, base_url=workspace.api_url, retry_handlers=[])


@pytest.fixture
def bolt(client) -> AsyncApp:
    return AsyncApp(client=client, signing_secret="x", process_before_response=True)


@pytest.fixture
async def connect(workspace) -> AsyncIterator[Callable[..., Any]]:
    handlers: list[AsyncSocketModeHandler] = []

    async def begin(app: AsyncApp) -> AsyncSocketModeHandler:
        handler = AsyncSocketModeHandler(app, workspace.app_token, ping_interval=1)
        await handler.connect_async()
        handlers.append(handler)
        return handler

    yield begin
    for handler in handlers:
        await handler.close_async()
