"""The bot as `nimdesk run` puts it together, with commands whose intent does no work.

Two things differ: the table of commands has the size that is asked for, and a typed command ends when it has been
understood. So what is timed is all of the way in: HTTP, the signature, Bolt, the dispatcher, the handler, the task of
its own, reading the words against the table.
"""

import sys
from pathlib import Path

import click
from typing_extensions import override

from bot import app, settings
from bot.desk.command import Asking, Command
from bot.desk.commands import COMMANDS
from bot.model.actor import Place
from bot.model.answer import Answer, AnswerKind
from bot.model.intent import Verb
from handlers.conversation import Conversation
from handlers.payloads import Caller


class Quiet(Conversation):
    """Understands, and leaves it at that."""

    @override
    async def typed(self, who: Caller, text: str, place: Place, trigger_id: str) -> None:
        self.desk.understand(text)


async def nothing(_: Asking) -> Answer:
    return Answer(kind=AnswerKind.ANSWER, title="Nothing", text="Nothing.")


def word(number: int) -> str:
    """What calls command number n of the table, counted from 0."""
    return COMMANDS[number].verb.value if number < len(COMMANDS) else f"quiet-{number}"


def table(size: int) -> tuple[Command, ...]:
    more = tuple(
        Command(Verb.LAST, nothing, usage=word(number), words=(word(number),)) for number in range(len(COMMANDS), size)
    )
    return (*COMMANDS[:size], *more)


@click.command()
@click.option("--commands", required=True, type=click.IntRange(1, 10_000))
@click.option("--config", required=True, type=click.Path(path_type=Path))
def main(commands: int, config: Path) -> None:
    """Runs it until stopped."""
    vars(app).update(COMMANDS=table(commands), Conversation=Quiet)
    sys.exit(app.run(settings.load(config)))


if __name__ == "__main__":
    main()
