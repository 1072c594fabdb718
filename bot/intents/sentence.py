"""A sentence taken apart: what it speaks of, the names in it, the numbers, and the words that may be a person."""

import re
from bisect import bisect_right
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Final

from rapidfuzz import fuzz, process

from bot.intents.lexicon import OTHER_NAMES, POLITE, STOPWORDS, WORDS, Concept
from bot.intents.names import LONGEST, SHORTEST_NEAR, Kind, Names, Thing
from bot.intents.nearest import plain

MOST_WORDS: Final = 80
"""Of a long message the beginning is read; a question stands there."""
SLIP: Final = 84.0
LONGEST_PHRASE: Final = 5
_PLURALS: Final = ("", "s", "es", "e", "ed")
_TOKEN: Final = re.compile(r'"([^"]+)"|([^\s,;:!?()\[\]{}<>"|]+)')
_SPLIT: Final = re.compile(r"['/+]+")
_POSSESSIVE: Final = re.compile(r"(?:'s|s')$", re.IGNORECASE)
_ELISION: Final = re.compile(r"^(l|d|j|n|m|t|s|c|qu|jusqu|lorsqu)'(?=\w)", re.IGNORECASE)
_LOGIN: Final = re.compile(r"^(?=.*[a-z])[a-z0-9]+(?:[._\-@][a-z0-9.]+)*$", re.IGNORECASE)
_CAMEL: Final = re.compile(r"[a-z][A-Z]")
"""As properties are spelled: "extensionAttribute5"; no login is."""
_CONTRACTED: Final = frozenset(
    {"what", "who", "where", "how", "it", "that", "there", "he", "she", "when", "why", "let"}
)


_NUMBER_WORDS: Final = frozenset({"no", "n", "nr", "number", "id", "numero", "n°"})


@dataclass(frozen=True, slots=True)
class Word:
    """One word as it was typed, and as it is compared."""

    typed: str
    key: str
    token: int
    """Number of the typed token: "AD_Provisioning" is one token of two words."""
    possessive: bool = False
    quoted: bool = False
    corrected: bool = False
    after_pause: bool = False
    """A comma or the like stands before it: no name goes on over it."""


@dataclass(frozen=True, slots=True)
class Mention:
    """Words that name things of the environment; several things when they share a name."""

    things: tuple[Thing, ...]
    start: int
    end: int
    sure: bool = True
    """False where the words only begin names, or are a slip of one."""


@dataclass(frozen=True, slots=True)
class Person:
    """Words that nothing else has taken, and that may name somebody."""

    words: str
    start: int
    end: int
    strong: bool = False
    """They have the form of a person: "jdoe's", "j.doe@example.com"."""
    pointed: bool = False
    """They stand where a person stands: "of Smith", "unblock jdoe", in quotes."""


@dataclass(frozen=True, slots=True)
class Sentence:
    words: tuple[Word, ...]
    spans: Mapping[Concept, tuple[int, int]] = field(default_factory=dict)
    """What is spoken of, with the words that speak of it first."""
    mentions: tuple[Mention, ...] = ()
    people: tuple[Person, ...] = ()
    """The likeliest first."""
    imperative: Concept | None = None
    """The concept of the first word that is no politeness: "please delete …"."""

    def has(self, *concepts: Concept) -> bool:
        """Whether any of them is spoken of."""
        return any(one in self.spans for one in concepts)

    def both(self, *concepts: Concept) -> bool:
        return all(one in self.spans for one in concepts)

    def said(self, concept: Concept) -> str:
        """The words that speak of it first, as they were typed."""
        return self.typed(*self.spans[concept])

    def in_turn(self, *keys: str) -> bool:
        """Whether these words occur in this order, whatever stands between them."""
        left = iter(word.key for word in self.words)
        return all(key in left for key in keys)

    def number_behind(self, *concepts: Concept) -> str:
        """The number that stands right behind a word of one of these concepts: "order no. 771203"; "" for none."""
        for at, word in enumerate(self.words):
            if not word.key.isdigit():
                continue
            before = [one.key for one in self.words[max(0, at - 2) : at]]
            while before and before[-1] in _NUMBER_WORDS:
                before.pop()
            if before and not concepts_of(before[-1]).isdisjoint(concepts):
                return word.key
        return ""

    def named(self, *kinds: Kind) -> tuple[Mention, ...]:
        """Mentions that can be one of these kinds, narrowed to them."""
        found = []
        for mention in self.mentions:
            things = tuple(thing for thing in mention.things if thing.kind in kinds)
            if things:
                found.append(Mention(things, mention.start, mention.end, mention.sure))
        return tuple(found)

    def typed(self, start: int, end: int) -> str:
        """The words as they were typed, from one position to another."""
        tokens: dict[int, str] = {}
        for word in self.words[start:end]:
            tokens.setdefault(word.token, word.typed)
        return " ".join(tokens.values())


