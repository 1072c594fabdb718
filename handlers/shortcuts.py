"""The message shortcut *Explain with nimdesk*: the words of any message, asked as a question."""

from typing import Any, Final

from slack_bolt.async_app import AsyncAck, AsyncBoltContext

from bot.model.actor import Place
from handlers.conversation import Conversation
from handlers.dispatch import Handle
from handlers.payloads import caller, typed_text
from handlers.work import Work

EXPLAIN: Final = "explain_message"


def handler(talk: Conversation, work: Work) -> Handle:
    async def shortcut(ack: AsyncAck, body: dict[str, Any], context: AsyncBoltContext) -> None:
        await ack()
        if body.get("callback_id") != EXPLAIN:
            return
        message = body.get("message", {})
        place = Place(
            channel=body.get("channel", {}).get("id", ""), ephemeral=True, response_url=body.get("response_url", "")
        )
        text = typed_text(message.get("text", ""))
        work.start(talk.explained(caller(context), text, place), "explain")

    return shortcut
