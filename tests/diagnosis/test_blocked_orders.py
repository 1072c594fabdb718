"""Symptom 4, row by row of the decision table (troubleshooting 2.4)."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from bot.diagnosis.order import examine_order
from bot.diagnosis.orders import Which, examine_orders
from bot.diagnosis.site import Site
from bot.diagnosis.subject import Subject
from bot.model.finding import ActionKind, Certainty
from bot.model.ids import OrderId, ResourceId
from bot.model.job import RunState, TaskKind
from bot.model.order import ChangeType, OrderProperty, OrderState
from tests.diagnosis.fakes import NO_RIGHT, NOW, FakeNim, ago, job, order, resource_type, run, task, task_run

SITE = Site()
WAITS = OrderState.AWAITING_APPROVAL


def waiting(id: str = "771203", **more):  # noqa: A002
    return order(id, WAITS, more.pop("change", ChangeType.CREATE), review_filter=more.pop("review_filter", 1), **more)


def world(*orders, review: bool | None = False) -> FakeNim:
    nim = FakeNim(all_the_orders=list(orders))
    nim.types = [resource_type(block_provisioning=review)]
    return nim


async def ask(nim: FakeNim, order_id: str = "771203"):
    return await examine_order(nim, OrderId(order_id), SITE, NOW)


def unblock(found):
    return next(one for one in found.offers if one.action is ActionKind.UNBLOCK_ONE)


async def test_4a_the_resource_type_asks_for_a_review():
    found = await ask(world(waiting(), review=True))
    assert (found.symptom, found.cause, found.certainty) == (4, "4a", Certainty.CONFIRMED)
    assert unblock(found).allowed


async def test_4a_is_only_likely_when_earlier_orders_could_not_be_read():
    nim = world(waiting(resource_id=ResourceId("20001"), correlation_confidence=100), review=True)
    nim.denied = {"orders"}
    assert (await ask(nim)).certainty is Certainty.LIKELY


def computed(types: int = 4, *, option: bool | None) -> FakeNim:
    nim = FakeNim()
    nim.types = [resource_type(str(70 + i), f"Type{i}", block_provisioning=False) for i in range(types)]
    nim.with_job(
        job("1007", "ComputeRoleModel_All"),
        task("305", "Compute_RoleModel", TaskKind.ROLE_MODEL, None, block_provisioning=option),
    )
    nim.all_runs = [run("48290", "1007", start=ago(hours=11), minutes=20)]
    nim.all_task_runs = [
        task_run(
            "1", TaskKind.ROLE_MODEL, run_id="48290", start=ago(hours=11), seconds=600, task_id="305", connector_id=None
        )
    ]
    nim.all_the_orders = [
        waiting(
            str(5000 + i),
            type_id=str(70 + i % types),
            type_name=f"Type{i % types}",
            performed_at=ago(hours=10, minutes=55),
            created_at=ago(hours=10, minutes=55),
        )
        for i in range(40)
    ]
    return nim


@pytest.mark.parametrize(
    ("option", "types", "row", "certainty"),
    [
        (True, 4, "4b", Certainty.CONFIRMED),
        (None, 4, "4b", Certainty.LIKELY),
        (True, 1, "4b", Certainty.LIKELY),
        (None, 1, "4g", Certainty.POSSIBLE),
        (False, 4, "4g", Certainty.POSSIBLE),
    ],
)
async def test_4b_the_role_model_was_computed_with_the_block_option(option, types, row, certainty):
    found = await ask(computed(types, option=option), "5003")
    assert (found.cause, found.certainty) == (row, certainty)


async def test_4b_many_orders_are_one_group_per_type_and_cause():
    found = await examine_orders(computed(option=True), Which.BLOCKED, Subject(), SITE, NOW)
    assert [(group.count, group.cause, group.certainty) for group in found.groups] == [
        (10, "4b", Certainty.CONFIRMED)
    ] * 4


async def test_4c_an_earlier_order_on_the_same_resource_is_named_first():
    account: dict[str, Any] = {"resource_id": ResourceId("20001"), "correlation_confidence": 100, "review_filter": 2}
    nim = world(waiting(**account), waiting("771100", created_at=ago(days=3), **account), review=True)
    found = await ask(nim)
    assert (found.cause, found.certainty) == ("4c", Certainty.CONFIRMED)
    assert unblock(found).target == "771100"
    assert [one.row for one in found.contributing] == ["4a"]


async def test_4c_an_earlier_order_in_error_is_not_released_but_looked_at():
    nim = world(
        waiting(resource_id=ResourceId("20001"), correlation_confidence=100),
        order("771100", error=NO_RIGHT, resource_id=ResourceId("20001"), created_at=ago(days=3)),
    )
    offer = unblock(await ask(nim))
    assert not offer.allowed
    assert "771100 is in error" in offer.why_not


async def test_4c_a_later_order_is_no_cause():
    account: dict[str, Any] = {"resource_id": ResourceId("20001"), "correlation_confidence": 100, "review_filter": 2}
    nim = world(waiting(**account), waiting("771300", created_at=ago(hours=1), **account), review=True)
    assert (await ask(nim)).cause == "4a"


async def test_4d_an_uncertain_correlation_is_decided_by_a_person():
    nim = world(waiting(resource_id=ResourceId("20001"), correlation_confidence=80, review_filter=2))
    found = await ask(nim)
    assert (found.cause, found.certainty) == ("4d", Certainty.CONFIRMED)
    assert "80 %" in found.text
    assert not unblock(found).allowed
    assert {one.row for one in found.ruled_out} == {"4a", "4c"}


async def test_4d_the_filter_alone_proves_nothing():
    nim = world(waiting(resource_id=ResourceId("20001"), correlation_confidence=100, review_filter=2), review=True)
    assert (await ask(nim)).cause == "4a"


async def test_4e_an_uncertain_classification_is_decided_by_a_person():
    nim = world(waiting(resource_id=ResourceId("20001"), correlation_confidence=100, classification_confidence=70))
    assert ((await ask(nim)).cause) == "4e"


async def test_4f_one_property_awaits_a_review():
    nim = world(
        order("771203", OrderState.PENDING, ChangeType.UPDATE, review_filter=4, resource_id=ResourceId("20001"))
    )
    nim.values = {OrderId("771203"): (OrderProperty("memberOf", "navigation", "Sales", state=WAITS, confidence=80),)}
    found = await ask(nim)
    assert (found.cause, found.certainty) == ("4f", Certainty.CONFIRMED)
    assert "memberOf (80 %)" in found.text


async def test_4f_a_property_that_waits_is_not_looked_for_among_blocked_orders():
    nim = computed(option=True)
    nim.all_the_orders = [
        order(
            "771203",
            OrderState.VERIFIED,
            ChangeType.UPDATE,
            review_filter=4,
            resource_id=ResourceId("20001"),
            type_id="70",
        )
    ]
    nim.values = {OrderId("771203"): (OrderProperty("memberOf", "navigation", "Sales", state=WAITS, confidence=80),)}
    assert (await ask(nim)).cause == "4f"
    assert nim.made.count("job_runs") == 1


async def test_4g_somebody_put_it_on_hold():
    found = await ask(world(waiting(performer="k.admin")))
    assert (found.cause, found.certainty) == ("4g", Certainty.POSSIBLE)
    assert "k.admin" not in str(found.without_names())


async def test_4h_an_order_in_error_and_blocked_is_told_as_an_error():
    found = await ask(world(order("771203", WAITS, ChangeType.UPDATE, error=NO_RIGHT, review_filter=36)))
    assert found.symptom == 5
    assert found.contributing[0].row == "4h"


async def test_without_the_flag_the_cause_is_not_visible():
    found = await ask(world(waiting(), review=None))
    assert (found.cause, found.certainty) == (None, Certainty.UNKNOWN)


async def test_while_the_role_model_is_being_computed_nothing_is_released():
    nim = computed(option=True)
    nim.all_runs.append(run("48300", "1007", RunState.RUNNING, start=ago(minutes=1), minutes=None))
    found = await ask(nim, "5003")
    assert not unblock(found).allowed
    assert "48300" in unblock(found).why_not
    assert (found.cause, found.certainty) == ("4b", Certainty.LIKELY)
    assert "run 48300: ask again when it has ended" in found.text


async def test_a_list_read_while_the_role_model_is_being_computed_is_less_sure():
    nim = computed(option=True)
    nim.all_runs.append(run("48300", "1007", RunState.RUNNING, start=ago(minutes=1), minutes=None))
    found = await examine_orders(nim, Which.BLOCKED, Subject(), SITE, NOW)
    assert found.certainty is Certainty.LIKELY
    assert "run 48300" in found.text


async def test_one_order_costs_at_most_six_requests():
    nim = computed(option=True)
    await ask(nim, "5003")
    assert len(nim.made) <= 6


async def test_a_list_that_cannot_be_read_is_unknown():
    nim = world()
    nim.denied = {"orders"}
    found = await examine_orders(nim, Which.BLOCKED, Subject(), SITE, NOW)
    assert (found.cause, found.certainty) == (None, Certainty.UNKNOWN)


async def test_no_blocked_order_is_told_as_such():
    assert (await examine_orders(world(), Which.BLOCKED, Subject(), SITE, NOW)).title == "No order waits for a review"


async def test_orders_on_the_way_are_grouped_by_state():
    nim = world(*[order(str(i), OrderState.PENDING) for i in range(3)], order("9", OrderState.EXECUTED))
    found = await examine_orders(nim, Which.WAITING, Subject(), SITE, NOW)
    assert [group.count for group in found.groups] == [3, 1]


@pytest.mark.parametrize(
    ("state", "said"),
    [
        (OrderState.PENDING, "leaves with the next run"),
        (OrderState.TRANSMITTED, "was handed over"),
        (OrderState.EXECUTED, "is executed, not verified yet"),
        (OrderState.VERIFIED, "is done and verified"),
        (OrderState.INACTIVE, "is of no use any more"),
    ],
)
async def test_an_order_without_a_fault_says_what_it_waits_for(state, said):
    found = await ask(world(order("771203", state)))
    assert said in found.title
    assert found.symptom is None


async def test_an_order_of_the_future_is_not_due():
    nim = world(replace(order("771203", OrderState.PENDING), start_date=NOW + timedelta(days=3)))
    assert "is not due yet" in (await ask(nim)).title


async def test_the_oldest_is_the_one_that_waits_longest_not_the_oldest_account():
    nim = world(
        waiting("1", created_at=ago(days=200), start_date=ago(hours=2)),
        waiting("2", created_at=ago(days=100), start_date=ago(hours=9)),
        review=True,
    )
    found = await examine_orders(nim, Which.BLOCKED, Subject(), SITE, NOW)
    oldest = next(fact for fact in found.evidence if fact.label == "Oldest")
    assert (oldest.source, oldest.at) == ("order 2", ago(hours=9))


async def test_4b_an_order_that_was_computed_again_since_is_not_of_the_run_in_which_it_came_to_be():
    nim = computed(option=True)
    nim.all_the_orders = [replace(one, start_date=ago(hours=1)) for one in nim.all_the_orders]
    assert (await ask(nim, "5003")).cause != "4b"
