"""What an error text means: the first row of `error_catalogue.toml` that it matches (troubleshooting 3.1)."""

import re
import tomllib
from dataclasses import dataclass
from functools import cache, lru_cache
from importlib.resources import files
from typing import Final

from bot.diagnosis.normalise import cleaned
from bot.model.order import ChangeType

WEAK_CLASSES: Final = frozenset(
    {
        "certificate/tls",
        "target/unavailable",
        "rights/denied",
        "data/unwilling",
        "data/constraint",
        "network/ldap-local",
    }
)
"""Classes of texts that say little: any other line of the same log with a stronger class decides."""

WAIT_MINUTES: Final = {
    "network/timeout": 15,
    "quota/throttled": 15,
    "target/maintenance": 30,
}
"""How long to wait before a cause that may pass by itself is tried again; other such classes: `SHORT_WAIT_MINUTES`."""

SHORT_WAIT_MINUTES: Final = 5

_STATES_NOT_ERRORS = re.compile(r"^\s*threshold exceeded\s*$", re.IGNORECASE)
_RETRY_AFTER = re.compile(r"Retry-After['\"]?\s*[:=]\s*['\"]?(\d{1,6})", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class ErrorKind:
    """A row of the catalogue. An unknown text has the class "unknown" and no id."""

    id: str
    side: str
    """"external", "data", "product", "script", or "" where unknown."""
    error_class: str
    retry: str
    advice: str

    @property
    def family(self) -> str:
        """The part of the class before the slash: "rights" of "rights/denied"."""
        return self.error_class.partition("/")[0]

    @property
    def known(self) -> bool:
        return bool(self.id)

    @property
    def weak(self) -> bool:
        return not self.known or self.error_class in WEAK_CLASSES


UNKNOWN: Final = ErrorKind("", "", "unknown", "", "")


@dataclass(frozen=True, slots=True)
class Row:
    kind: ErrorKind
    pattern: re.Pattern[str]
    sample: str


@cache
def rows() -> tuple[Row, ...]:
    """The catalogue in its order. Raises ValueError, KeyError or re.error for a file that nobody should ship."""
    shipped = tomllib.loads((files("bot.diagnosis") / "error_catalogue.toml").read_text(encoding="utf-8"))
    return tuple(
        Row(
            ErrorKind(row["id"], row["side"], row["class"], row["retry"], row["advice"]),
            re.compile(row["pattern"], re.IGNORECASE),
            row["sample"],
        )
        for row in shipped["error"]
    )


def _first(text: str) -> ErrorKind:
    if _STATES_NOT_ERRORS.match(text):
        return UNKNOWN
    return _of_cleaned(cleaned(text))


@lru_cache(maxsize=512)
def _of_cleaned(text: str) -> ErrorKind:
    return next((row.kind for row in rows() if row.pattern.search(text)), UNKNOWN)


def _of_class(error_class: str) -> ErrorKind:
    return next(row.kind for row in rows() if row.kind.error_class == error_class)


@lru_cache(maxsize=2048)
def classify(text: str, change: ChangeType | None = None) -> ErrorKind:
    """The meaning of the error text of one order (or of one line, without `change`).

    The direction decides some texts: an object that is not there is a missing parent only for a creation, and an
    address that answers 404 is, for one order, an object that is not there.
    """
    found = _first(text)
    if change in {ChangeType.UPDATE, ChangeType.DELETE} and found.error_class == "data/parent-missing":
        return _of_class("data/not-found")
    if change is not None and found.error_class == "address/url" and "404" in text:
        return _of_class("data/not-found")
    return found


def classify_log(lines: tuple[str, ...]) -> tuple[ErrorKind, str]:
    """The meaning of a failing task's error lines (oldest first), with the line that decided it.

    The last line first, then its inner-most exception, then the first line; a weak class gives way to any stronger one.
    """
    lines = tuple(line for line in lines if line.strip())
    if not lines:
        return UNKNOWN, ""
    inner = lines[-1].rsplit("--->", 1)[-1] if "--->" in lines[-1] else ""
    order = [lines[-1], *([inner] if inner else []), lines[0], *reversed(lines[1:-1])]
    seen = [(classify(text), text) for text in order]
    for kind, text in seen:
        if not kind.weak:
            return kind, text if text != inner else lines[-1]
    return next(((kind, text) for kind, text in seen if kind.known), (UNKNOWN, lines[-1]))


def wait_minutes(kind: ErrorKind, text: str = "") -> int | None:
    """After how many minutes a retry makes sense by itself; None where only a repair helps."""
    if kind.retry != "wait":
        return None
    if asked := _RETRY_AFTER.search(text):
        return max(1, -(-int(asked.group(1)) // 60))
    return WAIT_MINUTES.get(kind.error_class, SHORT_WAIT_MINUTES)
