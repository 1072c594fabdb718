"""The audit: records that are only ever added, each holding the hash of the one before."""

import json
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime
from hashlib import sha256
from typing import Any, Final

from sqlalchemy import Row, insert, select, text
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.model.audit import AuditEvent, AuditRecord
from bot.model.ids import ActionId
from bot.store.database import Database
from bot.store.tables import audit

_LOCK: Final = 0x6E696D6175646974
"""Advisory lock under which PostgreSQL appends: two replicas must not follow the same record."""
_PAGE: Final = 500
FIRST: Final = "0" * 64
"""What the first record has for its previous one."""


class BrokenChain(Exception):
    """A record does not follow from the one before: somebody has changed, removed or added one."""

    def __init__(self, sequence: int) -> None:
        super().__init__(f"audit record {sequence} does not follow from the one before")
        self.sequence = sequence


class AuditTable:
    def __init__(self, database: Database) -> None:
        self._database = database

    async def record(self, entry: AuditRecord) -> None:
        async with self._database.writing() as connection:
            await append(connection, entry)

    async def since(self, moment: datetime | None = None, *, user_id: str = "") -> AsyncIterator[AuditRecord]:
        last = 0
        while True:
            query = select(audit).where(audit.c.sequence > last).order_by(audit.c.sequence).limit(_PAGE)
            if moment is not None:
                query = query.where(audit.c.at >= moment)
            if user_id:
                query = query.where(audit.c.user_id == user_id)
            async with self._database.reading() as connection:
                rows = (await connection.execute(query)).all()
            for row in rows:
                yield _record(row)
            if len(rows) < _PAGE:
                return
            last = rows[-1].sequence

    async def verify(self) -> tuple[int, str]:
        """Reads the whole chain. Returns the number of records and the newest hash; raises BrokenChain."""
        count, previous = 0, FIRST
        async for record in self.since():
            follows = record.sequence == count + 1 and record.previous == previous
            if not follows or record.hash != chained(record):
                raise BrokenChain(record.sequence)
            count, previous = record.sequence, record.hash
        return count, previous


async def append(connection: AsyncConnection, entry: AuditRecord) -> None:
    """Adds the record inside the caller's transaction."""
    if connection.dialect.name == "postgresql":
        await connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _LOCK})
    newest = select(audit.c.sequence, audit.c.hash).order_by(audit.c.sequence.desc()).limit(1)
    last = (await connection.execute(newest)).first()
    entry = replace(
        entry,
        at=entry.at.astimezone(UTC),
        sequence=last.sequence + 1 if last else 1,
        previous=last.hash if last else FIRST,
    )
    await connection.execute(insert(audit).values(**_columns(replace(entry, hash=chained(entry)))))


def chained(record: AuditRecord) -> str:
    """The record's hash, over all of its fields and the hash of the one before."""
    fields = _columns(record) | {"at": record.at.astimezone(UTC).isoformat()}
    del fields["hash"]
    return sha256(json.dumps(fields, sort_keys=True, ensure_ascii=False).encode()).hexdigest()


def _columns(record: AuditRecord) -> dict[str, Any]:
    columns = {column.name: getattr(record, column.name) for column in audit.c}
    return columns | {"event": record.event.value}


def _record(row: Row[Any]) -> AuditRecord:
    fields = row._asdict()
    action_id = fields["action_id"]
    return AuditRecord(
        **fields
        | {
            "event": AuditEvent(fields["event"]),
            "action_id": None if action_id is None else ActionId(action_id),
        }
    )
