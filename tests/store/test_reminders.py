"""A reminder is kept, and comes to its end together with the message that it leads to."""

from dataclasses import replace
from datetime import timedelta

import pytest

from bot.model.intent import Intent, Verb
from bot.model.message import Message
from bot.model.reminder import Reminder


@pytest.fixture
def wished(now):
    return Reminder(0, "T1", "U1", Intent(Verb.WHY, "leroy", "production"), now + timedelta(minutes=30), now, "AD: …")


async def due(store, at):
    return await store.reminders.due("production", at)


async def test_it_is_due_at_its_time_in_its_environment(store, wished, now):
    kept = await store.reminders.ask(wished)
    assert await due(store, now) == []
    assert await store.reminders.due("test", now + timedelta(days=1)) == []
    assert await due(store, now + timedelta(minutes=30)) == [kept]


async def test_the_same_wish_again_is_one_reminder_with_the_new_time(store, wished, now):
    first = await store.reminders.ask(wished)
    again = await store.reminders.ask(replace(wished, due_at=now + timedelta(hours=2), asked_at=now))
    assert again.id == first.id
    assert await due(store, now + timedelta(minutes=30)) == []
    assert len(await due(store, now + timedelta(hours=2))) == 1


async def test_what_is_put_off_is_due_later_and_counts_its_looks(store, wished, now):
    kept = await store.reminders.ask(wished)
    await store.reminders.put_off(kept, now + timedelta(hours=1))
    assert await due(store, now + timedelta(minutes=30)) == []
    assert [one.looks for one in await due(store, now + timedelta(hours=1))] == [1]


async def test_its_end_posts_one_message_to_the_person_however_often_it_is_reported(store, wished, now):
    kept = await store.reminders.ask(wished)
    for _ in range(2):
        await store.reminders.done(kept, Message("Not healed"))
    assert await due(store, now + timedelta(days=1)) == []
    assert [(one.channel, one.message.text) for one in await store.outbox.claim_due(now)] == [("U1", "Not healed")]


async def test_a_wish_that_came_meanwhile_is_not_ended_by_the_old_look(store, wished, now):
    kept = await store.reminders.ask(wished)
    await store.reminders.ask(replace(wished, asked_at=now + timedelta(minutes=31)))
    await store.reminders.done(kept, Message("Not healed"))
    assert len(await due(store, now + timedelta(minutes=30))) == 1
    assert await store.outbox.claim_due(now) == []


async def test_silence_is_an_end_too_and_it_can_be_wished_again(store, wished, now):
    await store.reminders.done(await store.reminders.ask(wished), None)
    assert await due(store, now + timedelta(days=1)) == []
    await store.reminders.ask(replace(wished, asked_at=now + timedelta(days=1)))
    assert len(await due(store, now + timedelta(days=1))) == 1
