"""One process drives; the next one is refused on SQLite and takes over on PostgreSQL."""

import asyncio
import signal
import subprocess
import sys

import pytest

from bot.errors import SettingsError
from bot.store.driving import AdvisoryLock
from bot.store.store import Store

HOLDER = """
import asyncio, sys
from bot.store.store import Store
async def main():
    store = await Store.open(sys.argv[1])
    lock = store.driving_lock()
    await lock.acquire()
    print("driving", flush=True)
    await asyncio.sleep(60)
asyncio.run(main())
"""


@pytest.fixture
def another_process(store_url):
    """A process that drives."""
    started = subprocess.Popen([sys.executable, "-c", HOLDER, store_url], stdout=subprocess.PIPE, text=True)
    assert started.stdout is not None
    assert started.stdout.readline() == "driving\n"
    yield started
    started.kill()
    started.communicate()


@pytest.fixture
async def lock(store):
    taken = store.driving_lock()
    yield taken
    await taken.release()


@pytest.mark.parametrize("store_url", ["sqlite"], indirect=True)
async def test_on_sqlite_a_second_process_is_refused_and_told_which_one_holds_it(another_process, lock, store):
    with pytest.raises(SettingsError, match=rf"another nimdesk run \(process {another_process.pid}\)") as told:
        await lock.acquire()
    assert "PostgreSQL" in told.value.advice


async def test_after_kill_9_the_next_one_drives(another_process, lock):
    another_process.send_signal(signal.SIGKILL)
    another_process.wait()

    async with asyncio.timeout(5):
        await lock.acquire()
        await lock.acquire()


async def test_a_lock_that_was_given_back_can_be_taken_again(store, lock):
    await lock.acquire()
    await lock.release()
    again = store.driving_lock()
    async with asyncio.timeout(5):
        await again.acquire()
    await again.release()


async def test_a_standby_waits_for_its_turn_and_a_cut_connection_ends_the_drive(postgres_url):
    import psycopg

    store = await Store.open(postgres_url)
    first, second = store.driving_lock(), store.driving_lock()
    assert isinstance(first, AdvisoryLock)
    await first.acquire()
    lost = asyncio.create_task(first.lost())
    waiting = asyncio.create_task(second.acquire())
    await asyncio.sleep(0.5)
    assert not waiting.done()
    assert not lost.done()

    plain = store.database.url.set(drivername="postgresql").render_as_string(hide_password=False)
    with psycopg.connect(plain, autocommit=True) as connection:
        connection.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_locks WHERE locktype = 'advisory' AND granted AND pid <> pg_backend_pid()"
        )

    async with asyncio.timeout(5):
        await asyncio.gather(lost, waiting)
    await first.release()
    await second.release()
    await store.close()
