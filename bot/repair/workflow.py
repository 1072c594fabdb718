"""The durable shell: one workflow per action, each step of it looks, acts and stores.

All that a step needs stands in the action's row, so the workflow holds no state of its own: it may be begun again at
any step, on this machine or on another. DBOS remembers that there is something to go on with, and when.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from threading import Thread
from typing import Final

import structlog
from dbos import DBOS, DBOSConfig, SetWorkflowID

from bot.errors import NimError
from bot.model.action import Action, ActionState
from bot.model.ids import ActionId
from bot.model.message import Message
from bot.ports import Actions, Clock, Environment, Outbox
from bot.repair.follow import Pace
from bot.repair.judging import Judging
from bot.repair.machine import Declined, Event, NotSent, Step, TooLate, Unwanted, Waiting, advance, next_step
from bot.repair.steps import REFUSALS, Steps

log = structlog.get_logger()

VERSION: Final = "1"
"""Changes only when the steps of the workflow change; docs/decisions says how old workflows are moved then."""
EXECUTOR: Final = "nimdesk"
"""All replicas share it: whoever drives goes on with whatever the last driver left."""
LET_FINISH_SECONDS: Final = 3.0
END_SECONDS: Final = 3.0
"""How long DBOS may take to end: stopped right after its start it waits ten seconds for each of its own threads."""
_LOOK_SECONDS: Final = 0.02
_ENDED: Final = ("SUCCESS", "ERROR", "CANCELLED")

Where = Callable[[Action], Awaitable[tuple[str, str]]]
"""Channel and thread (`thread_of` of the outbox) in which an action shows its progress."""


@dataclass(frozen=True, slots=True)
class Repairs:
    """What the workflow of an action works with."""

    actions: Actions
    outbox: Outbox
    environments: Mapping[str, Environment]
    judging: Judging
    render: Callable[[Action], Awaitable[Message]]
    where: Where
    clock: Clock
    pace: Pace


class Engine:
    """DBOS in this process. At most one is started at a time, since DBOS is one per process."""

    _current: "Engine | None" = None
    _ending: Thread | None = None

    def __init__(self, repairs: Repairs, database_url: str, *, poll_seconds: float = 1.0) -> None:
        self._repairs = repairs
        self._steps = Steps(repairs.environments, repairs.judging, repairs.pace)
        self._database_url = database_url
        self._poll_seconds = poll_seconds
        self._tasks: set[asyncio.Task[object]] = set()
        self._busy = 0
        self._idle = asyncio.Event()
        self._idle.set()
        self._stopping = False

    async def start(self) -> None:
        """Goes on with all workflows that a former driver has left."""
        if Engine._current is not None:
            raise RuntimeError("an engine is running in this process already")
        if Engine._ending is not None:
            await asyncio.to_thread(Engine._ending.join)
        Engine._current = self
        config: DBOSConfig = {
            "name": "nimdesk",
            "system_database_url": self._database_url,
            "application_version": VERSION,
            "executor_id": EXECUTOR,
            "log_level": "CRITICAL",
            "enable_otlp": False,
            "notification_listener_polling_interval_sec": self._poll_seconds,
        }
        DBOS(config=config)
        DBOS.launch()

    async def stop(self) -> None:
        """Lets steps in flight end for a moment; what is left goes on at the next start."""
        if Engine._current is not self:
            return
        self._stopping = True
        with suppress(TimeoutError):
            async with asyncio.timeout(LET_FINISH_SECONDS):
                await self._idle.wait()
        left = tuple(self._tasks)
        for task in left:
            task.cancel()
        await asyncio.gather(*left, return_exceptions=True)
        # DBOS has made its own threads the loop's default ones, and they end with it: lookups of host names and what
        # else uses threads would fail from then on.
        asyncio.get_running_loop().set_default_executor(ThreadPoolExecutor(thread_name_prefix="nimdesk"))
        Engine._ending = Thread(target=DBOS.destroy, name="the end of DBOS", daemon=True)
        Engine._ending.start()
        for _ in range(round(END_SECONDS / _LOOK_SECONDS)):
            if not Engine._ending.is_alive():
                break
            await asyncio.sleep(_LOOK_SECONDS)
        Engine._current = None

    async def drive(self, action_id: ActionId) -> None:
        """Starts the action's workflow; the same id again joins the one that runs."""
        with SetWorkflowID(f"action-{action_id}"):
            await DBOS.start_workflow_async(_drive, int(action_id))

    async def collect(self, before: datetime) -> int:
        """Deletes ended workflows: the core of DBOS keeps them for ever."""
        deleted = 0
        while True:
            old = await DBOS.list_workflows_async(
                status=list(_ENDED),
                completed_before=before.isoformat(),
                limit=500,
                load_input=False,
                load_output=False,
            )
            if not old:
                return deleted
            await DBOS.delete_workflows_async([one.workflow_id for one in old])
            deleted += len(old)

    @staticmethod
    def current() -> "Engine":
        if Engine._current is None or Engine._current._stopping:  # noqa: SLF001  # its own class
            raise asyncio.CancelledError
        return Engine._current

    def joined(self, task: "asyncio.Task[object]") -> None:
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def step(self, action_id: ActionId) -> float | None:
        """One step of one action. Returns the pause before the next one, None when there is none."""
        self._busy += 1
        self._idle.clear()
        try:
            return await self._step(action_id)
        finally:
            self._busy -= 1
            if not self._busy:
                self._idle.set()

    async def _step(self, action_id: ActionId) -> float | None:
        action = await self._repairs.actions.get(action_id)
        if not action.ended:
            try:
                action = await self._advanced(action)
            except Exception:  # a mistake of our own must not leave an action that never ends
                log.exception("action stopped by a mistake", action=action_id, state=action.state.value)
                action = await self._repairs.actions.get(action_id)
                action = await self._take(action, TooLate(_OUR_MISTAKE))
        await self._show(action)
        return None if action.ended else self._pause(action)

    async def _advanced(self, action: Action) -> Action:
        step = next_step(action)
        if late := self._too_late(action, step):
            return await self._take(action, TooLate(late))
        try:
            event = await self._steps.perform(step, action)
        except REFUSALS as why:
            event = self._refused(step, why)
        except NimError as why:
            event = Waiting(why.say)
        action = await self._take(action, event)
        if step is Step.LAUNCH and action.state is ActionState.LAUNCHED:
            await self._show(action)
            answer = await self._steps.launch(action)
            if answer is not None:
                action = await self._take(action, answer)
                if isinstance(answer, NotSent):
                    action = await self._take(action, Waiting(answer.why))
        return action

    async def _take(self, action: Action, event: Event) -> Action:
        """The action after the event, stored with its audit record."""
        now = self._repairs.clock.now()
        moved = advance(action, event, now)
        await self._repairs.actions.change(moved.action, now=now, audit=moved.audit)
        return moved.action

    async def _show(self, action: Action) -> None:
        message = await self._repairs.render(action)
        channel, thread = await self._repairs.where(action)
        key = action.message_key
        await self._repairs.outbox.post(key, channel, message, thread_of=thread, incident_id=action.wish.incident_id)
        await self._repairs.outbox.edit(key, message)

    def _refused(self, step: Step, why: NimError) -> Event:
        """A read that Identity Manager refuses: before the write nothing is done, after it the rest waits."""
        if step is Step.CHECK:
            return Unwanted(f"{why.say} {why.advice} Nothing was done.")
        return Declined(f"{why.say} {why.advice}") if step is Step.LAUNCH else Waiting(why.say)

    def _too_late(self, action: Action, step: Step) -> str:
        """Why the step may not be waited for any longer; empty while it may."""
        now, pace = self._repairs.clock.now(), self._repairs.pace
        waited = now - (action.waits_since or now)
        stood = now - (action.state_since or now)
        match step:
            case Step.CHECK | Step.UNBLOCK | Step.LAUNCH if waited > pace.patience:
                return f"{action.waits_because} It has been so for {_spell(pace.patience)}."
            case Step.FIND_RUN if waited > pace.follow_for:
                return f"{action.waits_because} Whether the job was launched could not be read."
            case Step.FOLLOW | Step.JUDGE if stood > pace.follow_for:
                spell = _spell(pace.follow_for)
                return (
                    f"The run was followed for {spell} and has no end that I can read. {action.waits_because}".strip()
                )
            case Step.VERIFY if stood > pace.verify_for:
                return f"No synchronization has verified it within {_spell(pace.verify_for)}."
            case _:
                return ""

    def _pause(self, action: Action) -> float:
        pace = self._repairs.pace
        if action.waits_because:
            return pace.pause(pace.wait, action.looks - 1)
        match next_step(action):
            case Step.FOLLOW:
                return pace.pause(pace.follow, action.looks)
            case Step.VERIFY:
                return pace.pause(pace.verify, action.looks)
            case _:
                return 0.0


_OUR_MISTAKE: Final = "A mistake of nimdesk's own stopped this; it is in the log. Look at the order and the job."


@DBOS.workflow(name="nimdesk.action")
async def _drive(action_id: int) -> None:
    task = asyncio.current_task()
    if task is not None:
        Engine.current().joined(task)
    while (pause := await _step(action_id)) is not None:
        await DBOS.sleep_async(pause)


@DBOS.step(name="nimdesk.step")
async def _step(action_id: int) -> float | None:
    return await Engine.current().step(ActionId(action_id))


def _spell(time: timedelta) -> str:
    hours = time.total_seconds() / 3600
    return f"{hours:.0f} hours" if hours > 1 else f"{hours * 60:.0f} minutes"
