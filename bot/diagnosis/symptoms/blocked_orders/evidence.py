"""What is read to judge orders that wait for a review."""

import asyncio
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from bot.diagnosis.course import computed_at
from bot.diagnosis.landscape import Landscape, landscape
from bot.diagnosis.reading import Reads
from bot.diagnosis.site import Site
from bot.diagnosis.subject import Subject
from bot.model.finding import Missing
from bot.model.ids import OrderId
from bot.model.job import JobRun, RunState, TaskKind, TaskRun
from bot.model.order import Order, OrderState
from bot.model.page import Page
from bot.ports import NimReads

BLOCKING: Final = frozenset({OrderState.AWAITING_APPROVAL, OrderState.ERRORED})
_UPDATE_BIT: Final = 4
_BEFORE: Final = timedelta(hours=6)
_RUNS: Final = 20
_MOST_JOBS: Final = 2


@dataclass(frozen=True, slots=True)
class Evidence:
    subject: Subject
    site: Site
    landscape: Landscape
    orders: Page[Order] | None
    """Orders in review, newest first."""
    asked: Order | None = None
    same: Page[Order] | None = None
    """Live orders on the same account, or of the same owner and type where there is no account yet."""
    tasks: Page[TaskRun] | None = None
    """Where no task's block option is shown: tasks since the orders came to be."""
    reviewing: tuple[JobRun, ...] | None = None
    """Runs of the jobs whose role model task has the block option; None = not known which."""
    computing: JobRun | None = None
    """A computation of the role model that is under way: states change under one's hands."""
    asked_unread: bool = False
    missing: tuple[Missing, ...] = ()


async def gather(nim: NimReads, subject: Subject, site: Site, now: datetime) -> Evidence:
    """At most five requests for one order, two for a list.

    An order that does not wait itself, only a property of it, was blocked by no computation: that is not looked for.
    """
    reads = Reads()
    known = subject.order
    alone = known is not None and known.state is not OrderState.AWAITING_APPROVAL
    world, asked, orders = await asyncio.gather(
        landscape(nim.catalogue, reads),
        _asked(nim, reads, subject, subject.order_id) if subject.order_id else _nothing(),
        reads.attempt(
            nim.orders(
                states=(OrderState.AWAITING_APPROVAL,),
                owner_id=subject.owner,
                resource_type_ids=subject.resource_type_ids,
                change=subject.change,
            ),
            "the orders in review",
            without="Whether others were blocked by the same computation is not known.",
            look_at="Provisioning Review",
        )
        if not alone
        else _nothing(),
    )
    seen = [asked] if asked else list(orders or ())
    moments = [computed_at(order) for order in seen]
    dated = [at for at in moments if at is not None]
    options = {task.block_provisioning for task in world.tasks if task.kind is TaskKind.ROLE_MODEL}
    shown = bool(options - {None})
    same, running, tasks, reviewing = await asyncio.gather(
        _same(nim, reads, asked) if asked else _nothing(),
        reads.attempt(
            nim.job_runs(states=(RunState.RUNNING,), limit=_RUNS),
            "the runs in progress",
            without="A computation under way would not be seen.",
        )
        if seen
        else _nothing(),
        reads.attempt(
            nim.recent_task_runs((min(dated) if dated else now) - _BEFORE),
            "the runs of the role model",
            without="Whether it was computed with the block option is not known.",
        )
        if seen and not shown and not alone
        else _nothing(),
        _reviewing(nim, reads, world) if seen and shown and not alone else _nothing(),
    )
    return Evidence(
        subject,
        site,
        world,
        orders,
        asked,
        same,
        tasks,
        reviewing,
        computing=_computing(world, running),
        asked_unread=bool(subject.order_id) and asked is None,
        missing=reads.missing,
    )


async def _reviewing(nim: NimReads, reads: Reads, world: Landscape) -> tuple[JobRun, ...] | None:
    """Runs of at most two jobs that compute with the block option: usually there is one, or none."""
    jobs = [
        job
        for job in world.jobs
        if any(task.kind is TaskKind.ROLE_MODEL and task.block_provisioning for task in world.tasks_of(job.id))
    ]
    pages = await asyncio.gather(
        *(
            reads.attempt(
                nim.job_runs(job.id, limit=_RUNS),
                f"the runs of {job.name}",
                without="Whether the role model was computed with the block option is not known.",
            )
            for job in jobs[:_MOST_JOBS]
        )
    )
    if any(page is None for page in pages) or len(jobs) > _MOST_JOBS:
        return None
    return tuple(run for page in pages if page is not None for run in page)


def _computing(world: Landscape, running: Page[JobRun] | None) -> JobRun | None:
    return next(
        (
            run
            for run in running or ()
            if not run.ended and any(task.kind is TaskKind.ROLE_MODEL for task in world.tasks_of(run.job_id))
        ),
        None,
    )


async def _nothing() -> None:
    return None


async def _asked(nim: NimReads, reads: Reads, subject: Subject, order_id: OrderId) -> Order | None:
    known = subject.order
    if known is not None and (known.properties is not None or not known.review_filter & _UPDATE_BIT):
        return known
    return await reads.attempt(nim.order(order_id, properties=True), f"order {order_id}")


async def _same(nim: NimReads, reads: Reads, order: Order) -> Page[Order] | None:
    if order.resource_id:
        read = nim.orders(resource_id=order.resource_id, states=tuple(BLOCKING))
    elif order.owner_id:
        read = nim.orders(owner_id=order.owner_id, resource_type_ids=(order.resource_type_id,), states=tuple(BLOCKING))
    else:
        return None
    return await reads.attempt(
        read, "other orders on the same account", without="An earlier blocked order would not be seen."
    )
