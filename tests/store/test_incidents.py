"""An incident, its message and the watch's mark are stored together or not at all."""

from dataclasses import replace

import pytest

from bot.model.finding import ActionKind, Certainty, Fact, Finding, Group, Offer
from bot.model.ids import IncidentId, JobId, JobRunId
from bot.model.incident import Incident, IncidentState, RunTrouble, WatchMark
from bot.model.job import RunState
from bot.model.message import Message
from bot.model.picture import Bar, Bars, Step, Timeline, Track


@pytest.fixture
def draft(now):
    offer = Offer(ActionKind.UNBLOCK_ONE, "3930001", "Test with 1 of 150", seen="errored/52001/", danger=True)
    group = Group(
        key="k",
        error_class="rights/insufficient",
        cause="5a",
        certainty=Certainty.CONFIRMED,
        count=150,
        exact=False,
        resource_type="AD_Entry_NominativeUser",
        change_type="delete",
        sample="The user has insufficient access rights.",
        offers=(offer,),
    )
    inner = Finding(2, None, Certainty.UNKNOWN, "t", "x")
    fact = Fact("150 of 150", "errored", "job run 52001", now)
    pictures = (
        Bars("Rows", (Bar("HR_Person", None, 1, 2, 3),)),
        Timeline("Login", (Track("Rule", (Step(now, "x"),)),), until=now),
    )
    finding = Finding(
        5,
        "5a",
        Certainty.CONFIRMED,
        "Refused",
        "No right",
        evidence=(fact,),
        groups=(group,),
        more=(inner,),
        pictures=pictures,
    )
    return Incident(
        id=IncidentId(0),
        env="production",
        fingerprint="production|1006|failed",
        job_id=JobId("1006"),
        job_name="AD_Provisioning",
        state=IncidentState.OPEN,
        trouble=RunTrouble.FAILED,
        opened_at=now,
        run_ids=(JobRunId("52001"),),
        channel="#iam-alerts",
        finding=finding,
        last_run_state=RunState.ERRORED,
    )


async def opened(store, draft):
    async with store.work() as work:
        incident = await work.open_incident(draft)
        await work.post(incident.message_key, incident.channel, Message("failed"), incident_id=incident.id)
        await work.set_mark("production", "runs", WatchMark(draft.opened_at, ("52001|errored",)))
    return incident


async def test_an_incident_comes_back_with_its_whole_finding(store, draft):
    incident = await opened(store, draft)

    assert incident == replace(draft, id=incident.id)
    assert await store.incidents.get(incident.id) == incident
    assert await store.incidents.open_ones() == [incident]
    assert await store.incidents.open_ones("test") == []
    assert await store.incidents.of_job("production", JobId("1006")) == incident
    assert await store.incidents.of_run("production", JobRunId("52001")) == incident
    assert await store.incidents.of_run("production", JobRunId("52002")) is None


async def test_an_incident_knows_its_card_once_slack_has_it(store, draft, now):
    incident = await opened(store, draft)
    (card,) = await store.outbox.claim_due(now)
    assert card.incident_id == incident.id

    await store.outbox.sent(card, ts="12.34", channel="C9")

    assert (await store.incidents.get(incident.id)).message_ts == "12.34"


async def test_the_same_failure_meets_the_incident_that_is_open(store, draft, now):
    first = await opened(store, draft)
    second = await opened(store, draft)
    assert second.id == first.id

    closed = replace(first, state=IncidentState.CLOSED, closed_at=now)
    async with store.work() as work:
        await work.change_incident(closed, now)

    assert (await opened(store, draft)).id != first.id
    assert await store.incidents.get(first.id) == closed


async def test_further_runs_belong_to_the_incident(store, draft, now):
    incident = await opened(store, draft)
    more = replace(incident, run_ids=(*incident.run_ids, JobRunId("52009")))
    async with store.work() as work:
        await work.change_incident(more, now)

    assert await store.incidents.of_run("production", JobRunId("52009")) == more


async def test_when_the_transaction_breaks_nothing_of_it_is_stored(store, draft, now):
    async def killed_in_the_middle():
        async with store.work() as work:
            await work.set_mark("production", "runs", WatchMark(now))
            incident = await work.open_incident(draft)
            await work.post(incident.message_key, "C1", Message("failed"))
            raise RuntimeError("killed")

    with pytest.raises(RuntimeError, match="killed"):
        await killed_in_the_middle()

    assert await store.incidents.open_ones() == []
    assert await store.outbox.claim_due(now) == []
    async with store.work() as work:
        assert await work.mark("production", "runs") == WatchMark()


async def test_a_mark_is_kept_per_environment(store, now):
    async with store.work() as work:
        await work.set_mark("production", "runs", WatchMark(now, ("1|errored",)))
        await work.set_mark("test", "runs", WatchMark(now))
        await work.set_mark("production", "runs", WatchMark(now, ("2|errored",)))

    async with store.work() as work:
        assert await work.mark("production", "runs") == WatchMark(now, ("2|errored",))
