"""Charts and reminders as the helpdesk meets them: in Slack, with the bot killed in between."""

from collections.abc import AsyncIterator
from typing import Any

import pytest

from tests.journeys.world import World, helpdesk, text_of

pytestmark = [pytest.mark.journey, pytest.mark.timeout(240)]
ALERTS, DESK = "#iam-alerts", "#helpdesk"
DAY = 24 * 3600


def pictures(messages: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [block for one in messages for block in one.get("blocks", []) if block["type"] == "image"]


@pytest.fixture
async def stale(tmp_path) -> AsyncIterator[World]:
    async with helpdesk(tmp_path, "s07-hr-complete-missed") as world:
        yield world


async def wished(world: World) -> dict[str, Any]:
    """Nadia asks, and presses *Remind me if not*."""
    nadia = world.person("nadia")
    card = await nadia.types("sync HR", channel=DESK)
    assert "The next complete run is due" in text_of(card)
    pressed = await nadia.do("press", channel=DESK, ts=card["ts"], label="Remind me if not")
    return await nadia.answered(since=pressed["since"], channel=DESK)


async def test_what_has_not_healed_is_told_once_also_after_a_kill(stale):
    assert "I shall look again" in text_of(await wished(stale))
    await stale.kill_bot()
    await stale.outside("levers/agent:Local", value=False)
    await stale.outside("tick", seconds=DAY)
    await stale.start_bot()

    told = await stale.person("nadia").sees("Not healed: ", channel="")

    assert told["channel"].startswith("D")
    await stale.kill_bot()
    await stale.start_bot()
    posts = [one for one in await stale.calls("chat.postMessage") if "Not healed: " in str(one["args"].get("text"))]
    assert len(posts) == 1


async def test_what_has_healed_brings_no_message(stale):
    await wished(stale)
    await stale.outside("tick", seconds=DAY)
    await stale.person("nadia").types("sync HR", channel=DESK)
    assert not [one for one in await stale.calls("chat.postMessage") if "ealed: " in str(one["args"].get("text"))]


async def test_a_threshold_s_chart_comes_below_its_words_and_goes_along_when_shared(tmp_path):
    async with helpdesk(tmp_path, "s12-hr-file-truncated") as world:
        nadia = world.person("nadia")
        card = await nadia.types("why HR", channel=DESK)
        assert "4,796" in text_of(card)
        seen = await nadia.view(channel=DESK, wait=30, contains="Bar chart", **{"for": "message"})
        (chart,) = pictures(seen["messages"])
        assert "HR_Person: 4,812 stored, 0 inserted, 0 updated, 4,796 deleted" in chart["alt_text"]

        await nadia.do("press", channel=DESK, ts=card["ts"], label="Share in channel")

        await world.person("omar").sees("Bar chart", channel=DESK)
