"""Which thresholds are exceeded, and by how much: all are active together (troubleshooting 2.3)."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from bot.diagnosis.words import number, percent
from bot.model.job import Limits

_KINDS: Final = ("inserted", "updated", "deleted", "links_inserted", "links_deleted")


@dataclass(frozen=True, slots=True)
class Counts:
    """Changes of one level. `stored` is None where it is not known: then no percentage can be told."""

    stored: int | None
    inserted: int = 0
    updated: int = 0
    deleted: int = 0
    links_inserted: int = 0
    links_deleted: int = 0

    def plus(self, other: "Counts") -> "Counts":
        known = self.stored is not None and other.stored is not None
        return Counts(
            (self.stored or 0) + (other.stored or 0) if known else None,
            self.inserted + other.inserted,
            self.updated + other.updated,
            self.deleted + other.deleted,
            self.links_inserted + other.links_inserted,
            self.links_deleted + other.links_deleted,
        )


@dataclass(frozen=True, slots=True)
class Exceeded:
    level: str
    """ "connector HR", "HR_Person", "resource type AD account"."""
    kind: str
    limit: int
    is_percent: bool
    measured: int
    """The number of changes, also for a percentage."""
    stored: int | None
    exact: bool = True
    """False where more may have been measured than was read."""

    @property
    def ratio(self) -> float:
        """How many times the limit."""
        if not self.is_percent:
            return self.measured / self.limit
        return self.measured * 100 / (self.limit * self.stored) if self.stored else 0.0

    @property
    def told(self) -> str:
        kind, least = self.kind.replace("_", " "), "" if self.exact else "at least "
        if self.is_percent:
            share = percent(self.measured, self.stored or 0)
            return f"{self.level}: {least}{share} {kind}, limit {self.limit} %"
        over = self.measured - self.limit
        return (
            f"{self.level}: {least}{number(self.measured)} {kind}, limit {number(self.limit)} (over by {number(over)})"
        )


def exceeded(level: str, counts: Counts, limits: Limits, *, exact: bool = True) -> list[Exceeded]:
    """Every threshold of one level that is exceeded; equal is not. 0 is off, an unreadable one is left out."""
    found = []
    for kind in _KINDS:
        measured = getattr(counts, kind)
        absolute, share = getattr(limits, kind, None), getattr(limits, f"{kind}_percent", None)
        if absolute and measured > absolute:
            found.append(
                Exceeded(level, kind, absolute, is_percent=False, measured=measured, stored=counts.stored, exact=exact)
            )
        if share and counts.stored and measured * 100 > share * counts.stored:
            found.append(
                Exceeded(level, kind, share, is_percent=True, measured=measured, stored=counts.stored, exact=exact)
            )
    return found


def worst_first(found: Iterable[Exceeded]) -> tuple[Exceeded, ...]:
    return tuple(sorted(found, key=lambda one: (-one.ratio, one.level, one.kind, one.is_percent)))


def only_percent(found: Iterable[Exceeded]) -> bool:
    """Whether something is exceeded, and by percentage only."""
    held = list(found)
    return bool(held) and all(one.is_percent for one in held)
