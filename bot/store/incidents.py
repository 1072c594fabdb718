"""Incidents and the runs that belong to them."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from sqlalchemy import Select, String, cast, insert, literal, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.errors import NotFound
from bot.model.ids import IncidentId, JobId, JobRunId
from bot.model.incident import Incident, IncidentState
from bot.store.codec import dump, load
from bot.store.database import Database
from bot.store.tables import incident, incident_run, outbox

_OPEN = incident.c.state == IncidentState.OPEN.value


class IncidentTable:
    def __init__(self, database: Database) -> None:
        self._database = database

    async def open_ones(self, env: str | None = None) -> Sequence[Incident]:
        query = _incidents().where(_OPEN).order_by(incident.c.id)
        return await self._read(query if env is None else query.where(incident.c.env == env))

    async def get(self, incident_id: IncidentId) -> Incident:
        found = await self._read(_incidents().where(incident.c.id == incident_id))
        if not found:
            raise NotFound(f"There is no incident {incident_id}.")
        return found[0]

    async def of_run(self, env: str, run_id: JobRunId) -> Incident | None:
        mine = select(incident_run.c.incident_id).where((incident_run.c.env == env) & (incident_run.c.run_id == run_id))
        found = await self._read(_incidents().where(incident.c.id.in_(mine)))
        return found[0] if found else None

    async def of_job(self, env: str, job_id: JobId) -> Incident | None:
        """The newest open incident of a job."""
        query = _incidents().where(_OPEN & (incident.c.env == env) & (incident.c.job_id == job_id))
        found = await self._read(query.order_by(incident.c.id.desc()).limit(1))
        return found[0] if found else None

    async def _read(self, query: Select[Any]) -> list[Incident]:
        async with self._database.reading() as connection:
            return await read(connection, query)


async def open_new(connection: AsyncConnection, draft: Incident) -> Incident:
    same = _OPEN & (incident.c.env == draft.env) & (incident.c.fingerprint == draft.fingerprint)
    if known := await read(connection, _incidents().where(same)):
        return known[0]
    row = {
        "env": draft.env,
        "fingerprint": draft.fingerprint,
        "state": draft.state.value,
        "job_id": draft.job_id,
        "opened_at": draft.opened_at,
        "changed_at": draft.opened_at,
        "body": dump(draft),
    }
    new_id = (await connection.execute(insert(incident).values(**row).returning(incident.c.id))).scalar_one()
    opened = replace(draft, id=IncidentId(new_id))
    await _join_runs(connection, opened)
    return opened


async def change(connection: AsyncConnection, changed: Incident, now: datetime) -> None:
    values = {"state": changed.state.value, "changed_at": now, "body": dump(changed)}
    await connection.execute(update(incident).where(incident.c.id == changed.id).values(**values))
    await _join_runs(connection, changed)


async def read_open(connection: AsyncConnection, env: str) -> list[Incident]:
    return await read(connection, _incidents().where(_OPEN & (incident.c.env == env)).order_by(incident.c.id))


async def read(connection: AsyncConnection, query: Select[Any]) -> list[Incident]:
    return [
        replace(load(Incident, row.body), id=IncidentId(row.id), message_ts=row.ts or "")
        for row in await connection.execute(query)
    ]


async def _join_runs(connection: AsyncConnection, of: Incident) -> None:
    """A run belongs to the first incident that claimed it."""
    here = incident_run.c.env == of.env
    known = select(incident_run.c.run_id).where(here & incident_run.c.run_id.in_(of.run_ids))
    taken = set((await connection.execute(known)).scalars())
    rows = [{"env": of.env, "run_id": run, "incident_id": of.id} for run in of.run_ids if run not in taken]
    if rows:
        await connection.execute(insert(incident_run), rows)


def _incidents() -> Select[Any]:
    card = outbox.c.key == literal("incident-") + cast(incident.c.id, String)  # Incident.message_key
    return select(incident.c.id, incident.c.body, outbox.c.ts).select_from(incident.outerjoin(outbox, card))
