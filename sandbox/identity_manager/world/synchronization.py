"""Synchronize: computes what prepared tables change in the database, holds it against the thresholds, applies it."""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from dataclasses import dataclass, field

from sandbox.identity_manager.entities.changes import DELETE, INSERT, UPDATE
from sandbox.identity_manager.store import Row as StoreRow
from sandbox.identity_manager.world import catalogue
from sandbox.identity_manager.world.configuration import Configuration
from sandbox.identity_manager.world.database import Database
from sandbox.identity_manager.world.metadata import SHAPES
from sandbox.identity_manager.world.model import Resource
from sandbox.identity_manager.world.orders import Exceeded
from sandbox.identity_manager.world.preparation import Prepared
from sandbox.identity_manager.world.systems.table import Row

_REFERENCE_COLUMNS = {("HR_Person", "Organization"): "OrganizationCode"}
"""Where the column that holds a reference's key is not named like the reference."""

_KINDS = (("Inserted", INSERT), ("Updated", UPDATE), ("Deleted", DELETE))


@dataclass(slots=True)
class Change:
    entity_type: str
    operation: int
    key: str
    row: Row
    changed: dict[str, str | None] = field(default_factory=dict)
    moved: dict[str, str] = field(default_factory=dict)
    """reference -> key of its new target"""


@dataclass(slots=True)
class LinkChange:
    operation: int
    entity_type: str
    association: str
    source: str
    target: str


@dataclass(slots=True)
class ChangeSet:
    """What a synchronisation would do."""

    connector: str
    changes: list[Change] = field(default_factory=list)
    links: list[LinkChange] = field(default_factory=list)
    exceeded: list[Exceeded] = field(default_factory=list)

    def count(self, operation: int) -> int:
        return sum(1 for c in self.changes if c.operation == operation)

    def count_links(self, operation: int) -> int:
        return sum(1 for c in self.links if c.operation == operation)


