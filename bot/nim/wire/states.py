"""The numbers of job and task states in words (nim-api 5.1).

Seen on real installations: 3 is an error, 5 and 6 are blocked, 7 and 10 are warnings. 0, 1, 2 and 4 were never seen:
they are read as the sandbox has them, and only towards the careful side. A run is over when it has an end, whatever its
number; a number that says "not yet" on a run that has ended is unknown, never success.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Final

from bot.model.job import RunState
from bot.nim.squery import Condition, Op, all_of, any_of, compare, equal, one_of

DEFAULT_STATES: Final[Mapping[int, RunState]] = {
    0: RunState.QUEUED,
    1: RunState.RUNNING,
    2: RunState.COMPLETED,
    3: RunState.ERRORED,
    4: RunState.CANCELLED,
    5: RunState.BLOCKED,
    6: RunState.BLOCKED,
    7: RunState.WARNING,
    10: RunState.WARNING,
}
_STANDS_WITHOUT_END: Final = frozenset({RunState.ERRORED, RunState.BLOCKED})
"""Said before an end is written: a blocked run waits, and one in error goes nowhere any more."""
_NOT_YET: Final = frozenset({RunState.QUEUED, RunState.RUNNING})


class States:
    """The map of one installation: the built-in numbers with what its settings taught."""

    def __init__(self, taught: Mapping[int, RunState] | None = None) -> None:
        self._words = {**DEFAULT_STATES, **(taught or {})}

    def word(self, code: int | None, started_at: datetime | None, ended_at: datetime | None) -> RunState:
        said = self._words.get(code, RunState.UNKNOWN) if code is not None else RunState.UNKNOWN
        if ended_at is not None:
            return RunState.UNKNOWN if said in _NOT_YET else said
        if said in _STANDS_WITHOUT_END:
            return said
        return RunState.RUNNING if started_at is not None else RunState.QUEUED

    def numbers(self, state: RunState) -> tuple[int, ...]:
        return tuple(number for number, word in self._words.items() if word is state)

    def condition(self, states: Sequence[RunState]) -> Condition:
        """Rows whose word may be one of `states` (at least one); what is read is judged by `word` again."""
        return any_of(*(self._one(state) for state in states))

    def _one(self, state: RunState) -> Condition:
        numbers = self.numbers(state)
        if state in _NOT_YET:
            return equal("EndDate", None)
        if state is RunState.UNKNOWN:
            known = [number for number, word in self._words.items() if word not in _NOT_YET | {RunState.UNKNOWN}]
            return all_of(
                compare("EndDate", Op.DIFFERENT, None), *(compare("State", Op.DIFFERENT, number) for number in known)
            )
        return one_of("State", numbers) if numbers else equal("State", None)
