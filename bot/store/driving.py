"""Who drives: one process at a time owns the watch, the sender and the workflows.

On SQLite the lock of a file beside the database, which dies with its process; on PostgreSQL an advisory lock on a
connection of its own, so that a standby takes over when the driver dies.
"""

import asyncio
import os
import sys
from contextlib import suppress
from pathlib import Path
from typing import IO, Final

from sqlalchemy import URL, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine
from sqlalchemy.pool import NullPool

from bot.errors import SettingsError

if sys.platform == "win32":
    import msvcrt
else:
    import fcntl

_KEY: Final = 0x6E696D6472697665
_LOOK_SECONDS: Final = 1.0
_ANSWER_SECONDS: Final = 5.0
_TRY_SECONDS: Final = 0.2
_KEEPALIVE: Final = {"keepalives_idle": 5, "keepalives_interval": 2, "keepalives_count": 2, "connect_timeout": 5}


class FileLock:
    """Refuses a second process at once: two would send everything twice, and SQLite has no standbys."""

    def __init__(self, database: Path) -> None:
        self._path: Final = database.with_name(database.name + ".lock")
        self._database: Final = database
        self._file: IO[str] | None = None

    async def acquire(self) -> None:
        """Raises SettingsError when another process drives this database."""
        if self._file is not None:
            return
        file = self._path.open("a+", encoding="ascii")
        try:
            _lock(file)
        except OSError as why:
            other = _holder(file)
            file.close()
            raise SettingsError(
                f"store.url: another nimdesk run{other} works with {self._database} already",
                next_step="Stop the other one first. Several replicas need PostgreSQL.",
            ) from why
        file.truncate(0)
        file.write(f"{os.getpid()}\n")
        file.flush()
        self._file = file

    async def lost(self) -> None:
        """Never: the file stays locked as long as the process lives."""
        await asyncio.Event().wait()

    async def release(self) -> None:
        if self._file is not None:
            self._file.close()
            self._file = None


if sys.platform == "win32":

    def _lock(file: IO[str]) -> None:
        file.seek(1_000)  # beyond the text, so that others can read who holds it
        msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)
        file.seek(0)

else:

    def _lock(file: IO[str]) -> None:
        fcntl.flock(file.fileno(), fcntl.LOCK_EX | fcntl.LOCK_NB)


def _holder(file: IO[str]) -> str:
    with suppress(OSError):
        file.seek(0)
        if pid := file.read(20).strip():
            return f" (process {pid})"
    return ""


class AdvisoryLock:
    """Waits for its turn; the server frees the lock the moment the holder's connection ends."""

    def __init__(self, url: URL) -> None:
        self._url: Final = url
        self._engine: AsyncEngine | None = None
        self._connection: AsyncConnection | None = None

    async def acquire(self) -> None:
        while True:
            with suppress(DBAPIError, OSError, TimeoutError):
                if await self._try():
                    return
            await asyncio.sleep(_TRY_SECONDS)

    async def _try(self) -> bool:
        if self._connection is None:
            await self._connect()
        if self._connection is None:
            return False
        try:
            async with asyncio.timeout(_ANSWER_SECONDS):
                found = await self._connection.execute(text("SELECT pg_try_advisory_lock(:key)"), {"key": _KEY})
                return bool(found.scalar_one())
        except (DBAPIError, OSError, TimeoutError):
            await self.release()
            raise

    async def _connect(self) -> None:
        self._engine = create_async_engine(
            self._url, poolclass=NullPool, isolation_level="AUTOCOMMIT", connect_args=_KEEPALIVE
        )
        self._connection = await self._engine.connect()

    async def lost(self) -> None:
        """Returns when the connection that holds the lock does not answer any more."""
        while self._connection is not None:
            try:
                async with asyncio.timeout(_ANSWER_SECONDS):
                    await self._connection.execute(text("SELECT 1"))
            except (DBAPIError, OSError, TimeoutError):
                return
            await asyncio.sleep(_LOOK_SECONDS)

    async def release(self) -> None:
        connection, self._connection = self._connection, None
        engine, self._engine = self._engine, None
        with suppress(DBAPIError, OSError):
            if connection is not None:
                await connection.close()
        if engine is not None:
            await engine.dispose()
