"""What is read to judge a blocked generation of orders: what would leave, whom it concerns, what changed before."""

import asyncio
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

from bot.diagnosis.blocked_task import BlockedTask
from bot.diagnosis.grouping import oldest_first
from bot.diagnosis.landscape import landscape
from bot.diagnosis.reading import Reads
from bot.diagnosis.site import Site
from bot.diagnosis.subject import Subject
from bot.model.assignment import RoleRule
from bot.model.change import RowChange
from bot.model.finding import Missing
from bot.model.ids import ConnectorId, OrderId, ResourceId, ResourceTypeId
from bot.model.job import RunState, TaskKind, TaskRun
from bot.model.order import ChangeType, Order, OrderProperty, OrderState
from bot.model.page import Page
from bot.model.value import PropertyRule, ResourceVersion, Source
from bot.ports import NimReads

LOOK_BACK: Final = timedelta(days=3)
SAMPLED: Final = 50
TYPE_RULE: Final = "resource type rule"
ROLE_RULE: Final = "single role rule"
_MOST_ROLES: Final = 20
_ACCOUNT_NAMES: Final = ("sAMAccountName", "userPrincipalName", "BNAME", "Login", "mail", "alias")
_ALL_TOUCHED: Final = 0.8


@dataclass(frozen=True, slots=True)
class Evidence(BlockedTask):
    orders: Page[Order] | None = None
    """Pending orders of the connector."""
    recent: Page[TaskRun] | None = None
    """Tasks of all connectors of the last days."""
    people: Page[ResourceVersion] | None = None
    """Identities with their end dates."""
    sources: Sequence[Source] | None = None
    """Source records of one owner of the deletions."""
    type_rules: Sequence[RoleRule] | None = None
    values: Mapping[OrderId, tuple[OrderProperty, ...]] = field(default_factory=dict)
    property_rules: Sequence[PropertyRule] | None = None
    there: Page[ResourceVersion] | None = None
    """An account that a creation would make, looked up in the synchronized data."""
    held_back: Page[RowChange] | None = None
    """What a blocked synchronization of the target has found and not stored."""
    missing: tuple[Missing, ...] = ()


async def gather(
    nim: NimReads, subject: Subject, site: Site, now: datetime, *, task: TaskRun | None = None
) -> Evidence:
    """At most six requests. `task` is the blocked task where it was read just before; else it is looked for."""
    reads = Reads()
    since = (subject.run.started_at if subject.run and subject.run.started_at else now) - LOOK_BACK
    world, recent = await asyncio.gather(
        landscape(nim.catalogue, reads),
        reads.attempt(
            nim.recent_task_runs(since),
            "the recent runs",
            without="Whether identity or account data failed before is not known.",
        ),
    )
    task = task or _blocked(recent, subject)
    if task is None:
        return Evidence(subject, site, world, recent=recent, missing=reads.missing)
    run = subject.run or await reads.attempt(nim.job_run(task.job_run_id), f"run {task.job_run_id}")
    connector_id = task.connector_id or subject.connector_id
    orders = await reads.attempt(
        nim.orders(states=(OrderState.PENDING,), resource_type_ids=world.types_of((connector_id,))),
        "the pending orders",
        without="What would leave cannot be counted.",
        look_at="Connectors > the connector > Resource Types",
    )
    seen = Evidence(subject, site, world, task, run, orders, recent, missing=reads.missing)
    main = main_kind(orders)
    if main is None or orders is None:
        return seen
    return await _around(nim, reads, seen, *main)


async def _around(nim: NimReads, reads: Reads, seen: Evidence, type_id: ResourceTypeId, change: ChangeType) -> Evidence:
    """What explains the largest kind of change: owners for deletions, accounts for creations, rules for changes."""
    own = tuple(order for order in seen.orders or () if order.resource_type_id == type_id and order.change is change)
    sample = tuple(order.id for order in oldest_first(own)[:SAMPLED])
    person_type = seen.site.person_type
    people: Page[ResourceVersion] | None = None
    sources: Sequence[Source] | None = None
    rules: Sequence[RoleRule] | None = None
    values: Mapping[OrderId, tuple[OrderProperty, ...]] | None = None
    property_rules: Sequence[PropertyRule] | None = None
    there: Page[ResourceVersion] | None = None
    held_back: Page[RowChange] | None = None
    if change is ChangeType.DELETE:
        owner = next((order.owner_id for order in oldest_first(own) if order.owner_id), None)
        removed = identities_removed(seen.recent, seen.connector_id, len(own))
        rules, sources = await asyncio.gather(
            reads.attempt(nim.role_rules((type_id,), kind=TYPE_RULE), "the rules of the resource type"),
            _sources(nim, reads, person_type, owner) if removed is not False else _nothing(),
        )
        role_rules, people = await asyncio.gather(
            _role_rules(nim, reads, rules or ()) if not removed else _nothing(),
            reads.attempt(
                nim.resources(person_type, (seen.site.person_end_date,), limit=1000),
                "the identities with their end dates",
            )
            if removed is not None
            else _nothing(),
        )
        rules = (*(rules or ()), *(role_rules or ())) if rules is not None or role_rules is not None else None
    else:
        values, rules = await asyncio.gather(
            reads.attempt(nim.order_properties(sample), "the values of the orders"),
            reads.attempt(nim.role_rules((type_id,), kind=TYPE_RULE), "the rules of the resource type")
            if change is ChangeType.CREATE
            else _nothing(),
        )
        if values and change is ChangeType.CREATE:
            entity = seen.landscape.entity_type_of(own[0].resource_type_id)
            if (blocked := blocked_target(seen)) is not None and entity:
                what = "what the blocked synchronization of the target holds back"
                held_back = await reads.attempt(nim.row_changes(entity, blocked.job_run_id), what)
            else:
                there = await _look(nim, reads, entity, values)
        elif values and (name := main_property(values)):
            property_rules = await reads.attempt(nim.rules_of(type_id, name, kind="scalar"), f"the rules of {name}")
    return Evidence(
        seen.subject,
        seen.site,
        seen.landscape,
        seen.task,
        seen.run,
        seen.orders,
        seen.recent,
        people,
        sources,
        rules,
        values or {},
        property_rules,
        there,
        held_back,
        reads.missing,
    )


