"""Plain words through Slack: a mention, its thread, a direct message, the shortcut on somebody's message, a button."""

from pathlib import Path

import pytest
import pytest_asyncio

from tests.journeys.world import World, buttons_of, helpdesk, text_of

pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.timeout(120)]
HELPDESK = "#helpdesk"
QUIET = """
title = "A quiet installation"
people = 80

[time]
history_days = 1
clock = "10:07"
"""


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def world(tmp_path_factory):
    folder: Path = tmp_path_factory.mktemp("words")
    (folder / "quiet.toml").write_text(QUIET, encoding="utf-8")
    async with helpdesk(folder, str(folder / "quiet.toml")) as started:
        yield started


async def test_a_mention_in_words_is_answered_to_the_one_who_wrote(world: World):
    nadia, omar = world.person("nadia"), world.person("omar")

    await nadia.do("say", channel=HELPDESK, text="@nimdesk how old is the AD data?")

    answer = await nadia.sees("Active Directory: data are", channel=HELPDESK)
    assert "AD Incremental" in text_of(answer), "jobs and thresholds stand beside the finding"
    seen = await omar.view(channel=HELPDESK)
    assert not any("data are" in text_of(one) for one in seen["messages"])


async def test_a_mention_in_a_thread_is_answered_there(world: World):
    nadia = world.person("nadia")
    first = await nadia.do("say", channel=HELPDESK, text="jdoe is on the phone")

    await nadia.do("say", channel=HELPDESK, thread_ts=first["ts"], text="@nimdesk why has jdoe no AD account?")

    answer = await nadia.sees("Doe John", channel=HELPDESK, thread_ts=first["ts"])
    assert answer["thread_ts"] == first["ts"]


async def test_the_shortcut_explains_somebody_elses_message_to_the_one_who_pressed(world: World):
    nadia, omar = world.person("nadia"), world.person("omar")
    said = await omar.do("say", channel=HELPDESK, text="Caller: jdoe’s AD account is blocked, <!here> can you look?")

    await nadia.do("shortcut", callback_id="explain_message", channel=HELPDESK, ts=said["ts"])

    answer = await nadia.sees("Doe John", channel=HELPDESK, since=said["since"])
    assert answer["ephemeral"]
    seen = await omar.view(channel=HELPDESK, since=said["since"])
    assert not any("Doe John" in text_of(one) for one in seen["messages"])


async def test_words_with_two_meanings_come_as_buttons_that_answer(world: World):
    nadia = world.person("nadia")

    choice = await nadia.types("so what is pending here?", channel=HELPDESK)
    assert {"Waiting orders", "Blocked orders"} <= set(buttons_of(choice))

    await nadia.do("press", channel=HELPDESK, ts=choice["ts"], label="Blocked orders")
    await nadia.sees("No order waits for a review", channel=HELPDESK)


async def test_an_action_in_words_brings_a_card_and_no_modal(world: World):
    nadia = world.person("nadia")

    answer = await nadia.types("please relaunch AD_Provisioning", channel=HELPDESK)

    assert "AD Provisioning" in text_of(answer)
    assert not (await nadia.view())["views"]


async def test_a_direct_message_is_answered_in_it(world: World):
    nadia = world.person("nadia")

    await nadia.do("say", channel="dm", text="l'AD est-il à jour ?")

    await nadia.sees("Active Directory: data are", channel="dm")
