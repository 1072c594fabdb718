"""The running workspace: one aiohttp server for the Web API, Socket Mode, people, tests and the page."""

from __future__ import annotations

import hmac
import secrets
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import aiohttp
from aiohttp import web

from sandbox.workspace import control, person_api, responses
from sandbox.workspace.clock import Clock
from sandbox.workspace.config import WorkspaceConfig
from sandbox.workspace.delivery import Delivery
from sandbox.workspace.faults import Faults
from sandbox.workspace.http_delivery import HttpTransport
from sandbox.workspace.hub import Hub, Secrets
from sandbox.workspace.limits import RateLimits
from sandbox.workspace.sockets import SocketHub
from sandbox.workspace.state import State
from sandbox.workspace.tickets import ResponseUrls, Triggers
from sandbox.workspace.webapi import WebApi

PAGE = Path(__file__).parent / "page"
COOKIE = "workspace_session"
MAX_BODY = 34 * 1024 * 1024

Serve = Callable[[web.Request], Awaitable[web.StreamResponse]]


@dataclass(slots=True)
class RunningWorkspace:
    url: str
    hub: Hub
    _runner: web.AppRunner
    _session: aiohttp.ClientSession

    @property
    def api_url(self) -> str:
        return self.url + "/api/"

    @property
    def person_token(self) -> str:
        return self.hub.secrets.person_token

    @property
    def bot_token(self) -> str:
        return self.hub.secrets.bot_token

    @property
    def app_token(self) -> str:
        return self.hub.secrets.app_token

    @property
    def signing_secret(self) -> str:
        return self.hub.secrets.signing_secret

    async def close(self) -> None:
        await self.hub.delivery.close()
        await self.hub.sockets.disconnect("warning")
        await self._runner.cleanup()
        await self._session.close()


async def start_workspace(config: WorkspaceConfig, port: int = 0, host: str = "127.0.0.1") -> RunningWorkspace:
    """Listen on a free port unless one is given. Raises OSError."""
    clock = Clock()
    state = State(config, clock)
    keys = Secrets(
        config.bot_token or f"xoxb-local-{secrets.token_urlsafe(18)}",
        config.app_token or f"xapp-1-{config.app.id}-local-{secrets.token_urlsafe(18)}",
        config.signing_secret or secrets.token_hex(16),
        config.person_token or secrets.token_urlsafe(18),
        secrets.token_urlsafe(18),
    )
    session = aiohttp.ClientSession()
    sockets = SocketHub(config, clock, state.warn)
    http = HttpTransport(session, clock, config.request_url, keys.signing_secret, config.ack_seconds)
    delivery = Delivery(config, clock, sockets if config.mode == "socket" else http)
    hub = Hub(
        config, clock, state, keys, sockets, http, delivery,
        Triggers(clock, config.trigger_seconds), ResponseUrls(clock, config.team_id), Faults(),
        RateLimits(clock, config.rate_limits),
    )  # fmt: skip
    runner = web.AppRunner(_application(hub), access_log=None, shutdown_timeout=1.0)
    await runner.setup()
    try:
        await web.TCPSite(runner, host, port).start()
    except OSError:
        await runner.cleanup()
        await session.close()
        raise
    hub.url = hub.responses.base = f"http://{host}:{runner.addresses[0][1]}"
    return RunningWorkspace(hub.url, hub, runner, session)


def _application(hub: Hub) -> web.Application:
    app = web.Application(client_max_size=MAX_BODY, middlewares=[_guard(hub)])
    api = WebApi(hub)

    async def response_url(request: web.Request) -> web.StreamResponse:
        return await responses.serve(hub, request)

    pages = _Pages(hub)
    app.add_routes(
        [
            web.route("*", "/api/{method}", api.serve),
            web.get("/link/", hub.sockets.serve),
            web.post("/{kind:commands|actions|app}/{team}/{number}/{secret}", response_url),
            web.post("/upload/v1/{id}", pages.upload),
            web.get("/files-pri/{id}/{name}", pages.file),
            web.get("/files-pri/{id}/download/{name}", pages.file),
            web.get("/", pages.index),
            web.get("/archives/{channel}/{message}", pages.index),
            web.get("/page/{name}", pages.part),
            *person_api.routes(hub),
            *control.routes(hub),
        ]
    )
    return app


