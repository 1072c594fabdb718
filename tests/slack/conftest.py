"""A running local workspace, the real outbox, and a sender between them."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Any

import aiohttp
import pytest
from slack_sdk.web.async_client import AsyncWebClient

from bot.slack.pacing import Pace
from bot.slack.render import Renderer
from bot.slack.sender import Sender
from bot.store.store import Store
from sandbox.workspace import RunningWorkspace, WorkspaceConfig, start_workspace

BRISK = Pace(
    between_posts_in_channel=0.02,
    posts_a_minute=10_000,
    edits_a_minute=10_000,
    between_edits_of_message=0.15,
    after_posting=0.05,
)


class WallClock:
    def now(self) -> datetime:
        return datetime.now(UTC)


class Slack:
    """The workspace seen from behind: what it was asked, what it shows, what shall go wrong."""

    def __init__(self, workspace: RunningWorkspace, session: aiohttp.ClientSession) -> None:
        self.workspace = workspace
        self._session = session
        self._headers = {"Authorization": f"Bearer {workspace.person_token}"}

    def client(self, token: str = "") -> AsyncWebClient:
        return AsyncWebClient(
            token=token or self.workspace.bot_token,
            base_url=self.workspace.api_url,
            session=self._session,
            timeout=5,
            retry_handlers=[],
        )

    async def post(self, path: str, **body: Any) -> dict[str, Any]:
        url = f"{self.workspace.url}/{path}"
        async with self._session.post(url, json=body, headers=self._headers) as response:
            return dict(await response.json())

    async def get(self, path: str, **query: Any) -> dict[str, Any]:
        url = f"{self.workspace.url}/{path}"
        params = {name: str(value) for name, value in query.items()}
        async with self._session.get(url, params=params, headers=self._headers) as response:
            return dict(await response.json())

    async def fault(self, method: str, **how: Any) -> None:
        await self.post("control/faults", method=method, **how)

    async def calls(self, method: str) -> list[dict[str, Any]]:
        return list((await self.get("control/calls", method=method))["calls"])

    async def history(self, channel: str) -> list[dict[str, Any]]:
        """Oldest first, with replies."""
        room = self.workspace.hub.state.room(channel)
        assert room is not None
        return [post.wire for post in room.standing()]


@pytest.fixture
async def slack() -> AsyncIterator[Slack]:
    workspace = await start_workspace(WorkspaceConfig(rate_limits=False))
    async with aiohttp.ClientSession() as session:
        yield Slack(workspace, session)
    await workspace.close()


@pytest.fixture
async def store(sqlite_url: str) -> AsyncIterator[Store]:
    opened = await Store.open(sqlite_url)
    yield opened
    await opened.close()


@pytest.fixture
def sending(slack: Slack, store: Store) -> Callable[..., Any]:
    @asynccontextmanager
    async def begin(**more: Any) -> AsyncIterator[Sender]:
        options = {"pace": BRISK, "look_after": 0.05, **more}
        sender = Sender(store.outbox, slack.client(), WallClock(), **options)
        running = asyncio.create_task(sender.run())
        try:
            yield sender
        finally:
            running.cancel()
            await asyncio.gather(running, return_exceptions=True)

    return begin


@pytest.fixture(scope="session")
def renderer() -> Renderer:
    return Renderer()


async def until(true: Callable[[], Any], seconds: float = 8.0) -> Any:
    """Waits for an awaitable condition; fails with what it last said."""
    last: Any = None
    for _ in range(int(seconds / 0.02)):
        last = await true()
        if last:
            return last
        await asyncio.sleep(0.02)
    raise AssertionError(f"did not come true: {last!r}")
