"""Which of the known names somebody meant."""

import pytest

from bot.intents.nearest import nearest

JOBS = [
    "AD_Synchronization_Complete",
    "AD_Synchronization_Delta",
    "HR_Synchronization_Complete",
    "AD_Provisioning",
    "ComputeRoleModel_All",
]


def match(words: str):
    return nearest(words, JOBS, lambda job: [job])


@pytest.mark.parametrize(
    ("words", "meant"),
    [
        ("AD_Provisioning", "AD_Provisioning"),
        ("ad provisioning", "AD_Provisioning"),
        ("ad prov", "AD_Provisioning"),
        ("AD_Provsioning", "AD_Provisioning"),
        ("hr sync", "HR_Synchronization_Complete"),
        ("compute role", "ComputeRoleModel_All"),
    ],
)
def test_words_that_name_one_thing_find_it(words, meant):
    assert match(words).sure == meant


def test_words_that_fit_two_things_bring_both_and_none_for_sure():
    found = match("ad sync")

    assert found.sure is None
    assert set(found.candidates) == {"AD_Synchronization_Complete", "AD_Synchronization_Delta"}


def test_words_that_fit_nothing_bring_nothing():
    assert match("mailbox of the queen").sure is None


def test_case_and_accents_do_not_count():
    assert nearest("eleonore", ["Éléonore", "Bernard"], lambda name: [name]).sure == "Éléonore"
