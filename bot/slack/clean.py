"""Values from Identity Manager are hostile text: what they hold is shown, what it would do is taken away.

Nothing here depends on Slack's markup: rich text and plain text objects parse nothing. What is left is what a terminal,
a screen or an XML parser would obey: control characters, direction overrides and invisible characters.
"""

import re
from typing import Any, Final

from markupsafe import Markup

_CONTROL_PICTURES: Final = {code: 0x2400 + code for code in range(0x20) if chr(code) not in "\t\n\r"}
_REPLACEMENT: Final = 0xFFFD
_UNSEEN: Final = (
    *range(0x80, 0xA0),  # C1
    0x00AD,  # soft hyphen
    0x061C,  # Arabic letter mark
    0x115F,
    0x1160,
    0x17B4,
    0x17B5,
    0x180E,
    *range(0x200B, 0x200D),  # zero-width space and non-joiner
    0x200E,
    0x200F,
    *range(0x202A, 0x202F),  # direction embeddings and overrides
    *range(0x2060, 0x2070),  # word joiner, invisible operators, isolates
    0x3164,
    0xFEFF,
    0xFFA0,
    *range(0xFFF9, 0xFFFC),
    0xFFFE,
    0xFFFF,
)
_VISIBLE: Final = {
    **_CONTROL_PICTURES,
    0x7F: 0x2421,
    0x2028: 0x20,
    0x2029: 0x20,
    **dict.fromkeys(_UNSEEN, _REPLACEMENT),
}
_SUSPECT: Final = re.compile(
    "[^\t\n\r\x20-\x7e\u00a0-\u00ac\u00ae-\u058f\u0900-\u115e\u1161-\u17b3\u17b6-\u180d\u180f-\u200a"
    "\u2010-\u2027\u202f-\u205f\u2070-\u3163\u3165-\ud7ff]"
)
"""What may need work at all; almost every value passes by this one look."""
_LONE_JOINER: Final = re.compile("(?<![\u2600-\u27bf\ufe0f\U0001f000-\U0001faff])\u200d")
_SURROGATE: Final = re.compile("[\ud800-\udfff]")
_RIGHT_TO_LEFT: Final = re.compile(
    "[\u0590-\u05ff\u0600-\u08ff\ufb1d-\ufdff\ufe70-\ufefc\U00010800-\U00010fff\U0001e800-\U0001efff]"
)
_ISOLATE, _END_ISOLATE = "\u2068", "\u2069"


def neutral(value: str) -> str:
    """The value as it may be shown: controls as pictures, overrides and invisible characters as "�".

    A value in a right-to-left script stays as it is, isolated, so that it cannot turn around what stands beside it.
    """
    if not _SUSPECT.search(value):
        return value
    shown = _LONE_JOINER.sub("\ufffd", _SURROGATE.sub("\ufffd", value)).translate(_VISIBLE)
    return f"{_ISOLATE}{shown}{_END_ISOLATE}" if _RIGHT_TO_LEFT.search(shown) else shown


def printed(value: Any) -> Any:
    """What a template prints for `{{ value }}`: text made harmless, markup of our own untouched, nothing for None."""
    if value is None:
        return ""
    if isinstance(value, Markup):
        return value
    if isinstance(value, str):
        return neutral(value)
    return value


def escaped(text: str) -> str:
    """Plain text as Slack wants the top-level `text`: its three control characters escaped, once."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
