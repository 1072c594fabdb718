"""The last look before a write: what is so now, and what speaks against acting (safety rules 2, 8 and 9)."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from bot.access import Permission, may, to_relaunch, to_unblock
from bot.desk.command import Asking
from bot.desk.desk import Candidates
from bot.diagnosis import fingerprint
from bot.diagnosis.landscape import Landscape, landscape
from bot.diagnosis.reading import Reads
from bot.diagnosis.schedule import next_start
from bot.errors import GroundMoves, NotAllowed, NotFound, Stale
from bot.model.answer import Choice
from bot.model.ids import ConnectorId, JobId, OrderId
from bot.model.job import Job, JobRun, RunState, Task, TaskKind
from bot.model.order import Order, OrderState
from bot.model.page import Page

TOO_CLOSE = timedelta(minutes=3)
"""A run that is due within this time is waited for (safety rule 9)."""
OTHERS_CAP = 50
"""More other pending orders than this leave only with an approver's hand (safety rule 2)."""
_NOUN = frozenset({"order", "ordre", "no", "#"})
UNBLOCKABLE = {OrderState.ERRORED, OrderState.AWAITING_APPROVAL}


@dataclass(frozen=True, slots=True)
class OrderWish:
    """What an unblock is about, as a button carries it: "3930001", "3930001 via 1006", "3930001 only".

    `via` is the job that a person chose where several would send the order; `only` leaves the job to its schedule.
    """

    order_id: OrderId
    via: JobId | None = None
    only: bool = False

    @staticmethod
    def read(thing: str) -> "OrderWish":
        words = thing.split()
        if words and words[0].casefold() in _NOUN:
            words = words[1:]
        via = words[words.index("via") + 1] if "via" in words[:-1] else ""
        return OrderWish(OrderId(words[0] if words else ""), JobId(via) if via else None, "only" in words)

    @property
    def thing(self) -> str:
        """As a button carries it."""
        return self.order_id + (f" via {self.via}" if self.via else "") + (" only" if self.only else "")


@dataclass(frozen=True, slots=True)
class Run:
    """A job that could be launched now, and what would leave with it."""

    job: Job
    tasks: tuple[Task, ...]
    last: JobRun | None
    others: Page[Order] | None
    """Other pending orders of the connectors that it serves; None when they could not be read."""
    permission: Permission


@dataclass(frozen=True, slots=True)
class OneOrder:
    """One order that could be unblocked now, with the run that would send it."""

    order: Order
    land: Landscape
    run: Run
    seen: str


async def at_order(asking: Asking) -> OneOrder:
    """Looks at the order that the intent names.

    Raises Stale when it is not as it was when the button was drawn, GroundMoves when a run is under way or due,
    NotAllowed when the role does not reach, NotFound and Candidates when no job, or more than one, would send it.
    """
    wish = OrderWish.read(asking.intent.thing)
    order, land = await asyncio.gather(
        asking.nim.order(wish.order_id, properties=True), landscape(asking.nim.catalogue, Reads())
    )
    _still(asking, order)
    _allowed(asking, to_unblock(order))
    connector_id = land.connector_of(order)
    failed = await _job_that_failed(asking, order)
    job = land.job(wish.via) if wish.via else land.fulfilling_job(connector_id, failed)
    if job is None:
        raise _which_job(asking, order, land, connector_id)
    run = await _at_run(asking, job, land, without=order)
    return OneOrder(order, land, run, fingerprint.order_fingerprint(order))


async def at_job(asking: Asking, job: Job) -> Run:
    """Looks at a job that shall be launched. Raises as `at_order`."""
    land = await landscape(asking.nim.catalogue, Reads())
    run = await _at_run(asking, job, land)
    seen = asking.intent.seen
    now_seen = run.last.id if run.last else fingerprint.NEVER_RAN
    if seen and seen != now_seen:
        raise Stale(
            f"{job.name} has run since this was drawn: run {now_seen} is {_word(run.last)}. Nothing was done.",
            job=job.id,
        )
    return run


