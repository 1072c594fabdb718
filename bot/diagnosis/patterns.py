"""What a pile of changes behind a threshold usually means (troubleshooting chapter 4).

Measures of one table in one run go in, the first pattern whose rule holds comes out, in a fixed order: dangerous ones
before harmless ones. A measure that is not known is None, and no rule holds on what is not known.
"""

# ruff: noqa: PLR2004  the limits of a pattern stand in its rule, where they can be compared with the guide

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from enum import StrEnum
from typing import Final

from bot.model.finding import Certainty


class Pattern(StrEnum):
    FIRST_LOAD = "FIRST_LOAD"
    EMPTY_FILE = "EMPTY_FILE"
    TRUNCATED = "TRUNCATED"
    KEY_FORMAT = "KEY_FORMAT"
    KEY_COLUMN = "KEY_COLUMN"
    REPLACED_DATA = "REPLACED_DATA"
    COLUMN_SWAP = "COLUMN_SWAP"
    COLUMN_LOST = "COLUMN_LOST"
    DATE_FORMAT = "DATE_FORMAT"
    ENCODING = "ENCODING"
    CASE_OR_SPACE = "CASE_OR_SPACE"
    SCOPE_LOSS = "SCOPE_LOSS"
    SCOPE_GAIN = "SCOPE_GAIN"
    LINK_COLLAPSE = "LINK_COLLAPSE"
    LINK_FOLLOWS = "LINK_FOLLOWS"
    CATCH_UP = "CATCH_UP"
    SMALL_TABLE = "SMALL_TABLE"
    BULK_HIRE = "BULK_HIRE"
    LEAVER_WAVE = "LEAVER_WAVE"
    REORG = "REORG"
    MIXED = "MIXED"


DANGER: Final = {
    Pattern.EMPTY_FILE: 5,
    Pattern.KEY_FORMAT: 5,
    Pattern.KEY_COLUMN: 5,
    Pattern.REPLACED_DATA: 5,
    Pattern.TRUNCATED: 5,
    Pattern.SCOPE_LOSS: 4,
    Pattern.COLUMN_SWAP: 3,
    Pattern.COLUMN_LOST: 3,
    Pattern.DATE_FORMAT: 3,
    Pattern.ENCODING: 3,
}
"""How dangerous it is to let the changes through; 0 where not listed. The worst table decides for a run."""

LEGITIMATE: Final = frozenset(
    {
        Pattern.FIRST_LOAD,
        Pattern.CATCH_UP,
        Pattern.SMALL_TABLE,
        Pattern.BULK_HIRE,
        Pattern.LEAVER_WAVE,
        Pattern.REORG,
    }
)


@dataclass(frozen=True, slots=True)
class Measures:
    """One table of one run. Shares are between 0 and 1; None = not known."""

    stored: int | None
    """Rows before the change."""
    inserted: int
    updated: int
    deleted: int
    exact: bool = True
    incremental: bool = False
    first_load: bool = False
    rows: int | None = None
    """Rows of the new file; means nothing in an incremental run."""
    rows_before: int | None = None
    header_changed: bool | None = None
    last_line_cut: bool | None = None
    export_failed: bool | None = None
    property_shares: Mapping[str, float] = field(default_factory=dict)
    """Share of the updates that touch a property."""
    same_key: float | None = None
    """K: deleted rows whose normalised key is an inserted row's."""
    same_person: float | None = None
    """A: deleted rows whose other identifying values are an inserted row's."""
    one_place: float | None = None
    """C: changed rows in one container, site or organisation that holds at most half of the table."""
    emptied: float | None = None
    """N: updates whose new value is empty."""
    swapped: float | None = None
    """X: updates in which two properties exchanged their values."""
    reformatted: float | None = None
    """F: date updates whose old and new value are the same instant in two formats."""
    dates_only: bool | None = None
    """All properties that nearly every update touches hold dates."""
    ended: float | None = None
    """E: deleted rows whose end date is over."""
    starting: float | None = None
    """B: inserted rows whose start date is near."""
    garbled: float | None = None
    """Updates whose new value shows a broken encoding."""
    cosmetic: float | None = None
    """Updates equal after trimming and folding the case."""
    pairs_for_most: int | None = None
    """Distinct old → new pairs that cover nine tenths of the updates."""
    tail_of_keys: bool | None = None
    """The deleted keys are one contiguous end of the sorted keys, as far as stored rows are known."""
    pairs_seen: int = 0
    """Rows of which old and new were compared: three that agree prove a change of format."""
    links_deleted: int | None = None
    idle: timedelta | None = None
    """Since the last applied synchronization."""
    daily: float | None = None
    """Usual changes a day, of the connector as a whole."""
    daily_inserted: float | None = None
    daily_deleted: float | None = None
    whole_run: int | None = None
    """Changes of all tables of the run, where more than this one may have some."""
    only_percent: bool | None = None
    """Only percent thresholds are exceeded."""

    @property
    def total(self) -> int:
        return self.inserted + self.updated + self.deleted

    @property
    def nearly_none(self) -> float:
        return max(5.0, 0.005 * (self.stored or 0))

    def share(self, count: int) -> float:
        return count / self.stored if self.stored else 0.0


