"""The role model's definitions as the engine uses them: resource types, roles, rules."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from sandbox.identity_manager.store import Row
from sandbox.identity_manager.world.expressions import Value, compiled


@dataclass(slots=True)
class ScalarRule:
    """Computes one property of the account from its owner."""

    id: int
    resource_type: str
    property: str
    text: str
    changed: float
    single_role: str = ""

    def evaluate(self, subject: Mapping[str, object]) -> Value:
        """Raises RuleError."""
        return compiled(self.text)(subject)


@dataclass(slots=True)
class QueryRule:
    """Finds the resource to link: where the target property equals the expression over the owner."""

    id: int
    resource_type: str
    property: str
    source: str
    target_type: str
    target_property: str
    confidence: int
    changed: float


@dataclass(slots=True)
class NavigationRule:
    """Links a given resource (its key in the managed system) to accounts of people who have the role."""

    id: int
    resource_type: str
    property: str
    resource_key: str
    single_role: str
    changed: float


@dataclass(slots=True)
class CorrelationRule:
    """Recognises an existing account: its property equals the expression over the owner."""

    id: int
    resource_type: str
    source: str
    target_property: str
    confidence: int
    changed: float


@dataclass(slots=True)
class TypeRule:
    """Gives the resource type to people with the role, until `days_after` days after the person's end date."""

    id: int
    resource_type: str
    single_role: str
    days_after: int
    changed: float


@dataclass(slots=True)
class RoleRule:
    """Gives a role to people whose properties equal the dimensions, or who have the composite role."""

    id: int
    kind: str
    role: str
    dimensions: dict[str, str]
    composite: str
    changed: float

    def matches(self, person: Mapping[str, object]) -> bool:
        return all(person.get(name) == value for name, value in self.dimensions.items())


@dataclass(slots=True, eq=False)
class ResourceType:
    """`row` is the row of the store: its options are read from there, so that a changed setting acts at once."""

    identifier: str
    source_type: str
    target_type: str
    connector: str
    row: Row
    same_account_as: str = ""
    manual: bool = False
    scalar_rules: dict[str, ScalarRule] = field(default_factory=dict)
    query_rules: list[QueryRule] = field(default_factory=list)
    navigation_rules: list[NavigationRule] = field(default_factory=list)
    correlation_rules: list[CorrelationRule] = field(default_factory=list)
    type_rules: list[TypeRule] = field(default_factory=list)
    type_confidence: int = 100

    @property
    def depends_on(self) -> int | None:
        found = self.row.get("DependsOnId")
        return int(found) if found else None


@dataclass(slots=True)
class PersonExpression:
    """Computes one property of the identity from its record (`second_order`:

    from a computed property of the record).
    """

    id: int
    entity_type: str
    property: str
    text: str
    changed: float

    def evaluate(self, subject: Mapping[str, object]) -> Value:
        """Raises RuleError."""
        return compiled(self.text)(subject)
