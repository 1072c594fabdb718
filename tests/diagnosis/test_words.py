"""Titles have an end: whole words, and a short name before anything is cut."""

import pytest

from bot.diagnosis.words import LONGEST_TITLE, title
from bot.model.ids import ConnectorId
from bot.model.job import Connector

HR = Connector(ConnectorId("2"), "HR", "Human resources")
LONG = "Human resources sync stopped: it would delete 4,796 of 4,812 rows: the file is blank"


def test_a_short_title_stays_as_it_is():
    assert title("Human resources sync stopped", HR) == "Human resources sync stopped"


def test_a_long_one_calls_the_connector_by_its_identifier():
    assert title(LONG, HR) == "HR sync stopped: it would delete 4,796 of 4,812 rows: the file is blank"


@pytest.mark.parametrize("size", range(60, 120))
def test_what_is_still_too_long_ends_after_a_whole_word(size):
    text = ("an earlier order on the same account waits for a review " * 3)[:size].strip()
    cut = title(text)
    assert len(cut) <= LONGEST_TITLE
    assert cut == text or text.startswith(f"{cut.removesuffix('…')} "), cut


def test_no_small_word_is_left_at_the_end():
    told = "Leroy Anne: AD account deletion in error: the service account may not delete in OU=Leavers"
    assert title(told).endswith("the service account may not delete…")


def test_one_endless_word_is_cut():
    assert title("x" * 200) == "x" * 79 + "…"
