"""Nothing is lost and nothing is sent twice on its way to Slack."""

import asyncio
from datetime import timedelta

import pytest

from bot.errors import NotFound
from bot.model.message import Message
from bot.store.store import Store

HELLO = Message("AD provisioning failed", ({"type": "divider"},))


async def test_a_message_is_due_once_under_its_key(store, now):
    await store.outbox.post("incident-1", "#iam-alerts", HELLO)
    await store.outbox.post("incident-1", "#iam-alerts", Message("again"))

    (delivery,) = await store.outbox.claim_due(now)

    assert (delivery.key, delivery.message, delivery.ts) == ("incident-1", HELLO, "")
    assert await store.outbox.claim_due(now) == []


async def test_several_edits_become_the_last_one_under_slacks_own_channel_id(store, now):
    await store.outbox.post("action-1", "#iam-alerts", HELLO)
    (first,) = await store.outbox.claim_due(now)
    await store.outbox.sent(first, ts="12.34", channel="C9")
    for text in ("one", "two", "three"):
        await store.outbox.edit("action-1", Message(text))

    (edit,) = await store.outbox.claim_due(now)

    assert (edit.message.text, edit.ts, edit.channel, edit.is_edit) == ("three", "12.34", "C9", True)
    await store.outbox.sent(edit, ts="12.34")
    assert await store.outbox.claim_due(now) == []
    assert await store.outbox.timestamp("action-1") == ("C9", "12.34")


async def test_an_edit_made_while_the_message_is_on_its_way_is_not_forgotten(store, now):
    await store.outbox.post("action-1", "C1", HELLO)
    (first,) = await store.outbox.claim_due(now)
    await store.outbox.edit("action-1", Message("meanwhile"))
    assert await store.outbox.claim_due(now) == []

    await store.outbox.sent(first, ts="12.34")

    (edit,) = await store.outbox.claim_due(now)
    assert (edit.message.text, edit.ts) == ("meanwhile", "12.34")


async def test_an_edit_that_changes_nothing_is_not_sent(store, now):
    await store.outbox.post("action-1", "C1", HELLO)
    (first,) = await store.outbox.claim_due(now)
    await store.outbox.sent(first, ts="12.34")

    await store.outbox.edit("action-1", HELLO)

    assert await store.outbox.claim_due(now) == []


async def test_a_reply_waits_until_its_thread_exists(store, now):
    await store.outbox.post("incident-1", "#iam-alerts", HELLO)
    await store.outbox.post("action-1", "#iam-alerts", Message("running"), thread_of="incident-1")
    await store.outbox.post("action-2", "C1", Message("elsewhere"), thread_of="99.1")
    root, elsewhere = await store.outbox.claim_due(now)
    assert (root.key, elsewhere.thread_ts) == ("incident-1", "99.1")

    await store.outbox.sent(root, ts="12.34", channel="C9")

    (reply,) = await store.outbox.claim_due(now)
    assert (reply.key, reply.thread_ts, reply.channel) == ("action-1", "12.34", "C9")


async def test_a_reply_to_a_message_that_slack_never_took_goes_out_by_itself(store, now):
    await store.outbox.post("incident-1", "#gone", HELLO)
    await store.outbox.post("action-1", "C1", Message("running"), thread_of="incident-1")
    (root,) = await store.outbox.claim_due(now)

    await store.outbox.failed(root, "channel_not_found", None)

    (reply,) = await store.outbox.claim_due(now)
    assert (reply.key, reply.thread_ts) == ("action-1", "")


async def test_what_failed_is_due_again_at_its_time_and_not_before(store, now):
    await store.outbox.post("incident-1", "C1", HELLO)
    (first,) = await store.outbox.claim_due(now)

    await store.outbox.failed(first, "ratelimited", now + timedelta(seconds=30))

    assert await store.outbox.claim_due(now + timedelta(seconds=29)) == []
    (again,) = await store.outbox.claim_due(now + timedelta(seconds=30))
    assert again.attempts == 1


async def test_an_edit_revives_a_message_that_was_given_up(store, now):
    await store.outbox.post("incident-1", "C1", HELLO)
    (first,) = await store.outbox.claim_due(now)
    await store.outbox.failed(first, "invalid_blocks", None)
    assert await store.outbox.claim_due(now + timedelta(days=1)) == []

    await store.outbox.edit("incident-1", Message("shorter"))

    (again,) = await store.outbox.claim_due(now)
    assert again.message.text == "shorter"


async def test_what_was_being_sent_when_a_process_died_is_listed_and_not_sent_again_by_itself(store_url, now):
    store = await Store.open(store_url)
    await store.outbox.post("incident-1", "C1", HELLO)
    await store.outbox.claim_due(now)
    await store.close()

    store = await Store.open(store_url)
    assert await store.outbox.claim_due(now) == []
    (doubtful,) = await store.outbox.unsure()
    assert doubtful.key == "incident-1"
    assert await store.outbox.backlog() == 1
    await store.close()


async def test_an_edit_of_a_message_in_doubt_arrives_after_it_is_found(store, now):
    await store.outbox.post("incident-1", "C1", HELLO)
    await store.outbox.claim_due(now)
    await store.outbox.edit("incident-1", Message("edited"))
    (doubtful,) = await store.outbox.unsure()

    await store.outbox.sent(doubtful, ts="12.34")

    (edit,) = await store.outbox.claim_due(now)
    assert (edit.message.text, edit.ts) == ("edited", "12.34")


async def test_the_sender_is_woken_by_a_new_message_at_once(store):
    waiting = asyncio.create_task(store.outbox.changed(5))
    await asyncio.sleep(0.01)
    started = asyncio.get_running_loop().time()
    async with store.work() as work:
        await work.post("incident-1", "C1", HELLO)

    assert await waiting
    assert asyncio.get_running_loop().time() - started < 0.5
    assert not await store.outbox.changed(0.01)


async def test_an_edit_of_nothing_is_a_mistake(store):
    with pytest.raises(NotFound, match="action-7"):
        await store.outbox.edit("action-7", HELLO)
