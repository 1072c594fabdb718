"""/sandbox/: the clock, the outside world's levers, the truth, faults, and what was asked of the server.

For people and tests only. From this machine, or with the admin token.
"""

from __future__ import annotations

import asyncio
import hmac
import json
from datetime import datetime, timedelta
from typing import Any

from aiohttp import web

from sandbox.identity_manager.interface import (
    COMPANION_CAPABILITIES,
    EXTRA_CAPABILITIES,
    ChaosRule,
    Conflict,
    NotFound,
)
from sandbox.identity_manager.server.context import SERVER, Server
from sandbox.identity_manager.server.problems import Problem, bad_request, not_found
from sandbox.identity_manager.store import to_datetime, to_text

_LOOPBACK = {"127.0.0.1", "::1"}
_LOCAL_NAMES = {*_LOOPBACK, "localhost"}
_STEP_SECONDS = 300.0
_PAUSE_SECONDS = 0.002
_LONGEST_JUMP = 400 * 86400.0

routes = web.RouteTableDef()


def check_admin(request: web.Request, server: Server) -> None:
    """Problem 403 for anyone but this machine or the admin token's holder.

    A foreign page in somebody's browser is neither: it comes under another host name, or cannot send JSON.
    """
    sent = request.headers.get("Authorization", "")
    local = request.remote in _LOOPBACK and request.url.host in _LOCAL_NAMES
    if not local and not hmac.compare_digest(sent.encode(), f"Bearer {server.admin_token}".encode()):
        raise Problem(403, "The sandbox is moved from its own machine, or with its admin token.")
    if request.method not in ("GET", "HEAD", "DELETE") and request.content_type != "application/json":
        raise Problem(415, "The body must be application/json.")


async def move_clock(server: Server, seconds: float) -> None:
    """Moves the virtual clock in steps, so that the server goes on answering meanwhile."""
    async with server.clock_lock:
        while seconds > 0:
            step = min(seconds, _STEP_SECONDS)
            server.world.advance(step)
            seconds -= step
            await asyncio.sleep(_PAUSE_SECONDS)


@routes.get("/sandbox/clock")
async def clock(request: web.Request) -> web.Response:
    return web.json_response(_clock(request.app[SERVER]))


@routes.post("/sandbox/tick")
async def tick(request: web.Request) -> web.Response:
    """``{"seconds": 60}``, ``{"until": "2026-01-31T23:59:59Z"}`` or ``{"to": "next-run" | "tonight"}``."""
    server = request.app[SERVER]
    body = await _body(request)
    seconds = _seconds_to(server, body)
    if not 0 <= seconds <= _LONGEST_JUMP:
        raise bad_request("The clock goes forward only, by at most 400 days.")
    await move_clock(server, seconds)
    return web.json_response(_clock(server))


@routes.post("/sandbox/speed")
async def speed(request: web.Request) -> web.Response:
    server = request.app[SERVER]
    wanted = (await _body(request)).get("speed")
    if not isinstance(wanted, int | float) or isinstance(wanted, bool) or not 0 <= wanted <= 86400:  # noqa: PLR2004
        raise bad_request("speed is virtual seconds per real second, 0 to 86400.")
    server.world.set_speed(float(wanted))
    return web.json_response(_clock(server))


@routes.get("/sandbox/levers")
async def levers(request: web.Request) -> web.Response:
    return web.json_response({"levers": _levers(request.app[SERVER])})


@routes.post("/sandbox/levers/{name:.+}")
async def pull(request: web.Request) -> web.Response:
    server = request.app[SERVER]
    body = await _body(request)
    value = body.get("value")
    if not isinstance(value, bool | int | str):
        raise bad_request("value is missing.")
    name = request.match_info["name"]
    if name.startswith("companion:"):
        _switch_capability(server, name.removeprefix("companion:"), on=value is True)
    else:
        try:
            server.world.pull(name, value)
        except NotFound as error:
            raise not_found(str(error)) from error
        except ValueError as error:
            raise bad_request(str(error)) from error
        except Conflict as error:
            raise Problem(409, str(error), error.code) from error
    return web.json_response({"levers": _levers(server)})


@routes.get("/sandbox/truth")
async def truth(request: web.Request) -> web.Response:
    return web.json_response(request.app[SERVER].world.truth())


@routes.get("/sandbox/settings")
async def settings(request: web.Request) -> web.Response:
    server = request.app[SERVER]
    return web.json_response(
        {
            "name": server.settings.name,
            "title": server.settings.title,
            "profile": server.settings.profile,
            "capabilities": sorted(server.capabilities),
            "max_page_size": server.max_page_size,
        }
    )


@routes.get("/sandbox/chaos")
async def chaos_list(request: web.Request) -> web.Response:
    return _chaos(request.app[SERVER])


