"""The watch of one environment: one question per poll, and what is new is stored with its messages in one transaction.

A plain supervised loop: what it must remember is the mark, the incidents and the outbox, and these are stored together.
"""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Final

import structlog
from prometheus_client import Counter

from bot.errors import NimDenied, NimError, NimMissing, NimRejected
from bot.model.finding import Finding
from bot.model.ids import JobRunId
from bot.model.incident import Incident, WatchMark
from bot.model.job import JobRun, RunState
from bot.model.message import Message
from bot.ports import Actions, Environment, Incidents, NimReads, Transactions, Work
from bot.watch import changes
from bot.watch.incidents import (
    Troubled,
    belongs_to,
    explained,
    failed_again,
    is_news,
    launcher,
    opened,
    ran_green,
)
from bot.watch.reading import DiagnoseRun, Green, Reading, or_none
from bot.watch.routing import Routes

log = structlog.get_logger()

_polls: Final = Counter("nimdesk_watch_polls_total", "Polls of the watch by their end", ["environment", "end"])

RUNS: Final = "runs"
REACHABLE: Final = "reachable"
"""Subjects of the mark: what was seen, and since when Identity Manager does not answer."""


@dataclass(frozen=True, slots=True)
class Limits:
    poll: timedelta = timedelta(seconds=15)
    overlap: timedelta = timedelta(minutes=5)
    first_look: timedelta = timedelta(hours=24)
    list_from: int = 6
    """From so many new incidents in one channel on, one message lists them."""
    unreachable_after: int = 3
    patience: timedelta = timedelta(milliseconds=80)
    """How long after the poll a diagnosis may hold back the message, which has 200 ms in all; a later one is added by
    an edit."""
    diagnosis: timedelta = timedelta(seconds=60)


@dataclass(frozen=True, slots=True)
class Drawing:
    """The messages of the watch."""

    incident: Callable[[Incident], Message]
    listing: Callable[[str, Sequence[Incident]], Message]
    """Environment and incidents that share one message."""
    notice: Callable[[str, str], Message]
    """Environment and one or two sentences."""


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
        self._reading = Reading(env, diagnose, routes, patience=limits.patience, longest=limits.diagnosis)
        self._drawing = drawing
        self._routes = routes
        self._limits = limits
        self._mark: WatchMark | None = None
        self._failures = 0
        self._down_since: datetime | None = None
        self._late: set[asyncio.Task[Any]] = set()
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
            await self.end()

    async def end(self) -> None:
        """Ends what a poll has left to be read and stored later, so that the store can be closed."""
        late = tuple(self._late)
        for task in late:
            task.cancel()
        await asyncio.gather(*late, return_exceptions=True)

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
        _polls.labels(self._env.name, "answered").inc()
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
        jobs = await self._reading.jobs(nim)
        suspects = [run for run in new if changes.may_be_trouble(run)]
        finished = [run for run in new if run.state is RunState.COMPLETED] if open_now else []
        actions = await self._actions.latest(self._env.name)
        troubled_read = asyncio.gather(
            *(self._reading.troubled(nim, run, jobs.get(run.job_id), launcher(run, actions)) for run in suspects)
        )
        green_read = asyncio.gather(*(self._reading.green(nim, run, open_now) for run in finished))
        troubles, greens = await asyncio.gather(troubled_read, green_read)
        wrong = [(troubled, late) for troubled, late in (one for one in troubles if one is not None)]
        await self._store_all([troubled for troubled, _ in wrong], [one for one in greens if one is not None], mark)
        for troubled, late in wrong:
            if late is not None:
                self._keep(late)
                self._later(self._add_finding(troubled.run.id, late, ours=troubled.ours is not None))

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
        self._keep(asyncio.create_task(work))

    def _keep(self, task: asyncio.Task[Any]) -> None:
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
        run = await or_none(self._env.reads().job_run(incident.run_ids[0]))
        if run is not None and incident.finding is not None and incident.finding.groups:
            await self._add_finding(run.id, self._reading.diagnosed(run), ours=True)

    async def _catch_up(self) -> None:
        """Causes that a former process had no time to read."""
        for incident in await self._incidents.open_ones(self._env.name):
            if incident.finding is None:
                run = await or_none(self._env.reads().job_run(incident.run_ids[-1]))
                if run is not None:
                    await self._add_finding(run.id, self._reading.diagnosed(run))

    # --- Identity Manager itself ------------------------------------------------------------------------------------

    async def _unreachable(self, why: NimError) -> None:
        """Said once per outage, after a few polls: a restart of Identity Manager is no news."""
        self._failures += 1
        _polls.labels(self._env.name, why.code).inc()
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
