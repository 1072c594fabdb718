"""The decision table of wrong values, rows 6a to 6l, as far as they can be seen (troubleshooting 2.6).

What a rule's expression yields is not computed here: only where the account takes a property as it is, identity and
account are compared.
"""

import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from bot.diagnosis.measuring import same_value
from bot.diagnosis.symptoms.wrong_values.evidence import RECENT, Evidence
from bot.diagnosis.words import listed, moment
from bot.model.finding import Certainty, Remark
from bot.model.order import OrderState
from bot.model.value import PropertyRule

PROTECTED: Final = frozenset({16, 24})
"""Approved and questioned: a value that a person has set."""
_STALE_WORDS: Final = re.compile(
    r"\b(still|old|outdated|not updated|encore|toujours|ancien(ne)?|pas à jour)\b", re.IGNORECASE
)
FRESH: Final = timedelta(hours=1)
"""A source that was synchronized longer ago may say something else by now."""
_UNDER_WAY: Final = frozenset(
    {
        OrderState.PENDING,
        OrderState.TRANSMITTED,
        OrderState.ERRORED,
        OrderState.AWAITING_APPROVAL,
        OrderState.RULE_ERROR,
    }
)
_DONE: Final = frozenset({OrderState.VERIFIED, OrderState.EXECUTED})
_SURE: Final = 100
_SAME_TIME: Final = timedelta(hours=3)


@dataclass(frozen=True, slots=True)
class Cause:
    row: str
    certainty: Certainty
    why: str
    """Without values: it may be read by everybody."""


def causes_of(seen: Evidence, now: datetime) -> tuple[Cause, ...]:
    """Every cause that holds, the first to be dealt with first."""
    if seen.held is None or seen.order is None:
        conflict = _conflict(seen) or _identity_only(seen)
        return (conflict,) if conflict is not None else ()
    found = (
        _protected(seen),
        _not_provisioned(seen),
        _changed_outside(seen),
        _not_computed(seen),
        _conflict(seen),
        _ambiguous(seen),
        _rule_changed(seen, now),
        _identity_only(seen),
        _source(seen, now),
        _stale_source(seen, now),
    )
    held = tuple(cause for cause in found if cause is not None)
    if all(cause.row == "6b" and cause.certainty is Certainty.POSSIBLE for cause in held):
        return (*_as_computed(seen), *held)
    return held


def ruled_out(seen: Evidence, found: tuple[Cause, ...]) -> tuple[Remark, ...]:
    rows = {one.row for one in found}
    remarks = []
    if seen.held is not None and "6h" not in rows and seen.held.workflow_state is not None:
        remarks.append(Remark("6h", "a value set by hand: the property is computed"))
    if seen.held is not None and "6g" not in rows and seen.order is not None and seen.order.state in _DONE:
        remarks.append(Remark("6g", "not provisioned yet: the order is done"))
    if "6a" not in rows and "6f" not in rows and agreeing(seen) and not differing(seen):
        remarks.append(Remark("6f", "the identity: it agrees with its source"))
    return tuple(remarks[:2])


def computed(seen: Evidence) -> str | None:
    """What the rules give, as Identity Manager stored it."""
    if seen.held is None:
        return None
    return seen.held.policy_value if seen.held.policy_value is not None else seen.held.value


def _protected(seen: Evidence) -> Cause | None:
    held = seen.held
    if held is None or held.policy_value is None or held.value == held.policy_value:
        return None
    kind = seen.landscape.resource_type(seen.order.resource_type_id) if seen.order else None
    if held.workflow_state not in PROTECTED or (kind is not None and kind.discard_manual):
        return None
    sure = Certainty.CONFIRMED if kind is not None and kind.discard_manual is False else Certainty.LIKELY
    return Cause("6h", sure, "A value was set by hand and is protected: the rule's value does not replace it.")


