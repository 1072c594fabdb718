"""The reading of errored orders: a constant number of requests, however many orders there are."""

import asyncio
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final

from bot.diagnosis.catalogue import classify_log
from bot.diagnosis.grouping import kind_of, oldest_first, text_of
from bot.diagnosis.landscape import Landscape, landscape
from bot.diagnosis.reading import Reads
from bot.diagnosis.site import Site
from bot.diagnosis.subject import Subject
from bot.diagnosis.symptoms.errored_orders.evidence import (
    Evidence,
    LaterFault,
    Looked,
    dn_name,
    duplicate_in,
    missing_container,
    of_run_asked,
)
from bot.model.ids import ConnectorId, JobId, JobRunId, OrderId
from bot.model.job import FAILED, JobRun, TaskKind
from bot.model.order import ChangeType, Order, OrderProperty, OrderState
from bot.model.page import Page
from bot.ports import NimReads

RECENT_RUNS: Final = 200
SAMPLED_ORDERS: Final = 50
LOOK_BACK: Final = timedelta(days=3)
"""How far back the last synchronization is looked for."""
_MINUTE: Final = timedelta(minutes=1)
_ERROR_LEVELS: Final = frozenset({"error", "fatal", "critical"})
_USES_THE_TARGET: Final = (TaskKind.EXPORT, TaskKind.FULFILL)


async def gather(nim: NimReads, subject: Subject, site: Site, now: datetime) -> Evidence:
    """Reads everything; what Identity Manager does not give is told in `missing`."""
    reads = Reads()
    world, orders, runs = await asyncio.gather(
        landscape(nim.catalogue, reads, jobs_too=_needs_jobs(subject)),
        reads.attempt(_orders(nim, subject, now), "the errored orders", look_at="Provisioning Review"),
        reads.attempt(
            nim.job_runs(limit=RECENT_RUNS) if subject.run is None else nim.latest_runs(),
            "the recent runs",
            without="A run in progress would not be seen.",
        )
        if subject.order_id is None
        else _nothing(),
    )
    recent = _newest_first(runs, subject)
    if orders is not None and subject.run is not None and subject.connector_id is None:
        types = set(world.types_of(world.connectors_of(subject.run.job_id)))
        if types:
            orders = Page(tuple(o for o in orders if o.resource_type_id in types), orders.more, orders.read_at)
    if not orders or not of_run_asked(subject, orders):
        return await _nothing_left(
            nim, reads, Evidence(subject, site, world, orders, run=subject.run, runs=recent), now
        )
    seen = orders.items
    alone = subject.order_id is not None
    kinds = {kind_of(order).error_class for order in seen}
    wants_values = any(_asks_for_values(order, alone=alone) for order in seen)
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
    most = wants_syncs or subject.run is not None
    later = None if alone else _failed_since(run, world, seen, recent)
    passed, since, fault, looked = await asyncio.gather(
        _passed(nim, reads, run, world, seen, now) if run and run.started_at else _nothing(),
        _since(nim, reads, run, world, seen, now)
        if run
        and run.ended_at
        and not alone
        and later is None
        and subject.run is None
        and not (wants_values and wants_syncs)
        else _nothing(),
        _later_fault(nim, reads, later, world.connector_of(seen[0])) if later else _nothing(),
        _look(nim, reads, world, seen, values) if values and not (later and most) else _nothing(),
    )
    return Evidence(
        subject,
        site,
        world,
        orders,
        like,
        run,
        recent,
        passed,
        since,
        fault,
        values,
        looked,
        syncs,
        missing=reads.missing,
    )


def _newest_first(runs: Page[JobRun] | None, subject: Subject) -> tuple[JobRun, ...]:
    """What was read now counts; runs that came with the question only where it was not."""
    told = (*subject.recent, *((subject.run,) if subject.run else ()))
    known = {run.id: run for run in (*told, *(runs or ()))}
    return tuple(
        sorted(known.values(), key=lambda one: (one.started_at is not None, one.started_at, one.id), reverse=True)
    )


def _asks_for_values(order: Order, *, alone: bool) -> bool:
    """A refused value is among them; and only they tell where an account was to be created."""
    kind = kind_of(order)
    return kind.family == "data" or (kind.family == "rights" and order.change is ChangeType.CREATE and not alone)


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
        if _asks_for_values(order, alone=len(orders) == 1):
            by_class.setdefault(kind_of(order).error_class, []).append(order)
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
    """As of the run's end: since then a deletion that passed is gone, and a creation has become an account."""
    start = (run.started_at or now).replace(second=0, microsecond=0)
    failed = {world.connector_of(order) for order in orders if order.error and order.error.job_run_id == run.id}
    return await reads.attempt(
        _done(nim, world, failed, (start, (run.ended_at or now) + _MINUTE), as_of=run.ended_at or now),
        "what passed in the same run",
        without="A missing right cannot be told from a general failure.",
    )


async def _since(
    nim: NimReads,
    reads: Reads,
    run: JobRun,
    world: Landscape,
    orders: Sequence[Order],
    now: datetime,
) -> Page[Order] | None:
    connectors = {world.connector_of(order) for order in orders}
    return await reads.attempt(
        _done(nim, world, connectors, (run.ended_at or now, now + _MINUTE)),
        "what passed since that run",
        without="Whether the cause is gone already is not known.",
    )


