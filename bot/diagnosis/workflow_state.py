"""Workflow states of an assignment in the product's own words (nim-api 5.4)."""

from collections.abc import Mapping
from typing import Final

_WORDS: Final[Mapping[int, str]] = {
    1: "non-conforming",
    2: "requested, parameters missing",
    3: "pre-existing",
    4: "requested",
    5: "calculated, parameters missing",
    8: "pending approval",
    9: "pending approval, 1 of 2",
    10: "pending approval, 2 of 2",
    11: "pending approval, 1 of 3",
    12: "pending approval, 2 of 3",
    13: "pending approval, 3 of 3",
    16: "approved",
    17: "declined",
    18: "calculated",
    19: "inactive",
    20: "cancellation",
    21: "suggested",
    22: "suggested",
    23: "automatic but with validation",
    24: "approved, questioned",
    25: "pending approval of a risk",
    26: "blocked by a risk",
    27: "prolonged",
    116: "approved, with a risk",
    118: "given by a role",
}


def workflow_word(state: int | None) -> str:
    """The word, or the bare number of a state that is not known here."""
    return _WORDS.get(state, f"state {state}") if state is not None else "state not read"
