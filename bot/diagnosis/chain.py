"""The way from an HR record to an account, link by link, and where it stops (troubleshooting 2.9). Pure."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

from bot.diagnosis.course import Course, computed_at
from bot.diagnosis.words import moment
from bot.model.assignment import Assignment
from bot.model.finding import ChainLink, LinkMark
from bot.model.order import ChangeType, Order, OrderState
from bot.model.person import Person
from bot.model.value import Source

PENDING_APPROVAL: Final = frozenset({8, 9, 10, 11, 12, 13, 25})
DECLINED: Final = frozenset({17})
CANCELLED: Final = frozenset({20})
"""Would come with a role that was declined (nim-api 5.4)."""
EFFECTIVE: Final = frozenset({4, 16, 18, 24, 27, 116, 118})
MISSING_PARAMETERS: Final = frozenset({2, 5})


@dataclass(frozen=True, slots=True)
class Way:
    """What was read along the way; None = could not be read, or was not looked at."""

    person: Person
    order: Order | None = None
    sources: Sequence[Source] | None = None
    assignments: Sequence[Assignment] | None = None
    course: Course | None = None
    """What an order without a fault waits for; None for one in error or in review."""
    behind: str = ""
    """What of the identity is not what its source says."""
    change_waits: bool = False
    """A property of the account waits for a review."""
    blocked_by: str = ""
    """Why an order that is in error or in review does not go on, in a few words."""


def chain_of(way: Way, now: datetime) -> tuple[ChainLink, ...]:
    """Every link; what lies behind the first broken one is not reached."""
    links = [_record(way, now), _identity(way, now), *_right(way), _order(way), _job(way), _account(way)]
    told: list[ChainLink] = []
    stopped = False
    for link in links:
        told.append(replace(link, mark=LinkMark.NOT_REACHED) if stopped and link.mark is not LinkMark.OK else link)
        stopped = stopped or link.mark in {LinkMark.BROKEN, LinkMark.WAITING}
    return tuple(told)


def chain_without_identity(record: ChainLink) -> tuple[ChainLink, ...]:
    """The way of a name that fits nobody."""
    behind = ("rule", "assignment", "order", "job", "account")
    identity = ChainLink("identity", LinkMark.BROKEN, "nobody of this name")
    return (record, identity, *(ChainLink(name, LinkMark.NOT_REACHED, "nobody to look at") for name in behind))


def stopped_at(chain: Sequence[ChainLink]) -> ChainLink | None:
    return next((link for link in chain if link.mark in {LinkMark.BROKEN, LinkMark.WAITING}), None)


def _over(at: datetime | None, now: datetime) -> bool:
    return at is not None and at <= now


def _record(way: Way, now: datetime) -> ChainLink:
    if way.sources is None:
        return ChainLink("HR record", LinkMark.UNKNOWN, "not shown by this installation")
    live = [one for one in way.sources if not _over(one.valid_to, now)]
    if not way.sources:
        mark = LinkMark.BROKEN if way.order is None and way.assignments is not None else LinkMark.UNKNOWN
        return ChainLink("HR record", mark, "no source record is left, or none is visible")
    chosen = min(live or way.sources, key=lambda one: (one.entity_type, one.resource_id))
    source = f"{chosen.entity_type} {chosen.resource_id}"
    if not live:
        return ChainLink("HR record", LinkMark.BROKEN, f"ended {moment(chosen.valid_to)}", source, chosen.valid_to)
    return ChainLink("HR record", LinkMark.OK, chosen.entity_type, source, chosen.read_at)


def _identity(way: Way, now: datetime) -> ChainLink:
    person = way.person
    source = f"{person.entity_type} {person.id}"
    if person.start_date is not None and person.start_date > now:
        return ChainLink("identity", LinkMark.WAITING, f"starts {moment(person.start_date)}", source, person.start_date)
    if _over(person.end_date, now):
        stays = way.order is not None or way.assignments is None or _in_force(way.assignments)
        mark = LinkMark.OK if stays else LinkMark.BROKEN
        return ChainLink("identity", mark, f"left {moment(person.end_date)}", source, person.end_date)
    if way.behind:
        return ChainLink("identity", LinkMark.BROKEN, f"behind its source: {way.behind}", source, person.read_at)
    return ChainLink("identity", LinkMark.OK, "active", source, person.read_at)


def _right(way: Way) -> tuple[ChainLink, ChainLink]:
    """Rule and assignment. An order shows by itself that both exist."""
    if way.order is not None:
        source, at = f"order {way.order.id}", way.order.created_at
        does = "takes" if way.order.change is ChangeType.DELETE else "gives"
        return (
            ChainLink("rule", LinkMark.OK, f"{does} the account", source, at),
            ChainLink("assignment", LinkMark.OK, "computed", source, at),
        )
    if way.assignments is None:
        return (
            ChainLink("rule", LinkMark.UNKNOWN, "not read"),
            ChainLink("assignment", LinkMark.UNKNOWN, "not read"),
        )
    newest = sorted(way.assignments, key=lambda one: (one.workflow_state not in PENDING_APPROVAL, one.role, one.id))
    effective = _in_force(newest)
    if effective:
        one = effective[0]
        at = one.performed_at or one.created_at
        return (
            ChainLink("rule", LinkMark.OK, one.role, f"assignment {one.id}", at),
            ChainLink("assignment", LinkMark.OK, "in force", f"assignment {one.id}", at),
        )
    for states, mark, text in (
        (PENDING_APPROVAL, LinkMark.WAITING, "requested, awaits approval"),
        (MISSING_PARAMETERS, LinkMark.WAITING, "a value is missing"),
        (DECLINED, LinkMark.BROKEN, "declined"),
        (CANCELLED, LinkMark.BROKEN, "cancelled: its role was declined"),
    ):
        if found := next((one for one in newest if one.workflow_state in states), None):
            source, at = f"assignment {found.id}", found.performed_at or found.created_at
            return (
                ChainLink("rule", LinkMark.OK, found.role, source, at),
                ChainLink("assignment", mark, text, source, at),
            )
    return (
        ChainLink("rule", LinkMark.BROKEN, "no rule and no request gives it"),
        ChainLink("assignment", LinkMark.UNKNOWN, "none"),
    )


def _in_force(assignments: Sequence[Assignment]) -> list[Assignment]:
    return [one for one in assignments if one.workflow_state in EFFECTIVE and not one.denied]


def _refused(order: Order) -> bool:
    """Whether the order, or a property of it, was sent and refused, whatever has become of it since."""
    return order.is_errored and order.state is not OrderState.RULE_ERROR


def _order(way: Way) -> ChainLink:
    order = way.order
    if order is None:
        return ChainLink("order", LinkMark.BROKEN, "there is none")
    source, at = f"order {order.id}", computed_at(order)
    if _refused(order):
        return ChainLink("order", LinkMark.OK, "computed", source, at)
    match order.state:
        case OrderState.AWAITING_APPROVAL:
            return ChainLink("order", LinkMark.BROKEN, f"waits for a review: {way.blocked_by}".rstrip(": "), source, at)
        case OrderState.RULE_ERROR:
            return ChainLink("order", LinkMark.BROKEN, "a rule fails for this person", source, at)
        case OrderState.UNKNOWN | OrderState.NONE | OrderState.INACTIVE:
            return ChainLink("order", LinkMark.UNKNOWN, order.state.value, source, at)
        case _:
            return ChainLink("order", LinkMark.OK, "computed", source, at)


def _job(way: Way) -> ChainLink:
    order = way.order
    if order is None:
        return ChainLink("job", LinkMark.UNKNOWN, "nothing to send")
    source, at = f"order {order.id}", order.performed_at
    if _refused(order):
        run = order.error.job_run_id if order.error else None
        return ChainLink("job", LinkMark.BROKEN, way.blocked_by or "in error", f"job run {run}" if run else source, at)
    match order.state:
        case OrderState.PENDING | OrderState.TRANSMITTED if way.course is not None:
            return ChainLink("job", way.course.mark, way.course.link, source, at or computed_at(order))
        case OrderState.EXECUTED | OrderState.VERIFIED:
            return ChainLink("job", LinkMark.OK, "executed", source, at)
        case _:
            return ChainLink("job", LinkMark.UNKNOWN, "not sent", source, at)


def _account(way: Way) -> ChainLink:
    order = way.order
    if order is None:
        return ChainLink("account", LinkMark.UNKNOWN, "none is known")
    source, at = f"order {order.id}", order.performed_at
    gone = order.change is ChangeType.DELETE
    if order.state in {OrderState.VERIFIED, OrderState.EXECUTED} and way.course is not None:
        return ChainLink("account", way.course.mark, way.course.link, source, at)
    if order.state is OrderState.VERIFIED:
        in_place = "in place, a change of it waits" if way.change_waits or _refused(order) else "in place, verified"
        return ChainLink("account", LinkMark.OK, "deleted" if gone else in_place, source, at)
    return ChainLink("account", LinkMark.UNKNOWN, "still there" if gone else "not as it should be", source, at)
