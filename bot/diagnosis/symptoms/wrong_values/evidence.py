"""What is read to judge a wrong value: value as provisioned and as computed, its rule, the person's sources."""

import asyncio
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

from bot.diagnosis.grouping import oldest_first
from bot.diagnosis.landscape import Landscape, landscape
from bot.diagnosis.measuring import comparable
from bot.diagnosis.reading import Reads
from bot.diagnosis.site import Site
from bot.diagnosis.subject import Subject
from bot.model.finding import Missing
from bot.model.ids import OrderId
from bot.model.job import RunState, TaskKind, TaskRun
from bot.model.order import Order, OrderProperty, OrderState
from bot.model.page import Page
from bot.model.value import PropertyRule, ResourceVersion, Source, ValueChange
from bot.ports import NimReads

HISTORY: Final = "resource-history"
LOOK_BACK: Final = timedelta(days=2)
RECENT: Final = timedelta(days=14)
"""A rule that was changed longer ago does not explain what people see now."""
_MOST_INPUTS: Final = 8
_MOST_COMPARED: Final = 12
_LIVE: Final = frozenset(OrderState) - {OrderState.INACTIVE, OrderState.NONE, OrderState.UNKNOWN}
_MEMBER: Final = re.compile(r"\b[A-Za-z_]\w*((?:\??\.[A-Za-z_]\w*)+)")
_METHODS: Final = frozenset(
    """
    ToLower ToUpper Trim Substring Replace StartsWith EndsWith Contains ToString Split Join Format Length Value HasValue
    ToUpperInvariant ToLowerInvariant PadLeft PadRight IsNullOrEmpty IsNullOrWhiteSpace Empty
    """.split()
)


@dataclass(frozen=True, slots=True)
class Evidence:
    subject: Subject
    site: Site
    landscape: Landscape
    orders: Page[Order] | None = None
    values: Mapping[OrderId, tuple[OrderProperty, ...]] = field(default_factory=dict)
    order: Order | None = None
    """The order that holds the property in question."""
    held: OrderProperty | None = None
    rules: Sequence[PropertyRule] | None = None
    inputs: tuple[str, ...] = ()
    """The person's properties that the rule reads."""
    pairs: tuple[tuple[str, str], ...] = ()
    """Paths of the identity beside the source's properties that say the same."""
    pairs_are_inputs: bool = False
    """Whether the pairs are what the rule reads; else they only show whether identity and source agree at all."""
    identity: ResourceVersion | None = None
    sources: Sequence[Source] | None = None
    record: ResourceVersion | None = None
    """The source record's values of the same names."""
    history: Sequence[ValueChange] | None = None
    computed: TaskRun | None = None
    """The last computation of the role model, where a history makes it worth reading."""
    identity_before: ResourceVersion | None = None
    """The inputs right before the rule was changed, where it was changed lately."""
    synced: TaskRun | None = None
    """The last synchronization of the source that ended well."""
    missing: tuple[Missing, ...] = ()


async def gather(nim: NimReads, subject: Subject, site: Site, now: datetime) -> Evidence:
    """At most eight requests to Identity Manager."""
    reads = Reads()
    person = subject.person
    world = await landscape(nim.catalogue, reads)
    if person is None or not subject.property_name:
        return Evidence(subject, site, world, missing=reads.missing)
    orders, sources, exposed, names = await asyncio.gather(
        reads.attempt(
            nim.orders(owner_id=person.id, resource_type_ids=subject.resource_type_ids),
            "the person's orders",
            without="What is computed and what is provisioned cannot be compared.",
        ),
        reads.attempt(
            nim.sources(person.entity_type, person.id),
            "the person's sources",
            without="Where a value came from cannot be told.",
            look_at="the person's page > View Sources",
        ),
        reads.attempt(nim.files.capabilities(), "what the companion shows"),
        reads.attempt(nim.catalogue.properties(), "the properties of the entity types"),
    )
    live = oldest_first(one for one in orders or () if one.state in _LIVE)[:50]
    values = (
        await reads.attempt(nim.order_properties([one.id for one in live]), "the values of the orders")
        if live
        else None
    ) or {}
    order, held = _holding(live, values, subject)
    own_names = (names or {}).get(person.entity_type, ())
    rules = (
        await reads.attempt(
            nim.rules_of(order.resource_type_id, held.name, kind=held.kind if held.kind == "scalar" else ""),
            f"the rules of {held.name}",
            without="A wrong rule cannot be told from wrong data.",
        )
        if order is not None and held is not None
        else None
    )
    inputs = inputs_of(rules or (), own_names)
    source = _main_source(sources or (), person.entity_type)
    asked = tuple(name for name in own_names if name.lower() == subject.property_name.lower())
    pairs = (
        pairs_for(inputs or asked, own_names, (names or {}).get(source.entity_type, ())) if source is not None else ()
    )
    direct = bool(pairs)
    if not pairs and held is not None and source is not None:
        shared = comparable(own_names, (names or {}).get(source.entity_type, ()))[:_MOST_COMPARED]
        pairs = tuple((name, name) for name in shared)
    if not pairs and held is None:
        return Evidence(subject, site, world, orders, values, sources=sources, missing=reads.missing)
    wanted = tuple(dict.fromkeys((*inputs, *(path for path, _ in pairs))))
    history_wanted = bool(exposed and HISTORY in exposed)
    identity, record, history, recent = await asyncio.gather(
        reads.attempt(nim.resource(person.entity_type, person.id, wanted), "the person's values")
        if wanted
        else _nothing(),
        reads.attempt(
            nim.resource(source.entity_type, source.resource_id, tuple(name for _, name in pairs)),
            f"the record in {source.entity_type}",
            without="Whether the source agrees is not known.",
        )
        if source and pairs
        else _nothing(),
        reads.attempt(nim.history(person.entity_type, person.id, inputs), "the history of the person's values")
        if history_wanted and inputs
        else _nothing(),
        reads.attempt(nim.recent_task_runs(now - LOOK_BACK), "the runs of the role model")
        if history_wanted and inputs
        else _nothing(),
    )
    changed_at = newest_change(rules or (), now)
    before = (
        await reads.attempt(
            nim.resource(person.entity_type, person.id, wanted, as_of=changed_at - timedelta(minutes=1)),
            "the person's values before the rule changed",
        )
        if changed_at is not None and identity is not None
        else None
    )
    synced = (
        await _synced(nim, reads, world, source, recent, now) if record is not None and changed_at is None else None
    )
    if not history_wanted:
        reads.note("when the value changed", "This environment shows no history.", "the person's page > View History")
    return Evidence(
        subject,
        site,
        world,
        orders,
        values,
        order,
        held,
        rules,
        inputs,
        pairs,
        direct,
        identity,
        sources,
        record,
        history,
        _last_role_model(recent),
        before,
        synced,
        reads.missing,
    )


