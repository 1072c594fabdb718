"""Plain words: every phrasing of the guide and a hundred more, and what must never come of any of them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.intents.command import tidy
from bot.intents.meanings import Lost, Unsure, Wish
from bot.intents.names import Kind, Names, Thing
from bot.intents.plain import meaning, people_to_try
from bot.intents.sentence import parse
from bot.intents.told_apart import is_command
from bot.model.intent import Verb
from tests.intents.scene import NAMES, is_right, phrasings, told, understood, wishes

LISTED, OWN = 80, 100
READ_ONLY = {
    Verb.HELP,
    Verb.STATUS,
    Verb.JOBS,
    Verb.JOB,
    Verb.ORDERS,
    Verb.ORDER,
    Verb.USER,
    Verb.WHY,
    Verb.VALUE,
    Verb.ACCESS,
    Verb.SYNC,
    Verb.RULE,
}


def test_at_least_95_of_100_phrasings_reach_the_right_intent():
    every = list(phrasings())

    missed = [(one, told(meant)) for one in every if not is_right(one, meant := understood(one.text))]

    told_of = "\n".join(f"{one.text!r}: expected {one.means!r}, got {got!r}" for one, got in missed)
    assert len(every) >= LISTED + OWN
    assert len(missed) <= 0.05 * len(every), told_of


def test_no_phrasing_acts():
    for one in phrasings():
        assert {wish.verb for wish in wishes(understood(one.text))} <= READ_ONLY, one.text


@pytest.mark.parametrize("shape", [str.upper, str.lower, lambda text: f"  {text} ", lambda text: f"hey, {text} thanks"])
def test_most_phrasings_mean_the_same_however_they_are_written(shape):
    every = [one for one in phrasings() if not one.means.startswith(("lost", "help"))]

    same = [told(understood(shape(one.text))).casefold() == one.means.casefold() for one in every]

    assert sum(same) >= 0.9 * len(every)


words = st.sampled_from(sorted({word for one in phrasings() for word in one.text.split()}))


@given(st.lists(words, max_size=12).map(" ".join))
def test_no_mix_of_words_acts_or_breaks(text):
    assert {wish.verb for wish in wishes(understood(text))} <= READ_ONLY


@given(st.text(max_size=300))
def test_no_text_breaks_it(text):
    understood(text)


@given(st.permutations(NAMES.things))
def test_the_order_of_the_catalogue_does_not_count(things):
    shuffled = Names(tuple(things))

    for text in ("why is AD_Provisioning red", "the AD export failed", "orders SAP_User_NominativeUser blocked"):
        assert understood(text, shuffled) == understood(text)


def test_two_jobs_of_one_name_are_offered_and_none_is_taken():
    names = Names.of([Thing(Kind.JOB, "Nightly_1", ("Nightly run",)), Thing(Kind.JOB, "Nightly_2", ("Nightly run",))])

    meant = understood("why did the job “Nightly run” fail", names)

    assert isinstance(meant, Unsure)
    assert [wish.thing for wish in meant.options] == ["Nightly_1", "Nightly_2"]


def test_the_beginning_of_several_jobs_names_brings_them_as_candidates():
    names = Names.of(Thing(Kind.JOB, f"Payroll_{part}") for part in ("Import", "Export"))

    meant = understood("the job payroll failed", names)

    assert isinstance(meant, Unsure)
    assert {wish.thing for wish in meant.options} == {"Payroll_Import", "Payroll_Export"}


def test_a_slip_that_is_somebodys_name_means_that_person():
    sentence = parse(tidy("why is Blocker stuck"), Names())

    assert meaning(sentence, ["Blocker"]) == Wish(Verb.WHY, "Blocker", 4)


def test_without_a_catalogue_numbers_and_people_are_still_understood():
    assert understood("what's the error on order 771203", Names()) == Wish(Verb.ORDER, "771203", 5)
    assert understood("why is jdoe's account blocked", Names()) == Wish(Verb.WHY, "jdoe", 4)


def test_a_property_that_no_catalogue_shows_is_no_login():
    assert understood("which rule sets extensionAttribute5?", Names()) == Wish(Verb.RULE, "extensionAttribute5", 6)


def test_words_in_quotes_are_not_taken_for_somebody_where_somebody_else_is_found():
    sentence = parse(tidy("who requested “VPN – full” for jdoe"), Names())

    assert people_to_try(sentence) == ("VPN – full", "jdoe")
    assert meaning(sentence, ["jdoe"]) == Wish(Verb.ACCESS, "jdoe VPN – full", 8)


def test_nothing_is_lost_words():
    assert understood("") == Lost()


@pytest.mark.parametrize(
    ("verb", "rest", "command"),
    [
        (Verb.WHY, "leroy", True),
        (Verb.WHY, "is jdoe's AD account blocked?", False),
        (Verb.ORDERS, "errored AD_Entry_NominativeUser", True),
        (Verb.ORDERS, "stuck in Awaiting approval", False),
        (Verb.ORDERS, "failed", True),
        (Verb.JOBS, "failed", True),
        (Verb.JOB, "AD_Provisioning run 12", True),
        (Verb.JOB, "is orange since 3 am", False),
        (Verb.USER, "Jean de la Fontaine", True),
        (Verb.ACCESS, "jdoe Domain Admins", True),
        (Verb.ACCESS, "denied on all deletions", False),
        (Verb.SYNC, "", True),
        (Verb.SYNC, "ran but nothing changed", False),
        (Verb.ORDER, "123456 doesn't go through", False),
        (Verb.UNBLOCK, "jdoe please", False),
        (Verb.WHY, "so many new AD accounts tonight", False),
        (Verb.ORDERS, "on AD", False),
        (Verb.USER, "Will Smith", True),
        (Verb.ORDER, "Jean de la Fontaine AD", True),
    ],
)
def test_a_command_is_told_from_a_sentence_that_begins_like_one(verb, rest, command):
    assert is_command(rest, verb) is command
