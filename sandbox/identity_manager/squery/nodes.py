"""The joined tree of a query: each node is a table under an alias, reached from its parent over a navigation."""

from __future__ import annotations

from dataclasses import dataclass, field

from sandbox.identity_manager.entities import ENTITIES
from sandbox.identity_manager.squery.shapes import Column, Link, Shape
from sandbox.identity_manager.squery.syntax import Join, Path, SQueryError


@dataclass(eq=False, slots=True)
class Node:
    alias: str
    shape: Shape
    parent: Node | None = None
    link: Link | None = None
    children: list[Node] = field(default_factory=list)
    selected: bool = False
    """It, or something below it, appears in the answer."""
    used: bool = False
    """The statement needs it for its condition or order."""
    inner: bool = False
    """The condition holds only for rows that have it."""

    def head(self) -> Node:
        """The root, or the nearest collection member above or at this node."""
        node = self
        while node.parent is not None and node.link is not None and not node.link.many:
            node = node.parent
        return node

    def to_head(self) -> list[Node]:
        """This node and its to-one parents below the head, nearest the head first."""
        chain: list[Node] = []
        node = self
        head = self.head()
        while node is not head and node.parent is not None:
            chain.insert(0, node)
            node = node.parent
        return chain

    def mark_selected(self) -> None:
        node: Node | None = self
        while node is not None:
            node.selected = True
            node = node.parent

    def key_in_parent(self) -> str:
        """SQL for the parent's column that this node is reached by."""
        if self.parent is None or self.link is None:
            raise ValueError("the root is reached by nothing")
        return self.link.local.sql.format(t=self.parent.alias)

    def condition(self, as_of: str | None) -> str:
        return self.shape.condition(as_of).format(t=self.alias)

    def join_sql(self, as_of: str | None) -> str:
        """The SQL join of a to-one node to its parent."""
        remote = self.link.remote if self.link else "Id"
        kind = "JOIN" if self.inner else "LEFT JOIN"
        on = f'{self.alias}."{remote}" = {self.key_in_parent()} AND {self.condition(as_of)}'
        return f"{kind} {self.shape.entity.table} {self.alias} ON {on}"

    def members_sql(self, as_of: str | None) -> tuple[str, str, str]:
        """For a collection: the FROM clause, the SQL of the key that says whose member it is, and the row condition."""
        if self.link is None:
            raise ValueError("the root is no collection")
        table = f"{self.shape.entity.table} {self.alias}"
        if not self.link.association:
            return table, f'{self.alias}."{self.link.remote}"', self.condition(as_of)
        here, there = ("R1Id", "R2Id") if self.link.side == 1 else ("R2Id", "R1Id")
        link = f"{self.alias}_link"
        alive = Shape(ENTITIES["ResourceLink"], self.shape.view).condition(as_of).format(t=link)
        source = f"ResourceLink {link} JOIN {table} ON {self.alias}.Id = {link}.{there} AND {self.condition(as_of)}"
        return source, f"{link}.{here}", f"{link}.Type = {self.link.association} AND {alive}"


class Tree:
    """The root and everything that was joined, by alias and by path."""

    def __init__(self, root: Shape, as_of: str | None) -> None:
        self.as_of = as_of
        self.root = Node("t0", root, selected=True)
        self.nodes = [self.root]
        self._aliases: dict[str, Node] = {}

    def join(self, join: Join) -> None:
        """Declares an alias; SQueryError when it exists already or the path leads nowhere."""
        if join.alias.casefold() in self._aliases:
            raise SQueryError(f"the alias '{join.alias}' is declared twice", join.position)
        items = join.path.items
        node = self._aliases.get(items[0].name.casefold()) if len(items) > 1 else None
        rest = items[1:] if node is not None else items
        node = node or self.root
        for number, item in enumerate(rest):
            of_type = item.of_type or (join.of_type if number == len(rest) - 1 else None)
            node = self._step(node, item.name, of_type, join.path.position)
        self._aliases[join.alias.casefold()] = node

    def column(self, path: Path) -> tuple[Node, Column]:
        """The property that a path of select, where or order by names."""
        items = path.items
        node = self.root
        if len(items) > 1:
            found = self._aliases.get(items[0].name.casefold())
            if found is None:
                raise SQueryError(f"the alias '{items[0].name}' is not declared", path.position)
            node = found
        if len(items) > 2:  # noqa: PLR2004
            raise SQueryError(f"'{path.text}' goes further than one property: join it first", path.position)
        name = items[-1].name
        column = node.shape.column(name)
        if column is None:
            owner = node.shape.resource_type.identifier if node.shape.resource_type else node.shape.entity.name
            raise SQueryError(f"'{owner}' has no property '{name}'", path.position)
        return node, column

    def _step(self, node: Node, name: str, of_type: str | None, position: int) -> Node:
        link = node.shape.link(name)
        if link is None:
            raise SQueryError(f"'{node.shape.entity.name}' has no navigation '{name}'", position)
        target = link.target.of_type(of_type) if of_type else link.target
        for child in node.children:
            same_type = (
                child.shape.resource_type == target.resource_type and child.shape.no_such_type == target.no_such_type
            )
            if child.link is not None and child.link.name == link.name and same_type:
                return child
        child = Node(f"t{len(self.nodes)}", target, node, link)
        node.children.append(child)
        self.nodes.append(child)
        return child
