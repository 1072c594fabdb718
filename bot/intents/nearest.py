"""Which of the known names somebody meant. Never a silent guess: unsure gives candidates (product, "Ways in")."""

import re
import unicodedata
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Generic, TypeVar

from rapidfuzz import fuzz, process

T = TypeVar("T")
SURE = 90.0
"""Score from which the best name counts as meant, provided the next one is `MARGIN` behind."""
MARGIN = 8.0
WHOLE = 80.0
"""How alike the words and the whole name must be beside that: "leroy AD" holds "AD" and is another name."""
WORTH_OFFERING = 55.0
MOST_CANDIDATES = 3


@dataclass(frozen=True, slots=True)
class Match(Generic[T]):
    """`sure` is the one thing that was meant, or None; `candidates` are what to offer instead, best first."""

    sure: T | None
    candidates: tuple[T, ...] = ()


def plain(words: str) -> str:
    """Case, accents and the separators of identifiers do not count: "AD_FullSync" = "ad full sync"."""
    apart = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", " ", words)
    bare = "".join(
        letter for letter in unicodedata.normalize("NFKD", apart.casefold()) if not unicodedata.combining(letter)
    )
    return re.sub(r"[\s_\-.:/]+", " ", bare).strip()


def nearest(words: str, things: Iterable[T], names: Callable[[T], Iterable[str]]) -> Match[T]:
    """The thing that the words name, by any of its names; equal names in full beat everything else."""
    wanted = plain(words)
    if not wanted:
        return Match(None)
    named = [(plain(name), thing) for thing in things for name in names(thing) if name]
    exact = _distinct(thing for name, thing in named if name == wanted)
    if exact:
        return Match(exact[0]) if len(exact) == 1 else Match(None, tuple(exact[:MOST_CANDIDATES]))
    holding = _distinct(thing for name, thing in named if _holds(name, wanted))
    if len(holding) == 1:
        return Match(holding[0])
    found = process.extract(
        wanted, [name for name, _ in named], scorer=fuzz.WRatio, limit=12, score_cutoff=WORTH_OFFERING
    )
    ranked = _distinct(named[index][1] for _, _, index in found)
    if holding:
        return Match(
            None, tuple(_distinct([*(thing for thing in ranked if thing in holding), *holding])[:MOST_CANDIDATES])
        )
    scores = [score for _, score, _ in found]
    alike = bool(found) and fuzz.ratio(wanted, found[0][0]) >= WHOLE
    if ranked and alike and scores[0] >= SURE and (len(ranked) == 1 or scores[0] - _second(found, named) >= MARGIN):
        return Match(ranked[0], tuple(ranked[1:MOST_CANDIDATES]))
    return Match(None, tuple(ranked[:MOST_CANDIDATES]))


def exactly(words: str, things: Iterable[T], names: Callable[[T], Iterable[str]]) -> T | None:
    """The only thing with just this name; case, accents and separators do not count."""
    wanted = plain(words).replace(" ", "")
    found = _distinct(thing for thing in things for name in names(thing) if plain(name).replace(" ", "") == wanted)
    return found[0] if wanted and len(found) == 1 else None


def _holds(name: str, wanted: str) -> bool:
    """Every wanted word begins a word of the name."""
    words = name.split()
    return all(any(word.startswith(part) for word in words) for part in wanted.split())


def _second(found: list[tuple[str, float, int]], named: list[tuple[str, T]]) -> float:
    best = named[found[0][2]][1]
    return next((score for _, score, index in found if named[index][1] != best), 0.0)


def _distinct(things: Iterable[T]) -> list[T]:
    kept: list[T] = []
    for thing in things:
        if thing not in kept:
            kept.append(thing)
    return kept