def _tables() -> tuple[dict[str, frozenset[Concept]], list[str], dict[str, frozenset[Concept]]]:
    whole: dict[str, set[Concept]] = {}
    begun: dict[str, set[Concept]] = {}
    for concept, listed in WORDS.items():
        for entry in listed:
            key = entry.removesuffix("*")
            if key == entry:
                whole.setdefault(key, set()).add(concept)
            elif " " not in key:
                begun.setdefault(key, set()).add(concept)
            else:
                for ending in _PLURALS:
                    whole.setdefault(key + ending, set()).add(concept)
    return (
        {key: frozenset(found) for key, found in whole.items()},
        sorted(begun),
        {key: frozenset(found) for key, found in begun.items()},
    )


_WHOLE, _STEMS, _BEGUN = _tables()
_NOTHING: Final = frozenset[Concept]()
_OURS: Final = frozenset(word for key in _WHOLE for word in key.split())
_SINGLE: Final = [key for key in {*_WHOLE, *_BEGUN} if " " not in key and len(key) >= SHORTEST_NEAR]


def concepts_of(key: str) -> frozenset[Concept]:
    """What one word, or several together, speak of."""
    found = _WHOLE.get(key, _NOTHING)
    if " " in key:
        return found
    at = bisect_right(_STEMS, key)
    while at and _STEMS[at - 1][:1] == key[:1]:
        at -= 1
        if key.startswith(_STEMS[at]):
            return found | _BEGUN[_STEMS[at]]
    return found


def parse(text: str, names: Names) -> Sentence:
    """Takes a tidy text apart. Never raises; what is not understood stays among `people`."""
    words = _corrected(_words(text), names)
    mentions = _mentions(words, names)
    taken = {at for mention in mentions for at in range(mention.start, mention.end)}
    spans = _concepts(words)
    spoken = {at for start, end in spans.values() for at in range(start, end)}
    spoken |= {at for at, word in enumerate(words) if word.key.isdigit()}
    mentions = (*mentions, *_begun(words, taken | spoken, spans, names))
    taken = {at for mention in mentions for at in range(mention.start, mention.end)}
    first = next((word for word in words if word.key not in POLITE), None)
    told = concepts_of(first.key) if first else frozenset[Concept]()
    imperative = next((one for one in _IMPERATIVES if one in told), None)
    return Sentence(
        words=tuple(words),
        spans=spans,
        mentions=mentions,
        people=_people(words, taken | spoken),
        imperative=imperative,
    )


_IMPERATIVES: Final = (Concept.STOP, Concept.RAISE, Concept.REMOVE, Concept.GRANT, Concept.RELAUNCH, Concept.UNBLOCK)


