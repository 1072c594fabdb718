"""`sync [CONNECTOR [KEY [in GROUP]]]`, `sync PERSON`: how fresh the data are, in which rhythm, and what is wrong."""

import asyncio
from collections.abc import Sequence
from dataclasses import fields, replace
from datetime import timedelta
from typing import Final

from bot.desk.command import Asking, Command
from bot.desk.find import the_connector
from bot.desk.freshness import STALE, Seen, freshness
from bot.desk.jobs import state_word
from bot.desk.order import answer_of
from bot.desk.person_sync import examine_freshness
from bot.desk.restored import after_a_restore
from bot.diagnosis.landscape import landscape
from bot.diagnosis.reading import Reads
from bot.diagnosis.subject import Subject
from bot.diagnosis.symptoms import missing_data
from bot.diagnosis.words import counted, lasted, number
from bot.errors import NotFound
from bot.intents.case import IN_A_GROUP
from bot.intents.nearest import exactly
from bot.intents.told import tells_of_a_restore
from bot.model.answer import Answer, AnswerKind, Cell, Row, Section
from bot.model.change import TableMapping
from bot.model.intent import Intent, Verb
from bot.model.job import Connector, Limits
from bot.model.person import Person

RECOMMENDED: Final = "Recommended: incremental about every 15 minutes, complete once a day."
SELDOM: Final = {True: timedelta(minutes=30), False: timedelta(days=1)}
"""Rhythms beyond which the recommendation is told, by whether the job is incremental."""
MOST_TABLES: Final = 12
KEYS: Final = ("EmployeeId", "EmployeeNumber", "PersonnelNumber", "PERNR", "Matricule", "Identifier")
LOGINS: Final = ("sAMAccountName", "Login", "userPrincipalName", "UserName", "UserId", "BNAME", "Name", "Identifier")
"""Properties that usually hold a number or a login, the likeliest first."""


async def run(asking: Asking) -> Answer:
    words = asking.intent.thing
    if not words:
        return await _all(asking)
    connectors = await asking.nim.catalogue.connectors()
    parts = words.split()
    for length in range(len(parts), 0, -1):
        found = exactly(" ".join(parts[:length]), connectors, lambda one: (one.identifier, one.name))
        if found is not None:
            return await _one(asking, found, " ".join(parts[length:]))
    if person := await _somebody(asking, words):
        return answer_of(await examine_freshness(asking, person), person)
    return await _one(asking, await the_connector(asking, words), "")


async def _somebody(asking: Asking, words: str) -> Person | None:
    """The one person of that name; None where the words name nobody, or several."""
    found = await asking.nim.find_people(words, limit=2)
    return found.items[0] if len(found) == 1 else None


# --- All connectors --------------------------------------------------------------------------------------------------


async def _all(asking: Asking) -> Answer:
    reads = Reads()
    land, runs = await asyncio.gather(landscape(asking.nim.catalogue, reads), asking.nim.latest_runs())
    seen = Seen(land, tuple(runs), asking.env.now(), asking.facts.site.timezone)
    if tells_of_a_restore(asking.intent.told) and (restored := after_a_restore(seen, runs, asking.facts.site)):
        return answer_of(replace(restored, missing=reads.missing))
    rows = [_row(seen, connector, asking.env.name) for connector in land.connectors]
    if not rows:
        raise NotFound("I can see no connector.")
    late = [row for row in rows if row.mark in {STALE, "blocked"}]
    return Answer(
        kind=AnswerKind.LIST,
        title=f"{counted(len(late), 'connector')} with old data" if late else "Every connector is fresh",
        text=RECOMMENDED,
        next=f"Look first at: /nim sync {late[0].title}"
        if late
        else "If something is missing in one of them, name it, and its key where you know it: /nim sync AD jdoe",
        sections=(Section(title="Connectors", rows=tuple(rows)),),
        missing=reads.missing,
        as_of=runs.read_at,
    )


def _row(seen: Seen, connector: Connector, env: str) -> Row:
    cells, mark = [], "fresh"
    for incremental in (True, False):
        cell = freshness(seen, connector, incremental=incremental)
        mode = "incremental" if incremental else "complete"
        if cell is None:
            cells.append(Cell(f"no {mode} job"))
            continue
        every = seen.rhythm(seen.jobs(connector, incremental=incremental))
        told = f"every {lasted(every)}{_seldom(every, incremental=incremental)}" if every else "without a schedule"
        cells += [cell, Cell(told)]
        mark = STALE if cell.text.startswith(STALE) else mark
    if not any(seen.jobs(connector, incremental=incremental) for incremental in (True, False)):
        cells, mark = [Cell("no job synchronizes it")], "not synchronized"
    if connector.deactivated:
        mark = "deactivated"
    elif connector.sync_blocked:
        mark = "blocked"
    return Row(
        title=connector.name or connector.identifier,
        mark=mark,
        cells=tuple(cells),
        opens=Intent(Verb.SYNC, connector.identifier, env),
    )


