"""The decision table of wrong values, rows 6a to 6l, as far as they can be seen (troubleshooting 2.6).

What a rule's expression yields is not computed here: identity and account are compared where the account takes a
property as it is, and other people's values show what else the rule makes of the same inputs.
"""

import re
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final

from bot.diagnosis.symptoms.wrong_values.evidence import LOOK_BACK, RECENT
from bot.diagnosis.symptoms.wrong_values.others import (
    FEWEST,
    alike,
    bare,
    colleagues_of,
    expected_of_inputs,
    what_sets_apart,
)
from bot.diagnosis.symptoms.wrong_values.seen import Evidence, computed_of
from bot.diagnosis.words import counted, listed, moment
from bot.model.finding import Certainty, Remark
from bot.model.order import HeldValue, OrderState
from bot.model.value import PropertyRule

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
    }
)
_DONE: Final = frozenset({OrderState.VERIFIED, OrderState.EXECUTED})
_SURE: Final = 100
_SAME_TIME: Final = timedelta(hours=3)
_FOLLOWS: Final = timedelta(hours=25)
"""An identity is computed within a day of its source's change."""
_STANDS_STILL: Final = frozenset({"6c", "6h"})
"""What a computation in progress does not change: sources, and a value that a person keeps."""


@dataclass(frozen=True, slots=True)
class Cause:
    row: str
    certainty: Certainty
    why: str
    """Without values: it may be read by everybody."""


def causes_of(seen: Evidence, now: datetime) -> tuple[Cause, ...]:
    """Every cause that holds, the first to be dealt with first."""
    return tuple(_frozen(cause, seen) for cause in _causes(seen, now))


def _causes(seen: Evidence, now: datetime) -> tuple[Cause, ...]:
    if seen.held is None or seen.order is None:
        conflict = _conflict(seen) or _identity_only(seen)
        return (conflict,) if conflict is not None else ()
    of_its_own = _identity_changed(seen, now)
    upstream = (bool(seen.differing) or of_its_own is not None) and not seen.subject.expected_value
    kept = _protected(seen)
    in_place = seen.held.current in {None, seen.held.value}
    found = (
        kept if in_place else None,
        _cannot_compute(seen, now),
        _ambiguous(seen),
        None if upstream else _not_provisioned(seen, now),
        None if in_place else kept,
        _changed_outside(seen),
        _not_computed(seen),
        _conflict(seen),
        _rule_changed(seen, now),
        of_its_own or _identity_only(seen),
        _not_provisioned(seen, now) if upstream else None,
        _source(seen, now),
        _only_this_person(seen),
        _stale_source(seen, now),
    )
    held = tuple(cause for cause in found if cause is not None)
    if any(cause.row == "6b" and cause.certainty is Certainty.LIKELY for cause in held):
        held = tuple(cause for cause in held if cause.row != "6e")
    if all(cause.row == "6b" and cause.certainty is Certainty.POSSIBLE for cause in held):
        return (*_as_computed(seen), *held)
    return held


def _frozen(cause: Cause, seen: Evidence) -> Cause:
    """While the role model is computed, or nobody can see whether it is, values say little."""
    if cause.row in _STANDS_STILL or (seen.recent is not None and seen.computing is None):
        return cause
    return replace(cause, certainty=Certainty.POSSIBLE)


def ruled_out(seen: Evidence, found: tuple[Cause, ...]) -> tuple[Remark, ...]:
    rows = {one.row for one in found}
    remarks = []
    if seen.held is not None and "6h" not in rows and seen.held.workflow_state is not None:
        remarks.append(Remark("6h", "a value set by hand: the property is computed"))
    if "6g" not in rows and _state(seen) in _DONE:
        remarks.append(Remark("6g", "not provisioned yet: the order is done"))
    if "6a" not in rows and "6f" not in rows and seen.agreeing and not seen.differing:
        remarks.append(Remark("6f", "the identity: it agrees with its source"))
    if "6e" not in rows and len(colleagues_of(seen)) >= FEWEST:
        remarks.append(Remark("6e", "only this person: colleagues' values are built in the same way"))
    return tuple(remarks[:2])


def _state(seen: Evidence) -> OrderState | None:
    """The property's own state; the order's where it has none."""
    if seen.held is None or seen.order is None:
        return None
    return seen.order.state if seen.held.state is OrderState.NONE else seen.held.state


def _protected(seen: Evidence) -> Cause | None:
    held = seen.held
    if held is None or not seen.kept_by_hand or seen.subject.expected_value == held.value:
        return None
    kind = seen.landscape.resource_type(seen.order.resource_type_id) if seen.order else None
    known = kind is not None and kind.discard_manual is False and held.policy_value is not None
    sure = Certainty.CONFIRMED if known else Certainty.LIKELY
    return Cause("6h", sure, "A value was set by hand and is protected: the rule's value does not replace it.")


