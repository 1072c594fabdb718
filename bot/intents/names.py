"""The names of one environment, prepared once so that a sentence can be searched for them in microseconds."""

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property
from typing import Final

from rapidfuzz import fuzz, process

from bot.intents.nearest import plain

LONGEST: Final = 8
"""Words of a name that are compared; longer names are found by their parts."""
NEAR: Final = 84.0
SHORTEST_NEAR: Final = 4
"""Shorter words are taken as they stand: one wrong letter makes another word of them."""
MOST_HOLDING: Final = 40


class Kind(StrEnum):
    JOB = "job"
    TASK = "task"
    CONNECTOR = "connector"
    RESOURCE_TYPE = "resource type"
    ROLE = "role"
    PROPERTY = "property"


@dataclass(frozen=True, slots=True)
class Thing:
    """Something that can be named. `identifier` is what an intent carries."""

    kind: Kind
    identifier: str
    names: tuple[str, ...] = ()
    """Further names, such as the display name."""
    connector: str = ""
    """Identifier of the connector to which a resource type, a task, or all of a job belongs."""


@dataclass(frozen=True)
class Names:
    """All names of an environment. Building takes a while for many; keep it as long as the catalogue is the same."""

    things: tuple[Thing, ...] = ()

    @staticmethod
    def of(things: Iterable[Thing]) -> "Names":
        """With everything prepared, so that no question waits for it."""
        names = Names(tuple(things))
        _ = names._whole, names._sorted, names._ends
        return names

    @cached_property
    def _keys(self) -> Sequence[tuple[str, Thing]]:
        return [
            (key, thing)
            for thing in self.things
            for name in dict.fromkeys((thing.identifier, *thing.names))
            if (key := plain(name))
        ]

    @cached_property
    def _whole(self) -> dict[str, tuple[Thing, ...]]:
        """By the name without its blanks: "AD_Provisioning", "ad provisioning" and "ADProvisioning" are one."""
        found: defaultdict[str, list[Thing]] = defaultdict(list)
        for key, thing in self._keys:
            if thing not in found[squeezed := key.replace(" ", "")]:
                found[squeezed].append(thing)
        return {key: tuple(things) for key, things in found.items()}

    @cached_property
    def _parts(self) -> dict[str, tuple[Thing, ...]]:
        """By each word of a name."""
        found: defaultdict[str, dict[Thing, None]] = defaultdict(dict)
        for key, thing in self._keys:
            for part in key.split():
                found[part][thing] = None
        return {part: tuple(things) for part, things in found.items()}

    @cached_property
    def _sorted(self) -> list[str]:
        return sorted(self._parts)

    @cached_property
    def _ends(self) -> dict[str, list[str]]:
        """Words by their first two and by their last two letters: a slip of the finger spares one of the two."""
        found: defaultdict[str, list[str]] = defaultdict(list)
        for part in self._parts:
            if len(part) >= SHORTEST_NEAR:
                found[f"{part[:2]}…"].append(part)
                found[f"…{part[-2:]}"].append(part)
        return found

    def whole(self, words: Sequence[str]) -> tuple[Thing, ...]:
        """Things whose full name these words are; a plural counts as its singular."""
        key = "".join(words)
        singular = key[:-1] if key.endswith("s") and len(key) > SHORTEST_NEAR else key
        return self._whole.get(key) or self._whole.get(singular, ())

    def known(self, word: str) -> bool:
        """Whether the word is part of a name."""
        return word in self._parts

    def like(self, word: str) -> str | None:
        """The word of a name that this one is a slip of."""
        if len(word) < SHORTEST_NEAR:
            return None
        near = [*self._ends.get(f"{word[:2]}…", ()), *self._ends.get(f"…{word[-2:]}", ())]
        found = process.extractOne(word, near, scorer=fuzz.ratio, score_cutoff=NEAR)
        return None if found is None else found[0]

    def holding(self, words: Sequence[str], kinds: Iterable[Kind]) -> tuple[Thing, ...]:
        """Things of these kinds with a name in which each of the words begins a word."""
        wanted = frozenset(kinds)
        found: dict[Thing, None] | None = None
        for word in words:
            here = {thing: None for thing in self._beginning(word) if thing.kind in wanted}
            found = here if found is None else {thing: None for thing in found if thing in here}
            if not found:
                return ()
        return tuple(found or ())[:MOST_HOLDING]

    def _beginning(self, word: str) -> Iterable[Thing]:
        at = bisect_left(self._sorted, word)
        while at < len(self._sorted) and self._sorted[at].startswith(word):
            yield from self._parts[self._sorted[at]]
            at += 1
