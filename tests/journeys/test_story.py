"""The story that nimdesk is for: a failed job reaches its channel, one order is unblocked, relaunched and verified.

Over Socket Mode against a plain installation, and over signed HTTP against a plain one and one that shows little.
"""

from pathlib import Path
from typing import Any

import pytest

from tests.journeys.world import World, buttons_of, helpdesk, text_of

pytestmark = [pytest.mark.journey, pytest.mark.timeout(300)]
ALERTS = "#iam-alerts"
RIGHT = "right:delete:OU=Leavers"
CARD = "150 deletions"
TEST = "Test with 1 of 150"
AGREED = {"agree": ["yes"]}


@pytest.fixture(params=["plain-socket", "plain-http", "harsh-http"])
async def world(request, tmp_path: Path):
    profile, mode = request.param.split("-")
    async with helpdesk(tmp_path, profile=profile, mode=mode) as started:
        yield started


async def test_from_the_alarm_to_a_verified_order(world: World):
    nadia, omar = world.person("nadia"), world.person("omar")

    card = await nadia.sees(CARD, channel=ALERTS)
    read = text_of(card)
    for words in ("12 creations", "OU=Leavers", "37 other orders passed", "162 orders are still errored"):
        assert words in read
    assert "Leroy" not in read, "a channel's card names nobody"

    await a_viewer_gets_answers_only_for_her(world)
    await a_viewer_is_refused_and_asks_an_operator(world, card)

    await press_the_test(world)
    await omar.sees("Not fixed.", channel=ALERTS, thread_ts=card["ts"])
    assert errored(world) == 162, "nothing else was touched"

    await world.outside(f"levers/{RIGHT}", value=True)
    await press_the_test(world)
    done = await omar.sees("accepted by the managed system", channel=ALERTS, thread_ts=card["ts"])
    assert "Executed." in text_of(done)

    await world.outside("tick", seconds=3600)
    verified = await omar.sees("Executed and verified.", channel=ALERTS, thread_ts=card["ts"])
    assert "161 orders are still errored" in text_of(verified)
    left = await nadia.sees("149 deletions", channel=ALERTS)
    assert "161 orders are still errored" in text_of(left)
    assert "Test with 1 of 149" in buttons_of(left)
    assert errored(world) == 161


async def press_the_test(world: World) -> None:
    """As a person does: a card that is being redrawn refuses what it no longer shows, and is pressed again."""
    omar = world.person("omar")
    card = await omar.sees(CARD, channel=ALERTS)
    modal = text_of(await omar.presses(card, TEST, then=("Environment", "Nothing was done")))
    while "has changed since you looked" in modal:
        await omar.do("close", all=True)
        card = await omar.sees(CARD, channel=ALERTS, since=card["revision"])
        modal = text_of(await omar.presses(card, TEST, then=("Environment", "Nothing was done")))
    assert "PRODUCTION" in modal, modal
    assert "149" in modal, "the modal says how many stay untouched"
    assert "Leroy" in modal, "a modal is for one person and names the account"
    await omar.do("submit", values=AGREED)
    await omar.modal("goes on without this window")
    await omar.do("close", all=True)


async def a_viewer_gets_answers_only_for_her(world: World) -> None:
    nadia, omar = world.person("nadia"), world.person("omar")
    asked = {
        "": "162 errored orders",
        "help": "/nim orders",
        "status": "162 errored orders",
        "jobs failed": "AD Provisioning",
        "job AD_Provisioning": "150 deletions",
        "orders errored": "12 creations",
        "order 3932403": "Leroy",
        "order leroy AD": "OU=Leavers",
        "why leroy": "OU=Leavers",
        "user leroy": "Leroy Anne",
    }
    for text, words in asked.items():
        answer = await nadia.types(text, channel="#helpdesk")
        assert words in text_of(answer), f"/nim {text}"
        if text != "help":
            assert "Share in channel" in buttons_of(answer), f"/nim {text}"
    seen = await omar.view(channel="#helpdesk")
    assert not seen["messages"], "answers are seen by the one who asked"


async def a_viewer_is_refused_and_asks_an_operator(world: World, card: dict[str, Any]) -> None:
    nadia, omar = world.person("nadia"), world.person("omar")
    before = await writes(world)
    await nadia.do("press", channel=ALERTS, ts=card["ts"], label=TEST)
    refusal = await nadia.modal("read, not change")
    assert "Ask an operator" in buttons_of(refusal)
    assert await writes(world) == before, "nothing was sent to Identity Manager"

    await nadia.do("press", label="Ask an operator")
    await nadia.modal("Ticket number")
    await nadia.do("submit", values={"note": "Leavers since Friday", "ticket": "INC0042"})
    request = await omar.sees("INC0042", channel=ALERTS, thread_ts=card["ts"])
    assert "Claim" in buttons_of(request)
    await omar.do("press", channel=ALERTS, ts=request["ts"], label="Claim")
    await nadia.sees("laimed", channel=ALERTS, thread_ts=card["ts"])


async def writes(world: World) -> list[tuple[str, str]]:
    return [
        (one["method"], one["path"])
        for one in await world.requests()
        if one["method"] == "PUT" or "RunJob" in one["path"]
    ]


def errored(world: World) -> int:
    rows = world.sandbox.world.store.rows("AssignedResourceType")
    return sum(1 for one in rows if one["ProvisioningState"] == 3 and str(one["ValidTo"]).startswith("9999"))
