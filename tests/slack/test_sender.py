"""The outbox reaches a real workspace: every message once, the final state always, nobody held up by another."""

import asyncio
import time
from itertools import pairwise

import pytest
from slack_sdk.web.async_client import AsyncWebClient

from bot.model.message import Message
from bot.model.view import IncidentCard, ProgressCard
from bot.slack import samples
from bot.slack.pacing import Pace, Pacing
from bot.slack.render import plain_message
from bot.slack.sender import Sender
from bot.slack.wire import refused_blocks
from tests.slack.conftest import BRISK, WallClock, until

ALERTS = "#iam-alerts"


def said(text):
    return plain_message(text)


async def texts(slack, channel=ALERTS):
    return [wire["text"] for wire in await slack.history(channel)]


async def settled(store):
    await until(lambda: empty(store))


async def empty(store):
    return await store.outbox.backlog() == 0


async def test_a_card_arrives_with_its_blocks_and_its_key(slack, store, sending, renderer):
    card = renderer.incident(IncidentCard(samples.incident(), "PRODUCTION"))
    await store.outbox.post("incident-7", ALERTS, card)
    async with sending():
        await settled(store)
    (wire,) = await slack.history(ALERTS)
    assert [block["type"] for block in wire["blocks"]] == [block["type"] for block in card.blocks]
    (call,) = await slack.calls("chat.postMessage")
    assert call["args"]["metadata"]["event_payload"] == {"key": "incident-7"}
    assert call["args"]["mrkdwn"] is False
    assert call["args"]["unfurl_links"] is False
    assert (await store.outbox.timestamp("incident-7"))[1] == wire["ts"]
    assert not (await slack.get("control/warnings"))["warnings"]


async def test_a_post_leaves_within_a_fifth_of_a_second(slack, store, sending):
    async with sending(pace=Pace()):
        await asyncio.sleep(0.3)
        begun = time.monotonic()
        await store.outbox.post("a", ALERTS, said("now"))
        await until(lambda: texts(slack))
        assert time.monotonic() - begun < 2, "the sender looks by itself only after five seconds"


async def test_a_reply_comes_after_the_message_that_it_answers(slack, store, sending):
    await store.outbox.post("root", ALERTS, said("root"))
    await store.outbox.post("reply", ALERTS, said("reply"), thread_of="root")
    async with sending():
        await settled(store)
    root, reply = await slack.history(ALERTS)
    assert (root["text"], reply["text"]) == ("root", "reply")
    assert reply["thread_ts"] == root["ts"]


async def test_many_edits_become_few_and_the_last_one_always_arrives(slack, store, sending):
    begun = time.monotonic()
    async with sending():
        await store.outbox.post("a", ALERTS, said("0"))
        for number in range(1, 41):
            await store.outbox.edit("a", said(str(number)))
            await asyncio.sleep(0.01)
        await settled(store)
    slots = (time.monotonic() - begun) / BRISK.between_edits_of_message
    assert await texts(slack) == ["40"]
    edits = await slack.calls("chat.update")
    assert 1 <= len(edits) <= slots + 1
    assert all(later["at"] - sooner["at"] >= BRISK.between_edits_of_message - 0.02 for sooner, later in pairwise(edits))


async def test_edits_in_all_stay_below_the_minutes_number():
    now = 0.0
    pacing = Pacing(Pace(), lambda: now)
    made = []
    while now < 180:
        for message in range(100):
            if pacing.edit_in(message) <= 0:
                pacing.before_edit()
                pacing.edited(message)
                made.append((now, message))
        now += 0.5
    assert max(sum(start <= at < start + 60 for at, _ in made) for start in range(120)) == 40
    for message in range(100):
        times = [at for at, one in made if one == message]
        assert all(later - sooner >= 3 for sooner, later in pairwise(times))


