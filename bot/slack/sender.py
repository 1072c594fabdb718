"""Delivers the outbox to Slack: every message once, paced, the final state always. Belongs to the driver.

A row that is being sent is settled before it is reported: taken (`sent`), not taken (`failed` with the time to try
again), or refused for good (`failed` without). Where that cannot be known, the message is looked for in Slack; until it
is known the row stays as "being sent", so that a restart looks again.
"""

import asyncio
import heapq
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any, Final

import structlog
from prometheus_client import Counter, Histogram
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from bot.model.message import Delivery, Message
from bot.ports import Clock, DeliveryQueue
from bot.slack.blocks import faults_of_message
from bot.slack.finding_posts import find, metadata
from bot.slack.pacing import Pace, Pacing
from bot.slack.render import plain_message
from bot.slack.wire import (
    FAILURES,
    Refusal,
    code_of,
    complaints,
    content,
    meaning,
    posted,
    refused_blocks,
    retry_after,
)

log: Final = structlog.get_logger(__name__)
_deliveries: Final = Counter("nimdesk_slack_deliveries_total", "Deliveries by their end", ["end"])
_seconds: Final = Histogram("nimdesk_slack_call_seconds", "How long Slack takes", ["method"])

AT_ONCE: Final = 20
MOST_UNDER_WAY: Final = 100
IDLE_SECONDS: Final = 5.0
LOOK_AFTER: Final = 2.0
"""A post whose answer was lost may still arrive for a moment; it is looked for after this."""
LONGEST_WAIT: Final = 120.0
CREDENTIALS_WAIT: Final = 60.0
POST, EDIT = "chat.postMessage", "chat.update"


