"""The properties of an account: what the rules compute, what the account has, and the state of each."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from sandbox.identity_manager.world.correlation import Correlation
from sandbox.identity_manager.world.database import Database
from sandbox.identity_manager.world.expressions import RuleError, compiled
from sandbox.identity_manager.world.model import (
    Assignment,
    LinkValue,
    OrderError,
    Resource,
    ScalarValue,
    State,
    Workflow,
)
from sandbox.identity_manager.world.policy import ResourceType

KEPT_BY_HAND = (Workflow.APPROVED, 24)
UNDER_WAY = (State.PENDING, State.TRANSMITTED, State.ERRORED, State.AWAITING_APPROVAL, State.EXECUTED)


@dataclass(slots=True)
class Outcome:
    """`changed`: some property has a new value to provision."""

    changed: bool = False
    failures: list[str] = field(default_factory=list)


class Properties:
    """Computes scalars and links of one assignment at a time."""

    def __init__(self, database: Database, correlation: Correlation) -> None:
        self.database = database
        self.correlation = correlation

    def compute(
        self,
        a: Assignment,
        resource_type: ResourceType,
        view: dict[str, object],
        roles: frozenset[str],
        now: float,
        *,
        blocked: bool,
        again: bool,
    ) -> Outcome:
        """`blocked`: new values wait for a review; `again`: pending ones go back to waiting, too."""
        outcome = Outcome()
        account = self.database.resources.get(a.resource) if a.resource is not None else None
        waiting = State.AWAITING_APPROVAL if blocked else State.PENDING
        keep_manual = not resource_type.row.get("DiscardManualAssignments")
        for name, rule in resource_type.scalar_rules.items():
            if rule.single_role and rule.single_role not in roles:
                continue
            try:
                result = rule.evaluate(view)
            except RuleError as error:
                outcome.failures.append(f"{error} at ScalarRule {resource_type.target_type}:{name}")
                if name in a.scalars:
                    a.scalars[name].state = State.ERROR
                continue
            policy = None if result is None else str(result)
            outcome.changed |= self._scalar(a, name, policy, account, waiting, now, keep_manual=keep_manual)
        if again:
            self.move(a, (State.PENDING,), State.AWAITING_APPROVAL)
        for name in [n for n in a.scalars if n not in resource_type.scalar_rules]:
            self.database.remove_scalar(a.scalars.pop(name), now)
        outcome.changed |= self._links(a, resource_type, view, roles, account, waiting, now)
        return outcome

    def _scalar(
        self,
        a: Assignment,
        name: str,
        policy: str | None,
        account: Resource | None,
        waiting: State,
        now: float,
        *,
        keep_manual: bool,
    ) -> bool:
        current = account.values.get(name) if account else None
        scalar = a.scalars.get(name)
        if scalar is None:
            same = account is not None and (policy or None) == current
            scalar_id = self.database.next_id("AssignedResourceScalar")
            a.scalars[name] = ScalarValue(
                scalar_id, name, policy, policy, current, State.VERIFIED if same else waiting, created=now
            )
            return not same
        scalar.policy, scalar.current = policy, current
        value = scalar.value if keep_manual and scalar.workflow in KEPT_BY_HAND else policy
        if account is not None and (value or None) == current:
            scalar.value, scalar.state = value, State.VERIFIED
            return False
        if value == scalar.value and scalar.state in UNDER_WAY:
            return False
        scalar.value, scalar.state = value, waiting
        return True

    def _links(
        self,
        a: Assignment,
        resource_type: ResourceType,
        view: dict[str, object],
        roles: frozenset[str],
        account: Resource | None,
        waiting: State,
        now: float,
    ) -> bool:
        wanted = self._expected_links(resource_type, view, roles)
        changed = False
        for link in list(a.links):
            confidence = wanted.pop((link.property, link.resource), None)
            present = account is not None and self._has(account, link)
            if confidence is not None:
                changed |= self._want(link, waiting, present=present)
            elif link.workflow == Workflow.FOUND:
                if not present:
                    a.links.remove(link)
                    self.database.remove_link(link, now)
            elif not present:
                a.links.remove(link)
                self.database.remove_link(link, now)
            elif not link.denied:
                link.denied, link.state = True, waiting
                changed = True
        for (name, resource), confidence in wanted.items():
            link = LinkValue(
                self.database.next_id("AssignedResourceNavigation"),
                name,
                resource,
                State.PENDING,
                confidence=confidence,
                created=now,
            )
            if account is not None and self._has(account, link):
                link.state = State.VERIFIED
            else:
                link.state = State.AWAITING_APPROVAL if confidence < 100 else waiting
                changed |= confidence >= 100
            a.links.append(link)
        if account is not None:
            self._found_links(a, account, now)
        return changed

    def _want(self, link: LinkValue, waiting: State, *, present: bool) -> bool:
        link.workflow = Workflow.CALCULATED if link.workflow == Workflow.FOUND else link.workflow
        if present:
            link.state, link.denied = State.VERIFIED, False
            return False
        if link.denied or link.state == State.VERIFIED:
            link.denied, link.state = False, waiting
            return True
        return False

    def _found_links(self, a: Assignment, account: Resource, now: float) -> None:
        """Group memberships that no rule supports: non-conforming."""
        known = {link.resource for link in a.links if link.property == "memberOf"}
        for group in sorted(self.database.members.get(account.id, set()) - known):
            a.links.append(
                LinkValue(
                    self.database.next_id("AssignedResourceNavigation"),
                    "memberOf",
                    group,
                    State.VERIFIED,
                    workflow=Workflow.FOUND,
                    created=now,
                )
            )

    def _expected_links(
        self, resource_type: ResourceType, view: dict[str, object], roles: frozenset[str]
    ) -> dict[tuple[str, int], int]:
        """(property, resource) -> confidence rate."""
        expected: dict[tuple[str, int], int] = {}
        for rule in resource_type.navigation_rules:
            if rule.single_role in roles:
                for group in self.correlation.find(resource_type.target_type, "dn", rule.resource_key):
                    expected[rule.property, group] = 100
        for query in resource_type.query_rules:
            if any(name == query.property for name, _ in expected):
                continue
            try:
                value = compiled(query.source)(view)
            except RuleError:
                continue
            if value not in (None, ""):
                for found in self.correlation.find(query.target_type, query.target_property, str(value))[:1]:
                    expected[query.property, found] = query.confidence
        return expected

    def _has(self, account: Resource, link: LinkValue) -> bool:
        if link.property == "memberOf":
            return link.resource in self.database.members.get(account.id, ())
        return account.refs.get(link.property) == link.resource

    def found(self, a: Assignment, resource_type: ResourceType, now: float) -> None:
        """The properties of an account that no rule supports, as they are."""
        account = self.database.resources[a.resource] if a.resource is not None else None
        if account is None:
            return
        for name in resource_type.scalar_rules:
            if value := account.values.get(name):
                a.scalars[name] = ScalarValue(
                    self.database.next_id("AssignedResourceScalar"),
                    name,
                    value,
                    None,
                    value,
                    State.VERIFIED,
                    Workflow.FOUND,
                    now,
                )
        self._found_links(a, account, now)

    def settle_for_deletion(self, a: Assignment) -> None:
        """What was still to be written is of no use any more."""
        self.move(a, (State.PENDING, State.AWAITING_APPROVAL, State.ERRORED, State.ERROR), State.INACTIVE)

    def release(self, a: Assignment) -> None:
        self.move(a, (State.AWAITING_APPROVAL,), State.PENDING)

    def move(self, a: Assignment, states: Iterable[State], state: State) -> None:
        """Moves the properties that are in one of the states."""
        before = set(states)
        for scalar in a.scalars.values():
            if scalar.state in before:
                scalar.state = state
        for link in a.links:
            if link.state in before:
                link.state = state

    def record_error(self, a: Assignment, job_instance: int, text: str, now: float) -> None:
        """The same exception in every computation is one error."""
        if a.errors and a.errors[-1].text == text:
            return
        a.errors.append(OrderError(self.database.next_id("AssignedResourceError"), job_instance, text, now))
