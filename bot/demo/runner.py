"""Starts the three programs, keeps the bot alive, and serves the few controls that the outside-world page has."""

import asyncio
import contextlib
import os
import signal
import tempfile
import webbrowser
from dataclasses import dataclass, field
from pathlib import Path

import click

from bot.demo.control import Control
from bot.demo.programs import DidNotStart, Program
from bot.errors import SettingsError

RESTART_SECONDS = 1.0
SETTINGS = """\
# Written by `nimdesk demo`; thrown away when it ends.
[slack]
mode = "socket"
bot_token = "{bot_token}"
app_token = "{app_token}"
api_url = "{api_url}"
default_channel = "#iam-alerts"

[http]
port = 0

[store]
url = "sqlite+aiosqlite:///{folder}/nimdesk.db"

[environments.production]
label = "PRODUCTION"
url = "{sandbox}"
client_id = "nimdesk"
client_domain = "{domain}"
client_secret = "{secret}"
timezone = "Europe/Paris"
poll_seconds = 2
companion_url = "{sandbox}"
companion_token = "{companion_token}"
owners = {{ AD = "#team-ad" }}
channels = ["#iam-alerts"]

[environments.production.links]
jobs = "{{base}}/sandbox/ui/jobs"
job_instance = "{{base}}/sandbox/ui/job-instances/{{jobInstanceId}}"
provisioning_review = "{{base}}/sandbox/ui/provisioning-review/{{entityType}}"
order = "{{base}}/sandbox/ui/provisioning-review/{{entityType}}/{{id}}"
resource = "{{base}}/sandbox/ui/resources/{{entityType}}/{{id}}"
workflow_overview = "{{base}}/sandbox/ui/workflow-overview"
connector = "{{base}}/sandbox/ui/connectors/{{connectorId}}"

[access]
viewer = ["@helpdesk"]
operator = ["@iam-operators"]
approver = ["@iam-owners"]
auditor = ["@auditors"]

[templates]
reload = true
"""


@dataclass(slots=True)
class Demo:
    """The running demo. `address` is the one page to open."""

    scenario: str
    port: int
    folder: Path
    programs: dict[str, Program] = field(default_factory=dict)
    address: str = ""
    said: dict[str, str] = field(default_factory=dict)
    stopping: bool = False

    async def start(self, control_url: str) -> None:
        """Raises DidNotStart naming the program that said nothing useful."""
        await self._start_sandbox(control_url)
        panel = f"{self.said['sandbox']}/sandbox/ui/outside-world"
        workspace = Program(
            "The local workspace",
            ["sandbox.workspace", "--port", str(self.port), "--panel-url", panel],
            self.folder / "workspace.log",
        )
        self.programs["workspace"] = workspace
        await workspace.start()
        lines = await workspace.lines(6)
        self.address = lines[0]
        self.said |= dict(line.split("=", 1) for line in lines[1:])
        await self.start_bot()

    async def start_bot(self) -> None:
        settings = self.folder / "nimdesk.toml"
        settings.write_text(SETTINGS.format(folder=self.folder.as_posix(), **self.said), encoding="utf-8")
        settings.chmod(0o600)
        bot = Program("The bot", ["bot.cli", "run", "--config", str(settings)], self.folder / "bot.log")
        self.programs["bot"] = bot
        await bot.start()
        await bot.lines(1)

    async def kill_bot(self) -> None:
        """As a power cut would. It is started again by `keep_bot`."""
        await self.programs["bot"].kill()

    async def choose(self, scenario: str, control_url: str) -> None:
        """Another world: the bot starts with an empty store, the chat stays."""
        self.scenario = scenario
        self.stopping = True
        await self.programs["bot"].stop()
        await self.programs["sandbox"].stop()
        for file in self.folder.glob("nimdesk*.db*"):
            file.unlink()
        try:
            await self._start_sandbox(control_url)
            await self.start_bot()
        finally:
            self.stopping = False

    async def keep_bot(self) -> None:
        """Starts the bot again whenever it ends by itself, until cancelled."""
        while True:
            process = self.programs["bot"].process
            if process is not None:
                await process.wait()
            await asyncio.sleep(RESTART_SECONDS)
            if not self.stopping and self.programs["bot"].process is process:
                with contextlib.suppress(DidNotStart):
                    await self.start_bot()

    async def stop(self) -> None:
        self.stopping = True
        for name in ("bot", "workspace", "sandbox"):
            if program := self.programs.get(name):
                await program.stop()

    async def _start_sandbox(self, control_url: str) -> None:
        port = self.said.get("sandbox", "").rpartition(":")[2] or "0"
        words = ["sandbox.cli", "sandbox", "--scenario", self.scenario, "--port", port, "--control-url", control_url]
        sandbox = Program("The sandbox", words, self.folder / "sandbox.log")
        self.programs["sandbox"] = sandbox
        await sandbox.start()
        url, client, companion, *_ = await sandbox.lines(5)
        account, _, secret = client.removeprefix("client: ").partition(" secret: ")
        self.said |= {
            "sandbox": url,
            "domain": account.partition("@")[2],
            "secret": secret,
            "companion_token": companion.removeprefix("companion token: "),
        }


def run(*, scenario: str, port: int, browser: bool) -> int:
    """Runs until interrupted. Raises SettingsError when a program does not start."""
    with tempfile.TemporaryDirectory(prefix="nimdesk-demo-") as folder:
        try:
            return asyncio.run(_run(Demo(scenario, port, Path(folder)), browser=browser))
        except DidNotStart as why:
            raise SettingsError(str(why)) from why


async def _run(demo: Demo, *, browser: bool) -> int:
    stop = asyncio.Event()
    for name in (signal.SIGINT, signal.SIGTERM):
        with contextlib.suppress(NotImplementedError):
            asyncio.get_running_loop().add_signal_handler(name, stop.set)
    control = Control(demo)
    try:
        await control.start()
        await demo.start(control.url)
        click.echo(f"nimdesk demo: open {demo.address}")
        click.echo("Three people to switch between: Nadia (viewer), Omar (operator), Ines (approver). Ctrl-C ends it.")
        if browser and not os.environ.get("CI"):  # noqa: TID251  # nobody watches a CI machine's browser
            await asyncio.to_thread(webbrowser.open, demo.address)
        keeping = asyncio.create_task(demo.keep_bot())
        await stop.wait()
        keeping.cancel()
    finally:
        await demo.stop()
        await control.stop()
    return 0
