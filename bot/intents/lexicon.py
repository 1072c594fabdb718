"""The words of a helpdesk and the concept that each carries: a data file, so that a word can be added without code."""

import tomllib
from collections.abc import Mapping
from enum import StrEnum, auto
from importlib.resources import files
from typing import Final


class Concept(StrEnum):
    ORDER = auto()
    ORDERS = auto()
    REQUEST = auto()
    ACCOUNT = auto()
    PERSON = auto()
    OBJECT = auto()
    PRONOUN = auto()
    JOB = auto()
    EXPORT = auto()
    SYNC = auto()
    GENERATE = auto()
    FULFILL = auto()
    PROVISION = auto()
    ROLE_MODEL = auto()
    COMPLETE = auto()
    INCREMENTAL = auto()
    ERROR = auto()
    DENIED = auto()
    UNREACHABLE = auto()
    BLOCKED = auto()
    STOPPED = auto()
    PENDING = auto()
    REVIEW = auto()
    MUST_APPROVE = auto()
    THRESHOLD = auto()
    QUOTA = auto()
    TOO_MANY = auto()
    WANTS = auto()
    CHANGE = auto()
    MISSING = auto()
    UNCHANGED = auto()
    FRESHNESS = auto()
    SKIPS = auto()
    NOTHING = auto()
    NO_ACCOUNT = auto()
    IN_NIM = auto()
    HAS = auto()
    ORIGIN = auto()
    UNWANTED = auto()
    RIGHT = auto()
    PROPERTY = auto()
    WRONG = auto()
    STILL = auto()
    MOVED = auto()
    GETS = auto()
    RULE = auto()
    WHY = auto()
    RUNNING = auto()
    NEXT = auto()
    HEALTH = auto()
    GREETING = auto()
    HELP = auto()
    NEWCOMER = auto()
    SAME = auto()
    RELAUNCH = auto()
    UNBLOCK = auto()
    RESUME = auto()
    STOP = auto()
    RAISE = auto()
    REMOVE = auto()
    GRANT = auto()


_READ: Final = tomllib.loads(files("bot.intents").joinpath("lexicon.toml").read_text("utf-8"))
WORDS: Final[Mapping[Concept, tuple[str, ...]]] = {
    Concept(name): tuple(listed) for name, listed in _READ["concepts"].items()
}
POLITE: Final = frozenset(_READ["polite"].split())
"""What may stand before a verb in the imperative."""
STOPWORDS: Final = frozenset(_READ["stopwords"].split())
"""Plain language: never a name by itself."""
SENTENCE: Final = frozenset(_READ["sentence"].split())
"""Words that a command does not have behind its verb, and a sentence does."""
OTHER_NAMES: Final[Mapping[str, tuple[str, ...]]] = {
    name: tuple(listed) for name, listed in _READ["other_names"].items()
}
"""What people call a system that the configuration knows under another name."""
