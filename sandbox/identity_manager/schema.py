"""What an entity of the Identity Manager is: its table, its fields, where its navigations lead, who may read it.

The entities themselves are declared in ``entities/``; ``ENTITIES`` collects them. The server translates SQuery with
these declarations, the store creates its tables from them, and the world writes rows that fit them.

Row conventions (what the world writes and the store keeps):

- ids are Python ints (the server turns them into JSON strings);
- dates are ``datetime`` (aware) or text ``YYYY-MM-DDTHH:MM:SSZ``; the store keeps the text form;
- booleans are ``bool`` (kept as 0/1); an absent key takes the field's default;
- a historized entity also has ValidFrom and ValidTo; the current version has ``ValidTo = END_OF_TIME``.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import StrEnum

END_OF_TIME = "9999-12-31T00:00:00Z"
START_OF_TIME = "2000-01-01T00:00:00Z"

RESOURCE = "Resource"
"""Target of a polymorphic navigation: any entity type of the installation, narrowed by ``of type``."""


class Kind(StrEnum):
    """How a field is kept and shown: ids and refs are JSON strings, ints are numbers, dates ISO 8601 UTC."""

    ID = "id"
    REF = "ref"
    INT = "int"
    BOOL = "bool"
    TEXT = "text"
    DATE = "date"


@dataclass(frozen=True, slots=True)
class Field:
    """One stored property.

    ``internal`` fields exist in the table but not on the API. ``since`` is the first api-version that shows the field.
    ``on_request`` fields are answered only with ``getCurrentValues``. ``flags`` fields never hold a negative number.
    """

    name: str
    kind: Kind
    default: str | int | None = None
    writable: bool = False
    internal: bool = False
    since: int = 1
    on_request: bool = False
    flags: bool = False


@dataclass(frozen=True, slots=True)
class Navigation:
    """A way to other rows: ``local`` and ``remote`` are the compared columns; ``many`` makes a collection.

    ``type_field`` names the column of this entity that holds the entity type id of a polymorphic target.
    """

    name: str
    target: str
    local: str
    remote: str
    many: bool = False
    type_field: str | None = None
    since: int = 1
    on_request: bool = False


@dataclass(frozen=True, slots=True)
class Entity:
    """One entity of chapter 4. ``endpoint`` is its path below ``/api/`` (empty: reached through navigations only)."""

    name: str
    fields: dict[str, Field]
    navigations: dict[str, Navigation]
    endpoint: str = ""
    permission: str = ""
    historized: bool = False
    owned: bool = False
    indexes: tuple[tuple[str, ...], ...] = field(default=())

    @property
    def table(self) -> str:
        return self.name

    def find_field(self, name: str) -> Field | None:
        """A field by its name, whatever the case; ``X_L1`` is the neutral text ``X``."""
        return self.fields.get(name.casefold())

    def find_navigation(self, name: str) -> Navigation | None:
        return self.navigations.get(name.casefold())


def fields(text: str) -> dict[str, Field]:
    """Field declarations from words ``Name[:kind][=default][marks]``.

    Marks: ``!`` writable over PUT, ``~`` internal, ``@`` only from api-version 2.0 on, ``?`` answered on request,
    ``&`` flags. Without a kind: ``Id`` is an id, ``...Id`` a ref, anything else text.
    """
    declared: dict[str, Field] = {}
    for word in text.split():
        bare = word.rstrip("!~@?&")
        marks = word[len(bare) :]
        bare, _, default_text = bare.partition("=")
        name, _, kind_text = bare.partition(":")
        if kind_text:
            kind = Kind(kind_text)
        elif name == "Id":
            kind = Kind.ID
        else:
            kind = Kind.REF if name.endswith("Id") else Kind.TEXT
        default: str | int | None = None
        if default_text:
            default = default_text if kind in (Kind.TEXT, Kind.DATE) else int(default_text)
        declared[name.casefold()] = Field(
            name,
            kind,
            default,
            writable="!" in marks,
            internal="~" in marks,
            since=2 if "@" in marks else 1,
            on_request="?" in marks,
            flags="&" in marks,
        )
    return declared


def one(name: str, target: str, fk: str = "", *, since: int = 1) -> Navigation:
    """To-one navigation over the foreign key ``fk`` (default: name + ``Id``)."""
    return Navigation(name, target, fk or f"{name}Id", "Id", since=since)


def many(name: str, target: str, fk: str, *, local: str = "Id") -> Navigation:
    """Collection of the rows whose ``fk`` points here."""
    return Navigation(name, target, local, fk, many=True)


def to_resource(name: str, *, fk: str = "", type_field: str | None = None, on_request: bool = False) -> Navigation:
    """To-one navigation to a resource of any entity type."""
    return Navigation(name, RESOURCE, fk or f"{name}Id", "Id", type_field=type_field, on_request=on_request)


def entity(
    name: str,
    field_words: str,
    navigations: Iterable[Navigation] = (),
    *,
    endpoint: str = "",
    permission: str = "",
    historized: bool = False,
    owned: bool = False,
    indexes: Iterable[str] = (),
) -> Entity:
    """Declares an entity. ``indexes``: each text is the blank-separated columns of one index.

    ``owned`` entities belong to an owner (OwnerType, OwnerId): a Path that names an entity type restricts their
    rows to it. ``permission`` defaults to the endpoint's ``/Module/Entity/Query``.
    """
    declared = fields(field_words)
    if historized:
        declared |= fields(f"ValidFrom:date={START_OF_TIME}~ ValidTo:date={END_OF_TIME}~")
    if endpoint and not permission:
        permission = f"/{endpoint}/Query"
    return Entity(
        name,
        declared,
        {n.name.casefold(): n for n in navigations},
        endpoint,
        permission,
        historized,
        owned,
        tuple(tuple(text.split()) for text in indexes),
    )
