"""Three lengths of one finding, and the sentence for the caller: all made from the same object."""

from dataclasses import replace

import pytest

from bot.desk.wording import PUSH, push_line, ticket_of, to_caller
from bot.model.finding import Certainty, Fact
from bot.slack import samples
from bot.slack.render import Renderer
from bot.slack.sample_symptoms import of_symptom

NAMES = ("Leroy", "Mercier", "Doe")


@pytest.fixture
def named():
    return replace(
        samples.errored_orders(),
        title="Leroy, Anne: AD: access denied",
        title_public="AD: access denied",
        login="aleroy",
    )


@pytest.mark.parametrize("symptom", range(1, 9))
def test_a_push_line_fits_a_telephone_and_names_the_environment_and_the_certainty(symptom):
    line = push_line(of_symptom(symptom), "PRODUCTION")
    assert len(line) <= PUSH
    assert line.startswith("PRODUCTION: 162 of 199 changes")
    assert "Probable" in line


def test_a_long_title_is_cut_between_words():
    line = push_line(replace(samples.errored_orders(), title="word " * 80))
    assert len(line) <= PUSH
    assert line.endswith("word…")


def test_a_lock_screen_shows_no_name(named):
    assert push_line(named, "PRODUCTION") == (
        "PRODUCTION: AD: access denied. Certain. The AD team grants the right; then test with one of the deletions."
    )


def test_a_finding_s_message_begins_with_its_push_line_and_says_its_title_once(named):
    drawn = Renderer().answer(samples.answer_about(named))
    assert drawn.text.startswith(push_line(named, samples.LABEL) + "\n")
    plain = Renderer().answer(samples.answer_about(samples.errored_orders()))
    assert plain.text.count(samples.errored_orders().title) == 1


def test_a_ticket_is_complete_and_names_nobody_but_the_login(named):
    title, text = ticket_of(samples.answer_about(named))
    assert title == "AD: access denied"
    for part in (
        "PRODUCTION: AD: access denied",
        "Account: aleroy",
        "Cause (certain): Two causes",
        "150 deletions: the service account may not delete in OU=Leavers (orders: 150; certain).",
        "Orders: 771203, 771204, 771205, 771206, 771207 and 145 more.",
        "Passed: 37 of 199 changes (run 48260, 2026-03-03 02:14 UTC)",
        "Ruled out: network and password",
        "Done when: The tested order is executed",
        "Told to the caller: We know of it",
        "As of 2026-03-03 02:15 UTC.",
    ):
        assert part in text
    assert not [name for name in NAMES if name in text]


def test_a_ticket_says_where_the_way_to_the_account_stops():
    _, text = ticket_of(samples.answer_about(of_symptom(6)))
    assert "> job broken (the service account may not delete in OU=Leavers) > account not reached" in text


def test_a_person_in_a_distinguished_name_stays_out_of_a_ticket_and_the_place_stays_in():
    fact = Fact("Parent", "CN=Leroy\\, Anne,OU=Leavers,DC=corp,DC=example", "order 1")
    _, text = ticket_of(samples.answer_about(replace(samples.unknown(), evidence=(fact,))))
    assert "CN=…,OU=Leavers,DC=corp,DC=example" in text
    assert "Anne" not in text


def test_there_is_always_something_to_say_to_the_caller():
    silent = replace(samples.errored_orders(), say_to_caller="")
    assert to_caller(samples.errored_orders()).endswith("you need not call again.")
    assert to_caller(silent) == "We know what is wrong, and it is being repaired."
    assert to_caller(replace(silent, certainty=Certainty.UNKNOWN)).startswith("We are looking into it")
