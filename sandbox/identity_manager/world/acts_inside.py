"""Acts inside Identity Manager: settings, rules, jobs started or cancelled, orders handled by colleagues, workflows."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

from pydantic import Field

from sandbox.identity_manager.interface import Conflict
from sandbox.identity_manager.world import requests
from sandbox.identity_manager.world.acts import Act, people_of, time_of
from sandbox.identity_manager.world.engine import Engine
from sandbox.identity_manager.world.installation import (
    put_correlation_rule,
    put_query_rule,
    put_role_rule,
    put_type_rule,
)
from sandbox.identity_manager.world.manual import (
    approve_value,
    edit_record,
    restore_snapshot,
    set_order_state,
    take_snapshot,
)

Value = bool | int | str


class Setting(Act):
    """Changes fields of a connector, connection, entity type mapping, resource type, job or task."""

    do: Literal["setting"]
    of: Literal[
        "Connector", "Connection", "EntityTypeMapping", "EntityAssociationMapping", "ResourceType", "Job", "Task"
    ]
    name: str
    values: dict[str, Value]

    def run(self, engine: Engine) -> None:
        configuration = engine.configuration
        tables: dict[str, Mapping[str, Any]] = {
            "Connector": configuration.connectors,
            "Connection": configuration.connections,
            "EntityTypeMapping": configuration.mappings,
            "EntityAssociationMapping": configuration.link_mappings,
            "ResourceType": configuration.resource_types,
            "Job": configuration.jobs,
            "Task": configuration.tasks,
        }
        rows = tables[self.of]
        if self.name not in rows:
            raise ValueError(f"no {self.of} is called {self.name!r}; there are {', '.join(sorted(rows))}")
        found = rows[self.name]
        configuration.set(self.of, found if isinstance(found, dict) else found.row, dict(self.values))
        if self.of == "Job" and "CronTabExpression" in self.values:
            engine.jobs.schedule(configuration.jobs[self.name])


class Rule(Act):
    """A deployment changes the expression of a scalar rule, an inbound rule or an expression of identities.

    `of` is a resource type, `HR_Person_To_Directory_UserRecord`, `Directory_User` or `Directory_UserRecord`.
    """

    do: Literal["rule"]
    of: str
    property: str
    text: str
    by: str = ""

    def run(self, engine: Engine) -> None:
        engine.change_rule(self.of, self.property, self.text, by=self.by)


class RoleRuleChange(Act):
    """A deployment changes the dimension values under which a role is given; no dimensions: the rule is withdrawn."""

    do: Literal["role-rule"]
    role: str
    dimensions: dict[str, str] = Field(default_factory=dict)
    instead_of: dict[str, str] | None = None
    """which of the role's rules; without it the first; `{}` with dimensions adds one"""
    kind: Literal["SingleRole", "CompositeRole"] = "SingleRole"
    by: str = ""

    def run(self, engine: Engine) -> None:
        configuration = engine.configuration
        rules = configuration.role_rule_of(self.role)
        if self.instead_of == {} or not rules:
            put_role_rule(configuration, self.kind, self.role, self.dimensions)
            configuration.revision += 1
            return
        rule = next((r for r in rules if self.instead_of is None or r.dimensions == self.instead_of), None)
        if rule is None:
            raise ValueError(f"role {self.role} has no rule with {self.instead_of}")
        engine.change_dimensions(rule, self.dimensions, by=self.by)


class TypeRuleChange(Act):
    """How long after the end date people keep a resource type."""

    do: Literal["type-rule"]
    of: str
    days_after: int | None = None
    role: str = ""
    """gives the type to holders of one more role"""
    by: str = ""

    def run(self, engine: Engine) -> None:
        configuration = engine.configuration
        target = configuration.resource_types[self.of]
        if self.role:
            put_type_rule(configuration, target, self.role, self.days_after or 0)
        elif self.days_after is not None:
            for rule in target.type_rules:
                rule.days_after, rule.changed = self.days_after, engine.clock.now
                changes = {"TimeOffsetAfterReference": self.days_after * 24 * 60}
                configuration.rule_changed(
                    "ResourceTypeRule", rule.id, changes, engine.clock.now, engine.person_id(self.by)
                )
        configuration.revision += 1


class CorrelationRuleAdded(Act):
    """A correlation rule that recognises accounts with this confidence rate."""

    do: Literal["correlation-rule"]
    of: str
    source: str
    target: str
    confidence: int
    type_confidence: int | None = None

    def run(self, engine: Engine) -> None:
        target = engine.configuration.resource_types[self.of]
        put_correlation_rule(engine.configuration, target, self.source, self.target, self.confidence)
        if self.type_confidence is not None:
            target.type_confidence = self.type_confidence
        engine.configuration.revision += 1


class QueryRuleAdded(Act):
    """A query rule that chooses the resource to link, with this confidence rate; replaces those of the property."""

    do: Literal["query-rule"]
    of: str
    property: str
    source: str
    target: str
    confidence: int

    def run(self, engine: Engine) -> None:
        target = engine.configuration.resource_types[self.of]
        target.query_rules = [r for r in target.query_rules if r.property != self.property]
        put_query_rule(engine.configuration, target, self.property, self.source, self.target, self.confidence)
        engine.configuration.revision += 1


