"""What people do, and what a real Bolt app gets to see of it."""

from __future__ import annotations

import asyncio
import re
from typing import Any

import pytest
from slack_sdk.webhook.async_client import AsyncWebhookClient

from tests.workspace.kit import actions, button, field, md, modal, option, plain, section, select


@pytest.fixture
async def presses(bolt, connect):
    """Every block_actions payload that arrives."""
    seen: asyncio.Queue[Any] = asyncio.Queue()

    @bolt.action({"type": "block_actions", "action_id": re.compile(".*")})
    async def any_action(ack, body):
        await ack()
        await seen.put(body)

    await connect(bolt)
    return seen


async def test_a_press_carries_the_message_the_state_and_the_person(presses, client, hands):
    menu = select(option("Red", "r"), option("Blue", "b"), initial_option=option("Blue", "b"))
    posted = await client.chat_postMessage(channel="#general", text="x", blocks=[actions(button(value="v"), menu)])
    await hands.do("petra", "press", channel="#general", ts=posted["ts"], label="Press")
    await hands.do("omar", "select", channel="#general", ts=posted["ts"], action_id="pick", value="Red")
    await hands.do("nadia", "press", channel="#general", ts=posted["ts"], label="Press")
    picked, pressed = await presses.get(), await presses.get()
    assert presses.empty(), "a person outside the channel cannot press"
    assert picked["actions"][0]["selected_option"]["value"] == "r"
    assert pressed["user"] == {"id": "U0NADIA0001", "username": "nadia", "name": "nadia", "team_id": "T0NIMDESK01"}
    assert pressed["actions"][0]["value"] == "v"
    assert pressed["message"]["ts"] == pressed["container"]["message_ts"] == posted["ts"]
    assert pressed["state"]["values"]["acts"]["pick"]["selected_option"]["value"] == "b", "Omar's choice is his own"


async def test_a_press_on_an_ephemeral_message_has_no_message_and_its_url_replaces_it(presses, client, hands):
    await client.chat_postEphemeral(channel="#general", user="U0NADIA0001", text="x", blocks=[actions(button())])
    shown = (await hands.view("nadia", channel="#general"))["messages"][0]
    await hands.do("nadia", "press", channel="#general", ts=shown["ts"], label="Press")
    body = await presses.get()
    assert "message" not in body
    assert body["container"]["is_ephemeral"]
    hook = AsyncWebhookClient(body["response_url"])
    await hook.send(text="replaced", replace_original=True)
    after = (await hands.view("nadia", channel="#general"))["messages"]
    assert [(m["ts"], m["text"], "blocks" in m) for m in after] == [(shown["ts"], "replaced", False)]
    await hook.send_dict({"delete_original": True})
    assert (await hands.view("nadia", channel="#general"))["messages"] == []


async def test_a_response_url_is_good_for_five_answers_in_thirty_minutes(presses, client, hands):
    posted = await client.chat_postMessage(channel="#general", text="x", blocks=[actions(button())])
    for _ in range(2):
        await hands.do("nadia", "press", channel="#general", ts=posted["ts"], label="Press")
    first, second = (await presses.get())["response_url"], (await presses.get())["response_url"]
    answers = [await AsyncWebhookClient(first).send(text=str(n), response_type="in_channel") for n in range(6)]
    assert [(a.status_code, a.body) for a in answers[4:]] == [(200, "ok"), (404, "used_url")]
    bad = await AsyncWebhookClient(second).send(text="x", blocks=[{"type": "foo"}])
    assert (bad.status_code, bad.body) == (400, "invalid_blocks")
    await hands.control("clock", advance=1801)
    late = await AsyncWebhookClient(second).send(text="x")
    assert (late.status_code, late.body) == (404, "expired_url")
    history = await client.conversations_history(channel="C0GENERAL01")
    assert [m["text"] for m in history["messages"]] == ["4", "3", "2", "1", "0", "x"]


async def test_a_confirm_dialog_must_be_answered(presses, client, hands):
    confirm = {"title": plain("Sure?"), "text": md("It *mutes*"), "confirm": plain("Mute"), "deny": plain("Keep")}
    posted = await client.chat_postMessage(
        channel="#general", text="x", blocks=[actions(button("Mute", confirm=confirm))]
    )
    where = {"channel": "#general", "ts": posted["ts"], "label": "Mute"}
    asked = await hands.do("nadia", "press", **where)
    assert (asked["error"], asked["confirm"]["title"]) == ("confirm_needed", "Sure?")
    assert presses.empty()
    assert (await hands.do("nadia", "press", **where, confirm=True))["ok"]
    assert (await presses.get())["actions"][0]["action_id"] == "press"


async def test_an_overflow_option_is_pressed_by_its_label(presses, client, hands):
    overflow = {"type": "overflow", "action_id": "more", "options": [option("Snooze", "s"), option("Ticket text", "t")]}
    posted = await client.chat_postMessage(channel="#general", text="x", blocks=[section(accessory=overflow)])
    await hands.do("nadia", "press", channel="#general", ts=posted["ts"], label="Ticket")
    assert (await presses.get())["actions"][0]["selected_option"]["value"] == "t"


async def test_a_button_that_is_not_there_is_said_with_what_is(presses, client, hands):
    posted = await client.chat_postMessage(channel="#general", text="x", blocks=[actions(button("Unblock"))])
    refused = await hands.do("nadia", "press", channel="#general", ts=posted["ts"], label="Relaunch")
    assert refused["error"] == "no_such_element"
    assert "Unblock" in refused["message"]


