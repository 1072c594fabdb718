"""What is typed after the slash command."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.intents.command import Understood, Unknown, read
from bot.model.intent import Intent, Verb

VERBS = {verb.value: verb for verb in (Verb.HELP, Verb.STATUS, Verb.ORDERS, Verb.ORDER, Verb.JOB, Verb.JOBS, Verb.WHY)}
ENVIRONMENTS = ["production", "test"]


def understood(text: str) -> Intent:
    found = read(text, VERBS, ENVIRONMENTS)
    assert isinstance(found, Understood)
    return found.intent


@pytest.mark.parametrize(
    ("text", "intent"),
    [
        ("", Intent(Verb.DESK)),
        ("status", Intent(Verb.STATUS)),
        ("STATUS", Intent(Verb.STATUS)),
        ("order leroy AD", Intent(Verb.ORDER, "leroy AD")),
        ('job "AD Provisioning"', Intent(Verb.JOB, "AD Provisioning")),
        ("job “AD Provisioning”", Intent(Verb.JOB, "AD Provisioning")),
        ("why   leroy  ", Intent(Verb.WHY, "leroy")),
        ("orders errored --env test", Intent(Verb.ORDERS, "errored", "test")),
        ("orders —env TEST errored", Intent(Verb.ORDERS, "errored", "test")),
        ("orders errored in production", Intent(Verb.ORDERS, "errored", "production")),
        ("why is nobody in Lyon", Intent(Verb.WHY, "is nobody in Lyon")),
    ],
)
def test_a_command_is_read_as_it_is_meant(text, intent):
    assert understood(text) == intent


def test_an_environment_that_does_not_exist_is_kept_for_the_answer_to_say_so():
    assert understood("status --env prod").env == "prod"


def test_a_misspelt_command_brings_the_nearest_ones_first():
    found = read("ordrs errored", VERBS, ENVIRONMENTS)

    assert isinstance(found, Unknown)
    assert found.nearest[0] is Verb.ORDERS
    assert found.rest == "errored"


def test_words_that_come_near_nothing_bring_no_suggestion():
    found = read("zzzzzz", VERBS, ENVIRONMENTS)

    assert isinstance(found, Unknown)
    assert found.nearest == ()


@given(st.text(max_size=200))
def test_no_text_breaks_the_reading(text):
    assert isinstance(read(text, VERBS, ENVIRONMENTS), Understood | Unknown)
