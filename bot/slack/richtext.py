"""Inline markup as Slack's rich text, in which nothing is parsed: a value is a leaf and stays one."""

import re
from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any, Final
from xml.etree.ElementTree import Element

from bot.model.message import Block
from bot.slack.budget import Caps, cut, left_out, units

Leaf = dict[str, Any]
Style = tuple[str, ...]

STYLES: Final = {"b": "bold", "i": "italic", "s": "strike", "code": "code"}
INLINE: Final = frozenset({*STYLES, "br", "time", "a", "user", "channel"})
_SPACES: Final = re.compile(r"[ \t\r\n]+")
_FORMATS: Final = {
    "": ("{date_short_pretty} at {time}", "%-d %b %Y, %H:%M UTC"),
    "time": ("{time}", "%H:%M UTC"),
    "seconds": ("{time_secs}", "%H:%M:%S UTC"),
    "date": ("{date_short_pretty}", "%-d %b %Y"),
}


def moment(node: Element) -> tuple[int, str, str]:
    """Timestamp, Slack's format and the fallback, which names its zone, of a `<time at="…" format="…"/>`."""
    return _moment(int(node.attrib["at"]), node.get("format", ""))


@lru_cache(maxsize=256)
def _moment(at: int, shape: str) -> tuple[int, str, str]:
    shown, written = _FORMATS[shape]
    when = datetime.fromtimestamp(at, UTC)
    return at, shown, when.strftime(written.replace("%-d", str(when.day)))


def _text(text: str, style: Style) -> Leaf:
    leaf: Leaf = {"type": "text", "text": text}
    if style:
        leaf["style"] = dict.fromkeys(style, True)
    return leaf


def _inside(text: str | None, style: Style) -> Iterator[Leaf]:
    """Blanks run together as in HTML, except in code, where only line breaks do."""
    if text:
        yield _text(text.replace("\n", " ") if "code" in style else one_line(text), style)


def one_line(text: str) -> str:
    return _SPACES.sub(" ", text) if "\n" in text or "  " in text or "\t" in text or "\r" in text else text


def _date(node: Element, style: Style) -> Leaf:  # noqa: ARG001  # every leaf has the same signature
    at, shown, fallback = moment(node)
    return {"type": "date", "timestamp": at, "format": shown, "fallback": fallback}


def _link(node: Element, style: Style) -> Leaf:
    url, label = node.get("href", ""), _SPACES.sub(" ", "".join(node.itertext())).strip()
    if not re.match(r"https?://", url) or units(url) > 3000:  # noqa: PLR2004  # slack-platform 5.3
        return _text(label or url or " ", style)
    return {"type": "link", "url": url, "text": label or url}


_LEAVES: Final[dict[str, Callable[[Element, Style], Leaf]]] = {
    "br": lambda _, style: _text("\n", style),
    "time": _date,
    "a": _link,
    "user": lambda node, _: {"type": "user", "user_id": node.attrib["id"]},
    "channel": lambda node, _: {"type": "channel", "channel_id": node.attrib["id"]},
}


def inline(node: Element, style: Style = ()) -> Iterator[Leaf]:
    """The leaves of an element's content, unmerged."""
    yield from _inside(node.text, style)
    for child in node:
        yield from of(child, style)
        yield from _inside(child.tail, style)


def of(child: Element, style: Style = ()) -> Iterator[Leaf]:
    if child.tag in STYLES:
        yield from inline(child, (*style, STYLES[child.tag]))
    elif child.tag in _LEAVES:
        yield _LEAVES[child.tag](child, style)
    else:
        raise ValueError(f"<{child.tag}> cannot stand inside text")


def merged(leaves: Iterable[Leaf]) -> list[Leaf]:
    """Neighbours of one style joined, blanks at the ends and around line breaks gone, nothing empty left."""
    out: list[Leaf] = []
    fresh = True
    for leaf in leaves:
        if leaf["type"] != "text":
            out.append(leaf)
            fresh = False
            continue
        plain = "code" not in leaf.get("style", {})
        text = leaf["text"].lstrip(" " if out else " \n") if fresh and plain else leaf["text"]
        if text == "\n" and plain and out and out[-1]["type"] == "text":
            out[-1] = {**out[-1], "text": out[-1]["text"].rstrip(" ")}
        if not text:
            continue
        fresh = plain and text.endswith((" ", "\n"))
        if out and out[-1]["type"] == "text" and out[-1].get("style") == leaf.get("style"):
            out[-1] = {**out[-1], "text": out[-1]["text"] + text}
        else:
            out.append({**leaf, "text": text})
    while out and out[-1]["type"] == "text" and "code" not in out[-1].get("style", {}):
        text = out[-1]["text"].rstrip(" \n")
        if text:
            out[-1] = {**out[-1], "text": text}
            break
        out.pop()
    return [leaf for leaf in out if leaf.get("text") != ""]