def newest_change(rules: Sequence[PropertyRule], now: datetime) -> datetime | None:
    """When one of the rules was changed lately; None where none was."""
    known = [one.changed_at for one in rules if one.changed_at is not None and now - one.changed_at <= RECENT]
    return max(known, default=None)


async def _synced(
    nim: NimReads,
    reads: Reads,
    world: Landscape,
    source: Source | None,
    recent: Page[TaskRun] | None,
    now: datetime,
) -> TaskRun | None:
    """When the source was last synchronized: what changed there since is not in Identity Manager."""
    connector_id = world.filled_by(source.entity_type) if source else None
    if connector_id is None:
        return None
    page = recent
    if page is None:
        page = await reads.attempt(
            nim.recent_task_runs(now - LOOK_BACK, connector_id=connector_id),
            "the last synchronization of the source",
            without="Whether the source changed since is not known.",
        )
    return next(
        (
            one
            for one in page or ()
            if one.kind is TaskKind.SYNCHRONIZE
            and one.state is RunState.COMPLETED
            and one.connector_id == connector_id
            and one.ended_at is not None
        ),
        None,
    )


async def _nothing() -> None:
    return None


def _holding(
    orders: Sequence[Order], values: Mapping[OrderId, tuple[OrderProperty, ...]], subject: Subject
) -> tuple[Order | None, OrderProperty | None]:
    """The order that provisions the property: one whose value is not as it should be first, then the newest."""
    wanted = subject.property_name.lower()
    held = [
        (order, one) for order in reversed(orders) for one in values.get(order.id, ()) if one.name.lower() == wanted
    ]
    odd = [(order, one) for order, one in held if _is_odd(one, subject.expected_value)]
    return next(iter([*odd, *held]), (None, None))


def _is_odd(one: OrderProperty, expected: str) -> bool:
    if expected:
        return expected not in {one.value, one.policy_value, one.current}
    return one.policy_value not in {None, one.value} or one.current not in {None, one.value}


def inputs_of(rules: Sequence[PropertyRule], known: Sequence[str]) -> tuple[str, ...]:
    """Properties of the person that the rules' expressions read, by path: "MainRecord.LastName".

    Only what the entity type is known to have; a path is cut before the first method.
    """
    heads = {name.lower(): name for name in known}
    found: list[str] = []
    for rule in rules:
        for match in _MEMBER.finditer(rule.expression):
            parts = [part for part in match.group(1).replace("?", "").split(".") if part]
            path: list[str] = []
            for part in parts:
                if part in _METHODS:
                    break
                path.append(part)
            if path and (not heads or path[0].lower() in heads):
                found.append(".".join(path))
        bare = rule.expression.strip()
        if re.fullmatch(r"[A-Za-z_]\w*(?:\.[A-Za-z_]\w*)*", bare) and bare.split(".")[0].lower() in heads:
            found.append(bare)
    return tuple(dict.fromkeys(found))[:_MOST_INPUTS]


def pairs_for(inputs: Sequence[str], person: Sequence[str], source: Sequence[str]) -> tuple[tuple[str, str], ...]:
    """What of the identity can be compared with its source.

    The same name on both sides; for a link to another table the code, key or id beside it, on both sides or as the
    identifier of what is linked.
    """
    theirs, ours = {name.lower(): name for name in source}, {name.lower(): name for name in person}
    found: list[tuple[str, str]] = []
    for path in inputs:
        name = path.rsplit(".", 1)[-1].lower()
        twins = [f"{name}{end}" for end in ("code", "key", "id")]
        twin = next((one for one in twins if one in theirs), None)
        if twin is not None:
            found.append((ours[twin], theirs[twin]) if twin in ours else (f"{path}.Identifier", theirs[twin]))
        elif name in theirs:
            found.append((path, theirs[name]))
    return tuple(dict.fromkeys(found))


def _main_source(sources: Sequence[Source], person_type: str) -> Source | None:
    """A live record of another system: an edit by somebody comes after it."""
    live = [one for one in sources if one.valid_to is None or one.valid_to.year >= 9999]  # noqa: PLR2004
    return min(live, key=lambda one: (one.entity_type == person_type, one.entity_type, one.resource_id), default=None)


def _last_role_model(recent: Page[TaskRun] | None) -> TaskRun | None:
    return next(
        (one for one in recent or () if one.kind is TaskKind.ROLE_MODEL and one.state is RunState.COMPLETED), None
    )
