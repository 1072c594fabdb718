"""Recognising existing accounts: which account of a system belongs to which person, and how surely."""

from __future__ import annotations

from collections import defaultdict

from sandbox.identity_manager.world.database import Database
from sandbox.identity_manager.world.expressions import RuleError, compiled
from sandbox.identity_manager.world.policy import ResourceType

Index = dict[str, list[int]]


class Correlation:
    """Correlation keys by target property, as last computed by a keys task or on demand."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self._indexes: dict[tuple[str, str], tuple[int, Index]] = {}

    def find(self, entity_type: str, name: str, value: str) -> list[int]:
        """Resources whose property equals the value, case-insensitively."""
        version = self.database.type_versions[entity_type]
        held = self._indexes.get((entity_type, name))
        if held is None or held[0] != version:
            index: Index = defaultdict(list)
            for resource in self.database.by_key[entity_type].values():
                if text := resource.values.get(name):
                    index[text.lower()].append(resource.id)
            held = self._indexes[entity_type, name] = (version, index)
        return held[1].get(value.lower(), [])

    def account_of(self, resource_type: ResourceType, view: dict[str, object]) -> tuple[int, int] | None:
        """An account that no assignment holds yet, and the confidence rate of the rule that found it."""
        for rule in resource_type.correlation_rules:
            try:
                value = compiled(rule.source)(view)
            except RuleError:
                continue
            if value in (None, ""):
                continue
            for found in self.find(resource_type.target_type, rule.target_property, str(value)):
                if not self.database.of_resource.get(found):
                    return found, rule.confidence
        return None
