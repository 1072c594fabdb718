"""Answers to the one who asked or pressed, from the process that got the press: ephemeral messages and modals.

Nothing here is durable: what must not be lost goes through the outbox.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Any, Final

import structlog
from prometheus_client import Counter
from slack_sdk.web.async_client import AsyncWebClient
from slack_sdk.webhook.async_client import AsyncWebhookClient

from bot.errors import DeskError, NimError, NotAllowed, SlackProblem, Stale
from bot.model.action import Action
from bot.model.actor import Place
from bot.model.answer import Answer
from bot.model.intent import Intent
from bot.model.message import Message, Modal
from bot.model.view import Problem
from bot.slack.blocks import faults_of_message, faults_of_modal
from bot.slack.render import Renderer, plain_message
from bot.slack.wire import FAILURES, Refusal, code_of, complaints, meaning, posted, refused_blocks, view

log: Final = structlog.get_logger(__name__)
_lost: Final = Counter("nimdesk_replies_lost_total", "Answers that Slack did not take by any way", ["why"])

READING: Final = "Reading Identity Manager …"
PATIENCE_SECONDS: Final = 2.0
TIMEOUT_SECONDS: Final = 10
OK: Final = 200


class Reply:
    def __init__(self, client: AsyncWebClient, renderer: Renderer, *, patience: float = PATIENCE_SECONDS) -> None:
        self._client = client
        self._renderer = renderer
        self._patience = patience

    # --- messages --------------------------------------------------------------------------------------------------

    async def answer(self, user_id: str, place: Place, message: Message, *, replace: bool = False) -> bool:
        """Shows it to this person only; in their direct messages as a message that stays.

        `replace` redraws the ephemeral message whose button was pressed. Returns whether Slack took it.
        """
        if found := faults_of_message(message):
            refused_blocks.labels("us").inc()
            log.error("message invalid", faults=[f"{fault.pointer}: {fault.what}" for fault in found[:5]])
            message = plain_message(message.text)
        if replace and place.response_url:
            ways = [self._by_url]
        elif place.response_url and not place.thread and not _direct(place):
            ways = [self._by_url, self._by_method]
        else:
            ways = [self._by_method, self._by_url]
        why = ""
        for way in ways:
            why = await self._tried(way, user_id, place, message, replace=replace)
            if not why:
                return True
        _lost.labels(why).inc()
        log.error("answer not delivered", channel=place.channel, why=why)
        return False

    async def _tried(self, way: Any, user_id: str, place: Place, message: Message, *, replace: bool) -> str:
        """Sends it by one way; without its blocks where Slack refuses them. Returns why it failed."""
        for blocks in (True, False):
            try:
                await way(user_id, place, posted(message, blocks=blocks), replace=replace)
                return ""
            except _NotTaken as why:
                if not why.blocks:
                    return why.code
            except FAILURES as why:
                if meaning(why) is not Refusal.BLOCKS:
                    return code_of(why)
                refused_blocks.labels("slack").inc()
                log.warning("blocks refused", why=code_of(why), complaints=complaints(why))
        return "invalid_blocks"

    async def _by_url(
        self,
        user_id: str,  # noqa: ARG002  # the url belongs to one person already
        place: Place,
        body: dict[str, Any],
        *,
        replace: bool,
    ) -> None:
        if not place.response_url:
            raise _NotTaken("no response_url")
        hook = AsyncWebhookClient(
            place.response_url,
            timeout=TIMEOUT_SECONDS,
            session=self._client.session,
            proxy=self._client.proxy,
            ssl=self._client.ssl,
            retry_handlers=[],
        )
        kind = {"response_type": "ephemeral", "replace_original": replace}
        if place.thread and not replace:
            kind["thread_ts"] = place.thread
        answered = await hook.send_dict({**body, **kind})
        if answered.status_code != OK or answered.body.strip() not in {"ok", "", '{"ok":true}'}:
            blocks = "invalid_blocks" in answered.body
            if blocks:
                refused_blocks.labels("slack").inc()
                log.error("blocks refused", why=answered.body[:500])
            raise _NotTaken(f"response_url {answered.status_code} {answered.body[:40]}".strip(), blocks=blocks)

    async def _by_method(self, user_id: str, place: Place, body: dict[str, Any], *, replace: bool) -> None:
        if replace:
            raise _NotTaken("an ephemeral message is replaced by its response_url only")
        if _direct(place):
            await self._client.chat_postMessage(channel=place.channel, thread_ts=place.thread or None, **body)
        else:
            await self._client.chat_postEphemeral(
                channel=place.channel, user=user_id, thread_ts=place.thread or None, **body
            )

    @asynccontextmanager
    async def waiting(self, user_id: str, place: Place, what: str = READING) -> AsyncIterator[None]:
        """Says what is being done when the body takes longer than two seconds, as a message of its own."""
        note = asyncio.create_task(self._note(user_id, place, what))
        try:
            yield
        finally:
            note.cancel()
            with suppress(asyncio.CancelledError):
                await note

    async def _note(self, user_id: str, place: Place, what: str) -> None:
        await asyncio.sleep(self._patience)
        await self.answer(user_id, place, self._renderer.placeholder(what))

    async def problem(
        self, user_id: str, place: Place, why: DeskError, *, wish: Intent | None = None, reference: str = ""
    ) -> bool:
        """Tells an error: what happened, whether anything was changed, what to do next."""
        return await self.answer(user_id, place, self._renderer.problem(told(why, wish, reference)))

    async def broken(self, user_id: str, place: Place, reference: str) -> bool:
        """A mistake of nimdesk's own; `reference` finds its log line."""
        problem = Problem(
            say="nimdesk made a mistake and stopped there",
            next_step="Show this reference to whoever runs nimdesk.",
            changed=None,
            reference=reference,
        )
        return await self.answer(user_id, place, self._renderer.problem(problem))

    # --- modals ----------------------------------------------------------------------------------------------------

    async def open(self, trigger_id: str, modal: Modal) -> str:
        """Opens a modal and returns its view id. Raises SlackProblem, as when the trigger's three seconds are over."""
        try:
            opened = await self._client.views_open(trigger_id=trigger_id, view=view(self._valid(modal)))
        except FAILURES as why:
            log.warning("modal not opened", why=code_of(why), complaints=complaints(why))
            raise SlackProblem(
                "Slack did not open the window in time. Nothing was done.", next_step="Press again.", why=code_of(why)
            ) from why
        return str(opened["view"]["id"])

    async def update(self, view_id: str, modal: Modal) -> bool:
        """Fills an open modal; false when the person has closed it meanwhile or Slack did not take it."""
        try:
            await self._client.views_update(view_id=view_id, view=view(self._valid(modal)))
            return True
        except FAILURES as why:
            known = code_of(why) in {"not_found", "view_not_found"}
            (log.info if known else log.error)("modal not updated", why=code_of(why), complaints=complaints(why))
            return False

    async def started(self, view_id: str, action: Action, *, new: bool) -> bool:
        """Says in the modal that the action is stored, or that the same press had been made before."""
        return await self.update(view_id, self._renderer.started(action, new=new))

    async def refused(self, view_id: str, answer: Answer, private_metadata: str = "") -> bool:
        """Says in the modal why nothing was done, with what is possible instead; its buttons carry the metadata."""
        return await self.update(view_id, self._renderer.refused(answer, private_metadata))

    def _valid(self, modal: Modal) -> Modal:
        if found := faults_of_modal(modal):
            refused_blocks.labels("us").inc()
            log.error("modal invalid", faults=[f"{fault.pointer}: {fault.what}" for fault in found[:5]])
            return Modal(modal.title[:24] or "nimdesk", plain_message("This window could not be drawn.").blocks)
        return modal


class _NotTaken(Exception):
    def __init__(self, code: str, *, blocks: bool = False) -> None:
        super().__init__(code)
        self.code = code
        self.blocks = blocks


def _direct(place: Place) -> bool:
    return place.channel.startswith("D")


def told(why: DeskError, wish: Intent | None = None, reference: str = "") -> Problem:
    """An error as the asker reads it; with the way to an operator, or to the fresh view, where there is one."""
    return Problem(
        say=why.say,
        next_step=why.advice,
        changed=why.changed if isinstance(why, NimError) else False,
        reference=reference,
        ask=wish if isinstance(why, NotAllowed) else None,
        fresh=wish if isinstance(why, Stale) else None,
    )
