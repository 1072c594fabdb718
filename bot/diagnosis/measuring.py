"""Measures of one table from its changes and from rows as they are stored (troubleshooting 4.1). Pure."""

import re
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Final

from bot.diagnosis.grouping import parent_of
from bot.diagnosis.patterns import ONE_PLACE
from bot.model.change import Operation, RowChange

Values = Mapping[str, str | None]

MOST_STORED_SHARE: Final = 0.5
"""A place that holds more of the table than this is no place of its own."""
FEWEST_SAMPLES: Final = 3

_PLACE: Final = re.compile(r"site|organi[sz]ation|department|company|country|location|^ou$|division", re.IGNORECASE)
_DN: Final = frozenset({"dn", "distinguishedname"})
_END: Final = re.compile(r"(contract)?_?end(_?date)?$|leav(e|ing)_?date|exit_?date|validto", re.IGNORECASE)
_START: Final = re.compile(r"(contract)?_?start(_?date)?$|hire_?date|entry_?date|validfrom", re.IGNORECASE)
_IDENTIFYING: Final = re.compile(
    r"^(mail|email|employee(id|number)|pernr|login|userprincipalname|smtp_addr)$", re.IGNORECASE
)
_FORMATS: Final = (
    "%Y-%m-%d",
    "%d/%m/%Y",
    "%m/%d/%Y",
    "%d.%m.%Y",
    "%d-%m-%Y",
    "%Y%m%d",
    "%Y-%m-%dT%H:%M:%SZ",
    "%Y-%m-%d %H:%M:%S",
    "%Y-%m-%dT%H:%M:%S",
    "%Y-%m-%dT%H:%M:%S.%fZ",
)
_LONGEST_SHIFT: Final = timedelta(hours=14)
_SEPARATORS: Final = re.compile(r"[\s._/-]")


def of_kind(changes: Iterable[RowChange], operation: Operation) -> list[RowChange]:
    return [one for one in changes if one.operation is operation]


def property_shares(updates: Sequence[RowChange]) -> dict[str, float]:
    """Share of the updates that touch each property, largest first."""
    counts = Counter(name for one in updates for name in one.values)
    return {name: count / len(updates) for name, count in sorted(counts.items(), key=lambda pair: (-pair[1], pair[0]))}


def _share(hits: int, whole: int) -> float | None:
    return hits / whole if whole >= 1 else None


def normalised_key(key: str) -> str:
    """Lower case, trimmed, without domain, leading zeros and separators."""
    bare = key.strip().lower().rpartition("\\")[2].partition("@")[0]
    return _SEPARATORS.sub("", bare).lstrip("0")


def same_key(deleted: Sequence[RowChange], inserted: Sequence[RowChange]) -> float | None:
    if not inserted:
        return None
    there = {normalised_key(one.key) for one in inserted}
    return _share(sum(1 for one in deleted if normalised_key(one.key) in there), len(deleted))


def end_of_keys(deleted: Sequence[RowChange], stored: Mapping[str, Values]) -> bool | None:
    """Whether no row that stays has a key among the deleted ones; None where the rows' keys are not known.

    The property that holds the key is the one whose stored value is the deleted row's key.
    """
    going = {one.resource_id: one.key for one in deleted}
    names = Counter(
        name for row_id, key in going.items() for name, value in stored.get(row_id, {}).items() if value == key
    )
    if not names:
        return None
    name = max(names, key=lambda one: (names[one], one))
    kept = [value for row_id, row in stored.items() if row_id not in going and (value := row.get(name))]
    if len(kept) < FEWEST_SAMPLES:
        return None
    staying, gone = [_sorting(key) for key in kept], [_sorting(key) for key in going.values()]
    return max(staying) < min(gone) or max(gone) < min(staying)


def _sorting(key: str) -> tuple[int, str]:
    """Numbers by their size, other keys by their letters."""
    bare = key.strip().lower()
    return (len(bare) if bare.isdigit() else 0, bare)


