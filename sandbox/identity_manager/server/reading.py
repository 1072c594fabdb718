"""GET below /api."""

from __future__ import annotations

import asyncio
import json
from typing import Any

from aiohttp import web

from sandbox.identity_manager.entities import BY_ENDPOINT, ENTITIES
from sandbox.identity_manager.resources import EntityType
from sandbox.identity_manager.schema import Entity
from sandbox.identity_manager.server.auth import granted
from sandbox.identity_manager.server.context import CLIENT, Server
from sandbox.identity_manager.server.permissions import Scope, authorise_read, authorise_resource
from sandbox.identity_manager.server.problems import bad_request, forbidden, not_found
from sandbox.identity_manager.server.queries import (
    Parameters,
    answer_item,
    answer_list,
    check_root,
    json_response,
    read_paging,
    read_parameters,
    row_id_of,
)
from sandbox.identity_manager.squery.dates import date_literal
from sandbox.identity_manager.squery.execute import Page, dumps
from sandbox.identity_manager.squery.shapes import Shape
from sandbox.identity_manager.squery.syntax import SQueryError

_INCREMENTAL_DEFAULT = 1000
_INCREMENTAL_MAXIMUM = 10000
_FROM_ORDER = "fromassignedresourcetype"
_CHANGES = {
    "resourcechange": ("ResourceChange", "ResourceChanges", 2),
    "resourcelinkchange": ("ResourceLinkChange", "ResourceLinkChanges", 3),
    "resourcefilechange": ("ResourceFileChange", "ResourceFileChanges", 2),
}


async def handle_get(server: Server, request: web.Request, segments: list[str]) -> web.Response:
    """Answers a GET by the parts of its path below /api."""
    parameters = read_parameters(request)
    check_root(server, parameters)
    folded = [s.casefold() for s in segments]
    if folded[0] == "resource":
        return await _resource(server, request, parameters, segments[1:])
    if folded[0] in _CHANGES:
        return await _changes(server, request, parameters, segments)
    entity = BY_ENDPOINT.get("/".join(folded[:2]))
    if entity is None:
        raise not_found("The route")
    rest = segments[2:]
    if entity.name == "Connector" and len(rest) == 2 and rest[0].casefold() == "resourcetypes":  # noqa: PLR2004
        return _types_of_connector(server, request, parameters, rest[1])
    scope = _authorise(server, request, parameters, entity)
    shape = Shape(entity, server.view(parameters.version, current_values=parameters.current_values))
    match rest:
        case []:
            return await answer_list(server, request, parameters, shape, owner_type=scope.owner_type, only=scope.only)
        case [text]:
            row_id = row_id_of(text, entity.name)
            return await answer_item(server, parameters, shape, row_id, owner_type=scope.owner_type)
        case [kind, text] if kind.casefold() == _FROM_ORDER and "assignedresourcetypeid" in entity.fields:
            only = f"{{t}}.AssignedResourceTypeId = {row_id_of(text, 'AssignedResourceType')}"
            whole = not parameters.text("squery")
            return await answer_list(
                server, request, parameters, shape, owner_type=scope.owner_type, only=only, everything=whole
            )
    raise not_found("The route")


def _authorise(server: Server, request: web.Request, parameters: Parameters, entity: Entity) -> Scope:
    return authorise_read(request[CLIENT], entity, parameters.text("Path") or None, server.resources)


async def _resource(server: Server, request: web.Request, parameters: Parameters, segments: list[str]) -> web.Response:
    view = server.view(parameters.version, current_values=parameters.current_values)
    incremental = bool(segments) and segments[0].casefold() == "incremental"
    if incremental:
        segments = segments[1:]
    if not segments:
        raise not_found("The route")
    kind = _entity_type(server, segments[0])
    authorise_resource(request[CLIENT], kind, parameters.text("Path") or None)
    shape = Shape(ENTITIES["Resource"], view, kind)
    match incremental, segments[1:]:
        case False, []:
            return await answer_list(server, request, parameters, shape)
        case False, [text]:
            return await answer_item(server, parameters, shape, row_id_of(text, kind.identifier))
        case True, [date]:
            return await answer_list(
                server,
                request,
                parameters,
                shape,
                only=f"{{t}}.ValidFrom > '{_date(date)}'",
                everything=not parameters.text("squery"),
                page_default=_INCREMENTAL_DEFAULT,
                page_maximum=_INCREMENTAL_MAXIMUM,
            )
    raise not_found("The route")


