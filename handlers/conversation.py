"""What happens after the acknowledgement, the same for every way in: who is it, which use case, answer.

A verb that writes is always a modal with live figures (safety rule 8): where there is a trigger it is opened at once and
filled when the figures have been read; where there is none (a mention, a direct message) the card with its button comes.
"""

from dataclasses import dataclass
from typing import Final

import structlog

from bot.desk.confirm import Prepared, Started
from bot.desk.desk import Desk
from bot.errors import DeskError
from bot.model.actor import Place, Role
from bot.model.answer import Answer
from bot.model.intent import Intent, Verb
from bot.model.view import Audience
from bot.slack.render import Renderer
from bot.slack.reply import Reply
from bot.slack.roles import Roles
from handlers.payloads import WRITES, Caller, metadata

log = structlog.get_logger()
MODALS: Final = {Verb.DETAILS, Verb.TICKET_TEXT, Verb.ASK_OPERATOR}
"""Verbs that show a modal and write nothing to Identity Manager."""


@dataclass(frozen=True, slots=True)
class Conversation:
    desk: Desk
    roles: Roles
    renderer: Renderer
    reply: Reply

    async def typed(self, who: Caller, text: str, place: Place, trigger_id: str) -> None:
        """A slash command."""
        understood = self.desk.understand(text)
        if isinstance(understood, Answer):
            await self._show(who, understood, place)
        else:
            await self.wished(who, understood, place, trigger_id)

    async def wished(self, who: Caller, wish: Intent, place: Place, trigger_id: str, *, view_id: str = "") -> None:
        """An intent from a command or a button. `view_id` is the modal on which the button stood."""
        try:
            if wish.verb in WRITES and (trigger_id or view_id) and wish.thing:
                await self._confirm(who, wish, place, trigger_id, view_id)
            elif wish.verb in MODALS and trigger_id:
                await self._modal(who, wish, place, trigger_id)
            else:
                await self.answered(who, wish, place)
        except DeskError as why:
            await self.reply.problem(who.user_id, place, why)

    async def answered(self, who: Caller, wish: Intent, place: Place) -> None:
        actor = await self.roles.actor(who.team_id, who.user_id)
        async with self.reply.waiting(who.user_id, place):
            answer = await self.desk.answer(actor, wish, channel=place.channel)
        await self._show(who, answer, place)

    async def submitted(self, who: Caller, wish: Intent, place: Place, view_id: str, reason: str) -> None:
        """The submit of a confirmation: looked at again, stored, and told in the same modal."""
        actor = await self.roles.actor(who.team_id, who.user_id, fresh=True)
        done = await self.desk.act(actor, wish, place, reason)
        if isinstance(done, Started):
            await self.reply.started(view_id, done.action, new=done.new)
        else:
            await self.reply.refused(view_id, done)

    async def _confirm(self, who: Caller, wish: Intent, place: Place, trigger_id: str, view_id: str) -> None:
        """Opens a loading modal within the trigger's three seconds, then fills it with figures or with the refusal."""
        opened = view_id or await self.reply.open(trigger_id, self.renderer.loading("One moment", "Reading the figures"))
        actor = await self.roles.actor(who.team_id, who.user_id, fresh=True)
        ready = await self.desk.prepare(actor, wish, channel=place.channel)
        if isinstance(ready, Prepared):
            modal = self.renderer.confirmation(ready.confirmation, metadata(ready.intent, place))
            await self.reply.update(opened, modal)
        else:
            await self.reply.refused(opened, ready)

    async def _modal(self, who: Caller, wish: Intent, place: Place, trigger_id: str) -> None:
        actor = await self.roles.actor(who.team_id, who.user_id)
        opened = await self.reply.open(trigger_id, self.renderer.loading("One moment", "Reading"))
        inner = wish.inner()
        if wish.verb is Verb.ASK_OPERATOR:
            label = await self.desk.wording_of(actor, inner)
            ask = self.roles.whom_to_ask(Role.OPERATOR)
            env = self.desk.environment(inner, place.channel).label
            await self.reply.update(opened, self.renderer.ask_operator(label, env, metadata(inner, place), ask=ask))
            return
        kept = self.desk.remembered(actor, inner.pack())
        answer = kept or await self.desk.answer(actor, inner, channel=place.channel)
        if wish.verb is Verb.DETAILS:
            await self.reply.update(opened, self.renderer.details(answer))
        else:
            title, text = self.desk.ticket(answer)
            await self.reply.update(opened, self.renderer.ticket(title, text, metadata(inner, place)))

    async def _show(self, who: Caller, answer: Answer, place: Place) -> None:
        await self.reply.answer(who.user_id, place, self.renderer.answer(answer, Audience.PERSON))

