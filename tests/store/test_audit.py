"""The audit can be added to, and whatever else is done to it shows."""

import asyncio
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from bot.model.audit import AuditEvent, AuditRecord
from bot.store.audit import FIRST, BrokenChain


@pytest.fixture
def entry(now):
    return AuditRecord(
        at=now, event=AuditEvent.SHOWN, team_id="T1", user_id="U1", env="production", kind="show", target="12"
    )


async def without_triggers(store):
    """What somebody who owns the database can do."""
    names = ["audit_no_update", "audit_no_delete"] if store.database.is_sqlite else ["audit_append_only ON audit"]
    async with store.database.writing() as connection:
        for name in names:
            await connection.execute(text(f"DROP TRIGGER {name}"))


async def test_the_chain_holds_over_records_written_at_once(store, entry):
    await asyncio.gather(*(store.audit.record(replace(entry, target=str(number))) for number in range(20)))

    count, head = await store.audit.verify()

    assert count == 20
    assert len(head) == 64
    assert [record.sequence async for record in store.audit.since()] == list(range(1, 21))


async def test_an_empty_audit_is_whole(store):
    assert await store.audit.verify() == (0, FIRST)


@pytest.mark.parametrize("statement", ["UPDATE audit SET user_id = 'U_OTHER'", "DELETE FROM audit"])
async def test_a_record_can_be_neither_changed_nor_removed(store, entry, statement):
    await store.audit.record(entry)

    with pytest.raises(DBAPIError, match="append-only"):
        async with store.database.writing() as connection:
            await connection.execute(text(statement))


@pytest.mark.parametrize(
    ("statement", "found_at"),
    [
        ("UPDATE audit SET said = 'nothing' WHERE sequence = 2", 2),
        ("DELETE FROM audit WHERE sequence = 2", 3),
        ("DELETE FROM audit WHERE sequence = 1", 2),
    ],
)
async def test_rewriting_the_database_shows_at_the_record(store, entry, statement, found_at):
    for _ in range(3):
        await store.audit.record(entry)
    await without_triggers(store)
    async with store.database.writing() as connection:
        await connection.execute(text(statement))

    with pytest.raises(BrokenChain, match=f"record {found_at} "):
        await store.audit.verify()


async def test_an_export_starts_where_it_is_told_and_can_be_one_persons(store, entry, now):
    await store.audit.record(entry)
    await store.audit.record(replace(entry, at=now + timedelta(hours=1), user_id="U2"))
    await store.audit.record(replace(entry, at=now + timedelta(hours=2)))

    assert [one.sequence async for one in store.audit.since(now + timedelta(minutes=30))] == [2, 3]
    assert [one.sequence async for one in store.audit.since(user_id="U1")] == [1, 3]
