"""Buttons. Their values and targets are made here, of intents; a template only says where a button stands.

Action ids: `nim:<verb>` for the first button of that verb in its block, `nim:<verb>:2` … for the next ones. A button
that shall redraw the message on which it stands says so: `nim:<verb>:refresh`. A link is `nim:open`.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Final

from bot.model.finding import ActionKind, Offer
from bot.model.intent import WRITING, Intent, Verb
from bot.model.message import Block
from bot.slack.budget import BUTTON, URL, VALUE, plain, shorten, units
from bot.slack.clean import neutral

PREFIX: Final = "nim:"
OPEN: Final = "nim:open"
REFRESH: Final = "refresh"

_VERBS: Final = {
    ActionKind.UNBLOCK_ONE: Verb.UNBLOCK,
    ActionKind.RELAUNCH: Verb.RELAUNCH,
    ActionKind.RELAUNCH_COMPLETE: Verb.RELAUNCH,
    ActionKind.DETAILS: Verb.DETAILS,
    ActionKind.COUNT_ALL: Verb.COUNT_ALL,
    ActionKind.TICKET_TEXT: Verb.TICKET_TEXT,
    ActionKind.ASK_OPERATOR: Verb.ASK_OPERATOR,
}
"""What works now. An offer whose action is missing here is told in words and gets no button."""
COMPLETE: Final = " complete"
"""Ends the thing of a relaunch in complete mode, as a person would type it: `relaunch JOB complete`."""
EVERYWHERE: Final = frozenset({ActionKind.DETAILS, ActionKind.TICKET_TEXT})
"""Stand on every finding already."""


@dataclass(frozen=True, slots=True)
class Press:
    """A button before it is drawn: what it says and what it wishes, or which address it opens."""

    label: str
    intent: Intent | None = None
    url: str = ""
    style: str = ""
    """"primary", "danger" or nothing."""
    suffix: str = ""
    spoken: str = ""
    """What a screen reader says where the label alone would not do."""
    possible: bool = True
    """False: the reason why not stands beside it, and the press is refused with it. It never leads a row."""

    @property
    def drawable(self) -> bool:
        """A value or an address that Slack would refuse leaves no button that works."""
        if self.intent is None:
            return self.url.startswith(("https://", "http://")) and units(self.url) <= URL
        return units(_packed(self.intent)) <= VALUE

    def action_id(self, taken: int) -> str:
        if self.intent is None:
            return OPEN if not taken else f"{OPEN}:{taken + 1}"
        parts = [f"{PREFIX}{self.intent.verb.value}", self.suffix, str(taken + 1) if taken else ""]
        return ":".join(part for part in parts if part)


@lru_cache(maxsize=1024)
def _packed(intent: Intent) -> str:
    """Every button is packed to be measured, and to be drawn; many are drawn again with each edit."""
    return intent.pack()


def verb_of(action_id: str) -> str:
    """The verb (or "open") that an action id names; empty for one that is not ours."""
    return action_id.removeprefix(PREFIX).partition(":")[0] if action_id.startswith(PREFIX) else ""


def refreshes(action_id: str) -> bool:
    """Whether the press shall redraw the message on which the button stands."""
    return action_id.split(":")[2:3] == [REFRESH]


def of_offer(offer: Offer, env: str, *, named: bool) -> Press | None:
    """The offer as a button; None when nothing stands behind it yet. `named` adds the person and the change."""
    label = f"{offer.label}: {offer.subject}" if named and offer.subject else offer.label
    if offer.action is ActionKind.OPEN:
        press = Press(label, url=offer.target)
        return press if press.drawable else None
    verb = _VERBS.get(offer.action)
    if verb is None:
        return None
    thing = offer.target
    if offer.action is ActionKind.RELAUNCH_COMPLETE and not thing.endswith(COMPLETE):
        thing += COMPLETE
    style = "danger" if offer.danger and offer.allowed else ""
    press = Press(label, Intent(verb, thing, env, offer.seen), style=style, possible=offer.allowed)
    return press if press.drawable else None


def with_one_leading(presses: Iterable[Press]) -> list[Press]:
    """One primary button at most: the first that changes something, unless that is dangerous or not possible now."""
    out = list(presses)
    writes = (number for number, press in enumerate(out) if press.intent is not None and press.intent.verb in WRITING)
    first = next(writes, None)
    if first is not None and out[first].possible and not out[first].style:
        out[first] = replace(out[first], style="primary")
    return out


def drawn(presses: Iterable[Press]) -> list[Block]:
    """Button elements with action ids that are unique among them."""
    taken: dict[str, int] = {}
    elements: list[Block] = []
    for press in presses:
        key = press.action_id(0)
        button: Block = {
            "type": "button",
            "action_id": press.action_id(taken.get(key, 0)),
            "text": plain(shorten(neutral(press.label) or "Open", BUTTON)),
        }
        taken[key] = taken.get(key, 0) + 1
        if press.intent is None:
            button["url"] = press.url
        else:
            button["value"] = _packed(press.intent)
        if press.style:
            button["style"] = press.style
        if press.spoken:
            button["accessibility_label"] = shorten(neutral(press.spoken), BUTTON)
        elements.append(button)
    return elements
