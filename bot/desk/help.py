"""`help`: the commands that this person may use and that work here, with examples."""

from bot.access import Permission, may
from bot.desk.command import Asking, Command
from bot.model.actor import Role
from bot.model.answer import Answer, AnswerKind, Cell, Row, Section
from bot.model.intent import Intent, Verb


async def run(asking: Asking) -> Answer:
    desk, actor = asking.desk, asking.actor
    listed = [command for command in desk.around.commands if command.usage and may(actor, command.permission).allowed]
    topic = asking.intent.thing.casefold()
    if topic:
        verb = desk.words.get(topic)
        listed = [command for command in listed if command.verb is verb] or listed
    rows = tuple(
        Row(
            title=f"/nim {command.usage}",
            cells=(Cell(command.summary), *(Cell(f"/nim {example}") for example in command.examples)),
            opens=Intent(Verb.HELP, thing=command.verb.value) if not topic else None,
        )
        for command in listed
    )
    no_role = not actor.has(Role.VIEWER)
    ask = desk.around.whom_to_ask.get(Role.OPERATOR, "an operator")
    return Answer(
        kind=AnswerKind.HELP,
        title="What I can do for you",
        text="You have no role in nimdesk yet." if no_role else "The same works in words, in a direct message to me.",
        next=f"Ask {ask} to add you." if no_role else "Add “in NAME” to ask about another environment.",
        sections=(Section(title="Commands", rows=rows),),
        shareable=False,
    )


COMMAND = Command(
    verb=Verb.HELP,
    run=run,
    usage="help [topic]",
    summary="What works here, with examples",
    examples=("help order",),
    permission=Permission.HELP,
    words=("?", "aide", "hilfe"),
)
