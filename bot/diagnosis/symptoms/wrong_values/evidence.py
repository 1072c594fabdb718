"""What is read to judge a wrong value: value as provisioned and as computed, its rule, the person's sources."""

import asyncio
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final

from bot.diagnosis.landscape import Landscape, landscape
from bot.diagnosis.measuring import comparable, same_value
from bot.diagnosis.reading import Reads
from bot.diagnosis.site import Site
from bot.diagnosis.subject import Subject
from bot.model.finding import Missing
from bot.model.ids import TaskId
from bot.model.job import RunState, TaskKind, TaskRun
from bot.model.order import HeldValue, Order, OrderProperty, OrderState
from bot.model.page import Page
from bot.model.person import Person
from bot.model.value import PropertyRule, ResourceVersion, Source, ValueChange
from bot.ports import NimReads

HISTORY: Final = "resource-history"
LOOK_BACK: Final = timedelta(days=2)
RECENT: Final = timedelta(days=14)
"""A rule that was changed longer ago does not explain what people see now."""
MOST_COLLEAGUES: Final = 5
_MOST_OTHERS: Final = 5
_MOST_SHOWN: Final = 24
"""Properties of a source record that come along with its name."""
KEPT_BY_HAND: Final = frozenset({16, 24})
"""Approved and questioned: a value that a person has set."""
_COMPUTES: Final = frozenset({TaskKind.EXPRESSIONS, TaskKind.CORRELATION_KEYS, TaskKind.ROLE_MODEL})
_NO_END: Final = 9999
_UNITS: Final = (
    re.compile(r"organi[sz]ation|department|unit", re.IGNORECASE),
    re.compile(r"site|location|country", re.IGNORECASE),
)
_NUMBERED: Final = re.compile(r"(.*[^\W\d_]) ?(?:[2-9]|[1-9]\d)")
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
    values: Page[HeldValue] | None = None
    """The property as the person's orders hold it."""
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
    """Changes of what the rule reads of the identity, and of the source's record."""
    source_history: Sequence[ValueChange] | None = None
    recent: Page[TaskRun] | None = None
    """Synchronizations of the source, and whatever has no end."""
    before: Page[HeldValue] | None = None
    """The property and its inputs right before the rule was changed, where it was changed lately."""
    colleagues: Page[HeldValue] | None = None
    """The property of people of the same unit, where the rule or this person's own case is left as a cause."""
    unit: tuple[str, str] | None = None
    """What the colleagues have in common with the person: a property and its value."""
    namesakes: Page[HeldValue] | None = None
    """Who holds the value without the number that stands behind this person's."""
    missing: tuple[Missing, ...] = ()

    @property
    def computed(self) -> str | None:
        """What the rules give, as Identity Manager stored it."""
        return computed_of(self.held)

    @property
    def compared(self) -> Mapping[str, tuple[str | None, str | None]]:
        """Source property → its value at the identity and at the source; what both leave empty says nothing."""
        if self.identity is None or self.record is None:
            return {}
        own, theirs = self.identity.properties, self.record.properties
        both = {name: (own.get(path), theirs.get(name)) for path, name in self.pairs}
        return {name: pair for name, pair in both.items() if pair != (None, None)}

    @property
    def differing(self) -> tuple[str, ...]:
        """Properties whose value at the identity is not the source's."""
        return tuple(sorted(name for name, (own, theirs) in self.compared.items() if not same_value(own, theirs)))

    @property
    def agreeing(self) -> tuple[str, ...]:
        return tuple(sorted(name for name, (own, theirs) in self.compared.items() if same_value(own, theirs)))

    @property
    def live_sources(self) -> tuple[Source, ...]:
        return _live(self.sources or ())

    @property
    def synced(self) -> TaskRun | None:
        """The last synchronization of the source that ended well."""
        connector_id = self.landscape.filled_by(self.record.entity_type) if self.record else None
        return next(
            (
                one
                for one in self.recent or ()
                if one.kind is TaskKind.SYNCHRONIZE
                and one.state is RunState.COMPLETED
                and one.connector_id == connector_id
                and one.ended_at is not None
            ),
            None,
        )

    @property
    def role_model(self) -> TaskRun | None:
        """The last computation of the role model that ended well."""
        done = (one for one in self.recent or () if one.state is RunState.COMPLETED)
        return next((one for one in done if one.kind is TaskKind.ROLE_MODEL), None)

    @property
    def elsewhere(self) -> tuple[HeldValue, ...]:
        """The same property in other accounts of the person, where no system was named."""
        if self.order is None or self.held is None or self.subject.resource_type_ids:
            return ()
        chosen = (self.order.id, self.held.name)
        return tuple(one for one in _alive(self.values or ()) if (one.order.id, one.held.name) != chosen)

    @property
    def whole_computations(self) -> frozenset[TaskId]:
        """Tasks that compute everybody."""
        tasks = self.landscape.tasks
        return frozenset(one.id for one in tasks if one.kind is TaskKind.ROLE_MODEL and one.dirty is False)

    @property
    def everybody(self) -> TaskRun | None:
        """The last computation of everybody's role model that ended well."""
        whole = self.whole_computations
        done = (one for one in self.recent or () if one.state is RunState.COMPLETED)
        return next((one for one in done if one.task_id in whole), None)

    @property
    def computing(self) -> TaskRun | None:
        """A computation in progress: what it works on changes while it is read."""
        return next((one for one in self.recent or () if one.kind in _COMPUTES and _runs(one)), None)

    @property
    def synchronizing(self) -> TaskRun | None:
        """A run in progress that brings the source's data."""
        connector_id = self.landscape.filled_by(self.record.entity_type) if self.record else None
        return next(
            (
                one
                for one in self.recent or ()
                if connector_id is not None and one.connector_id == connector_id and _runs(one)
            ),
            None,
        )


