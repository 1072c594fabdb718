"""Markup to Block Kit: the standard XML parser, then one table of elements."""

from collections.abc import Sequence
from typing import Final
from xml.etree.ElementTree import Element, ParseError, fromstring

from bot.model.message import Block, Message, Modal
from bot.slack import budget, elements
from bot.slack.budget import shorten
from bot.slack.press import Press, with_one_leading


class BadMarkup(ValueError):
    """A template wrote something that is no message: it names the template and what is wrong in it."""


_ATTRIBUTES: Final = frozenset({"title", "submit", "close"})


def parsed(markup: str, template: str, root: str) -> Element:
    try:
        node = fromstring(markup)  # noqa: S314  # our own templates; expat resolves no outside entities
    except ParseError as why:
        line, column = why.position
        near = markup.splitlines()[line - 1][max(0, column - 40) : column + 40] if markup else ""
        raise BadMarkup(f"{template}: not well formed near {near.strip()!r} ({why})") from why
    if node.tag != root:
        raise BadMarkup(f"{template}: starts with <{node.tag}>, expected <{root}>")
    return node


def message(markup: str, presses: Sequence[Press], template: str) -> Message:
    """Raises BadMarkup."""
    root = parsed(markup, template, "Message")
    made = tuple(_blocks(root, with_one_leading(presses), template, size=len(markup)))
    return Message(_text(root, template), made)


def modal(markup: str, presses: Sequence[Press], template: str, *, callback_id: str, private_metadata: str) -> Modal:
    """Raises BadMarkup."""
    root = parsed(markup, template, "Modal")
    if strange := set(root.attrib) - _ATTRIBUTES:
        raise BadMarkup(f"{template}: <Modal> knows no {', '.join(sorted(strange))}")
    return Modal(
        title=shorten(root.get("title", "").strip(), budget.TITLE) or "nimdesk",
        blocks=tuple(_blocks(root, presses, template, modal=True, size=len(markup))),
        submit=shorten(root.get("submit", ""), budget.TITLE),
        close=shorten(root.get("close", "Close"), budget.TITLE),
        callback_id=callback_id,
        private_metadata=private_metadata,
    )


def _text(root: Element, template: str) -> str:
    try:
        text = shorten(elements.plain_text(root), budget.TEXT - 400)
    except (ValueError, KeyError) as why:
        raise BadMarkup(f"{template}: {why}") from why
    if not text:
        raise BadMarkup(f"{template}: says nothing")
    return text


def _blocks(root: Element, presses: Sequence[Press], template: str, *, modal: bool = False, size: int) -> list[Block]:
    try:
        return elements.blocks(root, presses, modal=modal, size=size)
    except KeyError as why:
        raise BadMarkup(f"{template}: unknown element or missing attribute {why}") from why
    except (ValueError, IndexError) as why:
        raise BadMarkup(f"{template}: {why}") from why
