"""What an order without a fault waits for, and whether what it waits for comes: the newest runs tell (2.9, 9 to 12)."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from bot.diagnosis.landscape import Landscape
from bot.diagnosis.schedule import interval, next_start
from bot.diagnosis.site import Site
from bot.diagnosis.words import lasted, moment
from bot.model.finding import Certainty, LinkMark
from bot.model.job import FAILED, Job, JobRun, RunState, TaskKind
from bot.model.order import Order, OrderState

_NOT_WELL: Final = FAILED | {RunState.BLOCKED, RunState.CANCELLED}
_UNDER_WAY: Final = frozenset({RunState.RUNNING, RunState.QUEUED})
_LATE_AFTER: Final = 3
"""So many intervals without a run are too many (troubleshooting 2.2)."""
_REMEMBERED: Final = timedelta(days=3)
"""An older date is the account's, not the change's: when a change of an account was computed is not always shown."""
_SLACK: Final = timedelta(minutes=45)
CHANGES_STATE: Final = frozenset({OrderState.PENDING, OrderState.EXECUTED, OrderState.VERIFIED})
"""States of which the newest runs say more than the order does."""


@dataclass(frozen=True, slots=True)
class Course:
    said: str
    """Completes "AD account creation …"."""
    text: str
    next: str
    caller: str
    certainty: Certainty = Certainty.CONFIRMED
    mark: LinkMark = LinkMark.OK
    """How the link of the chain stands at which the order is: the job before it is sent, the account behind it."""
    link: str = ""
    symptom: int | None = None
    heals: bool = True
    """Whether the next run is worth waiting for."""


def computed_at(order: Order) -> datetime | None:
    """When the order in its present form was computed: its start where that is past, else its creation."""
    if order.start_date is not None and (order.read_at is None or order.start_date <= order.read_at):
        return order.start_date
    return order.created_at


def next_run(world: Landscape, order: Order, kind: TaskKind, site: Site, now: datetime) -> tuple[Job, datetime] | None:
    """The next scheduled run of a job that has such a task on the order's connector."""
    starts = [
        (job, at)
        for job in world.jobs_of(world.connector_of(order), kind)
        if (at := next_start(job, now, site.timezone)) is not None
    ]
    return min(starts, key=lambda one: (one[1], one[0].id), default=None)


def course_of(
    order: Order, world: Landscape, site: Site, now: datetime, latest: Sequence[JobRun] | None = None
) -> Course:
    """`latest` are the newest runs of all jobs; None where they were not read, which leaves open whether runs come."""
    if order.start_date is not None and order.start_date > now:
        due = moment(order.start_date)
        return Course(
            "is not due yet",
            f"It is due on {due}; nothing is wrong.",
            "Wait until then.",
            f"It is planned for {due}.",
            mark=LinkMark.WAITING,
            link=f"due {due}",
        )
    match order.state:
        case OrderState.PENDING:
            return _pending(order, world, site, now, latest)
        case OrderState.TRANSMITTED:
            return Course(
                "was handed over",
                "The agent has it and has not answered: a task for a person, or a run that has not ended.",
                "Look at Manual Provisioning; for an automatic system look at the last run of its job.",
                "The change has been handed over and is being carried out.",
                mark=LinkMark.WAITING,
                link="handed over, no answer yet",
            )
        case OrderState.EXECUTED:
            return _executed(order, world, site, now, latest)
        case OrderState.VERIFIED:
            return _verified(order, world, latest)
        case OrderState.INACTIVE:
            return Course(
                "is of no use any more", "It is in the past or superseded.", "", "This change is no longer needed."
            )
        case OrderState.NONE:
            return Course("has nothing to provision", "Nothing is to be sent for it.", "", "")
        case _:
            return Course(
                f"is in state {order.code}",
                "This state is not known here.",
                "Look at Provisioning Review.",
                "",
                certainty=Certainty.UNKNOWN,
            )


def _when(found: tuple[Job, datetime] | None) -> str:
    return f"{found[0].name}, {moment(found[1])}" if found else "no schedule is known"


