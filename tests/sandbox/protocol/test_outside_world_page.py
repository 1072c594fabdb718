"""The panel of the outside world as a person uses it, in a real browser, inside another page's frame."""

from __future__ import annotations

import json
from dataclasses import dataclass, field

import pytest
from aiohttp import web

pytestmark = pytest.mark.browser


@dataclass
class DemoRunner:
    """What `make demo` offers to the page: a status, another scenario, killing the bot; and a page with a frame."""

    asked: list[tuple[str, object]] = field(default_factory=list)
    url: str = ""
    panel: str = ""

    async def _status(self, _request: web.Request) -> web.Response:
        return self._told({"scenario": "small", "bot": "running"})

    async def _post(self, request: web.Request) -> web.Response:
        if request.method == "POST":
            self.asked.append((request.path, json.loads(await request.text())))
        return self._told({"ok": True})

    def _told(self, told: dict[str, object]) -> web.Response:
        allow = {"Access-Control-Allow-Origin": "*", "Access-Control-Allow-Headers": "content-type"}
        return web.json_response(told, headers=allow)

    async def _frame(self, _request: web.Request) -> web.Response:
        return web.Response(
            text=f'<iframe src="{self.panel}" width="380" height="1200"></iframe>', content_type="text/html"
        )

    async def start(self) -> web.AppRunner:
        app = web.Application()
        app.router.add_get("/status", self._status)
        app.router.add_get("/", self._frame)
        app.router.add_route("*", "/kill-bot", self._post)
        app.router.add_route("*", "/scenario", self._post)
        runner = web.AppRunner(app)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        self.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
        return runner


async def test_a_person_moves_the_world_and_the_demo_from_the_panel(start, browser):
    demo = DemoRunner()
    runner = await demo.start()
    nim = await start(control_url=demo.url)
    demo.panel = f"{nim.sandbox.url}/sandbox/ui/outside-world"
    page = await browser.new_page()
    try:
        await page.goto(demo.url)
        panel = page.frame_locator("iframe")
        await panel.get_by_text("Next run: AD_Synchronization_Delta").wait_for()
        await panel.get_by_role("button", name="+15 min").click()
        await panel.get_by_text("08:15:0").wait_for()
        await panel.get_by_role("switch", name="Delete on OU=Leavers").click()
        await panel.locator('[data-lever="rights:leavers"]:checked').wait_for()
        assert nim.world.truth() == {"leavers_right": True}
        await panel.get_by_label("Name server").select_option("down")
        await panel.get_by_role("button", name="60×").click()
        await panel.locator('[data-speed="60"][aria-pressed="true"]').wait_for()
        assert nim.world.speed == 60
        await panel.get_by_text("The bot: running").wait_for()
        await panel.get_by_role("button", name="Kill the bot").click()
        await panel.get_by_text("Killed.").wait_for()
        assert demo.asked == [("/kill-bot", {})]
        assert nim.world.switches["network:dns"].value == "down"
    finally:
        await page.close()
        await runner.cleanup()


async def test_without_a_demo_runner_its_controls_are_disabled(start, browser):
    nim = await start()
    page = await browser.new_page()
    await page.goto(f"{nim.sandbox.url}/sandbox/ui/outside-world?control_url=https://elsewhere.example.org")
    await page.get_by_text("Next run:").wait_for()
    assert await page.get_by_role("button", name="Kill the bot").is_disabled()
    assert await page.locator("#scenarios").is_disabled()
    await page.close()
