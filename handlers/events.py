"""What people say to the bot: mentions and direct messages, stored before they are acknowledged."""

import json
from collections.abc import Callable
from datetime import datetime
from typing import Any, Final

from slack_bolt.async_app import AsyncAck, AsyncBoltContext

from bot.model.actor import Place
from bot.ports import Inbox
from handlers.conversation import Conversation
from handlers.payloads import Caller, caller, said_to_bot, typed_text, without_bot
from handlers.work import Work

KEPT: Final = ("text", "channel", "ts", "thread_ts", "channel_type", "type")


class Events:
    def __init__(self, talk: Conversation, work: Work, inbox: Inbox, now: Callable[[], datetime], bot_id: str) -> None:
        self._talk = talk
        self._work = work
        self._inbox = inbox
        self._now = now
        self._bot_user_id = bot_id

    async def event(self, ack: AsyncAck, body: dict[str, Any], context: AsyncBoltContext) -> None:
        event = body.get("event", {})
        if not said_to_bot(event):
            await ack()
            return
        who = caller(context)
        heard = {"team": who.team_id, "user": who.user_id, "event": _kept(event)}
        new = await self._inbox.receive(body["event_id"], json.dumps(heard), self._now())
        await ack()
        if new:
            self._work.start(self.answer(body["event_id"], heard), "heard")

    async def left_behind(self, event_id: str, body: str) -> None:
        """A message that was stored and not answered before the last process ended."""
        await self.answer(event_id, json.loads(body))

    async def answer(self, event_id: str, heard: dict[str, Any]) -> None:
        """Answers one stored message."""
        event = heard["event"]
        who = Caller(heard["team"], heard["user"])
        text = typed_text(without_bot(event.get("text", ""), self._bot_user_id))
        thread = event.get("thread_ts", "")
        place = Place(channel=event["channel"], thread=thread, message=event.get("ts", ""))
        await self._talk.heard(who, text, place, event_id)
        await self._inbox.done(event_id, self._now())


def _kept(event: dict[str, Any]) -> dict[str, Any]:
    return {name: event[name] for name in KEPT if name in event}
