"""The documented causes of a blocked order, rows 4a to 4g, in the order in which they are to be dealt with."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from bot.diagnosis.course import computed_at
from bot.diagnosis.grouping import oldest_first
from bot.diagnosis.symptoms.blocked_orders.evidence import BLOCKING, Evidence
from bot.diagnosis.words import counted, listed
from bot.model.finding import Certainty
from bot.model.ids import ResourceId
from bot.model.job import TaskKind
from bot.model.order import Order, OrderProperty, OrderState

_MINUTE: Final = timedelta(minutes=1)
_TYPES_OF_A_PATTERN: Final = 2
_SURE: Final = 100


@dataclass(frozen=True, slots=True)
class Cause:
    row: str
    certainty: Certainty
    why: str
    first: Order | None = None
    """The order that has to be released before this one."""


@dataclass(frozen=True, slots=True)
class Around:
    """What the orders of a list say about each other, gathered once for all of them."""

    on_account: Mapping[ResourceId, Sequence[Order]]
    types_of_run: Mapping[str, frozenset[str]]
    """By run of the role model: the types whose orders it blocked although they ask for no review."""


def around(evidence: Evidence) -> Around:
    on_account: dict[ResourceId, list[Order]] = {}
    types: dict[str, set[str]] = {}
    for order in evidence.orders or ():
        if order.resource_id:
            on_account.setdefault(order.resource_id, []).append(order)
        if (run := _blocked_by(order, evidence)) is not None:
            types.setdefault(run, set()).add(order.resource_type)
    return Around(on_account, {run: frozenset(found) for run, found in types.items()})


def causes_of(order: Order, evidence: Evidence, others: Around) -> tuple[Cause, ...]:
    """Every cause that holds, the first to be dealt with first. `others` is `around` the same evidence."""
    found = [
        _earlier(order, evidence, others),
        _correlation(order),
        _classification(order),
        _property(order),
        _computed(order, evidence, others),
        _required(order, evidence),
    ]
    held = [cause for cause in found if cause is not None]
    if held:
        first, *more = held
        if first.row == "4a" and _unchecked(order, evidence):
            first = Cause("4a", Certainty.LIKELY, first.why)
        return (first, *more)
    if _unchecked(order, evidence):
        return ()
    by = f" Last act by {order.performer}." if order.performer else ""
    why = "None of the usual causes holds now: a person may have put it on hold, or its type asked for a review before."
    return (Cause("4g", Certainty.POSSIBLE, f"{why}{by}"),)


def _unchecked(order: Order, evidence: Evidence) -> bool:
    """Whether a look-alike of a required review could not be checked."""
    alone = evidence.asked is not None
    flag = review_required(order, evidence)
    return (
        flag is None
        or (alone and evidence.same is None and bool(order.resource_id or order.owner_id))
        or (order.resource_id is not None and order.correlation_confidence is None)
        or (not flag and evidence.tasks is None and evidence.reviewing is None)
    )


def review_required(order: Order, evidence: Evidence) -> bool | None:
    found = evidence.landscape.resource_type(order.resource_type_id)
    return found.block_provisioning if found else None


def _earlier(order: Order, evidence: Evidence, others: Around) -> Cause | None:
    same: Iterable[Order] = evidence.same or ()
    if evidence.asked is None:
        same = others.on_account.get(order.resource_id, ()) if order.resource_id else ()
    before = [one for one in same if one.id != order.id and one.state in BLOCKING and _before(one, order)]
    if not before:
        return None
    first = oldest_first(before)[0]
    state = "in error" if first.state is OrderState.ERRORED else "waiting for a review"
    return Cause("4c", Certainty.CONFIRMED, f"Order {first.id} on the same account is {state} and comes first.", first)


def _before(one: Order, other: Order) -> bool:
    first, second = computed_at(one), computed_at(other)
    return first is not None and second is not None and first < second


def _correlation(order: Order) -> Cause | None:
    rate = order.correlation_confidence
    if rate is None or not 0 < rate < _SURE:
        return None
    return Cause("4d", Certainty.CONFIRMED, f"The account was matched with {rate} % confidence, so a person decides.")


def _classification(order: Order) -> Cause | None:
    rate = order.classification_confidence
    if rate is None or not 0 < rate < _SURE:
        return None
    return Cause(
        "4e", Certainty.CONFIRMED, f"The account's type was told with {rate} % confidence, so a person decides."
    )


def _waiting_properties(order: Order) -> list[OrderProperty]:
    return [
        one
        for one in order.properties or ()
        if one.state is OrderState.AWAITING_APPROVAL and one.confidence is not None and 0 < one.confidence < _SURE
    ]


def _property(order: Order) -> Cause | None:
    if order.state is OrderState.AWAITING_APPROVAL:
        return None
    waiting = _waiting_properties(order)
    if waiting:
        told = listed([f"{one.name} ({one.confidence} %)" for one in waiting])
        return Cause("4f", Certainty.CONFIRMED, f"A rule found {told} with less than 100 % confidence.")
    return None


def role_model_run_of(order: Order, evidence: Evidence) -> str | None:
    """The job run in which the order came to be as it is, by its newest time, in whole minutes."""
    at = max((at for at in (computed_at(order), order.performed_at, order.created_at) if at is not None), default=None)
    if at is None:
        return None
    for run in evidence.reviewing or ():
        if _within(at, run.started_at, run.ended_at):
            return run.id
    for one in evidence.tasks or ():
        if one.kind is TaskKind.ROLE_MODEL and _within(at, one.started_at, one.ended_at):
            return one.job_run_id
    return None


def _within(at: datetime, started: datetime | None, ended: datetime | None) -> bool:
    if started is None or ended is None:
        return False
    return started.replace(second=0, microsecond=0) <= at <= ended + _MINUTE


def _blocked_by(order: Order, evidence: Evidence) -> str | None:
    """The run that blocked an order of a type that does not ask for reviews by itself."""
    if review_required(order, evidence) is not False or order.state is not OrderState.AWAITING_APPROVAL:
        return None
    return role_model_run_of(order, evidence)


def _computed(order: Order, evidence: Evidence, others: Around) -> Cause | None:
    """Blocked by a computation with the block option."""
    run = _blocked_by(order, evidence)
    if run is None:
        return None
    types = {order.resource_type} | others.types_of_run.get(run, frozenset())
    pattern = len(types) >= _TYPES_OF_A_PATTERN
    option = True if any(one.id == run for one in evidence.reviewing or ()) else None
    if option is None and not pattern:
        return None
    sure = Certainty.CONFIRMED if option and pattern else Certainty.LIKELY
    told = f"orders of {counted(len(types), 'resource type')} that ask for no review were blocked by it"
    return Cause("4b", sure, f"The role model was computed with the block option in run {run}: {told}.")


def _required(order: Order, evidence: Evidence) -> Cause | None:
    if not review_required(order, evidence) or order.state is not OrderState.AWAITING_APPROVAL:
        return None
    return Cause(
        "4a", Certainty.CONFIRMED, f"The resource type {order.resource_type} asks for a review of every order."
    )
