"""Provisioning: order generation with its thresholds, and the fulfil step that carries orders to managed systems."""

from __future__ import annotations

import json
from collections import defaultdict
from dataclasses import dataclass, field

from sandbox.identity_manager.world.configuration import Configuration
from sandbox.identity_manager.world.database import Database
from sandbox.identity_manager.world.model import Assignment, LinkValue, OrderError, ScalarValue, State
from sandbox.identity_manager.world.policy import ResourceType
from sandbox.identity_manager.world.systems.errors import TargetError
from sandbox.identity_manager.world.systems.order import ManagedSystem, Order

KINDS = {"Added": "Insert", "Modified": "Update", "Deleted": "Delete"}


@dataclass(frozen=True, slots=True)
class Exceeded:
    """A threshold of a resource type, its limit and what was measured."""

    scope: str
    name: str
    limit: int
    value: int


@dataclass(slots=True)
class Generation:
    """What a generation found: orders by change type, thresholds exceeded."""

    orders: list[Assignment] = field(default_factory=list)
    counts: dict[str, int] = field(default_factory=lambda: dict.fromkeys(KINDS, 0))
    exceeded: list[Exceeded] = field(default_factory=list)


class Orders:
    """Moves orders from pending to executed or errored."""

    def __init__(self, database: Database, configuration: Configuration) -> None:
        self.database = database
        self.configuration = configuration

    def pending(self, connector: str, now: float) -> list[Assignment]:
        """Orders of the connector in state 1 (themselves or a property) that are due, by id."""
        found: list[Assignment] = []
        types = {t.identifier: t for t in self.configuration.types_of(connector)}
        for a in self.database.assignments.values():
            resource_type = types.get(a.type)
            if resource_type is None:
                continue
            if a.state == State.PENDING or (a.state == State.VERIFIED and State.PENDING in a.states()):
                due = now + int(resource_type.row.get("FulfillHoursAheadOfTime") or 0) * 3600
                if a.start <= due:
                    found.append(a)
        return sorted(found, key=lambda a: a.id)

    def generate(self, connector: str, now: float, *, force: bool) -> Generation:
        """Hands pending orders to the agent unless a threshold of their resource type is exceeded."""
        generation = Generation()
        by_type: dict[str, dict[str, int]] = defaultdict(lambda: dict.fromkeys(KINDS, 0))
        generation.orders = self.pending(connector, now)
        for a in generation.orders:
            generation.counts[a.change_type] += 1
            by_type[a.type][a.change_type] += 1
        for identifier, counts in by_type.items():
            generation.exceeded += self._exceeded(self.configuration.resource_types[identifier], counts)
        if generation.exceeded and not force:
            return generation
        for a in generation.orders:
            a.state = State.TRANSMITTED
            a.transmitted = now
            for part in _parts(a):
                if part.state == State.PENDING:
                    part.state = State.TRANSMITTED
            self.database.touch(a)
        return generation

    def _exceeded(self, resource_type: ResourceType, counts: dict[str, int]) -> list[Exceeded]:
        held = sum(
            1
            for a in self.database.assignments.values()
            if a.type == resource_type.identifier and a.resource is not None
        )
        found: list[Exceeded] = []
        for change_type, kind in KINDS.items():
            count = counts[change_type]
            absolute = int(resource_type.row[f"Maximum{kind}"] or 0)
            percent = int(resource_type.row[f"Maximum{kind}Percent"] or 0)
            if absolute and count > absolute:
                found.append(Exceeded(resource_type.identifier, f"Maximum{kind}", absolute, count))
            if percent and held and count * 100 > percent * held:
                found.append(Exceeded(resource_type.identifier, f"Maximum{kind}Percent", percent, count * 100 // held))
        return found

    def transmitted(self, connector: str) -> list[Assignment]:
        """What the agent has to carry out; orders of manual types stay where they are until a person answers."""
        types = {t.identifier for t in self.configuration.types_of(connector) if not t.manual}
        found = [a for a in self.database.assignments.values() if a.type in types and a.state == State.TRANSMITTED]
        return sorted(found, key=lambda a: a.id)

    def withdraw(self, orders: list[Assignment]) -> None:
        """The agent could not even begin: the orders wait again."""
        for a in orders:
            a.state = State.PENDING
            for part in _parts(a):
                if part.state == State.TRANSMITTED:
                    part.state = State.PENDING
            self.database.touch(a)

    def fulfil(self, a: Assignment, system: ManagedSystem, job_instance: int, now: float) -> str:
        """Carries out one order; returns the error's text, empty when the system accepted it."""
        a.performed, a.performer = now, None
        try:
            key = system.apply(self.as_order(a), now)
        except TargetError as error:
            self._answer(a, State.ERRORED, now)
            a.errors.append(OrderError(self.database.next_id("AssignedResourceError"), job_instance, error.text, now))
            return error.text
        self._answer(a, State.EXECUTED, now)
        if a.resource is None:
            a.account_key = key
        return ""

    def _answer(self, a: Assignment, state: State, now: float) -> None:
        a.state = state
        for part in _parts(a):
            if part.state == State.TRANSMITTED:
                part.state, part.performed = state, now
        self.database.touch(a)

    def as_order(self, a: Assignment) -> Order:
        account = self.database.resources.get(a.resource) if a.resource is not None else None
        entity_type = self.database.target_types[a.type]
        if a.denied:
            values = {"dn": account.values.get("dn")} if account else {}
            return Order("Deleted", entity_type, account.key if account else "", values)
        sent = (State.TRANSMITTED, State.EXECUTED)
        scalars = {n: s.value for n, s in a.scalars.items() if account is None or s.state in sent}
        moving = [link for link in a.links if link.state in sent]
        links: dict[str, list[str]] = defaultdict(list)
        unlinks: dict[str, list[str]] = defaultdict(list)
        references: dict[str, str] = {}
        for link in moving:
            target = self.database.resources.get(link.resource)
            if target is None:
                continue
            if link.property != "memberOf":
                references[link.property] = "" if link.denied else target.key
            else:
                (unlinks if link.denied else links)[link.property].append(target.key)
        return Order(a.change_type, entity_type, account.key if account else "", scalars, links, unlinks, references)

    def as_json(self, orders: list[Assignment]) -> str:
        """The file that the agent collects (nim-api 7.1)."""
        return json.dumps({"ProvisioningOrdersList": [self._as_json(a) for a in orders]}, ensure_ascii=False, indent=1)

    def _as_json(self, a: Assignment) -> dict[str, object]:
        order = self.as_order(a)
        resource_type = self.configuration.resource_types[a.type]
        owner = self.database.resources.get(a.owner)
        changes: dict[str, object] = {**order.values, **order.references}
        changes |= {f"{name}_add": list(keys) for name, keys in order.links.items()}
        changes |= {f"{name}_remove": list(keys) for name, keys in order.unlinks.items()}
        return {
            "AssignedResourceTypeId": str(a.id),
            "ChangeType": a.change_type,
            "Owner": {"Id": str(a.owner), "InternalDisplayName": owner.name if owner else ""},
            "ResourceType": {
                "Id": str(resource_type.row["Id"]),
                "Identifier": a.type,
                "SourceEntityType": {"Identifier": resource_type.source_type},
                "TargetEntityType": {"Identifier": resource_type.target_type},
            },
            "Resource": {"Id": str(a.resource)} if a.resource is not None else None,
            "Changes": changes,
        }


def _parts(a: Assignment) -> list[ScalarValue | LinkValue]:
    return [*a.scalars.values(), *a.links]
