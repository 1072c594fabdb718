"""A world in which nothing is wrong: no question brings a fault, whoever is asked about."""

import pytest

from bot.desk.contract import as_object
from tests.acceptance.asking import OPERATOR, world_of

pytestmark = [pytest.mark.slow, pytest.mark.timeout(180)]
PEOPLE = range(10001, 10021)
QUIET = {None, "2m", "6l"}
"""No row, or the rows that say: no fault is seen."""


async def test_a_quiet_world_gives_quiet_answers(tmp_path):
    scenario = tmp_path / "quiet.toml"
    scenario.write_text('title = "Nothing is wrong"\npeople = 120\n\n[time]\nclock = "10:37"\n', encoding="utf-8")
    asked = [
        *(f"{verb} {number}" for number in PEOPLE for verb in ("why", "sync")),
        *(f"the {system} export failed last night" for system in ("AD", "HR", "Entra", "SAP")),
        *(f"why {system}" for system in ("AD", "HR", "SAP")),
        "why jobs failed",
        "HR job says Threshold Exceeded",
        "job AD_Provisioning",
    ]

    async with world_of(scenario) as world, world.desk() as desk:
        for words in asked:
            answer = as_object(await desk.hear(OPERATOR, words))
            assert answer["cause"] in QUIET, (words, answer["title"])
