"""Why somebody has no account: the chain, and the finding of the link where it stopped (troubleshooting 2.9)."""

import asyncio
from collections.abc import Collection, Iterable, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Final

from bot.diagnosis import links
from bot.diagnosis.chain import Way, chain_of, stopped_at
from bot.diagnosis.course import course_of
from bot.diagnosis.identity_freshness import behind_its_source
from bot.diagnosis.landscape import Landscape, landscape
from bot.diagnosis.no_order import why_no_order
from bot.diagnosis.order import examine_read_order, in_review, newest_runs, state_finding
from bot.diagnosis.reading import Reads
from bot.diagnosis.site import Site
from bot.diagnosis.words import listed, noun_of, title, type_name
from bot.model.assignment import Assignment, AssignmentKind
from bot.model.finding import Certainty, Fact, Finding, Remark
from bot.model.ids import ResourceTypeId
from bot.model.order import Order, OrderState, ResourceType
from bot.model.page import Page
from bot.model.person import Person
from bot.ports import NimReads

_URGENCY: Final = (
    OrderState.ERRORED,
    OrderState.RULE_ERROR,
    OrderState.AWAITING_APPROVAL,
    OrderState.PENDING,
    OrderState.TRANSMITTED,
    OrderState.EXECUTED,
    OrderState.VERIFIED,
)
_IN_TROUBLE: Final = frozenset(_URGENCY[:3])
_DONE: Final = frozenset({OrderState.VERIFIED, OrderState.EXECUTED})
_MOST_ALSO: Final = 5
_SAYS_NOTHING: Final = frozenset({"account", "user", "role", "access", "full"})
_SHORTEST_WORD: Final = 4


async def examine_person(
    nim: NimReads,
    person: Person,
    site: Site,
    now: datetime,
    *,
    resource_type_ids: Sequence[ResourceTypeId] = (),
) -> Finding:
    """The finding of one person, narrowed to the resource types of a system where one was named. Never raises."""
    reads = Reads()
    world, orders, sources = await asyncio.gather(
        landscape(nim.catalogue, reads),
        reads.attempt(
            nim.orders(owner_id=person.id, with_errors=True),
            "the person's orders",
            without="Where the way to the account stops is not known.",
            look_at="the person's page > View Permissions",
        ),
        reads.attempt(nim.sources(person.entity_type, person.id, records=person.records), "the person's sources"),
    )
    way = Way(person, sources=sources)
    if orders is None:
        return _unread(way, site, now, reads)
    wanted = [one for one in orders if not resource_type_ids or one.resource_type_id in resource_type_ids]
    chosen = _most_urgent(wanted)
    if chosen is None:
        before = _prerequisite(world, resource_type_ids, orders)
        if before is not None:
            return await _prevented(nim, way, before, site, now, reads, world)
        assignments = await reads.attempt(
            nim.assignments(person.id), "the person's roles", without="Whether it was requested is not known."
        )
        types = [kind for one in resource_type_ids if (kind := world.resource_type(one))]
        about = relevant(assignments, types, _without_account(world, types, orders))
        return _without_order(replace(way, assignments=about), world, resource_type_ids, site, now, reads)
    if chosen.state in _DONE and not in_review(chosen):
        stale = await behind_its_source(nim, reads, replace(way, order=chosen), world, site, now)
        if stale is not None:
            return stale
    if chosen.is_errored or in_review(chosen):
        found, course = await examine_read_order(nim, chosen, site, now), None
    else:
        latest = await newest_runs(nim, reads, chosen)
        found = state_finding(chosen, world, site, now, latest)
        course = course_of(chosen, world, site, now, latest)
    return _with_chain(found, replace(way, order=chosen, course=course), wanted, site, now, reads)


