"""What pressing does exactly once, and what it does not do at all. Calls are counted where Identity Manager counts them.

One helpdesk for all of these tests. The right is not granted, so an order that is tested comes back in error.
"""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio

from bot.slack.roles import FRESH_SECONDS
from tests.journeys.world import World, buttons_of, helpdesk, text_of

pytestmark = [pytest.mark.journey, pytest.mark.timeout(240), pytest.mark.asyncio(loop_scope="module")]
ALERTS, DESK = "#iam-alerts", "#helpdesk"
AGREED = {"agree": ["yes"]}
CARD = "150 deletions"
ORDER = "3932403"


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def world(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[World]:
    async with helpdesk(tmp_path_factory.mktemp("presses")) as started:
        await started.person("nadia").sees(CARD)
        yield started


@pytest_asyncio.fixture(loop_scope="module", autouse=True)
async def calm(world: World) -> AsyncIterator[None]:
    """No run is under way or due; nobody has a window open."""
    await world.quiet()
    yield
    for name in ("nadia", "omar", "otto"):
        if (await world.person(name).view()).get("views"):
            await world.person(name).do("close", all=True)


@pytest.fixture
def another(world: World) -> str:
    """An errored deletion that no other test has moved."""
    rows = world.sandbox.world.store.rows("AssignedResourceType", "ProvisioningState = 3", order="Id")
    first = next(row for row in rows if str(row["Id"]) == ORDER)
    like = [row for row in rows if all(row[name] == first[name] for name in ("RoleId", "IsDenied"))]
    return str(like[-1]["Id"])


async def windows(world: World, text: str, *names: str) -> None:
    """Each of them opens the confirmation of one command."""
    for name in names:
        ran = await world.person(name).do("command", channel=DESK, command="/nim", text=text)
        assert ran["ok"]
        await world.person(name).modal("I want this now")


async def ended(world: World, words: str, *, after: int) -> str:
    """How an action ended, wherever its progress stands."""
    return text_of(await world.person("omar").sees(words, channel="", since=after))


async def mark(world: World) -> tuple[int, int]:
    """Where we are in Slack's and in Identity Manager's log."""
    return int((await world.person("omar").view())["revision"]), len(await world.requests())


async def test_a_double_click_is_one_action(world: World):
    omar = world.person("omar")
    since, before = await mark(world)
    await windows(world, f"unblock {ORDER}", "omar")
    view = (await omar.view())["views"][-1]["id"]
    submit = {"view": view, "values": AGREED}
    await asyncio.gather(omar.do("submit", **submit), omar.do("submit", **submit), return_exceptions=True)
    await ended(world, "Not fixed.", after=since)
    assert await world.writes(before) == ["PUT", "RunJob"]


async def test_a_redelivered_envelope_is_one_action(world: World):
    omar = world.person("omar")
    since, before = await mark(world)
    await windows(world, f"unblock {ORDER}", "omar")
    await world.control("delivery", duplicates=1)
    await omar.do("submit", values=AGREED)
    await ended(world, "Not fixed.", after=since)
    await world.control("delivery", duplicates=0)
    assert await world.writes(before) == ["PUT", "RunJob"]


async def test_two_operators_at_once_are_one_action(world: World):
    omar, otto = world.person("omar"), world.person("otto")
    since, before = await mark(world)
    await windows(world, f"unblock {ORDER}", "omar", "otto")
    await asyncio.gather(omar.do("submit", values=AGREED), otto.do("submit", values=AGREED))
    await omar.modal("goes on without this window", "it is done once", "Nothing was done")
    said = text_of(await otto.modal("goes on without this window", "it is done once", "Nothing was done"))
    said += text_of(await omar.modal("goes on without this window", "it is done once", "Nothing was done"))
    assert "goes on without this window" in said
    assert "it is done once" in said or "Nothing was done" in said
    await ended(world, "Not fixed.", after=since)
    assert await world.writes(before) == ["PUT", "RunJob"]


async def test_the_window_of_an_order_that_has_changed_does_nothing(world: World, another: str):
    omar = world.person("omar")
    _, before = await mark(world)
    await windows(world, f"unblock {another}", "omar")
    world.sandbox.world.set_provisioning_state("AssignedResourceType", int(another), 1)
    await omar.do("submit", values=AGREED)
    told = await omar.modal("Nothing was done")
    assert "pending now" in text_of(told)
    assert "Show the fresh view" in buttons_of(told)
    assert await world.writes(before) == []
    assert (await omar.do("press", label="Show the fresh view"))["ok"]
    assert another in text_of(await omar.modal("request to Identity Manager", "requests to Identity Manager"))


async def test_a_window_that_says_a_run_is_due_is_tried_again_in_place(world: World, another: str):
    omar = world.person("omar")
    _, before = await mark(world)
    now, due = await world.clock()
    await world.outside("tick", seconds=(due - now).total_seconds() - 60)
    ran = await omar.do("command", channel=DESK, command="/nim", text=f"unblock {another}")
    assert ran["ok"]
    assert "Try again" in buttons_of(await omar.modal("starts by itself"))
    await world.quiet()
    assert (await omar.do("press", label="Try again"))["ok"]
    await omar.modal("I want this now")
    assert await world.writes(before) == []


async def test_a_button_of_an_order_that_has_changed_does_nothing(world: World, another: str):
    omar = world.person("omar")
    answer = await omar.types(f"order {another}", channel=DESK)
    _, before = await mark(world)
    world.sandbox.world.set_provisioning_state("AssignedResourceType", int(another), 1)
    label = next(one for one in buttons_of(answer) if one.startswith("Unblock this order"))
    told = await omar.presses(answer, label, then=("Nothing was done",))
    assert "has changed since you looked" in text_of(told)
    assert "Show the fresh view" in buttons_of(told)
    assert await world.writes(before) == []


async def test_unblock_only_leaves_the_run_to_its_schedule(world: World, another: str):
    omar = world.person("omar")
    since, before = await mark(world)
    await windows(world, f"unblock {another}", "omar")
    await omar.do("press", label="Unblock only instead")
    assert "not launched now" in text_of(await omar.modal("not launched now"))
    await omar.do("submit", values=AGREED)
    await omar.modal("goes on without this window")
    said = await ended(world, "the next run of its job sends it", after=since)
    assert "Unblocked." in said
    assert await world.writes(before) == ["PUT"]


async def test_relaunch_works_on_its_own_and_is_one_run(world: World):
    omar = world.person("omar")
    since, before = await mark(world)
    await windows(world, "relaunch AD_Provisioning", "omar")
    await omar.do("submit", values=AGREED)
    await omar.modal("goes on without this window")
    said = await ended(world, "Run ended", after=since)
    assert "AD Provisioning Fulfill" in said
    assert await world.writes(before) == ["RunJob"]


async def test_a_viewer_s_command_is_refused_with_the_way_to_an_operator(world: World):
    nadia = world.person("nadia")
    _, before = await mark(world)
    for text in (f"unblock {ORDER}", "relaunch AD_Provisioning"):
        await nadia.do("command", channel=DESK, command="/nim", text=text)
        told = await nadia.modal("read, not change")
        assert "Ask an operator" in buttons_of(told)
        await nadia.do("close", all=True)
    assert await world.writes(before) == []


async def test_a_request_to_an_operator_is_claimed_once(world: World):
    nadia, omar, otto = world.person("nadia"), world.person("omar"), world.person("otto")
    await nadia.do("command", channel=DESK, command="/nim", text=f"unblock {ORDER}")
    await nadia.modal("read, not change")
    await nadia.do("press", label="Ask an operator")
    await nadia.modal("Ticket number")
    await nadia.do("submit", values={"note": "<!channel> please", "ticket": "INC7"})
    request = await omar.sees("INC7", channel=DESK)
    await asyncio.gather(*(one.do("press", channel=DESK, ts=request["ts"], label="Claim") for one in (omar, otto)))
    claimed = text_of(await nadia.sees("has claimed it, ", channel=DESK))
    assert "Nobody has claimed" not in claimed
    assert [one for one in (await world.looked_up("warnings"))["warnings"] if "<!channel>" in str(one)] == []


async def test_a_tick_that_is_missing_is_asked_for(world: World):
    omar = world.person("omar")
    _, before = await mark(world)
    await windows(world, f"unblock {ORDER}", "omar")
    refused: dict[str, Any] = await omar.do("submit")
    assert not refused["ok"]
    assert await world.writes(before) == []


async def test_somebody_who_lost_the_role_meanwhile_is_refused_at_the_submit(world: World):
    omar = world.person("omar")
    _, before = await mark(world)
    await windows(world, f"unblock {ORDER}", "omar")
    await world.control("usergroup", handle="iam-operators", remove=["omar"])
    await asyncio.sleep(FRESH_SECONDS)
    try:
        await omar.do("submit", values=AGREED)
        assert "read, not change" in text_of(await omar.modal("Nothing was done"))
        assert await world.writes(before) == []
    finally:
        await world.control("usergroup", handle="iam-operators", add=["omar"])
