"""The where clause as an SQL condition on root rows."""

from __future__ import annotations

from sandbox.identity_manager.schema import Kind
from sandbox.identity_manager.squery.dates import date_literal
from sandbox.identity_manager.squery.nodes import Node, Tree
from sandbox.identity_manager.squery.shapes import Column
from sandbox.identity_manager.squery.syntax import Comparison, Filter, Group, Path, SQueryError, Value

_TEXT_OPERATORS = {"%=": ("", "%"), "=%": ("%", ""), "%=%": ("%", "%")}
_NEGATED = {"!%=": "%=", "!=%": "=%", "!%=%": "%=%"}
_ORDERING = {"<", ">", "<=", ">="}
_AT_ONE_LEVEL = 50
_NUMERIC = {Kind.ID, Kind.REF, Kind.INT}


class Conditions:
    """Translates filters; marks the joined nodes that the statement needs for them."""

    def __init__(self, tree: Tree) -> None:
        self._tree = tree

    def sql(self, condition: Filter) -> str:
        """The condition. Comparisons that every answered row must pass make their joins inner ones."""
        return self._filter(condition, required=True)

    def _filter(self, condition: Filter, *, required: bool) -> str:
        if isinstance(condition, Group):
            inside = required and condition.operator == "and"
            parts = [self._filter(part, required=inside) for part in condition.parts]
            return _balanced(parts, condition.operator.upper())
        return self._comparison(condition, required=required)

    def _comparison(self, comparison: Comparison, *, required: bool) -> str:
        node, column = self._tree.column(comparison.path)
        if isinstance(comparison.operand, Path):
            return self._two_properties(comparison, node, column, comparison.operand, required=required)
        wants_null = comparison.operand.value is None and comparison.operator == "="
        test = _test(column.sql.format(t=node.alias), column, comparison.operator, comparison.operand)
        collections = self._collections(node)
        if not collections:
            self._use(node, required=required and not wants_null)
            return test
        if wants_null:
            return f"({self._any(node, collections, test)} OR NOT {self._any(node, collections, '1')})"
        return self._any(node, collections, test)

    def _two_properties(
        self, comparison: Comparison, node: Node, column: Column, operand: Path, *, required: bool
    ) -> str:
        other_node, other_column = self._tree.column(operand)
        if self._collections(node) or self._collections(other_node):
            raise SQueryError("a collection cannot be compared with a property", comparison.path.position)
        operator = comparison.operator
        if operator not in {"=", "!=", *_ORDERING}:
            raise SQueryError(f"'{operator}' does not compare two properties", comparison.path.position)
        for used in (node, other_node):
            self._use(used, required=required)
        left, right = column.sql.format(t=node.alias), other_column.sql.format(t=other_node.alias)
        return f"{left} {'<>' if operator == '!=' else operator} {right}"

    def _collections(self, node: Node) -> list[Node]:
        """The collection members on the way to a node, nearest the root first."""
        found: list[Node] = []
        at: Node | None = node
        while at is not None:
            if at.link is not None and at.link.many:
                found.insert(0, at)
            at = at.parent
        return found

    def _use(self, node: Node, *, required: bool) -> None:
        for step in node.to_head():
            step.used = True
            step.inner = step.inner or required

    def _any(self, node: Node, collections: list[Node], test: str) -> str:
        """Whether any member passes: the parent's key is among the keys of the members that do."""
        as_of = self._tree.as_of
        deepest = node
        for head in reversed(collections):
            source, key, alive = head.members_sql(as_of)
            joins = "".join(f" {step.join_sql(as_of)}" for step in deepest.to_head())
            test = f"{head.key_in_parent()} IN (SELECT {key} FROM {source}{joins} WHERE {alive} AND {test})"
            if head.parent is None:
                break
            deepest = head.parent
        self._use(deepest, required=False)
        return test


def _balanced(parts: list[str], operator: str) -> str:
    """Joined by one operator as a shallow tree: SQLite refuses expressions that are nested a thousand deep."""
    if len(parts) <= _AT_ONE_LEVEL:
        return "(" + f" {operator} ".join(parts) + ")"
    middle = len(parts) // 2
    return f"({_balanced(parts[:middle], operator)} {operator} {_balanced(parts[middle:], operator)})"


def _test(sql: str, column: Column, operator: str, literal: Value) -> str:
    if literal.value is None:
        if operator not in {"=", "!="}:
            raise SQueryError(f"null can only be compared with = and !=, not '{operator}'", literal.position)
        return f"{sql} IS {'NOT ' if operator == '!=' else ''}NULL"
    if operator in _TEXT_OPERATORS or operator in _NEGATED:
        return _text_test(sql, column, operator, literal)
    if operator == "&=":
        return _flags_test(sql, column, literal)
    if column.kind is Kind.BOOL and operator in _ORDERING:
        raise SQueryError(f"'{operator}' does not fit '{column.name}'", literal.position)
    return f"{sql} {'<>' if operator == '!=' else operator} {_literal(column, literal)}"


def _text_test(sql: str, column: Column, operator: str, literal: Value) -> str:
    if column.kind is not Kind.TEXT:
        raise SQueryError(f"'{operator}' needs a text property, '{column.name}' is none", literal.position)
    if not isinstance(literal.value, str):
        raise SQueryError(f"'{operator}' needs a text", literal.position)
    before, after = _TEXT_OPERATORS[_NEGATED.get(operator, operator)]
    pattern = literal.value
    if not pattern.isascii():
        pattern, sql = pattern.casefold(), f"FOLD({sql})"
    pattern = pattern.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
    negation = "NOT " if operator in _NEGATED else ""
    return f"{sql} {negation}LIKE {_quote(before + pattern + after)} ESCAPE '\\'"


def _flags_test(sql: str, column: Column, literal: Value) -> str:
    if column.kind is not Kind.INT or not isinstance(literal.value, int):
        raise SQueryError("'&=' needs a number property and an integer", literal.position)
    bits = int(literal.value)
    test = f"({sql} & {bits}) = {bits}"
    return f"({sql} >= {bits} AND {test})" if column.flags and bits > 0 else test


def _literal(column: Column, literal: Value) -> str:
    value = literal.value
    if column.kind is Kind.DATE:
        return _quote(date_literal(value, literal.position))
    if column.kind is Kind.BOOL:
        if isinstance(value, bool):
            return str(int(value))
    elif column.kind in _NUMERIC:
        if isinstance(value, int) and not isinstance(value, bool):
            if not -(2**63) <= value < 2**63:
                raise SQueryError("the number is too large", literal.position)
            return str(value)
    elif not isinstance(value, bool):
        return _quote(str(value))
    raise SQueryError(f"the value does not fit '{column.name}' ({column.kind.value})", literal.position)


def _quote(text: str) -> str:
    if "\0" in text:
        text = text.split("\0", 1)[0]
    return "'" + text.replace("'", "''") + "'"
