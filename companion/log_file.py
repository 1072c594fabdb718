"""The end of a log file, however large the file is: read backwards in blocks, parsed into entries, secrets masked."""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo
from pathlib import Path
from typing import BinaryIO, Final

from companion.masking import masked

LEVELS: Final = ("Verbose", "Debug", "Information", "Warning", "Error", "Fatal")
MOST_BYTES: Final = 8 * 1024 * 1024
"""Read of one file, however few entries it yields."""
LONGEST_ENTRY: Final = 8_000
MOST_TEXT: Final = 1_000_000
_BLOCK: Final = 64 * 1024
_WORDS: Final = {
    "verbose": "Verbose",
    "trace": "Verbose",
    "vrb": "Verbose",
    "trc": "Verbose",
    "debug": "Debug",
    "dbg": "Debug",
    "information": "Information",
    "info": "Information",
    "inf": "Information",
    "warning": "Warning",
    "warn": "Warning",
    "wrn": "Warning",
    "error": "Error",
    "err": "Error",
    "fail": "Error",
    "fatal": "Fatal",
    "ftl": "Fatal",
    "critical": "Fatal",
    "crit": "Fatal",
}


@dataclass(frozen=True, slots=True)
class Entry:
    """One event; further lines of it, a stack for instance, belong to its text."""

    at: datetime | None
    level: str
    text: str


@dataclass(frozen=True, slots=True)
class Tail:
    entries: tuple[Entry, ...]
    """Oldest first."""
    truncated: bool
    """There is more before them."""


@dataclass(frozen=True, slots=True)
class Form:
    """How this installation writes its logs."""

    line: re.Pattern[str]
    encoding: str
    zone: tzinfo


def tail(path: Path, form: Form, *, most: int, min_level: str, mentions: str = "") -> Tail:
    """The last `most` entries from a level on; with `mentions`, only those that hold it as a whole word.

    An entry of an unknown level counts as information. Raises OSError.
    """
    least = LEVELS.index(min_level)
    word = re.compile(rf"(?<!\w){re.escape(mentions)}(?!\w)") if mentions else None
    kept: list[Entry] = []
    size = 0
    with path.open("rb") as file:
        lines = _Backwards(file, form.encoding)
        for entry in _entries(lines, form):
            if LEVELS.index(entry.level) < least or (word is not None and not word.search(entry.text)):
                continue
            if len(kept) >= most or size > MOST_TEXT:
                return Tail(tuple(reversed(kept)), truncated=True)
            shown = Entry(entry.at, entry.level, _shortened(masked(entry.text)))
            size += len(shown.text)
            kept.append(shown)
    return Tail(tuple(reversed(kept)), truncated=lines.gave_up)


def _shortened(text: str) -> str:
    return text if len(text) <= LONGEST_ENTRY else text[: LONGEST_ENTRY - 1] + "…"


class _Backwards:
    """The lines of a file, last first. `gave_up` when the file begins before what was read."""

    def __init__(self, file: BinaryIO, encoding: str) -> None:
        self._file = file
        self._encoding = encoding
        self.gave_up = False

    def __iter__(self) -> Iterator[str]:
        position = end = self._file.seek(0, 2)
        rest = b""
        while position > 0:
            if end - position >= MOST_BYTES:
                self.gave_up = True
                return
            step = min(_BLOCK, position)
            position -= step
            self._file.seek(position)
            parts = (self._file.read(step) + rest).split(b"\n")
            rest = parts[0]
            for part in reversed(parts[1:]):
                yield self._text(part)
        if rest:
            yield self._text(rest)

    def _text(self, line: bytes) -> str:
        return line.decode(self._encoding, errors="replace").rstrip("\r").lstrip("\ufeff")


def _entries(lines: _Backwards, form: Form) -> Iterator[Entry]:
    """Entries, last first: lines that begin none belong to the one before them."""
    following: list[str] = []
    for line in lines:
        begun = _beginning(line, form)
        if begun is None:
            if line.strip() or following:
                following.append(line)
            continue
        yield Entry(begun.at, begun.level, "\n".join([begun.text, *reversed(following)]).rstrip())
        following = []
    if following and not lines.gave_up:
        yield Entry(None, "Information", "\n".join(reversed(following)).strip())


def _beginning(line: str, form: Form) -> Entry | None:
    if line.startswith("{"):
        return _compact(line, form)
    found = form.line.match(line)
    if found is None:
        return None
    return Entry(_moment(found["time"], form), _level(found["level"]), found["text"])


def _compact(line: str, form: Form) -> Entry | None:
    """Serilog's compact JSON: one object a line, with its time under @t."""
    try:
        told = json.loads(line)
    except ValueError:
        return None
    if not isinstance(told, dict) or "@t" not in told:
        return None
    texts = (str(told[name]) for name in ("@m", "@mt", "@x") if told.get(name) and not (name == "@mt" and "@m" in told))
    return Entry(_moment(str(told["@t"]), form), _level(str(told.get("@l", "Information"))), "\n".join(texts))


def _level(word: str) -> str:
    return _WORDS.get(word.lower(), "Information")


def _moment(text: str, form: Form) -> datetime | None:
    tidy = re.sub(r"\s+(?=[+-]\d\d:?\d\d$|Z$)", "", text.strip().replace(",", "."))
    try:
        found = datetime.fromisoformat(tidy)
    except ValueError:
        return None
    return (found if found.tzinfo else found.replace(tzinfo=form.zone)).astimezone(UTC)
