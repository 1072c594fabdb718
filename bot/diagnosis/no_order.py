"""Why somebody has no live order for an account: the way stops at the person or at the right (troubleshooting 2.9)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from bot.diagnosis.chain import CANCELLED, DECLINED, MISSING_PARAMETERS, PENDING_APPROVAL, Way
from bot.diagnosis.words import moment
from bot.model.assignment import Assignment
from bot.model.finding import Certainty
from bot.model.order import ResourceType


@dataclass(frozen=True, slots=True)
class Why:
    """One reason as the finding words it."""

    said: str
    text: str
    next: str
    certainty: Certainty
    symptom: int | None = None
    caller: str = "This is being looked into."


def why_no_order(way: Way, stop: str, types: Sequence[ResourceType], now: datetime) -> Why:
    match stop:
        case "identity":
            return _not_there_now(way, now)
        case "HR record":
            return _no_record(way)
    if way.assignments is None:
        return Why(
            "no order is visible",
            "There is no order, and the roles could not be read.",
            "Look at View Permissions.",
            Certainty.UNKNOWN,
        )
    if stop == "assignment":
        return _not_decided(way.assignments)
    if stop == "rule":
        return Why(
            "nothing gives it",
            "No rule matches and nothing was requested, as far as the service account can see.",
            "Request the role that gives it.",
            Certainty.LIKELY,
            caller="Nothing asks for this account so far; it has to be requested.",
        )
    return _assigned_without_order(types)


def _not_there_now(way: Way, now: datetime) -> Why:
    starts = way.person.start_date
    if starts is not None and starts > now:
        return Why(
            "not due yet",
            f"The person starts {moment(starts)}.",
            "Wait until then.",
            Certainty.CONFIRMED,
            caller="It is planned for the first day of work.",
        )
    left = moment(way.person.end_date)
    return Why(
        "the person has left",
        f"The person left {left}, and nothing is given any more: that is as intended, if the date is right.",
        "If the person is still there, HR corrects the end date.",
        Certainty.LIKELY,
        caller="According to HR the person has left.",
    )


def _no_record(way: Way) -> Why:
    if not way.sources:
        return Why(
            "no HR record",
            "The identity has no source record: it was removed at its source, or the service account may not see it.",
            "Ask HR whether the person is in its file; look at View Sources.",
            Certainty.POSSIBLE,
        )
    return Why(
        "the HR record has ended",
        "Every source record has ended, so nothing is given any more.",
        "Ask HR whether that is right.",
        Certainty.LIKELY,
    )


def _not_decided(assignments: Sequence[Assignment]) -> Why:
    if waiting := _by_state(assignments, PENDING_APPROVAL):
        return Why(
            "the request awaits an approval",
            f"{waiting[0].role} was requested and awaits approval: a person approves the right, not an order.",
            "The reviewer decides in Role Review.",
            Certainty.CONFIRMED,
            4,
            "The request is waiting for an approval.",
        )
    if _by_state(assignments, MISSING_PARAMETERS):
        return Why(
            "the request needs a value",
            "A parameter is missing.",
            "Complete the request.",
            Certainty.CONFIRMED,
            4,
            "The request is not complete yet.",
        )
    if not _by_state(assignments, DECLINED) and (cancelled := _by_state(assignments, CANCELLED)):
        return Why(
            "the role that gives it was declined",
            f"{cancelled[0].role} would come with a role, and that role was declined.",
            "Ask whoever declined the role.",
            Certainty.CONFIRMED,
            caller="A role that it belongs to was declined.",
        )
    return Why(
        "it was declined",
        "The request was declined.",
        "Ask the reviewer.",
        Certainty.CONFIRMED,
        caller="The request was declined.",
    )


def _assigned_without_order(types: Sequence[ResourceType]) -> Why:
    if forbidden := [one for one in types if one.allow_add is False]:
        name = forbidden[0].name or forbidden[0].identifier
        return Why(
            "it is not created automatically",
            f"{name} is not created automatically (its option to add is off).",
            "Create it by hand.",
            Certainty.LIKELY,
            4,
        )
    if dependent := [one for one in types if one.depends_on_owner_property]:
        name = dependent[0].depends_on_owner_property
        return Why(
            "a value of the person may be missing",
            f"It is provisioned only when the person's {name} is filled.",
            f"Look whether {name} is filled.",
            Certainty.POSSIBLE,
            4,
        )
    return Why(
        "assigned, but no order exists",
        "A role is in force and there is no order: the role model may not have been computed since.",
        "Look when the role model was last computed; a complete run computes everybody.",
        Certainty.POSSIBLE,
        2,
    )


def _by_state(assignments: Sequence[Assignment], states: frozenset[int]) -> list[Assignment]:
    return sorted((one for one in assignments if one.workflow_state in states), key=lambda one: (one.role, one.id))