@routes.post("/sandbox/chaos")
async def chaos_add(request: web.Request) -> web.Response:
    """``{"kind": "429", "path": "/api/Job/*", "count": 2, "seconds": 3, "method": "GET"}``; count 0 stays."""
    body = await _body(request)
    unknown = set(body) - {"kind", "path", "count", "seconds", "method"}
    if unknown or "kind" not in body:
        raise bad_request("A chaos rule has kind, path, count, seconds, method.")
    try:
        rule = ChaosRule(
            str(body["kind"]),
            str(body.get("path", "*")),
            int(body.get("count", 1)),
            float(body.get("seconds", 1)),
            str(body.get("method", "*")).upper(),
        )
    except (TypeError, ValueError) as error:
        raise bad_request("count and seconds are numbers.") from error
    request.app[SERVER].chaos.add(rule)
    return _chaos(request.app[SERVER])


@routes.delete("/sandbox/chaos")
async def chaos_clear(request: web.Request) -> web.Response:
    request.app[SERVER].chaos.clear()
    return _chaos(request.app[SERVER])


@routes.get("/sandbox/requests")
async def request_log(request: web.Request) -> web.Response:
    """What was asked below /api, /connect and /ext, oldest first."""
    return web.json_response({"requests": list(request.app[SERVER].requests)})


@routes.delete("/sandbox/requests")
async def request_log_clear(request: web.Request) -> web.Response:
    request.app[SERVER].requests.clear()
    return web.json_response({"requests": []})


@routes.post("/sandbox/tokens/revoke")
async def revoke(request: web.Request) -> web.Response:
    return web.json_response({"revoked": request.app[SERVER].tokens.revoke_all()})


def _clock(server: Server) -> dict[str, Any]:
    following = server.world.next_scheduled()
    next_run = None
    if following is not None:
        next_run = {"job": following.job, "job_id": str(following.job_id), "at": to_text(following.at)}
    return {"now": to_text(server.world.now()), "speed": server.world.speed, "next_run": next_run}


def _chaos(server: Server) -> web.Response:
    rules = [
        {"kind": a.rule.kind, "path": a.rule.path, "method": a.rule.method, "left": a.left} for a in server.chaos.armed
    ]
    return web.json_response({"chaos": rules})


def _seconds_to(server: Server, body: dict[str, Any]) -> float:
    now = server.world.now()
    if "seconds" in body:
        value = body["seconds"]
        if not isinstance(value, int | float) or isinstance(value, bool):
            raise bad_request("seconds is a number.")
        return float(value)
    if "until" in body:
        try:
            return (to_datetime(str(body["until"])) - now).total_seconds()
        except ValueError as error:
            raise bad_request("until looks like 2026-01-31T23:59:59Z.") from error
    match body.get("to"):
        case "next-run":
            following = server.world.next_scheduled()
            if following is None:
                raise Problem(409, "Nothing is scheduled.", "nothing_scheduled")
            return max(0.0, (following.at - now).total_seconds()) + 1
        case "tonight":
            return (_next_night(now) - now).total_seconds()
    raise bad_request("Give seconds, until, or to (next-run, tonight).")


def _next_night(now: datetime) -> datetime:
    """The end of the night's runs: the next 04:30."""
    night = now.replace(hour=4, minute=30, second=0, microsecond=0)
    return night if night > now else night + timedelta(days=1)


def _levers(server: Server) -> list[dict[str, Any]]:
    shown = [
        {
            "name": n.name,
            "group": n.group,
            "label": n.label,
            "value": n.value,
            "choices": list(n.choices),
            "description": n.description,
        }
        for n in server.world.levers()
    ]
    for capability in (*COMPANION_CAPABILITIES, *EXTRA_CAPABILITIES):
        extra = capability in EXTRA_CAPABILITIES
        shown.append(
            {
                "name": f"companion:{capability}",
                "group": "settings",
                "label": f"{'Extra endpoint' if extra else 'Companion'}: {capability}",
                "value": capability in server.capabilities,
                "choices": [],
                "description": "",
            }
        )
    return shown


def _switch_capability(server: Server, capability: str, *, on: bool) -> None:
    if capability not in (*COMPANION_CAPABILITIES, *EXTRA_CAPABILITIES):
        raise not_found(f"The capability {capability}")
    if on:
        server.capabilities.add(capability)
    else:
        server.capabilities.discard(capability)


async def _body(request: web.Request) -> dict[str, Any]:
    try:
        body = json.loads(await request.text() or "{}")
    except ValueError as error:
        raise bad_request("The body is not JSON.") from error
    if not isinstance(body, dict):
        raise bad_request("The body must be an object.")
    return body
