"""What was read to judge a wrong value, and what follows from it without judging. Pure."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from bot.diagnosis.landscape import Landscape
from bot.diagnosis.measuring import same_value
from bot.diagnosis.site import Site
from bot.diagnosis.subject import Subject
from bot.model.finding import Missing
from bot.model.ids import TaskId
from bot.model.job import RunState, TaskKind, TaskRun
from bot.model.order import HeldValue, Order, OrderProperty, OrderState
from bot.model.page import Page
from bot.model.value import PropertyRule, ResourceVersion, Source, ValueChange

KEPT_BY_HAND: Final = frozenset({16, 24})
"""Approved and questioned: a value that a person has set."""
_COMPUTES: Final = frozenset({TaskKind.EXPRESSIONS, TaskKind.CORRELATION_KEYS, TaskKind.ROLE_MODEL})
_LIVE: Final = frozenset(OrderState) - {OrderState.INACTIVE, OrderState.NONE, OrderState.UNKNOWN}


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
    def kept_by_hand(self) -> bool:
        """A person's value stands in place of the rule's."""
        held = self.held
        if held is None or held.value is None or held.value == held.policy_value:
            return False
        kind = self.landscape.resource_type(self.order.resource_type_id) if self.order else None
        return held.workflow_state in KEPT_BY_HAND and not (kind is not None and kind.discard_manual)

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
        return live_sources(self.sources or ())

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
        return tuple(one for one in alive(self.values or ()) if (one.order.id, one.held.name) != chosen)

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


def links_of(values: Iterable[HeldValue], one: HeldValue) -> int:
    """How many links of its name the same order holds: a collection is no single value."""
    return sum(
        other.held.kind != "scalar" and (other.order.id, other.held.name) == (one.order.id, one.held.name)
        for other in values
    )


def alive(values: Iterable[HeldValue]) -> list[HeldValue]:
    return [one for one in values if one.order.state in _LIVE and not one.order.denied]


def live_sources(sources: Sequence[Source]) -> tuple[Source, ...]:
    return tuple(one for one in sources if one.valid_to is None)
