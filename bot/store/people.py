"""What people have asked and set: preferences, the inbox of mentions, requests to operators."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from sqlalchemy import Select, delete, insert, select, update
from sqlalchemy.exc import IntegrityError

from bot.errors import NotFound
from bot.model.request import HelpRequest, RequestState
from bot.store.codec import dump, load
from bot.store.database import Database
from bot.store.tables import inbox, preference, request


class PreferenceTable:
    def __init__(self, database: Database) -> None:
        self._database = database

    async def get(self, team_id: str, user_id: str, subject: str) -> str:
        query = select(preference.c.value).where(_whose(team_id, user_id, subject))
        async with self._database.reading() as connection:
            return str((await connection.execute(query)).scalar() or "")

    async def put(self, team_id: str, user_id: str, subject: str, value: str, now: datetime) -> None:
        async with self._database.writing() as connection:
            await connection.execute(delete(preference).where(_whose(team_id, user_id, subject)))
            row = {"team_id": team_id, "user_id": user_id, "subject": subject, "value": value, "changed_at": now}
            await connection.execute(insert(preference).values(**row))


def _whose(team_id: str, user_id: str, subject: str) -> Any:  # noqa: ANN401  # a clause
    columns = preference.c
    return (columns.team_id == team_id) & (columns.user_id == user_id) & (columns.subject == subject)


class InboxTable:
    def __init__(self, database: Database) -> None:
        self._database = database

    async def receive(self, event_id: str, body: str, now: datetime) -> bool:
        try:
            async with self._database.writing() as connection:
                await connection.execute(insert(inbox).values(event_id=event_id, body=body, received_at=now))
        except IntegrityError:
            return False
        return True

    async def done(self, event_id: str, now: datetime) -> None:
        """The id is kept, so that Slack's next delivery is known; the words are not."""
        async with self._database.writing() as connection:
            await connection.execute(update(inbox).where(inbox.c.event_id == event_id).values(done_at=now, body=""))

    async def waiting(self) -> Sequence[tuple[str, str]]:
        query = select(inbox.c.event_id, inbox.c.body).where(inbox.c.done_at.is_(None)).order_by(inbox.c.received_at)
        async with self._database.reading() as connection:
            return [(row.event_id, row.body) for row in await connection.execute(query)]

    async def forget(self, before: datetime) -> None:
        async with self._database.writing() as connection:
            await connection.execute(delete(inbox).where(inbox.c.done_at < before))


class RequestTable:
    def __init__(self, database: Database) -> None:
        self._database = database

    async def ask(self, draft: HelpRequest) -> tuple[HelpRequest, bool]:
        async with self._database.writing() as connection:
            known = (await connection.execute(select(request).where(request.c.key == draft.key))).first()
            if known is not None:
                return _read(known), False
            row = {"key": draft.key, "state": draft.state.value, "asked_at": draft.asked_at, "body": dump(draft)}
            return _read((await connection.execute(insert(request).values(**row).returning(request))).one()), True

    async def get(self, request_id: int) -> HelpRequest:
        found = await self._read(select(request).where(request.c.id == request_id))
        if not found:
            raise NotFound(f"There is no request {request_id}.")
        return found[0]

    async def claim(self, request_id: int, user_id: str, now: datetime) -> HelpRequest:
        asked = await self.get(request_id)
        claimed = replace(asked, state=RequestState.CLAIMED, claimed_by=user_id, claimed_at=now)
        return await self._move(claimed, RequestState.OPEN)

    async def done(self, request_id: int) -> None:
        asked = await self.get(request_id)
        await self._move(replace(asked, state=RequestState.DONE), asked.state)

    async def in_state(self, state: RequestState) -> Sequence[HelpRequest]:
        return await self._read(select(request).where(request.c.state == state.value).order_by(request.c.id))

    async def _move(self, moved: HelpRequest, source: RequestState) -> HelpRequest:
        """Stores the new state where it is still in `source`; returns what holds afterwards."""
        where = (request.c.id == moved.id) & (request.c.state == source.value)
        async with self._database.writing() as connection:
            values = {"state": moved.state.value, "body": dump(moved)}
            await connection.execute(update(request).where(where).values(**values))
        return await self.get(moved.id)

    async def _read(self, query: Select[Any]) -> list[HelpRequest]:
        async with self._database.reading() as connection:
            return [_read(row) for row in await connection.execute(query)]


def _read(row: Any) -> HelpRequest:  # noqa: ANN401  # a row of the table
    return replace(load(HelpRequest, row.body), id=row.id)
