"""A whole helpdesk for one walk: a sandbox Identity Manager, a local workspace, and the bot as a program of its own."""

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

import aiohttp
import aiosqlite

from bot.slack.reply import READING
from sandbox.identity_manager.server.running import RunningSandbox, start_sandbox
from sandbox.workspace import RunningWorkspace, WorkspaceConfig, start_workspace, with_manifest
from tests.quiet import seconds_to_move

ROOT = Path(__file__).resolve().parents[2]
PATIENCE = 40.0
"""Seconds within which a message must be there: a machine under load is slow, a lost message never comes."""
SETTINGS = """
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
url = "{store}"

[environments.production]
label = "PRODUCTION"
url = "{sandbox}"
client_id = "{client_id}"
client_domain = "{client_domain}"
client_secret = "{client_secret}"
timezone = "Europe/Paris"
poll_seconds = 1
owners = {{ AD = "#team-ad" }}
{companion}

[access]
viewer = ["@helpdesk"]
operator = ["@iam-operators"]
approver = ["@iam-owners"]
auditor = ["@auditors"]
"""


@dataclass
class Person:
    """Hands and eyes of one person, through the workspace's person API."""

    world: "World"
    name: str

    async def do(self, act: str, **what: Any) -> dict[str, Any]:
        """Acts; an answer that the bot caused (`dispatch_failed`, `errors`) is returned, not raised."""
        url = f"{self.world.workspace.url}/person/{self.name}/{act}"
        async with self.world.http.post(url, json=what, headers=self.world.bearer) as answer:
            body: dict[str, Any] = await answer.json()
            assert answer.status == 200, f"{self.name} {act} {what}: {answer.status} {body}"
            return body

    async def view(self, **query: Any) -> dict[str, Any]:
        url = f"{self.world.workspace.url}/person/{self.name}/view"
        params = {name: str(value) for name, value in query.items()}
        async with self.world.http.get(url, params=params, headers=self.world.bearer) as answer:
            body: dict[str, Any] = await answer.json()
            assert answer.status == 200, f"{self.name} view {query}: {answer.status} {body}"
            return body

    async def workspace(self) -> dict[str, Any]:
        url = f"{self.world.workspace.url}/person/{self.name}/workspace"
        async with self.world.http.get(url, headers=self.world.bearer) as answer:
            body: dict[str, Any] = await answer.json()
            return body

    async def sees(self, words: str, *, channel: str = "#iam-alerts", since: Any = 0, **query: Any) -> dict[str, Any]:
        """The newest message in which this person reads the words; waits for it."""
        wait = {"contains": words, "wait": PATIENCE, "for": "message"}
        where = {"channel": channel} if channel else {}
        seen = await self.view(since=since, **where, **wait, **query)
        if not seen["messages"]:
            there = await self.view()
            shown = [text_of(one)[:300] for one in there["messages"][-5:]]
            raise AssertionError(f"{self.name} never saw {words!r} in {channel}; there is:\n" + "\n---\n".join(shown))
        found: dict[str, Any] = seen["messages"][-1]
        return found

    async def types(self, text: str, *, channel: str = "#iam-alerts") -> dict[str, Any]:
        """Writes `/nim …` and returns the ephemeral answer."""
        ran = await self.do("command", channel=channel, command="/nim", text=text)
        assert ran["ok"], ran
        return await self.answered(since=ran["since"], channel=channel, to=f"/nim {text}")

    async def answered(self, *, since: int, channel: str = "#iam-alerts", to: str = "a press") -> dict[str, Any]:
        """The newest ephemeral message since then, other than that one is being prepared."""
        loop = asyncio.get_running_loop()
        until = loop.time() + PATIENCE
        while (left := until - loop.time()) > 0:
            seen = await self.view(channel=channel, since=since, wait=left, **{"for": "message"})
            shown: list[dict[str, Any]] = [
                one for one in seen["messages"] if one.get("ephemeral") and READING not in text_of(one)
            ]
            if shown:
                return shown[-1]
            since = seen["revision"]
        raise AssertionError(f"{self.name} had no answer to {to}")

    async def modal(self, *words: str) -> dict[str, Any]:
        """The open modal once it shows one of the words."""
        loop = asyncio.get_running_loop()
        until = loop.time() + PATIENCE
        seen = await self.view()
        views: list[Any] = seen.get("views") or []
        while True:
            for view in reversed(views):
                if any(one in text_of(view) for one in words):
                    found: dict[str, Any] = view
                    return found
            left = until - loop.time()
            assert left > 0, f"{self.name} has no modal with {words!r}; there is:\n" + "\n---\n".join(
                map(text_of, views)
            )
            seen = await self.view(since=seen["revision"], wait=min(left, 5), **{"for": "view,closed,notice"})
            views = seen.get("views", views)

    async def presses(self, message: dict[str, Any], label: str, *, then: tuple[str, ...]) -> dict[str, Any]:
        """Presses a button of a message and returns the modal that shows one of the words."""
        pressed = await self.do("press", channel=message["channel"], ts=message["ts"], label=label)
        assert pressed["ok"], pressed
        return await self.modal(*then)


