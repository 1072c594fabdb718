"""The watch of one environment: one question per poll, and what is new is stored with its messages in one transaction.

A plain supervised loop: what it must remember is the mark, the incidents and the outbox, and these are stored together.
"""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any, Final, TypeVar

import structlog

from bot.errors import DeskError, NimDenied, NimError, NimMissing, NimRejected
from bot.model.action import Action
from bot.model.finding import Finding
from bot.model.ids import ConnectorId, IncidentId, JobId, JobRunId
from bot.model.incident import Incident, WatchMark
from bot.model.job import Job, JobRun, RunState, TaskRun
from bot.model.message import Message
from bot.ports import Actions, Environment, Incidents, NimReads, Transactions, Work
from bot.watch import changes
from bot.watch.incidents import (
    Count,
    Troubled,
    belongs_to,
    explained,
    failed_again,
    is_about_orders,
    is_news,
    launcher,
    opened,
    ran_green,
    sends_orders,
)
from bot.watch.routing import Routes

log = structlog.get_logger()
T = TypeVar("T")

RUNS: Final = "runs"
REACHABLE: Final = "reachable"
"""Subjects of the mark: what was seen, and since when Identity Manager does not answer."""
ORDERS_READ: Final = 1_000

DiagnoseRun = Callable[[Environment, JobRun], Awaitable[Finding | None]]


@dataclass(frozen=True, slots=True)
class Limits:
    poll: timedelta = timedelta(seconds=15)
    overlap: timedelta = timedelta(minutes=5)
    first_look: timedelta = timedelta(hours=24)
    list_from: int = 6
    """From so many new incidents in one channel on, one message lists them."""
    unreachable_after: int = 3
    patience: timedelta = timedelta(seconds=2)
    """How long a diagnosis may hold back the message; a later one is added by an edit."""
    diagnosis: timedelta = timedelta(seconds=60)


@dataclass(frozen=True, slots=True)
class Drawing:
    """The messages of the watch."""

    incident: Callable[[Incident], Message]
    listing: Callable[[str, Sequence[Incident]], Message]
    """Environment and incidents that share one message."""
    notice: Callable[[str, str], Message]
    """Environment and one or two sentences."""


@dataclass(frozen=True, slots=True)
class Green:
    """A run that went well, with what it may have changed for open incidents."""

    run: JobRun
    touches: frozenset[IncidentId]
    """Open incidents of its job and of its connectors."""
    tasks: Sequence[TaskRun] | None = None
    counts: dict[IncidentId, Count] = field(default_factory=dict)
    blocked: bool | None = None


