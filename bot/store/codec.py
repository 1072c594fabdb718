"""The words of `bot.model` as JSON and back. Fields that an older row lacks take their defaults."""

import dataclasses
import json
import types
from collections.abc import Callable, Mapping
from datetime import datetime
from enum import Enum
from functools import cache
from typing import Any, TypeVar, Union, get_args, get_origin, get_type_hints

T = TypeVar("T")


def dump(thing: object) -> str:
    """A frozen dataclass of `bot.model` as one line of JSON; what equals its default is left out."""
    return json.dumps(_plain(thing), ensure_ascii=False, separators=(",", ":"), sort_keys=True)


def load(kind: type[T], text: str) -> T:
    """The dataclass that `dump` wrote. Fields that this version does not know are dropped."""
    spelled: Any = kind
    made: T = _reader(spelled)(json.loads(text))
    return made


def _plain(thing: object) -> object:
    if dataclasses.is_dataclass(thing) and not isinstance(thing, type):
        return {
            field.name: _plain(value)
            for field in dataclasses.fields(thing)
            if not _is_default(field, value := getattr(thing, field.name))
        }
    if isinstance(thing, Enum):
        return thing.value
    if isinstance(thing, datetime):
        return thing.isoformat()
    if isinstance(thing, Mapping):
        return {str(key): _plain(value) for key, value in thing.items()}
    if isinstance(thing, tuple | list | set | frozenset):
        items = [_plain(item) for item in thing]
        return sorted(items, key=str) if isinstance(thing, set | frozenset) else items
    return thing


def _is_default(field: "dataclasses.Field[Any]", value: object) -> bool:
    if field.default is not dataclasses.MISSING:
        return bool(value == field.default)
    return field.default_factory is not dataclasses.MISSING and bool(value == field.default_factory())


Read = Callable[[Any], Any]


@cache
def _reader(kind: Any) -> Read:  # noqa: ANN401  # a type as an annotation spells it: a class, a union, a NewType
    if supertype := getattr(kind, "__supertype__", None):
        return _reader(supertype)
    origin, inner = get_origin(kind), get_args(kind)
    if origin in {Union, types.UnionType}:
        return _optional(inner)
    if origin is tuple:
        return _tuple(inner)
    if origin in {frozenset, set}:
        return lambda value: origin(map(_reader(inner[0]), value))
    if origin is dict:
        return lambda value: {key: _reader(inner[1])(item) for key, item in value.items()}
    if dataclasses.is_dataclass(kind):
        return _dataclass(kind)
    if isinstance(kind, type) and issubclass(kind, Enum):
        return kind
    if kind is datetime:
        return datetime.fromisoformat
    return lambda value: value


def _optional(inner: tuple[Any, ...]) -> Read:
    kinds = [one for one in inner if one is not types.NoneType]
    read = _reader(kinds[0]) if len(kinds) == 1 else _one_of(kinds)
    return lambda value: None if value is None else read(value)


def _one_of(kinds: list[Any]) -> Read:
    """Several dataclasses in one place: the row is of the first kind whose fields without a default are all there."""
    readers = [(_required(kind), _reader(kind)) for kind in kinds]
    return lambda value: next(read for required, read in readers if required <= value.keys())(value)


def _required(kind: Any) -> frozenset[str]:  # noqa: ANN401
    missing = dataclasses.MISSING
    fields = dataclasses.fields(kind)
    return frozenset(one.name for one in fields if one.default is missing and one.default_factory is missing)


def _tuple(inner: tuple[Any, ...]) -> Read:
    if inner[1:] == (Ellipsis,):
        return lambda value: tuple(map(_reader(inner[0]), value))
    return lambda value: tuple(_reader(kind)(item) for kind, item in zip(inner, value, strict=True))


def _dataclass(kind: Any) -> Read:  # noqa: ANN401
    hints = get_type_hints(kind)

    def read(value: Mapping[str, Any]) -> Any:  # noqa: ANN401
        return kind(**{name: _reader(hints[name])(item) for name, item in value.items() if name in hints})

    return read