def _not_provisioned(seen: Evidence) -> Cause | None:
    held, order = seen.held, seen.order
    if held is None or order is None or held.current is None or order.state not in _UNDER_WAY:
        return None
    rule = computed(seen)
    if rule is None or held.current == rule:
        return None
    if seen.subject.expected_value and rule != seen.subject.expected_value:
        return None
    sure = Certainty.CONFIRMED if seen.subject.expected_value else Certainty.LIKELY
    return Cause(
        "6g",
        sure,
        f"The computed value is not provisioned yet: order {order.id} is {order.state.value}.",
    )


def _changed_outside(seen: Evidence) -> Cause | None:
    held, order = seen.held, seen.order
    if held is None or order is None or held.current is None or order.state not in _DONE:
        return None
    if held.current in {held.value, computed(seen)}:
        return None
    return Cause(
        "6i", Certainty.LIKELY, "The account holds another value than was provisioned: somebody changed it there."
    )


def _not_computed(seen: Evidence) -> Cause | None:
    """The identity changed and the role model has not run since: needs both times."""
    if not seen.history or seen.computed is None or seen.computed.started_at is None:
        return None
    newest = max(seen.history, key=lambda one: one.at)
    if newest.not_before is not None or newest.at <= seen.computed.started_at:
        return None
    return Cause(
        "6k",
        Certainty.CONFIRMED,
        f"{newest.property} changed {moment(newest.at)}, after the role model was last computed.",
    )


def _compared(seen: Evidence) -> dict[str, tuple[str | None, str | None]]:
    """Source property → its value at the identity and at the source; what both leave empty says nothing."""
    if seen.identity is None or seen.record is None:
        return {}
    both = {name: (seen.identity.properties.get(path), seen.record.properties.get(name)) for path, name in seen.pairs}
    return {name: pair for name, pair in both.items() if pair != (None, None)}


def differing(seen: Evidence) -> tuple[str, ...]:
    """Properties whose value at the identity is not the source's."""
    return tuple(sorted(name for name, (own, theirs) in _compared(seen).items() if not same_value(own, theirs)))


def agreeing(seen: Evidence) -> tuple[str, ...]:
    return tuple(sorted(name for name, (own, theirs) in _compared(seen).items() if same_value(own, theirs)))


def _conflict(seen: Evidence) -> Cause | None:
    apart = differing(seen)
    live = [one for one in seen.sources or () if one.valid_to is None or one.valid_to.year >= 9999]  # noqa: PLR2004
    kinds = sorted({one.entity_type for one in live})
    if not apart or len(live) < 2:  # noqa: PLR2004
        return None
    return Cause(
        "6c",
        Certainty.LIKELY,
        f"{len(live)} sources contribute to the person ({listed(kinds)}), and {listed(apart)} is not what "
        f"{seen.record.entity_type if seen.record else 'the first'} says.",
    )


def _ambiguous(seen: Evidence) -> Cause | None:
    held = seen.held
    if held is None or held.kind == "scalar":
        return None
    queries = [one for one in seen.rules or () if one.kind == "query"]
    unsure = held.confidence is not None and 0 < held.confidence < _SURE
    rates = [one.confidence for one in queries if one.confidence is not None]
    if unsure or len(rates) != len(set(rates)):
        return Cause(
            "6j", Certainty.LIKELY, "A query rule chooses it without being sure, or two rules are of equal rate."
        )
    return None


def newest_rule(seen: Evidence) -> PropertyRule | None:
    dated = [one for one in seen.rules or () if one.changed_at is not None]
    return max(dated, key=lambda one: (one.changed_at, one.id), default=None)


def _rule_changed(seen: Evidence, now: datetime) -> Cause | None:
    """Identity and source agree, and the rule was changed lately."""
    rule = newest_rule(seen)
    if rule is None or rule.changed_at is None or now - rule.changed_at > RECENT or differing(seen):
        return None
    source_known = bool(agreeing(seen)) and seen.pairs_are_inputs
    by_history = seen.history is not None and not any(
        abs(one.at - rule.changed_at) <= _SAME_TIME for one in seen.history
    )
    sure = Certainty.LIKELY if source_known else Certainty.POSSIBLE
    if source_known and (
        _turns_right_into_wrong(seen, rule.changed_at) or _only_the_rule_changed(seen, rule.changed_at)
    ):
        sure = Certainty.CONFIRMED
    told = f"The {rule.kind} rule of {rule.property} was changed {moment(rule.changed_at)}"
    same = ", and identity and source agree" if source_known else ", and the source could not be compared"
    still = "; the person's own values did not change then" if by_history and seen.history is not None else ""
    return Cause("6d", sure, f"{told}{same}{still}.")


