"""Words to things of one environment: jobs, connectors and resource types from the catalogue, people by a query."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TypeVar

from bot.desk.command import Asking
from bot.desk.desk import Candidates, NothingOfThatName
from bot.errors import NotFound
from bot.intents.nearest import exactly, nearest, plain
from bot.model.answer import Choice
from bot.model.ids import ResourceTypeId
from bot.model.intent import Intent
from bot.model.job import Connector, Job
from bot.model.order import ResourceType
from bot.model.person import Person

Named = TypeVar("Named", Job, Connector, ResourceType)
MOST_PEOPLE = 5
LONGEST_SYSTEM = 3
LONGEST_NAME = 4
"""Words of a system's or of a person's name that are tried where something else stands beside it."""
NARROWED = 200
ALIKE_LETTERS = 3
"""So many first letters are taken to be right when nobody has the whole name."""
_CHECK = "Check the spelling; what the service account may not see looks the same as what does not exist."
_EXAMPLES = {
    "job": f"{_CHECK} /nim jobs lists them. For example: /nim job AD_Provisioning",
    "resource type": f"{_CHECK} For example: /nim orders errored",
    "connector": f"{_CHECK} /nim status lists them.",
}


@dataclass(frozen=True, slots=True)
class System:
    """A managed system that was named: by its connector, or by one of its resource types."""

    name: str
    called: str
    """Its identifier, which finds it again."""
    type_ids: tuple[ResourceTypeId, ...]


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
        raise await _nobody(asking, words, rest)
    wanted = words.casefold()
    exact = [person for person in found if wanted in {person.login.casefold(), person.employee_id.casefold()}]
    people = exact or list(found.items)
    if len(people) == 1:
        return people[0]
    shown = people[:MOST_PEOPLE]
    more = " and more" if found.more or len(people) > len(shown) else ""
    raise Candidates(
        f"“{words}” fits {len(shown)} people{more}.",
        [_choice(asking, one, rest) for one in shown],
    )


async def _nobody(asking: Asking, words: str, rest: str) -> NothingOfThatName:
    """People whose names begin alike, for a slip of the pen."""
    begin = plain(words)[:ALIKE_LETTERS]
    alike = await asking.nim.find_people(begin, limit=NARROWED) if len(begin) == ALIKE_LETTERS else ()
    near = nearest(words, alike, lambda one: (one.name, one.login, *one.name.replace(",", " ").split()))
    shown = {one.id: one for one in (near.sure, *near.candidates) if one is not None}
    choices = [_choice(asking, one, rest) for one in shown.values()]
    advice = "Try the login or the employee number. For example: /nim user anne leroy"
    return NothingOfThatName(f"I find nobody called “{words}”.", choices, next_step=advice)


def _choice(asking: Asking, person: Person, rest: str) -> Choice:
    return Choice(label=person.known_as, intent=_about(asking, f"{person.login or person.id} {rest}".strip()))


async def system_named(asking: Asking, words: str) -> System | None:
    """The connector or the resource type with just this name."""
    connectors, types = await asyncio.gather(asking.nim.catalogue.connectors(), asking.nim.catalogue.resource_types())
    if connector := exactly(words, connectors, _names):
        ids = tuple(one.id for one in types if one.connector_id == connector.id)
        return System(connector.name or connector.identifier, connector.identifier, ids)
    if kind := exactly(words, types, _names):
        return System(kind.name or kind.identifier, kind.identifier, (kind.id,))
    return None


async def with_system(asking: Asking, words: str) -> tuple[str, System | None]:
    """Takes the system off the end of the words: "anne leroy AD"."""
    parts = words.split()
    for length in range(min(LONGEST_SYSTEM, len(parts) - 1), 0, -1):
        if system := await system_named(asking, " ".join(parts[-length:])):
            return " ".join(parts[:-length]), system
    return words, None


async def the_person_before(asking: Asking, words: str) -> tuple[Person, str]:
    """The person whom the first words name, and the words behind the name: "anne leroy Domain Admins".

    The longest name that fits counts. Raises as `the_person`.
    """
    parts = words.split()
    first = await asking.nim.find_people(parts[0], limit=NARROWED)
    for length in range(min(LONGEST_NAME, len(parts)), 1, -1):
        wanted = {plain(part) for part in parts[:length]}
        if any(wanted <= _words_of(one) for one in first):
            rest = " ".join(parts[length:])
            return await the_person(asking, " ".join(parts[:length]), rest=rest), rest
    rest = " ".join(parts[1:])
    wanted_first = parts[0].casefold()
    exact = [one for one in first if wanted_first in {one.login.casefold(), one.employee_id.casefold()}]
    if len(exact) == 1:
        return exact[0], rest
    return await the_person(asking, parts[0], rest=rest), rest


def _words_of(person: Person) -> frozenset[str]:
    return frozenset(plain(person.name).replace(",", " ").split())


def _names(thing: Job | Connector | ResourceType) -> tuple[str, str]:
    return thing.identifier, thing.name


def _the(asking: Asking, words: str, things: Sequence[Named], *, noun: str) -> Named:
    match = nearest(words, things, _names)
    if match.sure is not None:
        return match.sure
    if not match.candidates:
        raise NotFound(f"I find no {noun} called “{words}”.", next_step=_EXAMPLES.get(noun, _CHECK))
    raise Candidates(
        f"“{words}” is not the name of one {noun}.",
        [Choice(label=one.name or one.identifier, intent=_about(asking, one.identifier)) for one in match.candidates],
    )


def _about(asking: Asking, thing: str) -> Intent:
    return replace(asking.intent, thing=thing, env=asking.env.name)
