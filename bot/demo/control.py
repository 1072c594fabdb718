"""What the outside-world page may ask of the demo itself: kill the bot, choose another scenario."""

import asyncio
import re
from typing import TYPE_CHECKING

from aiohttp import web
from aiohttp.typedefs import Handler

from bot.demo.programs import DidNotStart

if TYPE_CHECKING:
    from bot.demo.runner import Demo

_NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,63}")


class Control:
    """A small address on this machine. Only pages of the sandbox may call it from a browser."""

    def __init__(self, demo: "Demo") -> None:
        self._demo = demo
        self._lock = asyncio.Lock()
        self._runner: web.AppRunner | None = None
        self.url = ""

    async def start(self) -> None:
        app = web.Application(middlewares=[self._only_the_page])
        app.router.add_post("/kill-bot", self._kill_bot)
        app.router.add_post("/scenario", self._choose)
        app.router.add_get("/status", self._status)
        self._runner = web.AppRunner(app, access_log=None)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", 0).start()
        self.url = f"http://127.0.0.1:{self._runner.addresses[0][1]}"

    async def stop(self) -> None:
        if self._runner:
            await self._runner.cleanup()

    @web.middleware
    async def _only_the_page(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        origin = request.headers.get("Origin", "")
        if origin and origin != self._demo.said.get("sandbox"):
            return web.Response(status=403)
        answer = web.Response() if request.method == "OPTIONS" else await handler(request)
        if origin:
            answer.headers["Access-Control-Allow-Origin"] = origin
            answer.headers["Access-Control-Allow-Headers"] = "content-type"
        return answer

    async def _kill_bot(self, _: web.Request) -> web.Response:
        await self._demo.kill_bot()
        return web.json_response({"ok": True})

    async def _status(self, _: web.Request) -> web.Response:
        process = self._demo.programs["bot"].process if "bot" in self._demo.programs else None
        alive = process is not None and process.returncode is None
        return web.json_response({"scenario": self._demo.scenario, "bot": "running" if alive else "restarting"})

    async def _choose(self, request: web.Request) -> web.Response:
        name = str((await request.json()).get("name", ""))
        if not _NAME.fullmatch(name):
            return web.json_response({"ok": False, "error": "no such scenario"}, status=400)
        async with self._lock:
            try:
                await self._demo.choose(name, self.url)
            except DidNotStart as why:
                return web.json_response({"ok": False, "error": str(why)}, status=409)
        return web.json_response({"ok": True})
