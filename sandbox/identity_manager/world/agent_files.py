"""The folders of the installation (nim-api 7.1), as files that a real companion can read.

During the virtual past only the newest and the previous version of each file are remembered; they are written when the
world goes live, with their virtual times. Afterwards every file is written at once.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from sandbox.identity_manager.world.systems.table import Table

EXPORT_OUTPUT = "Temp/ExportOutput"
EXPORT_COOKIES = "Temp/ExportCookies"
COLLECT = "Work/Collect"
PREVIOUS = "Work/Collect/previous"
SYNCHRONIZATION = "Work/Synchronization"
PROVISIONING_ORDERS = "Work/ProvisioningOrders"
LOGS = "log"


def as_csv(table: Table) -> str:
    """Semicolon-separated, quoted only where needed; deletes of a delta carry their key and nothing else."""
    header = (["Command"] if table.is_delta else []) + table.header
    lines = [";".join(header)]
    prefix = "merge;" if table.is_delta else ""
    lines += [prefix + ";".join(_cell(row.get(name, "")) for name in table.header) for row in table.rows]
    lines += [f"delete;{key}" + ";" * (len(table.header) - 1) for key in table.deleted]
    text = "\r\n".join(lines) + "\r\n"
    if table.cut:
        text = text[: -2 - len(lines[-1]) // 2]
    return text


def _cell(value: str) -> str:
    if any(c in value for c in ';"\r\n'):
        return '"' + value.replace('"', '""') + '"'
    return value


@dataclass(slots=True)
class _File:
    content: Callable[[], str]
    modified: float


@dataclass(slots=True)
class FileTree:
    """Files by path relative to `root`."""

    root: Path
    live: bool = False
    files: dict[str, _File] = field(default_factory=dict)

    def write_table(self, folder: str, table: Table, at: float, *, suffix: str = ".csv") -> str:
        path = f"{folder}/{table.name}{suffix}"
        frozen = Table(table.name, list(table.header), list(table.rows), list(table.deleted), table.is_delta, table.cut)
        self._put(path, lambda: as_csv(frozen), at)
        return path

    def write_text(self, path: str, text: str, at: float) -> None:
        self._put(path, lambda: text, at)

    def append(self, path: str, text: str, at: float) -> None:
        before = self.files.get(path)
        whole = (before.content() if before else "") + text
        self._put(path, lambda: whole, at)

    def touch(self, path: str, at: float) -> None:
        """The same content, written again."""
        if path in self.files:
            self._put(path, self.files[path].content, at)

    def move(self, path: str, target: str) -> None:
        found = self.files.pop(path, None)
        if found is not None:
            self._put(target, found.content, found.modified)
            if self.live:
                (self.root / path).unlink(missing_ok=True)

    def copy(self, path: str, target: str) -> None:
        """The same content with the same date at another place."""
        found = self.files.get(path)
        if found is not None:
            self._put(target, found.content, found.modified)

    def remove(self, path: str) -> None:
        self.files.pop(path, None)
        if self.live:
            (self.root / path).unlink(missing_ok=True)

    def go_live(self) -> None:
        for folder in (EXPORT_OUTPUT, EXPORT_COOKIES, PREVIOUS, SYNCHRONIZATION, PROVISIONING_ORDERS, LOGS):
            (self.root / folder).mkdir(parents=True, exist_ok=True)
        self.live = True
        for path, file in self.files.items():
            self._write(path, file)

    def _put(self, path: str, content: Callable[[], str], at: float) -> None:
        self.files[path] = file = _File(content, at)
        if self.live:
            self._write(path, file)

    def _write(self, path: str, file: _File) -> None:
        target = self.root / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(file.content(), encoding="utf-8", newline="")
        os.utime(target, (file.modified, file.modified))
