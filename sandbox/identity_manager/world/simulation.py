"""The role model for one person, with or without keeping the result (nim-api 9.2-R)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sandbox.identity_manager.world.engine import Engine
from sandbox.identity_manager.world.expressions import RuleError
from sandbox.identity_manager.world.model import Resource
from sandbox.identity_manager.world.role_model import Computation


def compute_one(engine: Engine, person: Resource, *, store: bool) -> list[Mapping[str, Any]]:
    """What the rules say today against what the accounts have; only properties that differ."""
    changes = _differences(engine, person)
    if store:
        engine.bench.dirty_people |= engine.identities.refresh([person.key], engine.clock.now)
        engine.role_model.compute([person.id], Computation(engine.clock.now))
        engine.database.flush(engine.clock.now)
    return changes


def _differences(engine: Engine, person: Resource) -> list[Mapping[str, Any]]:
    now, database = engine.clock.now, engine.database
    view = engine.identities.view(person, now)
    roles = engine.role_model.entitlements.expected(person, now).roles
    held = {a.type: a for a in database.of_owner[person.id]}
    changes: list[Mapping[str, Any]] = []
    for resource_type in engine.configuration.resource_types.values():
        wanted = engine.role_model.entitlements.gives(resource_type, person, roles, now)
        assignment = held.get(resource_type.identifier)
        if assignment is None and not wanted:
            continue
        account = database.resources.get(assignment.resource) if assignment and assignment.resource else None
        change: dict[str, Any] = {
            "AssignedResourceTypeId": str(assignment.id) if assignment else None,
            "ResourceType": resource_type.identifier,
            "ChangeType": ("Modified" if account else "Added") if wanted else "Deleted",
            "Properties": [],
        }
        for name, rule in resource_type.scalar_rules.items() if wanted else ():
            current = account.values.get(name) if account else None
            try:
                value = rule.evaluate(view)
            except RuleError as error:
                change["Properties"].append({"Property": name, "CurrentValue": current, "Error": str(error)})
                continue
            policy = None if value is None else str(value)
            if (policy or None) != current:
                change["Properties"].append({"Property": name, "CurrentValue": current, "PolicyValue": policy})
        if change["Properties"] or not wanted:
            changes.append(change)
    return changes
