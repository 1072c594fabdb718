"""`why WORDS`: the diagnosis of whatever the words name: an order, a job, a resource type, a person."""

from collections.abc import Sequence
from dataclasses import replace

from bot.desk import job, order, orders, person
from bot.desk.command import Asking, Command
from bot.desk.desk import Candidates
from bot.errors import NotFound
from bot.intents.nearest import Match, nearest
from bot.model.answer import Answer, Choice
from bot.model.intent import Intent, Verb
from bot.model.job import Job
from bot.model.order import ResourceType

MOST_CANDIDATES = 3


async def run(asking: Asking) -> Answer:
    words = asking.intent.thing
    if not words:
        raise NotFound("Why what?", next_step="Name a person, an order, a job or a resource type: /nim why anne leroy")
    if words.removeprefix("-").isdigit():
        return await order.run(asking)
    jobs = nearest(words, await asking.nim.catalogue.jobs(), _names)
    types = nearest(words, await asking.nim.catalogue.resource_types(), _names)
    if jobs.sure is not None and types.sure is None:
        return await job.run(_about(asking, jobs.sure.identifier))
    if types.sure is not None and jobs.sure is None:
        return await orders.run(_about(asking, f"errored {types.sure.identifier}"))
    try:
        return await person.run(asking)
    except NotFound as nobody:
        choices = _choices(asking, jobs, types)
        if choices:
            raise Candidates(f"“{words}” names nobody and no single thing.", choices) from nobody
        raise NotFound(
            f"I find no person, order, job or resource type called “{words}”.",
            next_step="Try a login, or the list: /nim jobs · /nim orders errored",
        ) from nobody


def _names(thing: Job | ResourceType) -> tuple[str, str]:
    return thing.identifier, thing.name


def _about(asking: Asking, thing: str) -> Asking:
    return replace(asking, intent=asking.intent.about(thing))


def _choices(asking: Asking, jobs: Match[Job], types: Match[ResourceType]) -> Sequence[Choice]:
    found = [
        *(Choice(one.name, Intent(Verb.JOB, one.identifier, asking.env.name), "job") for one in _all(jobs)),
        *(
            Choice(
                one.name or one.identifier, Intent(Verb.ORDERS, f"errored {one.identifier}", asking.env.name), "orders"
            )
            for one in _all(types)
        ),
    ]
    return found[:MOST_CANDIDATES]


def _all(match: Match[Job] | Match[ResourceType]) -> Sequence[Job | ResourceType]:
    return ([match.sure] if match.sure is not None else []) + list(match.candidates)


COMMAND = Command(
    verb=Verb.WHY,
    run=run,
    usage="why WORDS",
    summary="The cause, from whatever you name: a person, an order, a job, a resource type",
    examples=("why leroy", "why AD_Provisioning"),
    words=("pourquoi",),
)