def _only_the_rule_changed(seen: Evidence, changed_at: datetime) -> bool:
    """The inputs are what they were before the change, and the value was computed right after it."""
    at = seen.order.start_date or seen.order.performed_at if seen.order else None
    if at is None or seen.identity is None or seen.identity_before is None or not seen.inputs:
        return False
    same = all(seen.identity.properties.get(path) == seen.identity_before.properties.get(path) for path in seen.inputs)
    return same and timedelta() <= at - changed_at.replace(second=0, microsecond=0) <= timedelta(days=1)


def _turns_right_into_wrong(seen: Evidence, changed_at: datetime) -> bool:
    """The rule's input holds the expected value, its result is another, and it was computed right after the change."""
    expected, rule = seen.subject.expected_value, computed(seen)
    inputs = set(seen.identity.properties.values()) if seen.identity else set()
    at = seen.order.start_date or seen.order.performed_at if seen.order else None
    if not expected or rule is None or rule == expected or expected not in inputs or at is None:
        return False
    return timedelta() <= at - changed_at.replace(second=0, microsecond=0) <= timedelta(days=1)


def _identity_only(seen: Evidence) -> Cause | None:
    apart = differing(seen)
    live = [one for one in seen.sources or () if one.valid_to is None or one.valid_to.year >= 9999]  # noqa: PLR2004
    if not apart or len(live) > 1:
        return None
    return Cause(
        "6f",
        Certainty.POSSIBLE,
        f"{listed(apart)} of the identity is not what its only source says: an expression computes it, or the identity "
        "has not been computed since the source changed.",
    )


def _stale_source(seen: Evidence, now: datetime) -> Cause | None:
    """The source may have changed after it was last synchronized: nobody can see that from here."""
    synced = seen.synced.ended_at if seen.synced else None
    if differing(seen) or not agreeing(seen) or synced is None or now - synced <= FRESH:
        return None
    if seen.held is None or seen.held.current not in {None, computed(seen)}:
        return None
    name = seen.record.entity_type if seen.record else "the source"
    sure = Certainty.LIKELY if _STALE_WORDS.search(seen.subject.told) else Certainty.POSSIBLE
    return Cause("6b", sure, f"{name} is as of {moment(synced)}: what changed there since is not known here.")


def _source(seen: Evidence, now: datetime) -> Cause | None:
    """Account, identity and source are one value, and the asker expects another."""
    expected = seen.subject.expected_value
    rule = computed(seen)
    if not expected or rule is None or rule == expected or differing(seen) or seen.record is None:
        return None
    as_it_is = [name for name, pair in sorted(_compared(seen).items()) if pair == (rule, rule)]
    if not as_it_is:
        return None
    synced = seen.synced.ended_at if seen.synced else None
    fresh = synced is not None and now - synced <= FRESH
    return Cause(
        "6a",
        Certainty.CONFIRMED if fresh else Certainty.LIKELY,
        f"{listed(as_it_is)} is like that in {seen.record.entity_type}: it is wrong at the source.",
    )


def _as_computed(seen: Evidence) -> tuple[Cause, ...]:
    held = seen.held
    if held is None or seen.rules is None:
        return ()
    rule = computed(seen)
    if (
        rule is not None
        and held.current in {rule, None}
        and (not seen.subject.expected_value or rule == seen.subject.expected_value)
    ):
        return (Cause("6l", Certainty.POSSIBLE, "It is what the rule computes: no fault is seen."),)
    if agreeing(seen) and not differing(seen):
        return (
            Cause(
                "6d",
                Certainty.POSSIBLE,
                "Identity and source agree, so the rule is left: colleagues were not compared.",
            ),
        )
    return ()
