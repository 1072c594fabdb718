"""Markup becomes Block Kit, element by element."""

import pytest

from bot.model.intent import Intent, Verb
from bot.slack.blocks import faults_of_message, faults_of_modal
from bot.slack.markup import BadMarkup, message, modal
from bot.slack.press import Press


def drawn(markup, presses=()):
    made = message(f"<Message>{markup}<Section>end</Section></Message>", presses, "test.j2")
    assert not faults_of_message(made)
    return list(made.blocks[:-1])


def leaves(markup):
    (block,) = drawn(f"<Section>{markup}</Section>")
    (section,) = block["elements"]
    return section["elements"]


def test_a_header_is_plain_text_without_emoji_codes():
    assert drawn("<Header>Failed :fire:</Header>") == [
        {"type": "header", "text": {"type": "plain_text", "text": "Failed :fire:", "emoji": False}}
    ]


def test_text_is_styled_by_elements_only():
    assert leaves("<b>bold</b> and *not* <code>a  b</code>") == [
        {"type": "text", "text": "bold", "style": {"bold": True}},
        {"type": "text", "text": " and *not* "},
        {"type": "text", "text": "a  b", "style": {"code": True}},
    ]


def test_blanks_of_the_template_run_together():
    assert leaves("\n   one\n   two <br/>\n  three  \n") == [{"type": "text", "text": "one two\nthree"}]


def test_a_moment_is_a_date_whose_fallback_names_the_zone():
    assert leaves('<time at="1712345678"/>') == [
        {
            "type": "date",
            "timestamp": 1712345678,
            "format": "{date_short_pretty} at {time}",
            "fallback": "5 Apr 2024, 19:34 UTC",
        }
    ]


def test_a_link_needs_an_address_of_the_web():
    assert leaves('<a href="https://identity.example.com/x">Review</a>')[0]["type"] == "link"
    assert leaves('<a href="javascript:alert(1)">Review</a>') == [{"type": "text", "text": "Review"}]


def test_lists_quotes_and_preformatted_text_stand_in_one_block():
    (block,) = drawn("<Section>Seen:<ul><li>one</li><li></li><li>two</li></ul><pre>a\n  b</pre>end</Section>")
    kinds = [part["type"] for part in block["elements"]]
    assert kinds == ["rich_text_section", "rich_text_list", "rich_text_preformatted", "rich_text_section"]
    assert len(block["elements"][1]["elements"]) == 2
    assert block["elements"][2]["elements"][0]["text"] == "a\n  b"


def test_a_long_list_counts_what_it_leaves_out():
    items = "".join(f"<li>{number}</li>" for number in range(60))
    (block,) = drawn(f"<Section><ul>{items}</ul></Section>")
    shown = block["elements"][0]["elements"]
    assert len(shown) == 26
    assert shown[-1]["elements"][0]["text"] == "… and 35 more"


def test_an_empty_section_leaves_no_block():
    assert drawn("<Section>  </Section><Context/><Header> </Header>") == []


def test_fields_hold_a_label_and_a_code_span():
    (block,) = drawn('<Section><Field label="Login">a`b&lt;!channel&gt;</Field></Section>')
    assert block["fields"] == [{"type": "mrkdwn", "text": "*Login*\n`aˋb&lt;!channel&gt;`", "verbatim": True}]


def test_a_label_that_could_format_goes_into_plain_text():
    (block,) = drawn('<Section><Field label="a*b">x</Field></Section>')
    assert block["fields"] == [{"type": "plain_text", "text": "a*b\nx", "emoji": False}]


def test_eleven_fields_go_on_in_a_second_block():
    fields = "".join(f'<Field label="L{number}">x</Field>' for number in range(11))
    assert [len(block["fields"]) for block in drawn(f"<Section>{fields}</Section>")] == [10, 1]


