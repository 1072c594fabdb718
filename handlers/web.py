"""The bot's own HTTP address: health, readiness, metrics, and Slack's events in http mode."""

import json
from collections.abc import Awaitable, Callable

from aiohttp import web
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest
from slack_bolt.async_app import AsyncApp, AsyncBoltRequest
from slack_bolt.response import BoltResponse

MOST_BODY = 2 * 1024 * 1024


def address(
    *,
    ready: Callable[[], Awaitable[bool]],
    registry: CollectorRegistry,
    refresh: Callable[[], Awaitable[None]],
    slack: AsyncApp | None = None,
) -> web.Application:
    """The routes. `refresh` brings figures up to date that are read only when somebody asks for them.

    `slack` is given in http mode only; in socket mode nothing of Slack's is accepted here.
    """
    app = web.Application(client_max_size=MOST_BODY)

    async def healthz(_: web.Request) -> web.Response:
        return web.Response(text="ok")

    async def readyz(_: web.Request) -> web.Response:
        return web.Response(text="ready") if await ready() else web.Response(status=503, text="not connected to Slack")

    async def metrics(_: web.Request) -> web.Response:
        await refresh()
        return web.Response(body=generate_latest(registry), headers={"Content-Type": CONTENT_TYPE_LATEST})

    app.router.add_get("/healthz", healthz)
    app.router.add_get("/readyz", readyz)
    app.router.add_get("/metrics", metrics)
    if slack is not None:
        bolt = slack

        async def events(request: web.Request) -> web.Response:
            try:
                asked = await _read(request)
            except ValueError:
                return web.json_response({"error": "invalid request"}, status=401)
            return _answered(await bolt.async_dispatch(asked))

        app.router.add_post("/slack/events", events)
    return app


async def _read(request: web.Request) -> AsyncBoltRequest:
    """The request in Bolt's form. Raises ValueError for what has no time, or is no JSON object although it says so.

    Bolt reads both before it checks the signature, and would fail.
    """
    if not request.headers.get("X-Slack-Request-Timestamp", "").isdigit():
        raise ValueError("no time")
    body = await request.text()
    if request.content_type == "application/json" and not isinstance(json.loads(body), dict):
        raise ValueError("no object")
    return AsyncBoltRequest(body=body, query=request.query_string, headers=request.headers)  # type: ignore[arg-type]


def _answered(made: BoltResponse) -> web.Response:
    """Bolt's answer as text. Its own conversion has aiohttp stream it, which costs as much as reading the command."""
    content_type, _, _ = made.first_headers().get("content-type", "text/plain").partition(";")
    headers = {name: value for name, value in made.first_headers().items() if name != "content-type"}
    return web.Response(status=made.status, text=made.body, headers=headers, content_type=content_type)
