"""Is this valid Block Kit? Slack's rules as one table over plain dictionaries.

Each row names the fields of one object, whether they are required, and what may stand in them. The messages and
pointers follow Slack's; only the code and the pointer are meant to be relied upon.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any

from sandbox.workspace.shapes import (
    Check,
    Field,
    Json,
    Validator,
    anything,
    boolean,
    check_fields,
    enum,
    integer,
    items,
    may,
    need,
    plain,
    shape,
    string,
    text,
)


def one_of(kinds: dict[str, dict[str, Field]], *allowed: str) -> Check:
    """An object whose `type` picks the row; `allowed` narrows which types may stand here."""

    def check(v: Validator, value: Any, at: str) -> None:
        kind = value.get("type") if isinstance(value, dict) else None
        if not isinstance(kind, str) or kind not in kinds or (allowed and kind not in allowed):
            v.fail(f"unsupported type: {kind}", f"{at}/type" if isinstance(value, dict) else at)
            return
        check_fields(v, value, at, {"type": need(anything), **kinds[kind]})
        if rule := CROSS_RULES.get(kind):
            rule(v, value, at)

    return check


CONFIRM = shape(
    title=need(plain(100)), text=need(text(300)), confirm=need(plain(30)), deny=need(plain(30)),
    style=may(enum("primary", "danger")),
)  # fmt: skip
OPTION = shape(text=need(text(75)), value=need(string(1, 150)), description=may(text(75)), url=may(string(1, 3000)))
OPTION_GROUP = shape(label=need(plain(75)), options=need(items(OPTION, 1, 100)))
DISPATCH = shape(trigger_actions_on=need(items(enum("on_enter_pressed", "on_character_entered"), 1, 2)))
FILTER = shape(include=may(anything), exclude_external_shared_channels=may(boolean), exclude_bot_users=may(boolean))
SLACK_FILE = shape(id=may(string(1, 255)), url=may(string(1, 3000)))

ID = may(string(0, 255))
_act = {"action_id": ID}
_held = {**_act, "confirm": may(CONFIRM), "focus_on_load": may(boolean)}
_menu = {**_held, "placeholder": may(plain(150))}
_many = {**_menu, "max_selected_items": may(integer(1, 100))}
_static = {"options": may(items(OPTION, 1, 100)), "option_groups": may(items(OPTION_GROUP, 1, 100))}
_typed = {
    **_act, "placeholder": may(plain(150)), "focus_on_load": may(boolean), "dispatch_action_config": may(DISPATCH),
}  # fmt: skip
_ids = items(string(1, 40), 1, 100)
_conversation = {"default_to_current_conversation": may(boolean), "filter": may(FILTER)}
_picture = {
    "image_url": may(string(1, 3000)), "slack_file": may(SLACK_FILE), "alt_text": need(string(1, 2000)),
}  # fmt: skip

ELEMENTS: dict[str, dict[str, Field]] = {
    "button": {
        **_act, "text": need(plain(75)), "value": may(string(0, 2000)), "url": may(string(1, 3000)),
        "style": may(enum("primary", "danger")), "confirm": may(CONFIRM), "accessibility_label": may(string(1, 75)),
    },
    "overflow": {**_act, "options": need(items(OPTION, 1, 5)), "confirm": may(CONFIRM)},
    "static_select": {**_menu, **_static, "initial_option": may(OPTION)},
    "multi_static_select": {**_many, **_static, "initial_options": may(items(OPTION, 1, 100))},
    "external_select": {**_menu, "min_query_length": may(integer(0, 3000)), "initial_option": may(OPTION)},
    "multi_external_select": {
        **_many, "min_query_length": may(integer(0, 3000)), "initial_options": may(items(OPTION, 1, 100)),
    },
    "users_select": {**_menu, "initial_user": may(string(1, 40))},
    "multi_users_select": {**_many, "initial_users": may(_ids)},
    "conversations_select": {
        **_menu, **_conversation, "initial_conversation": may(string(1, 40)), "response_url_enabled": may(boolean),
    },
    "multi_conversations_select": {**_many, **_conversation, "initial_conversations": may(_ids)},
    "channels_select": {**_menu, "initial_channel": may(string(1, 40)), "response_url_enabled": may(boolean)},
    "multi_channels_select": {**_many, "initial_channels": may(_ids)},
    "radio_buttons": {**_held, "options": need(items(OPTION, 1, 10)), "initial_option": may(OPTION)},
    "checkboxes": {
        **_held, "options": need(items(OPTION, 1, 10)), "initial_options": may(items(OPTION, 1, 10)),
    },
    "datepicker": {**_menu, "initial_date": may(string(10, 10, r"\d{4}-\d\d-\d\d"))},
    "timepicker": {**_menu, "initial_time": may(string(5, 5, r"\d\d:\d\d")), "timezone": may(string(1, 100))},
    "datetimepicker": {**_held, "initial_date_time": may(integer(10**9, 10**10 - 1))},
    "plain_text_input": {
        **_typed, "initial_value": may(string(0, 3000)), "multiline": may(boolean),
        "min_length": may(integer(0, 3000)), "max_length": may(integer(1, 3000)),
    },
    "number_input": {
        **_typed, "is_decimal_allowed": need(boolean), "initial_value": may(string(1, 40)),
        "min_value": may(string(1, 40)), "max_value": may(string(1, 40)),
    },
    "email_text_input": {**_typed, "initial_value": may(string(1, 3000))},
    "url_text_input": {**_typed, "initial_value": may(string(1, 3000))},
    "image": _picture,
}  # fmt: skip
_SELECTS = tuple(kind for kind in ELEMENTS if kind.endswith("_select"))
_PICKS = ("datepicker", "timepicker", "datetimepicker", "radio_buttons", "checkboxes")
_WRITTEN = ("plain_text_input", "number_input", "email_text_input", "url_text_input")

STYLE = shape(bold=may(boolean), italic=may(boolean), strike=may(boolean), code=may(boolean), underline=may(boolean))
LEAVES: dict[str, dict[str, Field]] = {
    "text": {"text": need(string(1, 20_000)), "style": may(STYLE)},
    "link": {
        "url": need(string(1, 3000)), "text": may(string(1, 3000)), "style": may(STYLE), "unsafe": may(boolean),
    },
    "user": {"user_id": need(string(1, 40)), "style": may(STYLE)},
    "usergroup": {"usergroup_id": need(string(1, 40)), "style": may(STYLE)},
    "channel": {"channel_id": need(string(1, 40)), "style": may(STYLE)},
    "broadcast": {"range": need(enum("here", "channel", "everyone")), "style": may(STYLE)},
    "emoji": {"name": need(string(1, 255)), "unicode": may(string(1, 100)), "style": may(STYLE)},
    "date": {
        "timestamp": need(integer(0, 10**11)), "format": need(string(1, 255)), "url": may(string(1, 3000)),
        "fallback": may(string(1, 3000)), "style": may(STYLE),
    },
    "color": {"value": need(string(1, 40)), "style": may(STYLE)},
}  # fmt: skip
_leaves = items(one_of(LEAVES), 0, 5000)
_border = may(integer(0, 1))
_section = {"elements": need(_leaves)}
RICH: dict[str, dict[str, Field]] = {
    "rich_text_section": _section,
    "rich_text_preformatted": {**_section, "border": _border, "language": may(string(1, 40))},
    "rich_text_quote": {**_section, "border": _border},
    "rich_text_list": {
        "elements": need(items(one_of({"rich_text_section": _section}), 0, 500)),
        "style": need(enum("bullet", "ordered")), "indent": may(integer(0, 8)), "border": _border,
        "offset": may(integer(0, 10**6)),
    },
}  # fmt: skip
_rich_elements = need(items(one_of(RICH), 1, 500))
CELLS: dict[str, dict[str, Field]] = {
    "raw_text": {"text": need(string(0, 10_000))},
    "raw_number": {"value": need(anything), "text": may(string(0, 1000))},
    "rich_text": {"elements": _rich_elements, "block_id": ID},
}
COLUMN = shape(align=may(enum("left", "center", "right")), is_wrapped=may(boolean))

BLOCKS: dict[str, dict[str, Field]] = {
    "section": {
        "block_id": ID, "text": may(text()), "fields": may(items(text(2000), 1, 10)), "expand": may(boolean),
        "accessory": may(one_of(ELEMENTS, "button", "overflow", "image", *_PICKS, *_SELECTS)),
    },
    "header": {"block_id": ID, "text": need(plain(150))},
    "divider": {"block_id": ID},
    "context": {
        "block_id": ID,
        "elements": need(items(one_of({
            "image": _picture,
            "plain_text": {"text": need(string(1, 3000)), "emoji": may(boolean)},
            "mrkdwn": {"text": need(string(1, 3000)), "verbatim": may(boolean)},
        }), 1, 10)),
    },
    "actions": {
        "block_id": ID, "elements": need(items(one_of(ELEMENTS, "button", "overflow", *_PICKS, *_SELECTS), 1, 25)),
    },
    "input": {
        "block_id": ID, "label": need(plain(2000)), "hint": may(plain(2000)), "optional": may(boolean),
        "dispatch_action": may(boolean), "element": need(one_of(ELEMENTS, *_PICKS, *_SELECTS, *_WRITTEN)),
    },
    "image": {"block_id": ID, **_picture, "title": may(plain(2000))},
    "rich_text": {"block_id": ID, "elements": _rich_elements},
    "markdown": {"block_id": ID, "text": need(string(1, 12_000))},
    "table": {
        "block_id": ID, "rows": need(items(items(one_of(CELLS), 1, 20), 1, 100)),
        "column_settings": may(items(COLUMN, 0, 20)),
    },
    "alert": {
        "block_id": ID, "text": need(text(200)), "level": may(enum("default", "info", "warning", "error", "success")),
    },
}  # fmt: skip
SURFACES = {
    "message": (50, frozenset(BLOCKS) - {"alert"}),
    "modal": (100, frozenset(BLOCKS) - {"markdown", "table"}),
    "home": (100, frozenset(BLOCKS) - {"markdown", "table", "alert"}),
}
VIEWS: dict[str, dict[str, Field]] = {
    "modal": {"title": need(plain(24)), "submit": may(plain(24)), "close": may(plain(24)), "notify_on_close":
              may(boolean), "clear_on_close": may(boolean), "submit_disabled": may(boolean)},
    "home": {},
}  # fmt: skip
_every_view = {
    "callback_id": may(string(0, 255)), "external_id": may(string(0, 255)), "private_metadata": may(string(0, 3000)),
    "blocks": need(anything),
}  # fmt: skip


def _either(*names: str) -> Callable[[Validator, Json, str], None]:
    def check(v: Validator, value: Json, at: str) -> None:
        given = [name for name in names if value.get(name)]
        if not given:
            v.fail(f"missing required field: {names[0]}", at)
        elif len(given) > 1:
            v.fail(f"only one of {', '.join(names)} allowed", at)

    return check


def _options(v: Validator, value: Json, at: str) -> None:
    if value["type"] in {"static_select", "multi_static_select"}:
        _either("options", "option_groups")(v, value, at)
    offered = [bare(option) for option in all_options(value)]
    for name in ("initial_option", "initial_options"):
        wanted = value.get(name)
        for option in wanted if isinstance(wanted, list) else [wanted] if wanted else []:
            if bare(option) not in offered:
                v.fail("must be one of the provided options", f"{at}/{name}")
    values = [option.get("value") for option in all_options(value) if isinstance(option, dict)]
    if value["type"] in {"radio_buttons", "checkboxes"} and len(values) != len(set(map(str, values))):
        v.fail("option values must be unique", f"{at}/options")


def _section_rule(v: Validator, value: Json, at: str) -> None:
    if not value.get("text") and not value.get("fields"):
        v.fail("missing required field: text", at)


CROSS_RULES: dict[str, Callable[[Validator, Json, str], None]] = {
    "section": _section_rule,
    "image": _either("image_url", "slack_file"),
    **dict.fromkeys(("static_select", "multi_static_select", "radio_buttons", "checkboxes"), _options),
}


def all_options(element: Json) -> list[Json]:
    grouped = [group.get("options", []) for group in element.get("option_groups") or () if isinstance(group, dict)]
    return [*(element.get("options") or ()), *(option for options in grouped for option in options)]


def bare(option: Any) -> Any:
    """An option without what is only decoration, to compare two of them."""
    if not isinstance(option, dict) or not isinstance(option.get("text"), dict):
        return option
    return (option.get("value"), option["text"].get("type"), option["text"].get("text"))


def elements_of(block: Json) -> list[Json]:
    """The interactive elements of a block, in order."""
    if block.get("type") == "actions":
        return [element for element in block.get("elements") or () if isinstance(element, dict)]
    found = [block.get("accessory") if block.get("type") == "section" else None]
    found.append(block.get("element") if block.get("type") == "input" else None)
    return [element for element in found if isinstance(element, dict) and element.get("type") != "image"]


def check_blocks(blocks: list[Any], surface: str, at: str = "/blocks") -> list[str]:
    """What is wrong with these blocks on that surface; empty if nothing is."""
    v = Validator(surface)
    limit, allowed = SURFACES[surface]
    items(one_of(BLOCKS, *allowed), 0, limit)(v, blocks, at)
    seen: set[str] = set()
    tables = focus = 0
    for index, block in enumerate(blocks):
        if not isinstance(block, dict):
            continue
        block_id = block.get("block_id")
        if block_id and block_id in seen:
            v.fail(f"duplicate block_id: {block_id}", f"{at}/{index}/block_id")
        seen.add(str(block_id))
        ids: set[str] = set()
        for number, element in enumerate(elements_of(block)):
            action_id = element.get("action_id")
            if action_id and action_id in ids:
                v.fail(f"`action_id` must be unique: {action_id}", f"{at}/{index}/elements/{number}/action_id")
            ids.add(str(action_id))
            focus += element.get("focus_on_load") is True
        tables += block.get("type") == "table"
    if tables > 1:
        v.fail("only one table allowed", at)
    if focus > 1:
        v.fail("only one element can have focus_on_load", at)
    return v.problems


def check_view(view: Json) -> list[str]:
    """What is wrong with a modal or Home view, as `views.*` reports it."""
    kind = str(view.get("type"))
    if kind not in VIEWS:
        return ["must be a valid enum value [json-pointer:/view/type]"]
    v = Validator(kind)
    check_fields(v, view, "/view", {"type": need(anything), **_every_view, **VIEWS[kind]})
    blocks = view.get("blocks")
    if not isinstance(blocks, list):
        return [*v.problems, "must be an array [json-pointer:/view/blocks]"]
    v.problems += check_blocks(blocks, kind, "/view/blocks")
    inputs = any(isinstance(block, dict) and block.get("type") == "input" for block in blocks)
    if kind == "modal" and inputs and not view.get("submit"):
        v.fail("missing required field: submit", "/view")
    return v.problems


def text_length(blocks: list[Any]) -> int:
    """Characters of all text in the blocks: Slack limits the sum, too."""
    return sum(len(found) for found in _texts(blocks))


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, list):
        for item in value:
            yield from _texts(item)
    elif isinstance(value, dict):
        for key, item in value.items():
            if key == "text" and isinstance(item, str):
                yield item
            elif isinstance(item, dict | list):
                yield from _texts(item)


def view_bytes(view: Json) -> int:
    return len(json.dumps(view, ensure_ascii=False).encode())