def length(leaves: Iterable[Leaf]) -> int:
    return sum(_length(leaf) for leaf in leaves)


def _length(leaf: Leaf) -> int:
    return units(leaf.get("text") or leaf.get("fallback") or "a person")


def within(leaves: list[Leaf], limit: int) -> list[Leaf]:
    """The leaves up to `limit` units, with a count of the characters that were left out."""
    if length(leaves) <= limit:
        return leaves
    note = 32
    kept: list[Leaf] = []
    room = max(limit - note, 1)
    gone = 0
    for leaf in leaves:
        size = _length(leaf)
        if gone == 0 and size <= room:
            kept.append(leaf)
            room -= size
        elif gone == 0 and leaf["type"] == "text":
            text = cut(leaf["text"], room)
            gone = len(leaf["text"]) - len(text)
            if text:
                kept.append({**leaf, "text": text})
        else:
            gone += size
    return [*kept, _text(left_out(gone), ("italic",))]


def _section(leaves: list[Leaf], kind: str = "rich_text_section") -> Block:
    return {"type": kind, "elements": leaves}


def preformatted(node: Element, limit: int) -> Block | None:
    text = "".join(node.itertext()).strip("\n")
    return _section(within([_text(text, ())], limit), "rich_text_preformatted") if text else None


def listing(node: Element, caps: Caps) -> Block | None:
    """A list; what goes over the number of its items is counted in a last one."""
    items = [leaves for item in node.findall("li") if (leaves := merged(inline(item)))]
    if not items:
        return None
    shown = [_section(within(leaves, caps.item)) for leaves in items[: caps.items]]
    if (over := len(items) - caps.items) > 0:
        shown.append(_section([_text(f"… and {over} more", ("italic",))]))
    style = "ordered" if node.tag == "ol" else "bullet"
    return {"type": "rich_text_list", "style": style, "elements": shown}


def rich_text(node: Element, caps: Caps) -> Block | None:
    """A block of paragraphs, lists, quotes and preformatted text; None when nothing is in it."""
    elements: list[Block] = []
    running: list[Leaf] = list(_inside(node.text, ()))
    room = caps.section

    def flush(*, more: bool) -> None:
        nonlocal running
        leaves = merged(running)
        running = []
        if leaves:
            if elements and elements[-1]["type"] == "rich_text_section" and more:
                leaves = [_text("\n", ()), *leaves]
            add(_section(within(leaves, max(room, 40))))

    def add(element: Block | None) -> None:
        nonlocal room
        if element is not None:
            elements.append(element)
            room -= _size(element)

    for child in node:
        if child.tag in INLINE:
            running += of(child)
        elif child.tag in _BLOCKS_OF_TEXT:
            flush(more=True)
            add(_BLOCKS_OF_TEXT[child.tag](child, caps, max(room, 40)))
        else:
            raise ValueError(f"<{child.tag}> cannot stand in <{node.tag}>")
        running += _inside(child.tail, ())
    flush(more=True)
    return {"type": "rich_text", "elements": elements} if elements else None


def _quote(node: Element, caps: Caps, limit: int) -> Block | None:
    leaves = merged(inline(node))
    return _section(within(leaves, min(limit, caps.section)), "rich_text_quote") if leaves else None


_BLOCKS_OF_TEXT: Final[dict[str, Callable[[Element, Caps, int], Block | None]]] = {
    "ul": lambda node, caps, _: listing(node, caps),
    "ol": lambda node, caps, _: listing(node, caps),
    "pre": lambda node, _, limit: preformatted(node, limit),
    "blockquote": _quote,
}


def _size(element: Block) -> int:
    return sum(_size(part) if part["type"].startswith("rich_text") else _length(part) for part in element["elements"])
