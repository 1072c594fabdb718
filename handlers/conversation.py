"""What happens after the acknowledgement, the same for every way in: who is it, which use case, answer.

A verb that writes is always a modal with live figures (safety rule 8): where there is a trigger it is opened at once
and filled when the figures have been read; where there is none (a mention, a direct message) the card with its button
comes.
"""

import secrets
from collections.abc import Awaitable
from dataclasses import dataclass, replace
from typing import Final

import structlog

from bot.desk.confirm import Prepared, Started
from bot.desk.desk import Desk, told
from bot.errors import DeskError, Stale
from bot.model.actor import Place
from bot.model.answer import Answer
from bot.model.intent import WRITING, BadButton, Intent, Verb
from bot.model.view import Audience
from bot.slack.render import Renderer
from bot.slack.reply import Reply
from bot.slack.roles import Roles
from bot.slack.rooms import Rooms
from handlers.errands import Errands
from handlers.payloads import Caller, Pressed, Submission, metadata

log = structlog.get_logger()
ERRANDS: Final = frozenset({Verb.SHARE, Verb.CLAIM, Verb.SHOW_ME, Verb.COUNT_ALL, Verb.REMIND})
MODALS: Final = frozenset({Verb.DETAILS, Verb.TICKET_TEXT, Verb.ASK_OPERATOR})


