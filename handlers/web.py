"""The bot's own HTTP address: health, readiness, metrics, and Slack's events in http mode."""

import json
from collections.abc import Awaitable, Callable

from aiohttp import web
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest
from slack_bolt.adapter.aiohttp import to_aiohttp_response, to_bolt_request
from slack_bolt.async_app import AsyncApp

MOST_BODY = 2 * 1024 * 1024


def address(
    *, ready: Callable[[], Awaitable[bool]], registry: CollectorRegistry, slack: AsyncApp | None = None
) -> web.Application:
    """The routes. `slack` is given in http mode only; in socket mode nothing of Slack's is accepted here."""
    app = web.Application(client_max_size=MOST_BODY)

    async def healthz(_: web.Request) -> web.Response:
        return web.Response(text="ok")

    async def readyz(_: web.Request) -> web.Response:
        return web.Response(text="ready") if await ready() else web.Response(status=503, text="not connected to Slack")

    async def metrics(_: web.Request) -> web.Response:
        return web.Response(body=generate_latest(registry), headers={"Content-Type": CONTENT_TYPE_LATEST})

    app.router.add_get("/healthz", healthz)
    app.router.add_get("/readyz", readyz)
    app.router.add_get("/metrics", metrics)
    if slack is not None:
        bolt = slack

        async def events(request: web.Request) -> web.Response:
            if not await _readable(request):
                return web.json_response({"error": "invalid request"}, status=401)
            return await to_aiohttp_response(await bolt.async_dispatch(await to_bolt_request(request)))

        app.router.add_post("/slack/events", events)
    return app


async def _readable(request: web.Request) -> bool:
    """Whether Bolt can read the request at all: it raises before its signature check on what is no JSON or no time."""
    if not request.headers.get("X-Slack-Request-Timestamp", "").isdigit():
        return False
    try:
        body = await request.text()
        if request.content_type == "application/json":
            return isinstance(json.loads(body), dict)
    except (UnicodeDecodeError, ValueError):
        return False
    return True
