"""The protocol /ext/nimdesk/v1 over HTTP, its reading part (nim-api 9.2)."""

import asyncio
import hmac
import re
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from http import HTTPStatus
from pathlib import Path
from typing import Any, Final

from aiohttp import web

from companion.listing import FOLDERS, Listing
from companion.log_file import LEVELS, Form, Tail, tail
from companion.places import newest
from companion.settings import Settings, zone_named
from companion.tables import Tables

PREFIX: Final = "/ext/nimdesk/v1"
MOST_LINES: Final = 1000
_DEFAULT_LINES: Final = 200
_ID: Final = re.compile(r"-?[0-9]{1,19}")

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


class Service:
    """Answers from files; every answer is read anew, only counted rows are remembered."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._logs = settings.logs
        self._form = Form(re.compile(settings.logs.line), settings.logs.encoding, zone_named(settings.logs.zone))
        self.tables = Tables()
        self._listing = Listing(settings, self.tables)

    def app(self) -> web.Application:
        app = web.Application(middlewares=[self._with_token], client_max_size=16 * 1024)
        app.router.add_get(f"{PREFIX}/capabilities", self._capabilities)
        app.router.add_get(f"{PREFIX}/task-instances/{{id}}/log", self._task_log)
        app.router.add_get(f"{PREFIX}/agents/{{id}}/files", self._agent_files)
        app.router.add_get(f"{PREFIX}/server-log", self._server_log)
        return app

    @web.middleware
    async def _with_token(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        wanted = f"Bearer {self._settings.token.get_secret_value()}".encode()
        if not hmac.compare_digest(request.headers.get("Authorization", "").encode(), wanted):
            return _problem(HTTPStatus.UNAUTHORIZED, "The companion's token is needed.", {"WWW-Authenticate": "Bearer"})
        try:
            answer = await handler(request)
        except web.HTTPException as refused:
            return _problem(HTTPStatus(refused.status), refused.text or refused.reason)
        except OSError as why:
            return _problem(HTTPStatus.INTERNAL_SERVER_ERROR, f"A file cannot be read ({why.strerror}).")
        answer.headers["Cache-Control"] = "no-store"
        return answer

    async def _capabilities(self, _: web.Request) -> web.Response:
        return web.json_response({"version": 1, "capabilities": await asyncio.to_thread(self.shown)})

    def shown(self) -> list[str]:
        """What can be shown here and now."""
        logs = self._settings.log_folder.is_dir()
        folders = [self._settings.folder(name) for name in FOLDERS]
        found = {
            "task-log": logs and bool(self._logs.task),
            "agent-files": any(folder is not None and folder.is_dir() for folder in folders),
            "server-log": logs and bool(self._logs.server),
        }
        return [name for name, is_shown in found.items() if is_shown]

    async def _task_log(self, request: web.Request) -> web.Response:
        number = _id(request)
        most, level = _wanted(request, "Information")
        found = await asyncio.to_thread(self._read_task_log, number, most, level)
        if found is None:
            raise web.HTTPNotFound(text="There is no log of this task's execution.")
        return web.json_response({"TaskInstanceId": number, **_log(found)})

    def _read_task_log(self, number: str, most: int, level: str) -> Tail | None:
        path = self._log_path(self._logs.task, number)
        if path is None:
            return None
        common = "" if "{id}" in self._logs.task else number
        return tail(path, self._form, most=most, min_level=level, mentions=common)

    async def _server_log(self, request: web.Request) -> web.Response:
        most, level = _wanted(request, "Warning")
        path = await asyncio.to_thread(self._log_path, self._logs.server)
        if path is None:
            raise web.HTTPNotFound(text="There is no log of the server here.")
        found = await asyncio.to_thread(lambda: tail(path, self._form, most=most, min_level=level))
        return web.json_response(_log(found))

    async def _agent_files(self, request: web.Request) -> web.Response:
        number = _id(request)
        folder = request.query.get("folder", "")
        if folder not in FOLDERS:
            raise web.HTTPBadRequest(text=f"folder is one of {', '.join(FOLDERS)}.")
        if self._settings.agents and number not in self._settings.agents:
            raise web.HTTPNotFound(text="This agent does not run here.")
        files = await asyncio.to_thread(self._listing.of, folder)
        if files is None:
            raise web.HTTPNotFound(text="This folder is not shown here.")
        return web.json_response({"Result": files})

    def _log_path(self, pattern: str, number: str = "") -> Path | None:
        return newest(self._settings.log_folder, pattern, number) if pattern else None


def _id(request: web.Request) -> str:
    text = request.match_info["id"]
    if not _ID.fullmatch(text):
        raise web.HTTPNotFound(text="Ids are numbers.")
    return text


def _wanted(request: web.Request, default_level: str) -> tuple[int, str]:
    level = request.query.get("minLevel", default_level)
    if level not in LEVELS:
        raise web.HTTPBadRequest(text=f"minLevel is one of {', '.join(LEVELS)}.")
    most = request.query.get("tail", "") or str(_DEFAULT_LINES)
    if not most.isascii() or not most.isdigit():
        raise web.HTTPBadRequest(text="tail is a whole number.")
    return min(int(most), MOST_LINES), level


def _log(found: Tail) -> dict[str, Any]:
    return {
        "Truncated": found.truncated,
        "Lines": [
            {"Timestamp": _written(entry.at), "Level": entry.level, "Message": entry.text} for entry in found.entries
        ],
    }


def _written(at: datetime | None) -> str | None:
    return at.astimezone(UTC).isoformat().replace("+00:00", "Z") if at is not None else None


def _problem(status: HTTPStatus, detail: str, headers: dict[str, str] | None = None) -> web.Response:
    return web.json_response(
        {"type": "about:blank", "title": status.phrase, "status": status.value, "detail": detail},
        status=status,
        headers=headers,
        content_type="application/problem+json",
    )
