"""The Slack app's manifest for one configuration: the command's name, and addresses in http mode."""

from typing import Any

import yaml

from bot.errors import SettingsError
from bot.shipped import shipped


def declared() -> dict[str, Any]:
    """The manifest as it ships."""
    read: dict[str, Any] = yaml.safe_load(shipped("manifest.yml").read_text(encoding="utf-8"))
    return read


def for_configuration(*, command: str, url: str = "") -> dict[str, Any]:
    """`url` is the bot's public address; with it the app is declared for http mode.

    Raises SettingsError when Slack could not send to that address.
    """
    manifest = declared()
    manifest["features"]["slash_commands"][0]["command"] = command
    if url:
        if not url.startswith("https://"):
            raise SettingsError(f"--http: {url!r} is no https:// address, and Slack sends to no other")
        events = f"{url.rstrip('/')}/slack/events"
        manifest["settings"]["socket_mode_enabled"] = False
        manifest["settings"]["event_subscriptions"]["request_url"] = events
        manifest["settings"]["interactivity"]["request_url"] = events
        manifest["features"]["slash_commands"][0]["url"] = events
    return manifest


def printed(*, command: str, url: str = "") -> str:
    return yaml.safe_dump(for_configuration(command=command, url=url), sort_keys=False, allow_unicode=True)
