"""The kind of origin, rows 8a to 8n (troubleshooting 2.8). Neutral: what is, never who "took" it."""

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

from bot.diagnosis.chain import EFFECTIVE, PENDING_APPROVAL
from bot.diagnosis.symptoms.entitlements.evidence import Evidence, lineage, parent_of
from bot.diagnosis.symptoms.entitlements.returns import Return, never_again, returned, says_it_comes_back
from bot.diagnosis.words import listed, moment, type_name
from bot.model.assignment import Assignment, AssignmentKind, RoleRule
from bot.model.finding import Certainty
from bot.model.order import HeldValue, OrderState
from bot.model.page import Page

_CALCULATED: Final = frozenset({18, 27, 116, 118})
_APPROVED: Final = frozenset({4, 16, 24})
_FOUND, _PRE_EXISTING, _DECLINED, _CANCELLATION = 1, 3, 17, 20
_IN_PLACE: Final = frozenset({OrderState.VERIFIED, OrderState.EXECUTED, OrderState.NONE})
"""A link is there, or where it is denied it is gone."""
_SUGGESTED: Final = frozenset({21, 22, 23})
_GIVEN: Final = frozenset({"8a", "8b", "8c", "8d"})
"""Origins that Identity Manager enforces."""
_SURE: Final = 100
_WAS_DECLINED: Final = "requested and declined"


@dataclass(frozen=True, slots=True)
class Origin:
    row: str | None
    certainty: Certainty
    why: str
    """Without names of persons."""
    said: str = ""
    """The origin in a few words, where no row has them."""
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
    sure = Certainty.CONFIRMED if back and _is_given(seen, chosen) else Certainty.LIKELY
    return Origin("8m", sure, _returns(origin, back), behind=origin.row)


def _is_given(seen: Evidence, chosen: Assignment) -> bool:
    """Whether what gives it was read: a request, or at the top of its line a rule that the person meets."""
    top = lineage(chosen, seen.assignments or (), seen.rules)[-1][0]
    if top.workflow_state not in _CALCULATED:
        return True
    return any(matches(rule, seen) for rule in own_rules(seen, top))


def _returns(origin: Origin, back: Return | None) -> str:
    enforced = "removed in the system only, it is given again, since it is given here"
    if back is None:
        return f"{origin.why} {enforced.capitalize()}. That it was given again could not be seen."
    state = back.link.held.state.value
    again = (
        f"was provisioned again {moment(back.again_at)}" if back.again_at else f"is to be provisioned again: {state}"
    )
    return f"{origin.why} It was there {moment(back.verified_at)}, and {again}. {enforced.capitalize()}."


def _origin(seen: Evidence, now: datetime) -> Origin:
    """Of an inferred assignment the role that it follows from."""
    chosen = seen.chosen
    if chosen is None:
        return _nothing(seen)
    first = _strangers_account(seen, chosen) or _state_first(chosen, now, seen)
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
    if seen.links:
        return _only_a_link(seen.links)
    return Origin(
        "8k",
        Certainty.POSSIBLE,
        "Identity Manager holds nothing of that name: in the system it may be newer than the last synchronization, or "
        f"be called otherwise.{_ages(seen)}",
    )


def _ages(seen: Evidence) -> str:
    told = [
        f"{connector.name or connector.identifier} {moment(one.ended_at)}"
        for one in seen.synced
        if (connector := seen.landscape.connector(one.connector_id)) is not None
    ]
    return f" Last synchronized: {listed(told)}." if told else ""


def _only_a_link(links: Page[HeldValue]) -> Origin:
    """No role of the name, though an account has a link that is called so."""
    one = min(links.items, key=lambda link: (not link.held.denied, link.held.workflow_state != _FOUND, link.order.id))
    name, account = one.held.value, type_name(one.order)
    if one.held.denied:
        return Origin(
            "8i",
            Certainty.CONFIRMED,
            f"No role gives “{name}” any more: its removal from the {account} is {one.held.state.value}.",
        )
    if one.held.workflow_state == _FOUND:
        return Origin(
            "8e",
            Certainty.CONFIRMED,
            f"“{name}” was found at the {account}: Identity Manager did not give it.",
        )
    return Origin(
        "8a", Certainty.POSSIBLE, f"A role of another name gives “{name}” to the {account}; which one was not read."
    )


def _holding(seen: Evidence) -> list[HeldValue] | None:
    """Links by which an account holds it, as last synchronized; None where they were not read."""
    if seen.links is None:
        return None
    return [one for one in seen.links if (one.held.state in _IN_PLACE) != one.held.denied]


def _strangers_account(seen: Evidence, one: Assignment) -> Origin | None:
    """A right that was found in the system, at an account that is not surely this person's."""
    if one.workflow_state not in {_FOUND, _PRE_EXISTING} or one.kind is AssignmentKind.RESOURCE_TYPE:
        return None
    holding = _holding(seen)
    if holding:
        unsure = [link.order for link in holding if 0 < (link.order.correlation_confidence or 0) < _SURE]
        if len(unsure) < len(holding):
            return None
        account = min(unsure, key=lambda order: (type_name(order), order.id))
        return _unsure(type_name(account), account.correlation_confidence, Certainty.LIKELY)
    accounts = [
        other
        for other in seen.assignments or ()
        if other.kind is AssignmentKind.RESOURCE_TYPE and 0 < (other.correlation_confidence or 0) < _SURE
    ]
    if not accounts:
        return None
    first = min(accounts, key=lambda other: (other.role, other.id))
    return _unsure(first.role, first.correlation_confidence, Certainty.POSSIBLE)


