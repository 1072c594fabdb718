"""`why WORDS`: the diagnosis of whatever the words name: an order, a run, a job, a system, a person."""

import asyncio
import re
from collections.abc import Sequence
from dataclasses import replace

from bot.desk import job, jobs, order, orders, sync
from bot.desk.command import Asking, Command
from bot.desk.desk import Candidates, NothingOfThatName
from bot.desk.find import System, the_person, with_system
from bot.diagnosis.absent import examine_absent
from bot.diagnosis.job_run import examine_run
from bot.diagnosis.landscape import landscape
from bot.diagnosis.person import examine_person
from bot.diagnosis.reading import Reads
from bot.diagnosis.subject import Subject
from bot.diagnosis.symptoms import exports, sync_threshold
from bot.errors import NimMissing, NotFound
from bot.intents.case import BLOCKED, BLOCKED_JOBS, EXPORT, FAILED_JOBS
from bot.intents.nearest import exactly, nearest
from bot.model.answer import Answer, Cell, Choice, Row, Section
from bot.model.ids import JobRunId
from bot.model.intent import Intent, Verb
from bot.model.job import TROUBLED, Connector, Job, JobRun, RunState, TaskKind
from bot.model.order import ResourceType

MOST_CANDIDATES = 3
MOST_OTHERS = 8
_RUN = re.compile(r"^run\s+(-?\d+)$", re.IGNORECASE)
Nameable = Job | Connector | ResourceType


async def run(asking: Asking) -> Answer:
    words = asking.intent.thing
    if not words:
        raise NotFound("Why what?", next_step="Name a person, an order, a job or a system: /nim why anne leroy")
    if words.removeprefix("-").isdigit():
        return await _of_number(asking, words)
    if by_number := _RUN.match(words):
        return await _of_run(asking, await asking.nim.job_run(JobRunId(by_number.group(1))))
    if words in {FAILED_JOBS, BLOCKED_JOBS}:
        return await _of_what_failed(asking, blocked_first=words == BLOCKED_JOBS)
    connectors, all_jobs, types = await _nameable(asking)
    known: tuple[Sequence[Nameable], ...] = (connectors, all_jobs, types)
    system, _, what = words.rpartition(" ")
    if what in {BLOCKED, EXPORT} and (connector := exactly(system, connectors, _names)) is not None:
        return await _of_connector(asking, connector, what)
    for things in known:
        if (named := exactly(words, things, _names)) is not None:
            return await _of(asking, named)
    if (account := await _of_account(asking, words)) is not None:
        return account
    near = [nearest(words, things, _names) for things in known]
    sure = [match.sure for match in near if match.sure is not None]
    if len(sure) == 1:
        return await _of(asking, sure[0])
    try:
        return await _of_person(asking, words)
    except NotFound as nobody:
        found = [*sure, *(one for match in near for one in match.candidates)]
        return await _of_nothing(asking, words, found, nobody)


async def _of_nothing(asking: Asking, words: str, found: Sequence[Nameable], nobody: NotFound) -> Answer:
    """Nothing has just this name: what comes near it, else somebody who is not there. Raises for the rest."""
    people = nobody.choices if isinstance(nobody, NothingOfThatName) else ()
    choices = [*(_choice(asking, one) for one in dict.fromkeys(found)), *people][:MOST_CANDIDATES]
    if choices:
        raise Candidates(f"“{words}” names nobody and no single thing.", choices) from nobody
    if _like_a_name(words):
        return await _of_nobody(asking, words)
    raise NotFound(
        f"I find no person, order, job or system called “{words}”.",
        next_step="Try a login, or the list: /nim jobs · /nim orders errored",
    ) from nobody


async def _nameable(asking: Asking) -> tuple[Sequence[Connector], Sequence[Job], Sequence[ResourceType]]:
    catalogue = asking.nim.catalogue
    return await catalogue.connectors(), await catalogue.jobs(), await catalogue.resource_types()


def _names(thing: Nameable) -> tuple[str, str]:
    return thing.identifier, thing.name


async def _of(asking: Asking, one: Nameable) -> Answer:
    match one:
        case Connector():
            return await _of_connector(asking, one)
        case Job():
            return await job.run(_about(asking, one.identifier))
        case ResourceType():
            return await orders.run(_about(asking, f"errored {one.identifier}"))


async def _of_connector(asking: Asking, connector: Connector, what: str = "") -> Answer:
    """Its newest failed run, else the one that blocks it, else how fresh its data are.

    `what` is asked about rather than the others: a run that stopped at a threshold, or an export.
    """
    land = await landscape(asking.nim.catalogue, Reads())
    latest = await asking.nim.latest_runs()
    failed = [one for one in latest if one.state in TROUBLED and connector.id in land.connectors_of(one.job_id)]
    stopped = [one for one in failed if one.state is RunState.BLOCKED]
    errored = [one for one in failed if one.state is not RunState.BLOCKED]
    exporting = {job.id for job in land.jobs_of(connector.id, TaskKind.EXPORT)}
    if what == EXPORT:
        errored = [one for one in errored if one.job_id in exporting]
    if what == EXPORT and not errored:
        newest = max((one for one in latest if one.job_id in exporting), key=_started, default=None)
        subject = Subject(connector_id=connector.id, run=newest)
        return order.answer_of(await exports.SYMPTOM.examine(asking.nim, subject, asking.facts.site, asking.env.now()))
    wanted = {BLOCKED: stopped, EXPORT: errored}.get(what)
    if failed and (wanted or what != BLOCKED):
        return await _among(asking, max(wanted or failed, key=_started), failed)
    waits = (await asking.nim.connector(connector.id)).sync_blocked or (what == BLOCKED and not failed)
    if waits and (held := await _held_back(asking, connector)) is not None:
        return held
    if failed:
        return await _among(asking, max(failed, key=_started), failed)
    return await sync.run(_about(asking, connector.identifier))


