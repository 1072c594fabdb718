"""One table of a blocked synchronization: its counts, the file behind it, and the pattern of its changes. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final

from bot.diagnosis import measuring
from bot.diagnosis.limits import Counts, Exceeded, exceeded, only_percent
from bot.diagnosis.measuring import Compared, Values, of_kind
from bot.diagnosis.patterns import ONE_PLACE, PART_OF_A_MOVE, Match, Measures, pattern_of
from bot.diagnosis.symptoms.sync_threshold import past
from bot.diagnosis.symptoms.sync_threshold.evidence import Evidence, Table
from bot.diagnosis.symptoms.sync_threshold.past import Usual
from bot.model.change import Operation, RowChange
from bot.model.file import AgentFile

_ONE_PROPERTY: Final = 0.9
_A_PAIR: Final = 2
"""Columns that can have changed places."""
_EXPLAINED: Final = 1.25
"""So many deletions for each rejected row may come from them."""
_MOST_OF_THEM: Final = 0.8
_WHOLE: Final = 0.95
WRITTEN_SINCE: Final = timedelta(minutes=30)
"""A file that is newer than the block by more than this is another one, whatever the clocks say."""


@dataclass(frozen=True, slots=True)
class Judged:
    table: Table
    counts: Counts
    exact: bool
    match: Match
    shares: dict[str, float]
    place: str = ""


def _counts(seen: Evidence, table: Table) -> tuple[Counts, bool]:
    """Counts of one table; the task's own counters stand in where the page is not all and the table is the only one."""
    changes = table.changes.items if table.changes else ()
    exact = table.changes is not None and table.changes.exact
    own = Counts(
        table.mapping.stored,
        len(of_kind(changes, Operation.INSERT)),
        len(of_kind(changes, Operation.UPDATE)),
        len(of_kind(changes, Operation.DELETE)),
    )
    progress = seen.progress
    others_are_known = all(
        other is table or (other.changes is not None and other.changes.exact) for other in seen.tables
    )
    if progress is None or not others_are_known or seen.unread_tables:
        return own, exact
    rest = [other.changes.items for other in seen.tables if other is not table and other.changes]

    def left(whole: int | None, operation: Operation, mine: int) -> int:
        return mine if whole is None else whole - sum(len(of_kind(one, operation)) for one in rest)

    if exact:
        return _with_links(seen, table, own), True
    whole = Counts(
        table.mapping.stored,
        left(progress.inserted, Operation.INSERT, own.inserted),
        left(progress.updated, Operation.UPDATE, own.updated),
        left(progress.deleted, Operation.DELETE, own.deleted),
        progress.links_inserted or 0,
        progress.links_deleted or 0,
    )
    return whole, None not in {progress.inserted, progress.updated, progress.deleted}


def _with_links(seen: Evidence, table: Table, own: Counts) -> Counts:
    """Links are counted for the connector as a whole: they are told with its largest table."""
    if seen.progress is None or table is not seen.tables[0]:
        return own
    return replace(
        own,
        links_inserted=seen.progress.links_inserted or 0,
        links_deleted=seen.progress.links_deleted or 0,
    )


def rejected(seen: Evidence, main: Judged) -> int:
    """Rows that preparation has thrown out, where they explain the deletions; 0 where they do not."""
    file = file_of(seen, main.table)
    thrown_out = (file.null_key_rows or 0) + (file.duplicate_key_rows or 0) if file else 0
    explained = main.counts.deleted <= _EXPLAINED * thrown_out and main.counts.inserted <= main.counts.deleted // 2
    return thrown_out if explained and main.counts.deleted else 0


def file_of(seen: Evidence, table: Table) -> AgentFile | None:
    """The export file of a table: named like the table or its entity type; None where that is not one file."""
    names = {table.mapping.entity_type.lower(), table.mapping.table.lower()} - {""}
    found = [
        one
        for one in seen.files or ()
        if one.name.lower().rsplit(".", 1)[0] in names
        or (table.mapping.table and table.mapping.table.lower() in one.name.lower())
    ]
    if not found and seen.connector is not None and len(seen.tables) == 1:
        prefix = seen.connector.identifier.lower()
        found = [one for one in seen.files or () if one.name.lower().startswith(prefix)]
    return found[0] if len(found) == 1 else None


