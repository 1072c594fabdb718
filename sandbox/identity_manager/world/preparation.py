"""Prepare synchronization: reads the exported files, throws out rows without key or with a double one, finds the
changes.

Complete mode hands on everything; incremental mode hands on the system's own delta, or what differs from `previous`.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from sandbox.identity_manager.world.systems.table import Row, Table

_PAIRS = {"ad_members": ["group", "member"]}
"""Tables of links: their key is the pair."""


class PreparationError(Exception):
    """The file cannot be prepared; the text is the task's error."""


@dataclass(slots=True)
class Prepared:
    """One table ready to be synchronised. `upserts` by key; in complete mode, what is absent has been deleted."""

    table: str
    complete: bool
    upserts: dict[str, Row]
    deletes: list[str] = field(default_factory=list)
    null_rows: list[Row] = field(default_factory=list)
    duplicates: list[Row] = field(default_factory=list)
    header: list[str] = field(default_factory=list)


class Preparation:
    """Keeps the `previous` folder's content per table."""

    def __init__(self) -> None:
        self.previous: dict[str, dict[str, Row]] = {}
        self.further_keys: dict[str, tuple[str, ...]] = {}
        """table -> columns that the mapping's primary key has besides the first"""
        self._last: dict[str, tuple[Table, Prepared]] = {}
        """the table last prepared and its outcome: the very same table again has no changes"""

    def prepare(self, table: Table, expected: list[str], *, complete: bool) -> Prepared:
        """Raises PreparationError when a column of the mapping is missing."""
        for name in expected:
            if name not in table.header:
                raise PreparationError(f"Header with name '{name}' was not found. File: {table.name}.csv, row 1.")
        last = self._last.get(table.name)
        if not complete and not table.is_delta and last is not None and last[0] is table:
            before = last[1]
            return Prepared(
                table.name,
                complete=False,
                upserts={},
                null_rows=before.null_rows,
                duplicates=before.duplicates,
                header=table.header,
            )
        key_columns = _PAIRS.get(table.name, expected[:1])
        also = self.further_keys.get(table.name, ())
        kept: dict[str, Row] = {}
        result = Prepared(table.name, complete, kept, header=table.header)
        for row in table.rows:
            key = "|".join(row[name] for name in key_columns)
            if not all(row[name] for name in (*key_columns, *also)):
                result.null_rows.append(row)
            elif key in kept:
                result.duplicates.append(row)
            else:
                kept[key] = row
        for row in result.duplicates:
            kept.pop("|".join(row[name] for name in key_columns), None)
        if table.is_delta:
            result.deletes = list(table.deleted)
        elif complete:
            self.previous[table.name] = kept
        else:
            held = self.previous.get(table.name, {})
            self.previous[table.name] = kept
            result.upserts = {key: row for key, row in kept.items() if not _same(held.get(key), row)}
            result.deletes = [key for key in held if key not in kept]
        if not table.is_delta:
            self._last[table.name] = (table, result)
        return result


def _same(before: Row | None, row: Row) -> bool:
    return before is row or before == row
