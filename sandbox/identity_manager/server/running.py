"""Starts the server on a port, in this process."""

from __future__ import annotations

import asyncio
import logging
import secrets
from dataclasses import dataclass
from pathlib import Path

from aiohttp import web

from sandbox.identity_manager.interface import World, WorldLoader
from sandbox.identity_manager.server.app import make_app
from sandbox.identity_manager.server.auth import DEFAULT_SECRET, Tokens
from sandbox.identity_manager.server.chaos import Chaos
from sandbox.identity_manager.server.context import SERVER, Server
from sandbox.identity_manager.store import Store

_SHUTDOWN_SECONDS = 2.0
_LOG = logging.getLogger("sandbox.identity_manager")


@dataclass(slots=True)
class RunningSandbox:
    """A listening sandbox. ``close`` stops it and removes its database."""

    url: str
    client_id: str
    client_domain: str
    client_secret: str
    companion_token: str
    admin_token: str
    world: World
    server: Server
    _runner: web.AppRunner
    _clock: asyncio.Task[None]

    async def close(self) -> None:
        self._clock.cancel()
        await asyncio.wait([self._clock])
        await self._runner.cleanup()
        self.world.close()
        self.world.store.close()


async def serve(
    world: World,
    *,
    host: str = "127.0.0.1",
    port: int = 0,
    companion_token: str | None = None,
    admin_token: str | None = None,
    control_url: str = "",
) -> RunningSandbox:
    """Serves a world that is ready. Raises OSError when the port is taken."""
    server = Server(
        world,
        Tokens(world.settings.clients, world.settings.token_seconds),
        Chaos(),
        companion_token or secrets.token_urlsafe(24),
        admin_token or secrets.token_urlsafe(24),
        control_url=control_url,
    )
    server.reset_capabilities()
    world.store.analyze()
    for rule in world.settings.chaos:
        server.chaos.add(rule)
    app = make_app(server)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=_SHUTDOWN_SECONDS, handler_cancellation=True)
    await runner.setup()
    site = web.TCPSite(runner, host, port)
    try:
        await site.start()
    except OSError:
        await runner.cleanup()
        raise
    taken = runner.addresses[0][1]
    clock = asyncio.create_task(world.run(), name="virtual-clock")
    clock.add_done_callback(_tell_when_it_stops)
    return RunningSandbox(
        f"http://{host}:{taken}",
        "nimdesk",
        world.settings.client_domain,
        DEFAULT_SECRET,
        server.companion_token,
        server.admin_token,
        world,
        app[SERVER],
        runner,
        clock,
    )


def _tell_when_it_stops(clock: asyncio.Task[None]) -> None:
    if not clock.cancelled() and (error := clock.exception()) is not None:
        _LOG.error("the virtual clock stopped", exc_info=error)


async def start_sandbox(
    scenario: str | Path,
    *,
    host: str = "127.0.0.1",
    port: int = 0,
    profile: str | None = None,
    speed: float | None = None,
    companion_token: str | None = None,
    admin_token: str | None = None,
    control_url: str = "",
    load_world: WorldLoader | None = None,
) -> RunningSandbox:
    """Loads a scenario (a shipped name or a TOML file), runs it forward to its present, and serves it."""
    if load_world is None:
        from sandbox.identity_manager import world as engine  # noqa: PLC0415 - the server is usable without the engine

        load_world = engine.load_world
    store = Store()
    try:
        world = load_world(scenario, store, profile=profile, speed=speed)
        return await serve(
            world,
            host=host,
            port=port,
            companion_token=companion_token,
            admin_token=admin_token,
            control_url=control_url,
        )
    except BaseException:
        store.close()
        raise
