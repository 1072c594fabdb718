"""What can be said about a row in a query: its properties and the ways that lead on, for system entities and
resources alike."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from sandbox.identity_manager.entities import ENTITIES
from sandbox.identity_manager.resources import EntityType, Property, Resources, ValueType
from sandbox.identity_manager.schema import END_OF_TIME, RESOURCE, Entity, Field, Kind

_LANGUAGE = re.compile(r"(?P<neutral>.+)_L(?P<number>[1-9]|1[0-6])$", re.IGNORECASE)
_LOCALIZED = {"displayname", "fullname", "description"}
_THRESHOLDS_OF_TYPES = re.compile(r"maximum(insert|delete|update)(percent)?$")
_COUNTERS = re.compile(r"c[0-7]|wrappedprogress")
_KINDS = {ValueType.INTEGER: Kind.INT, ValueType.DATE: Kind.DATE, ValueType.BOOLEAN: Kind.BOOL}

NO_SUCH_TYPE = -1


@dataclass(frozen=True, slots=True)
class View:
    """Under which conditions a query is answered: what the caller's version, the profile and the moment let it see."""

    resources: Resources
    version: int = 1
    current_values: bool = False
    hide_type_thresholds: bool = False
    hide_counters: bool = False
    hidden_runs: frozenset[int] = frozenset()
    """Runs that were started so recently that they are not visible yet."""

    def hidden_list(self) -> str:
        return ",".join(str(i) for i in sorted(self.hidden_runs))


@dataclass(frozen=True, slots=True)
class Column:
    """A property of a row. ``sql`` is an expression in which ``{t}`` is the table's alias."""

    name: str
    kind: Kind
    sql: str
    flags: bool = False


@dataclass(frozen=True, slots=True)
class Link:
    """A way on. ``local`` and ``remote`` are columns; over ``association`` the rows meet in ResourceLink instead."""

    name: str
    target: Shape
    local: Column
    remote: str = "Id"
    many: bool = False
    association: int = 0
    side: int = 0
    polymorphic: bool = False


