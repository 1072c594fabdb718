"""The same world with the bot in Slack: one question is typed to it, and what a person reads is set beside `ask`."""

import asyncio
import html
import re
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp

from bot.model.finding import Certainty
from bot.slack.wording import CERTAINTY
from sandbox.workspace import WorkspaceConfig, start_workspace, with_manifest
from tests.acceptance.asking import World as Labelled
from tests.journeys.world import PATIENCE, ROOT, Person, World, buttons_of, text_of

PRESSED = {"unblock_one", "relaunch", "relaunch_complete", "open"}
"""Actions that are buttons; the others are told in words."""
EXCEPTION = re.compile(r"^[\w.]+Exception: ")
CUT = re.compile(r"…$")
"""A text that was cut to its element's budget ends so."""


SETTINGS = """
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

[access]
viewer = ["@helpdesk"]
operator = ["@iam-operators"]
approver = ["@iam-owners"]
"""
LOOK = """
[environments.{name}]
label = "PRODUCTION"
url = "{url}"
client_id = "{client_id}"
client_domain = "{client_domain}"
client_secret = "{client_secret}"
timezone = "Europe/Paris"
service_reviewers = ["Automation"]
poll_seconds = 60
{companion}
"""


@asynccontextmanager
async def an_operator(labelled: Labelled, folder: Path) -> AsyncIterator[Person]:
    """Omar, before a bot that looks at this world twice: as `seeing`, and as `blind` to logs and files."""
    sandbox = labelled.sandbox
    workspace = await start_workspace(with_manifest(WorkspaceConfig(mode="socket"), ROOT / "manifest.yml"))
    nim = {name: getattr(sandbox, name) for name in ("url", "client_id", "client_domain", "client_secret")}
    companion = f'companion_url = "{sandbox.url}"\ncompanion_token = "{sandbox.companion_token}"'
    settings = folder / "nimdesk.toml"
    settings.write_text(
        SETTINGS.format(
            bot_token=workspace.bot_token,
            app_token=workspace.app_token,
            api_url=workspace.api_url.rstrip("/"),
            folder=folder.as_posix(),
        )
        + LOOK.format(name="seeing", companion=companion, **nim)
        + LOOK.format(name="blind", companion="", **nim),
        encoding="utf-8",
    )
    words = ["-m", "bot.cli", "run", "--config", str(settings)]
    with (folder / "bot.log").open("wb") as log:
        bot = await asyncio.create_subprocess_exec(
            sys.executable, *words, cwd=ROOT, stdout=asyncio.subprocess.PIPE, stderr=log
        )
    try:
        assert bot.stdout is not None
        told = (await asyncio.wait_for(bot.stdout.readline(), PATIENCE)).decode()
        assert "listens at" in told, (folder / "bot.log").read_text(encoding="utf-8")
        async with aiohttp.ClientSession() as http:
            yield World(sandbox, workspace, http, folder).person("omar")
    finally:
        bot.kill()
        await bot.wait()
        await workspace.close()


def differences(message: dict[str, Any], answer: dict[str, Any]) -> list[str]:
    """What `ask` says and the message does not show, and what `ask` offers and no button does."""
    read = _words(text_of(message))
    facts = answer["groups"][0]["evidence"] if answer["groups"] else answer["evidence"]
    said = [
        CERTAINTY[Certainty(answer["certainty"])],
        *(answer[part] for part in ("title", "next", "verify", "say_to_caller")),
        *re.split(r"\(\d\)", answer["text"]),
        *(fact["value"] for fact in facts if not answer["chain"]),
        *(one["why"] for one in (*answer["contributing"], *answer["ruled_out"])),
        *(link["text"] for link in answer["chain"] if link["mark"] == "broken"),
        *(one["what"] for one in answer["missing"]),
    ]
    labels = buttons_of(message)
    offers = [*answer["offers"], *(offer for group in answer["groups"] for offer in group["offers"])]
    lost = [
        one["label"]
        for one in offers
        if one["allowed"] and one["action"] in PRESSED and not any(label.startswith(one["label"]) for label in labels)
    ]
    return [text for text in said if not _shown(text, read)] + lost


def _shown(text: str, read: str) -> bool:
    """As it stands, without the exception's class in front of it, or as the figures of a table's row."""
    figures = _words(re.sub(r"[^\d,. ]+", " ", text))
    row = len(figures.split()) > 1 and re.search(rf"\b{figures}\b", read)
    return any(_words(one) in read for one in (text, EXCEPTION.sub("", text))) or bool(row)


def _words(text: str) -> str:
    """Letters and digits only: neither emphasis nor blanks make a difference."""
    return re.sub(r"[\W_]+", " ", html.unescape(CUT.sub("", text))).strip().lower()
