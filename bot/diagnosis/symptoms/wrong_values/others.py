"""This person's value beside other people's of the same rule: what sets it apart, row 6e (troubleshooting 2.6).

A rule is not computed here. Whether it fits colleagues shows in how their values are built of the same inputs.
"""

import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from bot.diagnosis.symptoms.wrong_values.evidence import MOST_COLLEAGUES
from bot.diagnosis.symptoms.wrong_values.seen import KEPT_BY_HAND, Evidence, computed_of
from bot.diagnosis.words import listed
from bot.model.order import HeldValue, OrderState

FEWEST: Final = 2
"""One colleague is no pattern."""
_SHORTEST_TRACE: Final = 3
_PLAIN: Final = re.compile(r"[A-Za-z0-9._@+-]+")


@dataclass(frozen=True, slots=True)
class Person:
    """A value with what it was computed from."""

    value: str
    inputs: Mapping[str, str]


def colleagues_of(seen: Evidence) -> tuple[HeldValue, ...]:
    """Other people's values that the rule made: none that is kept by hand or that the engine could not compute."""
    own = seen.order.owner_id if seen.order else None
    found = [
        one
        for one in seen.colleagues or ()
        if one.order.owner_id != own
        and not one.order.denied
        and one.held.workflow_state not in KEPT_BY_HAND
        and one.held.state is not OrderState.RULE_ERROR
    ]
    return tuple(found[:MOST_COLLEAGUES])


def namesakes_of(seen: Evidence) -> tuple[HeldValue, ...]:
    """Other people who hold the value without its number."""
    own = seen.order.owner_id if seen.order else None
    return tuple(one for one in seen.namesakes or () if one.order.owner_id != own)


def what_sets_apart(seen: Evidence) -> str:
    """Without values. Empty where nothing does, or where there are too few colleagues."""
    if namesakes_of(seen):
        return "the value ends with a number, and somebody else has the same value without it: two people's names meet"
    colleagues = [Person(computed_of(one.held) or "", one.owner) for one in colleagues_of(seen)]
    if len(colleagues) < FEWEST or seen.identity is None:
        return ""
    own = Person(seen.computed or "", seen.identity.properties)
    return (
        _empty_input(own, colleagues, seen.inputs)
        or _lost_input(own, colleagues, _paths(seen))
        or _strange_signs(own, colleagues)
        or _other_than_alike(own, colleagues, seen.inputs)
    )


def alike(seen: Evidence) -> int:
    """Colleagues with the same inputs who have the same value."""
    own = Person(seen.computed or "", seen.identity.properties if seen.identity else {})
    colleagues = [Person(computed_of(one.held) or "", one.owner) for one in colleagues_of(seen)]
    return sum(one.value == own.value for one in _with_same(own, colleagues, seen.inputs))


def expected_of_inputs(seen: Evidence) -> bool:
    """Whether what is expected is made of what the rule reads: then the rule, and not the asker, is likely wrong."""
    values = seen.identity.properties if seen.identity else {}
    wanted = bare(seen.subject.expected_value)
    return any(_traceable(values.get(path)) and bare(values[path]) in wanted for path in seen.inputs)


def _paths(seen: Evidence) -> tuple[str, ...]:
    return tuple(dict.fromkeys((*seen.inputs, *(path for path, _ in seen.pairs))))


def _empty_input(own: Person, colleagues: Sequence[Person], inputs: Sequence[str]) -> str:
    empty = [
        path for path in inputs if not own.inputs.get(path) and all(other.inputs.get(path) for other in colleagues)
    ]
    return f"{listed(empty)} is empty for this person, and filled for the colleagues" if empty else ""


def _lost_input(own: Person, colleagues: Sequence[Person], paths: Sequence[str]) -> str:
    """What the rule takes over into every colleague's value is not in this person's."""
    lost = [
        path
        for path in paths
        if _traceable(own.inputs.get(path))
        and not _shows(own, path)
        and all(_traceable(other.inputs.get(path)) and _shows(other, path) for other in colleagues)
    ]
    if not lost:
        return ""
    unusual = [path for path in lost if not _PLAIN.fullmatch(own.inputs[path])]
    said = f"{listed(lost)} is in each colleague's value, and not in this person's"
    return f"{said}: it has accents or signs that the rule may not expect" if unusual else said


def _strange_signs(own: Person, colleagues: Sequence[Person]) -> str:
    """An address or a login with a sign that none of the others has."""
    if not own.value or _PLAIN.fullmatch(own.value) or not all(_PLAIN.fullmatch(one.value) for one in colleagues):
        return ""
    return "this person's value has an accent, a blank or another sign that none of the colleagues' has"


def _other_than_alike(own: Person, colleagues: Sequence[Person], inputs: Sequence[str]) -> str:
    same = _with_same(own, colleagues, inputs)
    values = {one.value for one in same}
    if len(same) < FEWEST or len(values) != 1 or own.value in values:
        return ""
    return f"colleagues with the same {listed(list(inputs))} have another value"


def _with_same(own: Person, colleagues: Sequence[Person], inputs: Sequence[str]) -> list[Person]:
    if not inputs:
        return []
    return [one for one in colleagues if all(one.inputs.get(path) == own.inputs.get(path) for path in inputs)]


def _traceable(text: str | None) -> bool:
    return text is not None and len(bare(text)) >= _SHORTEST_TRACE


def _shows(one: Person, path: str) -> bool:
    return bare(one.inputs[path]) in bare(one.value)


def bare(text: str) -> str:
    """Letters and digits without accents and case: "Müller-Lang" and "muller.lang" are one."""
    folded = unicodedata.normalize("NFKD", text).casefold()
    return "".join(sign for sign in folded if sign.isalnum() and not unicodedata.combining(sign))
