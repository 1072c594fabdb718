"""All entities, by name. ``ENTITIES`` is what the store creates and the server serves."""

from __future__ import annotations

from sandbox.identity_manager.entities import assignments, changes, connectors, jobs, metadata, policy, rules, workflows
from sandbox.identity_manager.schema import Entity

ENTITIES: dict[str, Entity] = {
    e.name: e
    for module in (metadata, connectors, jobs, policy, rules, assignments, changes, workflows)
    for e in module.DECLARED
}

BY_ENDPOINT: dict[str, Entity] = {e.endpoint.casefold(): e for e in ENTITIES.values() if e.endpoint}