def same_person(rows: Sequence[Values], others: Sequence[Values]) -> float | None:
    """Share of `rows` with an identifying value that one of the others has; None where none has any."""
    there = {(name.lower(), value.lower()) for one in others for name, value in _identifying(one)}
    marked = [held for one in rows if (held := list(_identifying(one)))]
    if not there or not marked:
        return None
    return _share(sum(1 for held in marked if any((n.lower(), v.lower()) in there for n, v in held)), len(marked))


def _identifying(values: Values) -> Iterable[tuple[str, str]]:
    return ((name, value) for name, value in values.items() if value and _IDENTIFYING.match(name.rsplit(".", 1)[-1]))


def places_of(values: Values) -> list[str]:
    """Every place that a row stands in: each container above it, its site, organisation, country."""
    found = []
    for name, value in values.items():
        if not value:
            continue
        if name.lower() in _DN:
            above = parent_of(value)
            while above:
                found.append(above)
                above = parent_of(above)
        elif _PLACE.search(name.rsplit(".", 1)[-1]):
            found.append(f"{name}={value}")
    return found


def one_place(rows: Sequence[Values], stored: Sequence[Values]) -> tuple[float, str] | None:
    """The smallest place that nearly all of the rows share, else the one that most do, with their share.

    None without places or without a comparison.
    """
    placed = [held for one in rows if (held := places_of(one))]
    if len(placed) < FEWEST_SAMPLES or not stored:
        return None
    everywhere = Counter(place for one in stored for place in places_of(one))
    here = Counter(place for held in placed for place in held)
    own = {place: count for place, count in here.items() if everywhere[place] <= MOST_STORED_SHARE * len(stored)}
    if not own:
        return 0.0, ""
    shared = [place for place in own if own[place] >= ONE_PLACE * len(placed)]
    best = min(shared or own, key=lambda place: (everywhere[place] if shared else -own[place], -len(place), place))
    return own[best] / len(placed), best


def instants(text: str) -> list[datetime]:
    """Every moment that the text may mean; empty for what is no date."""
    found = []
    for pattern in _FORMATS:
        try:
            found.append(datetime.strptime(text.strip(), pattern).replace(tzinfo=UTC))
        except ValueError:
            continue
    return found


def is_date(text: str | None) -> bool:
    return bool(text) and bool(instants(text or ""))


def same_instant(old: str, new: str) -> bool:
    """Whether two different spellings are one moment, or one moment in two time zones."""
    if old.strip() == new.strip():
        return False
    shapes = {re.sub(r"\d", "0", part.strip()) for part in (old, new)}
    for before in instants(old):
        for after in instants(new):
            if before == after or (len(shapes) == 1 and timedelta() < abs(after - before) <= _LONGEST_SHIFT):
                return True
            if len(shapes) == 1 and (before.year, before.month, before.day) == (after.year, after.day, after.month):
                return True
    return False


def comparable(one: Sequence[str], other: Sequence[str]) -> tuple[str, ...]:
    """Names that both entity types have as values: a name with a "…Code" beside it is a link to another table."""
    there = {name.lower() for name in other}
    known = {name.lower() for name in (*one, *other)}
    return tuple(
        name
        for name in one
        if name.lower() in there and not any(f"{name.lower()}{end}" in known for end in ("code", "key", "id"))
    )


def same_value(one: str | None, other: str | None) -> bool:
    """Whether two systems mean the same: equal text apart from case and spaces, or one date in two spellings."""
    if one is None or other is None:
        return (one or "") == (other or "")
    if one.strip().casefold() == other.strip().casefold():
        return True
    return bool({at.date() for at in instants(one)} & {at.date() for at in instants(other)})


def ended(rows: Sequence[Values], now: datetime, *, has_end: bool) -> float | None:
    """Share of rows whose end date is over; 0 in a table that keeps no end dates."""
    if not has_end:
        return 0.0
    return _dated(rows, _END, lambda at: at <= now)


def starting(rows: Sequence[Values], now: datetime) -> float | None:
    return _dated(rows, _START, lambda at: abs(at - now) <= timedelta(days=31))


