"""What is measured, started as the programs that a user starts: a sandbox, a local workspace, the bot."""

import asyncio
import os
import tempfile
import time
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote

import aiohttp

from bot.demo.programs import Program

SERVER_CORE, OWN_CORE = 1, 0
"""Programs whose reaction is timed get a core of their own where there are two: the asker must not take their time."""
LONGEST_WAIT: Final = 30

SETTINGS = """\
[slack]
mode = "{mode}"
bot_token = "{bot_token}"
app_token = "{app_token}"
signing_secret = "{signing_secret}"
api_url = "{api_url}"
default_channel = "#iam-alerts"

[http]
port = 0

[store]
url = "sqlite+aiosqlite:///{folder}/nimdesk.db"

[watch]
enabled = {watch}

[environments.production]
label = "PRODUCTION"
url = "{nim_url}"
client_id = "nimdesk"
client_domain = "{domain}"
client_secret = "{secret}"
poll_seconds = {poll_seconds}
companion_url = "{nim_url}"
companion_token = "{companion_token}"

[access]
viewer = ["@helpdesk"]
operator = ["@iam-operators"]
approver = ["@iam-owners"]
auditor = ["@auditors"]
"""

AS_INSTALLED: Final = {"PYTHONDONTWRITEBYTECODE": ""}
"""Compiled files are kept, as they are wherever nimdesk is installed: a start is not to be a compilation."""

Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Sandbox:
    """A running Identity Manager stand-in."""

    url: str
    domain: str
    secret: str
    companion_token: str
    http: aiohttp.ClientSession

    async def requests(self) -> list[Json]:
        """What was asked below /api and of the companion since the last `forget`; tokens are not counted."""
        async with self.http.get(f"{self.url}/sandbox/requests") as answer:
            asked: list[Json] = (await answer.json())["requests"]
        return [one for one in asked if not one["path"].startswith("/connect")]

    async def forget(self) -> None:
        async with self.http.delete(f"{self.url}/sandbox/requests"):
            pass

    async def post(self, path: str, body: Json) -> Json:
        async with self.http.post(f"{self.url}/sandbox/{path}", json=body) as answer:
            said: Json = await answer.json()
            if not answer.ok:
                raise RuntimeError(f"{path}: {said}")
            return said

    async def rows(self, path: str, squery: str, permission: str = "") -> list[Json]:
        """Rows of a query, asked as any client asks; resources want the name of the permission with it."""
        form = {
            "client_id": f"nimdesk@{self.domain}",
            "client_secret": self.secret,
            "scope": "usercube_api",
            "grant_type": "client_credentials",
        }
        async with self.http.post(f"{self.url}/connect/token", data=form) as answer:
            token = (await answer.json())["access_token"]
        params = {"api-version": "1.0", "squery": squery} | ({"Path": permission} if permission else {})
        headers = {"Authorization": f"Bearer {token}"}
        async with self.http.get(f"{self.url}/api/{path}", params=params, headers=headers) as answer:
            if not answer.ok:
                raise RuntimeError(f"{path}: {await answer.text()}")
            found: list[Json] = (await answer.json())["Result"]
        return found


@dataclass(frozen=True, slots=True)
class Workspace:
    """A running local Slack."""

    url: str
    said: Mapping[str, str]
    """api_url, bot_token, app_token, signing_secret, person_token"""
    http: aiohttp.ClientSession

    async def ask(self, person: str, text: str, *, channel: str = "helpdesk") -> int:
        """Types a slash command; returns the revision after which its answer appears."""
        body = {"channel": f"#{channel}", "command": "/nim", "text": text}
        said = await self._call("POST", f"person/{person}/command", body)
        if not said.get("ok"):
            raise RuntimeError(f"/nim {text}: {said}")
        return int(said["since"])

    async def answer(self, person: str, since: int, *, wait: float = LONGEST_WAIT, contains: str = "") -> Json:
        """The first message after a revision. Raises TimeoutError when none comes."""
        until = time.monotonic() + wait
        while (left := until - time.monotonic()) > 0:
            query = f"since={since}&wait={left:.1f}&for=message&contains={quote(contains)}"
            seen = await self._call("GET", f"person/{person}/view?{query}")
            if seen["messages"]:
                first: Json = seen["messages"][-1]
                return first
        raise TimeoutError(f"no answer within {wait} s")

    async def control(self, what: str, body: Json | None = None) -> Json:
        return await self._call("POST" if body is not None else "GET", f"control/{what}", body)

    async def act(self, person: str, verb: str, body: Json) -> Json:
        return await self._call("POST", f"person/{person}/{verb}", body)

    async def _call(self, method: str, path: str, body: Json | None = None) -> Json:
        headers = {"Authorization": f"Bearer {self.said['person_token']}"}
        async with self.http.request(method, f"{self.url}/{path}", json=body, headers=headers) as answer:
            said: Json = await answer.json()
            return said