@dataclass
class World:
    sandbox: RunningSandbox
    workspace: RunningWorkspace
    http: aiohttp.ClientSession
    folder: Path
    mode: str = "socket"
    store: str = ""
    bot: asyncio.subprocess.Process | None = None
    address: str = ""
    people: dict[str, Person] = field(default_factory=dict)

    @property
    def bearer(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.workspace.person_token}"}

    def person(self, name: str) -> Person:
        return self.people.setdefault(name, Person(self, name))

    @property
    def settings(self) -> Path:
        return self.folder / "nimdesk.toml"

    async def start_bot(self) -> None:
        harsh = self.sandbox.world.settings.profile == "harsh"
        companion = f'companion_url = "{self.sandbox.url}"\ncompanion_token = "{self.sandbox.companion_token}"'
        filled = SETTINGS.format(
            mode=self.mode,
            bot_token=self.workspace.bot_token,
            app_token=self.workspace.app_token,
            signing_secret=self.workspace.signing_secret,
            api_url=self.workspace.api_url.rstrip("/"),
            store=self.store or f"sqlite+aiosqlite:///{self.folder.as_posix()}/nimdesk.db",
            sandbox=self.sandbox.url,
            client_id=self.sandbox.client_id,
            client_domain=self.sandbox.client_domain,
            client_secret=self.sandbox.client_secret,
            companion="" if harsh else companion,
        )
        self.settings.write_text(filled, encoding="utf-8")
        with (self.folder / "bot.log").open("ab") as log:
            self.bot = await asyncio.create_subprocess_exec(
                sys.executable,
                "-m",
                "bot.cli",
                "run",
                "--config",
                str(self.settings),
                cwd=ROOT,
                stdout=asyncio.subprocess.PIPE,
                stderr=log,
                env={**os.environ, "PYTHONUNBUFFERED": "1", "HTTP_PROXY": "", "HTTPS_PROXY": ""},
            )
        assert self.bot.stdout is not None
        line = (await asyncio.wait_for(self.bot.stdout.readline(), 30)).decode()
        assert "listens at" in line, f"the bot did not start: {line!r} {self.log[-3000:]}"
        self.address = line.split("listens at ")[1].split(";")[0].strip()
        if self.mode == "http":
            url = f"{self.address}/slack/events"
            await self.control("request_url", url=url)

    @property
    def log(self) -> str:
        file = self.folder / "bot.log"
        return file.read_text(encoding="utf-8", errors="replace") if file.exists() else ""

    async def kill_bot(self) -> None:
        """As a power cut would."""
        assert self.bot is not None
        self.bot.send_signal(signal.SIGKILL)
        await self.bot.wait()

    async def stop_bot(self) -> int:
        assert self.bot is not None
        self.bot.send_signal(signal.SIGTERM)
        return await asyncio.wait_for(self.bot.wait(), 12)

    async def control(self, what: str, **body: Any) -> dict[str, Any]:
        url = f"{self.workspace.url}/control/{what}"
        async with self.http.post(url, json=body, headers=self.bearer) as answer:
            assert answer.status == 200, await answer.text()
            found: dict[str, Any] = await answer.json()
            return found

    async def looked_up(self, what: str, **query: str) -> dict[str, Any]:
        url = f"{self.workspace.url}/control/{what}"
        async with self.http.get(url, params=query, headers=self.bearer) as answer:
            found: dict[str, Any] = await answer.json()
            return found

    async def calls(self, method: str) -> list[dict[str, Any]]:
        """What the bot has asked of Slack."""
        found: list[dict[str, Any]] = (await self.looked_up("calls", method=method))["calls"]
        return found

    async def heard(self, count: int) -> None:
        """Returns when the bot has stored so many messages that people have said to it."""
        for _ in range(int(PATIENCE / 0.02)):
            async with aiosqlite.connect(self.folder / "nimdesk.db") as database:
                found = await database.execute_fetchall("select count(*) from inbox")
            if int(next(iter(found))[0]) >= count:
                return
            await asyncio.sleep(0.02)
        raise AssertionError(f"the bot has not stored {count} messages")

    async def audited(self, event: str) -> list[tuple[Any, ...]]:
        """Records of one kind, as the bot's own database holds them."""
        async with aiosqlite.connect(self.folder / "nimdesk.db") as database:
            found = await database.execute_fetchall("select user_id, kind, target from audit where event = ?", [event])
            return [tuple(row) for row in found]

    async def outside(self, path: str, /, **body: Any) -> Any:
        """Moves the outside world: levers, the clock. The bot never calls these."""
        async with self.http.post(f"{self.sandbox.url}/sandbox/{path}", json=body) as answer:
            assert answer.status == 200, await answer.text()
            return await answer.json()

    async def quiet(self) -> None:
        """Moves the sandbox's clock to where no run is due or under way."""
        while left := seconds_to_move(*await self.clock()):
            await self.outside("tick", seconds=left)

    async def clock(self) -> tuple[datetime, datetime]:
        """Now, and the next scheduled run."""
        async with self.http.get(f"{self.sandbox.url}/sandbox/clock") as answer:
            clock = await answer.json()
        return datetime.fromisoformat(clock["now"]), datetime.fromisoformat(clock["next_run"]["at"])

    async def requests(self) -> list[dict[str, Any]]:
        """What was asked of Identity Manager."""
        async with self.http.get(f"{self.sandbox.url}/sandbox/requests") as answer:
            found: list[dict[str, Any]] = (await answer.json())["requests"]
            return found

    async def asked(self, method: str, words: str, times: int = 1) -> None:
        """Returns as soon as Identity Manager has been asked that so often; looks often, since a moment may be short."""
        for _ in range(int(PATIENCE / 0.02)):
            if sum(method == one["method"] and words in one["path"] for one in await self.requests()) >= times:
                return
            await asyncio.sleep(0.02)
        raise AssertionError(f"Identity Manager was not asked for {method} {words}")

    async def calm(self) -> None:
        """Identity Manager answers as it should again."""
        async with self.http.delete(f"{self.sandbox.url}/sandbox/chaos") as answer:
            assert answer.status == 200

    async def forget_requests(self) -> None:
        async with self.http.delete(f"{self.sandbox.url}/sandbox/requests") as answer:
            assert answer.status == 200

    async def writes(self, since: int = 0) -> list[str]:
        """PUT and RunJob calls, since a number of requests."""
        asked = (await self.requests())[since:]
        return [
            "RunJob" if "RunJob" in one["path"] else one["method"]
            for one in asked
            if one["method"] == "PUT" or "RunJob" in one["path"]
        ]


