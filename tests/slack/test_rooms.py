"""What may be posted where."""

import pytest

from bot.slack.render import plain_message
from bot.slack.rooms import KEPT_SECONDS, Rooms
from tests.slack.conftest import until

ALERTS, PARTNERS, OMAR = "C0IAMALERT1", "C0PARTNERS1", "U0OMAR00001"


class Time:
    at = 1_000.0

    def __call__(self) -> float:
        return self.at


@pytest.fixture
def time():
    return Time()


@pytest.fixture
def rooms(slack, time):
    return Rooms(slack.client(), time)


async def test_the_bot_posts_where_it_was_invited(rooms):
    assert await rooms.why_not(ALERTS) == ""
    assert await rooms.for_progress(ALERTS, OMAR) == ALERTS


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"shared": True}, "shared with another company"),
        ({"archived": True}, "archived"),
        ({"with_app": False}, "invite"),
    ],
)
async def test_a_channel_that_may_not_be_posted_to_is_told_why(rooms, slack, change, words):
    await slack.post("control/channel", channel="iam-alerts", **change)

    assert words in await rooms.why_not(ALERTS)


async def test_progress_of_a_press_in_such_a_channel_goes_to_the_person(rooms):
    direct = await rooms.for_progress(PARTNERS, OMAR)

    assert direct.startswith("D")
    assert await rooms.why_not(direct) == ""
    assert await rooms.for_progress("", OMAR) == direct


async def test_a_channel_that_cannot_be_read_is_refused(rooms, slack):
    await slack.fault("conversations.info", error="internal_error", times=1)

    assert "invite me" in await rooms.why_not(ALERTS)
    assert await rooms.why_not(ALERTS) == ""


async def test_what_is_known_of_a_channel_is_kept_for_a_while_only(rooms, slack, time):
    await rooms.why_not(ALERTS)
    await slack.post("control/channel", channel="iam-alerts", shared=True)

    time.at += KEPT_SECONDS + 1
    assert "shared" in await rooms.why_not(ALERTS)


@pytest.mark.parametrize("name", [ALERTS, "#iam-alerts"])
async def test_a_channel_that_another_company_reads_is_known_by_its_name_too(rooms, slack, name):
    await slack.post("control/channel", channel="iam-alerts", shared=True)

    assert await rooms.is_shared(name)
    assert not await rooms.is_shared("#hr-feeds")
    assert not await rooms.is_shared(OMAR)


async def test_nothing_is_sent_to_a_channel_that_another_company_reads(rooms, slack, store, sending):
    await slack.post("control/channel", channel="iam-alerts", shared=True)
    await store.outbox.post("there", "#iam-alerts", plain_message("150 deletions failed"))
    await store.outbox.post("elsewhere", "#hr-feeds", plain_message("an import failed"))

    async with sending(is_shared=rooms.is_shared):
        await until(lambda: delivered(store))

    assert await slack.history("C0IAMALERT1") == []
    assert len(await slack.history("C0HRFEEDS01")) == 1


async def delivered(store):
    return await store.outbox.backlog() == 0
