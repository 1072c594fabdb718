"""The companion protocol /ext/nimdesk/v1 (nim-api 9.2), with a token of its own."""

from __future__ import annotations

import hmac
import json
from typing import Any

from aiohttp import web

from sandbox.identity_manager.interface import LogTail
from sandbox.identity_manager.server import enumerations
from sandbox.identity_manager.server.context import SERVER, Server
from sandbox.identity_manager.server.history import history_of, sources_of
from sandbox.identity_manager.server.problems import Problem, asked, bad_request, not_found
from sandbox.identity_manager.server.queries import row_id_of
from sandbox.identity_manager.store import to_text

PREFIX = "/ext/nimdesk/v1"
FOLDERS = ("ExportOutput", "ExportCookies", "Collect", "Synchronization", "ProvisioningOrders")
LEVELS = ("Verbose", "Debug", "Information", "Warning", "Error", "Fatal")
_MOST_LINES = 1000
_DEFAULT_LINES = 200
_MOST_VERSIONS = 1000

routes = web.RouteTableDef()


def check_token(request: web.Request, server: Server) -> None:
    """Problem 404 where no companion is installed, 401 without its token."""
    if not server.capabilities:
        raise not_found("The route")
    sent = request.headers.get("Authorization", "")
    if not hmac.compare_digest(sent.encode(), f"Bearer {server.companion_token}".encode()):
        raise Problem(401, "The companion's token is needed.", headers={"WWW-Authenticate": "Bearer"})


def _server(request: web.Request, capability: str) -> Server:
    server = request.app[SERVER]
    if capability not in server.capabilities:
        raise not_found(f"The capability {capability}")
    return server


@routes.get(PREFIX + "/capabilities")
async def capabilities(request: web.Request) -> web.Response:
    return web.json_response({"version": 1, "capabilities": sorted(request.app[SERVER].capabilities)})


@routes.get(PREFIX + "/task-instances/{id}/log")
async def task_log(request: web.Request) -> web.Response:
    server = _server(request, "task-log")
    instance = row_id_of(request.match_info["id"], "TaskInstance")
    tail, level = _tail(request, "Information")
    log = asked(lambda: server.world.task_log(instance, tail, level))
    return web.json_response({"TaskInstanceId": str(instance), **_log(log)})


@routes.get(PREFIX + "/server-log")
async def server_log(request: web.Request) -> web.Response:
    server = _server(request, "server-log")
    tail, level = _tail(request, "Warning")
    return web.json_response(_log(server.world.server_log(tail, level)))


@routes.get(PREFIX + "/agents/{id}/files")
async def agent_files(request: web.Request) -> web.Response:
    server = _server(request, "agent-files")
    folder = request.query.get("folder", "")
    if folder not in FOLDERS:
        raise bad_request(f"folder is one of {', '.join(FOLDERS)}.")
    agent = row_id_of(request.match_info["id"], "Agent")
    files = asked(lambda: server.world.agent_files(agent, folder))
    return web.json_response({"Result": [dict(f) for f in files]})


@routes.post(PREFIX + "/job-instances/{id}/resume")
async def resume(request: web.Request) -> web.Response:
    server = _server(request, "job-resume")
    instance = row_id_of(request.match_info["id"], "JobInstance")
    mode = (await _body(request)).get("Mode")
    if mode not in ("validate", "retry"):
        raise bad_request('Mode is "validate" or "retry".')
    new = asked(lambda: server.world.resume(instance, mode))
    if new != instance:
        server.note_run(new)
    return web.json_response({"JobInstanceId": str(new)}, status=202)


@routes.post(PREFIX + "/role-model/compute")
async def compute(request: web.Request) -> web.Response:
    server = _server(request, "role-model-one")
    body = await _body(request)
    kind = server.resources.find_type(str(body.get("EntityType", "")))
    if kind is None:
        raise not_found(f"The entity type {body.get('EntityType')}")
    resource = row_id_of(str(body.get("ResourceId", "")), kind.identifier)
    simulate = body.get("Simulate", True)
    if not isinstance(simulate, bool):
        raise bad_request("Simulate is true or false.")
    changes = asked(lambda: server.world.compute_one(kind.identifier, resource, simulate=simulate))
    return web.json_response({"Simulated": simulate, "Changes": [dict(c) for c in changes]})


@routes.get(PREFIX + "/resources/{type}/{id}/history")
async def history(request: web.Request) -> web.Response:
    server = _server(request, "resource-history")
    kind, resource = _resource(request, server)
    versions = history_of(server.resources, kind, resource, request.query.get("property") or None)
    size = _number(request, "PageSize", _MOST_VERSIONS, _MOST_VERSIONS)
    start = _number(request, "ContinuationToken", 0, 10**9)
    following = start + size
    token = str(following) if following < len(versions) else None
    return web.json_response({"Result": versions[start:following], "ContinuationToken": token})


@routes.get(PREFIX + "/resources/{type}/{id}/sources")
async def sources(request: web.Request) -> web.Response:
    server = _server(request, "resource-sources")
    kind, resource = _resource(request, server)
    return web.json_response({"Result": sources_of(server.resources, kind, resource)})


@routes.get(PREFIX + "/task-instances/{id}/progress")
async def progress(request: web.Request) -> web.Response:
    server = _server(request, "progress")
    instance = row_id_of(request.match_info["id"], "TaskInstance")
    row = server.store.row("TaskInstance", instance)
    if row is None:
        raise not_found(f"TaskInstance {instance}")
    return web.json_response(json.loads(row["WrappedProgress"] or "{}"))


@routes.get(PREFIX + "/enums")
async def enums(request: web.Request) -> web.Response:
    _server(request, "enums")
    return web.json_response(enumerations.ALL)


def _resource(request: web.Request, server: Server) -> tuple[str, int]:
    kind = server.resources.find_type(request.match_info["type"])
    if kind is None:
        raise not_found(f"The entity type {request.match_info['type']}")
    resource = row_id_of(request.match_info["id"], kind.identifier)
    found = server.store.connection.execute(
        "SELECT 1 FROM Resource WHERE Id = ? AND Type = ? LIMIT 1", (resource, kind.id)
    ).fetchone()
    if found is None:
        raise not_found(f"{kind.identifier} {resource}")
    return kind.identifier, resource


def _tail(request: web.Request, default_level: str) -> tuple[int, str]:
    level = request.query.get("minLevel", default_level)
    if level not in LEVELS:
        raise bad_request(f"minLevel is one of {', '.join(LEVELS)}.")
    return _number(request, "tail", _DEFAULT_LINES, _MOST_LINES), level


def _number(request: web.Request, name: str, default: int, most: int) -> int:
    text = request.query.get(name, "")
    if not text:
        return default
    if not text.isascii() or not text.isdigit():
        raise bad_request(f"{name} must be a whole number.")
    return min(int(text), most)


def _log(log: LogTail) -> dict[str, Any]:
    lines = [{"Timestamp": to_text(n.timestamp), "Level": n.level, "Message": n.message} for n in log.lines]
    return {"Truncated": log.truncated, "Lines": lines}


async def _body(request: web.Request) -> dict[str, Any]:
    try:
        body = json.loads(await request.text() or "{}")
    except ValueError as error:
        raise bad_request("The body is not JSON.") from error
    if not isinstance(body, dict):
        raise bad_request("The body must be an object.")
    return body