async def test_an_edit_keeps_the_thread_and_the_time(slack, store, sending):
    async with sending():
        await store.outbox.post("a", ALERTS, said("before"))
        await settled(store)
        (first,) = await slack.history(ALERTS)
        await store.outbox.edit("a", said("after"))
        await settled(store)
    (wire,) = await slack.history(ALERTS)
    assert (wire["ts"], wire["text"]) == (first["ts"], "after")


# --- once ------------------------------------------------------------------------------------------------------------


async def test_a_post_whose_answer_was_lost_is_found_and_not_repeated(slack, store, sending):
    await slack.fault("chat.postMessage", lose_answer=True)
    async with sending():
        await store.outbox.post("a", ALERTS, said("once"))
        await settled(store)
    assert await texts(slack) == ["once"]
    assert len(await slack.calls("chat.postMessage")) == 1


async def test_a_lost_answer_in_a_thread_is_found_too(slack, store, sending):
    async with sending():
        await store.outbox.post("root", ALERTS, said("root"))
        await settled(store)
        await slack.fault("chat.postMessage", lose_answer=True)
        await store.outbox.post("reply", ALERTS, said("once"), thread_of="root")
        await settled(store)
    assert await texts(slack) == ["root", "once"]


async def test_a_post_that_never_arrived_is_sent_again(slack, store, sending):
    await slack.fault("chat.postMessage", cut=True)
    async with sending():
        await store.outbox.post("a", ALERTS, said("once"))
        await settled(store)
    assert await texts(slack) == ["once"]


@pytest.mark.parametrize("arrived", [True, False])
async def test_a_row_that_was_being_sent_when_the_process_died_comes_once(arrived, slack, store, sending):
    await store.outbox.post("a", ALERTS, said("once"))
    (delivery,) = await store.outbox.claim_due(WallClock().now())
    if arrived:
        tag = {"event_type": "nimdesk_message", "event_payload": {"key": delivery.key}}
        await slack.client().chat_postMessage(channel=delivery.channel, text="once", metadata=tag)
    async with sending():
        await settled(store)
        await store.outbox.edit("a", said("twice the same"))
        await settled(store)
    assert await texts(slack) == ["twice the same"]


async def test_while_slack_cannot_be_asked_nothing_is_posted_again(slack, store, sending):
    await slack.fault("chat.postMessage", lose_answer=True)
    await slack.fault("conversations.history", status=500, times=2)
    async with sending():
        await store.outbox.post("a", ALERTS, said("once"))
        await until(lambda: _called(slack, "conversations.history", 2))
        assert len(await slack.calls("chat.postMessage")) == 1
        await settled(store)
    assert await texts(slack) == ["once"]


async def _called(slack, method, times):
    return len(await slack.calls(method)) >= times


async def test_a_server_error_after_the_work_was_done_makes_no_second_message(slack, store, sending):
    await slack.fault("chat.postMessage", status=503)
    async with sending():
        await store.outbox.post("a", ALERTS, said("once"))
        await settled(store)
    assert await texts(slack) == ["once"]


async def test_a_stopped_sender_hands_back_what_waits_in_line(slack, store, sending):
    for number in range(10):
        await store.outbox.post(str(number), ALERTS, said(str(number)))
    async with sending(pace=Pace(between_posts_in_channel=0.3)):
        await until(lambda: texts(slack))
    async with sending():
        await settled(store)
    assert sorted(await texts(slack)) == sorted(str(number) for number in range(10))


def test_a_client_that_retries_by_itself_is_not_taken(store):
    with pytest.raises(ValueError, match="retry handlers"):
        Sender(store.outbox, AsyncWebClient(token="x"), WallClock())


# --- refusals --------------------------------------------------------------------------------------------------------


