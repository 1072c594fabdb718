"""Bad weather: Identity Manager or Slack is down, slow, or talks nonsense. Nothing is lost, doubled or made up."""

import asyncio
import hashlib
import hmac
import time
from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio

from bot.slack.rooms import KEPT_SECONDS
from tests.journeys.world import World, helpdesk, text_of

pytestmark = [pytest.mark.journey, pytest.mark.timeout(240), pytest.mark.asyncio(loop_scope="module")]
DESK, ALERTS = "#helpdesk", "#iam-alerts"
NOT_READ = ("could not be read", "cannot be read", "did not answer", "does not answer")
FAULTS = ["401", "403", "404", "429", "500", "503", "html", "truncated"]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def world(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[World]:
    async with helpdesk(tmp_path_factory.mktemp("weather"), mode="http") as started:
        await started.person("nadia").sees("150 deletions")
        yield started


async def asked(world: World, text: str) -> str:
    return text_of(await world.person("nadia").types(text, channel=DESK))


@pytest.mark.parametrize("kind", FAULTS)
async def test_an_answer_that_cannot_be_read_says_so_and_makes_nothing_up(world: World, kind: str):
    await world.outside("chaos", kind=kind, path="/api/ProvisioningPolicy/AssignedResourceType*", count=0)
    try:
        answer = await asked(world, "orders errored")
        assert any(words in answer for words in NOT_READ), answer
        assert "150 deletions" not in answer
        assert "No order in error" not in answer, "what could not be read is not absent"
        status = await asked(world, "status")
        assert "AD Provisioning" in status, "what still holds is said"
        assert "162" not in status
    finally:
        await world.calm()
    assert "162 orders in error" in await asked(world, "orders errored"), "afterwards everything is as before"


async def test_a_part_that_cannot_be_read_leaves_the_rest(world: World):
    await world.outside("chaos", kind="500", path="/api/Job/JobInstance*", count=0)
    try:
        answer = await asked(world, "orders errored")
        assert "150 deletions" in answer
        assert "Could not be read" in answer
    finally:
        await world.calm()


async def test_a_slow_identity_manager_is_announced_and_then_answered(world: World):
    await world.outside("chaos", kind="slow", seconds=3, path="/api/ProvisioningPolicy/AssignedResourceType*", count=1)
    nadia = world.person("nadia")
    ran = await nadia.do("command", channel=DESK, command="/nim", text="orders errored")
    waiting = await nadia.sees("Reading Identity Manager", channel=DESK, since=ran["since"])
    assert waiting["ephemeral"]
    assert "162 orders in error" in text_of(await nadia.answered(since=ran["since"], channel=DESK))


async def test_an_outage_is_told_once_and_its_end_in_the_thread(world: World):
    nadia = world.person("nadia")
    since = int((await nadia.view())["revision"])
    await world.outside("chaos", kind="503", path="*", count=0)
    try:
        told = await nadia.sees("failed jobs are not seen", since=since)
        await world.forget_requests()
        await world.asked("GET", "JobInstance", times=6)
    finally:
        await world.calm()
    await nadia.sees("answers again", thread_ts=told["ts"], since=since)
    seen = await nadia.view(channel=ALERTS, since=since, contains="failed jobs are not seen")
    assert len(seen["messages"]) == 1


async def test_a_revoked_token_is_renewed_without_a_word(world: World):
    await world.outside("tokens/revoke")
    assert "162 orders in error" in await asked(world, "orders errored")


@pytest.mark.parametrize(
    "fault",
    [
        {"status": 429, "retry_after": 1, "times": 2},
        {"lose_answer": True},
        {"cut": True},
        {"error": "internal_error"},
        {"status": 503},
    ],
    ids=["429", "answer lost", "cut", "internal_error", "503"],
)
async def test_a_message_is_neither_lost_nor_doubled_when_slack_stumbles(world: World, fault: dict[str, Any]):
    nadia = world.person("nadia")
    answer = await nadia.types("jobs failed", channel=DESK)
    since = int((await nadia.view())["revision"])
    await world.control("faults", method="chat.postMessage", **fault)
    await nadia.do("press", channel=DESK, ts=answer["ts"], label="Share in channel")
    shared = await nadia.sees("1 job failed", channel=DESK, since=since)
    assert not shared.get("ephemeral")
    await asked(world, "help")
    seen = await nadia.view(channel=DESK, since=since, contains="1 job failed")
    assert len([one for one in seen["messages"] if not one.get("ephemeral")]) == 1
    await world.control("faults", clear=True)


def signed(secret: str, body: bytes, at: str) -> dict[str, str]:
    made = hmac.new(secret.encode(), b"v0:" + at.encode() + b":" + body, hashlib.sha256).hexdigest()
    return {
        "X-Slack-Request-Timestamp": at,
        "X-Slack-Signature": f"v0={made}",
        "Content-Type": "application/x-www-form-urlencoded",
    }


COMMAND = b"command=%2Fnim&text=status&team_id=T0NIMDESK01&user_id=U0OMAR00001&channel_id=C0IAMALERT1&trigger_id=1"


@pytest.mark.parametrize("forgery", ["secret", "old", "future", "nonsense", "none", "body", "empty"])
async def test_a_request_that_slack_did_not_sign_is_401_and_does_nothing(world: World, forgery: str):
    now, secret = str(int(time.time())), world.workspace.signing_secret
    at = {"old": str(int(now) - 600), "future": str(int(now) + 600), "nonsense": "yesterday"}.get(forgery, now)
    headers = signed("another secret" if forgery == "secret" else secret, COMMAND, at)
    body = {"body": COMMAND + b"&text=orders", "empty": b""}.get(forgery, COMMAND)
    if forgery == "none":
        headers = {"Content-Type": "application/x-www-form-urlencoded"}
    before = len(await world.requests())
    async with world.http.post(f"{world.address}/slack/events", data=body, headers=headers) as answer:
        assert answer.status == 401
    assert [one for one in (await world.requests())[before:] if "Job" not in one["path"]] == []


@pytest.mark.parametrize("body", [b"\xff\xfe\x00", b"payload=%7Bnot json", b"{}", b"payload=[]", b"a" * 200_000])
async def test_a_signed_body_that_makes_no_sense_breaks_nothing(world: World, body: bytes):
    headers = signed(world.workspace.signing_secret, body, str(int(time.time())))
    async with world.http.post(f"{world.address}/slack/events", data=body, headers=headers) as answer:
        assert answer.status < 600
    assert "1 job failed" in await asked(world, "jobs failed")


async def test_nothing_is_posted_into_a_channel_that_has_become_shared(world: World):
    nadia = world.person("nadia")
    await world.control("channel", channel=DESK, shared=True)
    try:
        answer = await nadia.types("orders errored", channel=DESK)
        since = int((await nadia.view())["revision"])
        await asyncio.sleep(KEPT_SECONDS)
        await nadia.do("press", channel=DESK, ts=answer["ts"], label="Share in channel")
        await nadia.sees("It was not shared", channel=DESK, since=since)
        seen = await nadia.view(channel=DESK, since=since)
        assert [one for one in seen["messages"] if not one.get("ephemeral")] == []
    finally:
        await world.control("channel", channel=DESK, shared=False)
