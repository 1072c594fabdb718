"""When 150 error texts are one error: a key that stays the same for different people (troubleshooting 3.3)."""

import hashlib
import re
from collections.abc import Iterable
from functools import lru_cache
from typing import Final

VERSION: Final = "v1"
"""Stands before every stored key: what was opened under one version is judged under it."""

NO_TEXT: Final = "no-text"

_ATTRIBUTE = r"(?:CN|OU|UID|O|L|ST|C)"
_VALUE = r"(?:\\.|[^,;:'\"<>\r\n\\])+"
_STAGE_A: Final = tuple(
    (re.compile(pattern, re.IGNORECASE), replacement)
    for pattern, replacement in (
        (r"(?m)^\s+at [\w.<>`\[\]+]+\(.*$", ""),
        (r"\b(?:trace|correlation|request|client-request)[ -]?id\b\s*[:=]?\s*\"?[\w-]{8,}\"?", "<traceid>"),
        (r"\b[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\b", "<guid>"),
        (r"\bDSID-[0-9A-F]{6,8}\b", "<dsid>"),
        (r"\b\d{4}-\d\d-\d\d[T ]\d\d:\d\d(?::\d\d(?:[.,]\d+)?)?(?:Z|[+-]\d\d:?\d\d)?", "<time>"),
        (r"\b\d{1,2}[./]\d{1,2}[./]\d{4}(?: \d\d:\d\d(?::\d\d)?)?", "<time>"),
        (rf"(?:\b{_ATTRIBUTE}={_VALUE},\s*)*\bDC=[\w-]+(?:,\s*DC=[\w-]+)*", "<dn>"),
        (rf"\b{_ATTRIBUTE}={_VALUE}(?:,\s*{_ATTRIBUTE}={_VALUE})+", "<dn>"),
        (r"\bv[0-9a-f]{3,5}\b", ""),
    )
)
_PROTECTED: Final = re.compile(
    r"AADSTS\d+|ORA-\d+|\b0x[0-9a-f]+\b|\b0000[0-9a-f]{4}\b|\b8009[0-9a-f]{4}\b|problem \d{4}"
    r"|data (?:52[5e]|53[0-3]|701|77[35])\b|\b[45]\d\d(?= ?\()|(?<=HTTP )\d{3}|(?<=Number:)\d+|\(\d{5}\)"
    r"|Att [0-9a-f]+ \(\w+\)|<\w+>",
    re.IGNORECASE,
)
_STAGE_B: Final = (
    (r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+", "<mail>"),
    (r"\b\d{1,3}(?:\.\d{1,3}){3}(?::\d+)?\b", "<ip>"),
    (r"https?://([\w.-]+)[^\s'\"]*", r"<url \1>"),
    (r"(?:[A-Za-z]:|\\\\|//)[\\/]?[^\s'\"<>:]*[\\/]([\w.-]+)", r"<path>/\1"),
    (r"(?<!\w)(['\"])(?!(?:{keep})\1)[^'\"]{1,200}\1", "<v>"),
    (r"\([^()]*\bduplicate key value is\b[^()]*\)", "<v>"),
    (r"(?<=duplicate key value is )\([^)]*\)", "<v>"),
    (r"\d+", "#"),
)
_LONGEST = 4_000
_HALF = 2_000
_NOTHING = r"(?!)"


def stage_a(text: str) -> str:
    """The text without stack frames, ids, times and distinguished names: what error patterns are matched against."""
    for pattern, replacement in _STAGE_A:
        text = pattern.sub(replacement, text)
    return re.sub(r"\s+", " ", text).strip()


def trimmed(text: str) -> str:
    """Head and tail of a text that is too long to be worth reading whole."""
    return text if len(text) <= _LONGEST else text[:_HALF] + text[-_HALF:]


@lru_cache(maxsize=64)
def _stage_b(keep: str) -> tuple[tuple[re.Pattern[str], str], ...]:
    return tuple((re.compile(p.replace("{keep}", keep), re.IGNORECASE), r) for p, r in _STAGE_B)


@lru_cache(maxsize=2048)
def cleaned(text: str) -> str:
    """A text as `stage_a` leaves it, however long it was. Kept: a page of orders is judged text by text, and again."""
    return stage_a(trimmed(text))


def group_text(text: str, property_names: Iterable[str] = ()) -> str:
    """What like errors have in common. Quoted words survive only when they are in `property_names`."""
    return _grouped(cleaned(text), frozenset(property_names))


@lru_cache(maxsize=512)
def _grouped(text: str, property_names: frozenset[str]) -> str:
    """A thousand orders that fail alike have one cleaned text: it is worked on once."""
    held: list[str] = []

    def hold(found: re.Match[str]) -> str:
        held.append(found.group(0))
        return "\x00" + chr(0xE000 + len(held) - 1)

    text = _PROTECTED.sub(hold, text.replace("\x00", " "))
    keep = "|".join(re.escape(name) for name in sorted(property_names)) or _NOTHING
    for pattern, replacement in _stage_b(keep):
        text = pattern.sub(replacement, text)
    text = re.sub("\x00(.)", lambda found: held[ord(found.group(1)) - 0xE000], text)
    return re.sub(r"\s+", " ", text).strip().lower()[:200]


def error_key(error_class: str, text: str, property_names: Iterable[str] = ()) -> str:
    """The versioned key of one error. Class alone never merges two texts: a test of one proves one text only."""
    if not text.strip():
        return f"{VERSION}:{NO_TEXT}"
    digest = hashlib.sha256(group_text(text, property_names).encode()).hexdigest()[:12]
    return f"{VERSION}:{error_class}|{digest}"
