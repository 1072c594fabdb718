"""`kill -9` wherever it hurts, and what a restart makes of it: one PUT, one RunJob, one card, one result, one answer."""

import asyncio
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from tests.journeys.world import ROOT, World, helpdesk, text_of

pytestmark = [pytest.mark.journey, pytest.mark.timeout(300), pytest.mark.asyncio(loop_scope="module")]
ALERTS, DESK = "#iam-alerts", "#helpdesk"
ORDER = "3932403"
AGREED = {"agree": ["yes"]}


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def world(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[World]:
    """One helpdesk whose bot is killed again and again; its store goes on from kill to kill."""
    async with helpdesk(tmp_path_factory.mktemp("killed")) as started:
        yield started


@pytest_asyncio.fixture(loop_scope="module")
async def calm(world: World) -> AsyncIterator[None]:
    """No run is under way or due before, no fault is left and nobody has a window open after."""
    await world.quiet()
    yield
    await world.control("faults", clear=True)
    if (await world.person("omar").view()).get("views"):
        await world.person("omar").do("close", all=True)


async def press(world: World) -> None:
    omar = world.person("omar")
    ran = await omar.do("command", channel=DESK, command="/nim", text=f"unblock {ORDER}")
    assert ran["ok"]
    await omar.modal("I want this now")
    await omar.do("submit", values=AGREED)


async def test_a_repair_goes_on_wherever_its_process_is_killed(world: World, calm: None):
    """The moments: right after the press, at the PUT, at the RunJob, and while the run is followed."""
    omar = world.person("omar")
    await omar.sees("150 deletions")
    moments: dict[str, Callable[[int], Awaitable[Any]]] = {
        "pressed": lambda _: omar.modal("goes on without this window"),
        "unblocked": lambda _: world.asked("PUT", "AssignedResourceType"),
        "launched": lambda _: world.asked("POST", "RunJob"),
        "followed": lambda since: omar.sees("RoleModel", channel="", since=since),
    }
    for moment, reached in moments.items():
        await world.quiet()
        await world.forget_requests()
        since = int((await omar.view())["revision"])
        await press(world)
        await asyncio.wait_for(reached(since), 60)
        await world.kill_bot()
        await world.start_bot()
        done = await omar.sees("Not fixed.", channel="", since=since)
        assert await world.writes() == ["PUT", "RunJob"], moment
        seen = await omar.view(since=since, contains="Not fixed.")
        assert len(seen["messages"]) == 1, moment
        assert "162 orders are still errored" in text_of(done), moment
        if (await omar.view()).get("views"):
            await omar.do("close", all=True)
    cards = (await omar.view(channel=ALERTS, contains="150 deletions"))["messages"]
    assert len([one for one in cards if one.get("thread_ts", one["ts"]) == one["ts"]]) == 1, (
        "one card, whatever was killed"
    )


async def test_the_watch_says_a_failure_once_across_kills(world: World, calm: None):
    nadia = world.person("nadia")
    for _ in range(3):
        await world.kill_bot()
        await world.start_bot()
    card = await nadia.sees("150 deletions")
    await world.control("faults", method="chat.postMessage", lose_answer=True)
    await world.kill_bot()
    await world.start_bot()
    await nadia.types("status", channel=DESK)
    seen = await nadia.view(channel=ALERTS, contains="150 deletions")
    assert [one["ts"] for one in seen["messages"]] == [card["ts"]]


async def test_what_was_said_to_the_bot_is_answered_once_across_a_kill(world: World, calm: None):
    nadia = world.person("nadia")
    await nadia.sees("150 deletions")
    await world.outside("chaos", kind="slow", seconds=4, path="/api/ProvisioningPolicy/AssignedResourceType*", count=2)
    await nadia.do("say", channel="dm", text="orders errored")
    await nadia.do("say", channel=DESK, text="@nimdesk orders errored")
    await world.heard(2)
    await world.kill_bot()
    await world.calm()
    await world.start_bot()
    for room in ("dm", DESK):
        await nadia.sees("162 orders in error", channel=room)
    await nadia.types("status", channel=DESK)
    for room in ("dm", DESK):
        seen = await nadia.view(channel=room, contains="162 orders in error")
        assert len(seen["messages"]) == 1, room


async def test_a_dropped_socket_loses_no_command(world: World, calm: None):
    nadia = world.person("nadia")
    for how in ({"do": "drop"}, {"do": "disconnect", "reason": "refresh_requested"}, {"do": "drop"}):
        await world.control("sockets", **how)
        for _ in range(100):
            if (await world.looked_up("deliveries"))["connections"]:
                break
            await asyncio.sleep(0.1)
        assert "1 job failed" in text_of(await nadia.types("jobs failed", channel=DESK))


async def test_sigterm_stops_within_ten_seconds_and_the_rest_goes_on_after(world: World, calm: None):
    omar = world.person("omar")
    await omar.sees("150 deletions")
    await world.forget_requests()
    since = int((await omar.view())["revision"])
    await press(world)
    await world.asked("PUT", "AssignedResourceType")
    assert await asyncio.wait_for(world.stop_bot(), 10) == 0
    await world.start_bot()
    await omar.sees("Not fixed.", channel="", since=since)
    assert await world.writes() == ["PUT", "RunJob"]


@pytest.mark.parametrize(
    ("wrong", "named"),
    [
        ("[slack]\nmode = 'telegraph'\n", "slack.mode"),
        ("[slack]\nmoed = 'socket'\n", "moed"),
        ("[environments.production]\nurl = 'not a url'\n", "url"),
        ("this is not toml", "nimdesk.toml"),
        ("", "environments"),
    ],
)
async def test_wrong_settings_are_one_line_that_names_the_key_and_the_file(tmp_path: Path, wrong: str, named: str):
    file = tmp_path / "nimdesk.toml"
    file.write_text(wrong, encoding="utf-8")
    words = [sys.executable, "-m", "bot.cli", "run", "--config", str(file)]
    pipe = asyncio.subprocess.PIPE
    process = await asyncio.create_subprocess_exec(*words, cwd=ROOT, stdout=pipe, stderr=pipe)
    out, err = await asyncio.wait_for(process.communicate(), 30)
    assert process.returncode == 2
    assert out == b""
    lines = err.decode().strip().splitlines()
    assert len(lines) == 1, err.decode()
    assert named in lines[0]
    assert "nimdesk.toml" in lines[0]