def _words(text: str) -> list[Word]:
    words: list[Word] = []
    ended = 0
    for token, found in enumerate(_TOKEN.finditer(text)):
        quoted, bare = found.group(1), found.group(2)
        pause = bool(text[ended : found.start()].strip())
        ended = found.end()
        if quoted is not None:
            words += [Word(quoted, part, token, quoted=True) for part in plain(quoted).split()]
            continue
        known = len(words)
        bare = bare.strip(".*~`_“”'…-—–").removeprefix("#")
        if elided := _ELISION.match(bare):
            words.append(Word(elided.group(), elided.group(1).casefold(), -token - 1))
            bare = bare[elided.end() :]
        owner = _POSSESSIVE.sub("", bare)
        possessive = owner != bare and owner.casefold() not in _CONTRACTED
        typed = owner if possessive else bare
        for part in (word for half in _SPLIT.split(typed) for word in plain(half).split()):
            words.append(Word(typed, part, token, possessive=possessive))
        if pause and len(words) > known:
            words[known] = replace(words[known], after_pause=True)
        if len(words) >= MOST_WORDS:
            break
    return words[:MOST_WORDS]


def _corrected(words: Iterable[Word], names: Names) -> list[Word]:
    """Slips of the finger in words that are neither ours nor a name's nor plain language."""
    kept = []
    for word in words:
        key = word.key
        ours = (
            len(key) < SHORTEST_NEAR
            or word.possessive
            or not key.isalpha()
            or _is_login(word.typed)
            or key in STOPWORDS
            or key in _OURS
            or names.known(key)
            or concepts_of(key)
        )
        if ours:
            kept.append(word)
            continue
        found = process.extractOne(key, _SINGLE, scorer=fuzz.ratio, score_cutoff=SLIP)
        better = found[0] if found is not None else names.like(key)
        named = word.typed[:1].isupper() and kept and found is not None
        kept.append(word if better is None or named else replace(word, key=better, corrected=True))
    return kept


def _mentions(words: Sequence[Word], names: Names) -> tuple[Mention, ...]:
    """Full names, the longest first from each position; a system's other names where its own is not known."""
    found: list[Mention] = []
    at = 0
    while at < len(words):
        mention = _whole_at(words, at, names)
        if mention is None:
            at += 1
        else:
            found.append(mention)
            at = mention.end
    return tuple(found)


def _whole_at(words: Sequence[Word], at: int, names: Names) -> Mention | None:
    for length in range(min(LONGEST, len(words) - at), 0, -1):
        span = words[at : at + length]
        if things := _meant(names.whole([word.key for word in span]), span):
            return Mention(things, at, at + length)
    for length in (2, 1):
        key = "".join(word.key for word in words[at : at + length])
        for other in OTHER_NAMES.get(key, ()):
            things = tuple(one for one in names.whole([other]) if one.kind is Kind.CONNECTOR)
            if things:
                return Mention(things, at, at + length)
    return None


def _meant(things: tuple[Thing, ...], span: Sequence[Word]) -> tuple[Thing, ...]:
    """A single word of plain language names a thing only where nothing else can be meant by it."""
    if len(span) > 1 or span[0].quoted or not things:
        return things
    word = span[0]
    if word.key in STOPWORDS and not word.typed.isupper():
        return ()
    if concepts_of(word.key):
        return tuple(one for one in things if one.kind is Kind.CONNECTOR) if word.typed[:1].isupper() else ()
    return things


def _concepts(words: Sequence[Word]) -> dict[Concept, tuple[int, int]]:
    """Concepts with the span where each stands first. Of phrases that begin at one word the longest counts."""
    found: dict[Concept, tuple[int, int]] = {}
    at = 0
    while at < len(words):
        step = 1
        for length in range(min(LONGEST_PHRASE, len(words) - at), 0, -1):
            told = concepts_of(" ".join(word.key for word in words[at : at + length]))
            if told and not (length == 1 and (words[at].possessive or words[at].quoted)):
                for concept in told:
                    found.setdefault(concept, (at, at + length))
                step = length
                break
        at += step
    return found


