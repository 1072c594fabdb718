"""Block Kit by the shortest words, for the tests."""

from __future__ import annotations

from typing import Any

Json = dict[str, Any]


def plain(text: str) -> Json:
    return {"type": "plain_text", "text": text}


def md(text: str) -> Json:
    return {"type": "mrkdwn", "text": text}


def section(text: str = "words", **more: Any) -> Json:
    return {"type": "section", "text": md(text), **more}


def button(label: str = "Press", action_id: str = "press", **more: Any) -> Json:
    return {"type": "button", "action_id": action_id, "text": plain(label), **more}


def actions(*elements: Json, block_id: str = "acts") -> Json:
    return {"type": "actions", "block_id": block_id, "elements": list(elements)}


def option(label: str, value: str = "") -> Json:
    return {"text": plain(label), "value": value or label}


def select(*options: Json, action_id: str = "pick", **more: Any) -> Json:
    return {"type": "static_select", "action_id": action_id, "options": list(options), **more}


def field(block_id: str = "why", label: str = "Reason", element: Json | None = None, **more: Any) -> Json:
    element = element or {"type": "plain_text_input", "action_id": "text"}
    return {"type": "input", "block_id": block_id, "label": plain(label), "element": element, **more}


def modal(*blocks: Json, callback_id: str = "form", **more: Any) -> Json:
    return {
        "type": "modal", "callback_id": callback_id, "title": plain("A form"), "submit": plain("Send"),
        "blocks": list(blocks), **more,
    }  # fmt: skip
