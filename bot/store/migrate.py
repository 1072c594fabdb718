"""Brings the schema up to date. Alembic is imported only when it is behind."""

from pathlib import Path
from typing import Final

from sqlalchemy import Connection, inspect, text

from bot.errors import SettingsError
from bot.store.database import Database

HEAD: Final = "0002"
"""The newest revision in `migrations/versions`."""
MIGRATIONS: Final = Path(__file__).parent / "migrations"
_LOCK: Final = 0x6E696D6465736B
"""Advisory lock under which one replica migrates while the others wait."""


async def version(database: Database) -> str:
    """The revision of the schema; empty for a new database."""

    def look(connection: Connection) -> str:
        if not inspect(connection).has_table("alembic_version"):
            return ""
        return str(connection.execute(text("SELECT version_num FROM alembic_version")).scalar() or "")

    async with database.reading() as connection:
        return await connection.run_sync(look)


async def require_up_to_date(database: Database) -> None:
    """Raises SettingsError when the schema is of another version: a reader changes nothing."""
    found = await version(database)
    if found != HEAD:
        raise SettingsError(
            f"store.url: the database has version {found or 'none'}, this nimdesk needs {HEAD}",
            next_step="Start nimdesk run once: it brings the database up to date.",
        )


async def bring_up_to_date(database: Database) -> None:
    """Raises SettingsError when the database was written by a newer nimdesk."""
    found = await version(database)
    if found == HEAD:
        return
    if found > HEAD:
        raise SettingsError(
            f"store.url: the database was migrated to version {found} by a newer nimdesk; this one knows {HEAD}",
            next_step="Install the newer nimdesk again, or restore the database from before the upgrade.",
        )
    async with database.writing() as connection:
        if not database.is_sqlite:
            await connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _LOCK})
        await connection.run_sync(_upgrade)


def _upgrade(connection: Connection) -> None:
    from alembic import command  # noqa: PLC0415  # 10 MB that a migrated database does not need
    from alembic.config import Config  # noqa: PLC0415

    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    config.attributes["connection"] = connection
    command.upgrade(config, "head")
