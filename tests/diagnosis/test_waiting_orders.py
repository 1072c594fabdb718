"""Orders on their way: what they wait for, and whether it comes."""

from dataclasses import replace

from bot.diagnosis.orders import Which, examine_orders
from bot.diagnosis.site import Site
from bot.diagnosis.subject import Subject
from bot.model.finding import Certainty
from bot.model.job import RunState
from bot.model.order import ChangeType, OrderState
from tests.diagnosis.fakes import NOW, FakeNim, ago, leavers, order


def world(created_hours: float = 1) -> FakeNim:
    nim = leavers(0, passed=0, duplicates=0)
    nim.all_the_orders = [
        order(str(index), OrderState.PENDING, ChangeType.UPDATE, created_at=ago(hours=created_hours))
        for index in range(1, 5)
    ]
    return nim


async def ask(nim: FakeNim):
    return await examine_orders(nim, Which.WAITING, Subject(), Site(), NOW)


async def test_pending_orders_are_told_as_pending():
    found = await ask(world())
    assert (found.title, found.text) == ("4 orders on the way", "4 changes of AD account: pending.")
    assert found.groups[0].certainty is Certainty.CONFIRMED


async def test_orders_behind_a_threshold_are_told_as_held_back():
    nim = world()
    nim.all_runs[0] = replace(nim.all_runs[0], state=RunState.BLOCKED)
    found = await ask(nim)
    assert found.text == "4 changes of AD account: pending, a threshold stopped AD Provisioning, run 48260."
    assert found.groups[0].certainty is Certainty.LIKELY


async def test_orders_that_the_last_run_did_not_send_are_told_so():
    assert "failed and did not send it, run 48260" in (await ask(world(created_hours=12))).text


async def test_without_the_runs_it_is_only_likely_that_they_leave():
    nim = world()
    nim.denied = {"latest_runs"}
    found = await ask(nim)
    assert found.groups[0].certainty is Certainty.LIKELY
    assert found.missing[0].what == "the newest run of each job"


async def test_a_list_costs_two_requests():
    nim = world()
    await ask(nim)
    assert len(nim.made) == 2
