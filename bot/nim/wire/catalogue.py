"""Connectors, resource types, entity types, tables: what changes with a configuration only (nim-api 4.2, 4.8, 4.9)."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from bot.model.change import TableMapping
from bot.model.ids import AgentId, ConnectorId, EntityTypeId, ResourceTypeId
from bot.model.job import Connector, Limits
from bot.model.order import ResourceType
from bot.nim.squery import Join, Query, paths
from bot.nim.wire.row import Row

FIRST_SYSTEM_TYPE: Final = 2147483647
"""Entity types from this id on are the product's own tables."""
_LINES: Final = (
    "MaximumInsertedLines",
    "MaximumDeletedLines",
    "MaximumUpdatedLines",
    "MaxPercentageInsertedLines",
    "MaxPercentageDeletedLines",
    "MaxPercentageUpdatedLines",
)
_LINKS: Final = (
    "MaximumLinkInsertedLines",
    "MaximumLinkDeletedLines",
    "MaxLinkPercentageInsertedLines",
    "MaxLinkPercentageDeletedLines",
)
_ASSOCIATION_LINKS: Final = (
    "MaximumInsertedLines",
    "MaximumDeletedLines",
    "MaxPercentageInsertedLines",
    "MaxPercentageDeletedLines",
)
_ORDERS: Final = (
    "MaximumInsert",
    "MaximumDelete",
    "MaximumUpdate",
    "MaximumInsertPercent",
    "MaximumDeletePercent",
    "MaximumUpdatePercent",
)
_CONNECTION: Final = Join("Connection", "c")
_SOURCE: Final = Join("SourceEntityType", "se")
_TARGET: Final = Join("TargetEntityType", "te")
_KIND: Final = Join("EntityType", "et")
_PROPERTIES: Final = Join("Properties", "p")
_MAPPED: Final = Join("EntityTypeMappings", "m")
_MAPPED_KIND: Final = Join("EntityType", "mk", after=_MAPPED)
_LINKED: Final = Join("EntityAssociationMappings", "l")
_CONNECTOR_FIELDS: Final = paths(
    *("Id", "Identifier", "DisplayName", "AgentId", "IsDeactivated", "IsSynchronizationBlocked"),
    *("CompleteJob", "IncrementalJob"),
    *_LINES,
    *_LINKS,
)

_TABLE_FIELDS: Final = ("Id", "EntityTypeId", "ConnectorId", "ConnectionTable", "ResourceCount", *_LINES)
_ASSOCIATION_FIELDS: Final = (
    *("Id", "EntityAssociationId", "ConnectorId", "ConnectionTable", "Column1", "Column2"),
    *_ASSOCIATION_LINKS,
)

CONNECTOR: Final = Query(select=_CONNECTOR_FIELDS, item=True)
TABLES: Final = Query(joins=(_KIND,), select=(*paths(*_TABLE_FIELDS), _KIND["Identifier"]))
ASSOCIATIONS: Final = Query(select=paths(*_ASSOCIATION_FIELDS))


def connectors(*, tables: bool) -> Query:
    """The connectors, with the tables and the link tables that they fill where the environment shows them beside."""
    if not tables:
        return Query(select=_CONNECTOR_FIELDS)
    return Query(
        joins=(_MAPPED, _MAPPED_KIND, _LINKED),
        select=(
            *_CONNECTOR_FIELDS,
            *(_MAPPED[name] for name in _TABLE_FIELDS),
            _MAPPED_KIND["Identifier"],
            *(_LINKED[name] for name in _ASSOCIATION_FIELDS),
        ),
    )


def resource_types(*, connection: bool, kinds: bool, limits: bool) -> Query:
    return Query(
        joins=(*((_CONNECTION,) if connection else ()), *((_SOURCE, _TARGET) if kinds else ())),
        select=(
            *paths("Id", "Identifier", "DisplayName", "SourceEntityTypeId", "TargetEntityTypeId", "BlockProvisioning"),
            *paths("AllowAdd", "AllowRemove", "DiscardManualAssignments", "DependsOnId", "DependsOnOwnerPropertyId"),
            *paths("TransmittedStateValidityPeriod", "AssignmentCount"),
            *(paths(*_ORDERS) if limits else ()),
            *((_CONNECTION["ConnectorId"],) if connection else ()),
            *(one[name] for one in (_SOURCE, _TARGET) if kinds for name in ("Id", "Identifier")),
        ),
    )


def entity_types(*, properties: bool) -> Query:
    return Query(
        joins=(_PROPERTIES,) if properties else (),
        select=(
            *paths("Id", "Identifier", "DisplayName"),
            *((_PROPERTIES["Id"], _PROPERTIES["Identifier"]) if properties else ()),
        ),
    )


@dataclass(frozen=True, slots=True)
class EntityKind:
    """An entity type with its properties by id; none where the installation does not show them."""

    id: EntityTypeId
    identifier: str
    properties: Mapping[str, str] = field(default_factory=dict)

    def property_id(self, name: str) -> str | None:
        wanted = name.casefold()
        return next((key for key, known in self.properties.items() if known.casefold() == wanted), None)

    def property_named(self, *names: str) -> str:
        """The first of `names` (in lower case) that the type has, in its own spelling; empty when it has none."""
        known = {one.casefold(): one for one in self.properties.values()}
        return next((known[name] for name in names if name in known), "")

    @property
    def records(self) -> str:
        """The usual navigation from a person to the records that sources feed; empty when there is none."""
        return self.property_named("records", "mainrecord")


