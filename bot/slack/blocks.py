"""What Slack accepts, as one table: messages and views are held against it before they are sent, and in tests.

Reports problems as Slack does: a JSON pointer and what is wrong there. Source: slack-platform 5.2 to 5.4. Only what
nimdesk draws is known, anything else is a problem.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from bot.model.message import Block, Message, Modal
from bot.slack.budget import units


@dataclass(frozen=True, slots=True)
class Fault:
    pointer: str
    what: str


Check = Callable[[Any, str], Iterator[Fault]]


def string(longest: int, shortest: int = 1) -> Check:
    def check(value: Any, at: str) -> Iterator[Fault]:
        if not isinstance(value, str):
            yield Fault(at, "must be a string")
        elif units(value) > longest:
            yield Fault(at, f"must be less than {longest + 1} characters")
        elif len(value) < shortest:
            yield Fault(at, f"must be more than {shortest - 1} characters")

    return check


def integer(lowest: int, highest: int) -> Check:
    def check(value: Any, at: str) -> Iterator[Fault]:
        if not isinstance(value, int) or isinstance(value, bool) or not lowest <= value <= highest:
            yield Fault(at, f"must be a whole number from {lowest} to {highest}")

    return check


def boolean(value: Any, at: str) -> Iterator[Fault]:
    if not isinstance(value, bool):
        yield Fault(at, "must be true or false")


def one_of(*values: str) -> Check:
    def check(value: Any, at: str) -> Iterator[Fault]:
        if value not in values:
            yield Fault(at, "must be a valid enum value")

    return check


def address(value: Any, at: str) -> Iterator[Fault]:
    yield from string(3000)(value, at)
    if isinstance(value, str) and not value.startswith(("https://", "http://")):
        yield Fault(at, "must be a valid URL")


def several(longest: int, *types: str, shortest: int = 1) -> Check:
    def check(value: Any, at: str) -> Iterator[Fault]:
        if not isinstance(value, list):
            yield Fault(at, "must be an array")
            return
        if len(value) > longest:
            yield Fault(at, f"no more than {longest} items allowed")
        if len(value) < shortest:
            yield Fault(at, f"must have at least {shortest} items")
        for number, part in enumerate(value):
            yield from typed(part, f"{at}/{number}", types)

    return check


def one(*types: str) -> Check:
    return lambda value, at: typed(value, at, types)


def text(longest: int, *kinds: str) -> Check:
    def check(value: Any, at: str) -> Iterator[Fault]:
        yield from typed(value, at, kinds or ("plain_text",))
        if isinstance(value, dict) and isinstance(value.get("text"), str) and units(value["text"]) > longest:
            yield Fault(f"{at}/text", f"must be less than {longest + 1} characters")

    return check


def style(*names: str) -> Check:
    def check(value: Any, at: str) -> Iterator[Fault]:
        if (
            not isinstance(value, dict)
            or set(value) - set(names)
            or not all(isinstance(on, bool) for on in value.values())
        ):
            yield Fault(at, "must be a valid style")

    return check


@dataclass(frozen=True, slots=True)
class Shape:
    """The fields of one type of object."""

    must: Mapping[str, Check]
    may: Mapping[str, Check]


_LEAVES: Final = ("text", "link", "user", "usergroup", "channel", "emoji", "date")
_PARTS: Final = ("rich_text_section", "rich_text_list", "rich_text_preformatted", "rich_text_quote")
_BUTTONS: Final = ("button", "overflow", "static_select")
_ID: Final = string(255)
_STYLE: Final = {"style": style("bold", "italic", "strike", "code", "underline")}

SHAPES: Final[dict[str, Shape]] = {
    # blocks
    "header": Shape({"text": text(150)}, {}),
    "divider": Shape({}, {}),
    "section": Shape(
        {},
        {
            "text": text(3000, "plain_text", "mrkdwn"),
            "fields": several(10, "plain_text", "mrkdwn"),
            "accessory": one(*_BUTTONS, "image"),
            "expand": boolean,
        },
    ),
    "context": Shape({"elements": several(10, "plain_text", "mrkdwn", "image")}, {}),
    "actions": Shape({"elements": several(25, *_BUTTONS)}, {}),
    "input": Shape(
        {"label": text(2000), "element": one("plain_text_input", "static_select", "radio_buttons", "checkboxes")},
        {"hint": text(2000), "optional": boolean, "dispatch_action": boolean},
    ),
    "image": Shape(
        {"alt_text": string(2000)},
        {"image_url": address, "slack_file": lambda _, __: iter(()), "title": text(2000)},
    ),
    "rich_text": Shape({"elements": several(100, *_PARTS)}, {}),
    # rich text
    "rich_text_section": Shape({"elements": several(1000, *_LEAVES)}, {}),
    "rich_text_quote": Shape({"elements": several(1000, *_LEAVES)}, {"border": integer(0, 1)}),
    "rich_text_preformatted": Shape({"elements": several(1000, "text", "link")}, {"border": integer(0, 1)}),
    "rich_text_list": Shape(
        {"elements": several(200, "rich_text_section"), "style": one_of("bullet", "ordered")},
        {"indent": integer(0, 8), "offset": integer(0, 10_000), "border": integer(0, 1)},
    ),
    "text": Shape({"text": string(12_000)}, _STYLE),
    "link": Shape({"url": address}, {"text": string(3000), **_STYLE}),
    "user": Shape({"user_id": _ID}, {"style": style("bold", "italic", "strike")}),
    "usergroup": Shape({"usergroup_id": _ID}, {"style": style("bold", "italic", "strike")}),
    "channel": Shape({"channel_id": _ID}, {"style": style("bold", "italic", "strike")}),
    "emoji": Shape({"name": _ID}, {}),
    "date": Shape({"timestamp": integer(0, 2**40), "format": string(255)}, {"fallback": string(255), "url": address}),
    # objects
    "plain_text": Shape({"text": string(3000)}, {"emoji": boolean}),
    "mrkdwn": Shape({"text": string(3000)}, {"verbatim": boolean}),
    "option": Shape({"text": text(75, "plain_text", "mrkdwn"), "value": string(150)}, {"description": text(75)}),
    "confirm": Shape(
        {"title": text(100), "text": text(300, "plain_text", "mrkdwn"), "confirm": text(30), "deny": text(30)},
        {"style": one_of("primary", "danger")},
    ),
    # elements
    "button": Shape(
        {"text": text(75), "action_id": _ID},
        {
            "value": string(2000),
            "url": address,
            "style": one_of("primary", "danger"),
            "accessibility_label": string(75),
            "confirm": one("confirm"),
        },
    ),
    "overflow": Shape({"options": several(5, "option"), "action_id": _ID}, {}),
    "static_select": Shape(
        {"options": several(100, "option"), "action_id": _ID},
        {"placeholder": text(150), "initial_option": one("option")},
    ),
    "radio_buttons": Shape({"options": several(10, "option"), "action_id": _ID}, {"initial_option": one("option")}),
    "checkboxes": Shape(
        {"options": several(10, "option"), "action_id": _ID}, {"initial_options": several(10, "option")}
    ),
    "plain_text_input": Shape(
        {"action_id": _ID},
        {
            "multiline": boolean,
            "initial_value": string(3000, 0),
            "placeholder": text(150),
            "min_length": integer(0, 3000),
            "max_length": integer(1, 3000),
        },
    ),
}
_UNTYPED: Final = frozenset({"option", "confirm"})
"""Objects that Slack knows by their place, without a `type`."""
ON_MESSAGES: Final = ("header", "divider", "section", "context", "actions", "image", "rich_text")
ON_MODALS: Final = (*ON_MESSAGES, "input")
BLOCKS_ON_MESSAGE: Final = 50
BLOCKS_ON_MODAL: Final = 100


def typed(value: Any, at: str, types: Sequence[str]) -> Iterator[Fault]:
    """Checks an object against the shape of its type, which must be one of `types`."""
    if not isinstance(value, dict):
        yield Fault(at, "must be an object")
        return
    kind = types[0] if types[0] in _UNTYPED else value.get("type")
    if not isinstance(kind, str) or kind not in types:
        yield Fault(at, f"unsupported type: {kind}")
        return
    shape = SHAPES[kind]
    known = {**shape.must, **shape.may}
    for name in shape.must:
        if name not in value:
            yield Fault(at, f"missing required field: {name}")
    for name, part in value.items():
        if name == "type" and kind not in _UNTYPED:
            continue
        if name == "block_id" and kind in ON_MODALS:
            yield from _ID(part, f"{at}/block_id")
        elif name not in known:
            yield Fault(at, f"no such field: {name}")
        else:
            yield from known[name](part, f"{at}/{name}")
    yield from _crossed(value, kind, at)


def _crossed(value: Block, kind: str, at: str) -> Iterator[Fault]:
    """Rules between fields of one object."""
    if kind == "section" and not value.get("text") and not value.get("fields"):
        yield Fault(at, "missing required field: text or fields")
    if kind == "section":
        fields = value.get("fields")
        for number, field in enumerate(fields if isinstance(fields, list | tuple) else ()):
            if isinstance(field, dict) and units(str(field.get("text", ""))) > 2000:  # noqa: PLR2004  # 5.2
                yield Fault(f"{at}/fields/{number}/text", "must be less than 2001 characters")
    if kind == "image" and ("image_url" in value) == ("slack_file" in value):
        yield Fault(at, "needs either image_url or slack_file")
    if kind == "actions":
        yield from _unique(value.get("elements"), "action_id", f"{at}/elements")


def _unique(parts: Any, field: str, at: str) -> Iterator[Fault]:
    seen: set[str] = set()
    for number, part in enumerate(parts if isinstance(parts, list | tuple) else ()):
        name = part.get(field) if isinstance(part, dict) else None
        if name is not None and name in seen:
            yield Fault(f"{at}/{number}/{field}", f"`{field}` must be unique")
        seen.add(str(name))


def faults(blocks: Sequence[Block], *, modal: bool = False) -> list[Fault]:
    """What Slack would refuse; empty when it takes them."""
    most, types = (BLOCKS_ON_MODAL, ON_MODALS) if modal else (BLOCKS_ON_MESSAGE, ON_MESSAGES)
    found = list(several(most, *types, shortest=0)(list(blocks), "/blocks"))
    return [*found, *_unique(list(blocks), "block_id", "/blocks")]


def faults_of_message(message: Message) -> list[Fault]:
    found = faults(message.blocks)
    if not message.text.strip():
        found.append(Fault("/text", "must not be empty"))
    return found


def faults_of_modal(view: Modal) -> list[Fault]:
    found = faults(view.blocks, modal=True)
    for name, value, least in (("title", view.title, 1), ("submit", view.submit, 0), ("close", view.close, 0)):
        found += string(24, least)(value, f"/{name}")
    found += string(255, 0)(view.callback_id, "/callback_id")
    found += string(3000, 0)(view.private_metadata, "/private_metadata")
    if not view.submit and any(block["type"] == "input" for block in view.blocks):
        found.append(Fault("/submit", "missing required field: submit"))
    return found