def _begun(
    words: Sequence[Word], taken: set[int], concepts: Mapping[Concept, tuple[int, int]], names: Names
) -> tuple[Mention, ...]:
    """Words that only begin names: of jobs where a job is spoken of, of resource types where an account or order is.

    "The telephony order" means the one resource type whose name has such a word.
    """
    found = []
    of_accounts = not concepts.keys().isdisjoint({Concept.ACCOUNT, Concept.NO_ACCOUNT, Concept.ORDER, Concept.ORDERS})
    for at, word in enumerate(words):
        if word.key in _MAILBOXES:
            if things := names.holding([_MAILBOX], [Kind.RESOURCE_TYPE]):
                found.append(Mention(things, at, at + 1, sure=len(things) == 1))
            continue
        if at in taken or word.possessive or len(word.key) < SHORTEST_NEAR or word.key in STOPWORDS:
            continue
        if of_accounts and len(types := names.holding([word.key], [Kind.RESOURCE_TYPE])) == 1:
            found.append(Mention(types, at, at + 1))
        elif Concept.JOB in concepts and (jobs := names.holding([word.key], [Kind.JOB])):
            found.append(Mention(jobs, at, at + 1, sure=False))
    return tuple(found)


_MAILBOX: Final = "mailbox"
_MAILBOXES: Final = frozenset({_MAILBOX, "mailboxes", "boite", "bal", "messagerie"})


def _people(words: Sequence[Word], taken: set[int]) -> tuple[Person, ...]:
    """Neighbouring words that are left over, with what speaks for each: a possessive, quotes, the look of a login."""
    groups: list[Person] = []
    at = 0
    while at < len(words):
        end = _end_of_name(words, at, taken)
        if end == at:
            at += 1
            continue
        tokens = dict.fromkeys((word.token, word.typed) for word in words[at:end])
        told = " ".join(typed for _, typed in tokens)
        strong = any(word.possessive for word in words[at:end]) or _is_login(told)
        before = words[at - 1] if at else None
        shown = before is not None and (before.key in _POINTING or Concept.UNBLOCK in concepts_of(before.key))
        pointed = shown or words[at].quoted
        groups.append(Person(told, at, end, strong, pointed))
        at = end
    return tuple(sorted(groups, key=lambda one: (not one.strong, not one.pointed, not one.words[:1].isupper())))


PARTICLES: Final = frozenset({"de", "la", "le", "du", "des", "van", "von", "der", "den", "el", "al", "di", "da", "d"})
_POINTING: Final = frozenset(
    {"of", "for", "from", "does", "did", "user", "utilisateur", "pour", "de", "d", "mr", "mrs", "mme"}
)


def _end_of_name(words: Sequence[Word], start: int, taken: set[int]) -> int:
    """Where the name that begins here ends; `start` when none begins. "Jean de la Fontaine" is one name."""
    at = start
    while at < len(words):
        if at > start and (
            words[at - 1].possessive or words[at].after_pause or words[at].quoted != words[start].quoted
        ):
            break
        if _left(words[at], at, taken):
            at += 1
            continue
        ahead = at
        while ahead < len(words) and words[ahead].key in PARTICLES:
            ahead += 1
        named = (
            start < at < ahead < len(words) and words[ahead].typed[:1].isupper() and _left(words[ahead], ahead, taken)
        )
        if not (named and words[start].typed[:1].isupper()):
            break
        at = ahead
    return at


def _left(word: Word, at: int, taken: set[int]) -> bool:
    if at in taken or word.corrected:
        return False
    return word.possessive or word.quoted or word.key not in STOPWORDS


def _is_login(typed: str) -> bool:
    """A login or an address: digits among letters, a dot or an at between them."""
    return (
        " " not in typed
        and bool(_LOGIN.match(typed))
        and bool(re.search(r"[0-9@.]", typed))
        and not _CAMEL.search(typed)
        and len(typed) >= SHORTEST_NEAR
    )
