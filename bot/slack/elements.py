"""The table of elements: which Block Kit each element of the markup becomes."""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final
from xml.etree.ElementTree import Element

from bot.model.message import Block
from bot.slack import budget, press
from bot.slack.budget import Caps, plain, shorten
from bot.slack.clean import escaped
from bot.slack.press import Press
from bot.slack.richtext import moment, rich_text

_SPACES: Final = re.compile(r"\s+")
_FORMATS_NOTHING: Final = re.compile(r"[^*_~`<>&@#:]+")
"""A label in which mrkdwn finds nothing to format may be bold; any other goes into plain text."""


_SPOKEN: Final[Mapping[str, Callable[[Element], str]]] = {
    "time": lambda node: moment(node)[2],
    "user": lambda _: "a colleague",
    "channel": lambda _: "a channel",
    "br": lambda _: " ",
}
"""What plain text says for an element that only Slack can fill in."""


@dataclass(frozen=True, slots=True)
class Making:
    """What the elements of one message share while they become blocks."""

    caps: Caps
    presses: Sequence[Press] = ()


def words(node: Element) -> str:
    return " ".join("".join(_spoken(node)).split())


def _spoken(node: Element) -> Iterator[str]:
    if node.tag in _SPOKEN:
        yield _SPOKEN[node.tag](node)
    yield node.text or ""
    for child in node:
        yield from _spoken(child)
        yield child.tail or ""


def header(node: Element, _: Making) -> list[Block]:
    text = words(node)
    return [{"type": "header", "text": plain(shorten(text, budget.HEADER))}] if text else []


def section(node: Element, making: Making) -> list[Block]:
    fields = node.findall("Field")
    if fields:
        return [
            {"type": "section", "fields": [_field(field) for field in some]} for some in _batched(fields, budget.FIELDS)
        ]
    block = rich_text(node, making.caps)
    return [block] if block else []


def _field(node: Element) -> Block:
    """A label and a code span, in which mrkdwn parses nothing; plain text where the label itself could format."""
    label, value = node.attrib["label"], words(node).replace("`", "ˋ") or "(empty)"
    value = shorten(value, budget.FIELD - budget.units(label) - 8)
    if _FORMATS_NOTHING.fullmatch(label):
        return {"type": "mrkdwn", "text": f"*{label}*\n`{escaped(value)}`", "verbatim": True}
    return plain(f"{label}\n{value}")


def context(node: Element, _: Making) -> list[Block]:
    """Small print: runs of plain text, and moments in the reader's own time zone."""
    parts: list[Block] = []
    run = ""
    for child, text in _runs(node):
        if child is None:
            run += text
            continue
        parts += _run(run, after=bool(parts))
        run = ""
        at, shown, fallback = moment(child)
        parts.append({"type": "mrkdwn", "text": f"<!date^{at}^{shown}|{escaped(fallback)}>", "verbatim": True})
    parts += _run(run, after=bool(parts))
    if len(parts) > budget.CONTEXT_PARTS:
        over = len(parts) - budget.CONTEXT_PARTS + 1
        parts = [*parts[: budget.CONTEXT_PARTS - 1], plain(f"… and {over} more")]
    return [{"type": "context", "elements": parts}] if parts else []


def _runs(node: Element) -> Iterator[tuple[Element | None, str]]:
    yield None, node.text or ""
    for child in node:
        if child.tag == "time":
            yield child, ""
        elif child.tag == "br":
            yield None, " "
        else:
            yield None, words(child)
        yield None, child.tail or ""


def _run(text: str, *, after: bool) -> list[Block]:
    """`after` another part the dot between them stays; before one, Slack's own gap is enough."""
    text = _SPACES.sub(" ", text).strip().rstrip(" ·")
    text = text if after else text.lstrip("· ")
    return [plain(shorten(text, budget.CONTEXT_TEXT))] if text else []


def actions(node: Element, making: Making) -> list[Block]:
    """Rows of buttons; more than a row holds goes on in the next one."""
    chosen = [making.presses[int(button.attrib["n"])] for button in node.findall("Button")]
    return [{"type": "actions", "elements": press.drawn(some)} for some in _batched(chosen, budget.ROW_OF_BUTTONS)]


def divider(_: Element, __: Making) -> list[Block]:
    return [{"type": "divider"}]


