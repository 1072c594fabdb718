"""Presses that carry something somewhere: share, ask, claim, show me, remind me, count all, send the ticket text."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime

from bot.access import Permission
from bot.desk import reminding
from bot.desk.desk import Desk
from bot.desk.request import draft, wording
from bot.errors import NotFound
from bot.model.actor import Actor, Place, Role
from bot.model.answer import Answer
from bot.model.intent import Intent, Verb
from bot.model.message import Message, Modal
from bot.model.request import HelpRequest
from bot.model.view import Audience, HelpCard
from bot.ports import Outbox, Reminders, Requests
from bot.slack.pictures import Pictures
from bot.slack.render import Renderer, plain_message
from bot.slack.reply import Reply
from bot.slack.roles import Roles
from bot.slack.rooms import Rooms
from handlers.payloads import Caller, Pressed, Submission, metadata


@dataclass(frozen=True, slots=True)
class Errands:
    desk: Desk
    roles: Roles
    renderer: Renderer
    reply: Reply
    rooms: Rooms
    outbox: Outbox
    requests: Requests
    reminders: Reminders
    pictures: Pictures
    now: Callable[[], datetime]

    async def run(self, who: Caller, wish: Intent, press: Pressed) -> None:
        actor = await self.roles.actor(who.team_id, who.user_id)
        if wish.verb is Verb.SHARE:
            await self._share(actor, wish.inner(), press)
        elif wish.verb is Verb.CLAIM:
            await self._claim(actor, wish, press.place)
        elif wish.verb is Verb.REMIND:
            await self._remind(actor, wish, press.place)
        elif wish.verb is Verb.SHOW_ME:
            answer = await self.desk.show(actor, wish.inner(), channel=press.place.channel)
            await self.reply.answer(who.user_id, press.place, self.renderer.answer(answer, Audience.PERSON))
        else:
            await self._count(actor, wish, press.place)

    async def illustrate(self, user_id: str, answer: Answer, place: Place) -> None:
        """The pictures of an answer that stands already, below it, for the same person."""
        wanted = answer.finding.illustrations if answer.finding else ()
        if made := await self.pictures.uploaded(wanted):
            await self.reply.answer(user_id, place, self.renderer.pictures(made, answer.env_label))

    async def deliver(self, key: str, place: Place, message: Message) -> None:
        """A message that is neither lost nor doubled, whatever is killed."""
        await self.outbox.post(key, place.channel, message, thread_of=place.thread)

    async def form(self, actor: Actor, wish: Intent, place: Place) -> Modal:
        """Asks a viewer for a note and a ticket number."""
        self.desk.permit_to(actor, Permission.ASK_OPERATOR)
        env = self.desk.environment(wish, place.channel)
        ask = self.roles.whom_to_ask(Role.OPERATOR)
        return self.renderer.ask_operator(wording(wish), env.label, metadata(wish, place), ask=ask)

    async def asked(self, who: Caller, sent: Submission) -> None:
        """Posts the request where the operators see it; the same request twice is one."""
        actor = await self.roles.actor(who.team_id, who.user_id)
        self.desk.permit_to(actor, Permission.ASK_OPERATOR)
        channel = await self.rooms.for_progress(sent.place.channel, who.user_id)
        env = self.desk.environment(sent.intent, sent.place.channel)
        where = Place(channel=channel, thread=sent.place.thread or sent.place.message)
        asked, _ = await self.requests.ask(
            draft(actor, sent.intent, where, note=sent.text("note"), ticket=sent.text("ticket"), now=self.now())
        )
        await self.outbox.post(_key(asked), channel, self._card(asked, env.label), thread_of=_thread(sent.place))

    async def send_ticket(self, who: Caller, sent: Submission) -> None:
        """The ticket text as a direct message, so that it can be copied later."""
        actor = await self.roles.actor(who.team_id, who.user_id)
        answer = self.desk.remembered(actor, sent.intent.pack()) or await self.desk.answer(
            actor, sent.intent, channel=sent.place.channel
        )
        title, text = self.desk.ticket(answer)
        channel = await self.rooms.for_progress("", who.user_id)
        await self.outbox.post(f"ticket-{sent.view_id}", channel, plain_message(f"{title}\n\n{text}"))

    async def _share(self, actor: Actor, wish: Intent, press: Pressed) -> None:
        """Renders again under the channel's policy: counts, no names (safety rule 15)."""
        place = press.place
        if why := await self.rooms.why_not(place.channel):
            raise NotFound(f"It was not shared. {why}", next_step="Invite me with /invite @nimdesk, then share again.")
        answer = self.desk.remembered(actor, wish.pack()) or await self.desk.answer(actor, wish, channel=place.channel)
        message = self.renderer.answer(answer, Audience.CHANNEL)
        key = f"share-{actor.user_id}-{place.message or place.response_url[-16:]}"
        await self.outbox.post(key, place.channel, message, thread_of=place.thread)
        public = answer.finding.without_names().illustrations if answer.finding else ()
        if made := await self.pictures.uploaded(public):
            drawn = self.renderer.pictures(made, answer.env_label)
            await self.outbox.post(f"{key}-pictures", place.channel, drawn, thread_of=place.thread)

    async def _remind(self, actor: Actor, wish: Intent, place: Place) -> None:
        """Stored before it is promised; whoever drives looks again at its time."""
        self.desk.permit_to(actor, Permission.READ)
        env = self.desk.environment(wish, place.channel)
        about = replace(wish.inner(), seen="", env=env.name)
        answer = self.desk.remembered(actor, about.pack()) or await self.desk.answer(actor, about)
        stored = await self.reminders.ask(reminding.draft(actor, wish, about, answer, env.now(), self.now()))
        message = self.renderer.answer(reminding.promised(stored, env.label))
        await self.reply.answer(actor.user_id, place, message)

    async def _claim(self, actor: Actor, wish: Intent, place: Place) -> None:
        self.desk.permit_to(actor, Permission.CLAIM)
        claimed = await self.requests.claim(int(wish.thing), actor.user_id, self.now())
        env = self.desk.environment(claimed.intent, place.channel)
        await self.outbox.edit(_key(claimed), self._card(claimed, env.label))
        if claimed.claimed_by != actor.user_id:
            raise NotFound(f"<@{claimed.claimed_by}> has claimed it already.", next_step="Nothing is left to do here.")

    async def _count(self, actor: Actor, wish: Intent, place: Place) -> None:
        """Reads on, page by page, and redraws the message; the channel's copy stays as it is."""
        async for answer in self.desk.count(actor, wish, channel=place.channel):
            message = self.renderer.answer(answer, Audience.PERSON)
            await self.reply.answer(actor.user_id, place, message, replace=place.ephemeral)

    def _card(self, request: HelpRequest, env_label: str) -> Message:
        return self.renderer.request_help(HelpCard(request, env_label, self.roles.whom_to_ask(Role.OPERATOR)))


def _key(request: HelpRequest) -> str:
    return f"request-{request.id}"


def _thread(place: Place) -> str:
    """The thread of a channel's card; an ephemeral answer has none."""
    return "" if place.ephemeral else place.thread or place.message
