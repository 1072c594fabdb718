"""Programs started side by side: what each prints first, how it is stopped, how it comes back."""

import asyncio
import contextlib
import os
import signal
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

STOP_SECONDS = 10.0
FIRST_LINES_SECONDS = 60.0


class DidNotStart(Exception):
    """A program ended, or stayed silent, instead of saying where it listens."""


@dataclass(slots=True)
class Program:
    """One started program. Its standard error goes to `log`, its standard output is read line by line."""

    name: str
    words: Sequence[str]
    log: Path
    environment: Mapping[str, str] = field(default_factory=dict)
    process: asyncio.subprocess.Process | None = None

    async def start(self) -> None:
        with self.log.open("ab") as log:
            self.process = await asyncio.create_subprocess_exec(
                sys.executable,
                "-m",
                *self.words,
                stdout=asyncio.subprocess.PIPE,
                stderr=log,
                env={**_inherited(), **self.environment},
                start_new_session=True,
            )

    async def lines(self, count: int) -> list[str]:
        """The first lines that it prints; raises DidNotStart with the end of its log when it says less."""
        process = self._running()
        assert process.stdout is not None  # noqa: S101  # it was opened with a pipe
        said: list[str] = []
        try:
            async with asyncio.timeout(FIRST_LINES_SECONDS):
                while len(said) < count:
                    line = (await process.stdout.readline()).decode()
                    if not line:
                        break
                    said.append(line.rstrip("\n"))
        except TimeoutError:
            pass
        if len(said) < count:
            raise DidNotStart(f"{self.name} did not start: {self._end_of_log()}")
        return said

    async def kill(self) -> None:
        """As a power cut would: no clean end."""
        if self.process and self.process.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                self.process.kill()
            await self.process.wait()

    async def stop(self) -> None:
        """Asks it to end; after ten seconds it is made to."""
        if not self.process or self.process.returncode is not None:
            return
        with contextlib.suppress(ProcessLookupError):
            self.process.send_signal(signal.SIGTERM)
        try:
            await asyncio.wait_for(self.process.wait(), STOP_SECONDS)
        except TimeoutError:
            await self.kill()

    def _running(self) -> asyncio.subprocess.Process:
        if self.process is None:
            raise DidNotStart(f"{self.name} was never started")
        return self.process

    def _end_of_log(self) -> str:
        text = self.log.read_text(encoding="utf-8", errors="replace").strip()
        return text.splitlines()[-1] if text else "it said nothing"


def _inherited() -> dict[str, str]:
    """Our environment without a proxy: the SDK would send what is meant for this machine through it."""
    kept = {name: value for name, value in os.environ.items() if not name.upper().startswith("NIMDESK_")}  # noqa: TID251
    proxies = {name: "" for name in kept if name.lower() in {"http_proxy", "https_proxy", "all_proxy"}}
    return {**kept, **proxies, "PYTHONUNBUFFERED": "1"}