def relevant(
    assignments: Sequence[Assignment] | None, types: Sequence[ResourceType], systems: Collection[str] = ()
) -> tuple[Assignment, ...] | None:
    """Assignments that are about the wanted resource types: their own, and roles that share a word with their names.

    Where there is none, roles that carry the name of one of `systems`.
    """
    if assignments is None or not types:
        return None if assignments is None else tuple(assignments)
    ids = {one.id for one in types}
    words = {word for one in types for word in _telling(f"{one.name} {one.identifier.replace('_', ' ')}")}
    roles = [one for one in assignments if one.kind is not AssignmentKind.RESOURCE_TYPE]
    own = [one for one in assignments if one.kind is AssignmentKind.RESOURCE_TYPE and one.role_id in ids]
    named = [one for one in roles if words & _words(one.role)]
    if own or named:
        return tuple(one for one in assignments if one in own or one in named)
    return tuple(one for one in roles if {name.lower() for name in systems} & _words(one.role))


def _words(text: str) -> set[str]:
    return set("".join(sign.lower() if sign.isalnum() else " " for sign in text).split())


def _telling(text: str) -> set[str]:
    return {word for word in _words(text) if len(word) >= _SHORTEST_WORD and word not in _SAYS_NOTHING}


def _without_account(world: Landscape, types: Sequence[ResourceType], orders: Iterable[Order]) -> Collection[str]:
    """Systems of these types in which the person has nothing at all: a role that names one was to give it."""
    held = {world.connector_of(one) for one in orders}
    missing = (world.connector(one.connector_id) for one in types if one.connector_id not in held)
    return {one.identifier for one in missing if one is not None and one.identifier}


def _most_urgent(orders: Sequence[Order]) -> Order | None:
    ranked = [one for one in orders if one.state in _URGENCY or one.is_errored]
    return min(ranked, key=_urgency, default=None)


def _urgency(order: Order) -> tuple[int, float, str]:
    rank = 0 if order.is_errored else _URGENCY.index(order.state)
    at = order.performed_at or order.created_at
    newest = -at.timestamp() if at else 0.0
    return rank, newest, order.id


def _with_chain(
    found: Finding,
    way: Way,
    orders: Sequence[Order],
    site: Site,
    now: datetime,
    reads: Reads,
) -> Finding:
    order = way.order
    if order is None:
        return found
    troubled = order.state in _IN_TROUBLE or order.is_errored
    way = replace(way, blocked_by=_why(found) if troubled else "", change_waits=in_review(order))
    also = [one for one in orders if one.id != order.id and (one.state in _IN_TROUBLE or one.is_errored)]
    remarks = tuple(
        Remark(
            "5" if one.is_errored else "4", f"order {one.id}, {type_name(one)} {noun_of(one.change)}: {one.state.value}"
        )
        for one in sorted(also, key=_urgency)[:_MOST_ALSO]
    )
    return replace(
        found,
        chain=chain_of(way, now),
        contributing=found.contributing + remarks,
        missing=tuple(dict.fromkeys(found.missing + reads.missing)),
        links=(*found.links, links.person(site, way.person.entity_type, way.person.id, "View Permissions")),
    )


def _why(found: Finding) -> str:
    """The cause in a few words, as the title ends; where the title was cut, the first sentence that a channel reads."""
    title_public = found.title_public or found.title
    said = found.groups[0].title.partition(": ")[2] if found.groups else title_public.rpartition(": ")[2]
    if not said.endswith("…"):
        return said
    return (found.text_public or found.text).partition(". ")[0].rstrip(".") or said


def _unread(way: Way, site: Site, now: datetime, reads: Reads) -> Finding:
    return Finding(
        symptom=None,
        cause=None,
        certainty=Certainty.UNKNOWN,
        title=title(f"{way.person.name}: the orders could not be read"),
        title_public="A person's orders could not be read",
        text="Where the way to the account stops cannot be told.",
        next="Look at the person's View Permissions yourself, or ask the platform team.",
        missing=reads.missing,
        links=(links.person(site, way.person.entity_type, way.person.id, "View Permissions"),),
        as_of=now,
    )