def _runs(world: Landscape, order: Order, kind: TaskKind, latest: Iterable[JobRun] | None) -> list[JobRun]:
    """Of jobs with such a task on the order's connector, newest first."""
    jobs = {job.id for job in world.jobs_of(world.connector_of(order), kind)}
    found = [(one.started_at, one.id, one) for one in latest or () if one.job_id in jobs and one.started_at is not None]
    return [one for _, _, one in sorted(found, key=lambda pair: pair[:2], reverse=True)]


def _name(world: Landscape, run: JobRun) -> str:
    job = world.job(run.job_id)
    return run.job_name or (job.name if job else f"Job {run.job_id}")


def _pending(order: Order, world: Landscape, site: Site, now: datetime, latest: Sequence[JobRun] | None) -> Course:
    connector = world.connector(world.connector_of(order))
    if connector is not None and connector.deactivated:
        return Course(
            "cannot leave: the connector is deactivated",
            f"{connector.name} is deactivated, so nothing is sent to it.",
            "An application administrator activates the connector if it is wanted.",
            "Changes to this system are switched off at the moment.",
            mark=LinkMark.BROKEN,
            link="the connector is deactivated",
            heals=False,
        )
    newest = next(iter(_runs(world, order, TaskKind.GENERATE, latest)), None)
    if newest is not None and (held := _held(order, world, newest)) is not None:
        return held
    found = next_run(world, order, TaskKind.GENERATE, site, now)
    return Course(
        "leaves with the next run",
        f"It is pending and leaves with the next provisioning run ({_when(found)}).",
        "Wait for that run, or relaunch the job." if found else "Relaunch the provisioning job of this connector.",
        f"The change is planned for {moment(found[1])}." if found else "The change is waiting for the next run.",
        certainty=Certainty.CONFIRMED if latest is not None else Certainty.LIKELY,
        mark=LinkMark.WAITING,
        link=f"next run: {_when(found)}" if found else "waits for the next run",
    )


def _held(order: Order, world: Landscape, newest: JobRun) -> Course | None:
    """Why the newest provisioning run did not take it, or may be taking it right now."""
    name, at = _name(world, newest), moment(newest.started_at)
    if newest.state in _UNDER_WAY and not newest.ended:
        return Course(
            "is waiting while a run is in progress",
            f"{name} has been running since {at} (run {newest.id}) and may take it along.",
            "Look again when that run has ended.",
            "The change is being made right now.",
            certainty=Certainty.LIKELY,
            mark=LinkMark.WAITING,
            link=f"{name} is in progress, run {newest.id}",
        )
    if newest.state is RunState.BLOCKED:
        return Course(
            "is held back: a threshold stopped the run",
            f"{name} stopped at a threshold in run {newest.id}, {at}, and nothing leaves before that is handled.",
            f"Look at that run first: /nim job {newest.job_identifier or name}",
            "Changes to this system wait for a check, since unusually many came at once.",
            certainty=Certainty.LIKELY,
            mark=LinkMark.BROKEN,
            link=f"a threshold stopped {name}, run {newest.id}",
            symptom=7,
            heals=False,
        )
    computed = computed_at(order)
    started = newest.started_at
    before = computed is not None and started is not None and started - _REMEMBERED < computed <= started
    if before and newest.state in FAILED:
        return Course(
            "was not sent: the run failed",
            f"{name} failed in run {newest.id}, {at}, and left it pending.",
            f"Look at that run first: /nim job {newest.job_identifier or name}",
            "The last attempt failed for a technical reason; it is being looked into.",
            certainty=Certainty.LIKELY,
            mark=LinkMark.BROKEN,
            link=f"{name} failed and did not send it, run {newest.id}",
            heals=False,
        )
    return None


def _not_synchronizing(world: Landscape, order: Order, latest: Sequence[JobRun] | None) -> JobRun | None:
    """The newest synchronization of the connector where it did not end well."""
    newest = next((one for one in _runs(world, order, TaskKind.SYNCHRONIZE, latest) if one.ended), None)
    return newest if newest is not None and newest.state in _NOT_WELL else None


