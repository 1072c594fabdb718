"""The demo's page: another scenario is chosen, the bot starts afresh in it, the chat stays."""

import pytest
from playwright.async_api import Browser, expect

from tests.journeys.demo import Album, Screen, demo

pytestmark = [pytest.mark.journey, pytest.mark.timeout(240)]


async def test_a_scenario_is_chosen_from_the_page(browser: Browser, tmp_path):
    async with demo() as address:
        screen = await Screen.open(browser, address, Album(tmp_path))
        await expect(screen.message("150 deletions")).to_be_visible()
        chooser = screen.outside.get_by_label("Scenario")
        await expect(chooser).to_have_value("leavers-rights")
        assert await chooser.locator("option").count() >= 41

        await chooser.select_option("s12-hr-file-truncated")

        await expect(screen.message("4,796")).to_contain_text("incident 1")
        await expect(screen.message("150 deletions")).to_be_visible()
        await expect(chooser).to_have_value("s12-hr-file-truncated")
        answer = await screen.types("/nim why HR")
        await expect(answer).to_contain_text("Human resources")
        await expect(screen.page.get_by_alt_text("Bar chart: Rows that are stored")).to_be_visible()