class Sender:
    """`client` must not retry by itself: a post that is repeated blindly is a message twice."""

    def __init__(
        self,
        queue: DeliveryQueue,
        client: AsyncWebClient,
        clock: Clock,
        *,
        pace: Pace | None = None,
        look_after: float = LOOK_AFTER,
        is_shared: Callable[[str], Awaitable[bool]] | None = None,
        on_sent: Callable[[Delivery], None] | None = None,
    ) -> None:
        if client.retry_handlers:
            raise ValueError("the sender's Slack client must have no retry handlers")
        self._queue = queue
        self._client = client
        self._clock = clock
        self._pacing = Pacing(pace or Pace())
        self._look_after = look_after
        self._is_shared = is_shared
        self._on_sent = on_sent
        self._lanes: dict[str, asyncio.Queue[Delivery]] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._under_way = 0
        self._room = asyncio.Event()
        self._failures: dict[int, int] = {}
        self._due_again: list[float] = []
        self.healthy = True
        """False while Slack refuses our credentials."""

    async def run(self) -> None:
        """Until cancelled. What is being sent at that moment is finished; what waits in line is handed back."""
        try:
            for delivery in await self._queue.unsure():
                self._task(self._settle(delivery, "found after a restart"))
            while True:
                await self._round()
        finally:
            await self._stop()

    async def _round(self) -> None:
        free = MOST_UNDER_WAY - self._under_way
        if free <= 0:
            self._room.clear()
            await self._room.wait()
            return
        due = await self._queue.claim_due(self._clock.now(), min(AT_ONCE, free))
        for delivery in due:
            self._line_up(delivery)
        if not due:
            await self._queue.changed(self._until_due())

    def _until_due(self) -> float:
        """Seconds until a row that was put off is due; rows of an earlier process are looked for now and then."""
        now = self._loop_time()
        while self._due_again and self._due_again[0] <= now:
            heapq.heappop(self._due_again)
        return min(IDLE_SECONDS, self._due_again[0] - now + 0.01 if self._due_again else IDLE_SECONDS)

    @staticmethod
    def _loop_time() -> float:
        return asyncio.get_running_loop().time()

    # --- lanes: one per channel, in order ---------------------------------------------------------------------------

    def _line_up(self, delivery: Delivery) -> None:
        self._under_way += 1
        lane = self._lanes.get(delivery.channel)
        if lane is None:
            lane = self._lanes[delivery.channel] = asyncio.Queue()
            self._task(self._drive(delivery.channel, lane))
        lane.put_nowait(delivery)

    async def _drive(self, channel: str, lane: "asyncio.Queue[Delivery]") -> None:
        try:
            while not lane.empty():
                delivery = lane.get_nowait()
                try:
                    await self._deliver(delivery)
                except Exception:  # what broke may have broken after Slack took it: looked for before it is sent again
                    log.exception("delivery broken", key=delivery.key)
                    self._task(self._settle(delivery, "broken"))
                finally:
                    self._under_way -= 1
                    self._room.set()
        finally:
            del self._lanes[channel]

    def _task(self, work: Any) -> None:
        task: asyncio.Task[None] = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _stop(self) -> None:
        """Rows in line go back at once; a call under way gets a moment to end."""
        for lane in tuple(self._lanes.values()):
            while not lane.empty():
                await self._queue.failed(lane.get_nowait(), "stopped", self._clock.now())
        if self._tasks:
            _, late = await asyncio.wait(set(self._tasks), timeout=3)
            for task in late:
                task.cancel()
            await asyncio.gather(*late, return_exceptions=True)

    # --- one delivery -----------------------------------------------------------------------------------------------

    async def _deliver(self, delivery: Delivery) -> None:
        method = EDIT if delivery.is_edit else POST
        wait = self._pacing.paused_for(method, delivery.channel)
        if delivery.is_edit:
            wait = max(wait, self._pacing.edit_in(delivery.id))
        if wait > 0:
            await self._put_off(delivery, wait)
            return
        if delivery.is_edit:
            self._pacing.before_edit()
        else:
            await self._pacing.before_post(delivery.channel)
        if self._is_shared is not None and await self._is_shared(delivery.channel):
            log.error("another company reads this channel: nothing is posted there", channel=delivery.channel)
            _deliveries.labels("shared channel").inc()
            await self._queue.failed(delivery, "shared channel", None)
            return
        await self._call(delivery, method)

    async def _call(self, delivery: Delivery, method: str) -> None:
        """Tries with blocks, then with the words alone; a thread that is gone gives way to its channel."""
        message = self._checked(delivery)
        blocks, thread = bool(message.blocks), delivery.thread_ts
        while True:
            try:
                with _seconds.labels(method).time():
                    answered = await self._send(delivery, message, blocks=blocks, thread=thread)
            except FAILURES as why:
                kind = meaning(why)
                if kind is Refusal.BLOCKS and blocks:
                    refused_blocks.labels("slack").inc()
                    log.warning("blocks refused", key=delivery.key, why=code_of(why), complaints=complaints(why))
                    blocks = False
                    continue
                if code_of(why) in {"thread_not_found", "cannot_reply_to_message"} and thread:
                    log.warning("thread gone", key=delivery.key)
                    thread = ""
                    continue
                await self._failed(delivery, method, why, kind)
                return
            await self._taken(delivery, ts=str(answered["ts"]), channel=str(answered["channel"]))
            return

    def _checked(self, delivery: Delivery) -> Message:
        found = faults_of_message(delivery.message)
        if not found:
            return delivery.message
        refused_blocks.labels("us").inc()
        log.error("message invalid", key=delivery.key, faults=[f"{one.pointer}: {one.what}" for one in found[:5]])
        return plain_message(delivery.message.text)

    async def _send(self, delivery: Delivery, message: Message, *, blocks: bool, thread: str) -> Any:
        tag = metadata(delivery)
        if delivery.is_edit:
            body = content(message, blocks=blocks)
            return await self._client.chat_update(channel=delivery.channel, ts=delivery.ts, metadata=tag, **body)
        body = posted(message, blocks=blocks)
        return await self._client.chat_postMessage(
            channel=delivery.channel, thread_ts=thread or None, metadata=tag, **body
        )

    async def _taken(self, delivery: Delivery, *, ts: str, channel: str) -> None:
        if delivery.is_edit:
            self._pacing.edited(delivery.id)
        else:
            self._pacing.posted(delivery.id)
        self.healthy = True
        self._failures.pop(delivery.id, None)
        await self._queue.sent(delivery, ts=ts, channel=channel)
        _deliveries.labels("edited" if delivery.is_edit else "posted").inc()
        if self._on_sent is not None:
            self._on_sent(delivery)

    async def _failed(self, delivery: Delivery, method: str, why: BaseException, kind: Refusal) -> None:
        code = code_of(why)
        _deliveries.labels(code or "failed").inc()
        log.warning("not delivered", key=delivery.key, channel=delivery.channel, why=code, kind=kind.value)
        if kind is Refusal.LATER:
            wait = retry_after(why)
            if wait is not None:
                self._pacing.pause(method if delivery.is_edit else delivery.channel, wait)
            await self._later(delivery, code, wait)
        elif kind is Refusal.UNSURE and delivery.is_edit:
            await self._later(delivery, code)  # the same edit twice is one edit
        elif kind is Refusal.UNSURE:
            self._task(self._settle(delivery, code))
        elif kind is Refusal.CREDENTIALS:
            self.healthy = False
            await self._later(delivery, code, CREDENTIALS_WAIT)
        else:
            await self._queue.failed(delivery, code, None)

    async def _put_off(self, delivery: Delivery, seconds: float) -> None:
        """Not now: by then the row holds the newest wish, so that several edits have become one."""
        await self._again(delivery, "paced", seconds)

    async def _later(self, delivery: Delivery, why: str, seconds: float | None = None) -> None:
        failures = self._failures[delivery.id] = self._failures.get(delivery.id, 0) + 1
        wait = seconds if seconds is not None else min(LONGEST_WAIT, 0.5 * 2.0**failures)
        await self._again(delivery, why, wait)

    async def _again(self, delivery: Delivery, why: str, seconds: float) -> None:
        heapq.heappush(self._due_again, self._loop_time() + seconds)
        await self._queue.failed(delivery, why, self._clock.now() + timedelta(seconds=seconds))

    # --- what may stand already -------------------------------------------------------------------------------------

    async def _settle(self, delivery: Delivery, why: str) -> None:
        """Finds out whether the message stands in Slack, however long Slack or our store cannot be asked."""
        wait = self._look_after
        while True:
            try:
                await asyncio.sleep(wait)
                await self._settled(delivery, why)
                return
            except Exception as failure:  # noqa: BLE001  # whatever keeps us from knowing, we ask again
                log.warning("cannot look for a message", key=delivery.key, why=code_of(failure))
                wait = min(LONGEST_WAIT, max(1.0, wait * 2, retry_after(failure) or 0))

    async def _settled(self, delivery: Delivery, why: str) -> None:
        """Raises what the Slack client raises as long as it is not known."""
        if delivery.is_edit:
            await self._later(delivery, why, 0)
            return
        try:
            found = await find(self._client, delivery)
        except SlackApiError as failure:
            if meaning(failure) is not Refusal.NEVER and code_of(failure) != "missing_scope":
                raise
            log.warning("a message may come twice: its channel cannot be read", key=delivery.key, why=code_of(failure))
            found = None
        if found is None:
            await self._later(delivery, why, 0)
        else:
            channel, ts = found
            log.info("stands already", key=delivery.key, why=why)
            await self._taken(delivery, ts=ts, channel=channel)
