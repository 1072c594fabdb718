"""One order, whatever its state: the finding of the symptom that it has, or what it waits for (troubleshooting 2.9)."""

from dataclasses import replace
from datetime import datetime
from typing import Final

from bot.diagnosis import links, outlook
from bot.diagnosis.landscape import Landscape, landscape
from bot.diagnosis.reading import Reads
from bot.diagnosis.schedule import next_start
from bot.diagnosis.site import Site
from bot.diagnosis.subject import Subject
from bot.diagnosis.symptoms import blocked_orders, errored_orders
from bot.diagnosis.words import moment, noun_of, title, type_name
from bot.model.finding import Certainty, Fact, Finding, Outlook
from bot.model.ids import OrderId
from bot.model.job import Job, TaskKind
from bot.model.order import Order, OrderState
from bot.ports import NimReads

_IN_REVIEW: Final = 0b1111
_NO_END: Final = 9999


async def examine_order(nim: NimReads, order_id: OrderId, site: Site, now: datetime) -> Finding:
    """The finding of one order. Raises NimError when the order itself cannot be read."""
    order = await nim.order(order_id)
    return await examine_read_order(nim, order, site, now)


async def examine_read_order(nim: NimReads, order: Order, site: Site, now: datetime) -> Finding:
    """As `examine_order`, of an order that was read just before with its errors."""
    subject = Subject(order_id=order.id, order=order)
    if order.is_errored:
        return errored_orders.diagnose(await errored_orders.gather(nim, subject, site, now), now)
    if order.state is OrderState.AWAITING_APPROVAL or order.review_filter & _IN_REVIEW:
        return blocked_orders.diagnose(await blocked_orders.gather(nim, subject, site, now), now)
    reads = Reads()
    world = await landscape(nim.catalogue, reads)
    return replace(state_finding(order, world, site, now), missing=reads.missing)


def state_finding(order: Order, world: Landscape, site: Site, now: datetime) -> Finding:
    """What an order without a fault waits for. Pure."""
    said, text, then, caller = _state(order, world, site, now)
    thing = f"{type_name(order)} {noun_of(order.change)}"
    at = order.performed_at or order.created_at or order.read_at or now
    entity = world.entity_type(order.owner_type_id)
    return Finding(
        symptom=None,
        cause=None,
        certainty=Certainty.UNKNOWN if order.state is OrderState.UNKNOWN else Certainty.CONFIRMED,
        title=title(f"{order.owner_name}: {thing} {said}" if order.owner_name else f"{thing} {said}"),
        title_public=title(f"Order {order.id}: {thing} {said}"),
        text=text,
        next=then,
        evidence=(Fact("State", f"{order.state.value} ({order.code})", f"order {order.id}", at),),
        links=(links.order(site, order.id, entity),),
        say_to_caller=caller,
        as_of=order.read_at or now,
        outlook=_outlook(order, world, site, now),
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


def next_run(world: Landscape, order: Order, kind: TaskKind, site: Site, now: datetime) -> tuple[Job, datetime] | None:
    """The next scheduled run of a job that has such a task on the order's connector."""
    starts = [
        (job, at)
        for job in world.jobs_of(world.connector_of(order), kind)
        if (at := next_start(job, now, site.timezone)) is not None
    ]
    return min(starts, key=lambda one: (one[1], one[0].id), default=None)


def _when(found: tuple[Job, datetime] | None) -> str:
    return f"{found[0].name}, {moment(found[1])}" if found else "no schedule is known"


def _state(order: Order, world: Landscape, site: Site, now: datetime) -> tuple[str, str, str, str]:
    """Title, text, next step and the sentence for the caller."""
    if order.start_date is not None and order.start_date > now and order.start_date.year < _NO_END:
        due = moment(order.start_date)
        return (
            "is not due yet",
            f"It is due on {due}; nothing is wrong.",
            "Wait until then.",
            f"It is planned for {due}.",
        )
    match order.state:
        case OrderState.PENDING:
            return _pending(order, world, site, now)
        case OrderState.TRANSMITTED:
            return (
                "was handed over",
                "The agent has it and has not answered: a task for a person, or a run that has not ended.",
                "Look at Manual Provisioning; for an automatic system look at the last run of its job.",
                "The change has been handed over and is being carried out.",
            )
        case OrderState.EXECUTED:
            when = _when(next_run(world, order, TaskKind.SYNCHRONIZE, site, now))
            return (
                "is executed, not verified yet",
                f"The target reported success. The next synchronization verifies it ({when}).",
                "Wait for the next synchronization.",
                "The change has been made.",
            )
        case OrderState.VERIFIED:
            return (
                "is done and verified",
                "The synchronized data agree with it. What still does not work lies outside Identity Manager.",
                "Look at the account in its own system: replication, licence, logon.",
                "The account is in place.",
            )
        case OrderState.INACTIVE:
            return "is of no use any more", "It is in the past or superseded.", "", "This change is no longer needed."
        case OrderState.NONE:
            return "has nothing to provision", "Nothing is to be sent for it.", "", ""
        case _:
            return f"is in state {order.code}", "This state is not known here.", "Look at Provisioning Review.", ""


def _pending(order: Order, world: Landscape, site: Site, now: datetime) -> tuple[str, str, str, str]:
    connector = world.connector(world.connector_of(order))
    if connector is not None and connector.deactivated:
        return (
            "cannot leave: the connector is deactivated",
            f"{connector.name} is deactivated, so nothing is sent to it.",
            "An application administrator activates the connector if it is wanted.",
            "Changes to this system are switched off at the moment.",
        )
    found = next_run(world, order, TaskKind.GENERATE, site, now)
    return (
        "leaves with the next run",
        f"It is pending and leaves with the next provisioning run ({_when(found)}).",
        "Wait for that run, or relaunch the job." if found else "Relaunch the provisioning job of this connector.",
        f"The change is planned for {moment(found[1])}." if found else "The change is waiting for the next run.",
    )
