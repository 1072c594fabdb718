"""Puts the server together: routes, checks, errors, the Date of the virtual clock, the request log."""

from __future__ import annotations

import logging
import time
from collections.abc import Awaitable, Callable
from email.utils import format_datetime

from aiohttp import web

from sandbox.identity_manager.server import admin, companion, connect, outside_world, screens
from sandbox.identity_manager.server.acting import handle_post, handle_put
from sandbox.identity_manager.server.chaos import strike, unauthorised
from sandbox.identity_manager.server.context import CLIENT, SERVER, Server
from sandbox.identity_manager.server.problems import Problem, not_found
from sandbox.identity_manager.server.reading import handle_get

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]

_LONGEST_LINE = 32768
_MOST_BODY = 1024 * 1024
_LOG = logging.getLogger("sandbox.identity_manager")


def make_app(server: Server) -> web.Application:
    app = web.Application(
        middlewares=[_watch, _answer_problems],
        client_max_size=_MOST_BODY,
        handler_args={"max_line_size": _LONGEST_LINE, "max_field_size": _LONGEST_LINE},
    )
    app[SERVER] = server
    app.add_routes(connect.routes)
    app.add_routes(companion.routes)
    app.add_routes(admin.routes)
    app.add_routes(screens.routes)
    app.add_routes(outside_world.routes)
    app.router.add_route("*", "/{tail:(?i:api)/.*}", _api)
    return app


async def _api(request: web.Request) -> web.StreamResponse:
    """Everything below /api: the bearer's token, then the route, whatever its case."""
    server = request.app[SERVER]
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    client = server.tokens.client_of(token.strip()) if scheme.casefold() == "bearer" else None
    if client is None:
        return unauthorised()
    request[CLIENT] = client
    segments = [s for s in request.path.split("/")[2:] if s]
    if not segments:
        raise not_found("The route")
    match request.method:
        case "GET":
            return await handle_get(server, request, segments)
        case "POST":
            return await handle_post(server, request, segments)
        case "PUT":
            return await handle_put(server, request, segments)
    raise Problem(405, "The sandbox does not simulate this.")


@web.middleware
async def _watch(request: web.Request, handler: Handler) -> web.StreamResponse:
    """The log of what was asked, the faults that were asked for, and the virtual Date."""
    server = request.app[SERVER]
    watched = not request.path.startswith("/sandbox")
    started = time.perf_counter()
    rule = server.chaos.take(request.method, request.path) if watched else None
    response = await strike(rule, request) if rule is not None else None
    if response is None:
        response = await handler(request)
    if not response.prepared:
        response.headers["Date"] = format_datetime(server.world.now(), usegmt=True)
    if watched:
        server.requests.append(
            {
                "method": request.method,
                "path": request.path,
                "query": dict(request.query),
                "status": response.status,
                "milliseconds": round((time.perf_counter() - started) * 1000, 1),
                "fault": rule.kind if rule else None,
            }
        )
    return response


@web.middleware
async def _answer_problems(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Turns refusals and failures into problem+json, and guards the companion's and the sandbox's own paths."""
    server = request.app[SERVER]
    try:
        if request.path.startswith(companion.PREFIX):
            companion.check_token(request, server)
        elif request.path.startswith("/sandbox"):
            admin.check_admin(request, server)
        return await handler(request)
    except Problem as problem:
        return problem.response()
    except web.HTTPException as error:
        if error.status < 400:  # noqa: PLR2004
            raise
        return Problem(error.status, f"{request.method} {request.path}: {error.reason}").response()
    except Exception:  # noqa: BLE001 - whatever fails is a 500 to the caller
        _LOG.exception("%s %s failed", request.method, request.path)
        return Problem(500, "The server failed.").response()
