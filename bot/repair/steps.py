"""What each step does to and reads from Identity Manager. Every step reads before it writes: it may be a second try."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from bot.errors import NimBusy, NimConflict, NimDenied, NimError, NimMissing, NimRejected
from bot.model.action import Action, Verdict
from bot.model.ids import ConnectorId, JobId, JobRunId, OrderId
from bot.model.job import JobRun
from bot.model.order import Order, OrderState
from bot.ports import Environment, NimReads
from bot.repair.follow import (
    ON_ITS_WAY,
    Ground,
    Pace,
    ended_at,
    fulfilled,
    is_relaunch,
    moving,
    our_run,
    progress,
)
from bot.repair.judging import Judging
from bot.repair.machine import (
    Declined,
    Event,
    Judged,
    Launching,
    Looked,
    MayUnblock,
    NothingNew,
    NotSent,
    NotVerified,
    RunNotSeen,
    RunSeen,
    Step,
    TakenElsewhere,
    Unblocked,
    Unwanted,
    Verified,
    Waiting,
)

NEVER_RAN: Final = "never"
"""What the desk's fingerprint says of a job without a run."""
REFUSALS: Final = (NimDenied, NimConflict, NimMissing, NimRejected)
"""Answers that asking again does not change."""


@dataclass(frozen=True, slots=True)
class Steps:
    environments: Mapping[str, Environment]
    judging: Judging
    pace: Pace

    async def perform(self, step: Step, action: Action) -> Event:
        """Does one step. Raises NimError where Identity Manager does not give what it needs."""
        env = self.environments[action.wish.env]
        match step:
            case Step.CHECK:
                return await self._check(env, action)
            case Step.UNBLOCK:
                return await self._unblock(env, action)
            case Step.LAUNCH:
                return await self._before_launch(env, action)
            case Step.FIND_RUN:
                return await self._find(env, action)
            case Step.FOLLOW:
                return await self._look(env, action)
            case Step.JUDGE:
                return await self._judge(env, action)
            case Step.VERIFY:
                return await self._verify(env, action)
            case _:
                return NothingNew()

    async def _check(self, env: Environment, action: Action) -> Event:
        nim = env.reads()
        try:
            order = await nim.order(OrderId(action.wish.target), properties=True)
        except NimMissing:
            return Unwanted("The order is not there any more, or not visible. Nothing was done.")
        if not self.judging.unchanged(action.wish.seen, order):
            return Unwanted(_changed(order))
        types = {one.id: one for one in await nim.catalogue.resource_types()}
        kind = types.get(order.resource_type_id)
        connectors = frozenset({kind.connector_id} if kind and kind.connector_id else ())
        if run := await _moving(env, nim, action.wish.job_id, connectors):
            return Unwanted(_runs(run))
        account_type = ""
        if kind is not None and kind.target_entity_type_id is not None:
            account_type = dict(await nim.catalogue.entity_types()).get(kind.target_entity_type_id, "")
        return MayUnblock(env.now(), order, account_type)

    async def _unblock(self, env: Environment, action: Action) -> Event:
        order = await self._order(env, action)
        if order is None:
            return Declined("The order has gone meanwhile; it was not seen pending.")
        if order.state in ON_ITS_WAY:
            return Unblocked(env.now())
        if not self.judging.unchanged(action.wish.seen, order):
            return Declined(_changed(order))
        try:
            await env.writes.unblock(order.id)
        except REFUSALS as why:
            return Declined(f"{why.say} {why.advice}")
        read_back = await self._order(env, action)
        if read_back is not None and read_back.state in ON_ITS_WAY:
            return Unblocked(env.now())
        state = read_back.state.value if read_back else "gone"
        return Declined(
            f"Identity Manager took the call, but the order is {state}: this environment did not accept it. "
            "Unblock it on its Provisioning Review screen."
        )

    async def _before_launch(self, env: Environment, action: Action) -> Event:
        job_id = action.wish.job_id or (JobId(action.wish.target) if is_relaunch(action) else None)
        if job_id is None:
            return Declined("no job was named that would send it.")
        nim = env.reads()
        last = next(iter(await nim.job_runs(job_id, limit=1)), None)
        if is_relaunch(action):
            if action.wish.seen and action.wish.seen != (last.id if last else NEVER_RAN):
                return Unwanted("The job has run since you looked. Nothing was done.")
        else:
            order = await self._order(env, action)
            state = order.state if order else OrderState.UNKNOWN
            if state is not OrderState.PENDING:
                word = order.state.value if order else "gone"
                return TakenElsewhere(state, f"Another run took the order before ours could start: it is {word}.")
        ground = Ground(await nim.catalogue.tasks(), await nim.catalogue.steps())
        if run := await _moving(env, nim, job_id, ground.connectors_of(job_id), ground):
            return Unwanted(_runs(run)) if is_relaunch(action) else Waiting(_runs(run, done=""))
        return Launching(env.now(), last.id if last else None)

    async def launch(self, action: Action) -> Event | None:
        """Calls RunJob. None when the call was taken, or may have been: the run tells."""
        env = self.environments[action.wish.env]
        try:
            await env.writes.run_job(action.wish.job_id or JobId(action.wish.target))
        except REFUSALS as why:
            return Declined(f"{why.say} {why.advice}")
        except NimError as why:
            busy = isinstance(why, NimBusy)
            return NotSent(why.say) if busy or why.changed is False else None
        return None

    async def _find(self, env: Environment, action: Action) -> Event:
        """Looks for the run of our call for a while; a look that fails does not count against it."""
        job_id = action.wish.job_id or JobId(action.wish.target)
        looks = max(1, round(self.pace.find_for / self.pace.find_every))
        failed: NimError | None = None
        for look in range(looks):
            if look:
                await asyncio.sleep(self.pace.find_every)
            try:
                runs = await env.reads().job_runs(job_id, limit=10)
            except NimError as why:
                failed = why
                continue
            failed = None
            if run := our_run(action, runs):
                return RunSeen(run)
        if failed is not None:
            raise failed
        return RunNotSeen(
            f"The job was asked to run, but no run of ours has appeared within {self.pace.find_for:.0f} s. "
            "Look at the job before you launch it again."
        )

    async def _look(self, env: Environment, action: Action) -> Event:
        nim = env.reads()
        run_id = _run_id(action)
        run, tasks = await asyncio.gather(nim.job_run(run_id), nim.task_runs(run_id))
        ended = ended_at(run, env.now())
        seen = False
        if ended is None and not is_relaunch(action) and not action.executed_seen and fulfilled(tasks):
            order = await self._order(env, action)
            seen = order is not None and order.state is OrderState.EXECUTED
        return Looked(run, progress(tasks), ended, executed_seen=seen)

    async def _judge(self, env: Environment, action: Action) -> Event:
        run = await env.reads().job_run(_run_id(action))
        if is_relaunch(action):
            return Judged(self.judging.run(run), "")
        order = await self._order(env, action)
        judgement = self.judging.order(
            _before(action),
            order,
            run,
            executed_seen=action.executed_seen,
            account_present=await _account_present(env, action) if order is None else None,
            key_before=action.wish.error_key_before,
        )
        told = judgement.verdict in {Verdict.REFUTED, Verdict.REFUTED_OTHERWISE}
        error = self.judging.error(order) if order is not None and told else ""
        return Judged(judgement.verdict, judgement.why, order.state if order else None, error)

    async def _verify(self, env: Environment, action: Action) -> Event:
        run = await env.reads().job_run(_run_id(action))
        order = await self._order(env, action)
        account_present = await _account_present(env, action) if order is None else None
        if order is None and account_present:
            return NothingNew()
        judgement = self.judging.order(_before(action), order, run, executed_seen=True, account_present=account_present)
        if judgement.verdict is Verdict.VERIFIED:
            return Verified(env.now())
        if judgement.verdict is Verdict.EXECUTED or (order is not None and order.state in ON_ITS_WAY):
            return NothingNew()
        if order is None:
            return NotVerified(
                "The order is gone since it was executed; whether its effect stands is not visible here."
            )
        return NotVerified(
            f"It was executed in our run, and is {order.state.value} since. {judgement.why}", order.state
        )

    async def _order(self, env: Environment, action: Action) -> Order | None:
        """The order now; None when it is gone."""
        try:
            with_values = action.unblocked_at is None
            return await env.reads().order(OrderId(action.wish.target), properties=with_values)
        except NimMissing:
            return None