def _entity_type(server: Server, name: str) -> EntityType:
    kind = server.resources.find_type(name)
    if kind is None:
        raise not_found(f"The entity type {name}")
    return kind


def _date(text: str) -> str:
    try:
        return date_literal(text, 0)
    except SQueryError as error:
        raise bad_request("The date of an incremental read looks like 2026-01-31T23:59:59Z.") from error


async def _changes(server: Server, request: web.Request, parameters: Parameters, segments: list[str]) -> web.Response:
    name, permission, parts = _CHANGES[segments[0].casefold()]
    if len(segments) != parts + 1:
        raise not_found("The route")
    kind = _entity_type(server, segments[1])
    connectors = server.store.connection.execute(
        "SELECT c.Identifier FROM EntityTypeMapping m JOIN Connector c ON c.Id = m.ConnectorId "
        "WHERE m.EntityTypeId = ?",
        (kind.id,),
    ).fetchall()
    paths = [f"/Custom/{permission}/{row[0]}" for row in connectors]
    if not any(granted(path, request[CLIENT].reads) for path in paths):
        raise forbidden(paths[0] if paths else f"/Custom/{permission}/*")
    where = "EntityTypeId = ? AND JobInstanceId = ?"
    values: list[Any] = [kind.id, row_id_of(segments[-1], "JobInstance")]
    if name == "ResourceLinkChange":
        where += " AND Property1Name = ? COLLATE NOCASE"
        values.append(segments[2])
    operation = parameters.whole("changeOperationType")
    if operation is not None:
        where += " AND ChangeOperation = ?"
        values.append(operation)
    wanted_key = parameters.text("primaryKeyFilter")
    if wanted_key and name == "ResourceChange":
        where += " AND instr(lower(PrimaryKey), lower(?)) > 0"
        values.append(wanted_key)
    paging = read_paging(parameters, request, server.max_page_size)
    where += f" AND Id > {paging.after or 0} ORDER BY Id"
    if paging.size is not None:
        where += f" LIMIT {paging.size + 1}"
    columns = [f.name for f in ENTITIES[name].fields.values() if not f.internal]

    def read() -> str:
        with server.store.reader() as connection:
            found = connection.execute(f"SELECT {', '.join(columns)} FROM {name} WHERE {where}", values).fetchall()
        more = paging.size is not None and len(found) > paging.size
        found = found[: paging.size] if more else found
        page = Page([_change(dict(row)) for row in found], found[-1]["Id"] if found else None, more)
        return dumps({"Result": page.rows, "ContinuationToken": paging.next_token(page, keyset=True)})

    return json_response(await asyncio.to_thread(read))


def _change(row: dict[str, Any]) -> dict[str, Any]:
    shown: dict[str, Any] = {}
    for name, value in row.items():
        if value is None or name == "Id":
            continue
        if name == "Changes":
            shown[name] = json.loads(value)
        else:
            shown[name] = str(value) if name.endswith("Id") else value
    return shown


def _types_of_connector(server: Server, request: web.Request, parameters: Parameters, text: str) -> web.Response:
    _authorise(server, request, parameters, ENTITIES["Connector"])
    connector = row_id_of(text, "Connector")
    if server.store.row("Connector", connector) is None:
        raise not_found(f"Connector {connector}")
    connections = [str(r["Id"]) for r in server.store.rows("Connection", "ConnectorId = ?", (connector,))]
    among = f"ConnectionId IN ({','.join(connections) or 'NULL'})"
    ids = {r["Id"] for r in server.store.rows("ResourceType", among)}
    ids |= {r["ResourceTypeId"] for r in server.store.rows("ResourceTypeMapping", among)}
    return json_response(dumps({"Result": [str(i) for i in sorted(ids)], "ContinuationToken": None}))
