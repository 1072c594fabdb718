"""What people ask and get wrong: unknown words, names that several have, answers shared, opened, counted and told.

One helpdesk for all of these tests: none of them writes to Identity Manager.
"""

from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio

from tests.journeys.world import PATIENCE, World, buttons_of, helpdesk, text_of

pytestmark = [pytest.mark.journey, pytest.mark.timeout(200), pytest.mark.asyncio(loop_scope="module")]
DESK = "#helpdesk"
LEROY = 21502
HOSTILE = {
    "a ping": "<!channel> Anne",
    "formatting": "*x* _y_ ~z~ `code`",
    "a link": "<https://evil.test|Approve>",
    "10,000 characters": "x" * 10_000,
    "a NUL": "Le\x00roy",
    "right-to-left marks": "\u202eyorel\u202c \u200fAnne",
    "markup": "</Section><Header>x</Header> {{ 7 * 7 }}",
}


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def world(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[World]:
    async with helpdesk(tmp_path_factory.mktemp("questions")) as started:
        yield started


async def asked(world: World, text: str, who: str = "nadia") -> dict[str, Any]:
    return await world.person(who).types(text, channel=DESK)


async def pressed(world: World, message: dict[str, Any], label: str, who: str = "nadia") -> dict[str, Any]:
    """Presses a button of an answer; returns the ephemeral message that came of it, new or redrawn."""
    ran = await world.person(who).do("press", channel=DESK, ts=message["ts"], label=label)
    assert ran["ok"], ran
    return await world.person(who).answered(since=ran["since"], channel=DESK, to=label)


async def test_an_unknown_command_offers_the_nearest_and_an_example(world: World):
    answer = await asked(world, "ordrs errored")
    assert "I do not know “ordrs”" in text_of(answer)
    assert "For example: /nim status" in text_of(answer)
    assert "/nim orders errored" in buttons_of(answer)
    assert "162 orders in error" in text_of(await pressed(world, answer, "/nim orders errored"))


async def test_words_that_mean_nothing_are_not_guessed_at(world: World):
    answer = await asked(world, "frobnicate the gizmo")
    assert "I do not understand" in text_of(answer)
    assert "For example" in text_of(answer)
    assert buttons_of(answer)


async def test_an_ambiguous_name_offers_its_candidates_as_buttons(world: World):
    answer = await asked(world, "user mathieu")
    assert "fits 5 people and more" in text_of(answer)
    candidates = [one for one in buttons_of(answer) if "Mathieu" in one]
    assert len(candidates) == 5
    chosen = await pressed(world, answer, candidates[0])
    assert candidates[0].split(" (")[0] in text_of(chosen)


@pytest.mark.parametrize(
    ("slip", "meant"), [("user leroi", "Leroy"), ("why lerroy", "Leroy"), ("job AD_Provisoning", "162 of 199")]
)
async def test_a_slip_of_the_pen_offers_the_nearest_names(world: World, slip: str, meant: str):
    assert meant in text_of(await asked(world, slip))


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("user zzyzx", "/nim user anne leroy"),
        ("job Zzyzx", "/nim job AD_Provisioning"),
        ("order 1", "no such thing among provisioning orders"),
        ("orders errored ZZYZX", "I find no resource type called"),
        ("env zzyzx", "There is: production"),
        ("status --env zzyzx", "There is: production"),
        ("job", "For example"),
        ("user", "For example"),
        ("order", "For example"),
    ],
)
async def test_an_unknown_name_says_so_with_a_way_on(world: World, text: str, said: str):
    answer = text_of(await asked(world, text))
    assert said in answer
    assert "could not be read" not in answer


async def test_an_answer_is_shared_without_names_and_not_twice(world: World):
    nadia, omar = world.person("nadia"), world.person("omar")
    answer = await asked(world, "orders errored")
    assert "Leroy" in text_of(answer)
    for _ in range(2):
        await nadia.do("press", channel=DESK, ts=answer["ts"], label="Share in channel")
    shared = await omar.sees("162 orders in error", channel=DESK)
    assert "Leroy" not in text_of(shared)
    assert "Show me" in buttons_of(shared)
    await asked(world, "help")
    seen = await omar.view(channel=DESK, contains="162 orders in error")
    assert len(seen["messages"]) == 1


async def test_names_are_shown_to_the_one_who_presses_and_that_is_recorded(world: World):
    nadia, otto = world.person("nadia"), world.person("otto")
    card = await nadia.sees("150 deletions")
    ran = await nadia.do("press", channel="#iam-alerts", ts=card["ts"], label="Show me")
    shown = await nadia.answered(since=ran["since"], to="Show me")
    assert "Leroy Anne" in text_of(shown)
    assert not (await otto.view(channel="#iam-alerts", contains="Leroy Anne"))["messages"]
    assert await world.audited("shown"), "who looked at names is recorded"


