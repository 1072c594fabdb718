"""The parameters of a request, and the answers to lists and items."""

from __future__ import annotations

import asyncio
import base64
import binascii
import hashlib
import json
from dataclasses import dataclass
from typing import Any

from aiohttp import web

from sandbox.identity_manager.entities import ENTITIES
from sandbox.identity_manager.server.context import Server
from sandbox.identity_manager.server.problems import bad_request, not_found
from sandbox.identity_manager.squery.execute import Page, dumps, run_item, run_list
from sandbox.identity_manager.squery.parser import parse
from sandbox.identity_manager.squery.plan import Plan, make_plan
from sandbox.identity_manager.squery.shapes import Shape
from sandbox.identity_manager.squery.syntax import Query, SQueryError

_ENTITY_NAMES = {name.casefold() for name in ENTITIES}
_VERSIONS = {"1.0": 1, "2.0": 2, "3.0": 3}


@dataclass(frozen=True, slots=True)
class Parameters:
    """The query string, names in lower case."""

    values: dict[str, str]
    version: int

    def text(self, name: str) -> str:
        return self.values.get(name.casefold(), "")

    def whole(self, name: str, *, least: int = 0) -> int | None:
        """An integer parameter; None when absent or empty. Problem 400 when it is no integer or too small."""
        text = self.text(name)
        if not text:
            return None
        if not text.isascii() or not text.lstrip("-").isdigit() or int(text) < least:
            raise bad_request(f"{name} must be an integer of at least {least}.")
        return int(text)

    @property
    def current_values(self) -> bool:
        return self.text("getCurrentValues").casefold() == "true"


def read_parameters(request: web.Request) -> Parameters:
    """Checks what every call needs. Problem 400 for a missing or unknown api-version."""
    values = {name.casefold(): value for name, value in request.query.items()}
    version = values.get("api-version", "")
    if version not in _VERSIONS:
        raise bad_request(
            "An API version is required." if not version else f"The API version {version} is not supported."
        )
    return Parameters(values, _VERSIONS[version])


@dataclass(frozen=True, slots=True)
class Paging:
    """A page to read: ``size`` None is everything."""

    size: int | None
    after: int | None
    offset: int
    fingerprint: str

    def next_token(self, page: Page, *, keyset: bool) -> str | None:
        if not page.more or self.size is None:
            return None
        mark = {"a": page.last_id} if keyset else {"o": self.offset + self.size}
        return base64.urlsafe_b64encode(json.dumps({**mark, "f": self.fingerprint}).encode()).decode()


def read_paging(parameters: Parameters, request: web.Request, maximum: int, default: int | None = None) -> Paging:
    """PageSize and ContinuationToken. A larger size is silently cut down; a foreign or broken token is a 400."""
    size = parameters.whole("PageSize", least=1)
    if size is None:
        size = default
    token = parameters.text("ContinuationToken")
    if size is None and token:
        raise bad_request("ContinuationToken needs PageSize.")
    told = [request.path, parameters.text("squery"), parameters.text("Path"), str(parameters.whole("PageSize"))]
    fingerprint = hashlib.sha256("\n".join(told).encode()).hexdigest()[:16]
    mark: dict[str, Any] = {}
    if token:
        try:
            mark = json.loads(base64.urlsafe_b64decode(token.encode()))
        except (ValueError, binascii.Error) as error:
            raise bad_request("ContinuationToken is not one of ours.") from error
        if not isinstance(mark, dict) or mark.get("f") != fingerprint:
            raise bad_request("ContinuationToken belongs to another query.")
    return Paging(min(size, maximum) if size else None, mark.get("a"), mark.get("o", 0), fingerprint)


def check_root(server: Server, parameters: Parameters) -> None:
    """Problem 400 when QueryRootEntityType names nothing."""
    name = parameters.text("QueryRootEntityType")
    if name and name.casefold() not in _ENTITY_NAMES and server.resources.find_type(name) is None:
        raise bad_request(f"QueryRootEntityType {name} is not an entity type.")


def read_query(parameters: Parameters) -> Query:
    """The parsed squery (empty when there is none). Problem 400 with the position of an error."""
    try:
        return parse(parameters.text("squery"))
    except SQueryError as error:
        raise bad_request(f"squery: {error}") from error


async def answer_list(
    server: Server,
    request: web.Request,
    parameters: Parameters,
    shape: Shape,
    *,
    owner_type: int | None = None,
    only: str = "",
    everything: bool = False,
    page_default: int | None = None,
    page_maximum: int | None = None,
) -> web.Response:
    """A list: ``only`` is a further SQL condition on the root rows, in which ``{t}`` is their alias."""
    query = read_query(parameters)
    if query.limit is not None and parameters.text("PageSize"):
        raise bad_request("PageSize and a limit inside squery exclude each other.")
    maximum = page_maximum or server.max_page_size
    paging = read_paging(parameters, request, maximum, page_default if query.limit is None else None)
    plan = _plan(query, shape, owner_type=owner_type, only=only, everything=everything)
    if plan.limit is not None and plan.limit < 0:
        raise bad_request("squery: the limit is negative")

    def read() -> str:
        size = paging.size
        if plan.limit is not None:
            size = min(plan.limit, maximum)
        with server.store.reader() as connection:
            page = run_list(plan, connection, size=size, after=paging.after, offset=paging.offset)
        token = paging.next_token(page, keyset=plan.keyset)
        return dumps({"Result": page.rows, "ContinuationToken": token})

    return json_response(await asyncio.to_thread(read))


async def answer_item(
    server: Server, parameters: Parameters, shape: Shape, row_id: int, *, owner_type: int | None = None
) -> web.Response:
    """One row; wrapped in Result where the profile says so. Problem 404 when it does not exist or is not visible."""
    query = read_query(parameters)
    plan = _plan(query, shape, owner_type=owner_type, everything=not query.select)

    def read() -> dict[str, Any] | None:
        with server.store.reader() as connection:
            return run_item(plan, connection, row_id)

    row = await asyncio.to_thread(read)
    if row is None:
        raise not_found(f"{shape.entity.name} {row_id}")
    return json_response(dumps({"Result": row} if server.harsh else row))


def _plan(query: Query, shape: Shape, *, owner_type: int | None, only: str = "", everything: bool) -> Plan:
    try:
        plan = make_plan(query, shape, owner_type=owner_type, everything=everything)
    except SQueryError as error:
        raise bad_request(f"squery: {error}") from error
    if only:
        plan.conditions = f"{only.format(t=plan.tree.root.alias)} AND ({plan.conditions})"
    return plan


def json_response(text: str) -> web.Response:
    return web.Response(text=text, content_type="application/json", charset="utf-8")


def row_id_of(text: str, what: str) -> int:
    """An id in a path (64-bit, may be negative). Problem 404 for anything else."""
    digits = text.removeprefix("-")
    if not digits.isascii() or not digits.isdigit() or not -(2**63) <= int(text) < 2**63:
        raise not_found(f"{what} {text}")
    return int(text)