@dataclass(frozen=True, slots=True)
class Shape:
    """A kind of row: a system entity, an entity type of the installation, or a resource whose type is not told."""

    entity: Entity
    view: View = field(repr=False)
    resource_type: EntityType | None = None
    no_such_type: bool = False

    def column(self, name: str) -> Column | None:
        """A property by its name, whatever the case; None when there is no such property here."""
        if self.entity.name == RESOURCE:
            return self._resource_column(name)
        found = self.entity.find_field(name)
        if found is not None:
            return self._visible(found)
        language = _LANGUAGE.match(name)
        if language and language["neutral"].casefold() in _LOCALIZED:
            neutral = self.column(language["neutral"])
            if neutral is not None:
                sql = neutral.sql if language["number"] == "1" else "NULL"
                return Column(f"{neutral.name}_L{language['number']}", Kind.TEXT, sql)
        return None

    def columns(self) -> list[Column]:
        """All own scalar properties that this caller sees."""
        if self.entity.name == RESOURCE:
            known = self.resource_type.properties.values() if self.resource_type else ()
            names = [p.identifier + ("Id" if p.value_type is ValueType.REFERENCE else "") for p in known if p.column]
            found = [self._resource_column(n) for n in ["Id", "InternalDisplayName", *names]]
        else:
            found = [self._visible(f) for f in self.entity.fields.values()]
        return [c for c in found if c is not None]

    def link(self, name: str) -> Link | None:
        """A navigation by its name, whatever the case."""
        if self.resource_type is not None:
            known = self.resource_type.find(name)
            if known is not None and known.target:
                return self._resource_link(known)
        found = self.entity.find_navigation(name)
        if found is None or found.since > self.view.version:
            return None
        local = self._column_of(self.entity.fields[found.local.casefold()])
        if found.on_request and not self.view.current_values:
            local = Column(local.name, local.kind, "NULL")
        target = Shape(ENTITIES[found.target], self.view)
        return Link(found.name, target, local, found.remote, found.many, polymorphic=found.target == RESOURCE)

    def of_type(self, identifier: str) -> Shape:
        """This polymorphic target narrowed to an entity type; a type that does not exist has no rows."""
        found = self.view.resources.find_type(identifier)
        return Shape(self.entity, self.view, found, no_such_type=found is None)

    def condition(self, as_of: str | None) -> str:
        """Which rows of the table exist for this query; ``{t}`` is the table's alias."""
        parts: list[str] = []
        if self.entity.historized:
            if as_of is None:
                parts.append(f"{{t}}.ValidTo = '{END_OF_TIME}'")
            else:
                parts.append(f"{{t}}.ValidFrom <= '{as_of}' AND {{t}}.ValidTo > '{as_of}'")
        if self.no_such_type:
            parts.append(f"{{t}}.Type = {NO_SUCH_TYPE}")
        elif self.resource_type is not None:
            parts.append(f"{{t}}.Type = {self.resource_type.id}")
        if self.view.hidden_runs and self.entity.name == "JobInstance":
            parts.append(f"{{t}}.Id NOT IN ({self.view.hidden_list()})")
        if self.view.hidden_runs and self.entity.name == "TaskInstance":
            parts.append(f"{{t}}.JobInstanceId NOT IN ({self.view.hidden_list()})")
        return " AND ".join(parts) or "1"

    def _visible(self, found: Field) -> Column | None:
        if found.internal or found.since > self.view.version:
            return None
        if (
            self.view.hide_type_thresholds
            and self.entity.name == "ResourceType"
            and _THRESHOLDS_OF_TYPES.match(found.name.casefold())
        ):
            return None
        return self._column_of(found)

    def _column_of(self, found: Field) -> Column:
        sql = f'{{t}}."{found.name}"'
        if (found.on_request and not self.view.current_values) or (
            self.view.hide_counters
            and self.entity.name == "TaskInstance"
            and _COUNTERS.fullmatch(found.name.casefold())
        ):
            sql = "NULL"
        elif self.view.hidden_runs and found.name == "LastJobInstance_Id":
            sql = (
                "(SELECT max(run.Id) FROM JobInstance run WHERE run.JobId = {t}.Id "
                f"AND run.Id NOT IN ({self.view.hidden_list()}))"
            )
        return Column(found.name, found.kind, sql, found.flags)

    def _resource_column(self, name: str) -> Column | None:
        folded = name.casefold()
        if folded == "id":
            return Column("Id", Kind.ID, '{t}."Id"')
        if folded == "internaldisplayname":
            return Column("InternalDisplayName", Kind.TEXT, '{t}."InternalDisplayName"')
        if self.resource_type is None:
            return None
        known = self.resource_type.find(name)
        if known is not None and known.column and known.value_type is not ValueType.REFERENCE:
            return Column(known.identifier, _KINDS.get(known.value_type, Kind.TEXT), f'{{t}}."{known.column}"')
        known = self.resource_type.find(name[:-2]) if folded.endswith("id") else None
        if known is not None and known.column and known.value_type is ValueType.REFERENCE:
            return Column(f"{known.identifier}Id", Kind.REF, f'{{t}}."{known.column}"')
        return None

    def _resource_link(self, known: Property) -> Link:
        target = Shape(self.entity, self.view, self.view.resources.types[known.target])
        own_id = Column("Id", Kind.ID, '{t}."Id"')
        if known.side:
            return Link(known.identifier, target, own_id, many=True, association=known.association, side=known.side)
        if known.inverse_column:
            return Link(known.identifier, target, own_id, known.inverse_column, many=True)
        local = Column(f"{known.identifier}Id", Kind.REF, f'{{t}}."{known.column}"')
        return Link(known.identifier, target, local)
