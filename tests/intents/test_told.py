"""What somebody tells beside the question goes on with it, as far as a diagnosis may use it."""

import pytest

from bot.intents.told import LONGEST, tells_of_a_restore, told_in
from bot.model.intent import Intent, Verb


@pytest.mark.parametrize(
    "words",
    [
        "incremental does not pick up new servers since the restore",
        "the database was restored yesterday at 18:00",
        "depuis la restauration de la base, il manque des groupes",
        "we restored it from a backup",
        "somebody deleted the cookies on the agent",
    ],
)
def test_a_restore_of_the_database_is_told(words):
    assert told_in(words) == words
    assert tells_of_a_restore(words)


@pytest.mark.parametrize(
    "words",
    ["still nothing since the network was restored", "access is restored and she still has the old name"],
)
def test_other_things_that_are_restored_are_no_restore_of_the_database(words):
    assert "restor" not in told_in(words)
    assert not tells_of_a_restore(words)


def test_words_that_tell_nothing_are_not_kept():
    assert told_in("when was the last full sync of HR?") == ""


def test_long_words_are_cut_so_that_a_button_holds_them():
    assert len(told_in("still old " * 100)) == LONGEST


def test_a_button_carries_what_was_told():
    intent = Intent(Verb.SYNC, "AD", "production", told="since the restore")

    assert Intent.unpack(intent.pack()) == intent
    assert "told" not in Intent(Verb.SYNC, "AD").pack()
