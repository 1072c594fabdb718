"""Runs the service until it is told to stop, on every platform that agents run on."""

import asyncio
import signal
import ssl
from collections.abc import Callable
from contextlib import suppress

from aiohttp import web

from companion.app import Service
from companion.settings import Settings, WrongSettings

_LOOK_S = 0.5
"""On Windows a signal does not wake a loop that waits: it wakes by itself this often."""


async def run(settings: Settings, say: Callable[[str], None]) -> None:
    """Says where it listens. Raises WrongSettings for a certificate that cannot be used, OSError for a taken port."""
    context = _tls(settings)
    runner = web.AppRunner(Service(settings).app(), access_log=None, shutdown_timeout=5)
    await runner.setup()
    try:
        await web.TCPSite(runner, settings.host, settings.port, ssl_context=context).start()
        port = runner.addresses[0][1]
        say(f"companion listens on {'https' if context else 'http'}://{settings.host}:{port}")
        await _told_to_stop()
    finally:
        await runner.cleanup()


async def _told_to_stop() -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()

    def stopping(*_: object) -> None:
        loop.call_soon_threadsafe(stop.set)

    before = {one: signal.signal(one, stopping) for one in (signal.SIGINT, signal.SIGTERM)}
    try:
        while not stop.is_set():
            with suppress(TimeoutError):
                await asyncio.wait_for(stop.wait(), _LOOK_S)
    finally:
        for one, handler in before.items():
            signal.signal(one, handler)


def _tls(settings: Settings) -> ssl.SSLContext | None:
    if not settings.certificate:
        return None
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    try:
        context.load_cert_chain(settings.certificate, settings.key)
    except (OSError, ssl.SSLError) as why:
        raise WrongSettings(f"certificate: {settings.certificate} and its key cannot be used ({why})") from why
    return context
