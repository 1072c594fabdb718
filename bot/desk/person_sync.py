"""`sync PERSON`: whether the person's identity says what its source says, else how fresh that source is."""

import asyncio
from collections.abc import Sequence
from dataclasses import replace

from bot.desk.command import Asking
from bot.diagnosis.chain import Way
from bot.diagnosis.identity_freshness import behind_its_source
from bot.diagnosis.landscape import Landscape, landscape
from bot.diagnosis.reading import Reads
from bot.diagnosis.subject import Subject
from bot.diagnosis.symptoms import missing_data
from bot.diagnosis.symptoms.missing_data.evidence import LOOK_BACK
from bot.diagnosis.words import moment
from bot.errors import NotFound
from bot.model.finding import Finding
from bot.model.ids import ConnectorId
from bot.model.person import Person
from bot.model.value import Source


async def examine_freshness(asking: Asking, person: Person) -> Finding:
    """At most five requests to Identity Manager: whether the source is blocked is told by its runs.

    Raises NotFound where no source of the person is visible.
    """
    reads = Reads()
    nim, site, now = asking.nim, asking.facts.site, asking.env.now()
    world, sources = await asyncio.gather(
        landscape(nim.catalogue, reads), nim.sources(person.entity_type, person.id, records=person.records)
    )
    connector_id = await _feeding(asking, sources)
    if connector_id is None:
        raise NotFound(
            f"I cannot see where the data of {person.name} come from.", next_step="Name the connector: /nim sync HR"
        )
    stale = await behind_its_source(nim, reads, Way(person, sources=sources), world, site, now)
    if stale is not None:
        return await _unless_running(asking, stale, reads, world)
    subject = Subject(connector_id=connector_id, told=asking.intent.told)
    recent = await reads.attempt(
        nim.recent_task_runs(now - LOOK_BACK, connector_id=connector_id),
        "the runs of the connector",
        without="How old the data are is not known.",
    )
    known = world.connector(connector_id)
    connector = replace(known, sync_blocked=None) if known else None
    evidence = missing_data.Evidence(subject, site, world, connector, recent, missing=reads.missing)
    return missing_data.diagnose(evidence, now)


async def _feeding(asking: Asking, sources: Sequence[Source]) -> ConnectorId | None:
    """The connector from which the person's record comes."""
    types = {source.entity_type for source in sources}
    mappings = await asking.nim.catalogue.mappings()
    found = next((one.connector_id for one in mappings if one.connector_id and one.entity_type in types), None)
    return ConnectorId(found) if found else None


async def _unless_running(asking: Asking, found: Finding, reads: Reads, world: Landscape) -> Finding:
    """What a run is computing right now is not missing yet, and nothing is launched beside it."""
    runs = await reads.attempt(asking.nim.latest_runs(), "the newest run of each job")
    running = world.running_on(None, runs or ())
    if running is None:
        return replace(found, missing=reads.missing)
    why_not = f"Run {running.id} is in progress since {moment(running.started_at)}; wait until it has ended."
    return replace(
        found,
        offers=tuple(replace(offer, allowed=False, why_not=why_not) for offer in found.offers),
        missing=reads.missing,
    )
