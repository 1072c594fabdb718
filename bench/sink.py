"""Where answers go while acknowledgements are timed: takes any POST, counts it, says ok as Slack's response URLs do."""

import asyncio
import signal

from aiohttp import web


async def main() -> None:
    """Prints its address, then takes answers."""
    taken = 0

    async def take(request: web.Request) -> web.Response:
        nonlocal taken
        await request.read()
        taken += 1
        return web.Response(text="ok")

    async def count(_: web.Request) -> web.Response:
        return web.json_response(taken)

    stop = asyncio.Event()
    for name in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(name, stop.set)
    app = web.Application(client_max_size=16 * 1024 * 1024)
    app.add_routes([web.post("/{path:.*}", take), web.get("/count", count)])
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    print(f"http://127.0.0.1:{runner.addresses[0][1]}", flush=True)
    await stop.wait()
    await runner.cleanup()


if __name__ == "__main__":
    asyncio.run(main())
