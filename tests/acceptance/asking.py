"""Asks the desk about one labelled world, over the wire, as somebody would in Slack or in a terminal."""

import tomllib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bot import environments
from bot.access import cumulative
from bot.ask import terminal_desk
from bot.desk.contract import as_object
from bot.desk.desk import Desk
from bot.model.actor import Actor, Role
from bot.settings import Settings
from sandbox.identity_manager.server.running import RunningSandbox, start_sandbox
from sandbox.identity_manager.world.scenario import SHIPPED, shipped

NAMES = [name for name in shipped() if name[0] == "s" and name[1:3].isdigit()]
OPERATOR = Actor("T", "U", cumulative([Role.OPERATOR]))


def label_of(name: str) -> dict[str, Any]:
    """What the scenario's own label expects. The sandbox never reads it, and neither does the bot."""
    table: dict[str, Any] = tomllib.loads((SHIPPED / f"{name}.toml").read_text(encoding="utf-8"))["acceptance"]
    return table


@dataclass(frozen=True, slots=True)
class World:
    sandbox: RunningSandbox

    def settings(self, *, companion: bool = True) -> Settings:
        one: dict[str, Any] = {
            "label": "PRODUCTION",
            "url": self.sandbox.url,
            "client_id": self.sandbox.client_id,
            "client_domain": self.sandbox.client_domain,
            "client_secret": self.sandbox.client_secret,
            "timezone": "Europe/Paris",
            "service_reviewers": ["Automation"],
        }
        if companion:
            one |= {"companion_url": self.sandbox.url, "companion_token": self.sandbox.companion_token}
        return Settings.model_validate({"environments": {"production": one}})

    async def asked(self, text: str, *, companion: bool = True) -> dict[str, Any]:
        """The answer as `nimdesk ask --format json` prints it, of a bot that has read nothing before."""
        async with self.desk(companion=companion) as desk:
            return as_object(await desk.hear(OPERATOR, text))

    @asynccontextmanager
    async def desk(self, *, companion: bool = True) -> AsyncIterator[Desk]:
        """A desk that goes on, so that its catalogue is warm from the second question on."""
        settings = self.settings(companion=companion)
        async with environments.opened(settings) as envs:
            yield terminal_desk(settings, envs)


@asynccontextmanager
async def world_of(scenario: str | Path, **options: Any) -> AsyncIterator[World]:
    sandbox = await start_sandbox(scenario, speed=0, **options)
    try:
        yield World(sandbox)
    finally:
        await sandbox.close()


def allowed(answer: dict[str, Any]) -> set[str]:
    """Actions that are offered and possible, of the finding and of its groups."""
    offers = [*answer["offers"], *(offer for group in answer["groups"] for offer in group["offers"])]
    return {offer["action"] for offer in offers if offer["allowed"]}
