"""What is read to judge errored orders: a constant number of requests, however many orders there are."""

import asyncio
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

from bot.diagnosis.grouping import kind_of, oldest_first, parent_of, text_of
from bot.diagnosis.landscape import Landscape, landscape
from bot.diagnosis.reading import Reads
from bot.diagnosis.site import Site
from bot.diagnosis.subject import Subject
from bot.model.finding import Missing
from bot.model.ids import JobRunId, OrderId
from bot.model.job import JobRun, RunState, TaskKind, TaskRun
from bot.model.order import ChangeType, Order, OrderProperty, OrderState
from bot.model.page import Page
from bot.ports import NimReads

RECENT_RUNS: Final = 200
SAMPLED_ORDERS: Final = 50
LOOK_BACK: Final = timedelta(days=3)
"""How far back the last synchronization is looked for."""

_DN_NAMES: Final = frozenset({"dn", "distinguishedname"})
_UNIQUE_NAMES: Final = ("userPrincipalName", "sAMAccountName", "mail", "proxyAddresses", "alias", "login", "uid", "cn")
_SHORTEST_NAME: Final = 3
"""Shorter property names (cn, l, sn) occur in any text by chance."""
_MINUTE: Final = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class Looked:
    """A look into the synchronized data for what an error text speaks of."""

    property: str
    value: str
    change: ChangeType
    error_class: str
    present: bool
    name: str = ""
    """Private: what was found."""
    at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Evidence:
    subject: Subject
    site: Site
    landscape: Landscape
    orders: Page[Order] | None
    """Errored orders, newest first; None when they could not be read."""
    like: Page[Order] | None = None
    """For one order: others in error of the same resource type and change."""
    run: JobRun | None = None
    """The run in which most of them failed."""
    runs: tuple[JobRun, ...] = ()
    passed: Page[Order] | None = None
    """Orders of the connector that were executed since that run started."""
    properties: Mapping[OrderId, tuple[OrderProperty, ...]] = field(default_factory=dict)
    looked: Looked | None = None
    syncs: Page[TaskRun] | None = None
    missing: tuple[Missing, ...] = ()

    @property
    def all_orders(self) -> tuple[Order, ...]:
        """Those asked about; for one order also its like ones, so that a group is known."""
        if self.orders is None:
            return ()
        known = {order.id for order in self.orders}
        others = tuple(order for order in self.like or () if order.id not in known)
        return self.orders.items + others


async def gather(nim: NimReads, subject: Subject, site: Site, now: datetime) -> Evidence:
    """Reads everything; what Identity Manager does not give is told in `missing`."""
    reads = Reads()
    world, orders, runs = await asyncio.gather(
        landscape(nim.catalogue, reads, jobs_too=_needs_jobs(subject)),
        reads.attempt(_orders(nim, subject, now), "the errored orders", look_at="Provisioning Review"),
        reads.attempt(
            nim.job_runs(limit=RECENT_RUNS), "the recent runs", without="A run in progress would not be seen."
        )
        if subject.order_id is None and subject.run is None
        else _nothing(),
    )
    recent = runs.items if runs else subject.recent or ((subject.run,) if subject.run else ())
    if orders is not None and subject.run is not None and subject.connector_id is None:
        types = set(world.types_of(world.connectors_of(subject.run.job_id)))
        if types:
            orders = Page(tuple(o for o in orders if o.resource_type_id in types), orders.more, orders.read_at)
    if not orders:
        return Evidence(subject, site, world, orders, run=subject.run, runs=recent, missing=reads.missing)
    seen = orders.items
    alone = subject.order_id is not None
    kinds = {kind_of(order).error_class for order in seen}
    wants_values = any(one.startswith("data/") for one in kinds)
    wants_syncs = any(not text_of(order) for order in seen) or "data/parent-missing" in kinds
    run, values, syncs, like = await asyncio.gather(
        _run(nim, reads, subject, seen, recent) if not (alone and wants_values) else _nothing(),
        _values(nim, reads, seen) if wants_values else _nothing(),
        reads.attempt(
            nim.recent_task_runs(now - LOOK_BACK, connector_id=world.connector_of(seen[0])),
            "the last synchronizations",
            without="An order that was not confirmed in time cannot be told from a refused one.",
        )
        if wants_syncs and not (alone and wants_values)
        else _nothing(),
        _like(nim, reads, seen[0]) if alone else _nothing(),
    )
    values = values or {}
    passed, looked = await asyncio.gather(
        _passed(nim, reads, run, world, seen, now) if run and run.started_at else _nothing(),
        _look(nim, reads, world, seen, values) if values else _nothing(),
    )
    return Evidence(
        subject, site, world, orders, like, run, recent, passed, values, looked, syncs, missing=reads.missing
    )


def _needs_jobs(subject: Subject) -> bool:
    """A card of one order offers its unblocking only; jobs matter where a synchronization is what helps."""
    return subject.order_id is None or subject.order is None or not text_of(subject.order)


async def _nothing() -> None:
    return None


async def _orders(nim: NimReads, subject: Subject, now: datetime) -> Page[Order]:
    if subject.order_id is not None:
        order = subject.order or await nim.order(subject.order_id)
        return Page((order,), more=False, read_at=order.read_at or now)
    return await nim.orders(
        errored=True,
        with_errors=True,
        owner_id=subject.owner,
        resource_type_ids=subject.resource_type_ids,
        change=subject.change,
    )


