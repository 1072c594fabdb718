"""What is read to judge a wrong value: value as provisioned and as computed, its rule, the person's sources."""

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final

from bot.diagnosis.landscape import Landscape, landscape
from bot.diagnosis.measuring import comparable
from bot.diagnosis.reading import Reads
from bot.diagnosis.site import Site
from bot.diagnosis.subject import Subject
from bot.diagnosis.symptoms.wrong_values.inputs import alike_by_type, inputs_of, pairs_for, unit_of, without_number
from bot.diagnosis.symptoms.wrong_values.seen import KEPT_BY_HAND, Evidence, alive, computed_of, links_of, live_sources
from bot.model.job import TaskKind, TaskRun
from bot.model.order import HeldValue, Order, OrderProperty, OrderState
from bot.model.page import Page
from bot.model.person import Person
from bot.model.value import PropertyRule, ResourceVersion, Source
from bot.ports import NimReads

HISTORY: Final = "resource-history"
LOOK_BACK: Final = timedelta(days=2)
RECENT: Final = timedelta(days=14)
"""A rule that was changed longer ago does not explain what people see now."""
MOST_COLLEAGUES: Final = 5
_MOST_OTHERS: Final = 5
_MOST_COMPARED: Final = 12


async def gather(nim: NimReads, subject: Subject, site: Site, now: datetime) -> Evidence:
    """At most eight requests to Identity Manager."""
    reads = Reads()
    person = subject.person
    world, names, exposed = await asyncio.gather(
        landscape(nim.catalogue, reads),
        reads.attempt(nim.catalogue.properties(), "the properties of the entity types"),
        reads.attempt(nim.files.capabilities(), "what the companion shows"),
    )
    if person is None or not subject.property_name:
        return Evidence(subject, site, world, missing=reads.missing)
    known = names or {}
    own_names = known.get(person.entity_type, ())
    values, sources = await asyncio.gather(
        _values(nim, reads, subject, person),
        reads.attempt(
            nim.sources(
                person.entity_type, person.id, shown=alike_by_type(person.entity_type, known), records=person.records
            ),
            "the person's sources",
            without="Where a value came from cannot be told.",
            look_at="the person's page > View Sources",
        ),
    )
    order, held = _holding(values.items if values else (), subject)
    rules = await _rules(nim, reads, order, held, ("scalar",)) if held is not None and held.kind == "scalar" else None
    source = _main_source(sources or (), person.entity_type)
    source_names = known.get(source.entity_type, ()) if source is not None else ()
    inputs = inputs_of(rules or (), own_names)
    asked = tuple(name for name in own_names if name.lower() == subject.property_name.lower())
    pairs = pairs_for(inputs or asked, own_names, source_names)
    direct = bool(pairs)
    if not pairs and held is not None:
        shared = comparable(own_names, source_names)[:_MOST_COMPARED]
        pairs = tuple((name, name) for name in shared)
    if not pairs and held is None:
        return Evidence(subject, site, world, values, sources=sources, missing=reads.missing)
    unit = unit_of(comparable(own_names, source_names))
    wanted = tuple(dict.fromkeys((*inputs, *(path for path, _ in pairs), *((unit,) if unit else ()))))
    history_wanted = bool(exposed and HISTORY in exposed)
    identity, record, history, source_history, recent = await asyncio.gather(
        reads.attempt(nim.resource(person.entity_type, person.id, wanted), "the person's values")
        if wanted
        else _nothing(),
        _record(nim, reads, source, tuple(name for _, name in pairs)),
        reads.attempt(nim.history(person.entity_type, person.id, inputs), "the history of the person's values")
        if history_wanted and inputs
        else _nothing(),
        reads.attempt(
            nim.history(source.entity_type, source.resource_id, source_names),
            "the history of the source's record",
            without="Whether the source changed as well is not known.",
        )
        if history_wanted and inputs and source is not None
        else _nothing(),
        _recent(nim, reads, world, source, now, role_model=history_wanted),
    )
    if not history_wanted:
        reads.note("when the value changed", "This environment shows no history.", "the person's page > View History")
    seen = Evidence(
        subject, site, world, values, order, held, rules, inputs, pairs, direct, identity, sources, record, history,
        source_history, recent,
    )  # fmt: skip
    return await _with_others(nim, reads, seen, person, wanted, unit, now)


async def _values(nim: NimReads, reads: Reads, subject: Subject, person: Person) -> Page[HeldValue] | None:
    """The property in the person's orders; links are asked for where no value is called so."""
    found = None
    for kind in ("scalar", "navigation"):
        found = await reads.attempt(
            nim.held_values(
                _names(subject),
                kind=kind,
                owner_id=person.id,
                resource_type_ids=subject.resource_type_ids,
            ),
            "the values of the person's orders",
            without="What is computed and what is provisioned cannot be compared.",
            look_at="the person's page > View Permissions",
        )
        if found is None or found.items:
            return found
    return found


def _names(subject: Subject) -> tuple[str, ...]:
    return tuple(dict.fromkeys((subject.property_name, *subject.also_called)))


async def _rules(
    nim: NimReads, reads: Reads, order: Order | None, held: OrderProperty | None, kinds: Sequence[str]
) -> Sequence[PropertyRule] | None:
    if order is None or held is None:
        return None
    found = await asyncio.gather(
        *(
            reads.attempt(
                nim.rules_of(order.resource_type_id, held.name, kind=kind),
                f"the {kind} rules of {held.name}",
                without="A wrong rule cannot be told from wrong data.",
            )
            for kind in kinds
        )
    )
    read = [one for one in found if one is not None]
    return tuple(rule for some in read for rule in some) if read else None