def _dated(rows: Sequence[Values], names: re.Pattern[str], holds: Callable[[datetime], bool]) -> float | None:
    dated = [
        [
            at
            for name, value in one.items()
            if value and names.search(name.rsplit(".", 1)[-1])
            for at in instants(value)[:1]
        ]
        for one in rows
    ]
    if not any(dated):
        return None
    return _share(sum(1 for moments in dated if any(holds(at) for at in moments)), len(dated))


def keeps_end_dates(names: Iterable[str]) -> bool:
    return any(_END.search(name.rsplit(".", 1)[-1]) for name in names)


def wanted_properties(names: Iterable[str], changed: Iterable[str]) -> tuple[str, ...]:
    """Properties worth reading of stored rows: changed ones, places, dates, what identifies; at most 24.

    A name beside which a "…Code" or "…Key" stands is a link to another table, which a query cannot read as a value.
    """
    there = {name.lower() for name in names}
    own = [
        name
        for name in names
        if not any(f"{name.lower()}{end}" in there for end in ("code", "key", "id"))
        if name.lower() in _DN
        or _PLACE.search(name)
        or _END.search(name)
        or _START.search(name)
        or _IDENTIFYING.match(name)
    ]
    return tuple(dict.fromkeys([*changed, *own]))[:24]


class Compared:
    """Updates of which the stored row is known: old beside new."""

    def __init__(self, updates: Sequence[RowChange], stored: Mapping[str, Values]) -> None:
        self.pairs: list[tuple[Values, Values]] = [
            (stored[one.resource_id], one.values) for one in updates if one.resource_id in stored
        ]

    def __len__(self) -> int:
        return len(self.pairs)

    def swapped(self, first: str, second: str) -> float | None:
        both = [(old, new) for old, new in self.pairs if first in new and second in new]
        hits = sum(1 for old, new in both if old.get(first) == new[second] and old.get(second) == new[first])
        return _share(hits, len(both))

    def emptied(self, updates: Sequence[RowChange], name: str) -> float | None:
        touched = [one for one in updates if name in one.values]
        return _share(sum(1 for one in touched if not one.values[name]), len(touched))

    def reformatted(self, names: Sequence[str]) -> float | None:
        seen = [(old.get(name), new[name]) for old, new in self.pairs for name in names if name in new]
        full = [(old, new) for old, new in seen if old and new]
        return _share(sum(1 for old, new in full if same_instant(old, new)), len(full))

    def garbled(self) -> float | None:
        seen = [(old.get(name) or "", value or "") for old, new in self.pairs for name, value in new.items()]
        return _share(sum(1 for old, new in seen if _is_garbled(old, new)), len(seen))

    def cosmetic(self) -> float | None:
        seen = [(old.get(name) or "", value or "") for old, new in self.pairs for name, value in new.items()]
        return _share(sum(1 for old, new in seen if old.strip().casefold() == new.strip().casefold()), len(seen))

    def pairs_for_most(self, names: Sequence[str]) -> int | None:
        """Distinct old → new pairs that cover nine tenths of the changes of the tidiest of these properties."""
        needed = []
        for name in names:
            counts = Counter((old.get(name), new[name]) for old, new in self.pairs if name in new)
            whole, covered = sum(counts.values()), 0
            for position, (_, count) in enumerate(counts.most_common(), 1):
                covered += count
                if covered * 10 >= whole * 9:
                    needed.append(position)
                    break
        return min(needed, default=None)


def _is_garbled(old: str, new: str) -> bool:
    if "\ufffd" in new and "\ufffd" not in old:
        return True
    if any(mark in new and mark not in old for mark in ("Ã", "â€")):
        return True
    return not old.isascii() and new.isascii() and new.count("?") > old.count("?")


def evenly(rows: Sequence[RowChange], most: int) -> list[RowChange]:
    """A sample over the whole list, not its first rows: keys at the beginning are no sample of all."""
    ordered = sorted(rows, key=lambda one: (one.operation, one.key))
    if len(ordered) <= most:
        return ordered
    step = (len(ordered) - 1) / (most - 1)
    return [ordered[round(index * step)] for index in range(most)]
