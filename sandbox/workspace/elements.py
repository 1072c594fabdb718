"""What interactive elements hold: their first value, a person's choice, and how both look in a payload."""

from __future__ import annotations

import re
import secrets
from typing import Any

from sandbox.workspace.blockkit import all_options, elements_of
from sandbox.workspace.state import Json

STATE_KEYS = {
    "plain_text_input": "value",
    "number_input": "value",
    "email_text_input": "value",
    "url_text_input": "value",
    "static_select": "selected_option",
    "external_select": "selected_option",
    "radio_buttons": "selected_option",
    "multi_static_select": "selected_options",
    "multi_external_select": "selected_options",
    "checkboxes": "selected_options",
    "users_select": "selected_user",
    "multi_users_select": "selected_users",
    "conversations_select": "selected_conversation",
    "multi_conversations_select": "selected_conversations",
    "channels_select": "selected_channel",
    "multi_channels_select": "selected_channels",
    "datepicker": "selected_date",
    "timepicker": "selected_time",
    "datetimepicker": "selected_date_time",
}
_EMAIL = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+")


class ChoiceError(Exception):
    """The element does not offer what was chosen."""


def fill_ids(blocks: list[Any]) -> list[Json]:
    """A copy as Slack stores it: block and action ids present, text flags spelled out."""
    filled = [_spell_out(block) for block in blocks]
    for block in filled:
        block.setdefault("block_id", secrets.token_urlsafe(4)[:5])
        for element in elements_of(block):
            element.setdefault("action_id", secrets.token_urlsafe(4)[:5])
    return filled


def _spell_out(value: Any) -> Any:
    if isinstance(value, list):
        return [_spell_out(item) for item in value]
    if not isinstance(value, dict):
        return value
    copy = {key: _spell_out(item) for key, item in value.items()}
    if copy.get("type") == "plain_text":
        copy.setdefault("emoji", True)
    elif copy.get("type") == "mrkdwn":
        copy.setdefault("verbatim", False)
    return copy


def first_state(element: Json) -> Json | None:
    """None for elements without a state, such as buttons."""
    kind = str(element["type"])
    key = STATE_KEYS.get(kind)
    if key is None:
        return None
    initial = element.get("initial_" + key.removeprefix("selected_"))
    if initial is None and key.endswith("s"):
        initial = []
    return {"type": kind, key: initial}


def all_values(blocks: list[Json], given: Json) -> Json:
    """`state.values`: what the person set, else the element's first value."""
    values: Json = {}
    for block in blocks:
        for element in elements_of(block):
            state = given.get(block["block_id"], {}).get(element["action_id"]) or first_state(element)
            if state is not None and state["type"] == element["type"]:
                values.setdefault(block["block_id"], {})[element["action_id"]] = state
    return values


def chosen(element: Json, choice: Any, loaded: list[Json] | None = None) -> Json:
    """The state after a person's choice, named as the person sees it or by value.

    `loaded` are the options that an external menu offered. Raises ChoiceError.
    """
    kind = str(element["type"])
    key = STATE_KEYS[kind]
    if key == "selected_option":
        return {"type": kind, key: None if choice in (None, "") else pick(element, choice, loaded)}
    if key == "selected_options":
        wanted = choice if isinstance(choice, list) else [choice] if choice else []
        return {"type": kind, key: [pick(element, item, loaded) for item in wanted]}
    if key.endswith("s"):
        return {"type": kind, key: list(choice or [])}
    if kind == "datetimepicker":
        return {"type": kind, key: int(choice) if choice else None}
    return {"type": kind, key: str(choice) if choice not in (None, "") else None}


def pick(element: Json, wanted: Any, loaded: list[Json] | None = None) -> Json:
    offered = loaded if loaded is not None else all_options(element)
    for option in offered:
        if wanted in (option.get("value"), option["text"]["text"]):
            return option
    names = ", ".join(repr(option["text"]["text"]) for option in offered[:10])
    raise ChoiceError(f"no option {wanted!r}; offered are {names or 'none'}")


def action(block: Json, element: Json, state: Json | None, stamp: str, option: Json | None = None) -> Json:
    """The entry in a payload's `actions`."""
    entry = {"type": element["type"], "block_id": block["block_id"], "action_id": element["action_id"]}
    for key in ("text", "value", "style", "placeholder", "url"):
        if key in element and (element["type"] == "button" or key == "placeholder"):
            entry[key] = element[key]
    entry |= {key: item for key, item in element.items() if key.startswith("initial_")}
    if state is not None:
        entry |= {key: item for key, item in state.items() if key != "type"}
    if option is not None:
        entry["selected_option"] = option
    return entry | {"action_ts": stamp}


def input_errors(blocks: list[Json], values: Json) -> dict[str, str]:
    """What the client itself refuses before a modal is sent: block id → message."""
    errors = {}
    for block in blocks:
        if block["type"] != "input":
            continue
        element = block["element"]
        state = values.get(block["block_id"], {}).get(element["action_id"]) or {}
        value = state.get(STATE_KEYS[element["type"]])
        if value in (None, "", []):
            if not block.get("optional"):
                errors[block["block_id"]] = "Please complete this required field."
        elif problem := _problem(element, value):
            errors[block["block_id"]] = problem
    return errors


def _problem(element: Json, value: Any) -> str:
    kind = element["type"]
    if kind == "plain_text_input":
        if len(value) < element.get("min_length", 0):
            return f"Must be at least {element['min_length']} characters."
        if len(value) > element.get("max_length", 3000):
            return f"Must be at most {element.get('max_length', 3000)} characters."
    elif kind == "number_input":
        try:
            number = float(value)
        except ValueError:
            return "Must be a number."
        if not element["is_decimal_allowed"] and "." in value:
            return "Must be a whole number."
        low, high = element.get("min_value"), element.get("max_value")
        if (low is not None and number < float(low)) or (high is not None and number > float(high)):
            return f"Must be between {low or '…'} and {high or '…'}."
    elif kind == "email_text_input" and not _EMAIL.fullmatch(value):
        return "Must be an email address."
    elif kind == "url_text_input" and not value.startswith(("http://", "https://")):
        return "Must be a link."
    return ""
