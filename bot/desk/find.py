"""Words to things of one environment: jobs, connectors and resource types from the catalogue, people by a query."""

from collections.abc import Sequence
from dataclasses import replace
from typing import TypeVar

from bot.desk.command import Asking
from bot.desk.desk import Candidates
from bot.errors import NotFound
from bot.intents.nearest import nearest
from bot.model.answer import Choice
from bot.model.intent import Intent
from bot.model.job import Connector, Job
from bot.model.order import ResourceType
from bot.model.person import Person

Named = TypeVar("Named", Job, Connector, ResourceType)
MOST_PEOPLE = 5


async def the_job(asking: Asking, words: str) -> Job:
    """Raises NotFound or Candidates when the words name no single job."""
    jobs = await asking.nim.catalogue.jobs()
    by_id = next((job for job in jobs if job.id == words), None)
    return by_id or _the(asking, words, jobs, noun="job")


async def the_connector(asking: Asking, words: str) -> Connector:
    return _the(asking, words, await asking.nim.catalogue.connectors(), noun="connector")


async def the_resource_type(asking: Asking, words: str) -> ResourceType:
    return _the(asking, words, await asking.nim.catalogue.resource_types(), noun="resource type")


async def the_person(asking: Asking, words: str, *, rest: str = "") -> Person:
    """Raises Candidates for homonyms: no diagnosis on a guess (troubleshooting 5.17).

    `rest` is what stood behind the name, to be kept in the candidates' intents.
    """
    found = await asking.nim.find_people(words, limit=MOST_PEOPLE + 1)
    if not found.items:
        raise NotFound(f"I find nobody called “{words}”.", next_step="Try the login or the employee number.")
    wanted = words.casefold()
    exact = [person for person in found if wanted in {person.login.casefold(), person.employee_id.casefold()}]
    people = exact or list(found.items)
    if len(people) == 1:
        return people[0]
    shown = people[:MOST_PEOPLE]
    more = " and more" if found.more or len(people) > len(shown) else ""
    raise Candidates(
        f"“{words}” fits {len(shown)} people{more}.",
        [Choice(label=one.known_as, intent=_about(asking, f"{one.login or one.id} {rest}".strip())) for one in shown],
    )


def _the(asking: Asking, words: str, things: Sequence[Named], *, noun: str) -> Named:
    match = nearest(words, things, lambda thing: (thing.identifier, thing.name))
    if match.sure is not None:
        return match.sure
    if not match.candidates:
        raise NotFound(f"I find no {noun} called “{words}”.")
    raise Candidates(
        f"“{words}” is not the name of one {noun}.",
        [Choice(label=one.name or one.identifier, intent=_about(asking, one.identifier)) for one in match.candidates],
    )


def _about(asking: Asking, thing: str) -> Intent:
    return replace(asking.intent, thing=thing, env=asking.env.name)
