"""The outbox: what Slack shall show, stored before it is sent, so that nothing is lost and nothing doubled.

A row counts the wishes for its message (`wanted`) and the last one delivered (`sent`): several edits become the last
one, and an edit made while the message is on its way makes the row due again.
"""

import json
import re
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any, Final

from sqlalchemy import Row, Select, case, func, insert, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.errors import NotFound
from bot.model.ids import IncidentId
from bot.model.message import Delivery, Message
from bot.store.codec import dump, load
from bot.store.database import Database, Signal
from bot.store.tables import outbox

PENDING, SENDING, SENT, FAILED = "pending", "sending", "sent", "failed"
_TIMESTAMP: Final = re.compile(r"\d+\.\d+")
_AT_ONCE: Final = datetime(2000, 1, 1, tzinfo=UTC)


class OutboxTable:
    def __init__(self, database: Database) -> None:
        self._database = database
        self.due: Final = Signal()

    async def post(
        self, key: str, channel: str, message: Message, *, thread_of: str = "", incident_id: IncidentId | None = None
    ) -> None:
        async with self._database.writing() as connection:
            await post(connection, key, channel, message, thread_of=thread_of, incident_id=incident_id)
        self.due.set()

    async def edit(self, key: str, message: Message) -> None:
        async with self._database.writing() as connection:
            await edit(connection, key, message)
        self.due.set()

    async def timestamp(self, key: str) -> tuple[str, str]:
        """Slack's channel id and timestamp of what was posted under `key`; two empty texts when it was not yet."""
        async with self._database.reading() as connection:
            row = (await connection.execute(select(outbox).where(outbox.c.key == key))).first()
        return (row.channel_id or row.channel, row.ts) if row is not None and row.ts else ("", "")

    async def claim_due(self, now: datetime, limit: int = 20) -> Sequence[Delivery]:
        root = outbox.alias("root")
        may_go = or_(root.c.id.is_(None), root.c.ts != "", root.c.state == FAILED, outbox.c.ts != "")
        query = _with_root(root).where((outbox.c.state == PENDING) & (outbox.c.due_at <= now) & may_go)
        query = query.order_by(outbox.c.id).limit(limit)
        async with self._database.writing() as connection:
            rows = (await connection.execute(query)).all()
            if rows:
                taken = outbox.c.id.in_([row.id for row in rows])
                await connection.execute(update(outbox).where(taken).values(state=SENDING))
        return [_delivery(row) for row in rows]

    async def sent(self, delivery: Delivery, *, ts: str, channel: str = "") -> None:
        values: dict[str, Any] = {
            "ts": ts,
            "sent": delivery.version,
            "attempts": 0,
            "last_error": "",
            "due_at": _AT_ONCE,
            "state": case((outbox.c.wanted > delivery.version, PENDING), else_=SENT),
        }
        if channel:
            values["channel_id"] = channel
        await self._update(delivery, values)

    async def failed(self, delivery: Delivery, why: str, retry_at: datetime | None) -> None:
        given_up = case((outbox.c.wanted > delivery.version, PENDING), else_=FAILED)
        await self._update(
            delivery,
            {
                "attempts": outbox.c.attempts + 1,
                "last_error": why[:500],
                "due_at": retry_at or _AT_ONCE,
                "state": PENDING if retry_at else given_up,
            },
        )

    async def unsure(self) -> Sequence[Delivery]:
        query = _with_root(outbox.alias("root")).where(outbox.c.state == SENDING).order_by(outbox.c.id)
        async with self._database.reading() as connection:
            rows = (await connection.execute(query)).all()
        # Which wish was under way is not known: reported as sent, the newest one is sent once more as an edit.
        return [replace(_delivery(row), version=row.sent) for row in rows]

    async def changed(self, at_most: float) -> bool:
        return await self.due.wait(at_most)

    async def backlog(self) -> int:
        """How many rows wait to be sent."""
        query = select(func.count()).select_from(outbox).where(outbox.c.state.in_([PENDING, SENDING]))
        async with self._database.reading() as connection:
            return int((await connection.execute(query)).scalar_one())

    async def _update(self, delivery: Delivery, values: dict[str, Any]) -> None:
        async with self._database.writing() as connection:
            await connection.execute(update(outbox).where(outbox.c.id == delivery.id).values(**values))
        self.due.set()


async def post(
    connection: AsyncConnection,
    key: str,
    channel: str,
    message: Message,
    *,
    thread_of: str = "",
    incident_id: IncidentId | None = None,
) -> None:
    if (await connection.execute(select(outbox.c.id).where(outbox.c.key == key))).first() is not None:
        return
    await connection.execute(
        insert(outbox).values(
            key=key,
            channel=channel,
            thread_of=thread_of,
            incident_id=incident_id,
            message=dump(message),
            wanted=1,
            sent=0,
            state=PENDING,
            ts="",
            attempts=0,
            due_at=_AT_ONCE,
            last_error="",
        )
    )


async def edit(connection: AsyncConnection, key: str, message: Message) -> None:
    """Raises NotFound when nothing was ever posted under `key`."""
    row = (await connection.execute(select(outbox.c.message).where(outbox.c.key == key))).first()
    if row is None:
        raise NotFound(f"There is no message {key!r} to edit.")
    if json.loads(row.message) == json.loads(wanted := dump(message)):
        return
    due = {"state": case((outbox.c.state == SENDING, SENDING), else_=PENDING)}
    await connection.execute(
        update(outbox).where(outbox.c.key == key).values(message=wanted, wanted=outbox.c.wanted + 1, **due)
    )


def _with_root(root: Any) -> Select[Any]:  # noqa: ANN401  # the same table under another name
    """Rows with the message whose thread they belong to, where that is one of ours."""
    columns = (outbox, root.c.ts.label("root_ts"), root.c.channel_id.label("root_channel"))
    return select(*columns).select_from(
        outbox.outerjoin(root, (root.c.key == outbox.c.thread_of) & (outbox.c.thread_of != ""))
    )


def _delivery(row: Row[Any]) -> Delivery:
    given = row.thread_of if _TIMESTAMP.fullmatch(row.thread_of) else ""
    return Delivery(
        id=row.id,
        key=row.key,
        channel=row.channel_id or row.root_channel or row.channel,
        message=load(Message, row.message),
        version=row.wanted,
        ts=row.ts,
        thread_ts=row.root_ts or given,
        attempts=row.attempts,
        incident_id=None if row.incident_id is None else IncidentId(row.incident_id),
    )