def _still(asking: Asking, order: Order) -> None:
    seen = asking.intent.seen
    if seen and not fingerprint.unchanged(seen, order):
        by = f" by {order.performer}" if order.performer else ""
        at = f" at {order.performed_at:%H:%M} UTC" if order.performed_at else ""
        again = order.state is OrderState.ERRORED and fingerprint.failed_again(seen, order)
        now = "it failed again" if again else f"it is {order.state.value} now{by}"
        raise Stale(f"This order has changed since you looked: {now}{at}. Nothing was done.")
    if order.state not in UNBLOCKABLE:
        raise Stale(f"This order is {order.state.value}: there is nothing to unblock. Nothing was done.")


def _allowed(asking: Asking, permission: Permission) -> None:
    ruling = may(asking.actor, permission)
    if not ruling.allowed:
        whom = asking.desk.around.whom_to_ask.get(ruling.needs, ruling.needs.value)
        raise NotAllowed(ruling.why, next_step=f"Ask {whom}.")


async def _job_that_failed(asking: Asking, order: Order) -> JobId | None:
    run_id = order.error.job_run_id if order.error else None
    return (await asking.nim.job_run(run_id)).job_id if run_id else None


def _which_job(
    asking: Asking, order: Order, land: Landscape, connector_id: ConnectorId | None
) -> NotFound | Candidates:
    jobs = land.jobs_of(connector_id, TaskKind.FULFILL)
    if not jobs:
        return NotFound(
            f"No job here sends orders to {land.system_of(order)}.",
            next_step="An administrator adds a fulfil task to a job of this connector.",
        )
    return Candidates(
        "Several jobs send orders to this system. Which one shall run?",
        [Choice(label=job.name, intent=asking.intent.about(OrderWish(order.id, job.id).thing)) for job in jobs],
    )


async def _at_run(asking: Asking, job: Job, land: Landscape, *, without: Order | None = None) -> Run:
    tasks = land.tasks_of(job.id)
    connectors = frozenset(task.connector_id for task in tasks if task.connector_id)
    if job.user_start_denied:
        raise NotAllowed(
            f"{job.name} may not be started by hand in Identity Manager. Nothing was done.",
            next_step="An administrator allows it in the job's settings.",
        )
    sends = any(task.kind in {TaskKind.GENERATE, TaskKind.FULFILL} for task in tasks)
    reads = Reads()
    runs, newest, others = await asyncio.gather(
        asking.nim.watched_runs(asking.env.now() - TOO_CLOSE),
        asking.nim.job_runs(job.id, limit=1),
        reads.attempt(_pending(asking, land, connectors), "the other pending orders") if sends else _nothing(),
    )
    _quiet(asking, land, connectors, job, runs.items)
    if others is not None and without is not None:
        others = Page(tuple(one for one in others if one.id != without.id), others.more, others.read_at)
    permission = to_relaunch(job, tasks, others_pending=len(others or ()), cap=OTHERS_CAP)
    _allowed(asking, permission)
    return Run(job, tasks, next(iter(newest), None), others, permission)


async def _pending(asking: Asking, land: Landscape, connectors: frozenset[ConnectorId]) -> Page[Order]:
    types = land.types_of(connectors)
    return await asking.nim.orders(states=[OrderState.PENDING], resource_type_ids=types, limit=OTHERS_CAP + 1)


async def _nothing() -> None:
    return None


def _quiet(
    asking: Asking, land: Landscape, connectors: frozenset[ConnectorId], job: Job, runs: Sequence[JobRun]
) -> None:
    """Nothing is done while the ground moves (safety rule 9)."""
    for one in runs:
        touches = one.job_id == job.id or land.connectors_of(one.job_id) & connectors
        if not one.ended and one.state is not RunState.BLOCKED and touches:
            since = f" since {one.started_at:%H:%M} UTC" if one.started_at else ""
            raise GroundMoves(f"{one.job_name or one.job_identifier} is running{since}. Nothing was done.", run=one.id)
    now = asking.env.now()
    for other in land.jobs:
        if other.id != job.id and not land.connectors_of(other.id) & connectors:
            continue
        due = next_start(other, now, asking.facts.site.timezone)
        if due is not None and due - now <= TOO_CLOSE:
            raise GroundMoves(f"{other.name} starts by itself {_in(due - now)}. Nothing was done.", job=other.id)


def _in(left: timedelta) -> str:
    minutes = int(left.total_seconds() // 60)
    return f"in {minutes} min" if minutes else "within a minute"


def _word(run: JobRun | None) -> str:
    return run.state.value if run else "unknown"
