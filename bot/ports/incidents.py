"""Incidents, and the transaction in which the watch stores them with their messages."""

from collections.abc import Sequence
from contextlib import AbstractAsyncContextManager
from datetime import datetime
from typing import Protocol

from bot.model.ids import IncidentId, JobId, JobRunId
from bot.model.incident import Incident, WatchMark
from bot.model.message import Message


class Incidents(Protocol):
    async def open_ones(self, env: str | None = None) -> Sequence[Incident]: ...
    async def get(self, incident_id: IncidentId) -> Incident: ...
    async def of_run(self, env: str, run_id: JobRunId) -> Incident | None: ...
    async def of_job(self, env: str, job_id: JobId) -> Incident | None: ...


class Work(Protocol):
    """One transaction of ours: all of it is stored, or nothing."""

    async def mark(self, env: str, subject: str) -> WatchMark: ...
    async def set_mark(self, env: str, subject: str, mark: WatchMark) -> None: ...

    async def open_incident(self, draft: Incident) -> Incident:
        """Stores a new incident and gives it its id; an open one with its fingerprint is returned instead."""
        ...

    async def change_incident(self, incident: Incident, now: datetime) -> None: ...
    async def open_incidents(self, env: str) -> Sequence[Incident]: ...

    async def post(
        self, key: str, channel: str, message: Message, *, thread_of: str = "", incident_id: IncidentId | None = None
    ) -> None: ...
    async def edit(self, key: str, message: Message) -> None: ...


class Transactions(Protocol):
    def work(self) -> AbstractAsyncContextManager[Work]: ...
