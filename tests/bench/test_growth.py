"""A list that is four times as long may cost four times as much, and no more: a square would cost sixteen times."""

import time
from dataclasses import replace

import pytest

from bot.diagnosis.orders import Which, examine_orders
from bot.diagnosis.site import Site
from bot.diagnosis.subject import Subject
from bot.model.job import TaskKind
from bot.model.order import ChangeType, OrderError, OrderState
from tests.diagnosis.fakes import NOW, FakeNim, ago, job, order, resource_type, run, task, task_run

pytestmark = pytest.mark.bench

SHORT, LONG = 200, 800
MOST_TIMES = 9
RIGHTS = "The user has insufficient access rights. 00000005: SecErr: DSID-031A11CA, problem 4003 (INSUFF_ACCESS_RIGHTS)"


def world(state, count):
    """Orders as one night leaves them: their role model ran with the block option, their systems refused alike."""
    nim = FakeNim()
    nim.types = [resource_type(block_provisioning=False)]
    nim.with_job(
        job("1007", "ComputeRoleModel_All"),
        task("305", "Compute_RoleModel", TaskKind.ROLE_MODEL, None, block_provisioning=True),
    )
    nim.all_runs = [run("48290", "1007", start=ago(hours=11), minutes=20)]
    nim.all_task_runs = [
        task_run(
            "1", TaskKind.ROLE_MODEL, run_id="48290", start=ago(hours=11), seconds=600, task_id="305", connector_id=None
        )
    ]
    at = ago(hours=10, minutes=55)
    nim.all_the_orders = [
        replace(
            order(str(5000 + number), state, ChangeType.DELETE, review_filter=1, performed_at=at, created_at=at),
            errors=(OrderError(f"{RIGHTS} while deleting 'CN=Doe {number},OU=Leavers,DC=contoso,DC=com'", 1, None),),
        )
        for number in range(count)
    ]
    return nim


async def seconds(which, state, count):
    """The least of three: what a neighbour adds is no cost of ours."""
    nim, taken = world(state, count), []
    for _ in range(3):
        began = time.thread_time()
        await examine_orders(nim, which, Subject(), Site(), NOW)
        taken.append(time.thread_time() - began)
    return min(taken)


@pytest.mark.parametrize(
    ("which", "state"), [(Which.ERRORED, OrderState.ERRORED), (Which.BLOCKED, OrderState.AWAITING_APPROVAL)]
)
async def test_a_long_list_costs_no_more_than_its_length(which, state):
    assert await seconds(which, state, LONG) < MOST_TIMES * await seconds(which, state, SHORT)
