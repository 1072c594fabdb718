"""An installation's folders, and the companion over them on a real socket."""

from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from aiohttp import web

from companion.app import PREFIX, Service
from companion.settings import Settings

TOKEN = "a-token-for-reading"


@dataclass
class Served:
    service: Service
    url: str
    http: aiohttp.ClientSession

    async def get(self, path: str, *, token: str = TOKEN, **params: str) -> tuple[int, Any]:
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        async with self.http.get(self.url + PREFIX + path, params=params, headers=headers) as answer:
            return answer.status, await answer.json(content_type=None)


Serve = Callable[..., Awaitable[Served]]


@pytest.fixture
def installation(tmp_path: Path) -> Path:
    root = tmp_path / "installation"
    for folder in ("Temp/ExportOutput", "Work/Collect/previous", "log/tasks"):
        (root / folder).mkdir(parents=True)
    return root


@pytest.fixture
async def serve(installation: Path) -> AsyncIterator[Serve]:
    runners: list[web.AppRunner] = []
    async with aiohttp.ClientSession() as http:

        async def go(**settings: Any) -> Served:
            service = Service(Settings.model_validate({"token": TOKEN, "root": installation, **settings}))
            runner = web.AppRunner(service.app())
            runners.append(runner)
            await runner.setup()
            await web.TCPSite(runner, "127.0.0.1", 0).start()
            return Served(service, f"http://127.0.0.1:{runner.addresses[0][1]}", http)

        yield go
        for runner in runners:
            await runner.cleanup()
