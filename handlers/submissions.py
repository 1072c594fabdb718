"""Submitted modals. Whatever they carry is a reference: everything is read and decided again."""

from typing import Any

from slack_bolt.async_app import AsyncAck, AsyncBoltContext

from bot.model.intent import BadButton
from bot.slack.render import ASK, CONFIRM, SEND_TICKET, Renderer
from bot.slack.wire import view
from handlers.conversation import Conversation
from handlers.dispatch import Handle
from handlers.payloads import Submission, caller
from handlers.work import Work


def handler(talk: Conversation, work: Work, renderer: Renderer) -> Handle:
    async def submission(ack: AsyncAck, body: dict[str, Any], context: AsyncBoltContext) -> None:
        try:
            sent = Submission.read(body)
        except BadButton:
            await ack()
            return
        who = caller(context)
        if sent.callback_id == CONFIRM:
            await ack(response_action="update", view=view(renderer.loading("One moment", "Looking once more")))
            work.start(talk.submitted(who, sent), f"submit {sent.intent.verb.value}")
        elif sent.callback_id == ASK:
            await ack()
            work.start(talk.errands.asked(who, sent), "ask an operator")
        elif sent.callback_id == SEND_TICKET:
            await ack()
            work.start(talk.errands.send_ticket(who, sent), "send ticket text")
        else:
            await ack()

    return submission
