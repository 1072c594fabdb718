"""The story in a real browser, against the demo as anybody starts it. A picture is taken of each step."""

import re
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from playwright.async_api import Browser, Locator, expect

from tests.journeys.demo import Album, Screen, demo

pytestmark = [pytest.mark.journey, pytest.mark.timeout(400)]
WAY_ON = re.compile("stay untouched|Nothing was done")
QUESTIONS = {
    "/nim": "162 errored orders",
    "/nim help": "/nim orders",
    "/nim status": "162 errored orders",
    "/nim jobs failed": "AD Provisioning",
    "/nim job AD_Provisioning": "150 deletions",
    "/nim orders errored": "12 creations",
    "/nim order 3932403": "Leroy",
    "/nim order leroy AD": "OU=Leavers",
    "/nim why leroy": "OU=Leavers",
    "/nim user leroy": "Leroy Anne",
}


@pytest.fixture
async def screen(browser: Browser, tmp_path: Path) -> AsyncIterator[Screen]:
    async with demo() as address:
        screen = await Screen.open(browser, address, Album(tmp_path))
        problems: list[str] = []
        screen.page.on("pageerror", lambda error: problems.append(str(error)))
        yield screen
        await screen.page.close()
        assert problems == []


async def test_the_story_in_a_browser(screen: Screen):
    await screen.shows(screen.message("150 deletions"), "162 orders are still errored", "Nadia sees that a job failed")
    await a_viewer_asks(screen)
    await a_viewer_is_refused_and_asks_an_operator(screen)
    await an_operator_tests_before_the_right_is_granted(screen)
    await the_administrator_grants_it_and_the_order_is_verified(screen)


async def a_viewer_asks(screen: Screen) -> None:
    await screen.opens("helpdesk")
    for text, words in QUESTIONS.items():
        await screen.shows(await screen.types(text), words, f"Nadia asks {text.replace('/', '')}")
    answer = await screen.types("/nim orders errored")
    await screen.presses(answer, "Share in channel")
    await screen.shows(
        screen.page.locator("#messages .message:not(.ephemeral)").last, "150 deletions", "Nadia shares it"
    )


async def a_viewer_is_refused_and_asks_an_operator(screen: Screen) -> None:
    await screen.opens("iam-alerts")
    await screen.presses(screen.message("150 deletions"), "Test with 1 of 150")
    await screen.shows(screen.modal, "read, not change", "Nadia presses and is refused")
    await screen.presses(screen.modal, "Ask an operator")
    await screen.modal.get_by_label("Note").fill("Three leavers' managers have called since Friday.")
    await screen.modal.get_by_label("Ticket number").fill("INC0042")
    await screen.shows(screen.modal, "Ask an operator", "Nadia asks an operator")
    await screen.modal.get_by_role("button", name="Ask", exact=True).click()
    await expect(screen.modal).to_be_hidden()
    await screen.becomes("Omar")
    await screen.message("150 deletions").get_by_role("button", name="1 reply").click()
    await screen.shows(screen.reply("INC0042"), "Claim", "Omar reads the request in the thread")
    await screen.presses(screen.reply("INC0042"), "Claim")
    await screen.shows(screen.reply("INC0042"), "@omar has claimed it", "Omar claims it")


async def an_operator_tests_before_the_right_is_granted(screen: Screen) -> None:
    await press_when_quiet(screen, screen.message("150 deletions"), "Test with 1 of 150")
    await screen.shows(screen.modal, "149 like it stay untouched", "Omar sees what would happen")
    await press_on(screen, "Omar has started the test")
    await screen.shows(screen.reply("asked by"), "Fulfill", "the thread follows the run")
    await screen.shows(screen.reply("asked by"), "Not fixed.", "the truth is that it failed again")


async def the_administrator_grants_it_and_the_order_is_verified(screen: Screen) -> None:
    await screen.outside.get_by_role("switch", name="Delete on OU=Leavers").check()
    await screen.album.shoot(screen.page, "the administrator grants the right")
    card = screen.message("150 deletions")
    await expect(card).to_contain_text("launched from here")
    await press_when_quiet(screen, card, "Test with 1 of 150")
    await screen.shows(screen.modal, "149 like it stay untouched", "Omar tests again")
    await press_on(screen, "Omar has started the second test")
    await screen.shows(screen.reply("asked by"), "Executed.", "the directory has taken it")
    await screen.outside.get_by_role("button", name="+15 min").click()
    await screen.shows(screen.reply("asked by"), "Executed and verified.", "a synchronisation has verified it")
    await screen.page.get_by_role("button", name="Close the thread").click()
    await screen.shows(screen.message("149 deletions"), "161 orders are still errored", "the incident stays open")


async def press_when_quiet(screen: Screen, card: Locator, label: str) -> None:
    """Presses as somebody does at any hour: at night a job may be under way, and a card may not be drawn again yet."""
    await screen.presses(card, label)
    await expect(screen.modal).to_contain_text(WAY_ON)
    while "Nothing was done" in (told := await screen.modal.inner_text()):
        await screen.modal.get_by_role("contentinfo").get_by_role("button", name="Close").click()
        if "try again" in told:
            await screen.outside.get_by_role("button", name="+15 min").click()
        await screen.presses(card, label)
        await expect(screen.modal).to_contain_text(WAY_ON)


async def press_on(screen: Screen, name: str) -> None:
    await screen.modal.get_by_label("I want this now").check()
    await screen.modal.get_by_role("button", name="Unblock and run now").click()
    await screen.shows(screen.modal, "goes on without this window", name)
    await screen.modal.get_by_role("contentinfo").get_by_role("button", name="Close").click()
    await expect(screen.modal).to_be_hidden()
