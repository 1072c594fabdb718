"""The forty labelled worlds, asked in the words of somebody at a helpdesk: from the wire to the finding.

The label says what an expert would say. With the companion the answer must be that; without it, it may be less sure and
must say what is missing, and it is never sure of something else.
"""

import tomllib
from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any

import pytest
import pytest_asyncio

from bot.desk.commands import WRITES
from bot.desk.confirm import Prepared
from bot.desk.contract import as_object
from bot.desk.desk import Desk
from bot.model.intent import Intent, Verb
from sandbox.identity_manager.world.scenario import SHIPPED
from tests.acceptance.asking import NAMES, OPERATOR, World, allowed, label_of, world_of
from tests.acceptance.in_slack import an_operator, differences
from tests.acceptance.otherwise import OTHERWISE

pytestmark = [pytest.mark.slow, pytest.mark.timeout(180), pytest.mark.asyncio(loop_scope="module")]
RANK = {"unknown": 0, "possible": 1, "likely": 2, "confirmed": 3}
MOST_WARM = {6: 8, 8: 8}
"""Requests by symptom; seven for the others: six, and the look-up of the name or of the run that was meant."""
CATALOGUE = 4
"""Requests more for a bot that has read nothing before."""
LESS_SURE = {"s36": "possible"}
"""What is not looked up yet keeps a finding below its label: whether the accounts to be created exist in the target."""
CAUSE_BEHIND = {"s36": ("1c",)}
"""A confirmed cause that stands behind the labelled one: the export whose data are missing."""
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
        world.sandbox.server.requests.clear()
        again = as_object(await desk.hear(OPERATOR, label["ask"]))
        sent = [one for one in world.sandbox.server.requests if one["path"].startswith("/api/")]

    found = (answer["symptom"], answer["cause"], answer["certainty"])
    assert found == (label["symptom"], label.get("cause"), certainty_of(label, name)), answer
    offers = allowed(answer)
    assert set(label["offers"]) <= offers
    assert not set(label.get("not_offers", [])) & offers
    rows = {one["row"] for one in answer["contributing"]}
    assert set(label.get("contributing", [])) <= rows
    assert again["requests"] == len(sent), "Details lists all that was read"
    assert again["requests"] <= MOST_WARM.get(label["symptom"], 7)
    assert answer["requests"] <= again["requests"] + CATALOGUE
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


async def test_slack_shows_what_the_terminal_prints(labelled, tmp_path):
    world, label, _ = labelled

    async with an_operator(world, tmp_path) as omar:
        for env, companion in (("seeing", True), ("blind", False)):
            shown = await omar.types(f"{label['ask']} --env {env}", channel="#helpdesk")
            printed = await world.asked(label["ask"], companion=companion)

            assert differences(shown, printed) == [], env


async def test_what_a_run_in_progress_works_on_is_left_alone(labelled):
    """Confounder 5.5: no second run of that job, whatever is pressed, and no certainty about what it is changing.

    The last test of a world: from here on it is another one.
    """
    world, label, name = labelled
    start(world, name)

    answer = await world.asked(label["ask"])
    running = [row["JobId"] for row in world.sandbox.world.store.rows("JobInstance") if row["EndDate"] is None]
    launched = [await launched_by(world, offer) for offer in offers_of(answer) if offer["action"] in _LAUNCHING]

    assert running
    assert not {job for job in launched if job} & {str(job) for job in running}
    if answer["certainty"] == "confirmed":
        behind = {one["row"] for one in answer["contributing"]}
        assert answer["cause"] in {None, label.get("cause"), *behind, *CAUSE_BEHIND.get(name[:3], ())}


def start(world: World, name: str) -> None:
    """Launches the job that the scenario's own confounder `job_running` does, as a colleague would."""
    acts = tomllib.loads((SHIPPED / f"{name}.toml").read_text(encoding="utf-8"))["confounders"]["job_running"]["acts"]
    wanted = {act["job"] for act in acts if act["do"] == "run-job"}
    for job in world.sandbox.world.store.rows("Job"):
        if job["Identifier"] in wanted:
            world.sandbox.world.run_job(int(job["Id"]))
    world.sandbox.world.advance(1)


def offers_of(answer: dict[str, Any]) -> list[dict[str, Any]]:
    offers = [*answer["offers"], *(offer for group in answer["groups"] for offer in group["offers"])]
    return [offer for offer in offers if offer["allowed"]]


async def launched_by(world: World, offer: dict[str, Any]) -> str:
    """Id of the job that the press would launch; empty when it is refused."""
    verb = Verb.UNBLOCK if offer["action"] == "unblock_one" else Verb.RELAUNCH
    complete = " complete" if offer["action"] == "relaunch_complete" else ""
    async with world.desk() as desk:
        acting = Desk(replace(desk.around, writes=WRITES))
        ready = await acting.prepare(OPERATOR, Intent(verb, f"{offer['target']}{complete}", "production"))
        if not isinstance(ready, Prepared):
            return ""
        name = ready.confirmation.job_name
        jobs = world.sandbox.world.store.rows("Job")
        return next(str(job["Id"]) for job in jobs if name in job.values())