class JobRunAct(Act):
    """Somebody starts a job by hand."""

    do: Literal["run-job"]
    job: str
    by: str = "k.admin"

    def run(self, engine: Engine) -> None:
        try:
            engine.jobs.start(engine.configuration.jobs[self.job], user=engine.person_id(self.by))
        except Conflict as conflict:
            raise ValueError(str(conflict)) from conflict


class JobCancel(Act):
    """Somebody stops the running execution of a job."""

    do: Literal["cancel-job"]
    job: str

    def run(self, engine: Engine) -> None:
        last = engine.runs.last.get(self.job)
        if last is None or not last.running:
            raise ValueError(f"{self.job} is not running")
        engine.jobs.cancel(last)


class JobResume(Act):
    """Somebody resumes the job's blocked execution past the threshold."""

    do: Literal["resume-job"]
    job: str
    by: str = "k.admin"

    def run(self, engine: Engine) -> None:
        blocked = [
            r for r in engine.runs.jobs.values() if r.job.identifier == self.job and r.blocked_task and not r.resumed_by
        ]
        if not blocked:
            raise ValueError(f"no execution of {self.job} is blocked")
        try:
            engine.jobs.resume(blocked[-1], force=True, user=engine.person_id(self.by))
        except Conflict as conflict:
            raise ValueError(str(conflict)) from conflict


class Schedule(Act):
    """The schedules of jobs (all without `jobs`) are switched on or off."""

    do: Literal["schedule"]
    running: bool
    jobs: list[str] = Field(default_factory=list)

    def run(self, engine: Engine) -> None:
        for job in self.jobs or list(engine.configuration.jobs):
            (engine.jobs.stopped_schedules.discard if self.running else engine.jobs.stopped_schedules.add)(job)


class DirtyFlags(Act):
    """The flag of recently modified resources is no longer set, or is again: incremental computations depend on it."""

    do: Literal["dirty-flags"]
    running: bool

    def run(self, engine: Engine) -> None:
        engine.bench.marks_changed = self.running


class OrderState(Act):
    """A colleague unblocks orders (state 1) or blocks them (state 5); `job` runs afterwards."""

    do: Literal["order"]
    of: str
    people: str | list[str]
    state: Literal[1, 5]
    by: str = "k.admin"
    count: int = 0
    job: str = ""

    def run(self, engine: Engine) -> None:
        for key in people_of(engine, self.people, self.count):
            set_order_state(engine, self.of, key, self.state, by=engine.person_id(self.by))
        engine.database.flush(engine.clock.now)
        if self.job:
            JobRunAct(do="run-job", job=self.job, by=self.by).run(engine)


class ManualValue(Act):
    """A person gives a property of an account another value by hand and it is approved:

    the rules no longer change it.
    """

    do: Literal["manual-value"]
    of: str
    people: str | list[str]
    property: str
    value: str
    by: str = "helpdesk"
    undo: bool = False

    def run(self, engine: Engine) -> None:
        for key in people_of(engine, self.people):
            approve_value(engine, self.of, key, self.property, self.value, by=self.by, undo=self.undo)


class RecordEdit(Act):
    """A workflow changes somebody's record beside HR's (a second source); `values` empty: the edit ends."""

    do: Literal["record-edit"]
    people: str | list[str]
    values: dict[str, str] = Field(default_factory=dict)
    by: str = "helpdesk"

    def run(self, engine: Engine) -> None:
        for key in people_of(engine, self.people):
            edit_record(engine, key, {**self.values}, by=self.by)


class RoleRequest(Act):
    """Somebody requests a role for a person. `reviewers` decide in turn, each `decided` after the request.

    Fewer reviewers than `steps`: the request waits for the next. `end`: until when.
    """

    do: Literal["request"]
    role: str
    people: str | list[str]
    by: str
    reviewers: list[str] = Field(default_factory=list)
    steps: int = 1
    next_reviewer: str = ""
    end: str = ""
    decided_hours: int = 20
    comment: str = ""
    declined: bool = False

    def run(self, engine: Engine) -> None:
        for key in people_of(engine, self.people):
            requests.request(
                engine,
                requests.Request(
                    self.role,
                    key,
                    self.by,
                    tuple(self.reviewers),
                    self.steps,
                    self.next_reviewer,
                    time_of(engine, self.end) if self.end else None,
                    self.decided_hours * 3600.0,
                    self.comment,
                    declined=self.declined,
                ),
            )


class RequestDecision(Act):
    """A reviewer decides on a request that waits."""

    do: Literal["decide"]
    role: str
    people: str | list[str]
    by: str
    approve: bool = True

    def run(self, engine: Engine) -> None:
        for key in people_of(engine, self.people):
            requests.decide(engine, self.role, key, self.by, approve=self.approve)


class Snapshot(Act):
    """The database is copied; a later `database-restore` brings this state back (synchronised resources only)."""

    do: Literal["database-copy"]
    connectors: list[str] = Field(default_factory=lambda: ["AD"])

    def run(self, engine: Engine) -> None:
        take_snapshot(engine, self.connectors)


class Restore(Act):
    """The database is restored from the last copy: what was synchronised since is unknown again."""

    do: Literal["database-restore"]

    def run(self, engine: Engine) -> None:
        restore_snapshot(engine)


INSIDE = (
    Setting, Rule, RoleRuleChange, TypeRuleChange, CorrelationRuleAdded, QueryRuleAdded, JobRunAct, JobCancel,
    JobResume, Schedule, DirtyFlags, OrderState, ManualValue, RecordEdit, RoleRequest, RequestDecision, Snapshot,
    Restore,
)  # fmt: skip
