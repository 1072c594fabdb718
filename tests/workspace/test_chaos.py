"""Faults that a test can switch on, and what an unmodified SDK makes of them."""

from __future__ import annotations

import asyncio

import aiohttp
import pytest
from slack_sdk.errors import SlackApiError


async def wait_until(condition, seconds: float = 5.0) -> None:
    async with asyncio.timeout(seconds):
        while not await condition():  # noqa: ASYNC110 - asked over HTTP, as a test outside this process would
            await asyncio.sleep(0.02)


async def test_a_method_answers_429_then_500_then_works(client, hands):
    await hands.control("faults", method="chat.postMessage", status=429, retry_after=7)
    await hands.control("faults", method="chat.postMessage", status=500)
    for status in (429, 500):
        with pytest.raises(SlackApiError) as refused:
            await client.chat_postMessage(channel="#general", text="x")
        assert refused.value.response.status_code == status
    assert (await client.chat_postMessage(channel="#general", text="x"))["ok"]
    calls = (await hands.look_up("calls", method="chat.postMessage"))["calls"]
    assert [call.get("status") for call in calls] == [429, 500, 200]


async def test_an_answer_can_be_lost_after_the_work_was_done(client, hands):
    await hands.control("faults", method="chat.postMessage", lose_answer=True)
    with pytest.raises(aiohttp.ClientError):
        await client.chat_postMessage(channel="#general", text="once")
    await hands.control("faults", method="chat.postMessage", cut=True)
    with pytest.raises(aiohttp.ClientError):
        await client.chat_postMessage(channel="#general", text="never")
    history = await client.conversations_history(channel="C0GENERAL01")
    assert [message["text"] for message in history["messages"]] == ["once"]


async def test_a_dropped_and_a_refreshed_connection_come_back(bolt, connect, hands):
    @bolt.command("/nim")
    async def nim(ack):
        await ack()

    async def connected():
        return (await hands.look_up("deliveries"))["connections"] == 1

    await connect(bolt)
    await wait_until(connected)
    await hands.control("sockets", do="disconnect", reason="refresh_requested")
    await wait_until(connected)
    assert (await hands.do("nadia", "command", channel="dm", command="/nim"))["ok"]
    await hands.control("sockets", do="drop")
    assert (await hands.do("nadia", "command", channel="dm", command="/nim"))["error"] == "dispatch_failed"
    await wait_until(connected, 10)
    assert (await hands.do("nadia", "command", channel="dm", command="/nim"))["ok"]


async def test_an_envelope_can_come_twice(bolt, connect, hands):
    heard = []

    @bolt.event("app_mention")
    async def mention(body):
        heard.append(body["event_id"])

    await connect(bolt)
    await hands.control("delivery", duplicates=1)
    await hands.do("nadia", "say", channel="#general", text="@nimdesk hello")

    async def twice():
        return len(heard) == 2

    await wait_until(twice)
    assert heard[0] == heard[1]


async def test_two_connections_share_the_envelopes_and_an_eleventh_is_refused(workspace, hands):
    async with aiohttp.ClientSession() as session:
        sockets, url = [], ""
        for _ in range(11):
            headers = {"Authorization": f"Bearer {workspace.app_token}"}
            async with session.post(f"{workspace.api_url}apps.connections.open", headers=headers) as response:
                url = (await response.json())["url"]
            sockets.append(await session.ws_connect(url))
        greetings = [await socket.receive_json() for socket in sockets]
        assert [g.get("num_connections") for g in greetings[:10]] == list(range(1, 11))
        assert greetings[10]["reason"] == "too_many_websockets"
        with pytest.raises(aiohttp.WSServerHandshakeError):
            await session.ws_connect(url)
        for _ in range(10):
            await hands.do("nadia", "say", channel="dm", text="hello")
        envelopes = [await socket.receive_json(timeout=2) for socket in sockets[:10]]
        assert {envelope["type"] for envelope in envelopes} == {"events_api"}
        for socket in sockets:
            await socket.close()


async def test_what_a_careful_app_does_not_do_is_noted(client, hands):
    await client.chat_postMessage(channel="#general", text="<!channel> look at <https://a.test>")
    noted = [row["warning"] for row in (await hands.look_up("warnings"))["warnings"]]
    assert noted == ["Slack would fetch the links of this message", "notifies everybody"]
