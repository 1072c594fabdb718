"""The parts of a parsed SQuery. ``position`` is the offset in the query text, for error messages."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Operator = Literal["=", "!=", "<", ">", "<=", ">=", "%=", "=%", "%=%", "!%=", "!=%", "!%=%", "&="]


class SQueryError(Exception):
    """The query cannot be answered; ``position`` is where, when known. Becomes a 400."""

    def __init__(self, message: str, position: int | None = None) -> None:
        super().__init__(message if position is None else f"{message} (at position {position})")
        self.position = position


@dataclass(frozen=True, slots=True)
class PathItem:
    name: str
    of_type: str | None = None


@dataclass(frozen=True, slots=True)
class Path:
    items: tuple[PathItem, ...]
    position: int

    @property
    def text(self) -> str:
        return ".".join(i.name for i in self.items)


@dataclass(frozen=True, slots=True)
class Value:
    """A literal: int, bool, None or text (dates are text until the compared field says otherwise)."""

    value: int | bool | str | None
    position: int


@dataclass(frozen=True, slots=True)
class Comparison:
    path: Path
    operator: Operator
    operand: Value | Path


@dataclass(frozen=True, slots=True)
class Group:
    """``parts`` joined by one logical operator."""

    operator: Literal["and", "or"]
    parts: tuple[Filter, ...]


Filter = Comparison | Group


@dataclass(frozen=True, slots=True)
class Join:
    path: Path
    of_type: str | None
    alias: str
    position: int


@dataclass(frozen=True, slots=True)
class Sort:
    path: Path
    descending: bool


@dataclass(frozen=True, slots=True)
class Query:
    as_of: Value | None = None
    interval: bool = False
    """``between`` or ``contained in`` was used."""
    joins: tuple[Join, ...] = ()
    limit: int | None = None
    select: tuple[Path, ...] = ()
    where: Filter | None = None
    order: tuple[Sort, ...] = ()
