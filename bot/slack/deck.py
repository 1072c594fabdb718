"""What the templates get of a view: its parts, and the buttons, which they know by their numbers."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Any, Final

from bot.diagnosis.chain import stopped_at
from bot.model.answer import Answer, AnswerKind, Section
from bot.model.finding import ActionKind, Finding, Offer
from bot.model.intent import WRITING, Intent, Verb
from bot.model.view import Audience
from bot.slack import press
from bot.slack.press import Press, of_offer

MOST_GROUPS: Final = 5
MOST_OPENED: Final = 5
"""Buttons under one section of a listing; the other rows are opened by writing their command."""
NO_FINDING: Final[dict[str, Any]] = {
    "finding": None,
    "groups": [],
    "more_groups": 0,
    "offers": [],
    "closed": [],
    "stop": None,
    "waiting": [],
    "public": True,
}


class Deck:
    """The buttons of one message; a template knows them by their numbers."""

    def __init__(self, env: str) -> None:
        self._env = env
        self.presses: list[Press] = []

    def add(self, presses: Iterable[Press]) -> list[int]:
        numbers = []
        for one in presses:
            if one.drawable:
                numbers.append(len(self.presses))
                self.presses.append(one)
        return numbers

    def offers(self, offers: Iterable[Offer], *, named: bool) -> list[int]:
        return self.add(made for offer in offers if (made := of_offer(offer, self._env, named=named)) is not None)


def at_home(intent: Intent, env: str) -> Intent:
    return intent if intent.env or not env else Intent(intent.verb, intent.thing, env, intent.seen)


def sections_of(answer: Answer, deck: Deck, *, public: bool) -> list[dict[str, Any]]:
    """Listings with the buttons that open their rows."""
    return [
        {"section": part, "buttons": deck.add(openers(part, answer.env, public=public))} for part in answer.sections
    ]


def openers(section: Section, env: str, *, public: bool) -> list[Press]:
    return [
        Press(row.title, at_home(row.opens, env))
        for row in section.rows
        if row.opens is not None and not (public and row.private)
    ][:MOST_OPENED]


def tools_of(answer: Answer, audience: Audience) -> list[Press]:
    """What every answer carries: for one person to share, look closer, ask again; for a channel to see the names."""
    intent = answer.intent
    if intent is None:
        return []
    again = Press("Refresh", intent, suffix=press.REFRESH)
    if audience is Audience.CHANNEL:
        return [Press("Show me", intent.inside(Verb.SHOW_ME)), Press("Details", intent.inside(Verb.DETAILS))]
    told = answer.kind in {AnswerKind.FINDING, AnswerKind.LIST, AnswerKind.ANSWER}
    tools = [Press("Share in channel", intent.inside(Verb.SHARE))] if answer.shareable and told else []
    if answer.finding is not None:
        tools.append(Press("Ticket text", intent.inside(Verb.TICKET_TEXT)))
    if answer.requests or answer.finding is not None:
        tools.append(Press("Details", intent.inside(Verb.DETAILS)))
    if told or answer.kind is AnswerKind.UNAVAILABLE:
        tools.append(again)
    return tools


def to_operators(answer: Answer) -> list[Press]:
    """A viewer's press is never a dead end."""
    offered = any(offer.action is ActionKind.ASK_OPERATOR for offer in answer.offers)
    intent = answer.intent
    if offered or intent is None or answer.kind is not AnswerKind.REFUSED or intent.verb not in WRITING:
        return []
    return [Press("Ask an operator", intent.inside(Verb.ASK_OPERATOR))]


def parts_of(finding: Finding, deck: Deck, *, public: bool, intent: Intent | None = None) -> dict[str, Any]:
    """What `templates/findings` and the incident's card get of a finding.

    `stop` is the first broken link of its chain; `waiting` the buttons beside what may heal by itself.
    """
    shown = finding.groups[:MOST_GROUPS]
    groups = [
        {
            "group": group,
            "number": number,
            "quoted": group.sample not in {group.title, *(fact.value for fact in group.evidence)},
            "buttons": deck.offers(_real(group.offers), named=not public),
        }
        for number, group in enumerate(shown, 1)
    ]
    offered = [(offer.action, offer.target) for group in shown for offer in group.offers]
    own = [offer for offer in _real(finding.offers) if (offer.action, offer.target) not in offered]
    return {
        "finding": finding,
        "stop": stopped_at(finding.chain),
        "waiting": deck.add(_waiting(finding, intent)),
        "groups": groups,
        "more_groups": len(finding.groups) - len(shown),
        "offers": deck.offers(own, named=not public),
        "closed": _closed([*own, *(offer for group in shown for offer in group.offers)]),
        "public": public,
    }


def _waiting(finding: Finding, intent: Intent | None) -> list[Press]:
    """*Remind me if not* and *Act now*, where a later run may heal it; nothing to wait for has neither."""
    outlook = finding.outlook
    if outlook is None or not outlook.heals or outlook.next_at is None or intent is None:
        return []
    remind = replace(intent.inside(Verb.REMIND), seen=outlook.next_at.isoformat())
    presses = [Press("Remind me if not", remind)]
    offers = [*finding.offers, *(offer for group in finding.groups for offer in group.offers)]
    made = (of_offer(offer, intent.env, named=False) for offer in offers if offer.allowed)
    act = next((one for one in made if one and one.intent and one.intent.verb in WRITING), None)
    if act is not None:
        presses.append(replace(act, label="Act now", spoken=f"Act now: {act.label}"))
    return presses


def _real(offers: Sequence[Offer]) -> list[Offer]:
    """Without those that every answer carries anyway."""
    return [offer for offer in offers if offer.action not in press.EVERYWHERE]


def _closed(offers: Iterable[Offer]) -> list[str]:
    """What is not possible for this reader or at this moment, said before it is pressed."""
    lines = [f"{offer.label}: {offer.why_not}" for offer in offers if not offer.allowed and offer.why_not]
    return list(dict.fromkeys(lines))
