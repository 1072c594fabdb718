"""The environment of `phrasings.toml`, and what each phrasing is taken for there."""

import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bot.intents.command import tidy
from bot.intents.meanings import Declined, Meaning, Topic, Unsure, Wish
from bot.intents.names import Kind, Names, Thing
from bot.intents.plain import meaning, people_to_try
from bot.intents.sentence import parse

FILE = tomllib.loads((Path(__file__).parent / "phrasings.toml").read_text("utf-8"))
_KINDS = {
    "connectors": Kind.CONNECTOR,
    "jobs": Kind.JOB,
    "resource_types": Kind.RESOURCE_TYPE,
    "tasks": Kind.TASK,
    "roles": Kind.ROLE,
    "properties": Kind.PROPERTY,
}


@dataclass(frozen=True)
class Phrasing:
    text: str
    means: str
    symptom: int | None
    """The hint that is expected: None = any, 0 = none or any."""
    resume: bool


def things(environment: dict[str, Any]) -> Iterator[Thing]:
    for part, kind in _KINDS.items():
        for told in environment[part]:
            identifier, _, connector = told.partition("/")
            yield Thing(kind, identifier, connector=connector)


NAMES = Names.of(things(FILE["environment"]))
PEOPLE = frozenset(name.casefold() for name in FILE["environment"]["people"])


def phrasings() -> Iterator[Phrasing]:
    for number, listed in FILE["listed"].items():
        for one in listed:
            yield Phrasing(one["text"], one["means"], one.get("symptom", int(number)), one.get("resume", False))
    for one in FILE["further"]["all"]:
        yield Phrasing(one["text"], one["means"], one.get("symptom"), one.get("resume", False))


def understood(text: str, names: Names = NAMES) -> Meaning:
    """As the desk does it: people are looked up where the grammar asks for it."""
    sentence = parse(tidy(text), names)
    found = [words for words in people_to_try(sentence) if words.casefold() in PEOPLE]
    return meaning(sentence, found)


def told(meant: Meaning) -> str:
    """As `phrasings.toml` writes it."""
    match meant:
        case Wish():
            return f"{meant.verb.value} {meant.thing}".strip()
        case Unsure(options):
            return "choice: " + " | ".join(told(option) for option in options)
        case Declined(topic, _):
            return f"declined: {topic.value}"
        case _:
            return "lost"


def wishes(meant: Meaning) -> tuple[Wish, ...]:
    match meant:
        case Wish():
            return (meant,)
        case Unsure(options) | Declined(_, options):
            return options
        case _:
            return ()


def is_right(one: Phrasing, meant: Meaning) -> bool:
    if told(meant) != one.means:
        return False
    if one.resume and not all(wish.note is Topic.RESUME for wish in wishes(meant)):
        return False
    return not one.symptom or not wishes(meant) or any(wish.symptom == one.symptom for wish in wishes(meant))
