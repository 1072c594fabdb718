"""The door for people and tests: who may use it, waiting, and that its document is complete."""

from __future__ import annotations

import asyncio
import json
import re
import signal
import subprocess
import sys
from pathlib import Path

import aiohttp

from sandbox.workspace import control, person_api
from sandbox.workspace.webapi import METHODS

DOCUMENT = Path(__file__).parents[2] / "docs" / "workspace.md"


async def test_without_the_token_nobody_acts(workspace):
    async with aiohttp.ClientSession() as session:
        for path in ("/person/nadia/view", "/control/calls"):
            assert (await session.get(workspace.url + path)).status == 401
        bearer = {"Authorization": f"Bearer {workspace.bot_token}"}
        assert (await session.get(f"{workspace.url}/person/nadia/view", headers=bearer)).status == 401


async def test_another_host_name_is_refused(workspace):
    async with aiohttp.ClientSession() as session:
        for path in ("/", "/person/nadia/view", "/api/auth.test"):
            answer = await session.get(workspace.url + path, headers={"Host": "evil.test"})
            assert answer.status == 421


async def test_the_page_may_act_and_another_site_may_not(workspace):
    async with aiohttp.ClientSession(cookie_jar=aiohttp.CookieJar(unsafe=True)) as session:
        page = await session.get(workspace.url)
        assert "script-src 'self'" in page.headers["Content-Security-Policy"]
        assert (await session.get(f"{workspace.url}/person/nadia/view")).status == 200
        foreign = {"Origin": "http://127.0.0.1:1"}
        assert (await session.post(f"{workspace.url}/person/nadia/say", json={}, headers=foreign)).status == 401


async def test_a_view_waits_for_what_is_asked(hands, client):
    start = (await hands.view("nadia"))["revision"]
    waiting = asyncio.create_task(hands.view("nadia", since=start, contains="Second", wait=5))
    await asyncio.sleep(0.05)
    await client.chat_postMessage(channel="#general", text="first")
    await client.chat_postMessage(channel="#general", text="second")
    seen = await asyncio.wait_for(waiting, 2)
    assert [message["text"] for message in seen["messages"]] == ["second"]
    nothing = await hands.view("nadia", since=seen["revision"], wait=0.1)
    assert nothing["messages"] == []


async def test_a_removed_message_is_told_as_deleted(hands, client):
    posted = await client.chat_postMessage(channel="#general", text="x")
    since = (await hands.view("nadia"))["revision"]
    await client.chat_delete(channel=posted["channel"], ts=posted["ts"])
    seen = await hands.view("nadia", since=since)
    assert seen["messages"][0]["deleted"]


async def test_changes_stream_as_events(workspace, client):
    headers = {"Authorization": f"Bearer {workspace.person_token}"}
    async with (
        aiohttp.ClientSession(headers=headers) as session,
        session.get(f"{workspace.url}/person/nadia/events?since=0") as stream,
    ):
        await client.chat_postMessage(channel="#general", text="live")
        async with asyncio.timeout(3):
            while not (line := await stream.content.readline()).startswith(b"data:"):
                pass
        assert json.loads(line[5:])["messages"][0]["text"] == "live"


async def test_mistakes_are_explained(hands):
    assert (await hands.do("nobody", "say"))["error"] == "user_not_found"
    assert "say" in (await hands.do("nadia", "shout"))["message"]
    assert (await hands.do("gil", "say", channel="#iam-alerts", text="x"))["error"] == "channel_not_found"
    assert (await hands.do("nadia", "submit"))["error"] == "no_view"
    assert (await hands.view("nadia", since="yesterday"))["error"] == "bad_query"
    assert not (await hands.control("faults", metod="x"))["ok"]


def test_every_route_and_method_is_documented():
    text = DOCUMENT.read_text(encoding="utf-8")
    routes = {f"POST /person/{{user}}/{verb}" for verb in person_api.VERBS}
    routes |= {f"GET /person/{{user}}/{name}" for name in ("view", "workspace", "events")}
    routes |= {f"POST /control/{name}" for name in control.WRITES} | {f"GET /control/{name}" for name in control.READS}
    missing = {route for route in routes if f"`{route}`" not in text}
    missing |= {name for name in METHODS if f"`{name}`" not in text}
    assert not missing
    named = set(re.findall(r"`((?:POST|GET) /(?:person|control)/[^`]*)`", text)) - {"POST /person/{user}/…"}
    assert named == routes


def test_the_program_prints_its_address_first_and_stops_on_sigterm():
    program = subprocess.Popen(
        [sys.executable, "-m", "sandbox.workspace", "--port", "0"], stdout=subprocess.PIPE, text=True
    )
    assert program.stdout is not None
    with program.stdout:
        lines = [program.stdout.readline().strip() for _ in range(6)]
        program.send_signal(signal.SIGTERM)
        assert program.wait(10) == 0
    assert re.fullmatch(r"http://127\.0\.0\.1:\d+", lines[0])
    assert [line.split("=")[0] for line in lines[1:]] == [
        "api_url", "bot_token", "app_token", "signing_secret", "person_token",
    ]  # fmt: skip
