"""An action from its row to its end, with the real engine and a real database."""

import asyncio
from dataclasses import replace
from datetime import timedelta

import pytest

from bot.errors import NimConflict, NimDenied
from bot.model.action import ActionState, Verdict
from bot.model.job import RunState
from bot.model.order import OrderState
from bot.repair.workflow import Engine
from tests.repair.program import ON_BOTH, wish_to_unblock
from tests.repair.world import DENIED, down


@pytest.fixture
def ends(store, engine, clock):
    """Carries a wish out and waits for an end, or for another state."""

    async def carried_out(wish, until=None):
        action, _ = await store.actions.ask(wish, clock.now())
        await engine.drive(action.id)
        async with asyncio.timeout(20):
            while not (action.ended or action.state is until):
                await asyncio.sleep(0.01)
                action = await store.actions.get(action.id)
        return action

    return carried_out


async def last_message(store, clock):
    """The action's message once it shows its end; what a sender would see."""
    async with asyncio.timeout(5):
        while True:
            for delivery in await store.outbox.claim_due(clock.now()):
                if delivery.message.text.startswith("done"):
                    return delivery
                await store.outbox.sent(delivery, ts="9.9")
            await store.outbox.changed(1)


async def audit_of(store):
    return [record.said async for record in store.audit.since()]


@ON_BOTH
async def test_an_unblocked_order_is_sent_executed_and_verified(ends, world, unblock, store, seen, clock):
    waiting = await ends(unblock, until=ActionState.AWAITING_VERIFICATION)
    assert (waiting.verdict, waiting.run_id) == (Verdict.EXECUTED, "52002")
    world.the_order = replace(world.the_order, state=OrderState.VERIFIED, code=4)

    action = await ends(unblock)

    assert (action.state, action.verdict, action.order_state) == (
        ActionState.DONE,
        Verdict.VERIFIED,
        OrderState.VERIFIED,
    )
    assert action.verified_at
    assert [task.state for task in action.tasks] == [RunState.COMPLETED]
    assert world.calls.count("unblock") == world.calls.count("run_job") == 1
    assert [text.split(" · ")[0] for text in seen] == [
        "asked", "unblocked", "launched", "running", "awaiting verification", "done"
    ]  # fmt: skip
    assert await audit_of(store) == [
        "",
        "unblocked: read back as pending",
        "launched: run 52002",
        "executed: Run 52002 sent it; the next synchronization verifies it.",
        "verified by a synchronization",
    ]
    message = await last_message(store, clock)
    assert (message.key, message.channel, message.thread_ts) == (action.message_key, "C1", "1.2")


async def test_a_deleted_account_verifies_its_order_by_being_gone(ends, world, unblock):
    await ends(unblock, until=ActionState.AWAITING_VERIFICATION)
    world.the_order = None
    await asyncio.sleep(0.1)
    assert (await ends(unblock, until=ActionState.AWAITING_VERIFICATION)).state is ActionState.AWAITING_VERIFICATION

    world.account = False

    assert (await ends(unblock)).verdict is Verdict.VERIFIED


async def test_the_same_error_again_refutes_the_repair_and_shows_it(ends, world, unblock):
    world.outcome = OrderState.ERRORED

    action = await ends(unblock)

    assert (action.verdict, action.error_after) == (Verdict.REFUTED, DENIED)


async def test_another_error_refutes_it_otherwise(ends, world, unblock):
    world.outcome, world.error = OrderState.ERRORED, "The server is not operational."

    assert (await ends(unblock)).verdict is Verdict.REFUTED_OTHERWISE


async def test_an_order_that_has_changed_since_is_left_alone(ends, world, unblock):
    world.the_order = replace(world.the_order, state=OrderState.EXECUTED, code=8, performer="k.admin")

    action = await ends(unblock)

    assert action.state is ActionState.REFUSED
    assert "it is executed now by k.admin. Nothing was done." in action.said
    assert {"unblock", "run_job"}.isdisjoint(world.calls)


async def test_nothing_is_done_while_a_run_of_the_connector_is_in_progress(ends, world, unblock, relaunch):
    world.launch("1007")

    for wish in (unblock, relaunch):
        action = await ends(wish)
        assert action.state is ActionState.REFUSED
        assert "is running since 09:00 UTC (run 52002). Nothing was done." in action.said
    assert {"unblock", "run_job"}.isdisjoint(world.calls)


async def test_an_environment_that_takes_the_call_and_does_nothing_is_told(ends, world, unblock):
    world.unblock_works = False

    action = await ends(unblock)

    assert action.state is ActionState.REFUSED
    assert "this environment did not accept it" in action.said
    assert "run_job" not in world.calls


async def test_a_missing_permission_to_unblock_is_told_and_nothing_else_is_tried(ends, world, unblock):
    world.fails["unblock"] = [NimDenied("The service account may not unblock.")]

    action = await ends(unblock)

    assert action.state is ActionState.REFUSED
    assert "may not unblock" in action.said
    assert world.calls.count("unblock") == 1


async def test_an_unblocked_order_whose_job_may_not_start_stays_pending_and_that_is_said(ends, world, unblock):
    world.fails["run_job"] = [NimConflict("The job is running already.")]

    action = await ends(unblock)

    assert (action.state, action.verdict) == (ActionState.DONE, Verdict.RELEASED)
    assert action.said.startswith("The job was not launched: The job is running already.")


