"""SQuery text, made of typed parts only (nim-api 3.4). There is no way to pass a raw fragment.

A literal cannot leave its quotes: no escape is documented, so what would need one is refused.
"""

import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import Final

from bot.errors import NotUnderstood

LONGEST_TEXT: Final = 200
_IDENTIFIER: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_NUMBER: Final = re.compile(r"-?[0-9]{1,19}")
_KEYWORDS: Final = frozenset(
    "as of between and contained in join type top pagesize select where or order by asc desc true false null".split()
)
_HARMFUL: Final = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})
"""Unicode categories: controls, invisible marks, surrogates, separators of lines and paragraphs."""

Value = int | bool | str | datetime | None


class Op(StrEnum):
    EQUAL = "="
    DIFFERENT = "!="
    LESS = "<"
    GREATER = ">"
    AT_MOST = "<="
    AT_LEAST = ">="
    STARTS_WITH = "%="
    CONTAINS = "%=%"
    HAS_BITS = "&="


def identifier(name: str) -> str:
    """The name when it is one of a property, type or alias. Raises ValueError otherwise."""
    if not _IDENTIFIER.fullmatch(name):
        raise ValueError(f"{name!r} is no SQuery identifier")
    return name


def number(text: str) -> int:
    """A 64-bit id, which JSON carries as text, as SQuery wants it.

    Raises NotUnderstood: the text may come from a person.
    """
    if not _NUMBER.fullmatch(text):
        raise NotUnderstood(
            "An id in Identity Manager is a number.", next_step="Give the number as its screens show it."
        )
    return int(text)


@dataclass(frozen=True, slots=True)
class Path:
    """A property of the root, or of what an alias stands for."""

    name: str
    alias: str = ""

    def __post_init__(self) -> None:
        identifier(self.name)
        if self.alias:
            identifier(self.alias)

    @property
    def text(self) -> str:
        return f"{self.alias}.{self.name}" if self.alias else self.name


@dataclass(frozen=True, slots=True)
class Join:
    """Follows a navigation of the root, or of an earlier join; `of_type` where its target is of any entity type."""

    navigation: str
    alias: str
    of_type: str = ""
    after: "Join | None" = None

    def __post_init__(self) -> None:
        identifier(self.navigation)
        if identifier(self.alias).lower() in _KEYWORDS:
            raise ValueError(f"{self.alias!r} is a word of SQuery and no alias")
        if self.of_type:
            identifier(self.of_type)

    def __getitem__(self, name: str) -> Path:
        return Path(name, self.alias)

    @property
    def text(self) -> str:
        path = f"{self.after.alias}.{self.navigation}" if self.after else self.navigation
        of_type = f" of type {self.of_type}" if self.of_type else ""
        return f"join {path}{of_type} {self.alias}"


@dataclass(frozen=True, slots=True)
class Comparison:
    path: Path
    op: Op
    value: Value

    @property
    def text(self) -> str:
        return f"{self.path.text} {self.op.value} {literal(self.value)}"


@dataclass(frozen=True, slots=True)
class Group:
    """Conditions that must hold all ("and") or at least one ("or"). It is never empty."""

    word: str
    parts: tuple["Condition", ...]

    def __post_init__(self) -> None:
        if self.word not in {"and", "or"}:
            raise ValueError(f"{self.word!r} joins no conditions")
        if not self.parts:
            raise ValueError("an empty group of conditions would let everything through")

    @property
    def text(self) -> str:
        return "(" + f" {self.word} ".join(part.text for part in self.parts) + ")"


Condition = Comparison | Group


@dataclass(frozen=True, slots=True)
class Sort:
    path: Path
    descending: bool = False

    @property
    def text(self) -> str:
        return f"{self.path.text} {'desc' if self.descending else 'asc'}"


