from datetime import timedelta

import pytest

from bot.diagnosis.catalogue import classify
from bot.diagnosis.outlook import healed_cases, of_errored_orders, of_export, of_waiting
from bot.model.job import RunState, TaskKind
from tests.diagnosis.fakes import NOW, ago, job, task_run

HOURLY = job("1002", "AD_Delta", cron="0 * * * *")
DOWN = classify("No connection could be made because the target machine actively refused it.")


def exports(*states: str):
    named = {"ok": RunState.COMPLETED, "no": RunState.ERRORED}
    return [
        task_run(str(i), TaskKind.EXPORT, named[state], start=ago(hours=len(states) - i))
        for i, state in enumerate(states)
    ]


@pytest.mark.parametrize(
    ("states", "healed", "seen"),
    [((), 0, 0), (("ok", "ok"), 0, 0), (("no", "ok", "no", "no", "ok"), 2, 2), (("no", "ok", "no"), 1, 2)],
)
def test_spells_of_failures_are_counted_once(states, healed, seen):
    assert healed_cases(exports(*states)) == (healed, seen)


def test_what_may_pass_names_the_next_run_and_how_often_it_did():
    told = of_export(DOWN, HOURLY, exports("no", "ok", "no", "ok", "no"), NOW, "UTC")
    assert told is not None
    assert (told.heals, told.next_at, told.healed, told.seen) == (True, NOW + timedelta(hours=1), 2, 2)
    assert "2 of 2 such cases" in told.text


def test_a_wrong_password_never_heals():
    told = of_export(classify("ORA-01017: invalid username/password"), HOURLY, [], NOW, "UTC")
    assert told is not None
    assert not told.heals
    assert "lock the account" in told.text


def test_a_missing_right_never_heals():
    told = of_export(classify("Access is denied."), HOURLY, [], NOW, "UTC")
    assert told is not None
    assert not told.heals


def test_nothing_is_told_of_an_unknown_cause():
    assert of_export(classify("Gremlins"), HOURLY, [], NOW, "UTC") is None


def test_errored_orders_are_not_sent_again():
    assert not of_errored_orders("5a", classify("Access is denied."), [HOURLY], NOW, "UTC").heals


def test_unconfirmed_orders_may_be_confirmed_by_the_next_synchronization():
    told = of_errored_orders("5h", classify(""), [HOURLY], NOW, "UTC")
    assert (told.heals, told.next_at) == (True, NOW + timedelta(hours=1))


def test_what_waits_for_its_turn_needs_a_schedule():
    assert of_waiting([HOURLY], NOW, "UTC", what="takes it along").heals
    assert not of_waiting([job("1", "By_Hand")], NOW, "UTC", what="takes it along").heals
