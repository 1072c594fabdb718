"""kill -9 of the process that sends: the message stands in Slack once, and what was edited meanwhile arrives."""

import asyncio
import sys
from datetime import UTC, datetime
from pathlib import Path

import aiohttp
import pytest

from bot.model.incident import WatchMark
from bot.model.message import Message
from sandbox.workspace import WorkspaceConfig, start_workspace

pytestmark = pytest.mark.slow
ROOT = Path(__file__).parents[2]

SENDER = """
import asyncio, sys
from datetime import UTC, datetime
from slack_sdk.web.async_client import AsyncWebClient
from bot.slack.sender import Sender
from bot.store.store import Store

class Clock:
    def now(self):
        return datetime.now(UTC)

async def main(url, api, token):
    store = await Store.open(url)
    await Sender(store.outbox, AsyncWebClient(token=token, base_url=api, retry_handlers=[]), Clock()).run()

asyncio.run(main(*sys.argv[1:]))
"""
HALF_A_TRANSACTION = """
import asyncio, sys
from datetime import UTC, datetime
from bot.model.incident import WatchMark
from bot.model.message import Message
from bot.store.store import Store

async def main(url):
    store = await Store.open(url)
    async with store.work() as work:
        await work.set_mark("production", "runs", WatchMark(datetime.now(UTC), ("52001|errored|",)))
        await work.post("incident-1", "#iam-alerts", Message("failed"))
        print("half", flush=True)
        await asyncio.sleep(60)

asyncio.run(main(*sys.argv[1:]))
"""


@pytest.fixture
async def program():
    """Starts programs; whatever is left of them is killed."""
    started = []

    async def start(code, *arguments):
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-c", code, *arguments, cwd=ROOT, stdout=asyncio.subprocess.PIPE
        )
        started.append(process)
        return process

    yield start
    for process in started:
        if process.returncode is None:
            process.kill()
        await process.communicate()


@pytest.fixture
async def slack():
    workspace = await start_workspace(WorkspaceConfig(rate_limits=False))
    yield workspace
    await workspace.close()


async def posts(slack):
    return [post.wire["text"] for post in slack.hub.state.room("#iam-alerts").standing()]


async def until(true, seconds=20):
    async with asyncio.timeout(seconds):
        while not await true():  # noqa: ASYNC110
            await asyncio.sleep(0.05)


@pytest.mark.parametrize("store_url", ["sqlite"], indirect=True)
async def test_a_message_whose_sender_is_killed_before_it_knew_stands_once(store_url, store, slack, program):
    async with aiohttp.ClientSession(headers={"Authorization": f"Bearer {slack.person_token}"}) as person:
        await person.post(f"{slack.url}/control/faults", json={"method": "chat.postMessage", "lose_answer": True})
    before = await posts(slack)
    await store.outbox.post("incident-1", "#iam-alerts", Message("AD provisioning failed"))
    sender = await program(SENDER, store_url, slack.api_url, slack.bot_token)

    async def arrived():
        return len(await posts(slack)) > len(before)

    await until(arrived)
    sender.kill()
    await sender.wait()
    assert [one.key for one in await store.outbox.unsure()] == ["incident-1"]

    await store.outbox.edit("incident-1", Message("AD provisioning failed twice"))
    await program(SENDER, store_url, slack.api_url, slack.bot_token)

    async def settled():
        return await store.outbox.backlog() == 0

    await until(settled)
    assert await posts(slack) == [*before, "AD provisioning failed twice"]


async def test_a_transaction_whose_process_is_killed_leaves_neither_mark_nor_message(store_url, store, program):
    process = await program(HALF_A_TRANSACTION, store_url)
    assert await process.stdout.readline() == b"half\n"
    process.kill()
    await process.wait()

    async with store.work() as work:
        assert await work.mark("production", "runs") == WatchMark()
    assert await store.outbox.claim_due(datetime.now(UTC)) == []