def judge_table(seen: Evidence, table: Table, before: Usual | None, now: datetime) -> Judged:
    changes = table.changes.items if table.changes else ()
    counts, exact = _counts(seen, table)
    updates = of_kind(changes, Operation.UPDATE)
    inserts, deletes = of_kind(changes, Operation.INSERT), of_kind(changes, Operation.DELETE)
    shares = measuring.property_shares(updates) if updates else {}
    name = table.mapping.entity_type
    rows = list(seen.stored or ()) if seen.stored_of == name else []
    stored: dict[str, Values] = {one.id: one.properties for one in rows}
    olds: dict[str, Values] = {
        **stored,
        **{one.id: one.properties for one in (seen.olds or () if seen.stored_of == name else ())},
    }
    compared = Compared(updates, olds)
    gone: list[Values] = [
        {**olds.get(one.resource_id, {}), **one.values} for one in deletes if one.resource_id in olds or one.values
    ]
    come: list[Values] = [one.values for one in inserts]
    place = measuring.one_place(gone or come, list(stored.values())) if (gone or come) else None
    touched = [key for key, part in shares.items() if part >= _ONE_PROPERTY]
    often = [key for key, part in shares.items() if part >= _MOST_OF_THEM]
    file = _as_read(seen, file_of(seen, table))
    names = seen.properties.get(name, ())
    measures = Measures(
        stored=counts.stored,
        inserted=counts.inserted,
        updated=counts.updated,
        deleted=counts.deleted,
        exact=exact,
        incremental=bool(seen.job and seen.job.is_incremental),
        first_load=bool(seen.job and seen.job.is_initialization),
        rows=file.rows if file else None,
        rows_before=file.previous.rows if file and file.previous else None,
        header_changed=_header_changed(file),
        last_line_cut=None if file is None or file.last_line_complete is None else not file.last_line_complete,
        property_shares=shares,
        same_key=measuring.same_key(deletes, inserts) if deletes else None,
        same_person=measuring.same_person(gone, come) if gone and come else _known_already(come, stored),
        one_place=place[0] if place else None,
        emptied=compared.emptied(updates, touched[0]) if len(touched) == 1 else None,
        swapped=compared.swapped(touched[0], touched[1]) if len(touched) == _A_PAIR else None,
        reformatted=compared.reformatted(often) if often else None,
        dates_only=bool(often) and _all_dates(updates, often),
        ended=measuring.ended(gone, now, has_end=measuring.keeps_end_dates([*names, *_names(gone)]))
        if gone and (names or any(gone))
        else None,
        starting=measuring.starting(come, now) if come else None,
        garbled=compared.garbled() if len(compared) else None,
        cosmetic=compared.cosmetic() if len(compared) else None,
        pairs_for_most=compared.pairs_for_most([key for key, part in shares.items() if part >= PART_OF_A_MOVE]),
        pairs_seen=len(compared) if updates else min(len(deletes), len(inserts)),
        tail_of_keys=measuring.end_of_keys(deletes, olds),
        links_deleted=counts.links_deleted or None,
        idle=before.idle if before else None,
        daily=before.changes if before else None,
        daily_inserted=before.inserted if before else None,
        daily_deleted=before.deleted if before else None,
        whole_run=past.total_of(seen.progress),
        only_percent=only_percent(exceeded(name, counts, table.limits) + _connector_only(seen, counts)),
    )
    common = place[1] if place and place[0] >= ONE_PLACE else ""
    return Judged(table, counts, exact, pattern_of(measures), shares, common)


def _connector_only(seen: Evidence, counts: Counts) -> list[Exceeded]:
    """Thresholds of the connector as far as one table exceeds them by itself."""
    if seen.connector is None:
        return []
    return exceeded(seen.connector.name, counts, seen.connector.limits)


def _known_already(come: Sequence[Values], stored: dict[str, Values]) -> float | None:
    """Share of the inserted rows that are stored under another key: duplicates of existing people."""
    return measuring.same_person(come, list(stored.values())) if come and stored else None


def delivered_again(seen: Evidence, main: Judged) -> bool:
    """Whether the file was written since the block and holds about as many rows as are stored."""
    file, stored = file_of(seen, main.table), main.counts.stored
    if file is None or file.rows is None or stored is None:
        return False
    return written_since(seen, file) and file.rows >= _WHOLE * stored


def written_since(seen: Evidence, file: AgentFile) -> bool:
    start = seen.task.started_at if seen.task else None
    return start is not None and file.modified_at > start + WRITTEN_SINCE


def _as_read(seen: Evidence, file: AgentFile | None) -> AgentFile | None:
    """The file that the blocked run has read: the version before, where it has been written again since."""
    if file is None or not written_since(seen, file):
        return file
    before = file.previous
    if before is None:
        return None
    return replace(file, rows=before.rows, header=before.header, last_line_complete=None, previous=None)


def _header_changed(file: AgentFile | None) -> bool | None:
    if file is None or file.header is None or file.previous is None or file.previous.header is None:
        return None
    return file.header != file.previous.header


def _names(rows: Sequence[Values]) -> set[str]:
    return {name for one in rows for name in one}


def _all_dates(updates: Sequence[RowChange], names: Sequence[str]) -> bool:
    values = [one.values[name] for one in updates[:200] for name in names if one.values.get(name)]
    return bool(values) and all(measuring.is_date(value) for value in values)
