"""Every rule of Block Kit that a message or view can break, with the pointer that Slack gives."""

from __future__ import annotations

import pytest

from sandbox.workspace.blockkit import check_blocks, check_view
from tests.workspace.kit import actions, button, field, md, modal, option, plain, section, select

many = [option(f"option {n}") for n in range(101)]
RICH = {"type": "rich_text", "elements": [{"type": "rich_text_section", "elements": [{"type": "text", "text": "x"}]}]}

BAD_BLOCKS = {
    "a type that does not exist": ({"type": "foo"}, "/blocks/0/type"),
    "a block that is no object": ("words", "/blocks/0"),
    "a section without text or fields": ({"type": "section"}, "/blocks/0"),
    "a text that is empty": (section(""), "/blocks/0/text/text"),
    "a section of more than 3000": (section("x" * 3001), "/blocks/0/text/text"),
    "eleven fields": ({"type": "section", "fields": [md("x")] * 11}, "/blocks/0/fields"),
    "a field of more than 2000": ({"type": "section", "fields": [md("x" * 2001)]}, "/blocks/0/fields/0/text"),
    "a property that does not exist": (section(colour="red"), "/blocks/0"),
    "a header in mrkdwn": ({"type": "header", "text": md("x")}, "/blocks/0/text/type"),
    "a header of more than 150": ({"type": "header", "text": plain("x" * 151)}, "/blocks/0/text/text"),
    "an image without alternative text": (
        {"type": "image", "image_url": "https://a.test/b.png"},
        "/blocks/0",
    ),
    "an image without a source": ({"type": "image", "alt_text": "x"}, "/blocks/0"),
    "an input field beside a section": (
        section(accessory={"type": "plain_text_input", "action_id": "a"}),
        "/blocks/0/accessory/type",
    ),
    "an image among actions": (actions({"type": "image", "image_url": "x", "alt_text": "x"}), "/blocks/0/elements/0/type"),
    "a button as an input": (field(element=button()), "/blocks/0/element/type"),
    "no elements": (actions(), "/blocks/0/elements"),
    "a long label": (actions(button("x" * 76)), "/blocks/0/elements/0/text/text"),
    "a long value": (actions(button(value="x" * 2001)), "/blocks/0/elements/0/value"),
    "a style that does not exist": (actions(button(style="blue")), "/blocks/0/elements/0/style"),
    "a confirm dialog without a text": (
        actions(button(confirm={"title": plain("t"), "confirm": plain("y"), "deny": plain("n")})),
        "/blocks/0/elements/0/confirm",
    ),
    "the same action id twice": (actions(button(), button()), "/blocks/0/elements/1/action_id"),
    "a menu without options": (actions(select()), "/blocks/0/elements/0/options"),
    "101 options": (actions(select(*many)), "/blocks/0/elements/0/options"),
    "an option text of more than 75": (actions(select(option("x" * 76, "v"))), "/blocks/0/elements/0/options/0/text/text"),
    "an option value of more than 150": (actions(select(option("x", "v" * 151))), "/blocks/0/elements/0/options/0/value"),
    "options and groups together": (
        actions(select(option("a"), option_groups=[{"label": plain("g"), "options": [option("a")]}])),
        "/blocks/0/elements/0",
    ),
    "an initial option that is not offered": (
        actions(select(option("a"), initial_option=option("b"))),
        "/blocks/0/elements/0/initial_option",
    ),
    "six overflow options": (
        actions({"type": "overflow", "action_id": "o", "options": many[:6]}),
        "/blocks/0/elements/0/options",
    ),
    "eleven radio buttons": (
        actions({"type": "radio_buttons", "action_id": "o", "options": many[:11]}),
        "/blocks/0/elements/0/options",
    ),
    "a date that is none": (
        actions({"type": "datepicker", "action_id": "d", "initial_date": "24.11.2026"}),
        "/blocks/0/elements/0/initial_date",
    ),
    "eleven things in a context": ({"type": "context", "elements": [md("x")] * 11}, "/blocks/0/elements"),
    "a rich text leaf that does not exist": (
        {"type": "rich_text", "elements": [{"type": "rich_text_section", "elements": [{"type": "image"}]}]},
        "/blocks/0/elements/0/elements/0/type",
    ),
    "a quote in a list": (
        {"type": "rich_text", "elements": [{"type": "rich_text_list", "style": "bullet", "elements": [
            {"type": "rich_text_quote", "elements": []}]}]},
        "/blocks/0/elements/0/elements/0/type",
    ),
    "a table of 101 rows": (
        {"type": "table", "rows": [[{"type": "raw_text", "text": "x"}]] * 101},
        "/blocks/0/rows",
    ),
    "an alert in a message": ({"type": "alert", "text": plain("x")}, "/blocks/0/type"),
}  # fmt: skip


