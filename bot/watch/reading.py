"""What the watch reads of a run: which trouble it is in, which open incidents it touches, how many orders are in error.

Nothing here stores or says anything. What Identity Manager does not give is left open.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Final, TypeVar

import structlog

from bot.errors import DeskError, NimError
from bot.model.action import Action
from bot.model.finding import Finding
from bot.model.ids import ConnectorId, IncidentId, JobId
from bot.model.incident import Incident
from bot.model.job import Job, JobRun, TaskRun
from bot.ports import Environment, NimReads
from bot.watch import changes
from bot.watch.incidents import Count, Troubled, is_about_orders, sends_orders
from bot.watch.routing import Routes

log = structlog.get_logger()
T = TypeVar("T")

ORDERS_READ: Final = 1_000

DiagnoseRun = Callable[[Environment, JobRun], Awaitable[Finding | None]]


@dataclass(frozen=True, slots=True)
class Green:
    """A run that went well, with what it may have changed for open incidents."""

    run: JobRun
    touches: frozenset[IncidentId]
    """Open incidents of its job and of its connectors."""
    tasks: Sequence[TaskRun] | None = None
    counts: dict[IncidentId, Count] = field(default_factory=dict)
    blocked: bool | None = None


class Reading:
    """`patience` is how long a diagnosis may hold back what was read of a run, `longest` when it is given up."""

    def __init__(
        self, env: Environment, diagnose: DiagnoseRun, routes: Routes, *, patience: timedelta, longest: timedelta
    ) -> None:
        self._env = env
        self._diagnose = diagnose
        self._routes = routes
        self._patience = patience
        self._longest = longest

    async def troubled(
        self, nim: NimReads, run: JobRun, job: Job | None, ours: Action | None
    ) -> "tuple[Troubled, asyncio.Task[Finding | None] | None] | None":
        """A run that went wrong, and its diagnosis where that takes too long to wait for."""
        until = asyncio.get_running_loop().time() + self._patience.total_seconds()
        diagnosis = asyncio.create_task(self.diagnosed(run))
        tasks = await or_none(nim.task_runs(run.id))
        trouble = changes.trouble_of(run, tasks)
        if trouble is None:
            diagnosis.cancel()
            return None
        task = changes.culprit(tasks or ())
        orders = await left_in_error(nim, run.job_id) if sends_orders(task) else None
        names = [
            name for name in (job.identifier if job else run.job_identifier, job.name if job else run.job_name) if name
        ]
        await asyncio.wait([diagnosis], timeout=max(0.0, until - asyncio.get_running_loop().time()))
        troubled = Troubled(
            run=run,
            trouble=trouble,
            task=task,
            fingerprint=changes.fingerprint(self._env.name, run, trouble, task),
            job_name=names[-1] if names else f"job {run.job_id}",
            channel=self._routes.channel_for(self._env.name, *names),
            finding=diagnosis.result() if diagnosis.done() else None,
            orders=orders,
            ours=ours,
        )
        return troubled, None if diagnosis.done() else diagnosis

    async def diagnosed(self, run: JobRun) -> Finding | None:
        """A diagnosis that breaks down costs the cause, never the message."""
        try:
            async with asyncio.timeout(self._longest.total_seconds()):
                return await self._diagnose(self._env, run)
        except (DeskError, TimeoutError) as why:
            log.warning("run not diagnosed", env=self._env.name, run=run.id, why=str(why))
        except Exception:
            log.exception("diagnosis broke down", env=self._env.name, run=run.id)
        return None

    async def green(self, nim: NimReads, run: JobRun, open_now: Sequence[Incident]) -> Green | None:
        connectors = await connectors_of(nim, run.job_id)
        touched = []
        for incident in open_now:
            shared = connectors & await connectors_of(nim, incident.job_id)
            if incident.job_id == run.job_id or shared:
                touched.append(incident)
        if not touched:
            return None
        about_orders = [one for one in touched if is_about_orders(one)]
        own = [one for one in touched if one.job_id == run.job_id]
        tasks = await or_none(nim.task_runs(run.id)) if any(not is_about_orders(one) for one in own) else None
        counts: dict[IncidentId, Count] = {}
        for incident in about_orders:
            count = await left_in_error(nim, incident.job_id)
            if count is not None:
                counts[incident.id] = count
        touches = frozenset(one.id for one in touched)
        return Green(run, touches, tasks, counts, await self._blocked(nim, connectors))

    async def _blocked(self, nim: NimReads, connectors: frozenset[ConnectorId]) -> bool | None:
        known = await or_none(nim.catalogue.connectors())
        shown = [one.sync_blocked for one in known or () if one.id in connectors and one.sync_blocked is not None]
        return any(shown) if shown else None

    async def jobs(self, nim: NimReads) -> dict[JobId, Job]:
        return {job.id: job for job in await or_none(nim.catalogue.jobs()) or ()}


async def left_in_error(nim: NimReads, job_id: JobId) -> Count | None:
    """Errored orders of the job's connectors; None when they cannot be read."""
    connectors = await connectors_of(nim, job_id)
    types = await or_none(nim.catalogue.resource_types())
    ids = [one.id for one in types or () if one.connector_id in connectors]
    if not ids:
        return None
    page = await or_none(nim.orders(errored=True, resource_type_ids=ids, limit=ORDERS_READ))
    return Count(len(page), page.exact) if page is not None else None


async def connectors_of(nim: NimReads, job_id: JobId) -> frozenset[ConnectorId]:
    tasks = await or_none(nim.catalogue.tasks()) or ()
    steps = await or_none(nim.catalogue.steps()) or ()
    mine = {step.task_id for step in steps if step.job_id == job_id}
    return frozenset(task.connector_id for task in tasks if task.id in mine and task.connector_id)


async def or_none(reading: Awaitable[T]) -> T | None:
    try:
        return await reading
    except NimError as why:
        log.info("not read", code=why.code)
        return None