async def test_values_survive_an_update_of_the_modal_and_errors_do_not(bolt, connect, client, hands):
    @bolt.shortcut("open_nimdesk")
    async def opened(ack, body, client):
        await ack()
        await client.views_open(
            trigger_id=body["trigger_id"], view=modal(field("why"), field("who", "Who", optional=True))
        )

    @bolt.view("form")
    async def sent(ack, view):
        if view["state"]["values"]["why"]["text"]["value"] == "update":
            await ack(response_action="update", view=modal(section("Checked"), field("why"), callback_id="form"))
        elif view["state"]["values"]["why"]["text"]["value"] == "push":
            await ack(response_action="push", view=modal(section("On top"), notify_on_close=True, callback_id="top"))
        else:
            await ack(response_action="errors", errors={"nowhere": "x"})

    closed: asyncio.Queue[Any] = asyncio.Queue()

    @bolt.view_closed("top")
    async def top_closed(ack, body):
        await ack()
        await closed.put(body["is_cleared"])

    await connect(bolt)
    done = await hands.do("nadia", "shortcut", name="Open nimdesk")
    await hands.view("nadia", since=done["since"], wait=5, **{"for": "view"})
    assert (await hands.do("nadia", "submit", values={"Reason": "update"}))["response_action"] == "update"
    view = (await hands.view("nadia"))["views"][0]
    assert view["state"]["values"]["why"]["text"]["value"] == "update"
    assert (await hands.do("nadia", "submit", values={"why": "push"}))["response_action"] == "push"
    stack = (await hands.view("nadia"))["views"]
    assert [v["previous_view_id"] for v in stack] == [None, stack[0]["id"]]
    await hands.do("nadia", "close")
    assert await asyncio.wait_for(closed.get(), 2) is False
    assert (await hands.do("nadia", "submit", values={"why": "bad"}))["error"] == "invalid_errors"
    assert (await hands.view("nadia"))["views"][0]["failed"].startswith("We had some trouble connecting")


async def test_a_modal_that_nobody_answers_stays_open(bolt, connect, hands):
    @bolt.shortcut("open_nimdesk")
    async def opened(ack, body, client):
        await ack()
        await client.views_open(trigger_id=body["trigger_id"], view=modal(section(), callback_id="unheard"))

    await connect(bolt)
    done = await hands.do("nadia", "shortcut", callback_id="open_nimdesk")
    await hands.view("nadia", since=done["since"], wait=5, **{"for": "view"})
    submitting = asyncio.create_task(hands.do("nadia", "submit"))
    await asyncio.sleep(0.05)
    await hands.control("clock", advance=3.1)
    assert (await submitting)["error"] == "operation_timeout"
    assert (await hands.view("nadia"))["views"][0]["failed"]


async def test_an_external_menu_asks_the_app_for_its_options(bolt, connect, client, hands):
    chosen: asyncio.Queue[Any] = asyncio.Queue()

    @bolt.options("person")
    async def people(ack, payload):
        names = [name for name in ("Anne Leroy", "Anne Martin") if payload["value"].lower() in name.lower()]
        await ack(options=[option(name) for name in names])

    @bolt.action("person")
    async def picked(ack, action):
        await ack()
        await chosen.put(action["selected_option"]["value"])

    await connect(bolt)
    menu = {"type": "external_select", "action_id": "person", "min_query_length": 1}
    posted = await client.chat_postMessage(channel="#general", text="x", blocks=[actions(menu)])
    where = {"channel": "#general", "ts": posted["ts"], "action_id": "person"}
    offered = await hands.do("nadia", "options", **where, query="ann")
    assert [row["value"] for row in offered["options"]] == ["Anne Leroy", "Anne Martin"]
    assert (await hands.do("nadia", "select", **where, value="Anne Leroy"))["ok"]
    assert await chosen.get() == "Anne Leroy"
    assert (await hands.do("nadia", "select", **where, value="Nobody"))["error"] == "no_such_option"


async def test_a_message_shortcut_carries_the_message(bolt, connect, hands):
    seen: asyncio.Queue[Any] = asyncio.Queue()

    @bolt.shortcut("explain_message")
    async def explain(ack, body, respond):
        await ack()
        await respond("Looking")
        await seen.put(body)

    await connect(bolt)
    said = await hands.do("omar", "say", channel="#partners", text="`jdoe` has no account")
    done = await hands.do("nadia", "shortcut", name="Explain with nimdesk", channel="#partners", ts=said["ts"])
    body = await seen.get()
    assert body["message"]["user"] == "U0OMAR00001"
    assert body["message"]["blocks"][0]["elements"][0]["elements"][0] == {
        "type": "text", "text": "jdoe", "style": {"code": True},
    }  # fmt: skip
    answer = await hands.view("nadia", since=done["since"], channel="#partners", contains="Looking", wait=5)
    assert answer["messages"][0]["ephemeral"]


async def test_home_is_published_for_one_person(bolt, connect, hands, client):
    @bolt.event("app_home_opened")
    async def opened(event, client):
        await client.views_publish(user_id=event["user"], view={"type": "home", "blocks": [section("Your desk")]})

    await connect(bolt)
    done = await hands.do("nadia", "home")
    seen = await hands.view("nadia", since=done["since"], wait=5, **{"for": "home"})
    assert seen["home"]["blocks"][0]["text"]["text"] == "Your desk"
    assert (await hands.view("omar"))["home"] is None


async def test_a_command_is_refused_where_slack_refuses_it(hands):
    said = await hands.do("nadia", "say", channel="#general", text="x")
    unknown = await hands.do("nadia", "command", channel="#general", command="/other")
    in_thread = await hands.do("nadia", "command", channel="#general", command="/nim", thread_ts=said["ts"])
    assert [unknown["error"], in_thread["error"]] == ["unknown_command", "not_in_threads"]
    assert "not supported in threads" in in_thread["message"]
