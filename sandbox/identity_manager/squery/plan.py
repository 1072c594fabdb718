"""From a syntax tree to the SQL that answers it.

A query becomes blocks: the root with its to-one joins in one statement, and one statement for each joined
collection, which reads the members of all rows of its parent block at once.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from sandbox.identity_manager.squery.conditions import Conditions
from sandbox.identity_manager.squery.dates import date_literal
from sandbox.identity_manager.squery.nodes import Node, Tree
from sandbox.identity_manager.squery.shapes import Column, Shape
from sandbox.identity_manager.squery.syntax import Path, Query, SQueryError


@dataclass(slots=True)
class Selected:
    """One value in a block's row: where it goes in the answer."""

    node: Node
    column: Column


@dataclass(slots=True)
class Block:
    """A head row (the root, or a collection's member) with its to-one joins."""

    head: Node
    nodes: list[Node] = field(default_factory=list)
    selected: list[Selected] = field(default_factory=list)
    children: list[Block] = field(default_factory=list)


@dataclass(slots=True)
class Plan:
    root: Block
    tree: Tree
    conditions: str
    order: str
    keyset: bool
    """Ordered by Id alone: the next page can begin behind the last id."""
    descending: bool
    limit: int | None


def make_plan(query: Query, root: Shape, *, owner_type: int | None = None, everything: bool = False) -> Plan:
    """Checks a query against the schema and lays out its statements.

    ``owner_type`` restricts owned rows to the entity type that the permission path names. ``everything``: without a
    select, all own properties of the root (an item) rather than its Id (a list). SQueryError for whatever does not
    exist.
    """
    if query.interval:
        raise SQueryError("'between' and 'contained in' work in report queries only", 0)
    as_of = date_literal(query.as_of.value, query.as_of.position) if query.as_of else None
    tree = Tree(root, as_of)
    for join in query.joins:
        tree.join(join)
    top = Block(tree.root)
    blocks = {id(tree.root): top}
    _select(query, tree, top, blocks, everything=everything)
    conditions = Conditions(tree)
    where = conditions.sql(query.where) if query.where else "1"
    if owner_type is not None:
        where = f"{tree.root.alias}.OwnerType = {owner_type} AND ({where})"
    order, keyset, descending = _order(query, tree)
    return Plan(top, tree, where, order, keyset, descending, query.limit)


def _select(query: Query, tree: Tree, top: Block, blocks: dict[int, Block], *, everything: bool) -> None:
    own_id = tree.root.shape.column("Id")
    if own_id is not None:
        top.selected.append(Selected(tree.root, own_id))
    chosen: list[tuple[Node, Column]] = [tree.column(path) for path in query.select]
    if not query.select and everything:
        chosen = [(tree.root, column) for column in tree.root.shape.columns()]
    seen = {(id(tree.root), "Id")}
    for node, column in chosen:
        if (id(node), column.name) in seen:
            continue
        seen.add((id(node), column.name))
        node.mark_selected()
        _block_of(node, blocks).selected.append(Selected(node, column))
    if not query.select and everything:
        return
    for node in tree.nodes:
        if node.selected:
            _block_of(node, blocks)


def _block_of(node: Node, blocks: dict[int, Block]) -> Block:
    head = node.head()
    block = blocks.get(id(head))
    if block is None:
        block = blocks[id(head)] = Block(head)
        if head.parent is not None:
            _block_of(head.parent, blocks).children.append(block)
    if node is not head and node not in block.nodes:
        block.nodes.append(node)
        if node.parent is not None and node.parent is not head:
            _block_of(node.parent, blocks)
    return block


def _order(query: Query, tree: Tree) -> tuple[str, bool, bool]:
    alias = tree.root.alias
    if not query.order:
        return f"{alias}.Id ASC", True, False
    terms: list[str] = []
    for sort in query.order:
        node, column = tree.column(sort.path)
        if node.head() is not tree.root:
            raise SQueryError(f"cannot order by the collection '{sort.path.text}'", sort.path.position)
        node.used = True
        terms.append(f"{column.sql.format(t=node.alias)} {'DESC' if sort.descending else 'ASC'}")
    first = query.order[0]
    keyset = len(terms) == 1 and _is_root_id(first.path, tree)
    if not any(_is_root_id(sort.path, tree) for sort in query.order):
        terms.append(f"{alias}.Id ASC")
    return ", ".join(terms), keyset, first.descending


def _is_root_id(path: Path, tree: Tree) -> bool:
    node, column = tree.column(path)
    return node is tree.root and column.name == "Id"