def connector(row: Row) -> Connector:
    identifier = row.text("Identifier")
    return Connector(
        id=ConnectorId(row.own_id("a connector")),
        identifier=identifier,
        name=row.text("DisplayName") or identifier,
        agent_id=AgentId(agent) if (agent := row.id("AgentId")) else None,
        deactivated=bool(row.flag("IsDeactivated")),
        sync_blocked=row.flag("IsSynchronizationBlocked"),
        incremental_use=row.whole("IncrementalJob"),
        complete_use=row.whole("CompleteJob"),
        limits=_limits(row, lines=_LINES, links=_LINKS),
    )


def entity_kind(row: Row) -> EntityKind:
    return EntityKind(
        EntityTypeId(row.own_id("an entity type")),
        row.text("Identifier"),
        {key: one.text("Identifier") for one in row.members("Properties") if (key := one.id())},
    )


def is_system_type(row: Row) -> bool:
    return int(row.id() or 0) >= FIRST_SYSTEM_TYPE


def table(row: Row) -> tuple[TableMapping, Limits]:
    return (
        TableMapping(
            entity_type_id=row.id("EntityTypeId") or row.own_id("a connector's table"),
            entity_type=row.at("EntityType").text("Identifier"),
            connector_id=row.id("ConnectorId") or "",
            table=row.text("ConnectionTable"),
            stored=row.whole("ResourceCount"),
        ),
        _limits(row, lines=_LINES),
    )


def tables_of(connector_row: Row) -> tuple[tuple[TableMapping, Limits], ...]:
    return tuple(map(table, connector_row.members("EntityTypeMappings")))


def associations_of(connector_row: Row) -> tuple[tuple[TableMapping, Limits], ...]:
    return tuple(map(association, connector_row.members("EntityAssociationMappings")))


def association(row: Row) -> tuple[TableMapping, Limits]:
    """A link table. It has no entity type: its columns stand for its name, and its thresholds are those of links."""
    columns = [name for name in (row.text("Column1"), row.text("Column2")) if name]
    return (
        TableMapping(
            entity_type_id="",
            entity_type="",
            connector_id=row.id("ConnectorId") or "",
            table=" ".join(filter(None, (row.text("ConnectionTable"), f"({' – '.join(columns)})" if columns else ""))),
        ),
        _limits(row, links=_ASSOCIATION_LINKS),
    )


def resource_type(row: Row, connector_id: str | None, owner_properties: Mapping[str, str]) -> ResourceType:
    """`connector_id` where it is known otherwise than by the row; `owner_properties` names properties by id."""
    identifier = row.text("Identifier")
    owner_property = row.id("DependsOnOwnerPropertyId")
    found = row.at("Connection").id("ConnectorId") or connector_id
    limits = _limits(row, orders=_ORDERS)
    return ResourceType(
        id=ResourceTypeId(row.own_id("a resource type")),
        identifier=identifier,
        name=row.text("DisplayName") or identifier,
        connector_id=ConnectorId(found) if found else None,
        source_entity_type_id=EntityTypeId(source) if (source := row.id("SourceEntityTypeId")) else None,
        target_entity_type_id=EntityTypeId(target) if (target := row.id("TargetEntityTypeId")) else None,
        block_provisioning=row.flag("BlockProvisioning"),
        allow_add=row.flag("AllowAdd"),
        allow_remove=row.flag("AllowRemove"),
        discard_manual=row.flag("DiscardManualAssignments"),
        depends_on_id=ResourceTypeId(needed) if (needed := row.id("DependsOnId")) else None,
        depends_on_owner_property=owner_properties.get(owner_property, owner_property) if owner_property else "",
        validity_minutes=row.whole("TransmittedStateValidityPeriod"),
        assignment_count=row.whole("AssignmentCount"),
        limits=limits,
        limits_shown=limits != Limits(),
    )


def kinds_of(row: Row) -> tuple[tuple[str, str], ...]:
    """Id and identifier of the entity types that a resource type goes from and to; none where they are not shown."""
    ends = (row.at("SourceEntityType"), row.at("TargetEntityType"))
    return tuple((key, name) for one in ends if (key := one.id()) and (name := one.text("Identifier")))


def types_of_connector(content: Any) -> tuple[str, ...]:
    """The ids that /Connector/ResourceTypes/{id} answers: bare ids, or objects with one."""
    rows = content.get("Result", content.get("result", ())) if isinstance(content, Mapping) else content
    if not isinstance(rows, list):
        return ()
    return tuple(found for one in rows if (found := (Row(one) if isinstance(one, Mapping) else Row({"Id": one})).id()))


def _limits(
    row: Row, *, lines: tuple[str, ...] = (), links: tuple[str, ...] = (), orders: tuple[str, ...] = ()
) -> Limits:
    rows = [row.whole(name) for name in lines or orders] or [None] * 6
    linked = [row.whole(name) for name in links] or [None] * 4
    return Limits(*rows, *linked)