def test_small_print_is_plain_text_with_moments_between():
    (block,) = drawn('<Context>as of <time at="1712345678"/> *x*</Context>')
    assert [part["type"] for part in block["elements"]] == ["plain_text", "mrkdwn", "plain_text"]
    assert block["elements"][1]["text"].startswith("<!date^1712345678^")
    assert block["elements"][1]["text"].endswith("|5 Apr 2024, 19:34 UTC>")


def test_buttons_carry_intents_and_unique_action_ids():
    presses = [
        Press("One", Intent(Verb.ORDER, "1", "prod")),
        Press("Two", Intent(Verb.ORDER, "2", "prod")),
        Press("Again", Intent(Verb.ORDER, "1", "prod"), suffix="refresh"),
        Press("Look", url="https://identity.example.com"),
    ]
    (block,) = drawn("<Actions>" + "".join(f'<Button n="{n}"/>' for n in range(4)) + "</Actions>", presses)
    ids = [button["action_id"] for button in block["elements"]]
    assert ids == ["nim:order", "nim:order:2", "nim:order:refresh", "nim:open"]
    assert Intent.unpack(block["elements"][1]["value"]) == Intent(Verb.ORDER, "2", "prod")


def test_more_than_five_buttons_go_on_in_the_next_row():
    presses = [Press(str(n), Intent(Verb.ORDER, str(n))) for n in range(7)]
    rows = drawn("<Actions>" + "".join(f'<Button n="{n}"/>' for n in range(7)) + "</Actions>", presses)
    assert [len(row["elements"]) for row in rows] == [5, 2]


def test_only_the_first_button_that_changes_something_stands_out():
    presses = [Press("Test", Intent(Verb.UNBLOCK, "1")), Press("Relaunch", Intent(Verb.RELAUNCH, "2"))]
    rows = drawn('<Actions><Button n="0"/></Actions><Actions><Button n="1"/></Actions>', presses)
    assert [row["elements"][0].get("style") for row in rows] == ["primary", None]


def test_the_plain_text_says_all_that_the_blocks_say():
    made = message(
        "<Message><Header>H</Header><Section>a<br/>b<ul><li><b>c:</b> d</li></ul><pre>e\nf</pre></Section>"
        '<Section><Field label="G">h</Field></Section><Context>at <time at="0"/></Context></Message>',
        (),
        "test.j2",
    )
    assert made.text.splitlines() == ["H", "a", "b", "• c: d", "e", "f", "G: h", "at 1 Jan 1970, 00:00 UTC"]


def test_an_image_says_what_it_shows():
    (block,) = drawn('<Image src="https://x.test/a.png">Bars per table</Image>')
    assert block["alt_text"] == "Bars per table"


@pytest.mark.parametrize(
    ("markup", "says"),
    [
        ("<Message><Header>x</Message>", "not well formed"),
        ("<Message><Section>  </Section></Message>", "says nothing"),
        ("<Modal/>", "expected <Message>"),
        ("<Message><Blink>x</Blink></Message>", "unknown element"),
        ("<Message><Section><Header>x</Header></Section></Message>", "cannot stand in"),
        ("<Message><Section><b><ul/></b></Section></Message>", "cannot stand inside"),
        ('<Message><Actions><Button n="7"/></Actions></Message>', "index out of range"),
    ],
)
def test_a_broken_template_is_named(markup, says):
    with pytest.raises(BadMarkup, match=says) as caught:
        message(markup, (), "findings/x.j2")
    assert str(caught.value).startswith("findings/x.j2")


def test_a_modal_has_inputs_with_stable_ids():
    view = modal(
        '<Modal title="Ask" submit="Ask"><Tick name="agree" label="Confirm">yes</Tick>'
        '<Input name="note" label="Note" hint="h" placeholder="p" multiline="yes" optional="yes" max="10">old</Input></Modal>',
        (),
        "x.j2",
        callback_id="nim:ask",
        private_metadata="key",
    )
    assert not faults_of_modal(view)
    tick, note = view.blocks
    assert (tick["block_id"], tick["element"]["action_id"], tick["optional"]) == ("agree", "agree", False)
    assert (note["block_id"], note["element"]["initial_value"], note["optional"]) == ("note", "old", True)
