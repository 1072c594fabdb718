"""Nobody of a name is in Identity Manager: whether the source of people is fresh enough to hold it against (2.9, 1)."""

from dataclasses import replace
from datetime import datetime
from typing import Final

from bot.diagnosis import links
from bot.diagnosis.certainty import at_most
from bot.diagnosis.chain import chain_without_identity
from bot.diagnosis.landscape import Landscape, landscape
from bot.diagnosis.reading import Reads
from bot.diagnosis.site import Site
from bot.diagnosis.subject import Subject
from bot.diagnosis.symptoms import missing_data
from bot.diagnosis.words import moment, title
from bot.model.finding import Certainty, ChainLink, Finding, LinkMark, Missing
from bot.model.ids import ConnectorId
from bot.ports import NimReads

_OF_THE_CONNECTOR: Final = frozenset({"2a", "2b", "2c", "2d", "2e", "2f"})
"""Rows that explain why a source does not come through, whoever is missed."""
_NOBODY: Final = "Nobody of this name is visible to the service account."


async def examine_absent(nim: NimReads, words: str, site: Site, now: datetime) -> Finding:
    """The finding of a name that fits nobody. Whether the source knows it cannot be seen: `possible` at most."""
    reads = Reads()
    world = await landscape(nim.catalogue, reads)
    connector_id = source_of_people(world)
    if connector_id is None:
        return _finding(words, now, _record("where people come from is not known"), reads.missing)
    evidence = await missing_data.gather(nim, Subject(connector_id=connector_id), site, now)
    stale = missing_data.diagnose(evidence, now)
    runs = [evidence.synchronized(incremental=incremental) for incremental in (True, False)]
    last = max((one.ended_at for one in runs if one is not None and one.ended_at is not None), default=None)
    known = world.connector(connector_id)
    name = known.name or known.identifier if known else "The source"
    read = f"{name} was synchronized last {moment(last)}" if last else f"when {name} was synchronized is not known"
    record = _record(f"not known; {read}", at=last)
    if stale.cause in _OF_THE_CONNECTOR:
        return replace(
            _finding(words, now, record),
            cause=stale.cause,
            certainty=at_most(stale.certainty, Certainty.POSSIBLE),
            text=f"{_NOBODY} If HR has added the person lately: {stale.text}",
            next=stale.next,
            evidence=stale.evidence,
            offers=stale.offers,
            missing=stale.missing,
            links=stale.links,
            as_of=stale.as_of,
        )
    return replace(
        _finding(words, now, record),
        text=f"{_NOBODY} {read[:1].upper()}{read[1:]}, and who was added since has not arrived yet.",
        evidence=stale.evidence,
        missing=stale.missing,
        as_of=stale.as_of,
    )


def source_of_people(world: Landscape) -> ConnectorId | None:
    """The connector whose records become those of identities; None where it is not just one."""
    sources = {world.entity_type(one.source_entity_type_id) for one in world.resource_types if one.connector_id is None}
    found = {connector for one in sources if one and (connector := world.filled_by(one)) is not None}
    return next(iter(found)) if len(found) == 1 else None


def _record(text: str, at: datetime | None = None) -> ChainLink:
    return ChainLink("HR record", LinkMark.UNKNOWN, text, "the newest synchronization" if at else "", at)


def _finding(words: str, now: datetime, record: ChainLink, missing: tuple[Missing, ...] = ()) -> Finding:
    return Finding(
        symptom=2,
        cause=None,
        certainty=Certainty.UNKNOWN,
        title=title(f"“{words}” is nobody in Identity Manager"),
        title_public="A name that is nobody in Identity Manager",
        text=_NOBODY,
        next="Check the spelling; with the employee number it can be looked for in the source: /nim sync HR 30412",
        chain=chain_without_identity(record),
        links=(links.vendor_page(2),),
        say_to_caller="The person is not known to the system yet; whether the personnel data have arrived is checked.",
        missing=missing,
        as_of=now,
    )
