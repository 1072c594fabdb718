"""What a benchmark gives back, and the arithmetic of honest comparison: interleaved pairs, medians, percentiles."""

import statistics
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from math import ceil

PAIRS = 7
"""At least so many pairs make a figure."""


@dataclass(frozen=True, slots=True)
class Figure:
    """One measured value. `peer` is what it was measured against in the same run, in `peer_unit`.

    `value` is the ratio itself where the budget's unit says "×"; `measured` then holds our side in `peer_unit`.
    """

    name: str
    value: float
    unit: str
    what: str
    """What was measured, and how often."""
    measured: float | None = None
    peer: float | None = None
    peer_unit: str = ""
    against: str = ""
    """What the peer is."""

    @property
    def ratio(self) -> float | None:
        if self.peer is None or not self.peer:
            return None
        return (self.value if self.measured is None else self.measured) / self.peer


@dataclass(frozen=True, slots=True)
class Pairs:
    """Interleaved measurements of two things: `ours[i]` and `peers[i]` were taken one after the other."""

    ours: Sequence[float]
    peers: Sequence[float]

    @property
    def ratio(self) -> float:
        """The median of the pairs' ratios: a neighbour's load hits both sides of a pair, and few pairs."""
        return statistics.median(our / peer for our, peer in zip(self.ours, self.peers, strict=True))

    @property
    def our_median(self) -> float:
        return statistics.median(self.ours)

    @property
    def peer_median(self) -> float:
        return statistics.median(self.peers)


async def in_turn(things: Sequence[Callable[[], Awaitable[float]]], *, rounds: int = PAIRS) -> list[list[float]]:
    """Measures each thing once a round, in an order that rotates; one list of values per thing."""
    values: list[list[float]] = [[] for _ in things]
    for number in range(rounds):
        for place in range(len(things)):
            which = (number + place) % len(things)
            values[which].append(await things[which]())
    return values


def percentile(values: Sequence[float], share: float) -> float:
    """The smallest value that at least `share` (0 to 1) of the values do not exceed."""
    ordered = sorted(values)
    return ordered[max(0, ceil(share * len(ordered)) - 1)]