async def _record(
    nim: NimReads, reads: Reads, source: Source | None, wanted: tuple[str, ...]
) -> ResourceVersion | None:
    """The source's record: as it came with its name, else read by itself."""
    if source is None or not wanted:
        return None
    if source.values is not None:
        shown = {name: source.values[name] for name in wanted if name in source.values}
        return ResourceVersion(source.resource_id, source.entity_type, source.name, shown, read_at=source.read_at)
    return await reads.attempt(
        nim.resource(source.entity_type, source.resource_id, wanted),
        f"the record in {source.entity_type}",
        without="Whether the source agrees is not known.",
    )


async def _recent(
    nim: NimReads, reads: Reads, world: Landscape, source: Source | None, now: datetime, *, role_model: bool
) -> Page[TaskRun] | None:
    """When the source was last synchronized: what changed there since is not in Identity Manager. And what runs."""
    connector_id = world.filled_by(source.entity_type) if source else None
    tasks = [
        one.id
        for one in world.tasks
        if (one.kind is TaskKind.SYNCHRONIZE and one.connector_id == connector_id is not None)
        or (one.kind is TaskKind.ROLE_MODEL and (role_model or one.dirty is False))
    ]
    return await reads.attempt(
        nim.recent_task_runs(now - LOOK_BACK, task_ids=sorted(tasks)),
        "the recent runs",
        without="Whether the source changed since, or a computation is in progress, is not known.",
    )


async def _with_others(
    nim: NimReads,
    reads: Reads,
    seen: Evidence,
    person: Person,
    wanted: tuple[str, ...],
    unit: str,
    now: datetime,
) -> Evidence:
    """The value before a rule was changed lately; other people's, where the rule or this case is left.

    Of a link the rules, which are of two kinds, where the identity is not the cause already.
    """
    held, order = seen.held, seen.order
    if held is not None and held.kind != "scalar":
        links = None if seen.differing else await _rules(nim, reads, order, held, ("navigation", "query"))
        return replace(seen, rules=links, missing=reads.missing)
    changed_at = newest_change(seen.rules or (), now)
    if changed_at is not None and held is not None and order is not None:
        before = await reads.attempt(
            nim.held_values(
                (held.name,),
                owner_id=person.id,
                resource_type_ids=(order.resource_type_id,),
                owner_properties=wanted,
                as_of=changed_at - timedelta(minutes=1),
            ),
            "the value before the rule was changed",
            without="Whether the change made a difference is not known.",
        )
        seen = replace(seen, before=before, missing=reads.missing)
        if not (before and before.items and computed_of(before.items[0].held) == seen.computed):
            return seen
    if held is None or order is None or not _left_to_the_rule(seen):
        return replace(seen, missing=reads.missing)
    plain = without_number(seen.computed or "")
    if plain:
        namesakes = await reads.attempt(
            nim.held_values((held.name,), value=plain, resource_type_ids=(order.resource_type_id,), limit=_MOST_OTHERS),
            "who holds the value without its number",
            without="Whether the number keeps two people apart is not known.",
        )
        return replace(seen, namesakes=namesakes, missing=reads.missing)
    value = seen.identity.properties.get(unit, "") if seen.identity else ""
    if not unit or not value:
        reads.note("colleagues' values", "Nobody of the same unit is known. The rule and this person's own case "
                   "cannot be told apart.")  # fmt: skip
        return replace(seen, missing=reads.missing)
    colleagues = await reads.attempt(
        nim.held_values(
            (held.name,),
            owners=((unit, value),),
            resource_type_ids=(order.resource_type_id,),
            owner_properties=wanted,
            limit=MOST_COLLEAGUES + 1,
        ),
        "colleagues' values",
        without="The rule and this person's own case cannot be told apart.",
    )
    return replace(seen, colleagues=colleagues, unit=(unit, value), missing=reads.missing)


def _left_to_the_rule(seen: Evidence) -> bool:
    """Nothing is under way or kept by hand, and the identity is what its source says."""
    held = seen.held
    if held is None or held.workflow_state in KEPT_BY_HAND or seen.differing or held.state is OrderState.RULE_ERROR:
        return False
    return held.current in {None, seen.computed}


def newest_change(rules: Sequence[PropertyRule], now: datetime) -> datetime | None:
    """When one of the rules was changed lately; None where none was."""
    known = [one.changed_at for one in rules if one.changed_at is not None and now - one.changed_at <= RECENT]
    return max(known, default=None)


async def _nothing() -> None:
    return None


def _holding(values: Sequence[HeldValue], subject: Subject) -> tuple[Order | None, OrderProperty | None]:
    """The order that provisions the property: one whose value is not as it should be first, then the newest."""
    live = sorted(
        alive(values),
        key=lambda one: (one.order.created_at.timestamp() if one.order.created_at else 0.0, one.order.id),
        reverse=True,
    )
    names = [name.lower() for name in _names(subject)]
    live.sort(key=lambda one: names.index(one.held.name.lower()) if one.held.name.lower() in names else len(names))
    odd = [one for one in live if _is_odd(one.held, subject.expected_value)]
    found = next(iter([*odd, *live]), None)
    return (found.order, found.held) if found and links_of(live, found) <= 1 else (None, None)


def _is_odd(one: OrderProperty, expected: str) -> bool:
    if expected:
        return expected not in {one.value, one.policy_value, one.current}
    return one.policy_value not in {None, one.value} or one.current not in {None, one.value}


def _main_source(sources: Sequence[Source], person_type: str) -> Source | None:
    """A live record of another system: an edit by somebody comes after it."""
    ranked = sorted(
        live_sources(sources), key=lambda one: (one.entity_type == person_type, one.entity_type, one.resource_id)
    )
    return ranked[0] if ranked else None
