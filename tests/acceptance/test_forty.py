"""The forty labelled worlds, asked in the words of somebody at a helpdesk: from the wire to the finding.

The label says what an expert would say. With the companion the answer must be that; without it, it may be less sure and
must say what is missing, and it is never sure of something else.
"""

from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio

from bot.desk.contract import as_object
from tests.acceptance.asking import NAMES, OPERATOR, World, allowed, label_of, world_of
from tests.acceptance.otherwise import OTHERWISE

pytestmark = [pytest.mark.slow, pytest.mark.timeout(180), pytest.mark.asyncio(loop_scope="module")]
RANK = {"unknown": 0, "possible": 1, "likely": 2, "confirmed": 3}
MOST_COLD = {6: 12, 8: 12}
"""Six requests (eight for symptoms 6 and 8), and four more for the catalogue; ten for the others."""
MOST_WARM = 9
"""Eight at most, and the look-up of the name that was said."""
LESS_SURE = {"s36": "possible"}
"""What is not looked up yet keeps a finding below its label: whether the accounts to be created exist in the target."""
_LAUNCHING = {"relaunch", "relaunch_complete", "resume", "unblock_one"}
GROUPED = [pytest.param(name, marks=pytest.mark.xdist_group(name)) for name in NAMES]
"""One scenario's questions go to one worker: its world is made once."""


@pytest_asyncio.fixture(scope="module", loop_scope="module", params=GROUPED)
async def labelled(request: pytest.FixtureRequest) -> AsyncIterator[tuple[World, dict[str, Any], str]]:
    async with world_of(request.param) as world:
        yield world, label_of(request.param), request.param


def certainty_of(label: dict[str, Any], name: str) -> str:
    """A label that tells what a person said of it is `likely` at most: it rests on that word."""
    certainty: str = LESS_SURE.get(name[:3], label["certainty"])
    return "likely" if "told" in label and RANK[certainty] > RANK["likely"] else certainty


async def test_the_finding_is_what_an_expert_would_say(labelled):
    world, label, name = labelled

    async with world.desk() as desk:
        answer = as_object(await desk.hear(OPERATOR, label["ask"]))
        again = as_object(await desk.hear(OPERATOR, label["ask"]))

    found = (answer["symptom"], answer["cause"], answer["certainty"])
    assert found == (label["symptom"], label.get("cause"), certainty_of(label, name)), answer
    offers = allowed(answer)
    assert set(label["offers"]) <= offers
    assert not set(label.get("not_offers", [])) & offers
    rows = {one["row"] for one in answer["contributing"]}
    assert set(label.get("contributing", [])) <= rows
    assert answer["requests"] <= MOST_COLD.get(label["symptom"], 10)
    assert again["requests"] <= MOST_WARM
    assert (again["symptom"], again["cause"], again["certainty"]) == found

    without = await world.asked(label["ask"], companion=False)

    assert RANK[without["certainty"]] <= RANK[answer["certainty"]]
    if without["certainty"] == "confirmed":
        assert without["cause"] in {label.get("cause"), *rows, *label.get("contributing", [])}
    assert not set(label.get("not_offers", [])) & allowed(without)
    if RANK[without["certainty"]] < RANK[answer["certainty"]]:
        assert without["missing"], "what could not be read is said"


async def test_other_words_for_the_same_find_the_same(labelled):
    world, label, name = labelled
    expected = (label["symptom"], label.get("cause"))

    async with world.desk() as desk:
        for words in OTHERWISE[name[:3]]:
            answer = as_object(await desk.hear(OPERATOR, words))
            assert (answer["symptom"], answer["cause"]) == expected, words
            assert RANK[answer["certainty"]] <= RANK[label["certainty"]], words
            assert not set(label.get("not_offers", [])) & allowed(answer), words


@pytest.mark.parametrize("name", GROUPED)
async def test_nothing_is_offered_while_a_run_is_in_progress(name):
    """Confounder 5.5: no action, and no certainty about what the run is changing."""
    label = label_of(name)
    async with world_of(f"{name}+job_running") as world:
        answer = await world.asked(label["ask"])

    assert not allowed(answer) & _LAUNCHING
    if answer["certainty"] == "confirmed":
        assert answer["cause"] in {None, label.get("cause")}
