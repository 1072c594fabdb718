"""Has pictures drawn by a program of its own: the bot's memory and its event loop stay as they are."""

import asyncio
import sys
from asyncio import subprocess
from contextlib import suppress
from typing import Final

import structlog

from bot.model.picture import Picture
from bot.pictures.__main__ import NO_MATPLOTLIB
from bot.pictures.data import packed

log: Final = structlog.get_logger(__name__)
TIMEOUT_SECONDS: Final = 20.0
AT_ONCE: Final = 2


class Drawing:
    """Draws at most two pictures at once. Without the extra "charts" it asks once and then no more."""

    def __init__(self) -> None:
        self._room = asyncio.Semaphore(AT_ONCE)
        self._possible = True

    async def png(self, picture: Picture) -> bytes | None:
        """None where nothing can be drawn here, which is logged and costs the picture only."""
        if not self._possible:
            return None
        async with self._room:
            code, out, said = await _run(packed(picture))
        if code == NO_MATPLOTLIB:
            self._possible = False
            log.info("no pictures: the extra “charts” is not installed")
            return None
        if code or not out:
            log.warning("picture not drawn", code=code, said=said[-300:])
            return None
        return out


async def _run(data: bytes) -> tuple[int | None, bytes, str]:
    program = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "bot.pictures", stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    try:
        out, said = await asyncio.wait_for(program.communicate(data), TIMEOUT_SECONDS)
    except TimeoutError:
        return None, b"", "took too long"
    finally:
        if program.returncode is None:
            with suppress(ProcessLookupError):
                program.kill()
            await program.wait()
    return program.returncode, out, said.decode(errors="replace")
