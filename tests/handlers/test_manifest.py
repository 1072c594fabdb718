"""The manifest declares what the program handles, and asks for no right that no call needs."""

import re
from pathlib import Path
from typing import Final

import pytest
from slack_bolt.async_app import AsyncApp

from bot.errors import SettingsError
from bot.manifest import declared, for_configuration, printed
from handlers import dispatch, payloads, shortcuts

ROOT: Final = Path(__file__).parents[2]
NEEDED_BY: Final = {
    "app_mentions:read": {"event app_mention"},
    "channels:history": {"conversations_history", "conversations_replies"},
    "channels:read": {"conversations_info", "conversations_list", "users_conversations"},
    "chat:write": {"chat_postMessage", "chat_postEphemeral", "chat_update"},
    "commands": {"command", "shortcut"},
    "files:write": {"files_getUploadURLExternal", "files_completeUploadExternal"},
    "groups:history": {"conversations_history", "conversations_replies"},
    "groups:read": {"conversations_info", "conversations_list", "users_conversations"},
    "im:history": {"event message.im", "conversations_history"},
    "im:write": {"conversations_open"},
    "usergroups:read": {"usergroups_list"},
    "users:read": {"users_info"},
}
"""Scope → what it is for (Slack's reference of each method and event)."""
FREE: Final = {"auth_test", "views_open", "views_update", "is_connected"}
"""Need no scope, or are no Web API methods."""


def called() -> set[str]:
    """Methods of Slack's that the program calls."""
    files = [*(ROOT / "bot" / "slack").glob("*.py"), *(ROOT / "handlers").glob("*.py"), ROOT / "bot" / "app.py"]
    return {name for file in files for name in re.findall(r"client\.([a-z]+_?\w+)\(", file.read_text())}


def scopes():
    return set(declared()["oauth_config"]["scopes"]["bot"])


def test_every_scope_is_needed_by_something_that_is_called_or_declared():
    events = {f"event {name}" for name in declared()["settings"]["event_subscriptions"]["bot_events"]}
    there = called() | events | {"command", "shortcut"}

    assert scopes() == set(NEEDED_BY)
    assert [scope for scope, needs in NEEDED_BY.items() if not needs & there] == []


def test_every_method_that_is_called_has_its_scope():
    covered = {need for scope in scopes() for need in NEEDED_BY[scope]}

    assert called() - covered - FREE == set()


@pytest.mark.parametrize(
    ("event", "heard"),
    [
        ({"type": "app_mention", "text": "<@B> status", "user": "U1", "channel": "C1", "ts": "1.1"}, True),
        ({"type": "message", "channel_type": "im", "text": "status", "user": "U1", "channel": "D1", "ts": "1.1"}, True),
        ({"type": "message", "channel_type": "channel", "text": "status", "user": "U1", "channel": "C1"}, False),
        ({"type": "reaction_added", "user": "U1"}, False),
    ],
)
def test_exactly_the_declared_events_are_answered(event, heard):
    name = event["type"] + (f".{event['channel_type']}" if "channel_type" in event else "")

    assert payloads.said_to_bot(event) is heard
    assert (name in declared()["settings"]["event_subscriptions"]["bot_events"]) is heard


def test_every_declared_shortcut_is_handled():
    assert [one["callback_id"] for one in declared()["features"]["shortcuts"]] == [shortcuts.EXPLAIN]
    assert {one["type"] for one in declared()["features"]["shortcuts"]} == {"message"}


def test_one_listener_takes_each_kind_of_payload():
    app = AsyncApp(token="xoxb-1", signing_secret="s", process_before_response=True)

    async def handle(ack, body, context):
        await ack()

    dispatch.register(
        app,
        command=handle,
        action=handle,
        submission=handle,
        closed=handle,
        shortcut=handle,
        options=handle,
        event=handle,
    )

    assert len(app._async_listeners) == 7


def test_http_mode_declares_one_address_for_everything_and_no_socket():
    manifest = for_configuration(command="/nim-test", url="https://bot.example.com/base/")

    address = "https://bot.example.com/base/slack/events"
    settings = manifest["settings"]
    assert settings["socket_mode_enabled"] is False
    assert settings["event_subscriptions"]["request_url"] == settings["interactivity"]["request_url"] == address
    assert [(one["command"], one["url"]) for one in manifest["features"]["slash_commands"]] == [("/nim-test", address)]


def test_an_address_that_slack_cannot_send_to_is_refused():
    with pytest.raises(SettingsError, match="https"):
        printed(command="/nim", url="http://bot.example.com")
