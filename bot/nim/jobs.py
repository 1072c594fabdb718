"""Reads of jobs, their executions and connectors."""

from collections.abc import Sequence
from datetime import datetime

from bot.model.ids import ConnectorId, JobId, JobRunId, TaskId
from bot.model.job import Connector, JobRun, RunState, TaskRun
from bot.model.page import Page
from bot.nim.asking import in_slices
from bot.nim.reading import Reading
from bot.nim.wire import catalogue as catalogue_wire
from bot.nim.wire import entities
from bot.nim.wire import jobs as wire
from bot.nim.wire.row import Row


class JobReading(Reading):
    async def job_runs(
        self,
        job_id: JobId | None = None,
        *,
        since: datetime | None = None,
        states: Sequence[RunState] = (),
        limit: int = 20,
    ) -> Page[JobRun]:
        page = await self._asking.page(entities.JOB_RUN, wire.runs(self._states, job_id, since, states), limit=limit)
        read = self._runs(page)
        if not states:
            return read
        return Page(tuple(run for run in read if run.state in states), read.more, read.read_at)

    async def latest_runs(self) -> Page[JobRun]:
        page = await self._asking.page(entities.JOB, wire.LATEST_RUNS, limit=self._asking.config.page_size)
        latest = (wire.latest_run(row, self._states) for row in page)
        return Page(tuple(run for run in latest if run is not None), page.more, page.read_at)

    async def job_run(self, run_id: JobRunId) -> JobRun:
        row, _ = await self._asking.item(entities.JOB_RUN, run_id, wire.RUN)
        return wire.job_run(row, self._states)

    async def task_runs(self, run_id: JobRunId) -> Sequence[TaskRun]:
        rows = await self._asking.all(entities.TASK_RUN, wire.task_runs(run_id))
        return tuple(sorted((wire.task_run(row, self._states) for row in rows), key=wire.start_order))

    async def recent_task_runs(
        self,
        since: datetime,
        *,
        connector_id: ConnectorId | None = None,
        task_ids: Sequence[TaskId] = (),
        limit: int = 1000,
    ) -> Page[TaskRun]:
        query = wire.recent_task_runs(since, connector_id, task_ids)
        page = await self._asking.page(entities.TASK_RUN, query, limit=limit)
        found = await in_slices(page, lambda row: wire.task_run(row, self._states))
        return Page(found, page.more, page.read_at)

    async def connector(self, connector_id: ConnectorId) -> Connector:
        row, _ = await self._asking.item(entities.CONNECTOR, connector_id, catalogue_wire.CONNECTOR)
        return catalogue_wire.connector(row)

    async def watched_runs(self, since: datetime) -> Page[JobRun]:
        query = wire.watched_runs(self._states, since)
        pages = [page async for page in self._asking.pages(entities.JOB_RUN, query)]
        rows = tuple(row for page in pages for row in page)
        return self._runs(Page(rows, more=False, read_at=pages[0].read_at))

    def _runs(self, page: Page[Row]) -> Page[JobRun]:
        return Page(tuple(wire.job_run(row, self._states) for row in page), page.more, page.read_at)
