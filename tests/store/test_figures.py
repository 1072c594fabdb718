"""The figures of the store, as somebody reads them at /metrics."""

from contextlib import asynccontextmanager

import aiohttp
from aiohttp import web
from prometheus_client import REGISTRY

from bot.model.message import Message
from bot.store import figures
from handlers.web import address


@asynccontextmanager
async def served(store):
    async def ready() -> bool:
        return False

    app = address(ready=ready, registry=REGISTRY, refresh=lambda: figures.refresh(store))
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    async with aiohttp.ClientSession(f"http://127.0.0.1:{runner.addresses[0][1]}") as http:
        yield http
    await runner.cleanup()


async def text(http, path):
    async with http.get(path) as answer:
        return answer.status, await answer.text()


async def test_metrics_tell_what_waits_and_where_actions_stand(store, wish, now):
    await store.outbox.post("a", "C1", Message("one"))
    await store.actions.ask(wish, now)

    async with served(store) as http:
        _, told = await text(http, "/metrics")

    assert "nimdesk_outbox_backlog 1.0" in told
    assert 'nimdesk_actions{state="asked"} 1.0' in told
    assert 'nimdesk_actions{state="done"} 0.0' in told
    assert "nimdesk_incidents_open 0.0" in told


async def test_a_store_that_fails_costs_its_figures_only(store):
    async with served(store) as http:
        await store.close()
        store.outbox.backlog = None

        status, told = await text(http, "/metrics")

    assert status == 200
    assert "nimdesk_nim_request" in told or "python_info" in told


async def test_a_bot_that_slack_does_not_hear_is_alive_and_not_ready(store):
    async with served(store) as http:
        assert await text(http, "/healthz") == (200, "ok")
        assert await text(http, "/readyz") == (503, "not connected to Slack")