@pytest.mark.parametrize(("block", "pointer"), BAD_BLOCKS.values(), ids=BAD_BLOCKS.keys())
def test_a_message_is_refused_for(block, pointer):
    problems = check_blocks([block], "message")
    assert any(f"[json-pointer:{pointer}]" in problem for problem in problems), problems


GOOD = [
    section(accessory=button()),
    actions(button(), select(option("a"), option("b"), initial_option=option("b"))),
    actions(button(), block_id="again"),
    {"type": "context", "elements": [md("x"), {"type": "image", "image_url": "https://a.test/x.png", "alt_text": "x"}]},
    {"type": "divider"},
    RICH,
    {"type": "table", "rows": [[{"type": "raw_text", "text": "x"}, RICH]]},
    {"type": "image", "slack_file": {"id": "F1"}, "alt_text": "bars", "title": plain("Counts")},
]


def test_a_valid_message_is_accepted():
    assert check_blocks(GOOD, "message") == []


def test_blocks_count_differently_on_each_surface():
    assert check_blocks([section()] * 50, "message") == []
    assert check_blocks([section()] * 51, "message") == ["no more than 50 items allowed [json-pointer:/blocks]"]
    assert check_view(modal(*[section()] * 100)) == []
    assert check_view(modal(*[section()] * 101)) == ["no more than 100 items allowed [json-pointer:/view/blocks]"]


def test_the_same_block_id_twice_is_refused():
    assert check_blocks([section(block_id="a"), section(block_id="a")], "message")


def test_two_tables_are_refused():
    table = {"type": "table", "rows": [[{"type": "raw_text", "text": "x"}]]}
    assert check_blocks([table, table], "message")


BAD_VIEWS = {
    "no title": ({"type": "modal", "blocks": [section()]}, "/view"),
    "a long title": (modal(section()) | {"title": plain("x" * 25)}, "/view/title/text"),
    "an input without submit": ({"type": "modal", "title": plain("t"), "blocks": [field()]}, "/view"),
    "too much private metadata": (modal(section(), private_metadata="x" * 3001), "/view/private_metadata"),
    "a table": (modal({"type": "table", "rows": [[{"type": "raw_text", "text": "x"}]]}), "/view/blocks/0/type"),
    "a type that does not exist": ({"type": "dialog", "blocks": []}, "/view/type"),
    "a title on Home": ({"type": "home", "title": plain("t"), "blocks": []}, "/view"),
    "two fields that want the focus": (
        modal(
            field("a", element={"type": "plain_text_input", "action_id": "a", "focus_on_load": True}),
            field("b", element={"type": "plain_text_input", "action_id": "b", "focus_on_load": True}),
        ),
        "/view/blocks",
    ),
}


@pytest.mark.parametrize(("view", "pointer"), BAD_VIEWS.values(), ids=BAD_VIEWS.keys())
def test_a_view_is_refused_for(view, pointer):
    problems = check_view(view)
    assert any(f"[json-pointer:{pointer}]" in problem for problem in problems), problems
