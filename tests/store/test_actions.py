"""An action is one row, whoever presses and however often."""

import asyncio
from dataclasses import replace

import pytest

from bot.errors import NotFound
from bot.model.action import ActionState, TaskProgress, Verdict
from bot.model.audit import AuditEvent
from bot.model.ids import ActionId, JobRunId, TaskRunId
from bot.model.job import RunState, TaskKind
from bot.store.store import Store


async def test_an_asked_action_is_stored_with_its_audit_record_before_anything_is_sent(store, wish, now):
    action, new = await store.actions.ask(wish, now)

    assert new
    assert action.state is ActionState.ASKED
    assert await store.actions.get(action.id) == action
    (record,) = [record async for record in store.audit.since()]
    assert (record.event, record.user_id, record.evidence) == (AuditEvent.BEFORE, "U_OMAR", wish.evidence)


async def test_ten_presses_at_once_make_one_action(store, wish, now):
    answers = await asyncio.gather(*(store.actions.ask(wish, now) for _ in range(10)))

    assert len({action.id for action, _ in answers}) == 1
    assert sum(new for _, new in answers) == 1


async def test_another_view_of_the_same_order_meets_the_unfinished_action(store, wish, now):
    first, _ = await store.actions.ask(wish, now)
    second, new = await store.actions.ask(replace(wish, seen="errored/52001/", user_id="U_INES"), now)

    assert (second.id, new) == (first.id, False)


async def test_the_same_press_after_the_end_meets_the_first_ones_answer(store, wish, now):
    action, _ = await store.actions.ask(wish, now)
    await store.actions.change(replace(action, state=ActionState.DONE, verdict=Verdict.REFUTED), now=now, audit="x")

    again, new = await store.actions.ask(wish, now)

    assert (again.id, again.verdict, new) == (action.id, Verdict.REFUTED, False)


@pytest.mark.parametrize("end", [ActionState.REFUSED, ActionState.UNKNOWN])
async def test_after_a_refusal_or_an_unknown_end_a_person_may_decide_anew(store, wish, now, end):
    action, _ = await store.actions.ask(wish, now)
    await store.actions.change(replace(action, state=end), now=now, audit="no")

    again, new = await store.actions.ask(wish, now)

    assert new
    assert again.id != action.id


async def test_every_field_of_an_action_survives_a_restart(store_url, wish, now):
    store = await Store.open(store_url)
    action, _ = await store.actions.ask(wish, now)
    rung = TaskProgress(TaskRunId("7"), "Fulfill AD", TaskKind.FULFILL, RunState.RUNNING, now, None)
    changed = replace(
        action, state=ActionState.RUNNING, run_id_before=JobRunId("1"), run_id=JobRunId("2"), tasks=(rung,)
    )
    await store.actions.change(changed, now=now)
    await store.close()

    store = await Store.open(store_url)
    assert await store.actions.unfinished() == [changed]
    assert await store.actions.in_state(ActionState.RUNNING) == [changed]
    assert await store.actions.recent("production", "3930001") == [changed]
    await store.close()


async def test_whoever_drives_is_woken_by_a_new_action(store, wish, now):
    waiting = asyncio.create_task(store.actions.asked.wait(5))
    await asyncio.sleep(0)
    await store.actions.ask(wish, now)

    assert await waiting


async def test_an_action_that_does_not_exist_is_said_so(store):
    with pytest.raises(NotFound, match="no action 12"):
        await store.actions.get(ActionId(12))
