"""Which roles a person has, and which resource types they give: the first half of the role model."""

from __future__ import annotations

from dataclasses import dataclass

from sandbox.identity_manager.world.clock import DAY, to_iso
from sandbox.identity_manager.world.configuration import Configuration
from sandbox.identity_manager.world.database import Database
from sandbox.identity_manager.world.model import NEVER_ENDS, Resource, RoleAssignment, Workflow
from sandbox.identity_manager.world.policy import ResourceType

EFFECTIVE = (Workflow.CALCULATED, Workflow.APPROVED)


@dataclass(frozen=True, slots=True)
class Entitlement:
    """A person's roles; `inferred` holds those that another role gives."""

    roles: frozenset[str]
    inferred: frozenset[str]


class Entitlements:
    """Computes roles, keeps their assignments."""

    def __init__(self, database: Database, configuration: Configuration) -> None:
        self.database = database
        self.configuration = configuration

    def expected(self, person: Resource, now: float) -> Entitlement:
        """By rules and by what was requested and approved. Nobody without a source record has any."""
        if "MainRecord" not in person.refs:
            return Entitlement(frozenset(), frozenset())
        asked = {
            r.role
            for r in self.database.roles_of[person.id]
            if r.workflow == Workflow.APPROVED and not r.denied and r.start <= now < r.end
        }
        roles, inferred = set(asked), set()
        for rule in self.configuration.role_rules:
            if rule.dimensions and not rule.composite and rule.matches(person.values):
                roles.add(rule.role)
        for rule in self.configuration.role_rules:
            if rule.composite and rule.composite in roles and rule.matches(person.values):
                roles.add(rule.role)
                inferred.add(rule.role)
        return Entitlement(frozenset(roles), frozenset(inferred))

    def gives(self, resource_type: ResourceType, person: Resource, roles: frozenset[str], now: float) -> bool:
        """Whether one of the type's rules holds, with the person's dates and its own offset."""
        if person.values.get("PresenceState") == "Future":
            return False
        end = person.values.get("EndDate")
        for rule in resource_type.type_rules:
            if rule.single_role in roles and (not end or to_iso(now - rule.days_after * DAY)[:10] <= end):
                return True
        return False

    def next_deadline(self, person: Resource) -> tuple[str | None, ...]:
        """What the answer of `gives` depends on besides roles: used to know whether it must be asked again."""
        return person.values.get("EndDate"), person.values.get("PresenceState")

    def store_found(self, person: Resource, groups: set[str], now: float) -> None:
        """A membership that no rule supports shows as a non-conforming assignment of the group's role."""
        roles = {
            rule.single_role
            for resource_type in self.configuration.resource_types.values()
            for rule in resource_type.navigation_rules
            if rule.resource_key in groups
        }
        for assignment in [r for r in self.database.roles_of[person.id] if r.workflow == Workflow.FOUND]:
            if assignment.role in roles:
                roles.discard(assignment.role)
            else:
                self.database.close_role(assignment)
        for role in sorted(roles - {r.role for r in self.database.roles_of[person.id]}):
            self.database.assign_role(
                RoleAssignment(
                    self.database.next_id("AssignedSingleRole"),
                    "SingleRole",
                    role,
                    person.id,
                    Workflow.FOUND,
                    start=now,
                    created=now,
                    performed=now,
                    valid_from=now,
                )
            )

    def store(self, person: Resource, expected: Entitlement, now: float) -> None:
        """Makes the calculated role assignments what the rules say."""
        held = {r.role: r for r in self.database.roles_of[person.id] if r.workflow in EFFECTIVE}
        active = person.values.get("PresenceState") == "Present"
        for role in sorted(expected.roles) if active else ():
            if role in held:
                continue
            kind = next((r.kind for r in self.configuration.role_rules if r.role == role), "SingleRole")
            self.database.assign_role(
                RoleAssignment(
                    self.database.next_id(f"Assigned{kind}"),
                    kind,
                    role,
                    person.id,
                    inferred=role in expected.inferred,
                    start=now,
                    end=NEVER_ENDS,
                    created=now,
                    performed=now,
                    valid_from=now,
                )
            )
        for role, assignment in held.items():
            if assignment.workflow == Workflow.CALCULATED and (role not in expected.roles or not active):
                self.database.close_role(assignment)