async def test_retry_after_is_obeyed_and_other_channels_go_on(slack, store, sending):
    await slack.fault("chat.postMessage", status=429, retry_after=1)
    async with sending():
        begun = time.monotonic()
        await store.outbox.post("a", ALERTS, said("late"))
        await until(lambda: _called(slack, "chat.postMessage", 1))
        await store.outbox.post("b", "#helpdesk", said("in time"))
        await until(lambda: texts(slack, "#helpdesk"))
        assert time.monotonic() - begun < 0.9
        await settled(store)
        assert time.monotonic() - begun >= 1.0
    assert await texts(slack) == ["late"]


async def test_what_slack_refuses_comes_as_words_and_is_counted(slack, store, sending):
    before = refused_blocks.labels("slack")._value.get()
    await slack.fault("chat.postMessage", error="invalid_blocks")
    async with sending():
        await store.outbox.post("a", ALERTS, said("the words"))
        await settled(store)
    (wire,) = await slack.history(ALERTS)
    assert wire["text"] == "the words"
    assert not wire.get("blocks")
    assert refused_blocks.labels("slack")._value.get() == before + 1


async def test_an_invalid_message_is_never_sent_with_its_blocks(slack, store, sending):
    before = refused_blocks.labels("us")._value.get()
    async with sending():
        await store.outbox.post("a", ALERTS, Message("the words", ({"type": "header"},)))
        await settled(store)
    (wire,) = await slack.history(ALERTS)
    assert wire["text"] == "the words"
    assert refused_blocks.labels("us")._value.get() == before + 1


async def test_the_text_is_escaped(slack, store, sending):
    async with sending():
        await store.outbox.post("a", ALERTS, said("<!channel> & <https://evil.test|x>"))
        await settled(store)
    assert await texts(slack) == ["&lt;!channel&gt; &amp; &lt;https://evil.test|x&gt;"]


@pytest.mark.parametrize("channel", ["#nowhere", "C0NOBODY01"])
async def test_a_channel_that_takes_nothing_holds_up_nobody(channel, slack, store, sending):
    async with sending():
        await store.outbox.post("lost", channel, said("lost"))
        await store.outbox.post("a", ALERTS, said("arrives"))
        await settled(store)
    assert await texts(slack) == ["arrives"]
    assert len(await slack.calls("chat.postMessage")) == 2


async def test_a_channel_without_the_bot_is_given_up(slack, store, sending):
    await slack.post("control/channel", channel=ALERTS, with_app=False)
    async with sending():
        await store.outbox.post("lost", ALERTS, said("lost"))
        await settled(store)
    assert await texts(slack) == []


async def test_refused_credentials_turn_the_health_red_and_lose_nothing(slack, store, sending):
    await slack.fault("chat.postMessage", error="token_revoked")
    async with sending() as sender:
        await store.outbox.post("a", ALERTS, said("kept"))
        await until(lambda: _called(slack, "chat.postMessage", 1))
        await until(lambda: _unhealthy(sender))
        assert await store.outbox.backlog() == 1


async def _unhealthy(sender):
    return not sender.healthy


async def test_a_message_that_somebody_deleted_is_given_up(slack, store, sending):
    async with sending():
        await store.outbox.post("a", ALERTS, said("x"))
        await settled(store)
        channel, ts = await store.outbox.timestamp("a")
        await slack.client().chat_delete(channel=channel, ts=ts)
        await store.outbox.edit("a", said("y"))
        await settled(store)
    assert await texts(slack) == []


async def test_every_progress_edit_is_taken_after_every_other(slack, store, sending, renderer):
    actions = list(samples.actions().values())
    pace = Pace(between_edits_of_message=0.01, after_posting=0.0, edits_a_minute=10_000)
    async with sending(pace=pace):
        await store.outbox.post("p", ALERTS, renderer.progress(ProgressCard(actions[0], "PRODUCTION")))
        for action in actions[1:]:
            await settled(store)
            await store.outbox.edit("p", renderer.progress(ProgressCard(action, "PRODUCTION")))
        await settled(store)
    assert [call for call in await slack.calls("chat.update") if not call["ok"]] == []
