"""Answers to the one who asked or pressed, in a real workspace with a real Bolt connection."""

import asyncio
import re
from collections.abc import AsyncIterator
from typing import Any

import pytest
from slack_bolt.adapter.socket_mode.async_handler import AsyncSocketModeHandler
from slack_bolt.async_app import AsyncApp

from bot.errors import NimUnreachable, NotAllowed, SlackProblem, Stale
from bot.model.actor import Place
from bot.model.intent import Intent, Verb
from bot.model.message import Message, Modal
from bot.slack import examples, samples
from bot.slack.render import plain_message
from bot.slack.reply import Reply
from tests.slack.conftest import until

HELPDESK, NADIA = "C0HELPDESK1", "U0NADIA0001"
WISH = Intent(Verb.UNBLOCK, "771203", "production")


@pytest.fixture
async def heard(slack) -> AsyncIterator["asyncio.Queue[dict[str, Any]]"]:
    """What Slack tells the app, acknowledged at once."""
    bodies: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
    app = AsyncApp(client=slack.client(), signing_secret="x", process_before_response=True)

    async def hear(ack: Any, body: dict[str, Any]) -> None:
        await ack()
        bodies.put_nowait(body)

    app.command(re.compile(".*"))(hear)
    app.action(re.compile(".*"))(hear)
    app.view(re.compile(".*"))(hear)
    handler = AsyncSocketModeHandler(app, slack.workspace.app_token, ping_interval=1)
    await handler.connect_async()
    yield bodies
    await handler.close_async()


@pytest.fixture
def reply(slack, renderer) -> Reply:
    return Reply(slack.client(), renderer, patience=0.1)


@pytest.fixture
def commanded(slack, heard):
    async def run(channel: str = HELPDESK) -> tuple[Place, str]:
        await slack.post("person/nadia/command", channel=channel, text="/nim help")
        body = await asyncio.wait_for(heard.get(), 5)
        place = Place(body["channel_id"], ephemeral=True, response_url=body["response_url"])
        return place, body["trigger_id"]

    return run


async def seen(slack, person="nadia", channel=HELPDESK):
    return (await slack.get(f"person/{person}/view", channel=channel))["messages"]


async def test_a_command_is_answered_for_the_asker_only(slack, commanded, reply, renderer):
    place, _ = await commanded()
    assert await reply.answer(NADIA, place, renderer.answer(samples.listing()))
    (message,) = await seen(slack)
    assert message["ephemeral"]
    assert message["text"].startswith("3 jobs failed")
    assert await seen(slack, "omar") == []


async def test_every_example_is_taken_by_the_workspace(slack, commanded, reply, renderer):
    place = Place(HELPDESK)
    for name, draw in examples.everything():
        drawn = draw(renderer)
        if isinstance(drawn, Message):
            assert await reply.answer(NADIA, place, drawn), name
        else:
            _, trigger = await commanded()
            await reply.open(trigger, drawn)
            await slack.post("person/nadia/close")
    assert not (await slack.get("control/warnings"))["warnings"]


async def test_a_command_where_the_bot_is_no_member_is_answered_too(slack, commanded, reply):
    place, _ = await commanded("C0PARTNERS1")
    assert await reply.answer(NADIA, place, plain_message("here"))
    assert [message["text"] for message in await seen(slack, channel="C0PARTNERS1")] == ["here"]


async def test_an_answer_goes_another_way_when_the_url_is_used_up(slack, commanded, reply):
    place, _ = await commanded()
    for number in range(7):
        assert await reply.answer(NADIA, place, plain_message(str(number)))
    assert [message["text"] for message in await seen(slack)] == [str(number) for number in range(7)]


async def test_direct_messages_keep_what_was_answered(slack, reply):
    opened = await slack.client().conversations_open(users=NADIA)
    channel = opened["channel"]["id"]
    assert await reply.answer(NADIA, Place(channel), plain_message("kept"))
    (wire,) = await slack.history(channel)
    assert wire["text"] == "kept"


async def test_a_press_in_a_thread_is_answered_in_the_thread(slack, heard, reply, renderer):
    root = await slack.client().chat_postMessage(channel=HELPDESK, text="root")
    card = renderer.answer(samples.choice())
    posted = await slack.client().chat_postMessage(
        channel=HELPDESK, text="card", blocks=list(card.blocks), thread_ts=root["ts"]
    )
    await slack.post("person/nadia/press", channel=HELPDESK, ts=posted["ts"], label="Leroy, Anne")
    body = await asyncio.wait_for(heard.get(), 5)
    place = Place(HELPDESK, thread=body["container"]["thread_ts"], response_url=body["response_url"])
    await reply.answer(NADIA, place, plain_message("in the thread"))
    answer = (await seen(slack))[-1]
    assert (answer["text"], answer["thread_ts"], answer["ephemeral"]) == ("in the thread", root["ts"], True)


async def test_refresh_redraws_the_ephemeral_message_itself(slack, heard, commanded, reply, renderer):
    place, _ = await commanded()
    await reply.answer(NADIA, place, renderer.answer(samples.listing()))
    (message,) = await seen(slack)
    await slack.post("person/nadia/press", channel=HELPDESK, ts=message["ts"], label="Refresh")
    body = await asyncio.wait_for(heard.get(), 5)
    assert body["actions"][0]["action_id"] == "nim:jobs:refresh"
    again = Place(HELPDESK, message=message["ts"], ephemeral=True, response_url=body["response_url"])
    assert await reply.answer(NADIA, again, renderer.answer(samples.status()), replace=True)
    (message,) = await seen(slack)
    assert message["text"].startswith("PRODUCTION needs a look")


