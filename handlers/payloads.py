"""Slack's payloads read once: who, where, what. The only lines that know their shapes."""

import html
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from slack_bolt.async_app import AsyncBoltContext

from bot.model.actor import Place
from bot.model.intent import BadButton, Intent

_MENTION = re.compile(r"<@[UW][A-Z0-9]+(?:\|([^>]*))?>")
_CHANNEL = re.compile(r"<#[CG][A-Z0-9]+(?:\|([^>]*))?>")
_LINK = re.compile(r"<(?:https?|mailto):([^|>]+)(?:\|([^>]*))?>")


@dataclass(frozen=True, slots=True)
class Caller:
    """A person before their roles are known: the ids of their own workspace."""

    team_id: str
    user_id: str


def caller(context: AsyncBoltContext) -> Caller:
    return Caller(
        team_id=context.actor_team_id or context.team_id or "", user_id=context.actor_user_id or context.user_id or ""
    )


def typed_text(text: str) -> str:
    """What a person typed, with Slack's escapes undone and mentions as the names that were shown."""
    if "<" in text:
        text = _MENTION.sub(lambda found: found.group(1) or "", text)
        text = _CHANNEL.sub(lambda found: found.group(1) or "", text)
        text = _LINK.sub(lambda found: found.group(2) or found.group(1), text)
    return html.unescape(text).strip()


def place_of_command(body: Mapping[str, Any]) -> Place:
    return Place(channel=body["channel_id"], ephemeral=True, response_url=body.get("response_url", ""))


def place_of_press(body: Mapping[str, Any]) -> Place:
    """Where a button stood. In a modal there is no channel: the place travels in its private metadata."""
    container = body.get("container", {})
    if container.get("type") == "view":
        return Submission.read(body).place
    return Place(
        channel=body.get("channel", {}).get("id", "") or container.get("channel_id", ""),
        thread=container.get("thread_ts", ""),
        message=container.get("message_ts", ""),
        ephemeral=bool(container.get("is_ephemeral")),
        response_url=body.get("response_url", ""),
    )


@dataclass(frozen=True, slots=True)
class Pressed:
    """The first action of a press. `intent` is None for a link button, or for a value that nimdesk did not write."""

    action_id: str
    intent: Intent | None
    place: Place
    trigger_id: str
    in_view: bool
    view_id: str = ""

    @staticmethod
    def read(body: Mapping[str, Any]) -> "Pressed":
        action = body["actions"][0]
        chosen = action.get("selected_option") or {}
        value = action.get("value") or chosen.get("value") or ""
        try:
            intent = Intent.unpack(value)
        except BadButton:
            intent = None
        view = body.get("view") or {}
        return Pressed(
            action_id=str(action.get("action_id", "")),
            intent=intent,
            place=place_of_press(body),
            trigger_id=body.get("trigger_id", ""),
            in_view=body.get("container", {}).get("type") == "view",
            view_id=view.get("id", ""),
        )


def metadata(intent: Intent, place: Place) -> str:
    """What a modal carries: the wish and where it came from. References only; everything is read again on submit."""
    where = {"channel": place.channel, "thread": place.thread, "message": place.message, "ephemeral": place.ephemeral}
    return json.dumps({"intent": intent.pack(), "place": where}, separators=(",", ":"))


@dataclass(frozen=True, slots=True)
class Submission:
    """A submitted modal."""

    callback_id: str
    view_id: str
    intent: Intent
    place: Place
    values: Mapping[str, str | tuple[str, ...]]
    """By action id: text, the chosen value, or the chosen values."""

    @staticmethod
    def read(body: Mapping[str, Any]) -> "Submission":
        """Raises BadButton when the metadata is not what `metadata` writes."""
        view = body["view"]
        try:
            carried = json.loads(view.get("private_metadata") or "")
            where = carried["place"]
            place = Place(
                channel=str(where["channel"]),
                thread=str(where["thread"]),
                message=str(where["message"]),
                ephemeral=bool(where["ephemeral"]),
            )
            intent = Intent.unpack(carried["intent"])
        except (ValueError, KeyError, TypeError) as why:
            raise BadButton(str(why)) from why
        return Submission(view.get("callback_id", ""), view["id"], intent, place, dict(_values(view)))

    def text(self, action_id: str) -> str:
        value = self.values.get(action_id, "")
        return value if isinstance(value, str) else ""

    def ticked(self, action_id: str) -> tuple[str, ...]:
        value = self.values.get(action_id, ())
        return value if isinstance(value, tuple) else (value,)


def _values(view: Mapping[str, Any]) -> Any:
    for block in view.get("state", {}).get("values", {}).values():
        for action_id, state in block.items():
            if "selected_options" in state:
                yield action_id, tuple(option["value"] for option in state["selected_options"])
            elif "selected_option" in state:
                yield action_id, (state["selected_option"] or {}).get("value", "")
            else:
                yield action_id, str(state.get("value") or "")


def said_to_bot(event: Mapping[str, Any]) -> bool:
    """Whether an event is a person's new message to the bot; edits, bots and echoes are not (safety rule 10)."""
    if (
        event.get("bot_id")
        or event.get("subtype") not in {None, "file_share", "thread_broadcast"}
        or event.get("edited")
    ):
        return False
    return event.get("type") == "app_mention" or event.get("channel_type") == "im"


def without_bot(text: str, bot_user_id: str) -> str:
    return re.sub(rf"<@{re.escape(bot_user_id)}(?:\|[^>]*)?>", " ", text)
