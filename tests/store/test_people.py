"""What people asked is kept, once."""

from dataclasses import replace
from datetime import timedelta

import pytest

from bot.model.actor import Place
from bot.model.intent import Intent, Verb
from bot.model.request import HelpRequest, RequestState


async def test_a_preference_is_the_last_one_put(store, now):
    assert await store.preferences.get("T1", "U1", "last") == ""
    await store.preferences.put("T1", "U1", "last", "why leroy", now)
    await store.preferences.put("T1", "U1", "last", "jobs", now)
    await store.preferences.put("T2", "U1", "last", "other team", now)

    assert await store.preferences.get("T1", "U1", "last") == "jobs"


async def test_an_event_that_slack_sends_again_is_known(store, now):
    assert await store.inbox.receive("Ev1", "why leroy", now)
    assert not await store.inbox.receive("Ev1", "why leroy", now)
    assert await store.inbox.waiting() == [("Ev1", "why leroy")]

    await store.inbox.done("Ev1", now)

    assert await store.inbox.waiting() == []
    assert not await store.inbox.receive("Ev1", "why leroy", now)


async def test_a_finished_event_is_forgotten_after_its_time(store, now):
    await store.inbox.receive("Ev1", "x", now)
    await store.inbox.receive("Ev2", "y", now)
    await store.inbox.done("Ev1", now)

    await store.inbox.forget(now + timedelta(days=1))

    assert await store.inbox.receive("Ev1", "x", now)
    assert not await store.inbox.receive("Ev2", "y", now)


@pytest.fixture
def asked(now):
    intent = Intent(Verb.UNBLOCK, "3930001", "production", "errored/52001/")
    return HelpRequest(0, "T1|U_NADIA|3930001", RequestState.OPEN, now, "T1", "U_NADIA", intent, Place("C1"), "please")


async def test_a_request_is_asked_once_and_belongs_to_the_first_who_claims_it(store, asked, now):
    request, new = await store.requests.ask(asked)
    again, new_again = await store.requests.ask(asked)
    assert (new, new_again, again.id) == (True, False, request.id)
    assert await store.requests.in_state(RequestState.OPEN) == [request]

    first = await store.requests.claim(request.id, "U_OMAR", now)
    second = await store.requests.claim(request.id, "U_INES", now)

    assert first.claimed_by == second.claimed_by == "U_OMAR"
    await store.requests.done(request.id)
    assert await store.requests.get(request.id) == replace(first, state=RequestState.DONE)
