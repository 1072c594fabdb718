"""Whether an identity is behind its only source: the source came through, what is computed from it did not (row 2i)."""

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Final

from bot.diagnosis import links
from bot.diagnosis.chain import Way, chain_of
from bot.diagnosis.landscape import Landscape
from bot.diagnosis.measuring import comparable, same_value
from bot.diagnosis.reading import Reads
from bot.diagnosis.site import Site
from bot.diagnosis.words import listed, title
from bot.model.finding import ActionKind, Certainty, Fact, Finding, Offer
from bot.ports import NimReads

_MOST_COMPARED: Final = 16


async def behind_its_source(
    nim: NimReads, reads: Reads, way: Way, world: Landscape, site: Site, now: datetime
) -> Finding | None:
    """Everything is done, and yet the identity is not what its only source says: a computation is missing."""
    person = way.person
    live = [one for one in way.sources or () if one.valid_to is None]
    names = await reads.attempt(nim.catalogue.properties(), "the properties of the entity types")
    if len(live) != 1 or names is None:
        return None
    source = live[0]
    shared = comparable(names.get(person.entity_type, ()), names.get(source.entity_type, ()))[:_MOST_COMPARED]
    if not shared:
        return None
    identity, record = await asyncio.gather(
        reads.attempt(nim.resource(person.entity_type, person.id, shared), "the person's values"),
        reads.attempt(nim.resource(source.entity_type, source.resource_id, shared), "the source record"),
    )
    if identity is None or record is None:
        return None
    apart = [name for name in shared if not same_value(identity.properties.get(name), record.properties.get(name))]
    if not apart:
        return None
    return _not_computed(way, apart, source.entity_type, world, site, now, reads)


def _not_computed(
    way: Way, apart: Sequence[str], source: str, world: Landscape, site: Site, now: datetime, reads: Reads
) -> Finding:
    connector = world.filled_by(source)
    complete = world.complete_job(connector, None, site) if connector else None
    why_not = "" if complete is not None else "Which job computes everybody is not known here."
    if complete is not None and complete.user_start_denied:
        why_not = "Identity Manager does not let people start the complete job."
    told = f"{listed(list(apart))} of the identity {'is' if len(apart) == 1 else 'are'} not what {source} says"
    return Finding(
        symptom=2,
        cause="2i",
        certainty=Certainty.LIKELY,
        title=title(f"{way.person.name}: the identity is behind its source: {listed(list(apart))}"),
        title_public=title(f"An identity is behind its source: {listed(list(apart))}"),
        text=f"{told}: the source was synchronized, and what is computed from it was not computed since.",
        next="Relaunch the complete job: it computes everybody.",
        verify=f"{listed(list(apart))} of the identity agree with {source}.",
        evidence=(Fact("Differs", listed(list(apart)), f"{source} and {way.person.entity_type}", now),),
        offers=(
            Offer(
                ActionKind.RELAUNCH_COMPLETE,
                complete.id if complete else "",
                "Relaunch in complete mode",
                allowed=not why_not,
                why_not=why_not,
            ),
        ),
        chain=chain_of(replace(way, behind=listed(list(apart))), now),
        missing=reads.missing,
        links=(
            links.person(site, way.person.entity_type, way.person.id, "View Sources"),
            links.vendor_page(2),
        ),
        say_to_caller="The change has arrived and will be taken over with the next computation.",
        as_of=now,
    )
