from collections.abc import AsyncIterator
from dataclasses import replace

import pytest
from aiohttp import web

from bot.nim.config import EnvironmentConfig
from bot.nim.environment import NimEnvironment
from tests.nim.stand_in import StandIn


@pytest.fixture
async def nim() -> AsyncIterator[StandIn]:
    stand_in = StandIn()
    runner = web.AppRunner(stand_in.app(), handler_cancellation=True, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    stand_in.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    yield stand_in
    await runner.cleanup()


@pytest.fixture
def config(nim: StandIn) -> EnvironmentConfig:
    return EnvironmentConfig(
        url=nim.url,
        client_id="nimdesk",
        client_domain="nim.example.org",
        client_secret="hush",
        retry_pause_seconds=0.01,
        timeout_seconds=2,
    )


@pytest.fixture
async def env(config: EnvironmentConfig) -> AsyncIterator[NimEnvironment]:
    async with NimEnvironment.open("production", config) as opened:
        yield opened


@pytest.fixture
def quick(config: EnvironmentConfig) -> EnvironmentConfig:
    """Gives up on a silent server at once."""
    return replace(config, timeout_seconds=0.2)
