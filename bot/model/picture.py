"""Pictures as data: what is drawn, its alternative text, and the table that says the same without a picture.

A picture cannot be made without its words: `alt` and `lines` belong to the type, not to whoever draws.
"""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

_MOST_IN_WORDS: Final = 6


@dataclass(frozen=True, slots=True)
class Bar:
    """One table or resource type: what it holds, and what a run would change. None = could not be read."""

    name: str
    stored: int | None
    inserted: int
    updated: int
    deleted: int
    exact: bool = True
    """False = "at least"."""

    @property
    def words(self) -> str:
        more = "" if self.exact else "at least "
        stored = "an unknown number of" if self.stored is None else f"{self.stored:,}"
        return (
            f"{self.name}: {stored} stored, {more}{self.inserted:,} inserted, "
            f"{more}{self.updated:,} updated, {more}{self.deleted:,} deleted"
        )


@dataclass(frozen=True, slots=True)
class Bars:
    """Stored, inserted, updated and deleted rows beside each other, table by table (symptoms 3 and 7)."""

    title: str
    bars: tuple[Bar, ...]
    private: bool = False

    @property
    def alt(self) -> str:
        return _alt(self.title, "Bar chart", tuple(one.words for one in self.bars))

    @property
    def lines(self) -> tuple[str, ...]:
        """A table of fixed width: the picture for whoever gets none."""
        head = ("", "stored", "inserted", "updated", "deleted")
        rows = [head, *(self._row(one) for one in self.bars)]
        widths = [max(len(row[column]) for row in rows) for column in range(len(head))]
        return tuple(
            "  ".join(
                cell.ljust(width) if not column else cell.rjust(width)
                for column, (cell, width) in enumerate(zip(row, widths, strict=True))
            ).rstrip()
            for row in rows
        )

    @staticmethod
    def _row(bar: Bar) -> tuple[str, ...]:
        told = (bar.inserted, bar.updated, bar.deleted)
        stored = "?" if bar.stored is None else f"{bar.stored:,}"
        return (bar.name, stored, *(f"{'' if bar.exact else '≥ '}{count:,}" for count in told))


@dataclass(frozen=True, slots=True)
class Step:
    """From `at` on, a track shows `text`. With `not_before` the change happened somewhere between the two."""

    at: datetime
    text: str
    not_before: datetime | None = None


@dataclass(frozen=True, slots=True)
class Track:
    """One line of a timeline: the value in the account, HR's value, the rule. Its steps are in order of time."""

    name: str
    steps: tuple[Step, ...]


@dataclass(frozen=True, slots=True)
class Timeline:
    """When which value held where, and when the rule changed (symptom 6). Values of a person are private."""

    title: str
    tracks: tuple[Track, ...]
    until: datetime
    """The end of the axis: when it was read."""
    private: bool = True

    @property
    def alt(self) -> str:
        return _alt(
            self.title,
            "Timeline",
            tuple(f"{track.name}: {', then '.join(_told(step) for step in track.steps)}" for track in self.tracks),
        )

    @property
    def lines(self) -> tuple[str, ...]:
        """Every step of every track in order of time."""
        steps = sorted((step.at, track.name, step) for track in self.tracks for step in track.steps)
        width = max((len(name) for _, name, _ in steps), default=0)
        return tuple(f"{_moment(at)}  {name.ljust(width)}  {step.text}" for at, name, step in steps)


Picture = Bars | Timeline


def _told(step: Step) -> str:
    since = f"between {_moment(step.not_before)} and" if step.not_before else "since"
    return f"“{step.text}” {since} {_moment(step.at)}"


def _moment(at: datetime) -> str:
    return f"{at.astimezone(UTC):%Y-%m-%d %H:%M} UTC"


def _alt(title: str, kind: str, parts: tuple[str, ...]) -> str:
    told = "; ".join(parts[:_MOST_IN_WORDS])
    more = f"; and {len(parts) - _MOST_IN_WORDS} more" if len(parts) > _MOST_IN_WORDS else ""
    return f"{kind}: {title}. {told}{more}." if told else f"{kind}: {title}."
