"""The kind of origin, rows 8a to 8n (troubleshooting 2.8). Neutral: what is, never who "took" it."""

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

from bot.diagnosis.chain import EFFECTIVE, PENDING_APPROVAL
from bot.diagnosis.symptoms.entitlements.evidence import Evidence, lineage
from bot.diagnosis.symptoms.entitlements.returns import Return, never_again, returned, says_it_comes_back
from bot.diagnosis.words import moment
from bot.model.assignment import Assignment, AssignmentKind, RoleRule
from bot.model.finding import Certainty

_CALCULATED: Final = frozenset({18, 27, 116, 118})
_APPROVED: Final = frozenset({4, 16, 24})
_FOUND, _PRE_EXISTING, _CANCELLATION = 1, 3, 20
_SUGGESTED: Final = frozenset({21, 22, 23})
_GIVEN: Final = frozenset({"8a", "8b", "8c", "8d"})
"""Origins that Identity Manager enforces."""
_NO_END: Final = 9999
_SURE: Final = 100


@dataclass(frozen=True, slots=True)
class Origin:
    row: str | None
    certainty: Certainty
    why: str
    """Without names of persons."""
    behind: str | None = None
    """Of a right that comes back: the row that keeps giving it."""


def origin_of(seen: Evidence, now: datetime) -> Origin:
    """The origin of the chosen assignment; where it is said to come back, that it does, and why."""
    origin = _origin(seen, now)
    chosen = seen.chosen
    if chosen is None or origin.row not in _GIVEN or chosen.workflow_state in PENDING_APPROVAL:
        return origin
    if not says_it_comes_back(seen.subject.told):
        return origin
    back = returned(chosen, seen.links, seen.links_then, seen.then)
    if back is None and never_again(seen.links, seen.then):
        return replace(origin, why=f"{origin.why} Since it was first there, it has not been provisioned again.")
    return Origin("8m", Certainty.CONFIRMED if back else Certainty.LIKELY, _returns(origin, back), origin.row)


def _returns(origin: Origin, back: Return | None) -> str:
    enforced = "removed in the system only, it is given again, since Identity Manager holds it as given"
    if back is None:
        return f"{origin.why} So, {enforced}. That it was given again could not be seen."
    again = f"provisioned again {moment(back.again_at)}" if back.again_at else "is being provisioned again"
    return f"{origin.why} It was there {moment(back.verified_at)}, and {again}: {enforced}."


def _origin(seen: Evidence, now: datetime) -> Origin:
    """Of an inferred assignment the role that it follows from."""
    chosen = seen.chosen
    if chosen is None:
        return _nothing(seen)
    first = _strangers_account(seen, chosen) or _state_first(chosen, now)
    if first is not None:
        return first
    if chosen.indirect:
        return Origin("8g", Certainty.CONFIRMED, "It is inherited: a group within a group, or an indirect permission.")
    if chosen.workflow_state in PENDING_APPROVAL:
        return Origin("8c", Certainty.CONFIRMED, "It is requested and awaits approval: it is not in force yet.")
    if chosen.workflow_state in _APPROVED:
        return _approved(seen, chosen)
    if chosen.workflow_state in _CALCULATED:
        return _calculated(seen, chosen, now)
    if chosen.workflow_state in _SUGGESTED:
        return Origin(None, Certainty.UNKNOWN, "It is only suggested: nobody has it until a person confirms.")
    return Origin(None, Certainty.UNKNOWN, f"Its workflow state {chosen.workflow_state} is not known here.")


def _nothing(seen: Evidence) -> Origin:
    if seen.assignments is None:
        return Origin(None, Certainty.UNKNOWN, "The person's roles and accounts could not be read.")
    if not seen.subject.entitlement:
        return Origin(None, Certainty.UNKNOWN, "No entitlement was named.")
    return Origin(
        "8k",
        Certainty.POSSIBLE,
        "Identity Manager holds nothing of that name: in the system it may be newer than the last synchronization, or "
        "be called otherwise.",
    )


def _strangers_account(seen: Evidence, one: Assignment) -> Origin | None:
    """A right that was found in the system, while an account of the person is not surely theirs."""
    if one.workflow_state not in {_FOUND, _PRE_EXISTING} or one.kind is AssignmentKind.RESOURCE_TYPE:
        return None
    unsure = [
        other
        for other in seen.assignments or ()
        if other.kind is AssignmentKind.RESOURCE_TYPE and 0 < (other.correlation_confidence or 0) < _SURE
    ]
    if not unsure:
        return None
    account = min(unsure, key=lambda other: (other.role, other.id))
    rate = account.correlation_confidence
    return Origin(
        "8l",
        Certainty.LIKELY,
        f"It was found in the system, and {account.role} was matched to this person with {rate} % confidence only: "
        "the account, and so the right, may be somebody else's.",
    )