def image(node: Element, _: Making) -> list[Block]:
    alt = shorten(words(node) or node.get("alt", "picture"), 1900)
    if file_id := node.get("file"):
        return [{"type": "image", "slack_file": {"id": file_id}, "alt_text": alt}]
    return [{"type": "image", "image_url": node.attrib["src"], "alt_text": alt}]


def text_input(node: Element, _: Making) -> list[Block]:
    """`<Input name label hint placeholder max optional multiline>initial value</Input>`"""
    name = node.attrib["name"]
    element: Block = {"type": "plain_text_input", "action_id": name, "multiline": node.get("multiline") == "yes"}
    if initial := (node.text or "").strip("\n"):
        element["initial_value"] = shorten(initial, budget.INITIAL_VALUE)
    if longest := node.get("max"):
        element["max_length"] = int(longest)
    if placeholder := node.get("placeholder"):
        element["placeholder"] = plain(shorten(placeholder, budget.PLACEHOLDER))
    return [_labelled(node, element)]


def tick(node: Element, _: Making) -> list[Block]:
    """`<Tick name label>what is confirmed</Tick>`: one box that must be ticked."""
    option: Block = {"text": plain(shorten(words(node), budget.OPTION)), "value": "yes"}
    element: Block = {"type": "checkboxes", "action_id": node.attrib["name"], "options": [option]}
    return [_labelled(node, element)]


def _labelled(node: Element, element: Block) -> Block:
    block: Block = {
        "type": "input",
        "block_id": node.attrib["name"],
        "label": plain(shorten(node.attrib["label"], budget.INPUT_LABEL)),
        "element": element,
        "optional": node.get("optional") == "yes",
    }
    if hint := node.get("hint"):
        block["hint"] = plain(shorten(hint, budget.INPUT_LABEL))
    return block


def _batched(items: Sequence[Element] | Sequence[Press], size: int) -> Iterator[list]:  # type: ignore[type-arg]
    for start in range(0, len(items), size):
        yield list(items[start : start + size])


BLOCKS: Final[Mapping[str, Callable[[Element, Making], list[Block]]]] = {
    "Header": header,
    "Section": section,
    "Context": context,
    "Actions": actions,
    "Divider": divider,
    "Image": image,
    "Input": text_input,
    "Tick": tick,
}


def blocks(root: Element, presses: Sequence[Press], *, modal: bool = False, size: int) -> list[Block]:
    """The root's children as blocks that fit into one message or modal; `size` is the markup's length."""
    caps = Caps()
    at_most = size + budget.BUTTON * len(presses)
    made: list[Block] = []
    for _ in range(budget.TIGHTEST):
        making = Making(caps, presses)
        made = [block for child in root for block in BLOCKS[child.tag](child, making)]
        if budget.fits(made, modal=modal, at_most=at_most):
            return made
        caps = caps.tighter()
    return budget.without_middle(made, modal=modal)


def plain_text(root: Element) -> str:
    """The whole message in words, for notifications, screen readers and the fallback: one line a part, no buttons."""
    lines = [line for child in root for line in _lines(child)]
    return "\n".join(lines)


def _lines(node: Element) -> Iterator[str]:
    if node.tag in {"Actions", "Divider"}:
        return
    if node.tag == "Image":
        yield words(node) or node.get("alt", "")
        return
    fields = node.findall("Field")
    if fields:
        yield from (f"{field.attrib['label']}: {words(field)}" for field in fields)
        return
    run: list[str] = [node.text or ""]
    for child in node:
        if child.tag in {"ul", "ol", "pre", "blockquote", "br"}:
            yield from _line(run)
            run = []
            yield from _block_lines(child)
        else:
            run.append("".join(_spoken(child)))
        run.append(child.tail or "")
    yield from _line(run)


def _block_lines(node: Element) -> Iterator[str]:
    if node.tag in {"ul", "ol"}:
        yield from (f"• {words(item)}" for item in node.findall("li"))
    elif node.tag == "pre":
        yield from (line for line in "".join(node.itertext()).splitlines() if line.strip())
    else:
        yield from _line(["".join(_spoken(node))])


def _line(run: Sequence[str]) -> Iterator[str]:
    if text := " ".join("".join(run).split()):
        yield text
