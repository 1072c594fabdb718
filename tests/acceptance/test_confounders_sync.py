"""Failed exports and blocked synchronizations with a second circumstance (troubleshooting 5), from the wire to the finding.

What is expected then is the confounder's answer, and not the cause that the world was made for.
"""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from bot.desk.contract import as_object
from tests.acceptance.asking import OPERATOR, World, allowed, label_of, world_of

pytestmark = [pytest.mark.slow, pytest.mark.timeout(180), pytest.mark.asyncio(loop_scope="module")]
BLOCKED = "HR job says Threshold Exceeded"
AFTER_RESUME = ("why HR", BLOCKED, "job HR_Synchronization_Complete", "job HR_Synchronization_Delta")
FAILED_AD = "the AD export failed last night"
CATCHING_UP = """
title = "The agent stood still for three and a half days"
people = 1600

[time]
clock = "08:07"
history_days = 13

[[acts]]
at = "20:00-4d"
do = "agent"
running = false

[[acts]]
at = "now-1h"
do = "agent"
running = true
"""
USUAL_DAYS = {12: 41, 11: 44, 10: 39, 9: 46, 8: 42, 7: 45, 6: 40, 5: 43, 4: 44, 3: 42, 2: 41, 1: 40}
"""How many people HR changes so many days before the present."""


def in_world(name: str) -> Any:
    """Each world's tests go to one worker: it is made once for each."""
    return pytest.mark.parametrize("world", [pytest.param(name, marks=pytest.mark.xdist_group(name))], indirect=True)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def world(request: pytest.FixtureRequest) -> AsyncIterator[World]:
    async with world_of(request.param) as made:
        yield made


async def asked(world: World, *questions: str) -> list[dict[str, Any]]:
    async with world.desk() as desk:
        return [as_object(await desk.hear(OPERATOR, words)) for words in questions]


def found(answer: dict[str, Any]) -> tuple[int | None, str | None, str]:
    return answer["symptom"], answer["cause"], answer["certainty"]


def rows(answer: dict[str, Any]) -> set[str]:
    return {one["row"] for one in answer["contributing"]}


def facts(answer: dict[str, Any]) -> dict[str, str]:
    return {one["label"]: one["value"] for one in answer["evidence"]}


@in_world("s12+resumed_meanwhile")
async def test_5_19_a_wrong_resume_is_told_whatever_is_asked(world):
    for words, answer in zip(AFTER_RESUME, await asked(world, *AFTER_RESUME), strict=True):
        assert found(answer) == (3, "3a", "likely"), words
        assert "4,796 rows" in answer["title"], words
        assert "no longer blocked" in answer["text"], words
        assert {"5.19", "7a"} <= rows(answer), words
        assert facts(answer)["Resumed"] == "by Admin Karim", words
        assert not any(offer["action"] == "resume" for offer in answer["offers"]), words
        assert "approver resumes it" in answer["next"], words


@in_world("s12+resumed_meanwhile")
async def test_5_19_without_the_companion_it_says_no_more_and_offers_no_more(world):
    answer = await world.asked(BLOCKED, companion=False)

    assert (answer["cause"], answer["certainty"]) == ("3a", "likely")
    assert "resume" not in allowed(answer)


@in_world("s12+delivered_again")
async def test_3e_the_deleted_rows_come_back_and_their_block_may_be_resumed(world):
    (answer,) = await asked(world, BLOCKED)

    assert found(answer) == (3, "3e", "possible")
    assert "come back" in answer["text"]
    assert "resume" in allowed(answer)


@in_world("s12+repaired_meanwhile")
async def test_5_3_a_block_that_a_complete_run_has_settled_asks_for_nothing(world):
    (answer,) = await asked(world, BLOCKED)

    assert found(answer) == (3, "3h", "confirmed")
    assert not allowed(answer)


@in_world("s16+resumed_meanwhile")
async def test_5_19_a_reorganisation_that_was_resumed_is_settled(world):
    (answer,) = await asked(world, BLOCKED)

    assert found(answer) == (3, "3h", "confirmed")
    assert "650 updated" in answer["text"]
    assert rows(answer) == {"5.19"}
    assert not allowed(answer)


@in_world("s01+already_fixed")
async def test_5_3_an_export_that_goes_well_again_is_not_repaired_once_more(world):
    whole, delta = await asked(world, FAILED_AD, "job AD_Synchronization_Delta")

    assert found(whole) == (1, "1c", "confirmed")
    assert "resolved since" in whole["title"]
    assert "missed" in whole["next"]
    assert delta["cause"] is None


@in_world("s01+second_fault")
async def test_5_1_two_faults_at_once_are_two_findings(world):
    ad, sap = await asked(world, "why AD", "why SAP")

    assert found(ad) == (1, "1c", "confirmed")
    assert found(sap) == (1, "1a", "likely")


@in_world("s01+next_obstacle")
async def test_5_2_what_a_refused_logon_hides_is_told_once_it_is_repaired(world):
    job = label_of("s01-ad-password-expired")["job"]
    (before,) = await asked(world, "why AD")
    outside = world.sandbox.world
    outside.pull("credential:AD", "valid")
    outside.run_job(next(int(row["Id"]) for row in outside.store.rows("Job") if row["Identifier"] == job))
    outside.advance(120)
    (after,) = await asked(world, "why AD")

    assert found(before) == (1, "1c", "confirmed")
    assert found(after) == (3, "3c", "likely")
    assert "resume" not in allowed(after)


@in_world("s06+agent_clock")
async def test_5_4_a_slow_clock_changes_no_cause_that_the_log_tells(world):
    (answer,) = await asked(world, "why HR")

    assert found(answer) == (1, "1h", "confirmed")


async def test_5_4_files_of_a_slow_clock_are_not_called_old(tmp_path: Path):
    scenario = tmp_path / "slow-clock.toml"
    scenario.write_text(
        'title = "An agent whose clock is slow"\npeople = 120\n\n[time]\nclock = "08:07"\n\n'
        '[[acts]]\ndo = "clock-skew"\nseconds = -3600\n',
        encoding="utf-8",
    )

    async with world_of(scenario) as made:
        answers = await asked(made, "the SAP export failed", "no new files in ExportOutput for HR")

    for answer in answers:
        assert answer["cause"] is None, answer["title"]
        assert rows(answer) == {"5.4"}


async def test_3g_days_of_standstill_come_at_once(tmp_path: Path):
    scenario = tmp_path / "catching-up.toml"
    days = "".join(
        f'\n[[acts]]\nat = "12:00-{day}d"\ndo = "hr-routine"\ncount = {count}\n' for day, count in USUAL_DAYS.items()
    )
    scenario.write_text(CATCHING_UP + days, encoding="utf-8")

    async with world_of(scenario) as made:
        (answer,) = await asked(made, BLOCKED)

    assert found(answer) == (3, "3g", "likely"), answer
    assert "resume" in allowed(answer)
    assert "changes (middle of" in facts(answer)["Usual day"]


async def test_3g_a_standstill_does_not_excuse_a_mass_of_deletions(tmp_path: Path):
    scenario = tmp_path / "catching-up.toml"
    removed = '\n[[acts]]\nat = "now-2h"\ndo = "hr-remove"\npeople = "*"\ncount = 120\n'
    scenario.write_text(CATCHING_UP + removed, encoding="utf-8")

    async with world_of(scenario) as made:
        (answer,) = await asked(made, BLOCKED)

    assert answer["cause"] is None, answer
    assert "resume" not in allowed(answer)
