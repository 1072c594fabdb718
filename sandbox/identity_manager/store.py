"""The sandbox's SQLite database: creates the tables of the schema, writes and reads rows.

The world writes through the one ``connection`` (on the event loop's thread, short statements); the server reads through
``reader()`` connections in threads, which see committed rows only (WAL). Without ``transaction()`` each call
commits itself.
"""

from __future__ import annotations

import queue
import shutil
import sqlite3
import tempfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from sandbox.identity_manager.entities import ENTITIES
from sandbox.identity_manager.ids import BUILT_IN_IDS, FIRST_ID, FIRST_ID_ELSEWHERE
from sandbox.identity_manager.schema import END_OF_TIME, Entity, Field, Kind

Row = dict[str, Any]

_INTEGER_KINDS = {Kind.ID, Kind.REF, Kind.INT, Kind.BOOL}
_PLAIN = (str, int)
_READERS = 4


def to_text(moment: datetime) -> str:
    """The stored form of a date: UTC, whole seconds."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def to_datetime(text: str) -> datetime:
    """The moment of a stored date."""
    return datetime.strptime(text, "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC)


def stored(value: Any) -> Any:
    """A Python value as SQLite keeps it."""
    if isinstance(value, datetime):
        return to_text(value)
    if isinstance(value, bool):
        return int(value)
    return value


def quoted(columns: Iterable[str]) -> str:
    """Column names for SQL (``Order`` is one of them)."""
    return ", ".join(f'"{name}"' for name in columns)


class Store:
    """Rows of all entities. Entity and column names are the schema's; a wrong one raises KeyError."""

    def __init__(self, folder: Path | None = None) -> None:
        """Opens a new database in ``folder``, or in a temporary folder that ``close`` removes."""
        self._own_folder = folder is None
        self.folder = folder or Path(tempfile.mkdtemp(prefix="identity-manager-"))
        self._file = self.folder / "identity_manager.db"
        self.connection = self._connect()
        self._last_ids: dict[str, int] = {}
        self._depth = 0
        self._readers: queue.SimpleQueue[sqlite3.Connection | None] = queue.SimpleQueue()
        self._opened: list[sqlite3.Connection] = []
        for _ in range(_READERS):
            self._readers.put(None)
        for entity in ENTITIES.values():
            self._create(entity)

    def close(self) -> None:
        """Closes every connection and removes the temporary folder."""
        for connection in [*self._opened, self.connection]:
            connection.close()
        if self._own_folder:
            shutil.rmtree(self.folder, ignore_errors=True)

    # -- writing ----------------------------------------------------------------------------------------------------

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """Everything inside is committed together; may be nested (the outermost one counts)."""
        self._depth += 1
        if self._depth == 1:
            self.connection.execute("BEGIN IMMEDIATE")
        try:
            yield
        except BaseException:
            self._depth -= 1
            if self._depth == 0:
                self.connection.execute("ROLLBACK")
            raise
        self._depth -= 1
        if self._depth == 0:
            self.connection.execute("COMMIT")

    def reserve_ids(self, entity: str, count: int = 1) -> range:
        """The next ``count`` ids of an entity, from where nim-api 9.4 lets them begin."""
        last = self._last_ids.get(entity)
        if last is None:
            first = FIRST_ID.get(entity, FIRST_ID_ELSEWHERE)
            ceiling = f"WHERE Id < {BUILT_IN_IDS}" if entity in ("Job", "EntityType") else ""
            highest = self.connection.execute(f"SELECT max(Id) FROM {ENTITIES[entity].table} {ceiling}").fetchone()[0]
            last = max(first - 1, highest or 0)
        self._last_ids[entity] = last + count
        return range(last + 1, last + 1 + count)

    def next_id(self, entity: str) -> int:
        return self.reserve_ids(entity)[0]

    def insert(self, entity: str, rows: Iterable[Mapping[str, Any]]) -> list[int]:
        """Inserts rows and returns their ids; a row without Id gets the next one, an absent field its default."""
        shape = ENTITIES[entity]
        with_id = "id" in shape.fields
        known = {f.name for f in shape.fields.values()}
        given = list(rows)
        used = {name for row in given for name in row}
        if not used <= known:
            raise KeyError(f"{entity} has no {', '.join(sorted(used - known))}")
        kept = [f for f in shape.fields.values() if f.name in used or f.default is not None or f.name == "Id"]
        columns = [f.name for f in kept]
        slots = [(f.name, f.default) for f in kept]
        prepared: list[list[Any]] = []
        ids: list[int] = []
        for row in given:
            values: list[Any] = [
                default if (value := row.get(name)) is None else value if type(value) in _PLAIN else stored(value)
                for name, default in slots
            ]
            if with_id:
                if values[0] is None:
                    values[0] = self.next_id(entity)
                ids.append(values[0])
            prepared.append(values)
        marks = ",".join("?" * len(columns))
        with self.transaction():
            self.connection.executemany(f"INSERT INTO {shape.table} ({quoted(columns)}) VALUES ({marks})", prepared)
        if ids and self._last_ids.get(entity, 0) < max(ids) < BUILT_IN_IDS:
            self._last_ids[entity] = max(ids)
        return ids

    def update(self, entity: str, row_id: int, changes: Mapping[str, Any]) -> bool:
        """Changes the current version of a row in place; False when there is no such row."""
        return self.update_many(entity, [row_id], changes) == 1

    def update_many(self, entity: str, row_ids: Iterable[int], changes: Mapping[str, Any]) -> int:
        """The same changes on many current rows; returns how many there were."""
        shape = ENTITIES[entity]
        for name in changes:
            shape.fields[name.casefold()]
        current = f" AND ValidTo = '{END_OF_TIME}'" if shape.historized else ""
        assignments = ", ".join(f'"{name}" = ?' for name in changes)
        values = [stored(v) for v in changes.values()]
        with self.transaction():
            cursor = self.connection.executemany(
                f"UPDATE {shape.table} SET {assignments} WHERE Id = ?{current}", ([*values, i] for i in row_ids)
            )
        return cursor.rowcount

    def update_each(self, entity: str, changes: Iterable[tuple[int, Mapping[str, Any]]]) -> None:
        """Different changes on many current rows, in one transaction."""
        with self.transaction():
            for row_id, values in changes:
                self.update(entity, row_id, values)

    def new_version(self, entity: str, row_id: int, changes: Mapping[str, Any], at: datetime) -> bool:
        """Closes the current version at ``at`` and opens one with the changes, so that ``as of`` still sees the old
        one.

        A version that began at ``at`` itself is changed in place. False when there is no current row.
        """
        shape = ENTITIES[entity]
        moment = to_text(at)
        with self.transaction():
            found = self.connection.execute(
                f"SELECT ValidFrom FROM {shape.table} WHERE Id = ? AND ValidTo = '{END_OF_TIME}'", (row_id,)
            ).fetchone()
            if found is None:
                return False
            if found["ValidFrom"] < moment:
                columns = quoted(f.name for f in shape.fields.values() if f.name not in ("ValidFrom", "ValidTo"))
                self.connection.execute(
                    f"INSERT INTO {shape.table} ({columns}, ValidFrom, ValidTo) SELECT {columns}, ValidFrom, ? "
                    f"FROM {shape.table} WHERE Id = ? AND ValidTo = '{END_OF_TIME}'",
                    (moment, row_id),
                )
                changes = {**changes, "ValidFrom": moment}
            self.update(entity, row_id, changes)
        return True

    def close_version(self, entity: str, row_id: int, at: datetime) -> bool:
        """Ends the current version of a historized row: gone now, still there ``as of`` earlier."""
        return self.update(entity, row_id, {"ValidTo": to_text(at)})

    def delete(self, entity: str, where: str, parameters: Sequence[Any] = ()) -> int:
        """Deletes rows for good (SQL condition)."""
        with self.transaction():
            statement = f"DELETE FROM {ENTITIES[entity].table} WHERE {where}"
            return self.connection.execute(statement, [stored(p) for p in parameters]).rowcount

    # -- reading (on the writer's thread) ---------------------------------------------------------------------------

    def row(self, entity: str, row_id: int) -> Row | None:
        """The current row, or None."""
        return next(iter(self.rows(entity, "Id = ?", (row_id,))), None)

    def rows(
        self, entity: str, where: str = "", parameters: Sequence[Any] = (), *, order: str = "", limit: int | None = None
    ) -> list[Row]:
        """Current rows that meet an SQL condition, with every column (absent values are None, dates are text)."""
        shape = ENTITIES[entity]
        conditions = [f"ValidTo = '{END_OF_TIME}'"] if shape.historized else []
        if where:
            conditions.append(f"({where})")
        statement = f"SELECT * FROM {shape.table}"
        if conditions:
            statement += " WHERE " + " AND ".join(conditions)
        if order:
            statement += f" ORDER BY {order}"
        if limit is not None:
            statement += f" LIMIT {limit}"
        booleans = [f.name for f in shape.fields.values() if f.kind is Kind.BOOL]
        found = [dict(r) for r in self.connection.execute(statement, [stored(p) for p in parameters])]
        for row in found:
            for name in booleans:
                if row[name] is not None:
                    row[name] = bool(row[name])
        return found

    def count(self, entity: str, where: str = "1", parameters: Sequence[Any] = ()) -> int:
        """How many current rows meet an SQL condition."""
        shape = ENTITIES[entity]
        current = f"ValidTo = '{END_OF_TIME}' AND " if shape.historized else ""
        statement = f"SELECT count(*) FROM {shape.table} WHERE {current}({where})"
        total: int = self.connection.execute(statement, [stored(p) for p in parameters]).fetchone()[0]
        return total

    # -- reading from other threads ---------------------------------------------------------------------------------

    @contextmanager
    def reader(self) -> Iterator[sqlite3.Connection]:
        """A read-only connection for one query, for use in a thread; at most four at once."""
        connection = self._readers.get()
        if connection is None:
            connection = self._connect()
            connection.execute("PRAGMA query_only = ON")
            self._opened.append(connection)
        try:
            yield connection
        finally:
            self._readers.put(connection)

    def _connect(self) -> sqlite3.Connection:
        connection = sqlite3.connect(self._file, isolation_level=None, check_same_thread=False, timeout=10)
        connection.row_factory = sqlite3.Row
        connection.execute("PRAGMA page_size = 8192")
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = OFF")
        connection.execute("PRAGMA temp_store = MEMORY")
        connection.execute("PRAGMA cache_size = -65536")
        connection.create_function("FOLD", 1, _fold, deterministic=True)
        return connection

    def _create(self, entity: Entity) -> None:
        key = "" if entity.historized or "id" not in entity.fields else " PRIMARY KEY"
        columns = [_column(entity, f, key if f.name == "Id" else "") for f in entity.fields.values()]
        self.connection.execute(f"CREATE TABLE IF NOT EXISTS {entity.table} ({', '.join(columns)})")
        if entity.historized and "id" in entity.fields:
            self._index(entity, ("Id", "ValidTo"), unique=True)
        for columns_of_index in entity.indexes:
            self._index(entity, columns_of_index)

    def _index(self, entity: Entity, columns: Sequence[str], *, unique: bool = False) -> None:
        name = f"ix_{entity.table}_{'_'.join(columns)}"
        kind = "UNIQUE INDEX" if unique else "INDEX"
        self.connection.execute(f"CREATE {kind} IF NOT EXISTS {name} ON {entity.table} ({quoted(columns)})")

    def index_resource_column(self, column: str) -> None:
        """Makes a property column of Resource quick to filter by."""
        self._index(ENTITIES["Resource"], ("Type", column))

    def analyze(self) -> None:
        """Refreshes the planner's figures from a sample of each index; worth it once after a large load."""
        self.connection.execute("PRAGMA analysis_limit = 1000")
        self.connection.execute("ANALYZE")


def _column(entity: Entity, field: Field, suffix: str) -> str:
    if entity.name == "Resource" and field.name[0] == "C" and field.name[1:].isdigit():
        return f'"{field.name}"'
    return f'"{field.name}" {"INTEGER" if field.kind in _INTEGER_KINDS else "TEXT"}{suffix}'


def _fold(value: object) -> str | None:
    return None if value is None else str(value).casefold()
