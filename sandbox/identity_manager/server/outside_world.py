"""/sandbox/ui/outside-world: the panel from which people move the clock and the world around the Identity Manager.

Choosing a scenario and killing the bot are not the sandbox's to do: the page offers them when whoever runs the demo
passes ``control_url`` (setting or query, loopback only). There it asks ``GET /status`` -> ``{"scenario": name,
"bot": text}`` and posts JSON to ``/scenario`` (``{"name"}``) and ``/kill-bot``; a refusal has ``error``. That server
allows this page's origin (CORS).
"""

from __future__ import annotations

import json
import tomllib
from importlib.resources import files
from typing import Any

from aiohttp import web

from sandbox.identity_manager.server.context import SERVER

routes = web.RouteTableDef()

_KINDS = {"outside_world.css": "text/css", "outside_world.js": "text/javascript"}
_NO_CACHE = {"Cache-Control": "no-store"}


def _static(name: str) -> str:
    return files("sandbox.identity_manager.server").joinpath("static", name).read_text(encoding="utf-8")


@routes.get("/sandbox/scenarios")
async def scenarios(_request: web.Request) -> web.Response:
    """The shipped scenarios: file names without ``.toml``, and their ``title``."""
    found = []
    for file in sorted(files("sandbox").joinpath("scenarios").iterdir(), key=lambda f: f.name):
        if file.name.endswith(".toml"):
            told = tomllib.loads(file.read_text(encoding="utf-8"))
            found.append({"name": file.name.removesuffix(".toml"), "title": _title(told)})
    return web.json_response({"scenarios": found})


def _title(told: dict[str, Any]) -> str:
    """``title`` of the file, or of its first table that has one."""
    tables = [told, *(v for v in told.values() if isinstance(v, dict))]
    return next((str(t["title"]) for t in tables if "title" in t), "")


@routes.get("/sandbox/ui/outside-world")
async def panel(request: web.Request) -> web.Response:
    settings = json.dumps({"control": request.app[SERVER].control_url}).replace("<", "\\u003c")
    content = _static("outside_world.html").replace("{settings}", settings)
    return web.Response(text=content, content_type="text/html", headers=_NO_CACHE)


@routes.get("/sandbox/ui/{name:outside_world\\.(css|js)}")
async def asset(request: web.Request) -> web.Response:
    name = request.match_info["name"]
    return web.Response(text=_static(name), content_type=_KINDS[name], headers=_NO_CACHE)
