"""Reminders: one per person and question, done together with the message that they lead to."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from sqlalchemy import insert, select, update

from bot.model.message import Message
from bot.model.reminder import Reminder, ReminderState
from bot.store import outbox
from bot.store.codec import dump, load
from bot.store.database import Database
from bot.store.outbox import OutboxTable
from bot.store.tables import reminder


class ReminderTable:
    def __init__(self, database: Database, messages: OutboxTable) -> None:
        self._database = database
        self._messages = messages

    async def ask(self, draft: Reminder) -> Reminder:
        values = {"env": draft.env, "due_at": draft.due_at, "state": draft.state.value, "body": dump(draft)}
        async with self._database.writing() as connection:
            known = (await connection.execute(select(reminder).where(reminder.c.key == draft.key))).first()
            if known is not None:
                await connection.execute(update(reminder).where(reminder.c.id == known.id).values(**values))
                return replace(draft, id=known.id)
            row = insert(reminder).values(key=draft.key, **values).returning(reminder.c.id)
            return replace(draft, id=(await connection.execute(row)).scalar_one())

    async def due(self, env: str, now: datetime) -> Sequence[Reminder]:
        waiting = (reminder.c.env == env) & (reminder.c.state == ReminderState.WAITING.value)
        query = select(reminder).where(waiting & (reminder.c.due_at <= now)).order_by(reminder.c.due_at, reminder.c.id)
        async with self._database.reading() as connection:
            return [_read(row) for row in await connection.execute(query)]

    async def put_off(self, one: Reminder, until: datetime) -> None:
        await self._change(replace(one, due_at=until, looks=one.looks + 1))

    async def done(self, one: Reminder, message: Message | None) -> None:
        await self._change(replace(one, state=ReminderState.DONE), message)
        if message is not None:
            self._messages.due.set()

    async def _change(self, changed: Reminder, message: Message | None = None) -> None:
        """Nothing is changed, and nothing posted, where it was asked for again meanwhile."""
        values = {"due_at": changed.due_at, "state": changed.state.value, "body": dump(changed)}
        async with self._database.writing() as connection:
            row = (await connection.execute(select(reminder).where(reminder.c.id == changed.id))).one()
            if row.state != ReminderState.WAITING.value or _read(row).asked_at != changed.asked_at:
                return
            await connection.execute(update(reminder).where(reminder.c.id == changed.id).values(**values))
            if message is not None:
                await outbox.post(connection, changed.message_key, changed.user_id, message)


def _read(row: Any) -> Reminder:  # noqa: ANN401  # a row of the table
    return replace(load(Reminder, row.body), id=row.id)
