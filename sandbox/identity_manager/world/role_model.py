"""The role model: compares what people should have with what they have, and makes provisioning orders of the
difference.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field

from sandbox.identity_manager.world.clock import to_iso
from sandbox.identity_manager.world.configuration import Configuration
from sandbox.identity_manager.world.correlation import Correlation
from sandbox.identity_manager.world.database import Database
from sandbox.identity_manager.world.entitlement import Entitlements
from sandbox.identity_manager.world.identities import Identities
from sandbox.identity_manager.world.metadata import OWNER_TYPE
from sandbox.identity_manager.world.model import Assignment, Resource, State, Workflow
from sandbox.identity_manager.world.policy import ResourceType
from sandbox.identity_manager.world.properties import Properties

WAITING = (State.AWAITING_APPROVAL, State.ERRORED)
"""An order in one of these states holds up later ones on the same resource."""


@dataclass(slots=True)
class Computation:
    """One run of the role model. `block`: every new order waits for a review; `reviewed`: only uncertain ones do."""

    now: float
    job_instance: int = 0
    block: bool = False
    reviewed: bool = False
    created: int = 0
    failures: list[str] = field(default_factory=list)


class RoleModel:
    """Keeps the assigned resource types.

    A person whose inputs have not changed since the last computation is passed over.
    """

    def __init__(self, database: Database, configuration: Configuration, identities: Identities) -> None:
        self.database = database
        self.configuration = configuration
        self.identities = identities
        self.correlation = Correlation(database)
        self.entitlements = Entitlements(database, configuration)
        self.properties = Properties(database, self.correlation)
        self._unowned: tuple[int, ...] = ()
        self._signatures: dict[int, tuple[object, ...]] = {}

    def compute(self, people: Iterable[int] | None, run: Computation) -> None:
        """`people` None: everybody."""
        if people is None:
            self._unowned = self._newest_unowned()
        wanted = [r.id for r in self.database.by_key[OWNER_TYPE].values()] if people is None else list(people)
        for owner in wanted:
            person = self.database.resources.get(owner)
            if person is not None:
                signature = self._signature(person, run)
                if self._signatures.get(owner) == signature and not run.block:
                    continue
                self._compute_one(person, run)
                self._signatures[owner] = self._signature(person, run)
        self._expire(run)

    def _newest_unowned(self) -> tuple[int, ...]:
        """Accounts that nobody holds may belong to anybody:

        a new or changed one is a reason to look at everybody again.
        """
        looked_at: dict[str, set[str]] = defaultdict(set)
        for resource_type in self.configuration.resource_types.values():
            for rule in resource_type.correlation_rules:
                looked_at[resource_type.target_type].add(rule.target_property)
        owned = self.database.of_resource
        awaited = {a.account_key for a in self.database.assignments.values() if a.resource is None}
        return tuple(
            max(
                (
                    r.version
                    for r in self.database.by_key[target].values()
                    if not owned.get(r.id) and r.key not in awaited and any(r.values.get(name) for name in names)
                ),
                default=0,
            )
            for target, names in sorted(looked_at.items())
        )

    def _signature(self, person: Resource, run: Computation) -> tuple[object, ...]:
        resources, versions = self.database.resources, self.database.type_versions
        record = resources.get(person.refs.get("MainRecord", 0))
        manager = resources.get(person.refs.get("Manager", 0))
        end = person.values.get("EndDate")
        accounts: list[object] = []
        for a in self.database.of_owner[person.id]:
            account = resources.get(a.resource) if a.resource is not None else None
            accounts.append(
                (a.id, account.version if account else versions[self.database.target_types[a.type]], a.denied, a.state)
            )
        return (
            person.version,
            record and record.version,
            manager and (manager.version, tuple(a.resource for a in self.database.of_owner[manager.id])),
            self.configuration.revision,
            self._unowned,
            tuple((r.role, r.workflow) for r in self.database.roles_of[person.id]),
            to_iso(run.now)[:10] if end and end < to_iso(run.now)[:10] else "",
            tuple(accounts),
        )

    def _compute_one(self, person: Resource, run: Computation) -> None:
        expected = self.entitlements.expected(person, run.now)
        self.entitlements.store(person, expected, run.now)
        view = self.identities.view(person, run.now)
        held = {a.type: a for a in self.database.of_owner[person.id]}
        for resource_type in self.configuration.resource_types.values():
            wanted = self.entitlements.gives(resource_type, person, expected.roles, run.now)
            assignment = held.get(resource_type.identifier)
            if assignment is None:
                if wanted:
                    assignment = self._create(person, resource_type, view, run)
                elif resource_type.correlation_rules:
                    self._find(person, resource_type, view, run)
                if assignment is None:
                    continue
            self._update(assignment, resource_type, view, expected.roles, run, wanted=wanted)
        self.entitlements.store_found(person, self._groups_found(person), run.now)

    def _groups_found(self, person: Resource) -> set[str]:
        """Distinguished names of groups that the person's accounts are in without being entitled to."""
        found = (
            self.database.resources.get(link.resource)
            for a in self.database.of_owner[person.id]
            for link in a.links
            if link.property == "memberOf" and link.workflow == Workflow.FOUND
        )
        return {group.values["dn"] or "" for group in found if group is not None}

    def _create(
        self, person: Resource, resource_type: ResourceType, view: dict[str, object], run: Computation
    ) -> Assignment | None:
        found = self.correlation.account_of(resource_type, view)
        if resource_type.same_account_as:
            main = self._of_type(person.id, resource_type.same_account_as)
            if main is None or main.resource is None:
                return None
            found = (main.resource, 100)
        if found is None and (not resource_type.row["AllowAdd"] or not self._prerequisite_met(person, resource_type)):
            return None
        run.created += 1
        assignment = self._new(person, resource_type, found, run)
        assignment.state = State.VERIFIED if found and found[1] >= 100 else State.PENDING
        if self._blocked(assignment, resource_type, run):
            assignment.state = State.AWAITING_APPROVAL
        self.database.assign(assignment)
        return assignment

    def _find(self, person: Resource, resource_type: ResourceType, view: dict[str, object], run: Computation) -> None:
        """An account that no rule supports but that correlates to the person: non-conforming."""
        found = self.correlation.account_of(resource_type, view)
        if found is not None:
            assignment = self._new(person, resource_type, found, run)
            assignment.workflow = Workflow.FOUND
            assignment.state = State.NONE
            self.properties.found(assignment, resource_type, run.now)
            self.database.assign(assignment)

    def _new(
        self, person: Resource, resource_type: ResourceType, found: tuple[int, int] | None, run: Computation
    ) -> Assignment:
        return Assignment(
            self.database.next_id("AssignedResourceType"),
            resource_type.identifier,
            person.id,
            found[0] if found else None,
            State.PENDING,
            start=run.now,
            created=run.now,
            valid_from=run.now,
            source_confidence=found[1] if found else 0,
            type_confidence=resource_type.type_confidence if found else 0,
        )

    def _of_type(self, owner: int, identifier: str) -> Assignment | None:
        return next((a for a in self.database.of_owner[owner] if a.type == identifier), None)

    def _prerequisite_met(self, person: Resource, resource_type: ResourceType) -> bool:
        needed = resource_type.depends_on
        if needed is None:
            return True
        return any(
            self.database.role_ids[a.type] == needed and a.resource is not None
            for a in self.database.of_owner[person.id]
        )

    def _blocked(self, a: Assignment, resource_type: ResourceType, run: Computation) -> bool:
        """Whether a new order of this assignment has to wait for a review."""
        uncertain = a.resource is not None and (0 < a.source_confidence < 100 or 0 < a.type_confidence < 100)
        a.behind = self._earlier(a)
        required = resource_type.row["BlockProvisioning"] and not run.reviewed
        return bool(required or run.block or uncertain or a.behind is not None)

    def _earlier(self, a: Assignment) -> int | None:
        if a.resource is None:
            return None
        others = [o for o in self.database.of_resource[a.resource] if o is not a and o.state in WAITING]
        return min((o.id for o in others), default=None)

    def _update(
        self,
        a: Assignment,
        resource_type: ResourceType,
        view: dict[str, object],
        roles: frozenset[str],
        run: Computation,
        *,
        wanted: bool,
    ) -> None:
        self._recognise(a, resource_type, view)
        gone = a.resource is not None and a.resource not in self.database.resources
        if gone and (a.denied or not wanted):
            self.database.close(a)
            return
        if gone:
            self.database.set_resource(a, None)
            a.state, a.account_key = State.PENDING, ""
        if a.workflow in (Workflow.FOUND, Workflow.HISTORIC):
            if not wanted:
                return
            a.workflow = Workflow.CALCULATED
        if not wanted:
            self._deny(a, resource_type, run)
            return
        if a.denied:
            a.denied, a.state = False, State.VERIFIED if a.resource is not None else State.PENDING
        blocked = self._blocked(a, resource_type, run)
        outcome = self.properties.compute(a, resource_type, view, roles, run.now, blocked=blocked, again=run.block)
        run.failures += outcome.failures
        self._settle(a, run, changed=outcome.changed, failed=bool(outcome.failures), blocked=blocked)
        for text in outcome.failures:
            self.properties.record_error(a, run.job_instance, text, run.now)
        self.database.touch(a)

    def _recognise(self, a: Assignment, resource_type: ResourceType, view: dict[str, object]) -> None:
        """An account that has appeared since: the one we created, or one made by hand that correlates."""
        if a.resource is not None:
            return
        if a.account_key and (created := self.database.find(resource_type.target_type, a.account_key)):
            self.database.set_resource(a, created.id)
        elif found := self.correlation.account_of(resource_type, view):
            self.database.set_resource(a, found[0])
            a.source_confidence = found[1]
            if found[1] < 100:
                a.state = State.AWAITING_APPROVAL

    def _deny(self, a: Assignment, resource_type: ResourceType, run: Computation) -> None:
        if a.resource is None:
            if a.state not in (State.TRANSMITTED, State.EXECUTED):
                self.database.close(a)
            return
        if a.denied:
            if run.block and a.state == State.PENDING:
                a.state = State.AWAITING_APPROVAL
                self.database.touch(a)
            return
        if not resource_type.row["AllowRemove"]:
            a.workflow = Workflow.FOUND
            self.database.touch(a)
            return
        a.denied = True
        run.created += 1
        a.state = State.AWAITING_APPROVAL if self._blocked(a, resource_type, run) else State.PENDING
        self.properties.settle_for_deletion(a)
        a.start = run.now
        self.database.touch(a)

    def _settle(self, a: Assignment, run: Computation, *, changed: bool, failed: bool, blocked: bool) -> None:
        """The assignment's own state, from its properties'."""
        if failed:
            a.state = State.ERROR
        elif a.resource is None:
            if a.state == State.ERROR or (a.state == State.ERRORED and changed):
                a.state = State.PENDING
            if a.state == State.PENDING and run.block:
                a.state = State.AWAITING_APPROVAL
        elif not (0 < a.source_confidence < 100 and a.state == State.AWAITING_APPROVAL):
            self._settle_update(a, run, changed=changed, blocked=blocked)
        if a.behind is not None:
            a.was_behind = True

    def _settle_update(self, a: Assignment, run: Computation, *, changed: bool, blocked: bool) -> None:
        """An account that exists: its order is what its properties still have to become."""
        states = {s.state for s in a.scalars.values()} | {link.state for link in a.links}
        waiting = State.AWAITING_APPROVAL in states
        if a.state == State.AWAITING_APPROVAL and waiting:
            if a.behind is None and a.was_behind:
                self.properties.release(a)
                a.state, a.was_behind = State.PENDING, False
        elif blocked and waiting:
            a.state, a.start = State.AWAITING_APPROVAL, run.now
        elif State.PENDING in states:
            if changed or a.state not in (State.ERRORED, State.TRANSMITTED):
                run.created += a.state == State.VERIFIED
                a.state, a.start = State.PENDING, run.now if changed else a.start
        elif not states & {State.TRANSMITTED, State.EXECUTED, State.ERRORED, State.ERROR}:
            a.state, a.account_key = State.VERIFIED, ""

    def _expire(self, run: Computation) -> None:
        """Transmitted and executed orders that synchronised data did not confirm in time are put in error, without a
        text.
        """
        periods = {
            t.identifier: int(t.row["TransmittedStateValidityPeriod"]) * 60
            for t in self.configuration.resource_types.values()
            if t.row["TransmittedStateValidityPeriod"]
        }
        if not periods:
            return
        for a in list(self.database.assignments.values()):
            period = periods.get(a.type)
            sent = a.transmitted if a.state in (State.TRANSMITTED, State.EXECUTED) else None
            if period and sent is not None and run.now - sent > period:
                self.properties.move(a, (State.TRANSMITTED, State.EXECUTED), State.ERRORED)
                a.state = State.ERRORED
                self.database.touch(a)
