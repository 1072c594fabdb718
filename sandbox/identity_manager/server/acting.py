"""POST and PUT below /api: running and cancelling jobs, changing orders."""

from __future__ import annotations

import json
from typing import Any

from aiohttp import web

from sandbox.identity_manager.entities import BY_ENDPOINT
from sandbox.identity_manager.schema import Entity, Field, Kind
from sandbox.identity_manager.server.context import CLIENT, Server
from sandbox.identity_manager.server.permissions import (
    CANCEL_RUN,
    LAUNCH,
    REVIEW_ORDERS,
    UPDATE_ORDER,
    authorise_act,
)
from sandbox.identity_manager.server.problems import Problem, asked, bad_request, not_found
from sandbox.identity_manager.server.queries import json_response, read_parameters, row_id_of
from sandbox.identity_manager.squery.dates import date_literal
from sandbox.identity_manager.squery.execute import dumps
from sandbox.identity_manager.squery.syntax import SQueryError

_ORDERS = {"AssignedResourceType", "AssignedResourceScalar", "AssignedResourceNavigation", "AssignedResourceBinary"}
_LOG_LEVELS = range(7)


async def handle_post(server: Server, request: web.Request, segments: list[str]) -> web.Response:
    """RunJob is the only POST that the sandbox simulates."""
    parameters = read_parameters(request)
    folded = [s.casefold() for s in segments]
    if folded[:3] != ["job", "job", "runjob"] or len(segments) != 4:  # noqa: PLR2004
        raise _not_simulated(known="/".join(folded[:2]) in BY_ENDPOINT)
    authorise_act(request[CLIENT], *LAUNCH)
    level = parameters.whole("jobLogLevel")
    if level is not None and level not in _LOG_LEVELS:
        raise bad_request("jobLogLevel is 0 to 6.")
    job_id = row_id_of(segments[3], "Job")
    run = asked(lambda: server.world.run_job(job_id, log_level=level))
    server.note_run(run)
    if server.harsh:
        return web.Response(status=200)
    return json_response(dumps({"Id": str(run)}))


async def handle_put(server: Server, request: web.Request, segments: list[str]) -> web.Response:
    """Sparse changes of an order, of one of its properties, or of a run."""
    read_parameters(request)
    entity = BY_ENDPOINT.get("/".join(s.casefold() for s in segments[:2]))
    if entity is None or len(segments) != 3:  # noqa: PLR2004
        raise not_found("The route")
    row_id = row_id_of(segments[2], entity.name)
    body = await _body(request)
    if entity.name == "JobInstance":
        authorise_act(request[CLIENT], CANCEL_RUN)
        _change_run(server, row_id, _changes(entity, body))
    elif entity.name in _ORDERS:
        _change_order(server, request, entity, row_id, body)
    else:
        raise _not_simulated(known=True)
    result = {"Id": str(row_id)}
    return json_response(dumps({"Result": result} if server.harsh else result))


def _change_run(server: Server, row_id: int, changes: dict[str, Any]) -> None:
    if server.store.row("JobInstance", row_id) is None or row_id in server.hidden_runs():
        raise not_found(f"JobInstance {row_id}")
    if changes.pop("CancelRequested", False):
        asked(lambda: server.world.cancel_job(row_id))
    if changes:
        raise Problem(409, f"Only the job engine changes {', '.join(changes)}.", "written_by_engine")


def _change_order(server: Server, request: web.Request, entity: Entity, row_id: int, body: dict[str, Any]) -> None:
    row = server.store.row(entity.name, row_id)
    owner = server.resources.type_by_id(row["OwnerType"]) if row and row["OwnerType"] is not None else None
    review = REVIEW_ORDERS.format(owner.identifier if owner else "*")
    authorise_act(request[CLIENT], UPDATE_ORDER, review, any_of=True)
    if row is None:
        raise not_found(f"{entity.name} {row_id}")
    changes = _changes(entity, body)
    state = changes.pop("ProvisioningState", None)
    with server.store.transaction():
        if changes:
            server.store.update(entity.name, row_id, changes)
        if state is not None:
            asked(lambda: server.world.set_provisioning_state(entity.name, row_id, state))


def _changes(entity: Entity, body: dict[str, Any]) -> dict[str, Any]:
    """The body as column values. Problem 400 for what does not exist, cannot be written, or has the wrong type."""
    changes: dict[str, Any] = {}
    for name, value in body.items():
        found = entity.find_field(name)
        if found is None or found.internal:
            raise bad_request(f"{entity.name} has no property {name}.")
        if not found.writable:
            raise bad_request(f"{entity.name}.{found.name} cannot be written.")
        changes[found.name] = _written(found, value)
    if not changes:
        raise bad_request("The body changes nothing.")
    return changes


def _written(field: Field, value: Any) -> Any:
    wrong = bad_request(f"The value of {field.name} does not fit ({field.kind.value}).")
    if value is None:
        return None
    if field.kind is Kind.BOOL:
        if not isinstance(value, bool):
            raise wrong
        return value
    if field.kind in (Kind.INT, Kind.REF, Kind.ID):
        if isinstance(value, str) and field.kind is not Kind.INT and value.lstrip("-").isdigit():
            return int(value)
        if not isinstance(value, int) or isinstance(value, bool):
            raise wrong
        return value
    if not isinstance(value, str):
        raise wrong
    if field.kind is Kind.DATE:
        try:
            return date_literal(value, 0)
        except SQueryError as error:
            raise wrong from error
    return value


async def _body(request: web.Request) -> dict[str, Any]:
    if request.content_type != "application/json":
        raise Problem(415, "The body must be application/json.")
    try:
        body = json.loads(await request.text())
    except (ValueError, UnicodeDecodeError) as error:
        raise bad_request("The body is not JSON.") from error
    if not isinstance(body, dict):
        raise bad_request("The body must be an object.")
    return body


def _not_simulated(*, known: bool) -> Problem:
    if known:
        return Problem(405, "The sandbox does not simulate this.")
    return not_found("The route")
