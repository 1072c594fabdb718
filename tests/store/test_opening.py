"""Opening the store: migrated when behind, quick when not, never by a reader."""

import subprocess
import sys

import pytest
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import text

from bot.errors import SettingsError
from bot.store.migrate import HEAD, MIGRATIONS
from bot.store.store import Store
from bot.store.tables import metadata


async def test_the_migrations_make_the_tables_that_the_code_knows(store):
    def differences(connection):
        return compare_metadata(MigrationContext.configure(connection), metadata)

    async with store.database.reading() as connection:
        assert await connection.run_sync(differences) == []


def test_the_newest_migration_is_the_one_that_the_code_expects():
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    assert ScriptDirectory.from_config(config).get_current_head() == HEAD


async def test_a_reader_reads_and_cannot_write(store_url, wish, now):
    store = await Store.open(store_url)
    action, _ = await store.actions.ask(wish, now)
    reader = await Store.open(store_url, read_only=True)

    assert await reader.actions.get(action.id) == action
    with pytest.raises(Exception, match=r"read-?only"):
        await reader.preferences.put("T1", "U1", "last", "x", now)
    await reader.close()
    await store.close()


async def test_a_reader_does_not_make_a_database(sqlite_url, tmp_path):
    with pytest.raises(SettingsError, match="does not exist yet"):
        await Store.open(sqlite_url, read_only=True)
    assert list(tmp_path.iterdir()) == []


async def test_a_database_of_a_newer_nimdesk_is_refused(store_url):
    store = await Store.open(store_url)
    async with store.database.writing() as connection:
        await connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    await store.close()

    for read_only in (False, True):
        with pytest.raises(SettingsError, match="9999"):
            await Store.open(store_url, read_only=read_only)


@pytest.mark.parametrize("url", ["", "nimdesk.db", "mysql://root@localhost/x", "sqlite+aiosqlite://"])
async def test_an_address_that_is_no_database_of_ours_is_refused(url):
    with pytest.raises(SettingsError, match=r"store\.url"):
        await Store.open(url)


async def test_a_server_that_is_not_there_is_said_without_its_password():
    with pytest.raises(SettingsError, match="cannot be opened") as told:
        await Store.open("postgresql+psycopg://bot:secret-word@127.0.0.1:1/nimdesk")
    assert "secret-word" not in str(told.value)


def test_alembic_is_not_imported_for_a_migrated_database(sqlite_url):
    program = f"""
import asyncio, sys
from bot.store.store import Store
async def main():
    await (await Store.open({sqlite_url!r})).close()
asyncio.run(main())
print("alembic" in sys.modules, "psycopg" in sys.modules, "pydantic" in sys.modules)
"""
    said = [
        subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout.strip()
        for _ in range(2)
    ]
    assert said == ["True False False", "False False False"]
