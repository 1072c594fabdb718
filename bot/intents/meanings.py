"""What words can turn out to mean. No meaning writes: an action's words lead to the card of its thing."""

from dataclasses import dataclass
from enum import StrEnum

from bot.model.intent import Verb


class Topic(StrEnum):
    """What nimdesk does not do for words, and explains instead."""

    STOP = "stop"
    THRESHOLD = "threshold"
    CHANGE = "change"
    RESUME = "resume"


@dataclass(frozen=True, slots=True)
class Wish:
    """One thing that was meant. `symptom` is a hint of the phrasing; which one it is, the diagnosis says."""

    verb: Verb
    thing: str = ""
    symptom: int | None = None
    note: Topic | None = None
    """Something was asked beside it that nimdesk does not do."""


@dataclass(frozen=True, slots=True)
class Unsure:
    """Several wishes fit, best first."""

    options: tuple[Wish, ...]


@dataclass(frozen=True, slots=True)
class Declined:
    """An action that nimdesk does not take, with what it can show instead."""

    topic: Topic
    options: tuple[Wish, ...]


@dataclass(frozen=True, slots=True)
class Lost:
    """Words that fit nothing."""


Meaning = Wish | Unsure | Declined | Lost