async def test_a_slow_answer_is_announced_by_a_message_of_its_own(slack, commanded, reply):
    place, _ = await commanded()
    async with reply.waiting(NADIA, place, "Reading the orders …"):
        await until(lambda: seen(slack))
    await reply.answer(NADIA, place, plain_message("done"))
    assert [message["text"] for message in await seen(slack)] == ["Reading the orders …", "done"]


async def test_a_quick_answer_is_not_announced(slack, commanded, reply):
    place, _ = await commanded()
    async with reply.waiting(NADIA, place):
        pass
    await asyncio.sleep(0.2)
    assert await seen(slack) == []


@pytest.mark.parametrize("way", ["response_url", "chat.postEphemeral"])
async def test_what_slack_refuses_comes_as_words(way, slack, commanded, reply, renderer):
    place, _ = await commanded()
    if way != "response_url":
        place = Place(HELPDESK)
    await slack.fault(way, error="invalid_blocks", status=400 if way == "response_url" else 200)
    assert await reply.answer(NADIA, place, renderer.answer(samples.listing()))
    (message,) = await seen(slack)
    assert not message.get("blocks")
    assert message["text"].startswith("3 jobs failed")


async def test_an_answer_that_cannot_be_delivered_is_counted_and_does_not_raise(slack, reply):
    assert not await reply.answer(NADIA, Place("C0NOBODY01"), plain_message("x"))


@pytest.mark.parametrize(
    ("why", "says", "button"),
    [
        (NotAllowed("You may read, not change."), "Nothing was changed.", "Ask an operator"),
        (Stale("The order was verified meanwhile."), "Nothing was changed.", "Show the fresh view"),
        (
            NimUnreachable("Identity Manager did not answer.", changed=None),
            "Whether anything was changed is not known.",
            None,
        ),
    ],
)
async def test_an_error_says_what_happened_what_was_changed_and_what_next(why, says, button, slack, reply):
    await reply.problem(NADIA, Place(HELPDESK), why, wish=WISH, reference="7f3a")
    (message,) = await seen(slack)
    for words in (why.say, says, why.advice, "Reference 7f3a"):
        assert words in message["text"]
    labels = [e["text"]["text"] for block in message["blocks"] if block["type"] == "actions" for e in block["elements"]]
    assert labels == ([button] if button else [])


async def test_a_mistake_of_our_own_gives_a_reference(slack, reply):
    await reply.broken(NADIA, Place(HELPDESK), "7f3a")
    (message,) = await seen(slack)
    assert "Reference 7f3a" in message["text"]


async def test_a_modal_opens_at_once_and_is_filled_and_submitted(slack, heard, commanded, reply, renderer):
    _, trigger = await commanded()
    view_id = await reply.open(trigger, renderer.loading("Test with 1 of 150", "Reading the figures …"))
    assert await reply.update(view_id, renderer.confirmation(samples.confirmation(), "key"))
    refused = await slack.post("person/nadia/submit", values={})
    assert not refused.get("ok") or "agree" in str(refused)
    await slack.post("person/nadia/submit", values={"agree": ["yes"]})
    body = await asyncio.wait_for(heard.get(), 5)
    assert body["view"]["callback_id"] == "nim:confirm"
    assert body["view"]["private_metadata"] == "key"
    assert [option["value"] for option in body["view"]["state"]["values"]["agree"]["agree"]["selected_options"]] == [
        "yes"
    ]


async def test_a_trigger_that_is_too_old_is_told(commanded, reply, renderer):
    _, trigger = await commanded()
    await reply.open(trigger, renderer.loading("One", "…"))
    with pytest.raises(SlackProblem, match="Nothing was done"):
        await reply.open(trigger, renderer.loading("Two", "…"))


async def test_a_modal_that_was_closed_meanwhile_is_no_error(slack, commanded, reply, renderer):
    _, trigger = await commanded()
    view_id = await reply.open(trigger, renderer.loading("One", "…"))
    await slack.post("person/nadia/close")
    assert not await reply.update(view_id, renderer.refused(samples.refused()))


async def test_an_invalid_modal_is_opened_as_words(slack, commanded, reply):
    _, trigger = await commanded()
    assert await reply.open(trigger, Modal("T" * 30, ({"type": "header"},)))
    views = (await slack.get("person/nadia/view"))["views"]
    assert views[0]["title"]["text"] == "T" * 24


async def test_started_and_refused_are_said_in_the_modal(slack, commanded, reply, renderer):
    _, trigger = await commanded()
    view_id = await reply.open(trigger, renderer.loading("One", "…"))
    assert await reply.started(view_id, samples.actions()["asked"], new=False)
    assert (await slack.get("person/nadia/view"))["views"][0]["title"]["text"] == "Already under way"
    assert await reply.refused(view_id, samples.refused())
    assert "Ask an operator" in str((await slack.get("person/nadia/view"))["views"][0])
