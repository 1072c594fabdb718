from datetime import UTC, datetime

import pytest

from bot.model.action import Wish
from bot.model.actor import Place
from bot.model.finding import ActionKind
from bot.model.ids import JobId
from bot.store.store import Store


@pytest.fixture
async def store(store_url):
    opened = await Store.open(store_url)
    yield opened
    await opened.close()


@pytest.fixture
def now():
    return datetime(2026, 3, 3, 9, 41, tzinfo=UTC)


@pytest.fixture
def wish():
    return Wish(
        env="production",
        kind=ActionKind.UNBLOCK_ONE,
        target="3930001",
        seen="errored/52001/ab12",
        team_id="T1",
        user_id="U_OMAR",
        place=Place(channel="C1", thread="1.2"),
        job_id=JobId("1006"),
        label="order 3930001 · AD_Entry_NominativeUser · delete",
        evidence="5a confirmed: INSUFF_ACCESS_RIGHTS",
        role="operator",
    )
