"""Slack's limits, ours below them, and what happens to what goes over: shortened, with a count of what was left out.

Source of the numbers: slack-platform 5. Lengths are counted in UTF-16 units, as Slack's clients do; its server counts
code points, which are never more.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from bot.model.message import Block

HEADER: Final = 150
BUTTON: Final = 75
FIELD: Final = 1900
FIELDS: Final = 10
CONTEXT_TEXT: Final = 600
CONTEXT_PARTS: Final = 10
OPTION: Final = 75
VALUE: Final = 2000
URL: Final = 3000
TITLE: Final = 24
METADATA: Final = 2900
INPUT_LABEL: Final = 2000
INITIAL_VALUE: Final = 3000
PLACEHOLDER: Final = 150
ROW_OF_BUTTONS: Final = 5
TEXT: Final = 3900
"""The top-level text: `chat.update` rejects more than 4,000."""
MESSAGE_CHARACTERS: Final = 9000
"""About 13,000 characters in the blocks of one message make Slack refuse it."""
MESSAGE_BLOCKS: Final = 45
MODAL_CHARACTERS: Final = 40_000
MODAL_BLOCKS: Final = 95


@dataclass(frozen=True, slots=True)
class Caps:
    """How long the parts of one message may be. Made smaller until the whole message fits."""

    section: int = 2900
    item: int = 900
    items: int = 25

    def tighter(self) -> "Caps":
        return replace(self, section=self.section * 3 // 5, item=self.item * 3 // 5, items=max(3, self.items * 3 // 5))


TIGHTEST: Final = 8
"""After so many rounds a section holds some 50 characters: whole blocks are left out instead."""


def units(text: str) -> int:
    return len(text) if text.isascii() else len(text.encode("utf-16-le", "surrogatepass")) // 2


def cut(text: str, limit: int) -> str:
    """The longest start of the text that has at most `limit` units."""
    if units(text) <= limit:
        return text
    kept = text[:limit]
    while (over := units(kept) - limit) > 0:
        kept = kept[: -((over + 1) // 2)]
    return kept


def shorten(text: str, limit: int) -> str:
    """The text within the limit; where it is cut, it says how many characters were left out."""
    if units(text) <= limit:
        return text
    note = left_out(len(text) - limit)
    if len(note) * 3 > limit:
        return cut(text, limit - 1).rstrip() + "…"
    kept = cut(text, limit - len(note) - 4).rstrip()
    return kept + left_out(len(text) - len(kept))


def left_out(characters: int) -> str:
    return f"… ({characters:,} more characters)"


def characters(block: Any) -> int:
    """How many characters of text a block holds, wherever they stand; values and ids are not text."""
    if isinstance(block, dict):
        return sum(
            units(value) if key in _TEXTS and isinstance(value, str) else characters(value)
            for key, value in block.items()
        )
    if isinstance(block, list | tuple):
        return sum(characters(part) for part in block)
    return 0


_TEXTS: Final = frozenset({"text", "fallback", "alt_text", "initial_value", "hint"})


def fits(blocks: Sequence[Block], *, modal: bool = False, at_most: int | None = None) -> bool:
    """Whether Slack takes them together. `at_most` bounds their characters from above and saves counting them."""
    most, longest = (MODAL_BLOCKS, MODAL_CHARACTERS) if modal else (MESSAGE_BLOCKS, MESSAGE_CHARACTERS)
    if len(blocks) > most:
        return False
    return (at_most is not None and at_most <= longest) or characters(blocks) <= longest


def without_middle(blocks: Sequence[Block], *, modal: bool = False) -> list[Block]:
    """The first and the last blocks that fit together; between them a line that counts what was left out.

    What a message says first (what happened) and last (what to press, how old it is) is worth more than its middle.
    """
    most, longest = (MODAL_BLOCKS, MODAL_CHARACTERS) if modal else (MESSAGE_BLOCKS, MESSAGE_CHARACTERS)
    tail = list(blocks[-3:])
    room = longest - characters(tail) - 100
    head: list[Block] = []
    for block in blocks[:-3]:
        room -= characters(block)
        if room < 0 or len(head) + len(tail) + 1 >= most:
            break
        head.append(block)
    gone = len(blocks) - len(head) - len(tail)
    if gone <= 0:
        return list(blocks)
    note = f"… {gone} more parts do not fit here."
    return [*head, {"type": "context", "elements": [plain(note)]}, *tail]


def plain(text: str) -> Block:
    """A text object in which nothing is parsed, not even `:emoji:`."""
    return {"type": "plain_text", "text": text, "emoji": False}
