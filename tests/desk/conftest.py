"""A desk before a small, quiet Identity Manager, over real sockets."""

from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest_asyncio

from bot import environments, settings
from bot.access import cumulative
from bot.desk.commands import COMMANDS
from bot.desk.contract import as_object
from bot.desk.desk import Desk, Surroundings
from bot.model.actor import Actor, Role
from bot.model.answer import Answer
from bot.store.nothing import NoActions, NoAudit, NoIncidents
from sandbox.identity_manager.server.running import RunningSandbox, start_sandbox

QUIET = """
title = "A quiet installation"
people = 80

[time]
history_days = 1
clock = "10:07"
"""
SETTINGS = """
[slack]
bot_token = "xoxb-none"
app_token = "xapp-none"

[environments.production]
url = "{url}"
client_id = "{client_id}"
client_domain = "{client_domain}"
client_secret = "{client_secret}"
timezone = "Europe/Paris"
companion_url = "{url}"
companion_token = "{companion_token}"
channels = ["C1"]

[access]
viewer = ["*"]
"""


@dataclass
class Bench:
    """A desk with one person in front of it."""

    desk: Desk
    sandbox: RunningSandbox
    who: Actor = field(default_factory=lambda: Actor("T1", "U1", cumulative([Role.OPERATOR])))

    async def asks(self, text: str) -> dict[str, Any]:
        """The answer to plain words, as `nimdesk ask --format json` prints it."""
        return as_object(await self.answer(text))

    async def answer(self, text: str) -> Answer:
        return await self.desk.hear(self.who, text)

    def writes(self) -> list[str]:
        """What would have changed something in Identity Manager."""
        return [
            f"{one['method']} {one['path']}"
            for one in self.sandbox.server.requests
            if one["method"] not in {"GET", "HEAD"} and "token" not in one["path"]
        ]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def bench(tmp_path_factory) -> AsyncIterator[Bench]:
    folder: Path = tmp_path_factory.mktemp("desk")
    scenario, config = folder / "quiet.toml", folder / "nimdesk.toml"
    scenario.write_text(QUIET, encoding="utf-8")
    sandbox = await start_sandbox(scenario)
    told = {name: getattr(sandbox, name) for name in ("url", "client_id", "client_domain", "client_secret")}
    config.write_text(SETTINGS.format(companion_token=sandbox.companion_token, **told), encoding="utf-8")
    read = settings.load(config)
    async with environments.opened(read) as envs:
        around = Surroundings(
            environments=envs,
            facts=environments.facts(read),
            commands=COMMANDS,
            writes={},
            actions=NoActions(),
            incidents=NoIncidents(),
            audit=NoAudit(),
            now=lambda: datetime.now(UTC),  # a desk of its own
            whom_to_ask={},
        )
        yield Bench(Desk(around), sandbox)
    await sandbox.close()
