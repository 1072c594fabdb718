"""A real Bolt app behind a request URL: signed requests, retries, and refusals of forged ones."""

from __future__ import annotations

import asyncio
from typing import Any

import aiohttp
import pytest
from aiohttp import web
from slack_bolt.async_app import AsyncApp
from slack_sdk.signature import SignatureVerifier

from sandbox.workspace import WorkspaceConfig
from sandbox.workspace.http_delivery import signature


@pytest.fixture
async def workspace(start):
    return await start(WorkspaceConfig(mode="http"))


@pytest.fixture
async def listening(workspace, client, hands):
    """Bolt on a port of its own, saved as the request URL. Yields (app, url)."""
    app = AsyncApp(client=client, signing_secret=workspace.signing_secret, process_before_response=True)
    runner = web.AppRunner(app.web_app(), access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    url = f"http://127.0.0.1:{runner.addresses[0][1]}/slack/events"
    assert (await hands.control("request_url", url=url))["ok"]
    yield app, url
    await runner.cleanup()


def test_the_signature_is_slacks():
    body = (
        b"token=xyzz0WbapA4vBCDEFasx0q6G&team_id=T1DC2JH3J&team_domain=testteamnow&channel_id=G8PSS9T3V"
        b"&channel_name=foobar&user_id=U2CERLKJA&user_name=roadrunner&command=%2Fwebhook-collect&text=&response_url="
        b"https%3A%2F%2Fhooks.slack.com%2Fcommands%2FT1DC2JH3J%2F397700885554%2F96rGlfmibIGlgcZRskXaIFfN"
        b"&trigger_id=398738663015.47445629121.803a0bc887a14d10d2c447fce8b6703c"
    )
    made = signature("8f742231b10e8888abcd99yyyzzz85a5", "1531420618", body)
    assert made == "v0=a2114d57b48eac39b9ad189dd8316235a7b4a8d21a10bd27519666489c69b503"
    verifier = SignatureVerifier("secret")
    assert verifier.generate_signature(timestamp="1", body="ü") == signature("secret", "1", "ü".encode())


async def test_commands_events_and_presses_arrive(listening, hands, client):
    app, _ = listening
    heard: asyncio.Queue[Any] = asyncio.Queue()

    @app.command("/nim")
    async def nim(ack, command):
        await ack(f"You asked {command['text']}")

    @app.event("app_mention")
    async def mention(event):
        await heard.put(event["text"])

    done = await hands.do("nadia", "command", channel="#general", command="/nim", text="why é & b")
    assert done["ok"]
    seen = await hands.view("nadia", since=done["since"], channel="#general", wait=3)
    assert seen["messages"][0]["text"] == "You asked why é &amp; b"
    await hands.do("nadia", "say", channel="#general", text="@nimdesk hello")
    assert await asyncio.wait_for(heard.get(), 3) == "<@U0NIMBOT001> hello"


async def test_a_failed_event_is_sent_again_with_its_number_and_reason(listening, hands):
    app, _ = listening
    heard: asyncio.Queue[Any] = asyncio.Queue()

    @app.event("app_mention")
    async def mention(body, request):
        await heard.put(
            (body["event_id"], request.headers.get("x-slack-retry-num"), request.headers.get("x-slack-retry-reason"))
        )
        raise RuntimeError("not now")

    await hands.do("nadia", "say", channel="#general", text="@nimdesk hello")
    first, second = await asyncio.wait_for(heard.get(), 3), await asyncio.wait_for(heard.get(), 3)
    assert second == (first[0], ["1"], ["http_error"])
    for attempt in ("2", "3"):
        await asyncio.sleep(0.05)
        await hands.control("clock", advance=301)
        assert (await asyncio.wait_for(heard.get(), 3))[1] == [attempt]
    await hands.control("clock", advance=301)
    await asyncio.sleep(0.05)
    assert heard.empty()


async def test_a_url_that_does_not_answer_the_challenge_is_not_saved(listening, hands):
    _, url = listening
    assert not (await hands.control("request_url", url=url.replace("/slack/events", "/nothing")))["ok"]


async def test_a_forged_request_is_refused_by_the_app(listening, workspace):
    _, url = listening
    headers = {"X-Slack-Signature": "v0=00", "X-Slack-Request-Timestamp": "1"}
    async with aiohttp.ClientSession() as session, session.post(url, data="{}", headers=headers) as response:
        assert response.status == 401


async def test_an_app_that_is_not_there_shows_as_a_failed_dispatch(workspace, hands):
    workspace.hub.http.url = "http://127.0.0.1:9/slack/events"
    assert (await hands.do("nadia", "command", channel="#general", command="/nim"))["error"] == "dispatch_failed"