def _guard(hub: Hub) -> Any:
    """Refuses other Host names (DNS rebinding), foreign origins, and people's routes without a token or the cookie."""

    @web.middleware
    async def guard(request: web.Request, handler: Serve) -> web.StreamResponse:
        name = urlsplit(f"//{request.host}").hostname
        if name not in ("127.0.0.1", "localhost", "::1", urlsplit(hub.url).hostname):
            raise web.HTTPMisdirectedRequest(text="this Host is not served here")
        if request.path.startswith(("/person/", "/control/", "/files-pri/")) and not _allowed(hub, request):
            return web.json_response({"ok": False, "error": "not_authed"}, status=401)
        return await handler(request)

    return guard


def _allowed(hub: Hub, request: web.Request) -> bool:
    token = request.headers.get("Authorization", "").removeprefix("Bearer ")
    if hmac.compare_digest(token.encode(), hub.secrets.person_token.encode()):
        return True
    if request.path.startswith("/files-pri/") and token:
        return hmac.compare_digest(token.encode(), hub.secrets.bot_token.encode())
    origin = request.headers.get("Origin")
    if origin is not None and urlsplit(origin).netloc != request.host:
        return False
    cookie = request.cookies.get(COOKIE, "")
    return hmac.compare_digest(cookie.encode(), hub.secrets.page_session.encode())


class _Pages:
    """The page, its parts, and the files that people and the app have shared."""

    def __init__(self, hub: Hub) -> None:
        self._hub = hub

    async def index(self, _request: web.Request) -> web.StreamResponse:
        panel = urlsplit(self._hub.config.panel_url)
        frames = f"{panel.scheme}://{panel.netloc}" if panel.netloc else "'none'"
        response = web.FileResponse(PAGE / "index.html")
        response.headers["Content-Security-Policy"] = (
            f"default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
            f"frame-src {frames}; base-uri 'none'; form-action 'none'"
        )
        response.headers["Cache-Control"] = "no-store"
        response.set_cookie(COOKIE, self._hub.secrets.page_session, httponly=True, samesite="Strict")
        return response

    async def part(self, request: web.Request) -> web.StreamResponse:
        path = PAGE / request.match_info["name"]
        if path.parent != PAGE or path.suffix not in {".js", ".css"} or not path.is_file():
            raise web.HTTPNotFound
        return web.FileResponse(path, headers={"Cache-Control": "no-store"})

    async def upload(self, request: web.Request) -> web.StreamResponse:
        file = self._hub.state.files.get(request.match_info["id"])
        if file is None or file.content is not None:
            raise web.HTTPNotFound
        if request.content_type == "multipart/form-data":
            form = await request.post()
            parts = [part for part in form.values() if isinstance(part, web.FileField)]
            content = parts[0].file.read() if parts else b""
        else:
            content = await request.read()
        file.content, file.length = content, len(content)
        return web.Response(text=f"OK - {len(content)}")

    async def file(self, request: web.Request) -> web.StreamResponse:
        file = self._hub.state.files.get(request.match_info["id"].partition("-")[2])
        if file is None or file.content is None or not file.shared:
            raise web.HTTPNotFound
        inline = file.mimetype in {"image/png", "image/jpeg", "image/gif"}
        disposition = f'{"inline" if inline else "attachment"}; filename="{file.id}"'
        headers = {"Content-Disposition": disposition, "X-Content-Type-Options": "nosniff"}
        return web.Response(body=file.content, content_type=file.mimetype, headers=headers)
