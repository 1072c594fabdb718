"""What the tests and the programs that they start and kill are made of."""

import pytest

from bot.diagnosis.fingerprint import order_fingerprint, unchanged
from bot.diagnosis.grouping import key_of, text_of
from bot.diagnosis.masking import sample
from bot.diagnosis.verification import judge_order, judge_run
from bot.model.action import Wish
from bot.model.actor import Place
from bot.model.finding import ActionKind
from bot.model.ids import JobId
from bot.repair.judging import Judging
from tests.repair.world import World

ON_BOTH = pytest.mark.parametrize(
    "store_url", ["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)], indirect=True
)
"""The store's own tests run on both databases; here the ones do that another database could break."""


def judging() -> Judging:
    return Judging(unchanged, judge_order, judge_run, lambda order: sample(text_of(order)))


def wish_to_unblock(*, run_job: bool = True) -> Wish:
    order = World().the_order
    assert order is not None
    return Wish(
        env="production",
        kind=ActionKind.UNBLOCK_ONE,
        target=order.id,
        seen=order_fingerprint(order),
        team_id="T1",
        user_id="U_OMAR",
        place=Place("C1", thread="1.2"),
        run_job=run_job,
        job_id=JobId("1006") if run_job else None,
        error_key_before=key_of(order),
    )


def wish_to_relaunch() -> Wish:
    return Wish(
        env="production",
        kind=ActionKind.RELAUNCH,
        target="1006",
        seen="52001",
        team_id="T1",
        user_id="U_OMAR",
        place=Place("C1"),
        job_id=JobId("1006"),
    )
