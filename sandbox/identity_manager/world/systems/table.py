"""Tables as they lie in export files, and what can go wrong with such a file on its way."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

Row = dict[str, str]


@dataclass(slots=True)
class Table:
    """One exported table: a header and rows by column. `command` rows (deletes of a delta) carry their key only."""

    name: str
    header: list[str]
    rows: list[Row]
    deleted: list[str] = field(default_factory=list)
    is_delta: bool = False
    cut: bool = False
    """the file ends in the middle of its last line"""


@dataclass(frozen=True, slots=True)
class FileFault:
    """What happened to a delivered file. `kind` is a key of FILE_FAULTS."""

    kind: str
    table: str
    columns: tuple[str, ...] = ()
    keys: tuple[str, ...] = ()
    number: int = 0
    text: str = ""


def _truncated(table: Table, fault: FileFault) -> None:
    table.rows = table.rows[: fault.number]


def _renamed(table: Table, fault: FileFault) -> None:
    old, new = fault.columns
    table.header = [new if name == old else name for name in table.header]
    table.rows = [{(new if name == old else name): value for name, value in row.items()} for row in table.rows]


def _swapped(table: Table, fault: FileFault) -> None:
    """The two names change places in the header; the data below stay where they were."""
    one, other = fault.columns
    exchanged = {one: other, other: one}
    table.header = [exchanged.get(name, name) for name in table.header]
    table.rows = [{exchanged.get(name, name): value for name, value in row.items()} for row in table.rows]


def _emptied(table: Table, fault: FileFault) -> None:
    for row in table.rows:
        for column in fault.columns:
            row[column] = ""


def _iso_dates(table: Table, fault: FileFault) -> None:
    for row in table.rows:
        for column in fault.columns:
            if row[column]:
                day, month, year = row[column].split("/")
                row[column] = f"{year}-{month}-{day}"


def _zeros_stripped(table: Table, fault: FileFault) -> None:
    for row in table.rows:
        for column in fault.columns:
            row[column] = row[column].lstrip("0") or row[column]


def _without_rows(table: Table, fault: FileFault) -> None:
    key = table.header[0]
    gone = set(fault.keys)
    table.rows = [row for row in table.rows if row[key] not in gone]


def _without_keys(table: Table, fault: FileFault) -> None:
    key = table.header[0]
    lost = set(fault.keys)
    for row in table.rows:
        if row[key] in lost:
            row[key] = ""


def _doubled(table: Table, fault: FileFault) -> None:
    key = table.header[0]
    table.rows += [dict(row) for row in table.rows if row[key] in fault.keys]


def _misread(table: Table, fault: FileFault) -> None:
    for row in table.rows:
        for column in fault.columns or tuple(table.header):
            row[column] = row[column].encode("utf-8").decode("cp1252", errors="replace")


def _upper_case(table: Table, fault: FileFault) -> None:
    for row in table.rows:
        for column in fault.columns:
            row[column] = row[column].upper()


def _only(table: Table, fault: FileFault) -> None:
    (column,) = fault.columns
    table.rows = [row for row in table.rows if row.get(column) != fault.text]


FILE_FAULTS: dict[str, Callable[[Table, FileFault], None]] = {
    "truncate": _truncated,
    "rename-column": _renamed,
    "swap-columns": _swapped,
    "empty-columns": _emptied,
    "iso-dates": _iso_dates,
    "strip-zeros": _zeros_stripped,
    "omit-rows": _without_rows,
    "omit-where": _only,
    "blank-keys": _without_keys,
    "double-rows": _doubled,
    "wrong-encoding": _misread,
    "upper-case": _upper_case,
}


def delivered(table: Table, faults: Sequence[FileFault]) -> Table:
    """The table as it arrives."""
    mine = [fault for fault in faults if fault.table == table.name]
    if not mine:
        return table
    copy = Table(table.name, list(table.header), [dict(row) for row in table.rows], list(table.deleted), table.is_delta)
    for fault in mine:
        FILE_FAULTS[fault.kind](copy, fault)
    return copy