class Watch:
    def __init__(
        self,
        env: Environment,
        *,
        store: Transactions,
        incidents: Incidents,
        actions: Actions,
        diagnose: DiagnoseRun,
        drawing: Drawing,
        routes: Routes,
        limits: Limits,
    ) -> None:
        self._env = env
        self._store = store
        self._incidents = incidents
        self._actions = actions
        self._diagnose = diagnose
        self._drawing = drawing
        self._routes = routes
        self._limits = limits
        self._mark: WatchMark | None = None
        self._failures = 0
        self._down_since: datetime | None = None
        self._late: set[asyncio.Task[None]] = set()
        self.polled_at: datetime | None = None
        """The environment's time of the last answer, for health and status."""

    async def run(self) -> None:
        """Until cancelled."""
        loop = asyncio.get_running_loop()
        try:
            while True:
                started = loop.time()
                await self.poll()
                await asyncio.sleep(max(0.0, started + self._limits.poll.total_seconds() - loop.time()))
        finally:
            for task in self._late:
                task.cancel()

    async def poll(self) -> None:
        """Asks once and stores what is new. One request when nothing has changed."""
        if self._mark is None:
            await self._remember()
            self._later(self._catch_up())
        mark = self._mark or WatchMark()
        nim = self._env.reads()
        limits = self._limits
        first = mark.at is None
        try:
            page = await nim.watched_runs((mark.at or self._env.now()) - limits.overlap)
            ended, mark = await self._vanished(nim, mark, page.items)
            latest = await self._latest(nim) if first else ()
        except NimError as why:
            await self._unreachable(why)
            return
        await self._reachable()
        self.polled_at = page.read_at
        runs = [*page, *ended]
        new = changes.fresh(mark, runs)
        if first:
            new = changes.current([*runs, *latest], page.read_at, limits.first_look)
        after = changes.marked(mark, runs, page.read_at, limits.overlap)
        if new:
            await self._take(nim, new, after)
        elif first or after != mark:
            async with self._store.work() as work:
                await work.set_mark(self._env.name, RUNS, after)
        self._mark = after

    async def _remember(self) -> None:
        async with self._store.work() as work:
            self._mark = await work.mark(self._env.name, RUNS)
            self._down_since = (await work.mark(self._env.name, REACHABLE)).at

    async def _latest(self, nim: NimReads) -> Sequence[JobRun]:
        """The last run of each job, for the first look; what that does not show is read from the last day."""
        try:
            return (await nim.latest_runs()).items
        except (NimRejected, NimDenied):
            return (await nim.watched_runs(self._env.now() - self._limits.first_look)).items

    async def _vanished(self, nim: NimReads, mark: WatchMark, runs: Sequence[JobRun]) -> tuple[list[JobRun], WatchMark]:
        """Runs that were under way and are missing in the answer; the mark without those that exist no more."""
        found = []
        for run_id in changes.vanished(mark, runs):
            try:
                found.append(await nim.job_run(run_id))
            except NimMissing:
                mark = changes.forgotten(mark, run_id)
        return found, mark

    # --- what is new ------------------------------------------------------------------------------------------------

    async def _take(self, nim: NimReads, new: Sequence[JobRun], mark: WatchMark) -> None:
        """Reads what the new runs mean, then stores it with the mark."""
        open_now = await self._incidents.open_ones(self._env.name)
        jobs = await self._jobs(nim)
        suspects = [run for run in new if changes.may_be_trouble(run)]
        finished = [run for run in new if run.state is RunState.COMPLETED] if open_now else []
        actions = await self._actions.latest(self._env.name)
        troubled_read = asyncio.gather(
            *(self._troubled(nim, run, jobs.get(run.job_id), launcher(run, actions)) for run in suspects)
        )
        green_read = asyncio.gather(*(self._green(nim, run, open_now) for run in finished))
        troubles, greens = await asyncio.gather(troubled_read, green_read)
        wrong = [(troubled, late) for troubled, late in (one for one in troubles if one is not None)]
        await self._store_all([troubled for troubled, _ in wrong], [one for one in greens if one is not None], mark)
        for troubled, late in wrong:
            if late is not None:
                self._later(self._add_finding(troubled.run.id, late, ours=troubled.ours is not None))

    async def _troubled(
        self, nim: NimReads, run: JobRun, job: Job | None, ours: Action | None
    ) -> "tuple[Troubled, asyncio.Task[Finding | None] | None] | None":
        """A run that went wrong, and its diagnosis where that takes too long to wait for."""
        diagnosis = asyncio.create_task(self._diagnosed(run))
        tasks = await _or_none(nim.task_runs(run.id))
        trouble = changes.trouble_of(run, tasks)
        if trouble is None:
            diagnosis.cancel()
            return None
        task = changes.culprit(tasks or ())
        orders = await self._count(nim, await self._connectors(nim, run.job_id)) if sends_orders(task) else None
        names = [
            name for name in (job.identifier if job else run.job_identifier, job.name if job else run.job_name) if name
        ]
        await asyncio.wait([diagnosis], timeout=self._limits.patience.total_seconds())
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

    async def _diagnosed(self, run: JobRun) -> Finding | None:
        """A diagnosis that breaks down costs the cause, never the message."""
        try:
            async with asyncio.timeout(self._limits.diagnosis.total_seconds()):
                return await self._diagnose(self._env, run)
        except (DeskError, TimeoutError) as why:
            log.warning("run not diagnosed", env=self._env.name, run=run.id, why=str(why))
        except Exception:
            log.exception("diagnosis broke down", env=self._env.name, run=run.id)
        return None

    async def _green(self, nim: NimReads, run: JobRun, open_now: Sequence[Incident]) -> Green | None:
        connectors = await self._connectors(nim, run.job_id)
        touched = []
        for incident in open_now:
            shared = connectors & await self._connectors(nim, incident.job_id)
            if incident.job_id == run.job_id or shared:
                touched.append(incident)
        if not touched:
            return None
        about_orders = [one for one in touched if is_about_orders(one)]
        own = [one for one in touched if one.job_id == run.job_id]
        tasks = await _or_none(nim.task_runs(run.id)) if any(not is_about_orders(one) for one in own) else None
        counts: dict[IncidentId, Count] = {}
        for incident in about_orders:
            count = await self._count(nim, await self._connectors(nim, incident.job_id))
            if count is not None:
                counts[incident.id] = count
        touches = frozenset(one.id for one in touched)
        return Green(run, touches, tasks, counts, await self._blocked(nim, connectors))

    async def _count(self, nim: NimReads, connectors: frozenset[ConnectorId]) -> Count | None:
        """Errored orders of these connectors; None when they cannot be read."""
        types = await _or_none(nim.catalogue.resource_types())
        ids = [one.id for one in types or () if one.connector_id in connectors]
        if not ids:
            return None
        page = await _or_none(nim.orders(errored=True, resource_type_ids=ids, limit=ORDERS_READ))
        return Count(len(page), page.exact) if page is not None else None

    async def _blocked(self, nim: NimReads, connectors: frozenset[ConnectorId]) -> bool | None:
        known = await _or_none(nim.catalogue.connectors())
        shown = [one.sync_blocked for one in known or () if one.id in connectors and one.sync_blocked is not None]
        return any(shown) if shown else None

    async def _connectors(self, nim: NimReads, job_id: JobId) -> frozenset[ConnectorId]:
        tasks = await _or_none(nim.catalogue.tasks()) or ()
        steps = await _or_none(nim.catalogue.steps()) or ()
        mine = {step.task_id for step in steps if step.job_id == job_id}
        return frozenset(task.connector_id for task in tasks if task.id in mine and task.connector_id)

    async def _jobs(self, nim: NimReads) -> dict[JobId, Job]:
        return {job.id: job for job in await _or_none(nim.catalogue.jobs()) or ()}

    # --- what is stored ---------------------------------------------------------------------------------------------

    async def _store_all(self, troubles: Sequence[Troubled], greens: Sequence[Green], mark: WatchMark) -> None:
        """Mark, incidents and messages in one transaction: none of them without the others."""
        now = self._env.now()
        known = {one.run.id: await self._incidents.of_run(self._env.name, one.run.id) for one in troubles}
        async with self._store.work() as work:
            await work.set_mark(self._env.name, RUNS, mark)
            fresh: list[Incident] = []
            for troubled in troubles:
                former = known[troubled.run.id]
                if former is not None and not is_news(troubled.run, former):
                    continue
                if incident := await self._known_or_new(work, troubled, now):
                    fresh.append(incident)
            await self._announce(work, fresh)
            for green in greens:
                await self._went_well(work, green, now)

    async def _known_or_new(self, work: Work, troubled: Troubled, now: datetime) -> Incident | None:
        """The incident that this run opens; None when it belongs to one that is open."""
        open_now = await work.open_incidents(self._env.name)
        incident = belongs_to(troubled, open_now)
        if incident is None:
            return await work.open_incident(opened(self._env.name, troubled, now))
        changed = failed_again(incident, troubled)
        if changed != incident:
            await work.change_incident(changed, now)
            await self._show(work, changed)
        return None

    async def _announce(self, work: Work, fresh: Sequence[Incident]) -> None:
        for channel in dict.fromkeys(one.channel for one in fresh):
            here = [one for one in fresh if one.channel == channel]
            if len(here) >= self._limits.list_from:
                key = f"incidents-{here[0].id}-{here[-1].id}"
                await work.post(key, channel, self._drawing.listing(self._env.name, here))
                continue
            for one in here:
                await self._show(work, one)

    async def _went_well(self, work: Work, green: Green, now: datetime) -> None:
        for incident in await work.open_incidents(self._env.name):
            if incident.id not in green.touches:
                continue
            changed = ran_green(incident, green.run, green.tasks, green.counts.get(incident.id), blocked=green.blocked)
            if changed == incident:
                continue
            await work.change_incident(changed, now)
            await self._show(work, changed)
            if changed.closed_at is not None:
                await self._say_closed(work, changed)
            elif changed.open_orders != incident.open_orders:
                self._later(self._bring_up_to_date(changed))

    async def _show(self, work: Work, incident: Incident) -> None:
        """Posts the incident's card, or edits the one that stands; one that was only listed gets its own now."""
        message = self._drawing.incident(incident)
        await work.post(incident.message_key, incident.channel, message, incident_id=incident.id)
        await work.edit(incident.message_key, message)

    async def _say_closed(self, work: Work, incident: Incident) -> None:
        said = f"Incident {incident.id} ({incident.job_name}) is closed. {incident.history[-1]}"
        await work.post(
            f"{incident.message_key}-closed",
            incident.channel,
            self._drawing.notice(self._env.name, said),
            thread_of=incident.message_key,
        )

    def _later(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)
        self._late.add(task)
        task.add_done_callback(self._late.discard)

    async def _add_finding(self, run_id: JobRunId, diagnosis: Awaitable[Finding | None], *, ours: bool = False) -> None:
        finding = await diagnosis
        if finding is None:
            return
        async with self._store.work() as work:
            for incident in await work.open_incidents(self._env.name):
                if run_id in incident.run_ids:
                    changed = replace(incident, finding=explained(incident, finding, ours=ours))
                    await work.change_incident(changed, self._env.now())
                    await self._show(work, changed)

    async def _bring_up_to_date(self, incident: Incident) -> None:
        """Orders have left the incident: its groups and its buttons tell which are in error now."""
        run = await _or_none(self._env.reads().job_run(incident.run_ids[0]))
        if run is not None and incident.finding is not None and incident.finding.groups:
            await self._add_finding(run.id, self._diagnosed(run), ours=True)

    async def _catch_up(self) -> None:
        """Causes that a former process had no time to read."""
        for incident in await self._incidents.open_ones(self._env.name):
            if incident.finding is None:
                run = await _or_none(self._env.reads().job_run(incident.run_ids[-1]))
                if run is not None:
                    await self._add_finding(run.id, self._diagnosed(run))

    # --- Identity Manager itself ------------------------------------------------------------------------------------

    async def _unreachable(self, why: NimError) -> None:
        """Said once per outage, after a few polls: a restart of Identity Manager is no news."""
        self._failures += 1
        log.warning("poll failed", env=self._env.name, code=why.code, failures=self._failures)
        if self._down_since is not None or self._failures < self._limits.unreachable_after:
            return
        self._down_since = self._env.now()
        said = f"Identity Manager cannot be read: {why.say} Until it answers, failed jobs are not seen. {why.advice}"
        async with self._store.work() as work:
            await work.set_mark(self._env.name, REACHABLE, WatchMark(self._down_since))
            channel = self._routes.channel_for(self._env.name)
            await work.post(self._outage, channel, self._drawing.notice(self._env.name, said))

    async def _reachable(self) -> None:
        self._failures = 0
        if self._down_since is None:
            return
        said = f"Identity Manager answers again since {self._env.now():%H:%M} UTC. What ran meanwhile is looked at now."
        async with self._store.work() as work:
            await work.set_mark(self._env.name, REACHABLE, WatchMark())
            channel = self._routes.channel_for(self._env.name)
            notice = self._drawing.notice(self._env.name, said)
            await work.post(f"{self._outage}-over", channel, notice, thread_of=self._outage)
        self._down_since = None

    @property
    def _outage(self) -> str:
        since = self._down_since.isoformat(timespec="seconds") if self._down_since else ""
        return f"unreachable-{self._env.name}-{since}"


async def _or_none(reading: Awaitable[T]) -> T | None:
    try:
        return await reading
    except NimError as why:
        log.info("not read", code=why.code)
        return None
