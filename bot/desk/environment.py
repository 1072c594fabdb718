"""`env`: which environments there are, and which one a question means when it names none."""

from bot.desk.command import Asking, Command
from bot.errors import NotFound
from bot.model.answer import Answer, AnswerKind, Cell, Row, Section
from bot.model.intent import Intent, Verb


async def run(asking: Asking) -> Answer:
    wanted = asking.intent.thing.casefold()
    rows = []
    for name, env in asking.desk.around.environments.items():
        if wanted and wanted != name.casefold():
            continue
        facts = asking.desk.around.facts[name]
        channels = ", ".join(facts.channels) or "any channel that means no other one"
        here = " · meant here" if name == asking.env.name else ""
        rows.append(
            Row(
                title=f"{name} ({env.label})" if env.label and env.label.casefold() != name.casefold() else name,
                cells=(Cell(f"{channels}{here}"), Cell(f"time zone {facts.site.timezone}")),
                opens=Intent(Verb.STATUS, env=name),
            )
        )
    if not rows:
        there = ", ".join(asking.desk.around.environments)
        raise NotFound(f"There is no environment “{asking.intent.thing}” here.", next_step=f"There is: {there}.")
    return Answer(
        kind=AnswerKind.LIST,
        title="Environments",
        text=f"A question that names none means {asking.env.name} here.",
        next="Name another one with --env NAME, or “in NAME”. Which channel means which is set in the settings.",
        sections=(Section(title="Environments", rows=tuple(rows)),),
        shareable=False,
    )


COMMAND = Command(
    verb=Verb.ENV, run=run, usage="env [NAME]", summary="The environment that this channel means", examples=("env",)
)
