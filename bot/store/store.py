"""The store as the composition root opens it."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import datetime
from typing import Final

from sqlalchemy import delete, insert, select
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.errors import SettingsError
from bot.model.ids import IncidentId
from bot.model.incident import Incident, WatchMark
from bot.model.message import Message
from bot.store import incidents, outbox
from bot.store.actions import ActionTable
from bot.store.audit import AuditTable
from bot.store.codec import dump, load
from bot.store.database import Database, parse, sqlite_file
from bot.store.driving import AdvisoryLock, FileLock
from bot.store.incidents import IncidentTable
from bot.store.migrate import bring_up_to_date, require_up_to_date
from bot.store.outbox import OutboxTable
from bot.store.people import InboxTable, PreferenceTable, RequestTable
from bot.store.reminders import ReminderTable
from bot.store.tables import watch_mark


class Store:
    """All that survives a restart. One attribute per port of `bot.ports`."""

    def __init__(self, database: Database) -> None:
        self.database: Final = database
        self.actions: Final = ActionTable(database)
        self.audit: Final = AuditTable(database)
        self.incidents: Final = IncidentTable(database)
        self.outbox: Final = OutboxTable(database)
        self.preferences: Final = PreferenceTable(database)
        self.inbox: Final = InboxTable(database)
        self.requests: Final = RequestTable(database)
        self.reminders: Final = ReminderTable(database, self.outbox)

    @staticmethod
    async def open(url: str, *, read_only: bool = False) -> "Store":
        """Opens the database and brings its schema up to date; with `read_only` neither is changed.

        Raises SettingsError when it cannot be reached, does not exist (read-only), or is of another version.
        """
        address = parse(url)
        if read_only and address.get_backend_name() == "sqlite" and not sqlite_file(address).exists():
            raise SettingsError(f"store.url: {sqlite_file(address)} does not exist yet; nimdesk run makes it")
        database = Database(address, read_only=read_only)
        try:
            await (require_up_to_date(database) if read_only else bring_up_to_date(database))
        except (DBAPIError, OSError) as why:
            await database.close()
            reason = str(why.orig if isinstance(why, DBAPIError) else why).strip().splitlines()[0]
            shown = address.render_as_string(hide_password=True)
            raise SettingsError(f"store.url: {shown} cannot be opened ({reason})") from why
        except SettingsError:
            await database.close()
            raise
        return Store(database)

    @asynccontextmanager
    async def work(self) -> AsyncIterator["StoreWork"]:
        """One transaction; whoever waits for the outbox is woken after its commit."""
        async with self.database.writing() as connection:
            work = StoreWork(connection)
            yield work
        if work.posted:
            self.outbox.due.set()

    def driving_lock(self) -> FileLock | AdvisoryLock:
        database = self.database
        return FileLock(sqlite_file(database.url)) if database.is_sqlite else AdvisoryLock(database.url)

    @property
    def workflow_url(self) -> str:
        """Where DBOS keeps its own tables: the same PostgreSQL database; on SQLite a file of its own beside ours.

        In one file the two would wait on one write lock.
        """
        url = self.database.url
        if self.database.is_sqlite:
            file = sqlite_file(url)
            url = url.set(drivername="sqlite", database=str(file.with_name(f"{file.stem}-workflows{file.suffix}")))
        return url.render_as_string(hide_password=False)

    async def close(self) -> None:
        await self.database.close()


class StoreWork:
    """What may be done within one transaction."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection
        self.posted = False

    async def mark(self, env: str, subject: str) -> WatchMark:
        query = select(watch_mark.c.body).where((watch_mark.c.env == env) & (watch_mark.c.subject == subject))
        body = (await self._connection.execute(query)).scalar()
        return load(WatchMark, body) if body else WatchMark()

    async def set_mark(self, env: str, subject: str, mark: WatchMark) -> None:
        where = (watch_mark.c.env == env) & (watch_mark.c.subject == subject)
        await self._connection.execute(delete(watch_mark).where(where))
        row = {"env": env, "subject": subject, "at": mark.at, "body": dump(mark)}
        await self._connection.execute(insert(watch_mark).values(**row))

    async def open_incident(self, draft: Incident) -> Incident:
        return await incidents.open_new(self._connection, draft)

    async def change_incident(self, incident: Incident, now: datetime) -> None:
        await incidents.change(self._connection, replace(incident, message_ts=""), now)

    async def open_incidents(self, env: str) -> Sequence[Incident]:
        return await incidents.read_open(self._connection, env)

    async def post(
        self, key: str, channel: str, message: Message, *, thread_of: str = "", incident_id: IncidentId | None = None
    ) -> None:
        await outbox.post(self._connection, key, channel, message, thread_of=thread_of, incident_id=incident_id)
        self.posted = True

    async def edit(self, key: str, message: Message) -> None:
        await outbox.edit(self._connection, key, message)
        self.posted = True
