"""Our table of limits refuses what Slack refuses."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from slackblocks import _limits

from bot.model.message import Message, Modal
from bot.slack.blocks import faults, faults_of_message, faults_of_modal


def plain(text):
    return {"type": "plain_text", "text": text}


def button(**more):
    return {"type": "button", "action_id": "a", "text": plain("x"), **more}


def actions(*elements):
    return {"type": "actions", "elements": list(elements)}


def rich(*leaves):
    return {"type": "rich_text", "elements": [{"type": "rich_text_section", "elements": list(leaves)}]}


REFUSED = [
    ({"type": "header", "text": plain("x" * 151)}, "/blocks/0/text/text"),
    ({"type": "header", "text": {"type": "mrkdwn", "text": "x"}}, "/blocks/0/text"),
    ({"type": "header"}, "/blocks/0"),
    ({"type": "section", "text": plain("x" * 3001)}, "/blocks/0/text/text"),
    ({"type": "section", "text": plain("")}, "/blocks/0/text/text"),
    ({"type": "section"}, "/blocks/0"),
    ({"type": "section", "fields": [plain("x" * 2001)]}, "/blocks/0/fields/0/text"),
    ({"type": "section", "fields": [plain("x")] * 11}, "/blocks/0/fields"),
    (
        {"type": "section", "text": plain("x"), "accessory": {"type": "plain_text_input", "action_id": "a"}},
        "/blocks/0/accessory",
    ),
    ({"type": "context", "elements": [plain("x")] * 11}, "/blocks/0/elements"),
    ({"type": "context", "elements": []}, "/blocks/0/elements"),
    (actions(*[button(action_id=str(n)) for n in range(26)]), "/blocks/0/elements"),
    (actions(button(), button()), "/blocks/0/elements/1/action_id"),
    (actions(button(value="x" * 2001)), "/blocks/0/elements/0/value"),
    (actions(button(text=plain("x" * 76))), "/blocks/0/elements/0/text/text"),
    (actions(button(style="green")), "/blocks/0/elements/0/style"),
    (actions(button(url="javascript:1")), "/blocks/0/elements/0/url"),
    (actions(button(colour="red")), "/blocks/0/elements/0"),
    ({"type": "image", "image_url": "https://x.test"}, "/blocks/0"),
    ({"type": "image", "alt_text": "x"}, "/blocks/0"),
    ({"type": "marquee"}, "/blocks/0"),
    (rich({"type": "text", "text": ""}), "/blocks/0/elements/0/elements/0/text"),
    (rich({"type": "text", "text": "x", "style": {"blink": True}}), "/blocks/0/elements/0/elements/0/style"),
    (rich({"type": "date", "timestamp": "1"}), "/blocks/0/elements/0/elements/0"),
    ({"type": "input", "label": plain("x"), "element": {"type": "plain_text_input", "action_id": "a"}}, "/blocks/0"),
    ("text", "/blocks/0"),
]


@pytest.mark.parametrize(("block", "pointer"), REFUSED)
def test_what_slack_refuses_is_refused_with_its_pointer(block, pointer):
    assert pointer in [fault.pointer for fault in faults([block])]


def test_blocks_and_their_ids_are_counted():
    assert faults([{"type": "divider"}] * 51)[0].what == "no more than 50 items allowed"
    assert not faults([{"type": "divider"}] * 50)
    twice = [{"type": "divider", "block_id": "b"}] * 2
    assert [fault.pointer for fault in faults(twice)] == ["/blocks/1/block_id"]


def test_a_message_without_text_is_refused():
    assert faults_of_message(Message("")) != []


def test_a_modal_with_an_input_needs_a_submit():
    field = {"type": "input", "label": plain("x"), "element": {"type": "plain_text_input", "action_id": "a"}}
    assert [fault.pointer for fault in faults_of_modal(Modal("T", (field,)))] == ["/submit"]
    assert not faults_of_modal(Modal("T", (field,), submit="Go"))
    assert faults_of_modal(Modal("T" * 25, ()))[0].pointer == "/title"


def test_a_full_message_is_taken():
    option = {"text": plain("x"), "value": "v"}
    assert not faults(
        [
            {"type": "header", "text": plain("x" * 150)},
            {
                "type": "section",
                "text": {"type": "mrkdwn", "text": "x" * 3000, "verbatim": True},
                "accessory": button(),
            },
            {"type": "context", "elements": [plain("x")] * 10},
            actions(
                button(style="danger", value="x" * 2000, accessibility_label="x" * 75),
                {"type": "overflow", "action_id": "o", "options": [option] * 5},
            ),
            rich(
                {"type": "text", "text": "x", "style": {"bold": True, "code": True}}, {"type": "user", "user_id": "U1"}
            ),
            {"type": "divider"},
        ]
    )


@example({"type": "section", "text": None, "fields": True})
@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(max_size=5),
        lambda inner: (
            st.lists(inner, max_size=3)
            | st.dictionaries(
                st.sampled_from(["type", "text", "elements", "fields", "element"]),
                inner | st.sampled_from(["section", "actions", "rich_text", "plain_text"]),
                max_size=4,
            )
        ),
        max_leaves=12,
    )
)
def test_nonsense_is_refused_and_never_raises(nonsense):
    assert faults([nonsense]) or nonsense == {"type": "divider"}


def one(field, make):
    return lambda size: [make({"type": "button", "action_id": "a", "text": plain("x"), field: "x" * size})]


def in_input(element):
    return {"type": "input", "label": plain("x"), "element": element}


OPTION = {"text": plain("x"), "value": "v"}
MADE_AS_LARGE_AS = {
    "HEADER_TEXT_MAX_LENGTH": lambda size: [{"type": "header", "text": plain("x" * size)}],
    "SECTION_TEXT_MAX_LENGTH": lambda size: [{"type": "section", "text": plain("x" * size)}],
    "SECTION_FIELDS_MAX_ITEMS": lambda size: [{"type": "section", "fields": [plain("x")] * size}],
    "SECTION_FIELDS_ITEM_MAX_LENGTH": lambda size: [{"type": "section", "fields": [plain("x" * size)]}],
    "CONTEXT_ELEMENTS_MAX_ITEMS": lambda size: [{"type": "context", "elements": [plain("x")] * size}],
    "ACTIONS_ELEMENTS_MAX_ITEMS": lambda size: [actions(*[button(action_id=str(n)) for n in range(size)])],
    "BUTTON_TEXT_MAX_LENGTH": lambda size: [actions(button(text=plain("x" * size)))],
    "BUTTON_VALUE_MAX_LENGTH": one("value", actions),
    "BUTTON_ACCESSIBILITY_LABEL_MAX_LENGTH": one("accessibility_label", actions),
    "BUTTON_URL_MAX_LENGTH": lambda size: [actions(button(url="https://" + "x" * (size - 8)))],
    "ACTION_ID_MAX_LENGTH": one("action_id", actions),
    "BLOCK_ID_MAX_LENGTH": lambda size: [{"type": "divider", "block_id": "x" * size}],
    "OPTION_TEXT_MAX_LENGTH": lambda size: [
        actions({"type": "overflow", "action_id": "o", "options": [{**OPTION, "text": plain("x" * size)}]})
    ],
    "OPTION_VALUE_MAX_LENGTH": lambda size: [
        actions({"type": "overflow", "action_id": "o", "options": [{**OPTION, "value": "x" * size}]})
    ],
    "OVERFLOW_OPTIONS_MAX_ITEMS": lambda size: [
        actions({"type": "overflow", "action_id": "o", "options": [OPTION] * size})
    ],
    "SELECT_OPTIONS_MAX_ITEMS": lambda size: [
        actions({"type": "static_select", "action_id": "o", "options": [OPTION] * size})
    ],
    "CHECKBOXES_OPTIONS_MAX_ITEMS": lambda size: [
        in_input({"type": "checkboxes", "action_id": "o", "options": [OPTION] * size})
    ],
    "RADIO_BUTTONS_OPTIONS_MAX_ITEMS": lambda size: [
        in_input({"type": "radio_buttons", "action_id": "o", "options": [OPTION] * size})
    ],
    "PLAIN_TEXT_INPUT_PLACEHOLDER_MAX_LENGTH": lambda size: [
        in_input({"type": "plain_text_input", "action_id": "o", "placeholder": plain("x" * size)})
    ],
    "INPUT_LABEL_MAX_LENGTH": lambda size: [
        {**in_input({"type": "plain_text_input", "action_id": "o"}), "label": plain("x" * size)}
    ],
    "INPUT_HINT_MAX_LENGTH": lambda size: [
        {**in_input({"type": "plain_text_input", "action_id": "o"}), "hint": plain("x" * size)}
    ],
    "IMAGE_ALT_TEXT_MAX_LENGTH": lambda size: [{"type": "image", "image_url": "https://x", "alt_text": "x" * size}],
    "VIEW_BLOCKS_MAX_ITEMS": lambda size: [{"type": "divider"}] * size,
}


@pytest.mark.parametrize("name", MADE_AS_LARGE_AS)
def test_our_limits_are_those_that_slackblocks_knows(name):
    """A second table of the same numbers, kept by others: a drift between the two shows here."""
    limit = getattr(_limits, name)
    make = MADE_AS_LARGE_AS[name]
    assert not faults(make(limit), modal=True)
    assert faults(make(limit + 1), modal=True)