def blocked_target(seen: Evidence) -> TaskRun | None:
    """The newest synchronization of the connector, where it is blocked."""
    own = [
        (one.started_at, one.id, one)
        for one in seen.recent or ()
        if one.kind is TaskKind.SYNCHRONIZE and one.connector_id == seen.connector_id and one.started_at
    ]
    newest = max(own, key=lambda one: one[:2], default=None)
    return newest[2] if newest is not None and newest[2].state is RunState.BLOCKED else None


async def _role_rules(nim: NimReads, reads: Reads, rules: Sequence[RoleRule]) -> Sequence[RoleRule] | None:
    """Rules of the roles through which the resource type is given."""
    roles = tuple(dict.fromkeys(rule.parent_role_id for rule in rules if rule.parent_role_id))[:_MOST_ROLES]
    if not roles:
        return None
    return await reads.attempt(nim.role_rules(roles, kind=ROLE_RULE), "the rules of the roles that give it")


def identities_removed(recent: Page[TaskRun] | None, connector_id: ConnectorId | None, count: int) -> bool | None:
    """Whether a synchronization of another connector removed about as many rows; None where no counters are shown."""
    told = [
        one.progress.deleted
        for one in recent or ()
        if one.kind is TaskKind.SYNCHRONIZE
        and one.connector_id != connector_id
        and one.state is RunState.COMPLETED
        and one.progress is not None
        and one.progress.deleted is not None
    ]
    return any(2 * removed >= count for removed in told) if told else None


async def _nothing() -> None:
    return None


async def _sources(nim: NimReads, reads: Reads, person_type: str, owner: ResourceId | None) -> Sequence[Source] | None:
    if owner is None:
        return None
    return await reads.attempt(nim.sources(person_type, owner), "the sources of one of the owners")


async def _look(
    nim: NimReads, reads: Reads, entity: str, values: Mapping[OrderId, tuple[OrderProperty, ...]]
) -> Page[ResourceVersion] | None:
    """Whether an account that would be created is there already."""
    for name, value in account_names(values):
        if entity:
            return await reads.attempt(
                nim.resources(entity, (name,), where=((name, value),), limit=2),
                "an account that would be created",
                without="Whether it exists already is not known.",
            )
    return None


def account_names(values: Mapping[OrderId, tuple[OrderProperty, ...]]) -> tuple[tuple[str, str], ...]:
    """Property and value by which each order's account is known, in the order of the orders' ids."""
    found = []
    for order_id in sorted(values):
        held = {one.name: one.value for one in values[order_id] if one.value}
        name = next((one for one in _ACCOUNT_NAMES if one in held), "")
        if name:
            found.append((name, held[name] or ""))
    return tuple(found)


def _blocked(recent: Page[TaskRun] | None, subject: Subject) -> TaskRun | None:
    """The newest blocked generation of the run, or of the connector, that is asked about."""
    own = [
        (one.started_at, one.id, one)
        for one in recent or ()
        if one.kind is TaskKind.GENERATE
        and one.state is RunState.BLOCKED
        and one.started_at
        and (subject.connector_id is None or one.connector_id == subject.connector_id)
        and (subject.run is None or one.job_run_id == subject.run.id)
    ]
    newest = max(own, key=lambda one: one[:2], default=None)
    return newest[2] if newest is not None else None


def main_kind(orders: Page[Order] | None) -> tuple[ResourceTypeId, ChangeType] | None:
    """The resource type and change with the most pending orders."""
    counts = Counter((order.resource_type_id, order.change) for order in orders or ())
    return max(counts, key=lambda one: (counts[one], one)) if counts else None


def changing(values: Mapping[OrderId, tuple[OrderProperty, ...]]) -> dict[OrderId, tuple[OrderProperty, ...]]:
    """What the orders would write: an account holds its other properties as they shall be."""
    return {
        order_id: tuple(
            one
            for one in held
            if one.state is not OrderState.VERIFIED and (one.current is None or one.current != one.value)
        )
        for order_id, held in values.items()
    }


def main_property(values: Mapping[OrderId, tuple[OrderProperty, ...]]) -> str:
    """The property that at least four fifths of the sampled orders change, "" where there is none."""
    counts = Counter(name for held in changing(values).values() for name in {one.name for one in held})
    name = max(counts, key=lambda one: (counts[one], one), default="")
    return name if name and counts[name] >= _ALL_TOUCHED * len(values) else ""
