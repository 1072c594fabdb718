"""A real Bolt app over Socket Mode: every way in, every way out."""

from __future__ import annotations

import asyncio

BUTTON = {
    "type": "actions",
    "block_id": "repair",
    "elements": [
        {"type": "button", "action_id": "unblock", "text": {"type": "plain_text", "text": "Unblock"}, "value": "7"}
    ],
}


async def test_a_command_is_answered_only_to_the_asker(bolt, connect, hands):
    @bolt.command("/nim")
    async def nim(ack, command, respond):
        await ack()
        await respond(text=f"You asked {command['text']}")

    await connect(bolt)
    done = await hands.do("nadia", "command", channel="#helpdesk", command="/nim", text="why <jdoe> & @omar")

    seen = await hands.view("nadia", channel="#helpdesk", since=done["since"], wait=5)
    assert done["ok"]
    assert seen["messages"][0]["text"] == "You asked why &lt;jdoe&gt; &amp; <@U0OMAR00001|omar>"
    assert seen["messages"][0]["ephemeral"]
    others = await hands.view("omar", channel="#helpdesk", since=done["since"])
    assert others["messages"] == []


async def test_a_button_opens_a_modal_whose_errors_stay_until_they_are_mended(bolt, connect, hands, client):
    @bolt.action("unblock")
    async def unblock(ack, body, client):
        await ack()
        await client.views_open(
            trigger_id=body["trigger_id"],
            view={
                "type": "modal",
                "callback_id": "sure",
                "title": {"type": "plain_text", "text": "Unblock"},
                "submit": {"type": "plain_text", "text": "Run"},
                "private_metadata": body["actions"][0]["value"],
                "blocks": [
                    {
                        "type": "input",
                        "block_id": "why",
                        "label": {"type": "plain_text", "text": "Reason"},
                        "element": {"type": "plain_text_input", "action_id": "reason", "min_length": 3},
                    }
                ],
            },
        )

    submitted = []

    @bolt.view("sure")
    async def sure(ack, view):
        reason = view["state"]["values"]["why"]["reason"]["value"]
        if reason == "because":
            await ack(response_action="errors", errors={"why": "Say more"})
            return
        await ack()
        submitted.append((reason, view["private_metadata"]))

    await connect(bolt)
    posted = await client.chat_postMessage(channel="#iam-alerts", text="blocked", blocks=[BUTTON])
    pressed = await hands.do("omar", "press", channel="#iam-alerts", ts=posted["ts"], label="Unblock")
    assert pressed["ok"], pressed
    opened = await hands.view("omar", since=pressed["since"], wait=5, **{"for": "view"})
    assert opened["views"][0]["title"]["text"] == "Unblock"

    empty = await hands.do("omar", "submit")
    assert empty["errors"] == {"why": "Please complete this required field."}
    refused = await hands.do("omar", "submit", values={"Reason": "because"})
    assert refused["errors"] == {"why": "Say more"}
    done = await hands.do("omar", "submit", values={"why": "CHG0012"})
    assert done == {"ok": True, "response_action": "close", "since": done["since"]}
    assert submitted == [("CHG0012", "7")]
    assert (await hands.view("omar"))["views"] == []


async def test_an_event_that_was_not_acknowledged_comes_again_and_a_press_does_not(bolt, connect, hands, client):
    seen = []

    @bolt.event("app_mention")
    async def mention(body, request):
        seen.append((body["event_id"], request.headers.get("x-slack-retry-num")))
        if len(seen) == 1:
            raise RuntimeError("first time fails")

    await connect(bolt)
    await hands.do("nadia", "say", channel="#helpdesk", text="@nimdesk hello")
    for _ in range(50):
        if len(seen) == 2:
            break
        await asyncio.sleep(0.01)
        await hands.control("clock", advance=0.2)
    assert len({event_id for event_id, _ in seen}) == 1
    assert seen[1][1] == ["1"]

    posted = await client.chat_postMessage(channel="#iam-alerts", text="blocked", blocks=[BUTTON])
    press = asyncio.create_task(hands.do("omar", "press", channel="#iam-alerts", ts=posted["ts"], action_id="unblock"))
    await asyncio.sleep(0.1)
    await hands.control("clock", advance=4)
    assert (await press)["error"] == "operation_timeout"


async def test_without_a_connection_a_command_fails_visibly(hands):
    failed = await hands.do("nadia", "command", channel="#helpdesk", command="/nim", text="help")
    assert failed["error"] == "dispatch_failed"
    seen = await hands.view("nadia", since=failed["since"])
    assert seen["notices"][0]["text"] == '/nim failed with the error "dispatch_failed"'