def _not_provisioned(seen: Evidence, now: datetime) -> Cause | None:
    """Without what is expected, the computed value is right only as far as its inputs and its rule are."""
    held, order, state = seen.held, seen.order, _state(seen)
    if held is None or order is None or state not in _UNDER_WAY:
        return None
    wanted = held.value if seen.kept_by_hand else seen.computed
    if wanted is None or held.current == wanted:
        return None
    if seen.subject.expected_value and wanted != seen.subject.expected_value:
        return None
    shown = held.current is not None or held.state in _UNDER_WAY
    sure = Certainty.CONFIRMED if shown else Certainty.LIKELY
    if not seen.subject.expected_value:
        vouched = bool(seen.agreeing) and seen.pairs_are_inputs and not seen.differing and not _lately(seen, now)
        sure = Certainty.LIKELY if vouched else Certainty.POSSIBLE
    alike = ""
    if held.current is not None and bare(held.current) == bare(wanted):
        sure, alike = Certainty.POSSIBLE, " It differs from the account's in case, accents or signs only."
    what = "The value that was set by hand" if seen.kept_by_hand else "The computed value"
    return Cause("6g", sure, f"{what} is not provisioned yet: it is {state.value} (order {order.id}).{alike}")


def _cannot_compute(seen: Evidence, now: datetime) -> Cause | None:
    """The rule throws an exception: the value is the one from before."""
    if seen.order is None or _state(seen) is not OrderState.RULE_ERROR:
        return None
    of_property = seen.held is not None and seen.held.state is OrderState.RULE_ERROR
    which = (
        "The rule throws an exception for this person" if of_property else "A rule of the account throws an exception"
    )
    changed = _lately(seen, now)
    if changed is not None:
        which = f"The {changed.kind} rule was changed {moment(changed.changed_at)}. {which}"
    return Cause(
        "6d" if changed is not None else "6e",
        Certainty.LIKELY if of_property else Certainty.POSSIBLE,
        f"{which}, so nothing is computed: order {seen.order.id} is in state 7.",
    )


def _changed_outside(seen: Evidence) -> Cause | None:
    held = seen.held
    if held is None or held.current is None or _state(seen) not in _DONE:
        return None
    if held.current in {held.value, seen.computed}:
        return None
    return Cause(
        "6i", Certainty.LIKELY, "The account holds another value than was provisioned: somebody changed it there."
    )


def _not_computed(seen: Evidence) -> Cause | None:
    """The identity changed and the role model has not run since: needs both times."""
    if not seen.history or seen.role_model is None or seen.role_model.started_at is None:
        return None
    newest = max(seen.history, key=lambda one: one.at)
    if newest.not_before is not None or newest.at <= seen.role_model.started_at:
        return None
    return Cause(
        "6k",
        Certainty.CONFIRMED,
        f"{newest.property} changed {moment(newest.at)}, after the role model was last computed.",
    )


def _conflict(seen: Evidence) -> Cause | None:
    apart, live = seen.differing, seen.live_sources
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


def _lately(seen: Evidence, now: datetime) -> PropertyRule | None:
    """The rule, where it was changed lately."""
    rule = newest_rule(seen)
    return rule if rule and rule.changed_at is not None and now - rule.changed_at <= RECENT else None


def _rule_changed(seen: Evidence, now: datetime) -> Cause | None:
    """Identity and source agree, and the rule was changed lately."""
    rule, expected = _lately(seen, now), seen.subject.expected_value
    if rule is None or rule.changed_at is None or seen.differing or (expected and expected == seen.computed):
        return None
    if _state(seen) is OrderState.RULE_ERROR:
        return None
    then = seen.before.items[0] if seen.before and seen.before.items else None
    if then is not None and computed_of(then.held) == seen.computed:
        return _rule_not_applied(seen, rule.kind, rule.changed_at, now)
    source_known = bool(seen.agreeing) and seen.pairs_are_inputs
    sure = Certainty.LIKELY if source_known and seen.before is not None else Certainty.POSSIBLE
    only_the_rule = then is not None and _same_inputs(seen, then)
    if source_known and only_the_rule:
        sure = Certainty.CONFIRMED
    if not expected and seen.held is not None and seen.held.current not in {None, seen.computed}:
        sure = Certainty.POSSIBLE
    told = f"The {rule.kind} rule of {rule.property} was changed {moment(rule.changed_at)}"
    same = ", and identity and source agree" if source_known else ", and the source could not be compared"
    still = _stood_still(seen, rule.changed_at, only_the_rule=only_the_rule)
    return Cause("6d", sure, f"{told}{same}{still}.")


def _rule_not_applied(seen: Evidence, kind: str, changed_at: datetime, now: datetime) -> Cause | None:
    """The value is the one from before: everybody has not been computed since, or the change makes no difference."""
    whole = seen.everybody.started_at if seen.everybody else None
    if not seen.whole_computations or now - changed_at > LOOK_BACK or (whole is not None and whole >= changed_at):
        return None
    sure = Certainty.LIKELY if seen.subject.expected_value else Certainty.POSSIBLE
    return Cause(
        "6k",
        sure,
        f"The {kind} rule was changed {moment(changed_at)}, and everybody has not been computed since: the value is "
        "the one from before.",
    )


