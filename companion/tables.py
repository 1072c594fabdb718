"""Facts of exported tables: how many rows, which header, whether the last line is whole. Never their content.

A file is read in a stream, and once for each of its versions.
"""

import codecs
import csv
import threading
from collections import OrderedDict
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from companion.places import Found

LONGEST_HEADER: Final = 2_000
MOST_KEYS: Final = 20
LARGEST: Final = 4 * 1024**3
_CHUNK: Final = 1024 * 1024
_REMEMBERED: Final = 2_000
_MARKS: Final = ((codecs.BOM_UTF8, "utf-8"), (codecs.BOM_UTF16_LE, "utf-16-le"), (codecs.BOM_UTF16_BE, "utf-16-be"))


@dataclass(frozen=True, slots=True)
class Facts:
    rows: int
    """Without the header. A line break inside quotation marks begins no row."""
    header: str
    last_line_complete: bool


class Tables:
    """Facts by file version, counted when they are first asked for."""

    def __init__(self) -> None:
        self._known: OrderedDict[tuple[str, int, int], Facts] = OrderedDict()
        self._keys: OrderedDict[tuple[str, int, int, int], tuple[str, ...]] = OrderedDict()
        self._one_at_a_time = threading.Lock()
        self.counted = 0
        """Files read so far."""

    def facts(self, found: Found) -> Facts | None:
        """None for what is too large, cannot be read, or changed while it was read."""
        version = (str(found.path), found.size, found.modified_ns)
        with self._one_at_a_time:
            if version not in self._known:
                if found.size > LARGEST:
                    return None
                try:
                    facts = _count(found.path)
                    told = found.path.stat()
                except OSError:
                    return None
                self.counted += 1
                if (told.st_size, told.st_mtime_ns) != (found.size, found.modified_ns):
                    return None
                self._known[version] = facts
                while len(self._known) > _REMEMBERED:
                    self._known.popitem(last=False)
            return self._known[version]

    def keys(self, found: Found, column: int) -> tuple[str, ...]:
        """The first different values of the key column, at most `MOST_KEYS`; of a table of rejected rows only."""
        version = (str(found.path), found.size, found.modified_ns, column)
        with self._one_at_a_time:
            if version not in self._keys:
                try:
                    self._keys[version] = _first_keys(found.path, column)
                except (OSError, csv.Error, UnicodeError):
                    return ()
                while len(self._keys) > _REMEMBERED:
                    self._keys.popitem(last=False)
            return self._keys[version]


def _chunks(path: Path) -> Iterator[bytes]:
    """The file as UTF-8 without a byte order mark."""
    with path.open("rb") as file:
        start = file.read(4)
        mark, encoding = next(((mark, name) for mark, name in _MARKS if start.startswith(mark)), (b"", "utf-8"))
        file.seek(len(mark))
        if encoding == "utf-8":
            while chunk := file.read(_CHUNK):
                yield chunk
            return
        decoder = codecs.getincrementaldecoder(encoding)(errors="replace")
        while chunk := file.read(_CHUNK):
            yield decoder.decode(chunk).encode()


def _count(path: Path) -> Facts:
    lines, quoted, last = 0, False, b"\n"
    header = bytearray()
    in_header = True
    pending = False
    for chunk in _chunks(path):
        for position, part in enumerate(chunk.split(b'"')):
            if position:
                quoted = not quoted
                pending = True
                if in_header:
                    header += b'"'
            if quoted or not part:
                if in_header:
                    header += part
                continue
            if in_header:
                first, broken, _ = part.partition(b"\n")
                header += first
                in_header = not broken
            lines += part.count(b"\n")
            pending = bool(part.rpartition(b"\n")[2].strip()) or (pending and b"\n" not in part)
        last = chunk[-1:] or last
    whole = last == b"\n" and not quoted
    rows = lines + (1 if pending else 0) - 1
    text = bytes(header[: LONGEST_HEADER * 4]).decode("utf-8", errors="replace").rstrip("\r")
    return Facts(max(rows, 0), text[:LONGEST_HEADER], whole)


def _first_keys(path: Path, column: int) -> tuple[str, ...]:
    found: dict[str, None] = {}
    with path.open(encoding=_encoding(path), errors="replace", newline="") as file:
        first = file.readline()
        separator = max(";,\t|", key=first.count)
        for row in csv.reader(file, delimiter=separator):
            if len(row) > column and row[column].strip():
                found[row[column].strip()[:200]] = None
            if len(found) >= MOST_KEYS:
                break
    return tuple(found)


def _encoding(path: Path) -> str:
    with path.open("rb") as file:
        start = file.read(4)
    names = {"utf-8": "utf-8-sig", "utf-16-le": "utf-16", "utf-16-be": "utf-16"}
    return next((names[name] for mark, name in _MARKS if start.startswith(mark)), "utf-8")
