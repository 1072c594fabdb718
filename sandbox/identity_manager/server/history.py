"""Versions and sources of a resource, read from the stored versions and assignments (nim-api 9.2-H, 9.2-S)."""

from __future__ import annotations

from typing import Any

from sandbox.identity_manager.resources import EntityType, Property, Resources
from sandbox.identity_manager.schema import END_OF_TIME
from sandbox.identity_manager.store import Row

_MOST_RECORDS = 50


def history_of(resources: Resources, kind: str, resource_id: int, only: str | None = None) -> list[dict[str, Any]]:
    """What changed in each version of a resource and of the records it leads to, newest first.

    A change of a record stands under the way to it (``MainRecord.LastName``). ``only`` keeps one property.
    """
    entity_type = resources.types[kind]
    found = _changes(resources, entity_type, resource_id, "")
    for known in _own_records(entity_type):
        rows = resources.store.connection.execute(
            f"SELECT DISTINCT {known.column} FROM Resource WHERE Id = ? AND {known.column} IS NOT NULL", (resource_id,)
        ).fetchall()
        for row in rows:
            found += _changes(resources, resources.types[known.target], row[0], f"{known.identifier}.")
    merged: dict[str, dict[str, Any]] = {}
    for version in found:
        at = merged.setdefault(version["ValidFrom"], {**version, "Changes": {}})
        at["Changes"].update(version["Changes"])
    ordered = sorted(merged.values(), key=lambda v: str(v["ValidFrom"]), reverse=True)
    if only:
        ordered = [{**v, "Changes": _only(v["Changes"], only)} for v in ordered]
    return [v for v in ordered if v["Changes"]]


def sources_of(resources: Resources, kind: str, resource_id: int) -> list[dict[str, Any]]:
    """The source records behind a resource: the owners of the assignments that made it, or one of its records."""
    entity_type = resources.types[kind]
    ids = [resource_id]
    for known in entity_type.properties.values():
        if known.inverse_column and known.many:
            rows = resources.store.rows(
                "Resource",
                f"Type = {resources.types[known.target].id} AND {known.inverse_column} = ?",
                (resource_id,),
                limit=_MOST_RECORDS,
            )
            ids += [row["Id"] for row in rows]
    among = ",".join(str(i) for i in ids)
    found: list[dict[str, Any]] = []
    for order in resources.store.rows("AssignedResourceType", f"ResourceId IN ({among})", order="Id"):
        owner = resources.get(order["OwnerId"])
        owner_type = resources.type_by_id(order["OwnerType"])
        if owner is None or owner_type is None:
            continue
        found.append(
            {
                "EntityType": owner_type.identifier,
                "ResourceId": str(owner["Id"]),
                "InternalDisplayName": owner.get("InternalDisplayName"),
                "ResourceType": (resources.store.row("ResourceType", order["RoleId"]) or {}).get("Identifier"),
                "WorkflowState": order["WorkflowState"],
                "Properties": _properties_of(resources, order),
            }
        )
    return found


def _properties_of(resources: Resources, order: Row) -> list[str]:
    """What a source contributes: the values of its assignment, else what the rules of its resource type compute."""
    statement = (
        "SELECT DISTINCT p.Identifier FROM {table} v "
        f"JOIN EntityProperty p ON p.Id = v.PropertyId AND p.ValidTo = '{END_OF_TIME}' WHERE {{condition}} ORDER BY 1"
    )
    current = f"v.AssignedResourceTypeId = ? AND v.ValidTo = '{END_OF_TIME}'"
    values = statement.format(table="AssignedResourceScalar", condition=current)
    rules = statement.format(table="ResourceScalarRule", condition="v.ResourceTypeId = ?")
    connection = resources.store.connection
    found = [row[0] for row in connection.execute(values, (order["Id"],))]
    return found or [row[0] for row in connection.execute(rules, (order["RoleId"],))]


def _computed_by(resources: Resources, resource_type: int) -> list[str]:
    """Properties that the type's scalar rules compute, for assignments whose single values are not kept."""
    rows = resources.store.connection.execute(
        "SELECT DISTINCT p.Identifier FROM ResourceScalarRule r "
        f"JOIN EntityProperty p ON p.Id = r.PropertyId AND p.ValidTo = '{END_OF_TIME}' "
        "WHERE r.ResourceTypeId = ? ORDER BY 1",
        (resource_type,),
    )
    return [row[0] for row in rows]


def _own_records(entity_type: EntityType) -> list[Property]:
    """To-one references to an entity type that belongs to this one (it sees it as a collection too)."""
    collections = {p.target for p in entity_type.properties.values() if p.many and p.inverse_column}
    return [p for p in entity_type.properties.values() if p.target in collections and p.column]


def _changes(resources: Resources, entity_type: EntityType, resource_id: int, prefix: str) -> list[dict[str, Any]]:
    versions = resources.store.connection.execute(
        "SELECT * FROM Resource WHERE Id = ? ORDER BY ValidFrom", (resource_id,)
    ).fetchall()
    found: list[dict[str, Any]] = []
    for number, version in enumerate(versions):
        before = versions[number - 1] if number else None
        changes: dict[str, Any] = {}
        for known in entity_type.properties.values():
            if not known.column:
                continue
            old = before[known.column] if before is not None else None
            new = version[known.column]
            if old != new:
                changes[prefix + known.identifier] = {"Old": _text(old), "New": _text(new)}
        found.append({"ValidFrom": version["ValidFrom"], "ValidTo": version["ValidTo"], "Changes": changes})
    return found


def _text(value: Any) -> str | None:
    return None if value is None else str(value)


def _only(changes: dict[str, Any], wanted: str) -> dict[str, Any]:
    folded = wanted.casefold()
    return {n: c for n, c in changes.items() if folded in (n.casefold(), n.casefold().rpartition(".")[2])}
