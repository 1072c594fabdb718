"""The forty labelled worlds, asked in the words of somebody at a helpdesk: from the wire to the finding.

The label says what an expert would say. With the companion the answer must be that; without it, it may be less sure and
must say what is missing, and it is never sure of something else.
"""

from typing import Any

import pytest

from tests.acceptance.asking import NAMES, World, allowed, label_of, world_of

pytestmark = [pytest.mark.slow, pytest.mark.timeout(180)]
RANK = {"unknown": 0, "possible": 1, "likely": 2, "confirmed": 3}
MOST_REQUESTS = {6: 12, 8: 12}
"""Cold: six (eight for symptoms 6 and 8) and four more for the catalogue."""


@pytest.fixture(params=NAMES)
async def labelled(request: pytest.FixtureRequest):
    async with world_of(request.param) as world:
        yield world, label_of(request.param)


async def test_the_finding_is_what_an_expert_would_say(labelled: tuple[World, dict[str, Any]]):
    world, label = labelled
    expected = label.get("primary", {})
    symptom, cause = expected.get("symptom", label["symptom"]), expected.get("cause", label.get("cause"))

    answer = await world.asked(label["ask"])

    assert (answer["symptom"], answer["cause"], answer["certainty"]) == (symptom, cause, label["certainty"]), answer
    offers = allowed(answer)
    assert set(label["offers"]) <= offers
    assert not set(label.get("not_offers", [])) & offers
    rows = {one["row"] for one in answer["contributing"]}
    assert set(label.get("contributing", [])) <= rows
    assert answer["requests"] <= MOST_REQUESTS.get(symptom, 10)

    without = await world.asked(label["ask"], companion=False)

    assert RANK[without["certainty"]] <= RANK[answer["certainty"]]
    if without["certainty"] == "confirmed":
        assert without["cause"] in {cause, *rows, *label.get("contributing", [])}
    assert not set(label.get("not_offers", [])) & allowed(without)
    if RANK[without["certainty"]] < RANK[answer["certainty"]]:
        assert without["missing"], "what could not be read is said"


@pytest.mark.parametrize("name", NAMES)
async def test_nothing_is_offered_while_a_run_is_in_progress(name: str):
    """Confounder 5.5: no action, and no certainty about what the run is changing."""
    label = label_of(name)
    async with world_of(f"{name}+job_running") as world:
        answer = await world.asked(label["ask"])

    assert not allowed(answer) & {"relaunch", "relaunch_complete", "resume", "unblock_one"}
    if answer["certainty"] == "confirmed":
        assert answer["cause"] in {None, label.get("cause"), label.get("primary", {}).get("cause")}
