"""Entity types of the installation and their resources: people, records, accounts, by property names.

An entity type is declared once with its properties; each property then has a column of the one Resource table (or
rows of ResourceLink). Every change of a resource makes a new version, so that ``as of`` and the history are true.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import IntEnum
from typing import Any

from sandbox.identity_manager.entities import ENTITIES
from sandbox.identity_manager.entities.metadata import FIRST_REFERENCE_INDEX, REFERENCE_COLUMNS, TEXT_COLUMNS
from sandbox.identity_manager.ids import FIRST_SYSTEM_ENTITY_TYPE
from sandbox.identity_manager.schema import END_OF_TIME, START_OF_TIME
from sandbox.identity_manager.store import Row, Store, stored, to_text

SYSTEM_PROPERTIES = ("Id", "InternalDisplayName", "Identifier", "PrimaryKey", "Dirty")
"""Columns that every resource has. Identifier is selectable only where an entity type declares it."""


class ValueType(IntEnum):
    """EntityProperty.ValueType (the numbers are the sandbox's own)."""

    TEXT = 0
    INTEGER = 2
    DATE = 4
    BOOLEAN = 5
    REFERENCE = 11


@dataclass(frozen=True, slots=True)
class PropertySpec:
    """A property to declare. ``target`` (an entity type's identifier) makes it a reference; ``many`` a collection
    of links.

    ``inverse`` is the name under which the target sees the way back, as a collection.
    """

    identifier: str
    value_type: ValueType = ValueType.TEXT
    display_name: str = ""
    is_key: bool = False
    target: str = ""
    many: bool = False
    inverse: str = ""
    indexed: bool = False


@dataclass(frozen=True, slots=True)
class EntityTypeSpec:
    identifier: str
    properties: Sequence[PropertySpec]
    display_name: str = ""
    connector: str = ""


@dataclass(frozen=True, slots=True)
class Property:
    """A declared property. ``column`` is empty for links and ways back.

    For collections: ``association`` with ``inverse_column`` (reverse of a to-one reference), or links of which this is
    side R1 (``side`` 1) or R2 (``side`` 2).
    """

    id: int
    identifier: str
    value_type: ValueType
    column: str = ""
    target: str = ""
    many: bool = False
    association: int = 0
    side: int = 0
    inverse_column: str = ""


@dataclass(slots=True)
class EntityType:
    id: int
    identifier: str
    display_name: str
    properties: dict[str, Property] = field(default_factory=dict)

    def find(self, name: str) -> Property | None:
        return self.properties.get(name.casefold())


class Resources:
    """Entity types by identifier, and their resources. All ids are unique across entity types."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self.types: dict[str, EntityType] = {}
        self._by_id: dict[int, EntityType] = {}

    def find_type(self, identifier: str) -> EntityType | None:
        """An entity type, whatever the case of its identifier."""
        wanted = identifier.casefold()
        return next((t for t in self.types.values() if t.identifier.casefold() == wanted), None)

    def type_by_id(self, type_id: int) -> EntityType | None:
        return self._by_id.get(type_id)

    def define(self, specs: Sequence[EntityTypeSpec], at: str = START_OF_TIME) -> dict[str, int]:
        """Declares entity types that may refer to each other; lists the system's own too. Returns identifier -> id."""
        with self.store.transaction():
            self._list_system_types()
            for spec in specs:
                name = spec.display_name or spec.identifier
                row = {
                    "Identifier": spec.identifier,
                    "DisplayName": name,
                    "ConnectorIdentifier": spec.connector or None,
                }
                type_id = self.store.insert("EntityType", [{**row, "ValidFrom": at}])[0]
                declared = EntityType(type_id, spec.identifier, name)
                self.types[spec.identifier] = self._by_id[type_id] = declared
            for spec in specs:
                self._declare_properties(spec)
        return {spec.identifier: self.types[spec.identifier].id for spec in specs}

    def insert(
        self, entity_type: str, rows: Iterable[Mapping[str, Any]], at: datetime | str = START_OF_TIME
    ) -> list[int]:
        """New resources: property identifiers -> values; references are ids, collections of links lists of ids."""
        kind = self.types[entity_type]
        since = stored(at)
        prepared: list[Row] = []
        links: list[tuple[Property, int, Sequence[int]]] = []
        for row in rows:
            kept: Row = {"Type": kind.id, "ValidFrom": since, "Id": row.get("Id") or self.store.next_id("Resource")}
            for name, value in row.items():
                known = kind.find(name)
                if known is not None and known.side:
                    links.append((known, kept["Id"], value))
                elif name != "Id":
                    kept[_column(kind, name)] = value
            prepared.append(kept)
        with self.store.transaction():
            ids = self.store.insert("Resource", prepared)
            for known, row_id, targets in links:
                self._insert_links(known, row_id, targets, since)
        return ids

    def change(self, resource_id: int, changes: Mapping[str, Any], at: datetime) -> None:
        """A new version with these property values; a collection of links is replaced by the given ids."""
        kind = self.type_of(resource_id)
        columns: Row = {}
        with self.store.transaction():
            for name, value in changes.items():
                known = kind.find(name)
                if known is not None and known.side:
                    self._replace_links(known, resource_id, value, at)
                else:
                    columns[_column(kind, name)] = value
            if columns:
                self.store.new_version("Resource", resource_id, columns, at)

    def end(self, resource_id: int, at: datetime) -> None:
        """The resource exists no longer from ``at`` on; its links end too."""
        moment = to_text(at)
        with self.store.transaction():
            self.store.close_version("Resource", resource_id, at)
            for side in ("R1Id", "R2Id"):
                self.store.connection.execute(
                    f"UPDATE ResourceLink SET ValidTo = ? WHERE {side} = ? AND ValidTo = '{END_OF_TIME}' "
                    f"AND Type IN (SELECT Id FROM EntityAssociation)",
                    (moment, resource_id),
                )

    def get(self, resource_id: int) -> Row | None:
        """A current resource by property identifiers (only those with a value), Id and Type; links as lists of ids."""
        row = self.store.row("Resource", resource_id)
        return None if row is None else self._shown(row, with_links=True)

    def all(self, entity_type: str, where: str = "1", parameters: Sequence[Any] = ()) -> Iterator[Row]:
        """Current resources of a type, without links; ``where`` is SQL in which ``{Property}`` is its column."""
        kind = self.types[entity_type]
        names = {p.identifier: p.column for p in kind.properties.values() if p.column}
        condition = where.format(**names)
        for row in self.store.rows("Resource", f"Type = {kind.id} AND ({condition})", parameters, order="Id"):
            yield self._shown(row, with_links=False)

    def type_of(self, resource_id: int) -> EntityType:
        """The entity type of a resource that exists or has existed; KeyError otherwise."""
        found = self.store.connection.execute(
            "SELECT Type FROM Resource WHERE Id = ? LIMIT 1", (resource_id,)
        ).fetchone()
        if found is None:
            raise KeyError(f"no resource {resource_id}")
        return self._by_id[found["Type"]]

    def _shown(self, row: Row, *, with_links: bool) -> Row:
        kind = self._by_id[row["Type"]]
        shown = {name: row[name] for name in ("Id", "Type", *SYSTEM_PROPERTIES[1:]) if row[name] is not None}
        for known in kind.properties.values():
            if known.column and row[known.column] is not None:
                value = row[known.column]
                shown[known.identifier] = bool(value) if known.value_type is ValueType.BOOLEAN else value
            elif known.side and with_links:
                shown[known.identifier] = self._linked(known, row["Id"])
        return shown

    def _linked(self, known: Property, resource_id: int) -> list[int]:
        here, there = ("R1Id", "R2Id") if known.side == 1 else ("R2Id", "R1Id")
        statement = f"SELECT {there} FROM ResourceLink WHERE Type = ? AND {here} = ? AND ValidTo = '{END_OF_TIME}'"
        return [r[0] for r in self.store.connection.execute(statement, (known.association, resource_id))]

    def _insert_links(self, known: Property, resource_id: int, targets: Iterable[int], since: str) -> None:
        sides = ("R1Id", "R2Id") if known.side == 1 else ("R2Id", "R1Id")
        rows = [{"Type": known.association, sides[0]: resource_id, sides[1]: t, "ValidFrom": since} for t in targets]
        self.store.insert("ResourceLink", rows)

    def _replace_links(self, known: Property, resource_id: int, targets: Iterable[int], at: datetime) -> None:
        before, after = set(self._linked(known, resource_id)), set(targets)
        here, there = ("R1Id", "R2Id") if known.side == 1 else ("R2Id", "R1Id")
        for gone in before - after:
            self.store.connection.execute(
                f"UPDATE ResourceLink SET ValidTo = ? WHERE Type = ? AND {here} = ? AND {there} = ? AND ValidTo = ?",
                (to_text(at), known.association, resource_id, gone, END_OF_TIME),
            )
        self._insert_links(known, resource_id, sorted(after - before), to_text(at))

    def _list_system_types(self) -> None:
        if self.store.count("EntityType", "Id >= ?", (FIRST_SYSTEM_ENTITY_TYPE,)):
            return
        named = [e.name for e in ENTITIES.values() if e.endpoint]
        self.store.insert(
            "EntityType",
            [{"Id": FIRST_SYSTEM_ENTITY_TYPE + n, "Identifier": i, "DisplayName": i} for n, i in enumerate(named)],
        )

    def _declare_properties(self, spec: EntityTypeSpec) -> None:
        kind = self.types[spec.identifier]
        values = iter(range(TEXT_COLUMNS))
        references = iter(range(REFERENCE_COLUMNS))
        for wanted in spec.properties:
            property_id = self.store.next_id("EntityProperty")
            column, index, association, side = "", None, 0, 0
            if wanted.target:
                association = self.store.next_id("EntityAssociation")
            if wanted.many:
                side = 1
            elif wanted.identifier in SYSTEM_PROPERTIES:
                column = wanted.identifier
            elif wanted.target:
                number = next(references)
                column, index = f"I{number}", FIRST_REFERENCE_INDEX + number
            else:
                number = next(values)
                column, index = f"C{number}", number
            value_type = ValueType.REFERENCE if wanted.target else wanted.value_type
            known = Property(
                property_id, wanted.identifier, value_type, column, wanted.target, wanted.many, association, side
            )
            kind.properties[wanted.identifier.casefold()] = known
            self._write_property(kind, known, wanted.display_name, index, is_key=wanted.is_key)
            if (wanted.is_key or wanted.indexed or wanted.target) and column not in ("", *SYSTEM_PROPERTIES):
                self.store.index_resource_column(column)
            if wanted.target:
                self._declare_association(kind, known, wanted)

    def _declare_association(self, kind: EntityType, known: Property, wanted: PropertySpec) -> None:
        back_id: int | None = None
        if wanted.inverse:
            target = self.types[wanted.target]
            back = Property(
                self.store.next_id("EntityProperty"),
                wanted.inverse,
                ValueType.REFERENCE,
                target=kind.identifier,
                many=True,
                association=known.association,
                side=2 if wanted.many else 0,
                inverse_column=known.column,
            )
            target.properties[wanted.inverse.casefold()] = back
            self._write_property(target, back)
            back_id = back.id
        self.store.insert(
            "EntityAssociation",
            [
                {
                    "Id": known.association,
                    "Identifier": f"{kind.identifier}_{known.identifier}",
                    "DisplayName": f"{kind.identifier} {known.identifier}",
                    "Property1Id": known.id,
                    "Property2Id": back_id,
                    "IsProperty1Collection": wanted.many,
                }
            ],
        )

    def _write_property(
        self, kind: EntityType, known: Property, display: str = "", index: int | None = None, *, is_key: bool = False
    ) -> None:
        row = {
            "Id": known.id,
            "Identifier": known.identifier,
            "DisplayName": display or known.identifier,
            "EntityTypeId": kind.id,
            "TargetColumnIndex": index,
            "ValueType": int(known.value_type),
            "IsKey": is_key,
        }
        if known.association:
            row["Association2Id" if not known.column and known.side != 1 else "Association1Id"] = known.association
        self.store.insert("EntityProperty", [row])


def _column(kind: EntityType, name: str) -> str:
    if name in SYSTEM_PROPERTIES:
        return name
    known = kind.find(name)
    if known is None or not known.column:
        raise KeyError(f"{kind.identifier} has no stored property {name}")
    return known.column