@dataclass(frozen=True, slots=True)
class Match:
    pattern: Pattern
    certainty: Certainty
    why: str


ONE_PLACE: Final = 0.95
"""Share of rows from which a place is what they have in common."""
_REPLACE_TOLERANCE: Final = 0.05
PART_OF_A_MOVE: Final = 0.25
"""Share of the updates from which a property is one of those that move together."""
ORGANISATIONAL: Final = frozenset(
    {
        "organization",
        "organisation",
        "organizationcode",
        "organizationkey",
        "manager",
        "managerid",
        "costcentre",
        "costcenter",
        "title",
        "department",
        "site",
        "company",
        "division",
        "orgunit",
        "ou",
    }
)
"""Properties that say where somebody belongs, in lower case."""
_MOST_PAIRS: Final = 50
_TOUCHED: Final = 0.9
_MOSTLY: Final = 0.8
_SMALL: Final = 20
_MANY_GONE: Final = 0.2
"""So large a share of deleted rows is no ordinary day, however few they are."""


def at_least(value: float | None, limit: float) -> bool:
    return value is not None and value >= limit


def below(value: float | None, limit: float) -> bool:
    return value is not None and value < limit


def _proven(m: Measures) -> Certainty:
    return Certainty.CONFIRMED if m.pairs_seen >= 3 else Certainty.LIKELY


def _first_load(m: Measures) -> Match | None:
    if m.first_load or m.stored == 0:
        return Match(Pattern.FIRST_LOAD, Certainty.CONFIRMED, "nothing was stored before: a first synchronization")
    return None


def _empty_file(m: Measures) -> Match | None:
    if not m.exact and not m.incremental and not m.inserted and not m.updated and m.deleted and m.rows is not None:
        if m.stored and m.rows <= 0.05 * m.stored and (m.rows_before is None or m.rows_before > 10 * m.rows):
            return Match(Pattern.EMPTY_FILE, Certainty.CONFIRMED, f"the file holds {m.rows:,} of {m.stored:,} rows")
        return None
    if m.share(m.deleted) < 0.95 or m.share(m.inserted) > 0.01 or m.updated > m.nearly_none:
        return None
    known = not m.incremental and m.rows is not None
    blank = known and (m.rows == 0 or (bool(m.rows_before) and (m.rows or 0) <= 0.05 * (m.rows_before or 0)))
    told = f"the file holds {m.rows:,} rows" if known else "nearly every row would go and none would come"
    return Match(Pattern.EMPTY_FILE, Certainty.CONFIRMED if blank else Certainty.LIKELY, told)