def _unsure(account: str, rate: int | None, certainty: Certainty) -> Origin:
    through = "" if certainty is Certainty.LIKELY else " Whether that account holds it could not be read."
    return Origin(
        "8l",
        certainty,
        f"It was found in the system, and {account} was matched to this person with {rate} % confidence only: "
        f"the account, and so the right, may be somebody else's.{through}",
    )


def _state_first(one: Assignment, now: datetime, seen: Evidence | None = None) -> Origin | None:
    """Origins that its state alone tells, with what the accounts hold where that was read."""
    rate = one.correlation_confidence
    account = one.kind is AssignmentKind.RESOURCE_TYPE
    if account and rate is not None and 0 < rate < _SURE:
        return Origin(
            "8l",
            Certainty.LIKELY,
            f"The account was matched to this person with {rate} % confidence: it may be somebody else's.",
        )
    holding = _holding(seen) if seen is not None else None
    held = (one.resource_id is not None) if account else bool(holding)
    known = account or holding is not None
    if one.workflow_state == _DECLINED:
        return _declined(holding)
    if one.denied or one.workflow_state == _CANCELLATION:
        return _removal("8j", "It is denied in Identity Manager", holding, held=held, known=known)
    if one.end_date is not None and one.end_date <= now:
        return _removal("8i", f"It ended {moment(one.end_date)}", holding, held=held, known=known)
    if one.workflow_state == _FOUND:
        return Origin("8e", Certainty.CONFIRMED, "It was found in the system: Identity Manager did not give it.")
    if one.workflow_state == _PRE_EXISTING:
        return Origin("8f", Certainty.CONFIRMED, "It was there before Identity Manager took over.")
    return None


def _declined(holding: list[HeldValue] | None) -> Origin:
    """A request that was declined gives nothing: what an account holds nevertheless came otherwise."""
    if holding is None:
        return Origin(
            None,
            Certainty.LIKELY,
            "It was requested and declined; whether an account holds it could not be read.",
            said=_WAS_DECLINED,
        )
    if any(one.held.workflow_state == _FOUND for one in holding):
        return Origin(
            "8e",
            Certainty.CONFIRMED,
            "It was requested and declined, and it was found in the system nevertheless: Identity Manager did not give "
            "it.",
        )
    return Origin(
        None,
        Certainty.LIKELY,
        "It was requested and declined; no account holds it, as last synchronized.",
        said=_WAS_DECLINED,
    )


def _removal(row: str, said: str, holding: list[HeldValue] | None, *, held: bool, known: bool) -> Origin:
    if not known:
        return Origin(row, Certainty.LIKELY, f"{said}: its removal is pending, under way, or has failed.")
    if not held:
        return Origin(row, Certainty.LIKELY, f"{said}; no account holds it any more, as last synchronized.")
    going = [link for link in holding or () if link.held.denied]
    if going:
        how = f"its removal is {going[0].held.state.value} (order {going[0].order.id})"
        return Origin(row, Certainty.CONFIRMED, f"{said}, and an account still holds it: {how}.")
    if row == "8i" and holding:
        text = f"{said}, and an account still holds it: no order removes it yet, as long as nobody computes the person."
        return Origin(row, Certainty.LIKELY, text)
    return Origin(row, Certainty.CONFIRMED, f"{said}, and an account still holds it: its removal is pending.")


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


def also_given(seen: Evidence, row: str | None) -> list[tuple[str, str]]:
    """What else gives the role, so that it stays when the origin told ends: rows with their reasons."""
    chosen = seen.chosen
    if chosen is None or row not in {"8a", "8b", "8c", "8d", "8n"}:
        return []
    found = []
    above = parent_of(chosen, seen.assignments or (), seen.rules)
    if row != "8b" and above is not None and above[0].workflow_state in EFFECTIVE:
        found.append(("8b", f"it follows from {_kind(above[0])} “{above[0].role}” as well"))
    fitting = [rule for rule in own_rules(seen, chosen) if matches(rule, seen)]
    if row != "8a" and fitting:
        found.append(("8a", f"a rule on the person's attributes gives it as well: {dimensions(fitting[0])}"))
    return found


def rule_unmet(seen: Evidence, one: Assignment) -> RoleRule | None:
    """A rule that gave the role, where the person meets none of its rules any more."""
    rules = own_rules(seen, one)
    return rules[0] if rules and all(matches(rule, seen) is False for rule in rules) else None


def goes_with_its_parent(seen: Evidence) -> bool:
    """What it follows from is given by no rule any more: both go at the next complete computation."""
    if seen.chosen is None:
        return False
    line = lineage(seen.chosen, seen.assignments or (), seen.rules)
    top = line[-1][0]
    return len(line) > 1 and top.workflow_state in _CALCULATED and rule_unmet(seen, top) is not None


def _of_parent(seen: Evidence, top: Assignment, now: datetime) -> str:
    if top.workflow_state in EFFECTIVE and (top.workflow_id or top.requester):
        return f", and “{top.role}” was requested and approved"
    if top.workflow_state in _CALCULATED:
        unmet = rule_unmet(seen, top)
        if unmet is not None:
            return f", and the person no longer meets the rule that gave “{top.role}” ({dimensions(unmet)})"
        rules = own_rules(seen, top)
        if any(matches(rule, seen) for rule in rules):
            return f", and a rule gives “{top.role}”"
        return f", and a rule gave “{top.role}”; whether the person still meets it was not compared" if rules else ""
    found = _state_first(top, now)
    return f". “{top.role}”: {found.why}".rstrip(".") if found else ""


def dimensions(rule: RoleRule) -> str:
    """ "Organization = Finance, Site = Paris"."""
    return ", ".join(value if name.isdigit() else f"{name} = {value}" for name, value in rule.dimensions)


def _kind(one: Assignment) -> str:
    return one.kind.value
