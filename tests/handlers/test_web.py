"""The bot's own HTTP address in http mode, as Slack and as strangers use it."""

import hashlib
import hmac
import json
import time
from urllib.parse import urlencode

import aiohttp
import pytest
from aiohttp import web
from prometheus_client import CollectorRegistry
from slack_bolt.async_app import AsyncApp
from slack_sdk.web.async_client import AsyncWebClient

from handlers.web import address
from sandbox.workspace import WorkspaceConfig, start_workspace

SECRET = "a-signing-secret"
FORM = "application/x-www-form-urlencoded"
JSON = "application/json"

pytestmark = pytest.mark.slow


@pytest.fixture
async def url():
    """An app that acknowledges `/nim` with the words that were typed."""
    workspace = await start_workspace(WorkspaceConfig())
    async with aiohttp.ClientSession() as session:
        client = AsyncWebClient(token=workspace.bot_token, base_url=f"{workspace.api_url}/", session=session)
        bolt = AsyncApp(client=client, signing_secret=SECRET, process_before_response=True)

        @bolt.command("/nim")
        async def echo(ack, body):
            await ack(body["text"]) if body["text"] else await ack()

        async def ready() -> bool:
            return True

        async def nothing() -> None:
            return

        runner = web.AppRunner(address(ready=ready, registry=CollectorRegistry(), refresh=nothing, slack=bolt))
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        yield f"http://127.0.0.1:{runner.addresses[0][1]}"
        await runner.cleanup()
    await workspace.close()


async def post(url, body, kind, **headers):
    """Signed as Slack signs it, unless the headers say otherwise."""
    stamp = str(int(time.time()))
    digest = hmac.new(SECRET.encode(), b"v0:" + stamp.encode() + b":" + body, hashlib.sha256).hexdigest()
    signed = {"X-Slack-Request-Timestamp": stamp, "X-Slack-Signature": f"v0={digest}", "Content-Type": kind, **headers}
    async with (
        aiohttp.ClientSession() as http,
        http.post(f"{url}/slack/events", data=body, headers=signed) as answer,
    ):
        return answer.status, answer.content_type, await answer.text()


def command(text):
    return urlencode({"command": "/nim", "text": text, "team_id": "T0NIMDESK01", "user_id": "U0OMAR00001"}).encode()


async def test_an_acknowledgement_without_words_is_an_empty_200(url):
    assert await post(url, command(""), FORM) == (200, "text/plain", "")


async def test_words_in_an_acknowledgement_arrive_as_they_are(url):
    assert await post(url, command("Élodie 漢"), FORM) == (200, "text/plain", "Élodie 漢")


async def test_the_challenge_of_a_new_address_is_answered(url):
    body = json.dumps({"type": "url_verification", "challenge": "c0ffee"}).encode()

    assert "c0ffee" in (await post(url, body, JSON))[2]


@pytest.mark.parametrize(
    ("body", "kind", "headers"),
    [
        (command("help"), FORM, {"X-Slack-Signature": "v0=forged"}),
        (command("help"), FORM, {"X-Slack-Request-Timestamp": "yesterday"}),
        (command("help"), FORM, {"X-Slack-Request-Timestamp": "1000000000"}),
        (b"\xff\xfe", FORM + "; charset=utf-8", {"X-Slack-Signature": "v0=forged"}),
        (b"{not json", JSON, {}),
        (b"[1, 2]", JSON, {}),
    ],
    ids=["forged", "no time", "an old time", "no text", "no JSON", "no object"],
)
async def test_what_slack_did_not_send_is_refused(url, body, kind, headers):
    assert (await post(url, body, kind, **headers))[0] == 401
