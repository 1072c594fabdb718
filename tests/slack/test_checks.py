"""What doctor says of the scopes that the app was given."""

from dataclasses import replace

import aiohttp
import pytest

from bot.manifest import declared
from bot.settings import Settings
from bot.slack.checks import slack_checks
from sandbox.workspace import WorkspaceConfig, start_workspace
from sandbox.workspace.config import App

NIM = {"url": "http://127.0.0.1:1", "client_id": "x", "client_domain": "y", "client_secret": "z"}
SCOPES = declared()["oauth_config"]["scopes"]["bot"]


@pytest.mark.parametrize(
    ("without", "says", "bad", "warning"),
    [
        ("", "all that the manifest asks for", False, False),
        ("files:write", "without files:write findings come with tables instead of charts", False, True),
        ("im:write", "missing: im:write", True, False),
    ],
)
async def test_a_missing_scope_is_as_bad_as_what_it_costs(without, says, bad, warning):
    app = replace(App(), scopes=frozenset(SCOPES) - {without})
    workspace = await start_workspace(WorkspaceConfig(app=app, rate_limits=False))
    slack = {
        "mode": "socket",
        "bot_token": workspace.bot_token,
        "app_token": workspace.app_token,
        "api_url": workspace.api_url,
    }
    async with aiohttp.ClientSession() as http:
        settings = Settings.model_validate({"slack": slack, "environments": {"test": NIM}})
        told = {one.subject: one async for one in slack_checks(settings, http, SCOPES)}
    await workspace.close()
    assert says in told["scopes"].said
    assert (told["scopes"].bad, told["scopes"].warning) == (bad, warning)