async def test_details_list_what_was_asked_of_identity_manager(world: World):
    nadia = world.person("nadia")
    answer = await asked(world, "orders errored")
    before = len(await world.requests())
    modal = text_of(await nadia.presses(answer, "Details", then=("requests to Identity Manager",)))
    assert "GET /api/ProvisioningPolicy/AssignedResourceType" in modal
    assert "DirectoryOperationException" in modal, "the whole error stands here"
    assert len([one for one in (await world.requests())[before:] if "AssignedResource" in one["path"]]) == 0
    await nadia.do("close", all=True)


async def test_the_ticket_text_can_be_copied_and_sent(world: World):
    nadia = world.person("nadia")
    answer = await asked(world, "order 3932403")
    modal = await nadia.presses(answer, "Ticket text", then=("Copy this into the ticket",))
    drafted = str(modal)
    assert "OU=Leavers" in drafted
    await nadia.do("submit")
    sent = await nadia.sees("OU=Leavers", channel="dm")
    assert "3932403" in text_of(sent)


async def test_last_brings_the_last_answer_back(world: World):
    await asked(world, "jobs failed")
    again = await asked(world, "last")
    assert "1 job failed" in text_of(again)


async def test_a_direct_message_and_a_mention_are_answered_once(world: World):
    nadia = world.person("nadia")
    await world.control("delivery", duplicates=2)
    await nadia.do("say", channel="dm", text="why has leroy no AD account?")
    answer = await nadia.sees("OU=Leavers", channel="dm")
    said = await nadia.do("say", channel=DESK, text="@nimdesk orders errored")
    assert "162 orders in error" in text_of(await nadia.answered(since=said["since"], channel=DESK, to="a mention"))
    await world.control("delivery", duplicates=0)
    await asked(world, "help")
    seen = await nadia.view(channel="dm", since=answer["revision"] - 1, contains="OU=Leavers")
    assert len([one for one in seen["messages"] if one["user"] != "U0NADIA0001"]) == 1


@pytest.mark.parametrize("kind", HOSTILE)
async def test_a_hostile_display_name_is_shown_as_text(world: World, kind: str):
    store = world.sandbox.world.store
    store.update("Resource", LEROY, {"InternalDisplayName": HOSTILE[kind]})
    try:
        for text in ("order 3932403", "user 10002"):
            answer = await asked(world, text)
            assert "OU=Leavers" in text_of(answer), f"/nim {text}"
            await world.person("nadia").do("press", channel=DESK, ts=answer["ts"], label="Share in channel")
        direct = await world.person("nadia").do("say", channel="dm", text="why 10002")
        await world.person("nadia").sees("OU=Leavers", channel="dm", since=direct["since"])
    finally:
        store.update("Resource", LEROY, {"InternalDisplayName": "Leroy Anne"})
    warned = (await world.looked_up("warnings"))["warnings"]
    assert [one for one in warned if "channel" in str(one)] == [], "nobody is pinged"
    refused = [one for method in ("chat.postMessage", "response_url") for one in await world.calls(method)]
    assert [one for one in refused if "invalid_blocks" in str(one.get("answer"))] == []


@pytest.mark.parametrize("who", ["gil", "petra"])
async def test_a_guest_or_a_foreign_person_learns_nothing(world: World, who: str):
    person = world.person(who)
    rooms = {room["name"] for room in (await person.workspace())["channels"]}
    room = next((name for name in ("helpdesk", "iam-alerts", "general", "partners") if name in rooms), "")
    ran = await person.do("command", channel=f"#{room}", command="/nim", text="orders errored")
    seen = await person.view(channel=f"#{room}", since=ran["since"], wait=PATIENCE, **{"for": "message,notice"})
    read = "\n".join(map(text_of, seen["messages"]))
    assert "deletions" not in read
    assert "Leroy" not in read


async def test_a_deactivated_person_learns_nothing(world: World):
    otto = world.person("otto")
    await world.control("user", user="otto", deleted=True)
    try:
        with pytest.raises(AssertionError, match="account_inactive"):
            await otto.do("command", channel=DESK, command="/nim", text="user leroy")
    finally:
        await world.control("user", user="otto", deleted=False)


async def test_another_app_s_message_is_not_answered(world: World):
    before = len(await world.calls("chat.postMessage")) + len(await world.calls("chat.postEphemeral"))
    bot = world.person("deploybot")
    await world.person("nadia").do("invite", channel=DESK, user="deploybot")
    await bot.do("say", channel=DESK, text="@nimdesk orders errored")
    await asked(world, "help")
    assert len(await world.calls("chat.postMessage")) + len(await world.calls("chat.postEphemeral")) == before