@dataclass(frozen=True, slots=True)
class Wanted:
    """How the bot is to be run. `nim_url` and `api_url` replace the addresses of sandbox and workspace."""

    mode: str = "socket"
    watch: bool = False
    poll_seconds: float = 15
    nim_url: str = ""
    api_url: str = ""
    words: Sequence[str] = ("bot.cli", "run")
    core: int | None = None


@dataclass(frozen=True, slots=True)
class Bot:
    address: str
    pid: int
    ready_seconds: float
    """From starting the program to its line that says that it listens."""
    log: Path

    @property
    def events(self) -> str:
        return f"{self.address}/slack/events"


@asynccontextmanager
async def folder() -> AsyncIterator[Path]:
    with tempfile.TemporaryDirectory(prefix="nimdesk-bench-") as made:
        yield Path(made)


def program(name: str, words: Sequence[str], log: Path) -> Program:
    """A Python program of this checkout, not started yet; its error output goes to the log."""
    return Program(name, words, log, AS_INSTALLED)


@asynccontextmanager
async def started(program: Program, lines: int) -> AsyncIterator[list[str]]:
    """A program until the end of the block, with its first lines."""
    await program.start()
    try:
        yield await program.lines(lines)
    finally:
        await program.stop()


@asynccontextmanager
async def sandbox(where: Path, words: Sequence[str]) -> AsyncIterator[Sandbox]:
    """`words` start it: the sandbox of the command line, or bench.large_world."""
    async with (
        started(program("The sandbox", words, where / "sandbox.log"), 5) as (url, client, companion, *_),
        aiohttp.ClientSession() as http,
    ):
        account, _, secret = client.removeprefix("client: ").partition(" secret: ")
        token = companion.removeprefix("companion token: ")
        yield Sandbox(url, account.partition("@")[2], secret, token, http)


@asynccontextmanager
async def workspace(where: Path, mode: str = "socket") -> AsyncIterator[Workspace]:
    words = ["sandbox.workspace", "--port", "0", "--mode", mode]
    async with (
        started(program("The workspace", words, where / "workspace.log"), 6) as lines,
        aiohttp.ClientSession() as http,
    ):
        yield Workspace(lines[0], dict(line.split("=", 1) for line in lines[1:]), http)


@asynccontextmanager
async def bot(where: Path, slack: Workspace, nim: Sandbox | None, wanted: Wanted) -> AsyncIterator[Bot]:
    """The bot with settings for these two. Without a sandbox its environment is an address where nobody is."""
    settings = where / "nimdesk.toml"
    text = SETTINGS.format(
        **{**slack.said, "api_url": wanted.api_url or slack.said["api_url"]},
        mode=wanted.mode,
        folder=where.as_posix(),
        watch=str(wanted.watch).lower(),
        poll_seconds=wanted.poll_seconds,
        nim_url=wanted.nim_url or (nim.url if nim else "http://127.0.0.1:9"),
        domain=nim.domain if nim else "localhost",
        secret=nim.secret if nim else "none",
        companion_token=nim.companion_token if nim else "none",
    )
    settings.write_text(text, encoding="utf-8")
    made = program("The bot", [*wanted.words, "--config", str(settings)], where / "bot.log")
    began = time.perf_counter()
    async with started(made, 1) as (line,):
        seconds = time.perf_counter() - began
        pid = on_core(made, wanted.core)
        address = line.removeprefix("nimdesk listens at ").partition(";")[0]
        yield Bot(address, pid, seconds, where / "bot.log")


def on_core(running: Program, core: int | None) -> int:
    """Keeps a program on one core, where the system can do so and has two; returns the id of its process."""
    if running.process is None:
        raise RuntimeError(f"{running.name} was not started")
    pid = running.process.pid
    if core is not None and hasattr(os, "sched_setaffinity") and len(os.sched_getaffinity(0)) > 1:
        os.sched_setaffinity(pid, {sorted(os.sched_getaffinity(0))[core]})
    return pid


async def settled(seconds: float = 2) -> None:
    """Lets a program finish what its start has left to do."""
    await asyncio.sleep(seconds)
