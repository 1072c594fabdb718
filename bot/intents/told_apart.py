"""A command told apart from a sentence that begins with the same word: "job AD Provisioning", "job is blocked"."""

from typing import Final

from bot.intents.case import IN_A_GROUP
from bot.intents.lexicon import SENTENCE, STOPWORDS, Concept
from bot.intents.nearest import plain
from bot.intents.sentence import PARTICLES, concepts_of
from bot.model.intent import Verb

_OF_PEOPLE: Final = frozenset({Verb.USER})
"""A name may hold a word that is grammar elsewhere: Will, An, Le."""
_FINITE: Final = frozenset("is isn are was were has hasn have had does doesn did didn cannot est sont n ne not".split())
_OF_NAMES: Final = frozenset({Verb.USER, Verb.ACCESS, Verb.VALUE})
_FREE: Final = STOPWORDS - PARTICLES
"""Plain language that no name has; "de la" and the like stand in names."""
_WITH_STATES: Final = frozenset({Verb.ORDERS, Verb.JOBS})
_STATES: Final = frozenset(
    {"errored", "error", "errors", "failed", "blocked", "waiting", "pending", "running", "bloqués", "erreurs"}
)
_TROUBLE: Final = frozenset(
    {Concept.ERROR, Concept.BLOCKED, Concept.STOPPED, Concept.DENIED, Concept.PENDING, Concept.SKIPS, Concept.THRESHOLD}
)


def is_command(rest: str, verb: Verb) -> bool:
    """Whether the words behind a verb are a thing, as a command has it, and not the rest of a sentence."""
    if verb is Verb.SYNC:
        rest = rest.replace(IN_A_GROUP, " ")
    words = [plain(word.strip(",;:.")) for word in rest.replace("'", " ").replace("’", " ").split()]
    if not words:
        return True
    grammar = sum(word in SENTENCE for word in words)
    if rest.rstrip().endswith(("?", "!")) or grammar > (verb in _OF_PEOPLE) or not _FINITE.isdisjoint(words):
        return False
    if verb in _WITH_STATES and words[0] in _STATES:
        return True
    if verb in {Verb.RULE, Verb.HELP, Verb.ENV}:
        return True
    if any(concepts_of(word) & _TROUBLE for word in words):
        return verb in _OF_PEOPLE
    return verb in _OF_NAMES or not any(word in _FREE for word in words)


def is_known(word: str) -> bool:
    """Whether it is a word of plain language or of a helpdesk, and so no slip of a command."""
    key = plain(word)
    return key in STOPWORDS or bool(concepts_of(key))