def _seldom(every: timedelta, *, incremental: bool) -> str:
    if every <= SELDOM[incremental]:
        return ""
    return ", about 15 min recommended" if incremental else ", once a day recommended"


# --- One connector --------------------------------------------------------------------------------------------------


async def _one(asking: Asking, connector: Connector, key: str) -> Answer:
    now, site = asking.env.now(), asking.facts.site
    key, _, group = key.partition(IN_A_GROUP)
    entity_type, property_name = await _where(asking, connector, key) if key else ("", "")
    subject = Subject(
        connector_id=connector.id,
        key=key,
        other_key=group,
        entity_type=entity_type,
        property_name=property_name,
        told=asking.intent.told,
    )
    evidence = await missing_data.gather(asking.nim, subject, site, now)
    finding = missing_data.diagnose(evidence, now)
    seen = Seen(evidence.landscape, tuple(evidence.latest or ()), now, site.timezone)
    sections = (
        Section(title="Jobs", rows=_job_rows(seen, connector, asking.env.name), note=RECOMMENDED),
        _tables(connector, evidence.tables or ()),
    )
    return Answer(
        kind=AnswerKind.FINDING,
        title=finding.title,
        text=finding.text,
        next=finding.next,
        finding=finding,
        sections=tuple(section for section in sections if section.rows),
        as_of=finding.as_of,
        shareable=not key,
    )


async def _where(asking: Asking, connector: Connector, key: str) -> tuple[str, str]:
    """Entity type and property under which the connector's data hold such a key; empty where none is known."""
    catalogue = asking.nim.catalogue
    mappings, properties = await asyncio.gather(catalogue.mappings(), catalogue.properties())
    for name in KEYS if key.isdigit() else LOGINS:
        for mapping in mappings:
            if mapping.connector_id != connector.id:
                continue
            there = {one.casefold(): one for one in properties.get(mapping.entity_type, ())}
            if name.casefold() in there:
                return mapping.entity_type, there[name.casefold()]
    return "", ""


def _job_rows(seen: Seen, connector: Connector, env: str) -> tuple[Row, ...]:
    rows = []
    for incremental in (True, False):
        mode = "incremental" if incremental else "complete"
        jobs = seen.jobs(connector, incremental=incremental)
        if not jobs:
            rows.append(Row(title=f"No {mode} job", mark="missing"))
        for job in jobs:
            every, last = seen.rhythm([job]), seen.last([job])
            when = Cell("last run", at=last.ended_at or last.started_at) if last else Cell("has never run")
            told = f"every {lasted(every)}{_seldom(every, incremental=incremental)}" if every else "without a schedule"
            rows.append(
                Row(
                    title=job.name or job.identifier,
                    mark=state_word(last) if last else "",
                    cells=(Cell(mode), Cell(told), when),
                    opens=Intent(Verb.JOB, job.identifier, env),
                )
            )
    return tuple(rows)


def _tables(connector: Connector, tables: Sequence[tuple[TableMapping, Limits]]) -> Section:
    rows = [Row(title=f"All of {connector.name or connector.identifier}", cells=_limits(connector.limits))]
    rows += [
        Row(
            title=mapping.entity_type,
            cells=(
                Cell("rows not counted" if mapping.stored is None else f"{number(mapping.stored)} rows stored"),
                *_limits(limits),
            ),
        )
        for mapping, limits in tables[:MOST_TABLES]
    ]
    kept = tuple(row for row in rows if row.cells)
    return Section(title="Stored rows and thresholds", rows=kept, more=max(0, len(tables) - MOST_TABLES))


def _limits(limits: Limits) -> tuple[Cell, ...]:
    """The thresholds that are on."""
    told = []
    for part in fields(limits):
        value = getattr(limits, part.name)
        if value:
            kind, percent = part.name.removesuffix("_percent").replace("_", " "), part.name.endswith("_percent")
            told.append(f"{kind} {number(value)}{' %' if percent else ''}")
    return (Cell(f"stops at: {', '.join(told)}"),) if told else ()


COMMAND = Command(
    verb=Verb.SYNC,
    run=run,
    usage="sync [CONNECTOR or PERSON]",
    summary="How fresh the data are: last synchronizations, rhythm, stored rows, thresholds",
    examples=("sync", "sync AD"),
    words=("freshness", "synchro"),
)