def computed_of(held: OrderProperty | None) -> str | None:
    if held is None:
        return None
    return held.policy_value if held.policy_value is not None else held.value


def _runs(one: TaskRun) -> bool:
    return one.ended_at is None and one.state in {RunState.RUNNING, RunState.QUEUED}


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
            nim.sources(person.entity_type, person.id, shown=_alike(person.entity_type, known)),
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
    unit = _unit_of(comparable(own_names, source_names))
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
    """The value before a rule was changed lately; else other people's, where the rule or this case is left.

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
        return replace(seen, before=before, missing=reads.missing)
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
    if held is None or held.workflow_state in KEPT_BY_HAND or seen.differing:
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
        _alive(values),
        key=lambda one: (one.order.created_at.timestamp() if one.order.created_at else 0.0, one.order.id),
        reverse=True,
    )
    names = [name.lower() for name in _names(subject)]
    live.sort(key=lambda one: names.index(one.held.name.lower()) if one.held.name.lower() in names else len(names))
    odd = [one for one in live if _is_odd(one.held, subject.expected_value)]
    found = next(iter([*odd, *live]), None)
    return (found.order, found.held) if found else (None, None)


def _alive(values: Iterable[HeldValue]) -> list[HeldValue]:
    return [one for one in values if one.order.state in _LIVE and not one.order.denied]


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
    ranked = sorted(_live(sources), key=lambda one: (one.entity_type == person_type, one.entity_type, one.resource_id))
    return ranked[0] if ranked else None


def _live(sources: Sequence[Source]) -> tuple[Source, ...]:
    return tuple(one for one in sources if one.valid_to is None or one.valid_to.year >= _NO_END)


def _alike(person_type: str, names: Mapping[str, Sequence[str]]) -> dict[str, tuple[str, ...]]:
    """Properties of each other entity type that say what one of the person's says."""
    own = names.get(person_type, ())
    found = {kind: pairs_for(own, own, theirs) for kind, theirs in names.items() if kind != person_type}
    return {
        kind: tuple(dict.fromkeys(name for _, name in pairs))[:_MOST_SHOWN] for kind, pairs in found.items() if pairs
    }


def _unit_of(shared: Sequence[str]) -> str:
    """The property that tells where somebody belongs: the organisation, else the place."""
    return next((name for pattern in _UNITS for name in shared if pattern.search(name)), "")


def without_number(value: str) -> str:
    """ "jdoe" of "jdoe2", "ann.lee@x" of "ann.lee2@x"; "" where no small number stands behind a name."""
    local, at, domain = value.partition("@")
    found = _NUMBERED.fullmatch(local)
    return f"{found.group(1)}{at}{domain}" if found else ""