def _same_inputs(seen: Evidence, then: HeldValue) -> bool:
    """What the rule reads is what it was before the rule was changed."""
    if seen.identity is None or not seen.inputs:
        return False
    return all(seen.identity.properties.get(path) == then.owner.get(path) for path in seen.inputs)


def _stood_still(seen: Evidence, changed_at: datetime, *, only_the_rule: bool) -> str:
    if only_the_rule:
        return "; the computed value is another than before, and what the rule reads is the same"
    if seen.history is not None and not any(abs(one.at - changed_at) <= _SAME_TIME for one in seen.history):
        return "; the person's own values did not change then"
    return ""


def _identity_changed(seen: Evidence, now: datetime) -> Cause | None:
    """What the rule reads changed at the identity, and the only source did not change before it."""
    if not seen.history or seen.source_history is None or len(seen.live_sources) > 1:
        return None
    exact = [one for one in seen.history if one.not_before is None and one.old is not None and now - one.at <= RECENT]
    newest = max(exact, key=lambda one: (one.at, one.property), default=None)
    if newest is None or any(timedelta() <= newest.at - one.at <= _FOLLOWS for one in seen.source_history):
        return None
    return Cause(
        "6f",
        Certainty.LIKELY,
        f"{newest.property} of the identity changed {moment(newest.at)}, and its source did not: an expression of the "
        "identity or an inbound rule made it.",
    )


def _identity_only(seen: Evidence) -> Cause | None:
    apart = seen.differing
    if not apart or len(seen.live_sources) > 1:
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
    if seen.differing or not seen.agreeing or synced is None or now - synced <= FRESH:
        return None
    if seen.held is None or seen.held.current not in {None, seen.computed}:
        return None
    name = seen.record.entity_type if seen.record else "the source"
    told = _STALE_WORDS.search(seen.subject.told) is not None
    sure = Certainty.LIKELY if told and seen.synchronizing is None else Certainty.POSSIBLE
    return Cause("6b", sure, f"{name} is as of {moment(synced)}: what changed there since is not known here.")


def _source(seen: Evidence, now: datetime) -> Cause | None:
    """Account, identity and source are one value, and the asker expects another."""
    expected = seen.subject.expected_value
    rule = seen.computed
    if not expected or rule is None or rule == expected or seen.differing or seen.record is None or seen.kept_by_hand:
        return None
    as_it_is = [name for name, pair in sorted(seen.compared.items()) if pair == (rule, rule)]
    if not as_it_is:
        return None
    synced = seen.synced.ended_at if seen.synced else None
    fresh = synced is not None and now - synced <= FRESH
    return Cause(
        "6a",
        Certainty.CONFIRMED if fresh else Certainty.POSSIBLE,
        f"{listed(as_it_is)} is like that in {seen.record.entity_type}: it is wrong at the source.",
    )


def _only_this_person(seen: Evidence) -> Cause | None:
    """The identity is right, and what sets this value apart from the colleagues' is seen."""
    if seen.differing or _state(seen) not in {*_DONE, None}:
        return None
    apart = what_sets_apart(seen) or _second_record(seen)
    if not apart:
        return None
    separable = bool(seen.namesakes) or len(colleagues_of(seen)) >= FEWEST
    sure = Certainty.LIKELY if separable and seen.agreeing else Certainty.POSSIBLE
    return Cause("6e", sure, f"Only this person: {apart}. It is an edge case of the rule.")


def _second_record(seen: Evidence) -> str:
    kinds = [one.entity_type for one in seen.live_sources]
    twice = sorted({kind for kind in kinds if kinds.count(kind) > 1})
    return f"{counted(kinds.count(twice[0]), 'record')} of {twice[0]} belong to this person" if twice else ""


def _as_computed(seen: Evidence) -> tuple[Cause, ...]:
    held = seen.held
    if held is None or seen.rules is None:
        return ()
    rule, expected = seen.computed, seen.subject.expected_value
    many = alike(seen)
    others = f" {counted(many, 'colleague')} with the same inputs have the same value." if many >= FEWEST else ""
    if rule is not None and held.current in {rule, None} and expected in {"", rule}:
        return (Cause("6l", Certainty.POSSIBLE, f"It is what the rule computes: no fault is seen.{others}"),)
    if not seen.agreeing or seen.differing:
        return ()
    if many >= FEWEST and expected_of_inputs(seen):
        return (Cause("6d", Certainty.LIKELY, f"Identity and source agree, so the rule is left.{others}"),)
    return (Cause("6d", Certainty.POSSIBLE, f"Identity and source agree, so the rule is left: {_compared_how(seen)}"),)


def _compared_how(seen: Evidence) -> str:
    if len(colleagues_of(seen)) >= FEWEST:
        return "nothing sets this value apart from the colleagues'."
    return "colleagues could not be compared, so the rule and this person's own case cannot be told apart."
