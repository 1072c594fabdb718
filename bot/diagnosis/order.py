"""One order, whatever its state: the finding of the symptom that it has, or what it waits for (troubleshooting 2.9)."""

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Final

from bot.diagnosis import links, outlook
from bot.diagnosis.course import CHANGES_STATE, course_of
from bot.diagnosis.landscape import Landscape, landscape
from bot.diagnosis.reading import Reads
from bot.diagnosis.site import Site
from bot.diagnosis.subject import Subject
from bot.diagnosis.symptoms import blocked_orders, errored_orders
from bot.diagnosis.words import noun_of, title, type_name
from bot.model.finding import Fact, Finding, Outlook
from bot.model.ids import OrderId
from bot.model.job import JobRun, TaskKind
from bot.model.order import Order, OrderState
from bot.ports import NimReads

_IN_REVIEW: Final = 0b1111


async def examine_order(nim: NimReads, order_id: OrderId, site: Site, now: datetime) -> Finding:
    """The finding of one order. Raises NimError when the order itself cannot be read."""
    order = await nim.order(order_id)
    return await examine_read_order(nim, order, site, now)


async def examine_read_order(nim: NimReads, order: Order, site: Site, now: datetime) -> Finding:
    """As `examine_order`, of an order that was read just before with its errors."""
    subject = Subject(order_id=order.id, order=order)
    if order.is_errored:
        return errored_orders.diagnose(await errored_orders.gather(nim, subject, site, now), now)
    if in_review(order):
        return blocked_orders.diagnose(await blocked_orders.gather(nim, subject, site, now), now)
    reads = Reads()
    world, latest = await asyncio.gather(landscape(nim.catalogue, reads), newest_runs(nim, reads, order))
    return replace(state_finding(order, world, site, now, latest), missing=reads.missing)


def in_review(order: Order) -> bool:
    """Whether the order, or a property of it, waits for a person."""
    return order.state is OrderState.AWAITING_APPROVAL or bool(order.review_filter & _IN_REVIEW)


async def newest_runs(nim: NimReads, reads: Reads, order: Order) -> tuple[JobRun, ...] | None:
    """The newest run of each job, where the order waits for one or was verified by one."""
    if order.state not in CHANGES_STATE:
        return None
    page = await reads.attempt(
        nim.latest_runs(),
        "the newest run of each job",
        without="Whether the run that it waits for fails is not known.",
        look_at="Job Results",
    )
    return page.items if page is not None else None


def state_finding(
    order: Order, world: Landscape, site: Site, now: datetime, latest: Sequence[JobRun] | None = None
) -> Finding:
    """What an order without a fault waits for. Pure."""
    course = course_of(order, world, site, now, latest)
    said = course.said
    thing = f"{type_name(order)} {noun_of(order.change)}"
    at = order.performed_at or order.created_at or order.read_at or now
    entity = world.entity_type(order.owner_type_id)
    return Finding(
        symptom=course.symptom,
        cause=None,
        certainty=course.certainty,
        title=title(f"{order.owner_name}: {thing} {said}" if order.owner_name else f"{thing} {said}"),
        title_public=title(f"Order {order.id}: {thing} {said}"),
        text=course.text,
        next=course.next,
        evidence=(Fact("State", f"{order.state.value} ({order.code})", f"order {order.id}", at),),
        links=(links.order(site, order.id, entity),),
        say_to_caller=course.caller,
        as_of=order.read_at or now,
        outlook=_outlook(order, world, site, now) if course.heals else None,
    )


def _outlook(order: Order, world: Landscape, site: Site, now: datetime) -> Outlook | None:
    connector_id = world.connector_of(order)
    if order.state is OrderState.PENDING:
        jobs = world.jobs_of(connector_id, TaskKind.GENERATE)
        return outlook.of_waiting(jobs, now, site.timezone, what="takes it along")
    if order.state is OrderState.EXECUTED:
        jobs = world.jobs_of(connector_id, TaskKind.SYNCHRONIZE)
        return outlook.of_waiting(jobs, now, site.timezone, what="verifies it")
    return None
