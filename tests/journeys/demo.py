"""`nimdesk demo` as its own program, and a person in front of its page."""

import asyncio
import os
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from playwright.async_api import Browser, FrameLocator, Locator, Page, expect

from tests.journeys.world import PATIENCE, ROOT

PATIENCE_MS: Final = PATIENCE * 1000
SIZE: Final = {"width": 1440, "height": 900}


@asynccontextmanager
async def demo(scenario: str = "leavers-rights") -> AsyncIterator[str]:
    """The address that a running demo prints. Ended with everything that it started."""
    words = ["-m", "bot.cli", "demo", "--scenario", scenario, "--port", "0", "--no-browser"]
    process = await asyncio.create_subprocess_exec(sys.executable, *words, stdout=asyncio.subprocess.PIPE, cwd=ROOT)
    try:
        assert process.stdout is not None
        line = (await asyncio.wait_for(process.stdout.readline(), 90)).decode()
        assert "open http" in line, f"the demo did not start: {line!r}"
        yield line.split("open ", 1)[1].strip()
    finally:
        process.terminate()
        await asyncio.wait_for(process.wait(), 30)


@dataclass
class Album:
    """Numbered pictures of a walk; in the folder that NIMDESK_SCREENSHOTS names, else in the one given."""

    otherwise: Path
    taken: list[str] = field(default_factory=list)

    @property
    def folder(self) -> Path:
        named = os.environ.get("NIMDESK_SCREENSHOTS")
        return Path(named) if named else self.otherwise

    async def shoot(self, page: Page, name: str) -> None:
        self.taken.append(name)
        self.folder.mkdir(parents=True, exist_ok=True)
        await page.screenshot(path=self.folder / f"{len(self.taken):02} {name}.png", animations="disabled")


@dataclass
class Screen:
    """The demo's page, used as people use it: by what they read."""

    page: Page
    album: Album

    @staticmethod
    async def open(browser: Browser, address: str, album: Album) -> "Screen":
        page = await browser.new_page(viewport=SIZE)  # type: ignore[arg-type]  # a TypedDict, spelt out above
        page.set_default_timeout(PATIENCE_MS)
        expect.set_options(timeout=PATIENCE_MS)
        await page.goto(address)
        return Screen(page, album)

    async def becomes(self, name: str) -> None:
        person = self.page.get_by_role("radio", name=name)
        await person.click()
        await expect(person).to_have_attribute("aria-checked", "true")

    async def opens(self, room: str) -> None:
        await self.page.get_by_role("navigation").get_by_role("button", name=room).click()
        await expect(self.page.get_by_role("heading", level=1)).to_contain_text(room)

    def message(self, words: str) -> Locator:
        """The newest message in the channel in which these words stand."""
        return self.page.locator("#messages .message").filter(has_text=words).last

    def reply(self, words: str) -> Locator:
        return self.page.locator("#replies .message").filter(has_text=words).last

    @property
    def modal(self) -> Locator:
        return self.page.locator("#modal")

    @property
    def outside(self) -> FrameLocator:
        return self.page.frame_locator("#panel-frame")

    async def types(self, text: str) -> Locator:
        """Writes into the message field and returns the answer that only this person sees."""
        before = await self.page.locator("#messages .message.ephemeral").count()
        box = self.page.locator("#composer-text")
        await box.fill(text)
        await box.press("Enter")
        answer = self.page.locator("#messages .message.ephemeral").nth(before)
        await expect(answer).to_be_visible()
        return answer

    async def presses(self, where: Locator, label: str) -> None:
        await where.get_by_role("button", name=label, exact=True).click()

    async def shows(self, thing: Locator, words: str, name: str) -> None:
        """The words stand there; a picture is taken with the beginning of the thing in sight."""
        await expect(thing).to_contain_text(words)
        await thing.evaluate("(node) => node.scrollIntoView({block: 'nearest'})")
        await thing.evaluate("(node) => { if (node.getBoundingClientRect().top < 104) node.scrollIntoView(); }")
        await self.album.shoot(self.page, name)