@asynccontextmanager
async def helpdesk(
    folder: Path, scenario: str = "leavers-rights", *, profile: str = "plain", mode: str = "socket", **sandbox: Any
) -> AsyncIterator[World]:
    """Everything started and, at the end, stopped."""
    identity_manager = await start_sandbox(scenario, profile=profile, **sandbox)
    config = with_manifest(WorkspaceConfig(mode="http" if mode == "http" else "socket"), ROOT / "manifest.yml")
    workspace = await start_workspace(config)
    async with aiohttp.ClientSession() as http:
        world = World(identity_manager, workspace, http, folder, mode)
        try:
            await world.quiet()
            await world.start_bot()
            yield world
        finally:
            if world.bot is not None and world.bot.returncode is None:
                world.bot.kill()
                await world.bot.wait()
            await workspace.close()
            await identity_manager.close()


def text_of(message: dict[str, Any]) -> str:
    """All that a person reads of a message or a modal: its title, its text and every text of its blocks."""
    title = (message.get("title") or {}).get("text", "")
    return "\n".join([title, str(message.get("text", "")), *_texts(message.get("blocks", []))])


def _texts(node: Any) -> list[str]:
    if isinstance(node, list):
        return [text for one in node for text in _texts(one)]
    if not isinstance(node, dict):
        return []
    own = [node["text"]] if isinstance(node.get("text"), str) else []
    return own + [text for value in node.values() for text in _texts(value)]


def buttons_of(message: dict[str, Any]) -> list[str]:
    """Labels of all buttons of a message or view."""
    elements = [
        element
        for block in message.get("blocks", [])
        for element in [*block.get("elements", []), block.get("accessory") or {}]
    ]
    return [one["text"]["text"] for one in elements if isinstance(one, dict) and one.get("type") == "button"]