@dataclass(frozen=True, slots=True)
class Conversation:
    desk: Desk
    roles: Roles
    renderer: Renderer
    reply: Reply
    rooms: Rooms
    errands: Errands

    async def typed(self, who: Caller, text: str, place: Place, trigger_id: str) -> None:
        """A slash command."""
        understood = self.desk.understand(text)
        if understood is None:
            await self.explained(who, text, place)
        elif isinstance(understood, Answer):
            await self._show(who, understood, place)
        elif understood.verb in WRITING and understood.thing:
            await self._told(who, place, understood, self._confirm(who, understood, place, trigger_id, ""))
        else:
            await self._told(who, place, understood, self._answer(who, understood, place))

    async def pressed(self, who: Caller, wish: Intent, press: Pressed, *, again: bool) -> None:
        """A button. `again` redraws the ephemeral message on which it stands."""
        place, trigger = press.place, press.trigger_id
        view = press.view_id if press.in_view else ""
        if wish.verb in WRITING:
            work = self._confirm(who, wish, place, trigger, view)
        elif wish.verb in MODALS:
            work = self._modal(who, wish, place, trigger, view)
        elif wish.verb in ERRANDS:
            work = self.errands.run(who, wish, press)
        else:
            work = self._answer(who, wish, place, again=again and place.ephemeral, view_id=view)
        await self._told(who, place, wish, work)

    async def heard(self, who: Caller, text: str, place: Place, event_id: str) -> None:
        """A mention or a direct message. Text drafts, people press (safety rule 10)."""
        await self._told(who, place, Intent(Verb.WHY), self._answer_words(who, text, place, event_id))

    async def _answer_words(self, who: Caller, text: str, place: Place, event_id: str) -> None:
        answer = await self._hear(who, text, place)
        message = self.renderer.answer(answer, Audience.PERSON)
        if place.channel.startswith("D"):
            await self.errands.deliver(f"heard-{event_id}", place, message)
        else:
            await self.reply.answer(who.user_id, place, message)
        await self.errands.illustrate(who.user_id, answer, place)

    async def explained(self, who: Caller, text: str, place: Place) -> None:
        """Words asked as a question, also somebody else's (the message shortcut); only the asker sees the answer."""

        async def answer() -> None:
            await self._show(who, await self._hear(who, text, place), place)

        await self._told(who, place, Intent(Verb.WHY), answer())

    async def unreadable(self, who: Caller, place: Place) -> None:
        """A button whose value this version did not write."""
        say = "This button is from another version of nimdesk. Nothing was done."
        why = Stale(say, next_step="Ask again: /nim status")
        await self.reply.problem(who.user_id, place, why)

    async def submitted(self, who: Caller, sent: Submission) -> None:
        """The submit of a confirmation: looked at again, stored, and told in the same modal."""
        await self._told(who, sent.place, sent.intent, self._act(who, sent))

    async def _act(self, who: Caller, sent: Submission) -> None:
        try:
            actor = await self.roles.actor(who.team_id, who.user_id, fresh=True)
            channel = await self.rooms.for_progress(sent.place.channel, who.user_id)
            place = sent.place if channel == sent.place.channel else Place(channel=channel)
            done = await self.desk.act(actor, sent.intent, place, sent.text("reason"))
        except DeskError as why:
            done = told(why, sent.intent)
        if isinstance(done, Started):
            await self.reply.started(sent.view_id, done.action, new=done.new)
        else:
            await self.reply.refused(sent.view_id, done, metadata(sent.intent, sent.place))

    async def _told(self, who: Caller, place: Place, wish: Intent, work: Awaitable[None]) -> None:
        """Runs it; an error that a person can be told is told."""
        try:
            await work
        except BadButton:
            await self.unreadable(who, place)
        except DeskError as why:
            await self.reply.problem(who.user_id, place, why, wish=wish)
        except Exception:
            reference = secrets.token_hex(4)
            log.exception("a mistake of our own", verb=wish.verb.value, reference=reference)
            await self.reply.broken(who.user_id, place, reference)

    async def _hear(self, who: Caller, text: str, place: Place) -> Answer:
        actor = await self.roles.actor(who.team_id, who.user_id)
        async with self.reply.waiting(who.user_id, place):
            return await self.desk.hear(actor, text, channel=place.channel)

    async def _answer(self, who: Caller, wish: Intent, place: Place, *, again: bool = False, view_id: str = "") -> None:
        """`view_id` is the modal that covers the channel: it shows the answer as well."""
        actor = await self.roles.actor(who.team_id, who.user_id)
        async with self.reply.waiting(who.user_id, place):
            answer = await self.desk.answer(actor, wish, channel=place.channel)
        await self._show(who, answer, place, again=again)
        if view_id:
            await self.reply.update(view_id, self.renderer.details(answer))

    async def _confirm(self, who: Caller, wish: Intent, place: Place, trigger_id: str, view_id: str) -> None:
        """Opens a loading modal within the trigger's three seconds, then fills it with figures or with the refusal."""
        loading = self.renderer.loading("One moment", "Reading the figures")
        opened = view_id or await self.reply.open(trigger_id, loading)
        try:
            actor = await self.roles.actor(who.team_id, who.user_id, fresh=True)
            ready = await self.desk.prepare(actor, wish, channel=place.channel)
        except DeskError as why:
            ready = told(why, wish)
        if isinstance(ready, Prepared):
            modal = self.renderer.confirmation(ready.confirmation, metadata(ready.intent, place))
            await self.reply.update(opened, modal)
        else:
            await self.reply.refused(opened, ready, metadata(wish, place))

    async def _modal(self, who: Caller, wish: Intent, place: Place, trigger_id: str, view_id: str) -> None:
        opened = view_id or await self.reply.open(trigger_id, self.renderer.loading("One moment", "Reading"))
        actor = await self.roles.actor(who.team_id, who.user_id)
        if wish.verb is Verb.ASK_OPERATOR:
            await self.reply.update(opened, await self.errands.form(actor, wish.inner(), place))
            return
        inner = wish.inner()
        kept = self.desk.remembered(actor, inner.pack())
        answer = kept or await self.desk.answer(actor, inner, channel=place.channel)
        if wish.verb is Verb.DETAILS:
            modal = self.renderer.details(answer)
        else:
            title, text = self.desk.ticket(answer)
            modal = self.renderer.ticket(title, text, metadata(inner, replace(place, response_url="")))
        await self.reply.update(opened, modal)

    async def _show(self, who: Caller, answer: Answer, place: Place, *, again: bool = False) -> None:
        await self.reply.answer(who.user_id, place, self.renderer.answer(answer, Audience.PERSON), replace=again)
        if not again:
            await self.errands.illustrate(who.user_id, answer, place)