async def _held_back(asking: Asking, connector: Connector) -> Answer | None:
    """The synchronization of the connector that waits at its threshold, or that somebody has settled since.

    Incremental runs go on without a blocked connector and look well, so its jobs' newest runs do not tell.
    """
    subject = Subject(connector_id=connector.id)
    found = await sync_threshold.SYMPTOM.examine(asking.nim, subject, asking.facts.site, asking.env.now())
    return order.answer_of(found) if found.evidence else None


async def _of_what_failed(asking: Asking, *, blocked_first: bool) -> Answer:
    """Nothing was named: the newest run that failed or stopped at a threshold, and the others beside it."""
    failed = [one for one in await asking.nim.latest_runs() if one.state in TROUBLED]
    if not failed:
        return await jobs.run(_about(asking, "failed"))
    failed.sort(key=lambda one: ((one.state is RunState.BLOCKED) is blocked_first, _started(one)), reverse=True)
    return await _among(asking, failed[0], failed)


async def _among(asking: Asking, first: JobRun, failed: Sequence[JobRun]) -> Answer:
    """What is wrong with the first run; the others that failed are listed beside it."""
    others = sorted((one for one in failed if one.id != first.id), key=_started, reverse=True)
    names = {one.id: one for one in await asking.nim.catalogue.jobs()}
    rows = tuple(
        Row(
            title=names[one.job_id].name or names[one.job_id].identifier,
            mark=jobs.state_word(one),
            cells=(Cell(f"run {one.id}"), *jobs.run_cells(one)),
            opens=Intent(Verb.JOB, names[one.job_id].identifier, asking.env.name),
        )
        for one in others
        if one.job_id in names
    )
    listed = Section("Other jobs that failed", rows[:MOST_OTHERS], more=max(0, len(rows) - MOST_OTHERS))
    return replace(await _of_run(asking, first), sections=(listed,) if rows else ())


def _started(one: JobRun) -> float:
    return one.started_at.timestamp() if one.started_at else 0.0


async def _of_run(asking: Asking, one: JobRun) -> Answer:
    return order.answer_of(await examine_run(asking.nim, one, asking.facts.site, asking.env.now()))


async def _of_account(asking: Asking, words: str) -> Answer | None:
    """Somebody's account in one system: "anne leroy AD". None where nobody and no system are named so."""
    name, system = await with_system(asking, words)
    if system is None:
        return None
    try:
        return await _of_person(asking, name, system)
    except NotFound as nobody:
        near = nobody.choices if isinstance(nobody, NothingOfThatName) else ()
        return await _of_nobody(asking, name) if _like_a_name(name) and not near else None


def _like_a_name(words: str) -> bool:
    """Two words of letters: with nobody and nothing called so, somebody is meant who is not there."""
    parts = words.split()
    return len(parts) > 1 and all(part.replace("-", "").replace("'", "").isalpha() for part in parts)


async def _of_nobody(asking: Asking, words: str) -> Answer:
    return order.answer_of(await examine_absent(asking.nim, words, asking.facts.site, asking.env.now()))


async def _of_number(asking: Asking, words: str) -> Answer:
    """An order's number, else an employee number."""
    try:
        return await order.run(asking)
    except NimMissing as no_order:
        try:
            return await _of_person(asking, words)
        except NotFound:
            raise await _missing_key(asking, words) or no_order from None


async def _missing_key(asking: Asking, key: str) -> Candidates | None:
    """A number that is neither an order's nor a person's may be a record's that never arrived: where is it missed?"""
    connectors, mappings, properties = await asyncio.gather(
        asking.nim.catalogue.connectors(), asking.nim.catalogue.mappings(), asking.nim.catalogue.properties()
    )
    numbered = {
        one.connector_id
        for one in mappings
        if one.entity_type
        and not {name.casefold() for name in sync.KEYS}.isdisjoint(
            name.casefold() for name in properties.get(one.entity_type, ())
        )
    }
    choices = [
        Choice(f"{key} in {one.name or one.identifier}", Intent(Verb.SYNC, f"{one.identifier} {key}", asking.env.name))
        for one in connectors
        if one.id in numbered
    ][:MOST_CANDIDATES]
    if not choices:
        return None
    return Candidates(f"{key} is neither an order nor a person that I can see. Is it missing in one of these?", choices)


async def _of_person(asking: Asking, words: str, system: System | None = None) -> Answer:
    person = await the_person(asking, words, rest=system.called if system else "")
    types = system.type_ids if system else ()
    return order.answer_of(
        await examine_person(asking.nim, person, asking.facts.site, asking.env.now(), resource_type_ids=types), person
    )


def _about(asking: Asking, thing: str) -> Asking:
    return replace(asking, intent=asking.intent.about(thing))


def _choice(asking: Asking, one: Nameable) -> Choice:
    name, env = one.name or one.identifier, asking.env.name
    match one:
        case Job():
            return Choice(name, Intent(Verb.JOB, one.identifier, env), "job")
        case Connector():
            return Choice(name, Intent(Verb.WHY, one.identifier, env), "connector")
        case ResourceType():
            return Choice(name, Intent(Verb.ORDERS, f"errored {one.identifier}", env), "orders")


COMMAND = Command(
    verb=Verb.WHY,
    run=run,
    usage="why WORDS",
    summary="The cause, from whatever you name: a person, an order, a run, a job, a system",
    examples=("why leroy", "why AD_Provisioning", "why has leroy no AD account"),
    words=("pourquoi",),
)