@dataclass(frozen=True, slots=True)
class Query:
    """One query. `order` is completed by the root's Id, so that pages are stable; an item's query has none."""

    select: tuple[Path, ...]
    joins: tuple[Join, ...] = ()
    where: Condition | None = None
    order: tuple[Sort, ...] = ()
    as_of: datetime | None = None
    item: bool = False

    def __post_init__(self) -> None:
        if not self.select:
            raise ValueError("a query selects something")
        aliases = [join.alias for join in self.joins]
        names = {path.name.casefold() for path in self.select} | {join.navigation.casefold() for join in self.joins}
        folded = {alias.casefold() for alias in aliases}
        if len(folded) != len(aliases) or names & folded:
            raise ValueError("an alias is unique and different from every property")
        for position, join in enumerate(self.joins):
            if join.after is not None and join.after not in self.joins[:position]:
                raise ValueError(f"{join.alias} follows a join that is not declared before it")
        for path in (*self.select, *(sort.path for sort in self.order), *paths_of(self.where)):
            if path.alias and path.alias not in aliases:
                raise ValueError(f"{path.text} belongs to no join")

    @property
    def text(self) -> str:
        parts = [f"as of {literal(self.as_of)}"] if self.as_of else []
        parts += [join.text for join in self.joins]
        parts.append("select " + ", ".join(path.text for path in self.select))
        if self.where is not None:
            where = self.where.text
            parts.append(f"where {where}" if isinstance(self.where, Group) else f"where ({where})")
        if not self.item:
            parts.append("order by " + ", ".join(sort.text for sort in self._total_order()))
        return " ".join(parts)

    def _total_order(self) -> tuple[Sort, ...]:
        last = Path("Id")
        if self.order and self.order[-1].path == last:
            return self.order
        return (*self.order, Sort(last, descending=bool(self.order) and self.order[0].descending))


def paths_of(condition: Condition | None) -> Iterable[Path]:
    match condition:
        case None:
            return
        case Comparison():
            yield condition.path
        case Group():
            for part in condition.parts:
                yield from paths_of(part)


def literal(value: Value) -> str:
    """A value as SQuery writes it; times in UTC with whole seconds.

    Raises NotUnderstood for a text that holds quotes, control or invisible characters, or more than 200 characters.
    """
    match value:
        case None:
            return "null"
        case bool():
            return "true" if value else "false"
        case int():
            return str(value)
        case datetime():
            return f'"{value.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"'
        case str():
            return f'"{_harmless(value)}"'


def _harmless(text: str) -> str:
    if len(text) > LONGEST_TEXT:
        raise NotUnderstood(
            f"A text to look for has at most {LONGEST_TEXT} characters; this one has {len(text)}.",
            next_step="Write fewer words.",
        )
    if '"' in text:
        raise NotUnderstood(
            "Identity Manager cannot be asked for a text with a quotation mark in it.", next_step="Leave it out."
        )
    if any(unicodedata.category(sign) in _HARMFUL for sign in text):
        raise NotUnderstood(
            "This text holds invisible characters, for which Identity Manager cannot be asked.",
            next_step="Type it instead of pasting it.",
        )
    return text


def paths(*names: str) -> tuple[Path, ...]:
    return tuple(Path(name) for name in names)


def compare(path: Path | str, op: Op, value: Value) -> Comparison:
    return Comparison(Path(path) if isinstance(path, str) else path, op, value)


def equal(path: Path | str, value: Value) -> Comparison:
    return compare(path, Op.EQUAL, value)


def one_of(path: Path | str, values: Sequence[Value]) -> Condition:
    """The property has one of the values, of which there is at least one."""
    return any_of(*(equal(path, value) for value in values))


def all_of(*conditions: Condition) -> Condition:
    return conditions[0] if len(conditions) == 1 else Group("and", conditions)


def any_of(*conditions: Condition) -> Condition:
    return conditions[0] if len(conditions) == 1 else Group("or", conditions)


def newest(name: str) -> tuple[Sort, ...]:
    """The largest value of a property first, then the largest id."""
    last = Sort(Path("Id"), descending=True)
    return (last,) if name == "Id" else (Sort(Path(name), descending=True), last)
