"""Reading one JSON object tolerantly: names in any case, absent = null, numbers as text or number (nim-api 2.3)."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any, Final

from bot.errors import NimSurprised

_LAST_YEAR: Final = 9999
"""Identity Manager's "no end" is in this year."""


@lru_cache(maxsize=4096)
def _folded(name: str) -> str:
    """The same few hundred names come in every row."""
    return name.casefold()


class Row:
    """An object of an answer. Unknown fields are ignored; a field that cannot be read counts as absent."""

    __slots__ = ("_fields",)

    def __init__(self, raw: Mapping[str, Any] | None) -> None:
        self._fields = {_folded(name): value for name, value in raw.items()} if raw else {}

    def __bool__(self) -> bool:
        return bool(self._fields)

    def raw(self, name: str) -> Any:
        return self._fields.get(_folded(name))

    def at(self, navigation: str) -> "Row":
        """What a to-one navigation leads to; empty where there is nothing."""
        found = self.raw(navigation)
        return Row(found if isinstance(found, Mapping) else None)

    def members(self, navigation: str) -> tuple["Row", ...]:
        """What a collection holds."""
        found = self.raw(navigation)
        if isinstance(found, Mapping):
            found = rows_of(found) or [found]
        return tuple(Row(one) for one in found if isinstance(one, Mapping)) if isinstance(found, list) else ()

    def text(self, name: str) -> str:
        found = self.text_or_none(name)
        return "" if found is None else found

    def text_or_none(self, name: str) -> str | None:
        """Text as it is; other simple values as they are written; None where there is no simple value."""
        match self.raw(name):
            case str() as text:
                return text
            case bool() as flag:
                return "true" if flag else "false"
            case int() | float() as figure:
                return str(figure)
            case _:
                return None

    def id(self, name: str = "Id") -> str | None:
        """An id, which is text or a number; a zero or an empty text is none."""
        match self.raw(name):
            case bool():
                return None
            case int() as figure:
                return str(figure) if figure else None
            case str() as text:
                return text.strip() if text.strip() not in {"", "0"} else None
            case _:
                return None

    def own_id(self, what: str, name: str = "Id") -> str:
        """The id without which the row is worth nothing. Raises NimSurprised with the names of its fields."""
        found = self.id(name)
        if found is None:
            raise surprise(what, self._fields)
        return found

    def whole(self, name: str) -> int | None:
        match self.raw(name):
            case bool():
                return None
            case int() as figure:
                return figure
            case float() as figure if figure.is_integer():
                return int(figure)
            case str() as text:
                try:
                    return int(text.strip())
                except ValueError:
                    return None
            case _:
                return None

    def flag(self, name: str) -> bool | None:
        match self.raw(name):
            case bool() as flag:
                return flag
            case 0 | "0" | "false" | "False":
                return False
            case 1 | "1" | "true" | "True":
                return True
            case _:
                return None

    def moment(self, name: str) -> datetime | None:
        """A time in UTC; None for no time and for "no end"."""
        return moment(self.raw(name))


def moment(value: object) -> datetime | None:
    """ISO 8601 with or without fraction and zone (then UTC); None when it is none, or in the year 9999."""
    return _moment(value) if isinstance(value, str) else None


@lru_cache(maxsize=4096)
def _moment(value: str) -> datetime | None:
    try:
        found = datetime.fromisoformat(value.strip())
    except ValueError:
        return None
    if found.year >= _LAST_YEAR:
        return None
    return found.astimezone(UTC) if found.tzinfo else found.replace(tzinfo=UTC)


def rows_of(content: Any) -> Sequence[Any]:
    """The rows of a list's answer: its Result, or the answer itself where it is a bare array."""
    if isinstance(content, list):
        return content
    if isinstance(content, Mapping):
        found = _named(content, "result")
        if isinstance(found, list):
            return found
        if isinstance(found, Mapping):
            return [found]
    return ()


def list_rows(content: Any, what: str) -> tuple[Row, ...]:
    """Raises NimSurprised when it is no list's answer."""
    if not isinstance(content, list) and (not isinstance(content, Mapping) or _named(content, "result") is None):
        raise surprise(what, content if isinstance(content, Mapping) else {})
    return tuple(Row(one) for one in rows_of(content) if isinstance(one, Mapping))


def next_token(content: Any) -> str:
    """The continuation token; empty on the last page."""
    token = _named(content, "continuationtoken") if isinstance(content, Mapping) else None
    return token if isinstance(token, str) else ""


def item_row(content: Any, what: str) -> Row:
    """One object, bare or wrapped in Result. Raises NimSurprised when it is none."""
    if isinstance(content, Mapping):
        found = _named(content, "result")
        if isinstance(found, list) and len(found) == 1:
            found = found[0]
        if found is None:
            found = content
        if isinstance(found, Mapping):
            return Row(found)
    raise surprise(what, content if isinstance(content, Mapping) else {})


def surprise(what: str, fields: Mapping[str, Any]) -> NimSurprised:
    """Names what was sent, never its content."""
    shape = ", ".join(sorted(str(name) for name in fields)[:20])
    return NimSurprised(f"Identity Manager sent {what} in a form that nimdesk cannot read.", shape=shape)


def _named(content: Mapping[str, Any], name: str) -> Any:
    return next((value for key, value in content.items() if key.casefold() == name), None)