class Synchronization:
    """Applies tables to resources."""

    def __init__(self, database: Database, configuration: Configuration) -> None:
        self.database = database
        self.configuration = configuration
        self._applied: dict[str, dict[str, Row]] = defaultdict(dict)
        """table -> key -> the row object last applied, to pass over what is the very same"""
        self._members: dict[str, set[tuple[str, str]]] = defaultdict(set)

    def forget(self, table: str) -> None:
        """The database was changed otherwise: compare everything again."""
        self._applied.pop(table, None)

    # -- finding changes -----------------------------------------------------------------------------------------------

    def compare(self, connector: str, prepared: list[Prepared], *, initial: bool = False) -> ChangeSet:
        found = ChangeSet(connector)
        by_table = {p.table: p for p in prepared}
        for entity_type in catalogue.CONNECTORS[connector][1]:
            table = by_table.get(catalogue.TABLE_OF[entity_type])
            if table is not None:
                self._compare_table(entity_type, table, found)
        if "ad_members" in by_table:
            self._compare_members(by_table["ad_members"], found)
        if not initial and (found.changes or found.links):
            found.exceeded = self._exceeded(found)
        return found

    def _compare_table(self, entity_type: str, table: Prepared, found: ChangeSet) -> None:
        held = self.database.by_key[entity_type]
        applied = self._applied[table.table]
        for key, row in table.upserts.items():
            resource = held.get(key)
            if resource is None:
                found.changes.append(
                    Change(entity_type, INSERT, key, row, dict(row), self._references(entity_type, row))
                )
            elif applied.get(key) is not row:
                self._compare_row(entity_type, resource, row, found)
                applied[key] = row
        gone = [key for key in held if key not in table.upserts] if table.complete else table.deletes
        for key in gone:
            if key in held:
                found.changes.append(Change(entity_type, DELETE, key, {}))
        for change in found.changes:
            applied.pop(change.key, None)
        self._follow_references(entity_type, found)

    def _compare_row(self, entity_type: str, resource: Resource, row: Row, found: ChangeSet) -> None:
        shape = SHAPES[entity_type]
        changed = {
            name: row[name] for name in shape.values if name in row and (row[name] or None) != resource.values.get(name)
        }
        moved: dict[str, str] = {}
        for name, key in self._references(entity_type, row).items():
            target = self.database.resources.get(resource.refs.get(name, 0))
            known = self.database.find(shape.references[name], key) if key else None
            if (known.key if known else "") != (target.key if target else ""):
                moved[name] = key
        if changed or moved:
            found.changes.append(Change(entity_type, UPDATE, resource.key, row, {**changed}, moved))

    def _references(self, entity_type: str, row: Row) -> dict[str, str]:
        references: dict[str, str] = {}
        for name in SHAPES[entity_type].references:
            column = _REFERENCE_COLUMNS.get((entity_type, name), name)
            if column in row:
                references[name] = row[column]
        return references

    def _follow_references(self, entity_type: str, found: ChangeSet) -> None:
        """References are links, too: their insertions and deletions count against the link thresholds."""
        for change in found.changes:
            if change.entity_type != entity_type:
                continue
            resource = self.database.find(entity_type, change.key)
            for name, target_type in SHAPES[entity_type].references.items():
                before = self.database.resources.get(resource.refs.get(name, 0)) if resource else None
                after = change.moved.get(name)
                if before is not None and (change.operation == DELETE or after is not None):
                    found.links.append(LinkChange(DELETE, entity_type, name, change.key, before.key))
                if after and self.database.find(target_type, after):
                    found.links.append(LinkChange(INSERT, entity_type, name, change.key, after))

    def _compare_members(self, table: Prepared, found: ChangeSet) -> None:
        """Membership; the deletes of a delta name groups whose members are given anew."""
        pairs = {(row["group"], row["member"]) for row in table.upserts.values()}
        held = self._members["memberOf"]
        if table.complete:
            gone = held - pairs
        else:
            groups = set(table.deletes)
            gone = {pair for pair in held if pair[0] in groups} - pairs
        for group, member in sorted(pairs - held):
            found.links.append(LinkChange(INSERT, "AD_Entry", "memberOf", member, group))
        for group, member in sorted(gone):
            found.links.append(LinkChange(DELETE, "AD_Entry", "memberOf", member, group))

    # -- thresholds ----------------------------------------------------------------------------------------------------

    def _exceeded(self, found: ChangeSet) -> list[Exceeded]:
        exceeded: list[Exceeded] = []
        connector = self.configuration.connectors[found.connector]
        entity_types = catalogue.CONNECTORS[found.connector][1]
        per_type = Counter((c.entity_type, c.operation) for c in found.changes)
        stored = {name: len(self.database.by_key[name]) for name in entity_types}
        for what, operation in _KINDS:
            total = sum(per_type[name, operation] for name in entity_types)
            self._check(exceeded, connector, "Connector", what, total, sum(stored.values()))
            for name in entity_types:
                mapping = self.configuration.mappings[name]
                self._check(exceeded, mapping, name, what, per_type[name, operation], stored[name])
        links_stored = self._links_stored(found.connector)
        per_link = Counter((f"{c.entity_type}_{c.association}", c.operation) for c in found.links)
        for what, operation in (("Inserted", INSERT), ("Deleted", DELETE)):
            total = found.count_links(operation)
            self._check(exceeded, connector, "Connector", f"Link{what}", total, sum(links_stored.values()))
            for name, mapping in self.configuration.link_mappings.items():
                if name in links_stored:
                    self._check(exceeded, mapping, name, what, per_link[name, operation], links_stored[name])
        return exceeded

    def _links_stored(self, connector: str) -> dict[str, int]:
        stored: dict[str, int] = {}
        for entity_type in catalogue.CONNECTORS[connector][1]:
            for name in SHAPES[entity_type].references:
                stored[f"{entity_type}_{name}"] = sum(
                    name in r.refs for r in self.database.by_key[entity_type].values()
                )
            for name in SHAPES[entity_type].links:
                stored[f"{entity_type}_{name}"] = len(self._members[name])
        return stored

    def _check(self, exceeded: list[Exceeded], row: StoreRow, scope: str, what: str, count: int, stored: int) -> None:
        absolute, percent = f"Maximum{what}Lines", f"MaxPercentage{what}Lines"
        if what.startswith("Link"):
            percent = f"MaxLinkPercentage{what[4:]}Lines"
        limit = int(row.get(absolute) or 0)
        if limit and count > limit:
            exceeded.append(Exceeded(scope, absolute, limit, count))
        share = int(row.get(percent) or 0)
        if share and stored and count * 100 > share * stored:
            exceeded.append(Exceeded(scope, percent, share, count * 100 // stored))

    # -- writing -------------------------------------------------------------------------------------------------------

    def record(self, found: ChangeSet, job_instance: int, task_instance: int) -> None:
        """Keeps the changes of a blocked run, for a person to judge."""
        store = self.database.store
        changes: list[StoreRow] = []
        for change in found.changes:
            resource = self.database.find(change.entity_type, change.key)
            shown = {n: v for n, v in change.changed.items() if n in SHAPES[change.entity_type].values}
            changes.append(
                {
                    "EntityTypeId": self.database.type_id(change.entity_type),
                    "JobInstanceId": job_instance,
                    "TaskInstanceId": task_instance,
                    "ChangeOperation": change.operation,
                    "PrimaryKey": change.key,
                    "ResourceId": resource.id if resource else None,
                    "Changes": json.dumps(shown, ensure_ascii=False),
                }
            )
        store.insert("ResourceChange", changes)
        links: list[StoreRow] = []
        for link in found.links:
            shape = SHAPES[link.entity_type]
            target_type = shape.links.get(link.association) or shape.references[link.association]
            source = self.database.find(link.entity_type, link.source)
            target = self.database.find(target_type, link.target)
            links.append(
                {
                    "EntityTypeId": self.database.type_id(link.entity_type),
                    "JobInstanceId": job_instance,
                    "TaskInstanceId": task_instance,
                    "ChangeOperation": link.operation,
                    "Property1Name": link.association,
                    "R1Id": source.id if source else None,
                    "R1Pk": link.source,
                    "R2Id": target.id if target else None,
                    "R2Pk": link.target,
                }
            )
        store.insert("ResourceLinkChange", links)

    def discard(self, job_instance: int) -> None:
        for entity in ("ResourceChange", "ResourceLinkChange"):
            self.database.store.delete(entity, "JobInstanceId = ?", (job_instance,))

    def apply(self, found: ChangeSet, now: float) -> set[int]:
        """Makes the changes; returns the ids of the resources that are new, changed or gone."""
        touched: set[int] = set()
        inserted: list[tuple[Change, Resource]] = []
        for change in found.changes:
            resource = self.database.find(change.entity_type, change.key)
            applied = self._applied[catalogue.TABLE_OF[change.entity_type]]
            if change.operation == DELETE:
                if resource is not None:
                    touched.add(resource.id)
                    self.database.end(resource, now)
                    self._members["memberOf"] = {p for p in self._members["memberOf"] if change.key not in p}
                applied.pop(change.key, None)
                continue
            applied[change.key] = change.row
            shape = SHAPES[change.entity_type]
            values = {name: value for name, value in change.changed.items() if name in shape.values}
            if resource is None:
                resource = self.database.add(change.entity_type, values, {}, now)
                inserted.append((change, resource))
            else:
                self.database.change(resource, values, self._targets(change), now)
            touched.add(resource.id)
        for change, resource in inserted:
            refs = self._targets(change)
            if any(refs.values()):
                self.database.change(resource, {}, refs, now)
        for link in found.links:
            if link.association == "memberOf":
                touched |= self._apply_member(link, now)
        for entity_type in catalogue.CONNECTORS[found.connector][1]:
            mapping = self.configuration.mappings[entity_type]
            count = len(self.database.by_key[entity_type])
            if mapping.get("ResourceCount") != count:
                self.database.store.update("EntityTypeMapping", int(mapping["Id"]), {"ResourceCount": count})
                mapping["ResourceCount"] = count
        return touched

    def _targets(self, change: Change) -> dict[str, int | None]:
        shape = SHAPES[change.entity_type]
        targets: dict[str, int | None] = {}
        for name, key in change.moved.items():
            target = self.database.find(shape.references[name], key) if key else None
            targets[name] = target.id if target else None
        return targets

    def _apply_member(self, link: LinkChange, now: float) -> set[int]:
        pair = (link.target, link.source)
        member, group = self.database.find("AD_Entry", link.source), self.database.find("AD_Entry", link.target)
        if link.operation == INSERT and member is not None and group is not None:
            self._members["memberOf"].add(pair)
            self.database.link(member, group.id, now, member=True)
            return {member.id}
        self._members["memberOf"].discard(pair)
        if member is not None and group is not None:
            self.database.link(member, group.id, now, member=False)
            return {member.id}
        return set()