def _prerequisite(
    world: Landscape, wanted: Sequence[ResourceTypeId], orders: Page[Order]
) -> tuple[ResourceType, Order | None] | None:
    """A wanted resource type whose prerequisite type is not provisioned: its order is prevented, not reviewed."""
    for type_id in wanted:
        found = world.resource_type(type_id)
        if found is None or found.depends_on_id is None:
            continue
        own = [one for one in orders if one.resource_type_id == found.depends_on_id]
        done = any(one.state in {OrderState.VERIFIED, OrderState.EXECUTED} for one in own)
        if not done and (orders.exact or own):
            return found, _most_urgent(own)
    return None


async def _prevented(
    nim: NimReads,
    way: Way,
    before: tuple[ResourceType, Order | None],
    site: Site,
    now: datetime,
    reads: Reads,
    world: Landscape,
) -> Finding:
    wanted, order = before
    name = wanted.name or wanted.identifier
    if order is not None:
        found = await examine_read_order(nim, order, site, now)
        told = _with_chain(found, replace(way, order=order), (order,), site, now, reads)
        prevented = f"{name} needs {type_name(order)} first, whose order is {order.state.value}"
        row = (Remark(told.cause, told.title_public or told.title),) if told.cause else ()
        return replace(
            told,
            symptom=4,
            cause=None,
            certainty=Certainty.CONFIRMED,
            title=title(f"{way.person.name}: no {name}: {type_name(order)} comes first"),
            title_public=title(f"No {name}: {type_name(order)} comes first"),
            text=f"{prevented}: it is prevented, and no review can release it. {told.text}",
            contributing=(*row, *told.contributing),
            groups=(),
            offers=links.opening(links.order(site, order.id, world.entity_type(order.owner_type_id))),
            more=(found,),
        )
    first = world.resource_type(wanted.depends_on_id) if wanted.depends_on_id else None
    needed = (first.name or first.identifier) if first else "its prerequisite"
    chain = chain_of(way, now)
    return Finding(
        symptom=4,
        cause=None,
        certainty=Certainty.LIKELY,
        title=title(f"{way.person.name}: no {name}, since {needed} is missing"),
        title_public=title(f"No {name}, since {needed} is missing"),
        text=f"{name} is provisioned only after {needed}, and the person has no order for that.",
        next=f"Find out why the person has no {needed}.",
        evidence=(Fact("Depends on", needed, f"resource type {wanted.identifier}", now),),
        chain=chain,
        missing=reads.missing,
        as_of=now,
    )


def _without_order(
    way: Way,
    world: Landscape,
    wanted: Sequence[ResourceTypeId],
    site: Site,
    now: datetime,
    reads: Reads,
) -> Finding:
    """No live order: the way stops earlier, at the person or at the right."""
    types = [found for one in wanted if (found := world.resource_type(one))]
    thing = listed([one.name or one.identifier for one in types]) or "account"
    chain = chain_of(way, now)
    stop = stopped_at(chain)
    why = why_no_order(way, stop.name if stop else "", types, now)
    at = stop.at if stop else None
    screen = (
        links.role_review(site)
        if stop and stop.name == "assignment"
        else links.person(site, way.person.entity_type, way.person.id, "View Permissions")
    )
    facts = tuple(
        Fact(link.name, f"{link.mark.value}: {link.text}", link.source or "the person's page", link.at or now)
        for link in chain
        if link.source
    )
    return Finding(
        symptom=why.symptom,
        cause=None,
        certainty=why.certainty,
        title=title(f"{way.person.name}: {thing}: {why.said}"),
        title_public=title(f"{thing}: {why.said}"),
        text=why.text,
        next=why.next,
        evidence=facts[:_MOST_ALSO],
        chain=chain,
        missing=reads.missing,
        links=(screen,),
        offers=links.opening(screen),
        say_to_caller=why.caller,
        as_of=min(at, now) if at and at < now else now,
    )
