"""A press is decided by what the diagnosis says now, whatever button was drawn or forged (safety rule 8)."""

from dataclasses import replace

import pytest

from bot import environments
from bot.ask import terminal_desk
from bot.desk.commands import WRITES
from bot.desk.confirm import Prepared
from bot.desk.desk import Desk
from bot.model.answer import Answer
from bot.model.intent import Intent, Verb
from tests.acceptance.asking import OPERATOR, World, world_of

pytestmark = [pytest.mark.slow, pytest.mark.timeout(180)]


async def pressed(world: World, order_id: str) -> Prepared | Answer:
    settings = world.settings()
    async with environments.opened(settings) as envs:
        desk = Desk(replace(terminal_desk(settings, envs).around, writes=WRITES))
        return await desk.prepare(OPERATOR, Intent(Verb.UNBLOCK, order_id, "production"))


def first_order(world: World, state: int) -> str:
    rows = world.sandbox.world.store.rows("AssignedResourceType")
    return str(
        next(row["Id"] for row in rows if row["ProvisioningState"] == state and str(row["ValidTo"]).startswith("9999"))
    )


@pytest.mark.parametrize(
    ("scenario", "state", "why"),
    [
        ("s27-validity-elapsed", 3, "synchron"),
        ("s19-correlation-below-100", 5, "person"),
    ],
)
async def test_what_the_diagnosis_does_not_offer_is_refused_with_its_reason(scenario, state, why):
    async with world_of(scenario) as world:
        refused = await pressed(world, first_order(world, state))

    assert isinstance(refused, Answer), "no modal with figures is drawn"
    assert "Nothing was done" in refused.text
    assert why in f"{refused.text} {refused.next}"


async def test_what_the_diagnosis_offers_gets_its_figures():
    async with world_of("s24-leavers-right-missing") as world:
        answer = await world.asked("orders errored")
        canary = next(offer["target"] for group in answer["groups"] for offer in group["offers"])
        ready = await pressed(world, canary)

    assert isinstance(ready, Prepared)
    assert ready.confirmation.untouched == 149