async def _done(
    nim: NimReads,
    world: Landscape,
    connectors: Collection[ConnectorId | None],
    between: tuple[datetime, datetime],
    *,
    as_of: datetime | None = None,
) -> Page[Order]:
    """Orders of these connectors that were carried out in that time."""
    return await nim.orders(
        states=(OrderState.EXECUTED, OrderState.VERIFIED),
        resource_type_ids=world.types_of(set(connectors) - {None}),
        performed_between=between,
        as_of=as_of,
    )


def _failed_since(
    run: JobRun | None, world: Landscape, orders: Sequence[Order], recent: Sequence[JobRun]
) -> JobRun | None:
    """The newest run on the connector of most orders, where it failed after them and none of them failed in it."""
    connector_id = world.connector_of(orders[0])
    if run is None or run.ended_at is None or connector_id is None:
        return None
    own = {order.error.job_run_id for order in orders if order.error}
    using = {job.id for kind in _USES_THE_TARGET for job in world.jobs_of(connector_id, kind)}
    ended = [one for one in recent if one.job_id in using and one.ended and one.started_at]
    newest = max(ended, key=lambda one: (one.started_at or run.started_at, one.id), default=None)
    if (
        newest is None
        or newest.state not in FAILED
        or newest.id in own
        or (newest.started_at or run.ended_at) <= run.ended_at
    ):
        return None
    return newest


async def _later_fault(nim: NimReads, reads: Reads, run: JobRun, connector_id: ConnectorId | None) -> LaterFault | None:
    tasks = await reads.attempt(
        nim.task_runs(run.id), f"the tasks of run {run.id}", without="Whether the target can be reached is not known."
    )
    failed = next((one for one in tasks or () if one.state in FAILED and one.kind in _USES_THE_TARGET), None)
    if failed is None:
        return None
    log = await reads.attempt(
        nim.files.task_log(failed.id),
        f"the log of task {failed.name}",
        without="Whether the target can be reached is not known.",
        look_at="Job Results > the task's line",
    )
    errors = tuple(one.text for one in log.lines if one.level.lower() in _ERROR_LEVELS) if log else ()
    return LaterFault(connector_id, run, failed, classify_log(errors)[0])


async def _nothing_left(nim: NimReads, reads: Reads, seen: Evidence, now: datetime) -> Evidence:
    """No order is in error, or none of the run that was asked about: what became of those that were."""
    run = seen.run
    if seen.orders is None or seen.subject.person is not None:
        return replace(seen, missing=reads.missing)
    if run is not None and run.started_at and run.ended_at:
        types = seen.landscape.types_of(seen.landscape.connectors_of(run.job_id))
        settled = await reads.attempt(
            nim.orders(
                errored=True,
                resource_type_ids=types,
                performed_between=(run.started_at.replace(second=0, microsecond=0), run.ended_at + _MINUTE),
                as_of=run.ended_at,
            ),
            "the orders as they stood when the run ended",
            without="Whether orders failed in it is not known.",
        )
        return replace(seen, settled=settled, missing=reads.missing)
    failed, latest = await asyncio.gather(
        reads.attempt(nim.job_runs(since=now - LOOK_BACK, states=tuple(FAILED), limit=RECENT_RUNS), "the failed runs"),
        reads.attempt(nim.latest_runs(), "the newest run of each job"),
    )
    wanted = set(seen.subject.resource_type_ids)
    connectors = {one.connector_id for one in seen.landscape.resource_types if not wanted or one.id in wanted}
    jobs = {job.id for one in connectors for job in seen.landscape.jobs_of(one, TaskKind.FULFILL)}
    newest = {one.job_id: one for one in latest or () if one.job_id in jobs}
    found: dict[JobId, tuple[JobRun, JobRun]] = {}
    for one in sorted(failed or (), key=lambda one: (one.started_at or now, one.id)):
        if one.job_id in newest:
            found[one.job_id] = (one, newest[one.job_id])
    return replace(seen, failed_jobs=tuple(found[key] for key in sorted(found)), missing=reads.missing)


async def _look(
    nim: NimReads,
    reads: Reads,
    world: Landscape,
    orders: Sequence[Order],
    values: Mapping[OrderId, tuple[OrderProperty, ...]],
) -> Looked | None:
    """One look for the most frequent value in question: a parent container, or a value said to exist already."""
    wanted: Counter[tuple[str, str, str, str, ChangeType, str]] = Counter()
    for order in orders:
        found = kind_of(order).error_class
        target = world.resource_type(order.resource_type_id)
        entity = world.entity_type(target.target_entity_type_id) if target else ""
        if not entity or order.id not in values:
            continue
        if place := missing_container(order, values[order.id]):
            wanted[(entity, dn_name(values[order.id]), place, order.resource_type, order.change, found)] += 1
        elif found == "data/duplicate" and (pair := duplicate_in(order, values[order.id])):
            wanted[(entity, *pair, order.resource_type, order.change, found)] += 1
    if not wanted:
        return None
    entity, name, value, resource_type, change, error_class = max(wanted, key=lambda one: (wanted[one], one))
    page = await reads.attempt(
        nim.resources(entity, (name,), where=((name, value),), limit=2),
        "the object that the error speaks of",
        without="Whether it exists in the synchronized data is not known.",
    )
    if page is None:
        return None
    name_found = page.items[0].name if page.items else ""
    return Looked(name, value, resource_type, change, error_class, bool(page.items), name_found, page.read_at)