def _truncated(m: Measures) -> Match | None:
    lost = m.share(m.deleted)
    if not 0.2 <= lost < 0.95 or m.inserted > m.nearly_none or m.incremental:
        return None
    fewer = m.rows is not None and m.rows_before is not None and m.rows < m.rows_before
    if not fewer or not (m.tail_of_keys or m.last_line_cut or m.export_failed):
        return None
    proven = bool(m.last_line_cut or m.export_failed)
    return Match(
        Pattern.TRUNCATED, Certainty.CONFIRMED if proven else Certainty.POSSIBLE, "the file looks cut off at its end"
    )


def _keys(m: Measures) -> Match | None:
    if m.share(m.deleted) < _MOSTLY or abs(m.inserted - m.deleted) > _REPLACE_TOLERANCE * m.deleted:
        return None
    if at_least(m.same_key, 0.9):
        return Match(Pattern.KEY_FORMAT, _proven(m), "the same keys come back in another spelling")
    if below(m.same_key, 0.2) and at_least(m.same_person, _MOSTLY):
        return Match(Pattern.KEY_COLUMN, Certainty.LIKELY, "the same people come back under other keys")
    if below(m.same_key, 0.2) and below(m.same_person, 0.2):
        return Match(
            Pattern.REPLACED_DATA, Certainty.LIKELY, "all rows are replaced by others: another file altogether"
        )
    return None


def _touched(m: Measures, share: float) -> list[str]:
    return sorted(name for name, part in m.property_shares.items() if part >= share)


def _column_swap(m: Measures) -> Match | None:
    if m.share(m.updated) < _MOSTLY:
        return None
    names = _touched(m, _TOUCHED)
    if len(names) == 2 and at_least(m.swapped, 0.9):
        proof = Certainty.CONFIRMED if m.header_changed else _proven(m)
        return Match(Pattern.COLUMN_SWAP, proof, f"{names[0]} and {names[1]} have exchanged their values")
    return None


def _column_lost(m: Measures) -> Match | None:
    names = _touched(m, _TOUCHED)
    if m.share(m.updated) < 0.5 or len(names) != 1 or not at_least(m.emptied, 0.95):
        return None
    proof = Certainty.CONFIRMED if m.header_changed else Certainty.LIKELY
    return Match(Pattern.COLUMN_LOST, proof, f"{names[0]} becomes empty everywhere")


def _date_format(m: Measures) -> Match | None:
    if m.share(m.updated) < 0.5 or not m.dates_only or not at_least(m.reformatted, 0.9):
        return None
    return Match(Pattern.DATE_FORMAT, _proven(m), "the same dates come in another format")


def _encoding(m: Measures) -> Match | None:
    if 0.02 <= m.share(m.updated) <= 0.6 and at_least(m.garbled, 0.9):
        return Match(Pattern.ENCODING, _proven(m), "accents arrive broken: the encoding changed")
    return None


def _cosmetic(m: Measures) -> Match | None:
    if m.share(m.updated) >= 0.5 and at_least(m.cosmetic, 0.95):
        return Match(Pattern.CASE_OR_SPACE, Certainty.LIKELY, "only case and spaces differ")
    return None


def _scope_loss(m: Measures) -> Match | None:
    lost = m.share(m.deleted)
    if not 0.02 <= lost < 0.95 or m.inserted > m.nearly_none:
        return None
    if at_least(m.one_place, ONE_PLACE) and below(m.ended, 0.9):
        return Match(Pattern.SCOPE_LOSS, Certainty.LIKELY, "all deleted rows stand in one place, which left the export")
    return None


def _scope_gain(m: Measures) -> Match | None:
    if m.share(m.inserted) < _REPLACE_TOLERANCE or m.deleted > m.nearly_none:
        return None
    if below(m.starting, 0.9) and at_least(m.one_place, ONE_PLACE) and not at_least(m.same_person, 0.5):
        return Match(
            Pattern.SCOPE_GAIN, Certainty.LIKELY, "all new rows stand in one place that has come into the export"
        )
    return None


