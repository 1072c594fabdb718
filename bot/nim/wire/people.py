"""People and other resources by the property names of the site (nim-api 4.16, E10).

A property may be reached through navigations ("MainRecord.LastName"); each navigation becomes one join.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from bot.errors import NotUnderstood
from bot.model.ids import ResourceId
from bot.model.person import Person
from bot.model.value import ResourceVersion
from bot.nim.squery import (
    Condition,
    Join,
    Op,
    Path,
    Query,
    Sort,
    all_of,
    any_of,
    compare,
    equal,
    identifier,
    number,
    one_of,
    paths,
)
from bot.nim.wire.row import Row

NAME = "InternalDisplayName"
_START = ("contractstartdate", "startdate", "arrivaldate", "entrydate", "mainrecord.contractstartdate")
_END = ("contractenddate", "enddate", "departuredate", "exitdate", "mainrecord.contractenddate")
MOST_WORDS = 6
MOST_IDS = 50


@dataclass(slots=True)
class Properties:
    """Paths of properties with the joins that they need, in the order in which they were first named."""

    joins: list[Join] = field(default_factory=list)
    base: Join | None = None
    """The join behind which the properties are, where they are not the root's."""
    _known: dict[str, Join] = field(default_factory=dict)

    def path(self, name: str) -> Path:
        """Raises NotUnderstood for what cannot be the name of a property."""
        try:
            *navigations, last = [identifier(part) for part in name.split(".")]
        except ValueError as why:
            raise NotUnderstood(f"{name[:50]!r} is no name of a property.") from why
        after = self.base
        so_far = ""
        for navigation in navigations:
            so_far = f"{so_far}.{navigation}".casefold()
            if so_far not in self._known:
                self._known[so_far] = Join(navigation, f"q{len(self.joins)}", after=after)
                self.joins.append(self._known[so_far])
            after = self._known[so_far]
        return Path(last, after.alias if after else "")


def value_at(row: Row, name: str) -> str | None:
    """The value under a path of names; a navigation itself shows the name of what it leads to."""
    *navigations, last = name.split(".")
    for navigation in navigations:
        row = row.at(navigation)
    return row.text_or_none(last) if not row.at(last) else row.at(last).text_or_none(NAME)


def find(words: str, login: str, employee_id: str, shown: Sequence[str]) -> Query:
    """People whose login or number is `words`, or whose name holds each of them. Raises NotUnderstood."""
    together = " ".join(words.split())
    parts = together.split()[:MOST_WORDS]
    if not parts:
        raise NotUnderstood("Whom do you mean? Write a login, an employee number or words of the name.")
    properties = Properties()
    exact: list[Condition] = [
        one_of(properties.path(name), spellings(together)) for name in dict.fromkeys((login, employee_id)) if name
    ]
    named = all_of(*(any_of(*(compare(NAME, Op.CONTAINS, one) for one in spellings(word))) for word in parts))
    select = _select(properties, shown)
    return Query(
        select=select,
        joins=tuple(properties.joins),
        where=any_of(*exact, named),
        order=(Sort(Path(NAME)), Sort(Path("Id"))),
    )


def spellings(word: str) -> tuple[str, ...]:
    """As typed, and in the cases in which it may be stored: whether comparing tells cases apart is not documented."""
    return tuple(dict.fromkeys((word, word.lower(), word.upper(), word.title())))


def item(shown: Sequence[str], as_of: datetime | None = None) -> Query:
    properties = Properties()
    select = _select(properties, shown)
    return Query(select=select, joins=tuple(properties.joins), as_of=as_of, item=True)


def listing(
    shown: Sequence[str],
    where: Sequence[tuple[str, str]],
    ids: Sequence[str] = (),
    as_of: datetime | None = None,
) -> Query:
    """Raises NotUnderstood for more ids than a request line holds."""
    if len(ids) > MOST_IDS:
        raise NotUnderstood(f"Resources are read by at most {MOST_IDS} ids at a time.")
    properties = Properties()
    conditions: list[Condition] = [equal(properties.path(name), value) for name, value in where]
    if ids:
        conditions.append(one_of("Id", [number(one) for one in ids]))
    select = _select(properties, shown)
    where_all = all_of(*conditions) if conditions else None
    return Query(select=select, joins=tuple(properties.joins), where=where_all, as_of=as_of)


def _select(properties: Properties, shown: Sequence[str]) -> tuple[Path, ...]:
    return tuple(dict.fromkeys((*paths("Id", NAME), *(properties.path(name) for name in shown))))


def life_properties(known: Mapping[str, str]) -> tuple[str, str]:
    """The properties that hold when somebody comes and leaves, by the usual names; empty where there is none.

    `known` maps names in lower case to their own spelling.
    """
    return _first(known, _START), _first(known, _END)


def _first(known: Mapping[str, str], names: Sequence[str]) -> str:
    return next((known[name] for name in names if name in known), "")


@dataclass(frozen=True, slots=True)
class PersonFields:
    """How this site's people are read."""

    entity_type: str
    login: str
    employee_id: str
    start: str = ""
    end: str = ""
    records: str = ""
    """The navigation to a person's records, where the site has the usual one."""

    @property
    def shown(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(filter(None, (self.login, self.employee_id, self.start, self.end))))

    @property
    def read(self) -> tuple[str, ...]:
        return (*self.shown, f"{self.records}.Id") if self.records else self.shown


def person(row: Row, fields: PersonFields, read_at: datetime) -> Person:
    found = {name: value for name in fields.shown if (value := value_at(row, name)) is not None}
    moments = Row(found)
    return Person(
        id=ResourceId(row.own_id("a person")),
        entity_type=fields.entity_type,
        name=row.text(NAME) or found.get(fields.login, "") or row.text("Id"),
        login=found.get(fields.login, ""),
        employee_id=found.get(fields.employee_id, ""),
        start_date=moments.moment(fields.start) if fields.start else None,
        end_date=moments.moment(fields.end) if fields.end else None,
        records=records_in(row, fields.records) if fields.records else None,
        properties=found,
        read_at=read_at,
    )


def records_in(row: Row, navigation: str) -> tuple[ResourceId, ...]:
    """Ids of what a person's navigation leads to."""
    return tuple(ResourceId(found) for one in row.members(navigation) if (found := one.id()))


def version(
    row: Row, entity_type: str, shown: Sequence[str], *, as_of: datetime | None, read_at: datetime
) -> ResourceVersion:
    return ResourceVersion(
        id=ResourceId(row.own_id("a resource")),
        entity_type=entity_type,
        name=row.text(NAME),
        properties={name: value for name in shown if (value := value_at(row, name)) is not None},
        as_of=as_of,
        read_at=read_at,
    )
