"""The small checks that the Block Kit table is made of. Each appends Slack's words and a JSON pointer."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

Json = dict[str, Any]
Check = Callable[["Validator", Any, str], None]


@dataclass(slots=True)
class Validator:
    surface: str
    """`message`, `modal` or `home`."""
    problems: list[str] = field(default_factory=list)

    def fail(self, text: str, pointer: str) -> None:
        self.problems.append(f"{text} [json-pointer:{pointer}]")


def string(low: int = 0, high: int = 3000, pattern: str = "") -> Check:
    def check(v: Validator, value: Any, at: str) -> None:
        if not isinstance(value, str):
            v.fail("must be a string", at)
        elif len(value) < low:
            v.fail(f"must be more than {low - 1} characters", at)
        elif len(value) > high:
            v.fail(f"must be less than {high + 1} characters", at)
        elif pattern and not re.fullmatch(pattern, value):
            v.fail("does not match the expected format", at)

    return check


def integer(low: int, high: int) -> Check:
    def check(v: Validator, value: Any, at: str) -> None:
        if not isinstance(value, int) or isinstance(value, bool):
            v.fail("must be an integer", at)
        elif not low <= value <= high:
            v.fail(f"must be between {low} and {high}", at)

    return check


def boolean(v: Validator, value: Any, at: str) -> None:
    if not isinstance(value, bool):
        v.fail("must be a boolean", at)


def enum(*allowed: str) -> Check:
    def check(v: Validator, value: Any, at: str) -> None:
        if value not in allowed:
            v.fail("must be a valid enum value", at)

    return check


def anything(v: Validator, value: Any, at: str) -> None:
    """Checked elsewhere, or of no limit worth knowing."""


def text(high: int = 3000, *kinds: str, low: int = 1) -> Check:
    allowed = kinds or ("plain_text", "mrkdwn")

    def check(v: Validator, value: Any, at: str) -> None:
        if not isinstance(value, dict):
            v.fail("must be an object", at)
        elif value.get("type") not in allowed:
            v.fail(f"must be one of: {', '.join(allowed)}", f"{at}/type")
        else:
            flag = "emoji" if value["type"] == "plain_text" else "verbatim"
            fields = {"type": need(anything), "text": need(string(low, high)), flag: may(boolean)}
            check_fields(v, value, at, fields)

    return check


def plain(high: int) -> Check:
    return text(high, "plain_text")


def items(check_item: Check, low: int, high: int) -> Check:
    def check(v: Validator, value: Any, at: str) -> None:
        if not isinstance(value, list):
            v.fail("must be an array", at)
        elif len(value) < low:
            v.fail(f"no fewer than {low} items allowed", at)
        elif len(value) > high:
            v.fail(f"no more than {high} items allowed", at)
        else:
            for index, item in enumerate(value):
                check_item(v, item, f"{at}/{index}")

    return check


@dataclass(frozen=True, slots=True)
class Field:
    check: Check
    required: bool


def need(check: Check) -> Field:
    return Field(check, required=True)


def may(check: Check) -> Field:
    return Field(check, required=False)


def check_fields(v: Validator, value: Any, at: str, fields: dict[str, Field]) -> None:
    if not isinstance(value, dict):
        v.fail("must be an object", at)
        return
    for name, rule in fields.items():
        if value.get(name) is None:
            if rule.required:
                v.fail(f"missing required field: {name}", at)
        else:
            rule.check(v, value[name], f"{at}/{name}")
    for name in value.keys() - fields.keys():
        v.fail(f"invalid additional property: {name}", at)


def shape(**fields: Field) -> Check:
    return lambda v, value, at: check_fields(v, value, at, fields)