def _executed(order: Order, world: Landscape, site: Site, now: datetime, latest: Sequence[JobRun] | None) -> Course:
    failing = _not_synchronizing(world, order, latest)
    if failing is not None and _after(failing, order):
        return Course(
            "is executed; its synchronization fails",
            f"The target reported success, but {_name(world, failing)} did not end well since "
            f"(run {failing.id}, {failing.state.value}), so nothing verifies it.",
            f"Look at that run: /nim job {failing.job_identifier or _name(world, failing)}",
            "The change has been made; its confirmation is still missing.",
            certainty=Certainty.LIKELY,
            mark=LinkMark.BROKEN,
            link=f"done, not verified: {_name(world, failing)} is {failing.state.value}, run {failing.id}",
            heals=False,
        )
    runs = _runs(world, order, TaskKind.SYNCHRONIZE, latest)
    good = next((one for one in runs if one.state is RunState.COMPLETED and _after(one, order)), None)
    if good is not None:
        return Course(
            "is executed; a synchronization did not verify it",
            f"The target reported success. {_name(world, good)} completed since "
            f"(run {good.id}, {moment(good.ended_at)}) and did not verify it: "
            "the target may show another value, or nothing was computed since.",
            "Look at the account in its own system; if it is right, wait for the next complete run.",
            "The change has been made; its confirmation is still missing.",
            certainty=Certainty.POSSIBLE,
            mark=LinkMark.WAITING,
            link=f"done, not verified by run {good.id}",
        )
    started = any(_after(one, order) for one in runs)
    if latest is not None and not started and (late := _late(order, world, site, now)) is not None:
        return Course(
            "is executed; no synchronization ran since",
            f"The target reported success {lasted(late)} ago, and no synchronization has started since: "
            "the scheduler or the agent may have stopped.",
            "Ask how fresh this system's data are: /nim sync",
            "The change has been made; its confirmation is still missing.",
            certainty=Certainty.LIKELY,
            mark=LinkMark.WAITING,
            link="done; no synchronization has started since",
            heals=False,
        )
    when = _when(next_run(world, order, TaskKind.SYNCHRONIZE, site, now))
    return Course(
        "is executed, not verified yet",
        f"The target reported success. The next synchronization verifies it ({when}).",
        "Wait for the next synchronization.",
        "The change has been made.",
        certainty=Certainty.CONFIRMED if latest is not None else Certainty.LIKELY,
        mark=LinkMark.WAITING,
        link="done, verified by the next synchronization",
    )


def _after(run: JobRun, order: Order) -> bool:
    return order.performed_at is not None and run.started_at is not None and run.started_at > order.performed_at


def _late(order: Order, world: Landscape, site: Site, now: datetime) -> timedelta | None:
    """How long ago it was executed, where several synchronizations should have started since."""
    if order.performed_at is None:
        return None
    jobs = world.jobs_of(world.connector_of(order), TaskKind.SYNCHRONIZE)
    usual = [span for job in jobs if (span := interval(job, order.performed_at, site.timezone)) is not None]
    age = now - order.performed_at
    return age if usual and age > max(_LATE_AFTER * min(usual), _SLACK) else None


def _verified(order: Order, world: Landscape, latest: Sequence[JobRun] | None) -> Course:
    failing = _not_synchronizing(world, order, latest)
    gone = "deleted" if order.change == "delete" else "in place"
    if failing is not None:
        return Course(
            "was verified; the data are old",
            f"It was {gone} when the data were last read, but {_name(world, failing)} did not end well since "
            f"(run {failing.id}, {failing.state.value}): what changed in the target since is not known.",
            f"Look at that run: /nim job {failing.job_identifier or _name(world, failing)}",
            "The account was in place when it was last checked.",
            certainty=Certainty.LIKELY,
            mark=LinkMark.UNKNOWN,
            link=f"{gone} when last read; {_name(world, failing)} is {failing.state.value}, run {failing.id}",
            heals=False,
        )
    good = next(
        (one for one in _runs(world, order, TaskKind.SYNCHRONIZE, latest) if one.state is RunState.COMPLETED), None
    )
    as_of = f" as of {moment(good.ended_at)}" if good is not None else ""
    return Course(
        "is done and verified",
        f"The synchronized data agree with it{as_of}. What still does not work lies outside Identity Manager, "
        "or changed in the target since.",
        "Look at the account in its own system: replication, licence, logon.",
        "The account is in place.",
        certainty=Certainty.CONFIRMED if good is not None else Certainty.LIKELY,
        link=f"{gone}, verified{as_of}",
    )
