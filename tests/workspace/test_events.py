"""Which events an app hears, what they hold, and how often they come."""

from __future__ import annotations

import asyncio
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from sandbox.workspace import WorkspaceConfig, load_config, with_manifest
from sandbox.workspace.config import App, ConfigError


@pytest.fixture
async def workspace(start):
    app = App(events=App().events | {"message.channels", "reaction_added"})
    return await start(WorkspaceConfig(app=replace(app, scopes=app.scopes | {"reactions:read"})))


@pytest.fixture
async def events(bolt, connect):
    seen: asyncio.Queue[Any] = asyncio.Queue()

    @bolt.event(re.compile(".*"))
    async def any_event(body):
        await seen.put(body)

    await connect(bolt)
    return seen


async def test_a_mention_comes_as_two_events_with_one_ts(events, hands):
    said = await hands.do("nadia", "say", channel="#general", text="@nimdesk why is jdoe & co blocked?")
    both = [await events.get(), await events.get()]
    assert sorted(body["event"]["type"] for body in both) == ["app_mention", "message"]
    assert {body["event"]["ts"] for body in both} == {said["ts"]}
    assert len({body["event_id"] for body in both}) == 2
    assert both[0]["event"]["text"] == "<@U0NIMBOT001> why is jdoe &amp; co blocked?"


async def test_a_direct_message_is_no_mention(events, hands):
    await hands.do("nadia", "say", channel="dm", text="@nimdesk status")
    event = (await events.get())["event"]
    await asyncio.sleep(0.1)
    assert (event["type"], event["channel_type"], event["channel"]) == ("message", "im", "D0NADIA0001")
    assert events.empty()


async def test_another_bot_is_recognised_by_its_bot_id(events, hands):
    await hands.do("deploybot", "say", channel="#general", text="@nimdesk deployed")
    assert (await events.get())["event"]["bot_id"] == "B0DEPLOYBOT"


async def test_nothing_is_heard_from_a_channel_without_the_app_until_it_is_invited(events, hands):
    await hands.do("petra", "say", channel="#partners", text="@nimdesk hello")
    await hands.do("omar", "invite", channel="#partners", user="@nimdesk")
    event = (await events.get())["event"]
    assert (event["type"], event["user"], event["inviter"]) == ("member_joined_channel", "U0NIMBOT001", "U0OMAR00001")
    await hands.do("petra", "say", channel="#partners", text="hello")
    body = await events.get()
    assert body["is_ext_shared_channel"]
    assert body["event"]["team"] == "T0PARTNER01"


async def test_changes_of_people_and_groups_are_told(events, hands):
    await hands.control("usergroup", handle="@iam-owners", add=["otto"], remove=["ines"])
    event = (await events.get())["event"]
    assert (event["added_users"], event["removed_users"]) == (["U0OTTO00001"], ["U0INES00001"])
    await hands.control("user", user="gil", deleted=True)
    assert (await events.get())["event"]["user"]["deleted"]
    assert (await hands.do("gil", "say", channel="#helpdesk", text="x"))["error"] == "account_inactive"


async def test_a_reaction_is_told(events, hands):
    said = await hands.do("nadia", "say", channel="#general", text="x")
    await events.get()
    await hands.do("omar", "react", channel="#general", ts=said["ts"], name="eyes")
    event = (await events.get())["event"]
    assert (event["reaction"], event["item"]["ts"], event["item_user"]) == ("eyes", said["ts"], "U0NADIA0001")


async def test_an_event_that_found_no_connection_comes_after_a_minute(bolt, connect, hands):
    heard: asyncio.Queue[Any] = asyncio.Queue()

    @bolt.event("app_mention")
    async def mention(body, request):
        await heard.put((body["event_id"], request.headers["x-slack-retry-num"]))

    await hands.do("nadia", "say", channel="#general", text="@nimdesk hello")
    await asyncio.sleep(0.05)
    await connect(bolt)
    await asyncio.sleep(0.05)
    assert heard.empty()
    await hands.control("clock", advance=61)
    assert (await asyncio.wait_for(heard.get(), 3))[1] == ["2"]


def test_a_manifest_decides_what_the_app_is(tmp_path: Path):
    manifest = tmp_path / "manifest.yml"
    manifest.write_text(
        "features:\n"
        "  app_home: {home_tab_enabled: false, messages_tab_enabled: true}\n"
        "  bot_user: {display_name: helper}\n"
        "  slash_commands: [{command: /nim, description: Ask}]\n"
        "oauth_config: {scopes: {bot: [commands]}}\n"
        "settings: {event_subscriptions: {bot_events: [app_mention]}}\n"
    )
    app = with_manifest(WorkspaceConfig(), manifest).app
    assert (app.name, app.home_tab) == ("helper", False)
    assert app.scopes == frozenset({"commands"})
    assert app.events == frozenset({"app_mention"})
    assert not app.commands[0].should_escape


def test_a_configuration_replaces_people_and_names_what_it_does_not_know(tmp_path: Path):
    file = tmp_path / "people.toml"
    file.write_text(
        'rate_limits = true\n[[people]]\nid = "U1"\nname = "zoe"\nreal_name = "Zoe"\n'
        '[[groups]]\nid = "S1"\nhandle = "all"\nname = "All"\nmembers = ["zoe"]\n'
        '[[channels]]\nid = "C1"\nname = "one"\nmembers = ["zoe"]\n'
    )
    config = load_config(file)
    assert config.rate_limits
    assert [person.name for person in config.people] == ["zoe"]
    file.write_text('[[people]]\nid = "U1"\nnick = "zoe"\n')
    with pytest.raises(ConfigError, match="unknown key 'nick'"):
        load_config(file)


def test_the_token_of_a_real_workspace_is_refused():
    with pytest.raises(ConfigError, match="real workspace"):
        WorkspaceConfig(bot_token="xoxb-1234567890-1234567890123-abcdefghijkl")
