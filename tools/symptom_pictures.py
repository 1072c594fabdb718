"""Draws docs/images/*.png from the running demo: the story's first card, and for each symptom a question's answer.

    .venv/bin/python tools/symptom_pictures.py [NAME …]      # all, or those named: "demo", "5", "errored-orders"

Each picture is what somebody sees in the local workspace: the words they wrote to the bot, and what came back.
"""

import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from PIL import Image
from playwright.sync_api import Browser, FloatRect, Locator, Page, sync_playwright

ROOT: Final = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))
from tools.browser import find_browser  # noqa: E402  # a program's own folder is not the repository's

FOLDER: Final = ROOT / "docs" / "images" / "symptoms"
WIDTH: Final = 980
TALL: Final = 2600
PATIENCE_S: Final = 120
STILL_S: Final = 4.0
MARGIN: Final = 10
STORY: Final = "leavers-rights"
STORY_FILE: Final = ROOT / "docs" / "images" / "demo.png"


@dataclass(frozen=True, slots=True)
class Picture:
    number: int
    name: str
    scenario: str
    words: str
    """What the person writes to the bot in a direct message."""

    @property
    def file(self) -> Path:
        return FOLDER / f"{self.number}-{self.name}.png"


PICTURES: Final = (
    Picture(1, "errored-export", "s01-ad-password-expired", "the AD export failed last night"),
    Picture(2, "missing-data", "s07-hr-complete-missed", "new joiners from HR do not show up"),
    Picture(3, "synchronization-threshold", "s12-hr-file-truncated", "HR job says Threshold Exceeded"),
    Picture(4, "blocked-orders", "s19-correlation-below-100", "why is jdoe's AD account blocked?"),
    Picture(5, "errored-orders", "s24-leavers-right-missing", "150 orders in error on AD"),
    Picture(6, "incorrect-values", "s30-rule-changed", "jdoe's AD department is wrong"),
    Picture(7, "provisioning-threshold", "s34-role-rule-changed", "AD fulfill didn't start, threshold"),
    Picture(8, "unexpected-entitlements", "s38-inferred-from-requested-role", "why does jdoe have VPN full"),
)


@contextmanager
def demo(scenario: str) -> Iterator[str]:
    """The address of a running demo. Ended with everything that it started."""
    words = [sys.executable, "-m", "bot.cli", "demo", "--scenario", scenario, "--port", "0", "--no-browser"]
    process = subprocess.Popen(words, stdout=subprocess.PIPE, text=True, cwd=ROOT)
    try:
        line = process.stdout.readline() if process.stdout else ""
        if "open " not in line:
            raise SystemExit(f"The demo of {scenario} did not start: {line.strip()}")
        yield line.split("open ", 1)[1].strip()
    finally:
        process.terminate()
        process.wait(20)


def draw(browser: Browser, picture: Picture) -> None:
    with demo(picture.scenario) as address:
        page = browser.new_page(viewport={"width": WIDTH, "height": TALL}, device_scale_factor=1)
        page.goto(f"{address}/#nadia")
        page.get_by_role("navigation").get_by_text("nimdesk").first.click()
        if page.locator("#panel").is_visible():
            page.locator("#panel-toggle").click()
        ask(page, picture.words)
        shoot(page, picture)
        page.close()


def draw_story(browser: Browser) -> None:
    """The whole page a moment after `make demo`: the failed job in its channel, the outside world beside it."""
    with demo(STORY) as address:
        page = browser.new_page(viewport={"width": 1440, "height": 1200}, device_scale_factor=1)
        page.goto(f"{address}/#omar")
        page.get_by_role("navigation").get_by_text("iam-alerts").first.click()
        page.locator("#messages .message").first.wait_for(timeout=PATIENCE_S * 1000)
        page.wait_for_timeout(STILL_S * 1000)
        page.mouse.move(0, 0)
        page.screenshot(path=STORY_FILE)
        smaller(STORY_FILE, colours=96)
        page.close()


def ask(page: Page, words: str) -> None:
    """Writes to the bot, and waits until its answer is there and no longer changes."""
    before = page.locator("#messages .message").count()
    page.locator("#composer-text").fill(words)
    page.keyboard.press("Enter")
    last, since, end = "", time.monotonic(), time.monotonic() + PATIENCE_S
    while time.monotonic() < end:
        page.wait_for_timeout(250)
        now = page.locator("#messages").inner_text()
        if now != last:
            last, since = now, time.monotonic()
        answered = page.locator("#messages .message").count() >= before + 2
        if answered and time.monotonic() - since > STILL_S:
            return
    raise SystemExit(f"No answer to {words!r} within {PATIENCE_S} s.")


def shoot(page: Page, picture: Picture) -> None:
    """The question and what stands below it, cut to their own height."""
    asked = box(page.locator("#messages .message").filter(has_text=picture.words).first)
    end = box(page.locator("#messages .message").last)
    area = box(page.locator("#messages"))
    top = max(area["y"], asked["y"] - MARGIN)
    height = end["y"] + end["height"] + MARGIN - top
    page.mouse.move(0, 0)
    page.evaluate("document.activeElement?.blur()")
    picture.file.parent.mkdir(parents=True, exist_ok=True)
    page.screenshot(path=picture.file, clip={"x": area["x"], "y": top, "width": area["width"], "height": height})
    smaller(picture.file)


def box(thing: Locator) -> FloatRect:
    found = thing.bounding_box()
    if found is None:
        raise SystemExit("A part of the page is not shown.")
    return found


def smaller(file: Path, *, colours: int = 64) -> None:
    """A picture of text needs few colours."""
    with Image.open(file) as picture:
        fewer = picture.convert("RGB").quantize(colours)
    fewer.save(file, optimize=True)


def main(names: Sequence[str]) -> None:
    wanted = [one for one in PICTURES if not names or str(one.number) in names or one.name in names]
    story = not names or "demo" in names
    if not wanted and not story:
        raise SystemExit(f"Known: demo, {', '.join(one.name for one in PICTURES)}")
    found = find_browser()
    if found is None:
        raise SystemExit("No Chromium or Chrome here; NIMDESK_CHROMIUM can name one.")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=found, args=["--no-sandbox", "--disable-gpu"])
        if story:
            draw_story(browser)
            print(STORY_FILE.relative_to(ROOT))
        for picture in wanted:
            draw(browser, picture)
            print(picture.file.relative_to(ROOT))
        browser.close()


if __name__ == "__main__":
    main(sys.argv[1:])