async def test_unblock_only_launches_nothing(ends, world):
    action = await ends(wish_to_unblock(run_job=False))

    assert action.verdict is Verdict.RELEASED
    assert "run_job" not in world.calls


@ON_BOTH
async def test_a_relaunched_job_is_followed_to_its_own_verdict(ends, world, relaunch):
    world.outcome = OrderState.ERRORED

    action = await ends(relaunch)

    assert (action.verdict, action.run_id, action.run_state) == (Verdict.RUN_FAILED, "52002", RunState.ERRORED)
    assert "unblock" not in world.calls


async def test_a_job_that_has_run_since_is_not_launched_again(ends, world, relaunch):
    world.end(world.launch())

    action = await ends(relaunch)

    assert action.state is ActionState.REFUSED
    assert "has run since you looked" in action.said


async def test_a_new_run_that_is_visible_late_is_found(ends, world, relaunch):
    world.late = 4

    assert (await ends(relaunch)).run_id == "52002"


async def test_a_run_that_never_appears_leaves_the_action_unknown_and_is_not_asked_for_again(ends, world, relaunch):
    world.late = 10_000

    action = await ends(relaunch)

    assert action.state is ActionState.UNKNOWN
    assert "no run of ours has appeared" in action.said
    assert world.calls.count("run_job") == 1


async def test_a_lost_answer_to_run_job_is_settled_by_looking_for_the_run(ends, world, relaunch):
    launched = world.launch

    async def arrives_and_is_lost(job_id):
        world.calls.append("run_job")
        launched(job_id)
        raise down(changed=None)

    world.run_job = arrives_and_is_lost

    action = await ends(relaunch)

    assert action.verdict is Verdict.RUN_SUCCEEDED
    assert world.calls.count("run_job") == 1


async def test_a_call_that_did_not_arrive_is_made_again_after_a_while(ends, world, unblock, seen):
    world.fails["run_job"] = [down(), down()]

    action = await ends(unblock, until=ActionState.AWAITING_VERIFICATION)

    assert action.verdict is Verdict.EXECUTED
    assert world.calls.count("run_job") == 3
    assert len(world.runs) == 2
    assert sum("did not answer" in text for text in seen) <= 2


@pytest.mark.parametrize("call", ["order", "job_runs", "job_run", "task_runs", "watched_runs", "unblock"])
async def test_bad_weather_is_waited_out_and_told_once(ends, world, unblock, seen, call):
    world.fails[call] = [down() for _ in range(5)]

    action = await ends(unblock, until=ActionState.AWAITING_VERIFICATION)

    assert action.verdict is Verdict.EXECUTED
    assert len([text for text in seen if "did not answer" in text]) <= 2
    assert world.calls.count("run_job") == 1


async def test_a_run_without_an_end_is_followed_to_the_deadline_and_told(ends, world, relaunch, clock):
    world.looks = 10_000
    await ends(relaunch, until=ActionState.RUNNING)
    clock.ahead = timedelta(hours=13)

    action = await ends(relaunch)

    assert action.verdict is Verdict.INCONCLUSIVE
    assert "followed for 12 hours" in action.said


async def test_an_execution_that_nothing_verifies_ends_as_executed_and_says_so(ends, world, unblock, clock):
    await ends(unblock, until=ActionState.AWAITING_VERIFICATION)
    clock.ahead = timedelta(hours=27)

    action = await ends(unblock)

    assert action.verdict is Verdict.EXECUTED
    assert "No synchronization has verified it within 26 hours." in action.said


async def test_an_order_that_waits_for_identity_manager_too_long_is_given_up_untouched(ends, world, unblock, clock):
    world.fails["order"] = [down() for _ in range(10_000)]
    task = asyncio.create_task(ends(unblock))
    await asyncio.sleep(0.2)
    clock.ahead = timedelta(minutes=11)

    action = await task

    assert action.state is ActionState.REFUSED
    assert "Nothing was changed." in action.said
    assert "unblock" not in world.calls


async def test_a_mistake_of_our_own_ends_the_action_and_is_told(ends, world, unblock):
    async def broken(_order_id):
        raise KeyError("oops")

    world.unblock = broken

    action = await ends(unblock)

    assert action.state is ActionState.UNKNOWN
    assert "A mistake of nimdesk's own" in action.said


@ON_BOTH
async def test_a_restart_in_the_middle_goes_on_and_repeats_no_call(ends, world, unblock, repairs, store, engine):
    world.looks = 10_000
    action = await ends(unblock, until=ActionState.RUNNING)
    await engine.stop()
    world.end(world.runs[-1])

    again = Engine(repairs, store.workflow_url, poll_seconds=0.01)
    await again.start()
    async with asyncio.timeout(10):
        while (action := await store.actions.get(action.id)).state is ActionState.RUNNING:  # noqa: ASYNC110
            await asyncio.sleep(0.02)

    assert action.verdict is Verdict.EXECUTED
    assert world.calls.count("unblock") == world.calls.count("run_job") == 1
    await again.stop()


@ON_BOTH
async def test_ended_workflows_are_deleted_after_their_time(ends, unblock, engine, world, clock):
    world.outcome = OrderState.ERRORED
    await ends(unblock)
    await asyncio.sleep(0.1)

    assert await engine.collect(clock.now() - timedelta(days=30)) == 0
    assert await engine.collect(clock.now() + timedelta(minutes=1)) == 1
