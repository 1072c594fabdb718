"""`last`: the last answer again. Ephemeral answers vanish on reload."""

from dataclasses import replace

from bot.desk.command import Asking, Command
from bot.model.answer import Answer, AnswerKind
from bot.model.intent import Verb


async def run(asking: Asking) -> Answer:
    kept = asking.desk.last(asking.actor)
    if kept is None:
        return Answer(
            kind=AnswerKind.ANSWER,
            title="There is no answer to bring back",
            text="I keep your answers until I am restarted.",
            next="Ask again: /nim status",
            shareable=False,
        )
    return replace(kept)


COMMAND = Command(verb=Verb.LAST, run=run, usage="last", summary="Your last answer again", examples=("last",))
