"""The files of one folder as the protocol shows them (nim-api 9.2-F)."""

from datetime import UTC, datetime
from pathlib import PurePosixPath
from typing import Any, Final

from companion.places import Found, files_of, look_at
from companion.settings import Settings
from companion.tables import Facts, Tables

FOLDERS: Final = ("ExportOutput", "ExportCookies", "Collect", "Synchronization", "ProvisioningOrders")
_TABULAR: Final = frozenset({"ExportOutput", "Collect", "Synchronization"})
"""Folders whose files are tables: only there rows are counted and headers shown."""
_TABLE_ENDINGS: Final = (".csv", ".delta", ".txt")
_REJECTED: Final = (("nullpk", "NullKeyRows"), ("duplicates", "DuplicateKeyRows"))

Json = dict[str, Any]


class Listing:
    def __init__(self, settings: Settings, tables: Tables) -> None:
        self._settings = settings
        self._tables = tables

    def of(self, name: str) -> list[Json] | None:
        """None when the folder is not to be shown or does not exist."""
        folder = self._settings.folder(name)
        if folder is None or not folder.is_dir():
            return None
        left_out = (self._settings.previous,) if name == "Collect" else ()
        return [self._file(found, name) for found in files_of(folder, without=left_out)]

    def _file(self, found: Found, folder: str) -> Json:
        shown: Json = {"Name": found.name, **_size_and_date(found)}
        if folder not in _TABULAR or not found.name.lower().endswith(_TABLE_ENDINGS):
            return shown
        shown |= _told(self._tables.facts(found))
        if folder == "ExportOutput":
            shown |= self._context(found)
        return shown

    def _context(self, found: Found) -> Json:
        """The version before, and what the preparation threw out."""
        collect = self._settings.folder("Collect")
        if collect is None or not collect.is_dir():
            return {}
        context: Json = {}
        before = look_at(collect, f"{self._settings.previous}/{found.name}")
        if before is not None:
            facts = _told(self._tables.facts(before))
            facts.pop("LastLineComplete", None)
            context["Previous"] = {**_size_and_date(before), **facts}
        table = _table(found.name)
        keys: dict[str, None] = {}
        for ending, field in _REJECTED:
            side = look_at(collect, f"{table}.{ending}.csv")
            if side is None:
                context[field] = 0
                continue
            counted = self._tables.facts(side)
            if counted is not None:
                context[field] = counted.rows
            keys |= dict.fromkeys(self._tables.keys(side, self._settings.key_columns.get(table, 0)))
        if keys:
            context["RejectedKeys"] = list(keys)[:20]
        return context


def _table(name: str) -> str:
    path = PurePosixPath(name)
    while path.suffix.lower() in {*_TABLE_ENDINGS, ".sorted"}:
        path = path.with_suffix("")
    return path.as_posix()


def _size_and_date(found: Found) -> Json:
    modified = datetime.fromtimestamp(found.modified_ns / 1e9, UTC)
    return {"SizeBytes": found.size, "ModifiedUtc": f"{modified:%Y-%m-%dT%H:%M:%SZ}"}


def _told(facts: Facts | None) -> Json:
    if facts is None:
        return {}
    return {"Rows": facts.rows, "Header": facts.header, "LastLineComplete": facts.last_line_complete}