def _run_id(action: Action) -> JobRunId:
    return action.run_id or JobRunId("")


def _before(action: Action) -> Order:
    if action.order_before is None:
        raise ValueError(f"action {action.id} was unblocked without its order having been kept")
    return action.order_before


async def _account_present(env: Environment, action: Action) -> bool | None:
    """Whether the account is still in the synchronized data; None when that cannot be read."""
    before = _before(action)
    if before.resource_id is None or not action.account_type:
        return None
    try:
        await env.reads().resource(action.account_type, before.resource_id, ["Id"])
    except NimMissing:
        return False
    except NimError:
        return None
    return True


async def _moving(
    env: Environment,
    nim: NimReads,
    job_id: JobId | None,
    connectors: frozenset[ConnectorId],
    ground: Ground | None = None,
) -> JobRun | None:
    runs = await nim.watched_runs(env.now())
    known = ground or Ground(await nim.catalogue.tasks(), await nim.catalogue.steps())
    return moving(runs, job_id, connectors | known.connectors_of(job_id), known)


def _changed(order: Order) -> str:
    by = f" by {order.performer}" if order.performer else ""
    return f"The order has changed since you looked: it is {order.state.value} now{by}. Nothing was done."


def _runs(run: JobRun, done: str = " Nothing was done.") -> str:
    since = f" since {run.started_at:%H:%M} UTC" if run.started_at else ""
    return f"{run.job_name or run.job_identifier or 'A job'} is running{since} (run {run.id}).{done}"
