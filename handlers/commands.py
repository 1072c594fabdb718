"""The slash command."""

from typing import Any

from slack_bolt.async_app import AsyncAck, AsyncBoltContext

from handlers.conversation import Conversation
from handlers.dispatch import Handle
from handlers.payloads import caller, place_of_command, typed_text
from handlers.work import Work


def handler(talk: Conversation, work: Work) -> Handle:
    async def command(ack: AsyncAck, body: dict[str, Any], context: AsyncBoltContext) -> None:
        await ack()
        who, text, place = caller(context), typed_text(body.get("text", "")), place_of_command(body)
        work.start(talk.typed(who, text, place, body.get("trigger_id", "")), "command")

    return command
