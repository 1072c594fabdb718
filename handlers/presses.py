"""Buttons and menus, on messages and in modals."""

from typing import Any

from slack_bolt.async_app import AsyncAck, AsyncBoltContext

from bot.model.intent import BadButton
from bot.slack.press import OPEN, refreshes
from handlers.conversation import Conversation
from handlers.dispatch import Handle
from handlers.payloads import Pressed, caller
from handlers.work import Work


def handler(talk: Conversation, work: Work) -> Handle:
    async def press(ack: AsyncAck, body: dict[str, Any], context: AsyncBoltContext) -> None:
        await ack()
        try:
            pressed = Pressed.read(body)
        except BadButton:
            return
        who = caller(context)
        if pressed.intent is not None:
            again = refreshes(pressed.action_id)
            work.start(talk.pressed(who, pressed.intent, pressed, again=again), f"press {pressed.action_id}")
        elif not pressed.action_id.startswith(OPEN) and pressed.place.channel:
            work.start(talk.unreadable(who, pressed.place), "unreadable press")

    return press