def _state_first(one: Assignment, now: datetime) -> Origin | None:
    """Origins that its state alone tells."""
    rate = one.correlation_confidence
    account = one.kind is AssignmentKind.RESOURCE_TYPE
    if account and rate is not None and 0 < rate < _SURE:
        return Origin(
            "8l",
            Certainty.LIKELY,
            f"The account was matched to this person with {rate} % confidence: it may be somebody else's.",
        )
    if one.denied or one.workflow_state == _CANCELLATION:
        return Origin("8j", Certainty.CONFIRMED, "It is denied in Identity Manager; its removal is pending.")
    if one.end_date is not None and one.end_date.year < _NO_END and one.end_date <= now:
        return Origin(
            "8i", Certainty.CONFIRMED, f"It ended {moment(one.end_date)}: its removal is under way or has failed."
        )
    if one.workflow_state == _FOUND:
        return Origin("8e", Certainty.CONFIRMED, "It was found in the system: Identity Manager did not give it.")
    if one.workflow_state == _PRE_EXISTING:
        return Origin("8f", Certainty.CONFIRMED, "It was there before Identity Manager took over.")
    return None


def _approved(seen: Evidence, one: Assignment) -> Origin:
    reviewers = {decision.who for decision in one.reviewers}
    automation = reviewers & set(seen.site.service_reviewers)
    if automation:
        return Origin("8n", Certainty.CONFIRMED, "An automation rule approved it.")
    if one.workflow_id or one.requester:
        return Origin("8c", Certainty.CONFIRMED, "It was requested and approved.")
    return Origin(
        "8d",
        Certainty.LIKELY,
        "It is approved without a request: by reconciliation, by an automation rule, or brought along at a migration.",
    )


def own_rules(seen: Evidence, one: Assignment) -> list[RoleRule]:
    """Rules on a person's attributes that give the role."""
    return [
        rule for rule in seen.rules or () if rule.role_id == one.role_id and not rule.parent_role_id and not rule.denied
    ]


def _calculated(seen: Evidence, one: Assignment, now: datetime) -> Origin:
    line = lineage(one, seen.assignments or (), seen.rules)
    if len(line) > 1:
        top = line[-1][0]
        above = _of_parent(seen, top, now)
        return Origin("8b", Certainty.CONFIRMED, f"It follows from {_kind(line[1][0])} “{line[1][0].role}”{above}.")
    if one.inferred:
        return Origin(
            "8b", Certainty.LIKELY, "It follows from another role of the person; which one could not be told."
        )
    if seen.rules is None:
        return Origin("8a", Certainty.LIKELY, "A rule of the policy gives it; which one could not be read.")
    rules = own_rules(seen, one)
    if not rules:
        return Origin(
            "8h",
            Certainty.LIKELY,
            "No rule gives it any more: it will go at the next complete computation of the role model.",
        )
    judged = [(rule, matches(rule, seen)) for rule in rules]
    fitting = [rule for rule, fits in judged if fits]
    if fitting:
        told = dimensions(fitting[0])
        named = not any(name.isdigit() for name, _ in fitting[0].dimensions)
        return Origin(
            "8a",
            Certainty.CONFIRMED if named else Certainty.LIKELY,
            f"A rule on the person's attributes gives it{': ' + told if told else ''}.",
        )
    if all(fits is False for _, fits in judged):
        return Origin(
            "8h",
            Certainty.LIKELY,
            f"The person no longer meets the rule that gave it ({dimensions(rules[0])}): it goes at the next complete "
            "computation of the role model.",
        )
    told = dimensions(rules[0])
    return Origin(
        "8a",
        Certainty.LIKELY,
        f"A rule on the person's attributes gives it{': ' + told if told else ''}; whether the person still meets it "
        "could not be compared.",
    )


def matches(rule: RoleRule, seen: Evidence) -> bool | None:
    """Whether the person meets a rule's dimensions; None where no dimension, or no value, is shown.

    A dimension that is known by its number only is looked for among all values of the person that were read.
    """
    held = {name.lower(): value for name, value in (seen.identity.properties if seen.identity else {}).items()}
    if not rule.dimensions:
        return None
    fits = True
    for name, wanted in rule.dimensions:
        if name.isdigit() and held and not wanted.lstrip("-").isdigit():
            fits = fits and wanted.casefold() in {value.casefold() for value in held.values()}
            continue
        value = held.get(name.lower())
        if value is None or (wanted.lstrip("-").isdigit() and not value.lstrip("-").isdigit()):
            return None
        fits = fits and value.casefold() == wanted.casefold()
    return fits


def _of_parent(seen: Evidence, top: Assignment, now: datetime) -> str:
    if top.workflow_state in EFFECTIVE and (top.workflow_id or top.requester):
        return f", and “{top.role}” was requested and approved"
    if top.workflow_state in _CALCULATED:
        return f", and a rule gives “{top.role}”" if own_rules(seen, top) else ""
    found = _state_first(top, now)
    return f". “{top.role}”: {found.why}".rstrip(".") if found else ""


def dimensions(rule: RoleRule) -> str:
    """ "Organization = Finance, Site = Paris"."""
    return ", ".join(value if name.isdigit() else f"{name} = {value}" for name, value in rule.dimensions)


def _kind(one: Assignment) -> str:
    return one.kind.value
