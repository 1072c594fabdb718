"""Hostile values: what they hold is shown, what they would do is taken away."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markupsafe import Markup

from bot.slack.clean import escaped, neutral, printed


def test_ordinary_names_stay_as_they_are():
    for name in ("Doe, John", "Ægir Þórsson", "Łukasz", "李 小龙", "O’Brien", "a  b", "line\nbreak", "🙂", "👩‍💻"):
        assert neutral(name) == name


def test_control_characters_are_shown_as_their_pictures():
    assert neutral("a\x00b\x07c\x1b[31m\x7f") == "a␀b␇c␛[31m␡"


@pytest.mark.parametrize(
    "mark", ["\u202e", "\u202a", "\u2066", "\u200f", "\u200b", "\ufeff", "\u2060", "\u00ad", "\x85"]
)
def test_what_nobody_can_see_becomes_visible(mark):
    assert neutral(f"evil{mark}gpj") == "evil\ufffdgpj"


def test_a_joiner_outside_an_emoji_is_shown():
    assert neutral("An\u200dne") == "An\ufffdne"


def test_a_right_to_left_name_is_isolated_from_its_neighbours():
    assert neutral("שלום") == "\u2068שלום\u2069"


def test_a_lone_surrogate_does_not_break_the_message():
    assert neutral("a\ud800b") == "a\ufffdb"


def test_markup_of_our_own_passes():
    assert printed(Markup("<b>")) == "<b>"
    assert printed(None) == ""
    assert printed(3) == 3


@given(st.text())
def test_no_value_holds_what_xml_forbids(value):
    shown = neutral(value)
    assert all(char in "\t\n\r" or ord(char) >= 0x20 for char in shown)
    assert not any(0xD800 <= ord(char) <= 0xDFFF or ord(char) in {0xFFFE, 0xFFFF} for char in shown)
    assert neutral(shown).strip("\u2068\u2069\ufffd") == shown.strip("\u2068\u2069\ufffd") or "\u2068" in shown


@given(st.text())
def test_escaping_leaves_no_control_character_of_slack(value):
    assert "<" not in escaped(value)
    assert ">" not in escaped(value)
