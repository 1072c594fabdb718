"""One database, two dialects: how it is opened, read and written."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any, Final

from sqlalchemy import URL, Connection, event, make_url
from sqlalchemy.exc import ArgumentError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine

from bot.errors import SettingsError

BUSY_MS: Final = 10_000
"""How long a SQLite connection waits for another process's write."""


class Signal:
    """Wakes the one who waits for new rows. One waiter at a time."""

    def __init__(self) -> None:
        self._event = asyncio.Event()

    def set(self) -> None:
        self._event.set()

    async def wait(self, at_most: float) -> bool:
        with suppress(TimeoutError):
            async with asyncio.timeout(at_most):
                await self._event.wait()
        woken = self._event.is_set()
        self._event.clear()
        return woken


class Database:
    """Transactions over one engine. On SQLite writers of this process queue here, instead of in the file's lock."""

    def __init__(self, url: URL, *, read_only: bool = False) -> None:
        self.url: Final = url
        self.is_sqlite: Final = url.get_backend_name() == "sqlite"
        self.read_only: Final = read_only
        self.engine: Final = (
            _sqlite(url, read_only=read_only) if self.is_sqlite else _postgres(url, read_only=read_only)
        )
        self._one_writer = asyncio.Lock()

    @asynccontextmanager
    async def reading(self) -> AsyncIterator[AsyncConnection]:
        async with self.engine.connect() as connection:
            yield connection

    @asynccontextmanager
    async def writing(self) -> AsyncIterator[AsyncConnection]:
        """One transaction: committed at the end, undone when the block raises."""
        if not self.is_sqlite:
            async with self.engine.begin() as connection:
                yield connection
            return
        async with self._one_writer, self.engine.connect() as connection:
            await connection.execution_options(nimdesk_writes=True)
            async with connection.begin():
                yield connection

    async def close(self) -> None:
        await self.engine.dispose()


def parse(url: str) -> URL:
    """Raises SettingsError when the address names no database that nimdesk supports."""
    try:
        parsed = make_url(url)
    except ArgumentError as why:
        raise SettingsError(f"store.url: {url!r} is no database address") from why
    known = {"sqlite": "sqlite+aiosqlite", "postgresql": "postgresql+psycopg"}
    driver = known.get(parsed.get_backend_name())
    if driver is None:
        raise SettingsError("store.url: nimdesk keeps its data in sqlite+aiosqlite:///… or postgresql+psycopg://…")
    if driver.startswith("sqlite") and parsed.database in {None, "", ":memory:"}:
        raise SettingsError("store.url: SQLite needs a file; a database in memory would not survive a restart")
    return parsed.set(drivername=driver)


def sqlite_file(url: URL) -> Path:
    return Path(url.database or "")


def _sqlite(url: URL, *, read_only: bool) -> AsyncEngine:
    if read_only:
        path = sqlite_file(url).absolute().as_posix()
        url = url.set(database=f"file:{path}", query={"mode": "ro", "uri": "true"})
    engine = create_async_engine(url, pool_size=4, max_overflow=4)

    @event.listens_for(engine.sync_engine, "connect")
    def prepare(connection: Any, _record: object) -> None:  # noqa: ANN401  # the driver's connection
        connection.isolation_level = None  # transactions are begun below, so that a writer takes its lock first
        cursor = connection.cursor()
        cursor.execute(f"PRAGMA busy_timeout = {BUSY_MS}")
        cursor.execute("PRAGMA foreign_keys = ON")
        if not read_only:
            cursor.execute("PRAGMA journal_mode = WAL")
        cursor.close()

    @event.listens_for(engine.sync_engine, "begin")
    def begin(connection: Connection) -> None:
        writes = connection.get_execution_options().get("nimdesk_writes")
        connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")

    return engine


def _postgres(url: URL, *, read_only: bool) -> AsyncEngine:
    arguments = {"options": "-c default_transaction_read_only=on"} if read_only else {}
    return create_async_engine(url, pool_size=5, max_overflow=5, pool_pre_ping=True, connect_args=arguments)