def _links(m: Measures) -> Match | None:
    if m.links_deleted is None or m.links_deleted <= m.nearly_none:
        return None
    if max(m.total, m.whole_run or 0) <= m.nearly_none:
        return Match(Pattern.LINK_COLLAPSE, Certainty.LIKELY, "links would go while the rows stay")
    return None


def _catch_up(m: Measures) -> Match | None:
    """More rows may come or go than usual days bring, in the sum, only where the kinds of change are not known."""
    if m.idle is None or m.daily is None or m.idle < timedelta(days=2) or not m.exact:
        return None
    days = m.idle / timedelta(days=1)
    if max(m.total, m.whole_run or 0) > 1.5 * m.daily * days:
        return None
    for count, daily in ((m.inserted, m.daily_inserted), (m.deleted, m.daily_deleted)):
        if daily is not None and count > max(m.nearly_none, 1.5 * daily * days):
            return None
    return Match(Pattern.CATCH_UP, Certainty.LIKELY, f"the changes of {m.idle.days} days come at once")


def _small_table(m: Measures) -> Match | None:
    if m.only_percent and m.exact and m.total <= _SMALL and m.share(m.deleted) < _MANY_GONE:
        return Match(
            Pattern.SMALL_TABLE, Certainty.CONFIRMED, f"{m.total} changes exceed only a percentage of a small table"
        )
    return None


def _bulk_hire(m: Measures) -> Match | None:
    if m.inserted > m.nearly_none and m.deleted <= m.nearly_none and at_least(m.starting, 0.9):
        if at_least(m.same_person, 0.5):
            return None
        return Match(Pattern.BULK_HIRE, Certainty.POSSIBLE, "new people whose start date is near")
    return None


def _leaver_wave(m: Measures) -> Match | None:
    if m.deleted > m.nearly_none and m.inserted <= m.nearly_none and at_least(m.ended, 0.9):
        return Match(Pattern.LEAVER_WAVE, Certainty.LIKELY, "people whose end date is over")
    return None


def _reorg(m: Measures) -> Match | None:
    names = _touched(m, PART_OF_A_MOVE)
    if m.share(m.updated) < _REPLACE_TOLERANCE or not 2 <= len(names) <= 6:
        return None
    if not all(name.rsplit(".", 1)[-1].lower() in ORGANISATIONAL for name in names):
        return None
    if (
        m.pairs_for_most is None
        or m.pairs_for_most > _MOST_PAIRS
        or at_least(m.swapped, 0.9)
        or at_least(m.emptied, 0.2)
    ):
        return None
    return Match(
        Pattern.REORG,
        Certainty.POSSIBLE,
        f"{', '.join(names)} change together along {m.pairs_for_most} pairs of values",
    )


_RULES: Final[tuple[Callable[[Measures], Match | None], ...]] = (
    _first_load,
    _empty_file,
    _truncated,
    _keys,
    _column_swap,
    _column_lost,
    _date_format,
    _encoding,
    _cosmetic,
    _scope_loss,
    _scope_gain,
    _links,
    _catch_up,
    _small_table,
    _bulk_hire,
    _leaver_wave,
    _reorg,
)


def pattern_of(measures: Measures) -> Match:
    """The first pattern that holds, MIXED where none does. Counts that are a lower bound make it one step less sure."""
    for rule in _RULES:
        if found := rule(measures):
            if measures.exact:
                return found
            return Match(found.pattern, found.certainty.lowered(), found.why)
    return Match(Pattern.MIXED, Certainty.UNKNOWN, "the changes show no single pattern")


def worst(matches: Mapping[str, Match], sizes: Mapping[str, int]) -> str:
    """The table whose pattern decides for the whole run.

    The most dangerous one; of equally dangerous ones the one with the most changes: a small harmless table must not
    speak for a large unclear one.
    """
    return min(matches, key=lambda table: (-DANGER.get(matches[table].pattern, 0), -sizes.get(table, 0), table))
