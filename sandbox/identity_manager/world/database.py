"""What the Identity Manager holds, in memory, and its way into the store.

The engine works on these records; every change is written to the store, so that the server reads nothing else.
"""

from __future__ import annotations

import itertools
from collections import defaultdict
from collections.abc import Iterable, Mapping

from sandbox.identity_manager.resources import Resources
from sandbox.identity_manager.store import Row, Store
from sandbox.identity_manager.world import rows
from sandbox.identity_manager.world.clock import to_datetime, to_iso
from sandbox.identity_manager.world.metadata import SHAPES, label_of, specs
from sandbox.identity_manager.world.model import Assignment, LinkValue, Resource, RoleAssignment, ScalarValue


class Database:
    """Resources, links, assignments. Ids are the store's."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self.shapes = Resources(store)
        self.shapes.define(specs())
        self.resources: dict[int, Resource] = {}
        self.by_key: dict[str, dict[str, Resource]] = {identifier: {} for identifier in SHAPES}
        self.members: dict[int, set[int]] = defaultdict(set)
        """resource -> groups it is a member of"""
        self.assignments: dict[int, Assignment] = {}
        self.of_owner: dict[int, list[Assignment]] = defaultdict(list)
        self.of_resource: dict[int, list[Assignment]] = defaultdict(list)
        self.roles_of: dict[int, list[RoleAssignment]] = defaultdict(list)
        self.role_ids: dict[str, int] = {}
        """resource types and roles by identifier"""
        self.target_types: dict[str, str] = {}
        """resource type -> entity type of its accounts"""
        self.type_versions: dict[str, int] = dict.fromkeys(SHAPES, 0)
        """version of the newest change of any resource of the type"""
        self._version = itertools.count(1)
        self._counters: dict[str, itertools.count[int]] = {}
        self._new_resources: list[Resource] = []
        self._known: set[int] = set()
        self._touched: dict[int, Assignment] = {}
        self._touched_roles: dict[int, RoleAssignment] = {}
        self._written_scalars: dict[int, tuple[object, ...]] = {}
        self._written_links: dict[int, tuple[object, ...]] = {}

    def next_id(self, entity: str) -> int:
        counter = self._counters.get(entity)
        if counter is None:
            counter = self._counters[entity] = itertools.count(self.store.next_id(entity))
        return next(counter)

    def type_id(self, identifier: str) -> int:
        return self.shapes.types[identifier].id

    def property_id(self, entity_type: str, name: str) -> int:
        found = self.shapes.types[entity_type].find(name)
        if found is None:
            raise KeyError(f"{entity_type} has no property {name}")
        return found.id

    def type_of(self, resource_id: int) -> int:
        return self.type_id(self.resources[resource_id].type)

    # -- resources -----------------------------------------------------------------------------------------------------

    def find(self, entity_type: str, key: str) -> Resource | None:
        return self.by_key[entity_type].get(key)

    def add(
        self,
        entity_type: str,
        values: Mapping[str, str | None],
        refs: Mapping[str, int],
        at: float,
        *,
        created: float | None = None,
    ) -> Resource:
        kept = {name: value or None for name, value in values.items()}
        key = kept[SHAPES[entity_type].key]
        if key is None:
            raise ValueError(f"a {entity_type} needs its key")
        number, name = self.next_id("Resource"), label_of(entity_type, kept)
        resource = Resource(
            number, entity_type, key, name, kept, dict(refs), at, created or at, version=next(self._version)
        )
        self.resources[resource.id] = resource
        self.by_key[entity_type][key] = resource
        self.type_versions[entity_type] = resource.version
        self._new_resources.append(resource)
        return resource

    def change(
        self, resource: Resource, values: Mapping[str, str | None], refs: Mapping[str, int | None], at: float
    ) -> bool:
        """Applies what differs; False when nothing does."""
        changed: dict[str, object] = {
            name: value or None for name, value in values.items() if (value or None) != resource.values.get(name)
        }
        moved = {name: target for name, target in refs.items() if target != resource.refs.get(name)}
        if not changed and not moved:
            return False
        resource.values.update({name: value if value is None else str(value) for name, value in changed.items()})
        for name, target in moved.items():
            if target is None:
                resource.refs.pop(name, None)
            else:
                resource.refs[name] = target
        resource.version = self.type_versions[resource.type] = next(self._version)
        resource.valid_from = at
        name = label_of(resource.type, resource.values)
        if name != resource.name:
            resource.name = changed["InternalDisplayName"] = name
        if resource.id in self._known:
            self.shapes.change(resource.id, {**changed, **moved}, to_datetime(at))
        return True

    def end(self, resource: Resource, at: float) -> None:
        """The resource exists no longer."""
        self._write_new_resources()
        del self.resources[resource.id]
        self.by_key[resource.type].pop(resource.key, None)
        self.type_versions[resource.type] = next(self._version)
        self.members.pop(resource.id, None)
        self.shapes.end(resource.id, to_datetime(at))

    def link(self, resource: Resource, group: int, at: float, *, member: bool) -> None:
        """Group membership as synchronised."""
        groups = self.members[resource.id]
        (groups.add if member else groups.discard)(group)
        resource.version = next(self._version)
        if resource.id in self._known:
            self.shapes.change(resource.id, {"memberOf": sorted(groups)}, to_datetime(at))

    # -- assignments ---------------------------------------------------------------------------------------------------

    def assign(self, assignment: Assignment) -> None:
        self.assignments[assignment.id] = assignment
        self.of_owner[assignment.owner].append(assignment)
        if assignment.resource is not None:
            self.of_resource[assignment.resource].append(assignment)
        self.touch(assignment)

    def set_resource(self, assignment: Assignment, resource: int | None) -> None:
        if assignment.resource is not None:
            self.of_resource[assignment.resource].remove(assignment)
        assignment.resource = resource
        if resource is not None:
            self.of_resource[resource].append(assignment)
        self.touch(assignment)

    def adopt(self, stored: Iterable[Assignment]) -> None:
        """Assignments whose rows are in the store already."""
        for assignment in stored:
            self.assignments[assignment.id] = assignment
            self.of_owner[assignment.owner].append(assignment)
            if assignment.resource is not None:
                self.of_resource[assignment.resource].append(assignment)
            self._known.add(assignment.id)
            self._known.update(error.id for error in assignment.errors)

    def touch(self, assignment: Assignment) -> None:
        self._touched[assignment.id] = assignment

    def close(self, assignment: Assignment) -> None:
        """The assignment ends: it is no order any more."""
        assignment.closed = True
        self.of_owner[assignment.owner].remove(assignment)
        if assignment.resource is not None:
            self.of_resource[assignment.resource].remove(assignment)
        del self.assignments[assignment.id]
        self.touch(assignment)

    def assign_role(self, role: RoleAssignment) -> None:
        self.roles_of[role.owner].append(role)
        self._touched_roles[role.id] = role

    def touch_role(self, role: RoleAssignment) -> None:
        self._touched_roles[role.id] = role

    def close_role(self, role: RoleAssignment) -> None:
        role.closed = True
        self.roles_of[role.owner].remove(role)
        self._touched_roles[role.id] = role

    # -- the store -----------------------------------------------------------------------------------------------------

    def flush(self, now: float) -> None:
        """Writes what has changed since the last time."""
        if not (self._new_resources or self._touched or self._touched_roles):
            return
        with self.store.transaction():
            self._write_new_resources()
            touched, self._touched = list(self._touched.values()), {}
            self._write_assignments(touched, now)
            roles, self._touched_roles = list(self._touched_roles.values()), {}
            self._write_roles(roles, now)

    def _write_new_resources(self) -> None:
        new, self._new_resources = self._new_resources, []
        by_type: dict[str, list[Resource]] = defaultdict(list)
        for resource in new:
            by_type[resource.type].append(resource)
            self._known.add(resource.id)
        for entity_type, members in by_type.items():
            shape = self.shapes.types[entity_type]
            columns = {p.identifier: p.column for p in shape.properties.values() if p.column}
            self.store.insert("Resource", (rows.resource(r, shape.id, columns) for r in members))
            if SHAPES[entity_type].links:
                member_of = shape.properties["memberof"]
                self.store.insert(
                    "ResourceLink",
                    (
                        {"Type": member_of.association, "R1Id": r.id, "R2Id": group, "ValidFrom": to_iso(r.valid_from)}
                        for r in members
                        for group in sorted(self.members.get(r.id, ()))
                    ),
                )

    def _write_assignments(self, touched: Iterable[Assignment], now: float) -> None:
        new_rows: list[Row] = []
        errors: list[Row] = []
        scalars: list[Row] = []
        links: list[Row] = []
        for a in touched:
            owner_type = self.type_id(self._type_name(a.owner))
            row = rows.assignment(a, owner_type, self.role_id(a.type))
            if a.id not in self._known:
                if not a.closed:
                    self._known.add(a.id)
                    new_rows.append(row)
            elif a.closed:
                self.store.close_version("AssignedResourceType", a.id, to_datetime(now))
            else:
                changes = {name: row[name] for name in rows.MOVING if name in row}
                self.store.new_version("AssignedResourceType", a.id, changes, to_datetime(now))
            if a.id in self._known:
                scalars += self._scalar_rows(a, owner_type, now)
                links += self._link_rows(a, owner_type, now)
            errors += [rows.order_error(a, error) for error in a.errors if error.id not in self._known]
            self._known.update(error.id for error in a.errors)
        self.store.insert("AssignedResourceType", new_rows)
        self.store.insert("AssignedResourceScalar", scalars)
        self.store.insert("AssignedResourceNavigation", links)
        self.store.insert("AssignedResourceError", errors)

    def _scalar_rows(self, a: Assignment, owner_type: int, now: float) -> list[Row]:
        new: list[Row] = []
        for scalar in a.scalars.values():
            face = (scalar.value, scalar.policy, scalar.current, scalar.state, scalar.workflow, a.closed, a.denied)
            before = self._written_scalars.get(scalar.id)
            if before == face:
                continue
            self._written_scalars[scalar.id] = face
            row = rows.scalar(a, scalar, owner_type, self._property_of(a, scalar))
            if before is None:
                new.append(row)
            elif a.closed:
                self.store.close_version("AssignedResourceScalar", scalar.id, to_datetime(now))
            else:
                changes = {name: row.get(name) for name in rows.MOVING_VALUES}
                if before[:2] != (scalar.value, scalar.policy):
                    self.store.new_version("AssignedResourceScalar", scalar.id, changes, to_datetime(now))
                else:
                    self.store.update("AssignedResourceScalar", scalar.id, changes)
        return new

    def _link_rows(self, a: Assignment, owner_type: int, now: float) -> list[Row]:
        new: list[Row] = []
        for link in a.links:
            face = (link.state, link.workflow, link.denied, a.closed, link.confidence)
            before = self._written_links.get(link.id)
            if before == face:
                continue
            self._written_links[link.id] = face
            row = rows.link(a, link, owner_type, self._property_of(a, link))
            if before is None:
                new.append(row)
            elif a.closed:
                self.store.close_version("AssignedResourceNavigation", link.id, to_datetime(now))
            else:
                changes = {name: row.get(name) for name in rows.MOVING_LINKS}
                self.store.new_version("AssignedResourceNavigation", link.id, changes, to_datetime(now))
        return new

    def remove_link(self, link: LinkValue, now: float) -> None:
        """A link that is neither there nor wanted any more."""
        if link.id in self._written_links:
            self.store.close_version("AssignedResourceNavigation", link.id, to_datetime(now))

    def remove_scalar(self, scalar: ScalarValue, now: float) -> None:
        """A property that no rule computes any more."""
        if scalar.id in self._written_scalars:
            self.store.close_version("AssignedResourceScalar", scalar.id, to_datetime(now))

    def _write_roles(self, touched: Iterable[RoleAssignment], now: float) -> None:
        new: dict[str, list[Row]] = defaultdict(list)
        for role in touched:
            entity = f"Assigned{role.kind}"
            if role.id not in self._known:
                if not role.closed:
                    self._known.add(role.id)
                    row = rows.role(role, self.type_id(self._type_name(role.owner)), self.role_id(role.role))
                    new[entity].append(row)
            elif role.closed:
                self.store.close_version(entity, role.id, to_datetime(now))
            else:
                row = rows.role(role, self.type_id(self._type_name(role.owner)), self.role_id(role.role))
                changes = {name: value for name, value in row.items() if name not in ("Id", "ValidFrom")}
                self.store.new_version(entity, role.id, changes, to_datetime(now))
        for entity, found in new.items():
            self.store.insert(entity, found)

    # -- names that the configuration gives ----------------------------------------------------------------------------

    def role_id(self, name: str) -> int:
        return self.role_ids[name]

    def _property_of(self, a: Assignment, value: ScalarValue | LinkValue) -> int:
        return self.property_id(self.target_types[a.type], value.property)

    def _type_name(self, owner: int) -> str:
        resource = self.resources.get(owner)
        return resource.type if resource else "Directory_User"