async def _like(nim: NimReads, reads: Reads, order: Order) -> Page[Order] | None:
    return await reads.attempt(
        nim.orders(errored=True, with_errors=True, resource_type_ids=(order.resource_type_id,), change=order.change),
        "like orders",
        without="Whether others fail alike is not known.",
    )


def _main_run(orders: Sequence[Order]) -> JobRunId | None:
    counts = Counter(order.error.job_run_id for order in orders if order.error and order.error.job_run_id)
    return max(counts, key=lambda run_id: (counts[run_id], len(run_id), run_id)) if counts else None


async def _run(
    nim: NimReads, reads: Reads, subject: Subject, orders: Sequence[Order], recent: Sequence[JobRun]
) -> JobRun | None:
    if subject.run is not None:
        return subject.run
    wanted = _main_run(orders)
    if wanted is None:
        return None
    if known := next((run for run in recent if run.id == wanted), None):
        return known
    return await reads.attempt(
        nim.job_run(wanted), f"run {wanted}", without="What else passed in the same run is not known."
    )


async def _values(
    nim: NimReads, reads: Reads, orders: Sequence[Order]
) -> Mapping[OrderId, tuple[OrderProperty, ...]] | None:
    """Values of a sample that is spread over the error classes, so that no large group hides a small one."""
    by_class: dict[str, list[Order]] = {}
    for order in oldest_first(orders):
        found = kind_of(order).error_class
        if found.startswith("data/"):
            by_class.setdefault(found, []).append(order)
    share = max(1, SAMPLED_ORDERS // max(1, len(by_class)))
    ids = tuple(order.id for members in by_class.values() for order in members[:share])[:SAMPLED_ORDERS]
    return await reads.attempt(
        nim.order_properties(ids), "the values of the orders", without="Which value was refused is not known."
    )


async def _passed(
    nim: NimReads,
    reads: Reads,
    run: JobRun,
    world: Landscape,
    orders: Sequence[Order],
    now: datetime,
) -> Page[Order] | None:
    start = (run.started_at or now).replace(second=0, microsecond=0)
    types = world.types_of({world.connector_of(order) for order in orders} - {None})
    return await reads.attempt(
        nim.orders(
            states=(OrderState.EXECUTED, OrderState.VERIFIED),
            resource_type_ids=types,
            performed_between=(start, now + _MINUTE),
        ),
        "what passed in the same run",
        without="A missing right cannot be told from a general failure.",
    )


async def _look(
    nim: NimReads,
    reads: Reads,
    world: Landscape,
    orders: Sequence[Order],
    values: Mapping[OrderId, tuple[OrderProperty, ...]],
) -> Looked | None:
    """One look for the most frequent value in question: a parent container, or a value said to exist already."""
    wanted: Counter[tuple[str, str, str, ChangeType, str]] = Counter()
    for order in orders:
        found = kind_of(order).error_class
        target = world.resource_type(order.resource_type_id)
        entity = world.entity_type(target.target_entity_type_id) if target else ""
        if not entity or order.id not in values:
            continue
        if found == "data/parent-missing" and (place := container_of(order, values[order.id])):
            wanted[(entity, _dn_name(values[order.id]), place, order.change, found)] += 1
        elif found == "data/duplicate" and (pair := duplicate_in(order, values[order.id])):
            wanted[(entity, pair[0], pair[1], order.change, found)] += 1
    if not wanted:
        return None
    entity, name, value, change, error_class = max(wanted, key=lambda one: (wanted[one], one))
    page = await reads.attempt(
        nim.resources(entity, (name,), where=((name, value),), limit=2),
        "the object that the error speaks of",
        without="Whether it exists in the synchronized data is not known.",
    )
    if page is None:
        return None
    name_found = page.items[0].name if page.items else ""
    return Looked(name, value, change, error_class, bool(page.items), name_found, page.read_at)


def _dn_name(properties: Sequence[OrderProperty]) -> str:
    return next((one.name for one in properties if one.name.lower() in _DN_NAMES), "dn")


def container_of(order: Order, properties: Sequence[OrderProperty] | None) -> str:
    """Where the account stands, or is to stand: from its values, else from the account as synchronized."""
    computed = next((one.value for one in properties or () if one.name.lower() in _DN_NAMES and one.value), None)
    return parent_of(computed or order.resource_dn)


def duplicate_in(order: Order, properties: Sequence[OrderProperty]) -> tuple[str, str] | None:
    """The property and value that exist already: what the text names, else the first that must be unique."""
    text = text_of(order).lower()
    held = {one.name.lower(): one for one in properties if one.value}
    named = [one for name, one in held.items() if name in text and len(name) >= _SHORTEST_NAME]
    usual = [held[name.lower()] for name in _UNIQUE_NAMES if name.lower() in held]
    chosen = next(iter([*sorted(named, key=lambda one: -len(one.name)), *usual]), None)
    return (chosen.name, chosen.value or "") if chosen else None


def last_synchronization(syncs: Page[TaskRun] | None) -> TaskRun | None:
    """The newest synchronization that ended well."""
    ended = [
        (run.ended_at, run)
        for run in syncs or ()
        if run.kind is TaskKind.SYNCHRONIZE and run.state is RunState.COMPLETED and run.ended_at is not None
    ]
    return max(ended, key=lambda pair: pair[0])[1] if ended else None


def failed_in_run(evidence: Evidence) -> bool:
    """Whether any order's newest error is of the run that was asked about."""
    wanted = evidence.subject.run.id if evidence.subject.run else None
    return any(order.error is not None and order.error.job_run_id == wanted for order in evidence.orders or ())
