"""Runs a plan and nests the rows by property path."""

from __future__ import annotations

import json
import sqlite3
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from sandbox.identity_manager.schema import Kind
from sandbox.identity_manager.squery.nodes import Node
from sandbox.identity_manager.squery.plan import Block, Plan

Json = dict[str, Any]

_AT_ONCE = 5000


@dataclass(frozen=True, slots=True)
class Page:
    rows: list[Json]
    last_id: int | None
    more: bool


def run_list(plan: Plan, connection: sqlite3.Connection, *, size: int | None, after: int | None, offset: int) -> Page:
    """At most ``size`` root rows, behind the id ``after`` (keyset plans) or the first ``offset`` rows."""
    where = plan.conditions
    if after is not None:
        where = f"{plan.tree.root.alias}.Id {'<' if plan.descending else '>'} {after} AND ({where})"
    limit = "" if size is None else f" LIMIT {size + 1} OFFSET {offset}"
    found = _run_block(plan.root, plan, connection, where, f" ORDER BY {plan.order}{limit}")
    more = size is not None and len(found) > size
    found = found[:size] if size is not None else found
    last = int(found[-1].row["Id"]) if found else None
    return Page([f.row for f in found], last, more)


def run_item(plan: Plan, connection: sqlite3.Connection, row_id: int) -> Json | None:
    """One root row by its id."""
    where = f"{plan.tree.root.alias}.Id = {row_id} AND ({plan.conditions})"
    found = _run_block(plan.root, plan, connection, where, " LIMIT 1")
    return found[0].row if found else None


@dataclass(slots=True)
class _Found:
    row: Json
    objects: dict[int, Json]
    keys: dict[int, Any]
    owner: Any


def _run_block(
    block: Block, plan: Plan, connection: sqlite3.Connection, where: str, tail: str, key: str = "NULL", source: str = ""
) -> list[_Found]:
    as_of = plan.tree.as_of
    head = block.head
    expressions = [key]
    inside = _in_block(head, plan)
    steps = [n for n in inside if n.selected or n.used]
    wanted = [n for n in steps if n.selected]
    expressions += [f"{n.alias}.Id" for n in wanted]
    first_child = len(expressions)
    expressions += [child.head.key_in_parent() for child in block.children]
    first_value = len(expressions)
    expressions += [s.column.sql.format(t=s.node.alias) for s in block.selected]
    source = source or f"{head.shape.entity.table} {head.alias}"
    joins = "".join(f" {n.join_sql(as_of)}" for n in steps)
    statement = (
        f"SELECT {', '.join(expressions)} FROM {source}{joins} WHERE {head.condition(as_of)} AND ({where}){tail}"
    )
    values = [
        (n, id(s.node), s.column.name, _shown(s.column.kind)) for n, s in enumerate(block.selected, start=first_value)
    ]
    found: list[_Found] = []
    cursor = connection.cursor()
    cursor.row_factory = None
    for raw in cursor.execute(statement):
        row: Json = {}
        objects: dict[int, Json] = {id(head): row}
        for number, node in enumerate(wanted, start=1):
            parent = objects.get(id(node.parent))
            if raw[number] is not None and parent is not None and node.link is not None:
                objects[id(node)] = {}
        for number, node_id, name, shown in values:
            value = raw[number]
            if value is not None and node_id in objects:
                objects[node_id][name] = shown(value) if shown else value
        for node in wanted:
            if id(node) in objects and node.link is not None:
                nested = objects[id(node.parent)].setdefault(node.link.name, objects[id(node)])
                nested.update(objects[id(node)])
                objects[id(node)] = nested
        keys = {id(child): raw[n] for n, child in enumerate(block.children, start=first_child)}
        found.append(_Found(row, objects, keys, raw[0]))
    for child in block.children:
        _attach(child, plan, connection, found)
    return found


def _attach(child: Block, plan: Plan, connection: sqlite3.Connection, parents: list[_Found]) -> None:
    node = child.head
    if node.parent is None or node.link is None:
        return
    source, key, alive = node.members_sql(plan.tree.as_of)
    wanted = sorted({p.keys[id(child)] for p in parents if p.keys[id(child)] is not None})
    members: dict[Any, list[Json]] = defaultdict(list)
    for start in range(0, len(wanted), _AT_ONCE):
        ids = ",".join(str(i) for i in wanted[start : start + _AT_ONCE])
        where = f"{alive} AND {key} IN ({ids})"
        for found in _run_block(child, plan, connection, where, f" ORDER BY {node.alias}.Id", key, source):
            members[found.owner].append(found.row)
    for parent in parents:
        target = parent.objects.get(id(node.parent))
        if target is not None:
            target[node.link.name] = members.get(parent.keys[id(child)], [])


def _in_block(head: Node, plan: Plan) -> list[Node]:
    """The to-one nodes below a head, parents before children."""
    return [n for n in plan.tree.nodes if n is not head and n.head() is head]


def _shown(kind: Kind) -> Callable[[Any], Any] | None:
    if kind in (Kind.ID, Kind.REF, Kind.TEXT):
        return str
    return bool if kind is Kind.BOOL else None


def dumps(value: Any) -> str:
    """JSON as the server writes it: compact, text as it is."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))
