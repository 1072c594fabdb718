"""A sentence with the questions that the rules ask of it: which job, which system, who, which right."""

from collections.abc import Collection, Sequence
from typing import Final

from bot.intents.lexicon import STOPWORDS, Concept
from bot.intents.meanings import Meaning, Topic, Unsure, Wish
from bot.intents.names import Kind, Thing
from bot.intents.sentence import Mention, Person, Sentence, Word, concepts_of
from bot.model.intent import Verb

MOST_OPTIONS: Final = 3
FAILED_JOBS: Final = "jobs failed"
BLOCKED: Final = "blocked"
EXPORT: Final = "export"
IN_A_GROUP: Final = " in "
"""Stands between a login and the group that it should be in, in what `sync` takes: "AD jdoe in GRP_Finance"."""
BLOCKED_JOBS: Final = f"jobs {BLOCKED}"
"""What `why` takes for whatever failed or stopped at a threshold where nothing is named; "AD blocked", "AD export"."""
_BLOCKING: Final = frozenset({3, 7})
_LEAST_KEY: Final = 4
_HOLDS: Final = frozenset({"has", "have", "had", "hasn", "no", "a", "n"})
_AFTER_A_KEY: Final = frozenset(
    {"is", "est", "isn", "not", "n", "in", "dans", "missing", "doesn", "does", "absent", "manque", "a"}
)


class Case:
    """A sentence with the questions that the rules ask of it."""

    def __init__(self, sentence: Sentence, found: Collection[str]) -> None:
        self.s = sentence
        self.has = sentence.has
        self.both = sentence.both
        self.order = sentence.number_behind(Concept.ORDER, Concept.ORDERS, Concept.UNBLOCK)
        self.run = sentence.number_behind(Concept.JOB)
        self.job = self._one(Kind.JOB) if not self.run else None
        self.type = self._one(Kind.RESOURCE_TYPE)
        self.connector = self._connector()
        self.who = next((one for one in sentence.people if one.strong or one.words in found), None)
        number = sentence.number_behind(Concept.PERSON) or self._number_that_holds()
        self.person = self.who.words if self.who else number
        self.held_from = self._french_has()
        self.pointed = next((one for one in sentence.people if one.pointed), None)

    @property
    def somebody(self) -> str:
        """Who is meant where somebody must be: also words that only stand where a person stands."""
        return self.person or (self.pointed.words if self.pointed else "")

    @property
    def system(self) -> str:
        """The managed system that is named: a connector, else a resource type."""
        if self.type is not None and not self._typed_short(self.type):
            return self.type.identifier
        return self.connector

    @property
    def with_system(self) -> str:
        return f"{self.somebody} {self.system}".strip()

    @property
    def key(self) -> str:
        """Who or what is missed: a person, or a number that stands where a name would."""
        if self.person:
            return self.person
        for word, behind in zip(self.s.words, self.s.words[1:], strict=False):
            if word.key.isdigit() and len(word.key) >= _LEAST_KEY and behind.key in _AFTER_A_KEY:
                return word.key
        return self._object

    @property
    def _object(self) -> str:
        """The name behind "server", "group" and the like."""
        if not self.has(Concept.OBJECT):
            return ""
        start = self.s.spans[Concept.OBJECT][1]
        behind = next((one for one in self.s.people if one.start == start), None)
        return behind.words if behind is not None else ""

    def _number_that_holds(self) -> str:
        """An employee number that stands where a name would: "10010 has …", "10002 no AD account"."""
        for word, behind in zip(self.s.words, self.s.words[1:], strict=False):
            if word.key.isdigit() and len(word.key) >= _LEAST_KEY and behind.key in _HOLDS and not self.order:
                return word.key
        return ""

    def _french_has(self) -> int:
        """Where what somebody holds begins in "pourquoi jdoe a Domain Admins"; 0 for other sentences."""
        end = self.who.end if self.who else len(self.s.words)
        ahead = self.s.words[end : end + 2]
        asked = any(word.key == "pourquoi" for word in self.s.words)
        return end + 1 if asked and len(ahead) > 1 and ahead[0].key == "a" else 0

    def unclear(self) -> Mention | None:
        """A job that is named, but not clearly."""
        for mention in self.s.named(Kind.JOB):
            if not mention.sure or len(mention.things) > 1:
                return mention
        return None

    def _one(self, kind: Kind) -> Thing | None:
        for mention in self.s.named(kind):
            if len(mention.things) == 1 and (mention.sure or (kind is Kind.JOB and not self.s.named(Kind.CONNECTOR))):
                return mention.things[0]
        return None

    def _connector(self) -> str:
        for mention in self.s.named(Kind.CONNECTOR):
            return mention.things[0].identifier
        for mention in self.s.named(Kind.JOB, Kind.TASK, Kind.RESOURCE_TYPE):
            if mention.sure and mention.things[0].connector:
                return mention.things[0].connector
        return ""

    def _typed_short(self, kind: Thing) -> bool:
        """Whether the same word is a connector's too: "AD" then means the system."""
        return any(
            kind in mention.things and any(one.kind is Kind.CONNECTOR for one in mention.things)
            for mention in self.s.mentions
        )

    def runs(self, symptom: int | None, note: Topic | None = None) -> Meaning:
        """What is wrong with the job, or with the last failed run of the connector, or with whatever failed."""
        if self.run:
            return Wish(Verb.WHY, f"run {self.run}", symptom, note)
        if self.job is not None:
            return Wish(Verb.JOB, self.job.identifier, symptom, note)
        if self.connector:
            what = BLOCKED if symptom in _BLOCKING else EXPORT if self.has(Concept.EXPORT) else ""
            return Wish(Verb.WHY, f"{self.connector} {what}".strip(), symptom, note)
        if mention := self.unclear():
            return Unsure(tuple(Wish(Verb.JOB, one.identifier, symptom, note) for one in mention.things[:MOST_OPTIONS]))
        return Wish(Verb.WHY, BLOCKED_JOBS if symptom in _BLOCKING else FAILED_JOBS, symptom, note)

    def orders(self, which: str, symptom: int | None) -> Wish:
        return Wish(Verb.ORDERS, f"{which} {self.system}".strip(), symptom)


def value_thing(c: Case) -> str:
    """Person, system and property, as the command `value` takes them."""
    who = c.somebody if c.who is None else c.who.words
    if not who:
        return ""
    expected = f"= {wanted}" if (wanted := _expected(c)) else ""
    return " ".join(f"{who} {c.connector} {property_of(c)} {expected}".split())


_SHOULD_BE: Final = (("should", "be"), ("must", "be"), ("devrait", "etre"), ("doit", "etre"))
_INSTEAD: Final = frozenset({"instead", "not", "rather", "and", "but", "au", "et", "mais", "pas", "since", "depuis"})


def _expected(c: Case) -> str:
    """What somebody holds to be right: behind "should be", as far as it goes."""
    keys = [word.key for word in c.s.words]
    start = next((at + 2 for at in range(len(keys)) if tuple(keys[at : at + 2]) in _SHOULD_BE), None)
    if start is None:
        return ""
    end = start
    while end < len(keys) and keys[end] not in _INSTEAD and not (end > start and c.s.words[end].after_pause):
        end += 1
    return c.s.typed(start, end)


def property_of(c: Case) -> str:
    for mention in c.s.named(Kind.PROPERTY):
        return mention.things[0].identifier
    said = c.s.said(Concept.PROPERTY) if c.has(Concept.PROPERTY) else ""
    return "ou" if said.casefold().startswith("ou=") else said


def rule_name(c: Case) -> str:
    """A property, a role or a resource type; what is left over where the catalogue knows it under no name."""
    for mention in c.s.named(Kind.PROPERTY, Kind.ROLE):
        return f"{c.system} {mention.things[0].identifier}".strip()
    if c.has(Concept.PROPERTY):
        return f"{c.system} {property_of(c)}".strip()
    left = _likeliest(c.s.people)
    return f"{c.system} {left}".strip()


def _likeliest(people: Sequence[Person]) -> str:
    return people[0].words if people else ""


_MEMBER: Final = frozenset({"member", "membre"})
_LEADS_TO_A_GROUP: Final = frozenset({"of", "de", "du", "des", "d", "the", "la", "le", "l", "group", "groupe"})
_A_GROUP: Final = frozenset({"group", "groupe", "groups", "groupes"})


def group_of(c: Case) -> str:
    """The group behind "is a member of …"; "" where none is named."""
    words = c.s.words
    start = next((at + 1 for at, word in enumerate(words) if word.key in _MEMBER), len(words))
    while start < len(words) and words[start].key in _LEADS_TO_A_GROUP:
        start += 1
    end = start
    while end < len(words) and _of_a_group(words[end], first=end == start):
        end += 1
    return words[start].typed if end > start and words[start].quoted else c.s.typed(start, end)


def _of_a_group(word: Word, *, first: bool) -> bool:
    """Whether the group's name goes on with this word: "VPN-Users", "Finance share", not "in AD"."""
    return word.quoted or (word.key not in STOPWORDS | _A_GROUP and (first or not word.after_pause))


def role_of(c: Case) -> str:
    """The role behind "where does the role … come from"."""
    for mention in c.s.named(Kind.ROLE):
        return mention.things[0].identifier
    if not c.has(Concept.RIGHT) or c.has(Concept.UNWANTED) or not c.has(Concept.ORIGIN):
        return ""
    behind = [one for one in c.s.people if one.start == c.s.spans[Concept.RIGHT][1]]
    return _likeliest(behind)


_DRESS: Final = frozenset(
    "access acces right rights role roles group groups groupe permission permissions entitlement droit droits to for "
    "on in membership member".split()
)


def entitlement_of(c: Case) -> str:
    """What is held: behind "have", else behind the person, without the words that only say that it is a right."""
    if taken := _taken_from(c):
        return taken
    if c.has(Concept.HAS):
        start = c.s.spans[Concept.HAS][1]
    elif c.held_from:
        start = c.held_from
    elif c.who is not None and c.who.end < len(c.s.words):
        start = c.who.end
    else:
        start = 0
    for mention in c.s.named(Kind.ROLE):
        if mention.start >= start:
            return c.s.typed(mention.start, mention.end)
    away = {at for one in (Concept.ORIGIN, Concept.UNWANTED) for at in range(*c.s.spans.get(one, (0, 0)))}
    away |= set(range(c.who.start, c.who.end)) if c.who else set()
    kept = [at for at in range(start, len(c.s.words)) if at not in away and not _only_grammar(c.s.words[at])]
    bare = [at for at in kept if c.s.words[at].key not in _DRESS]
    if not bare:
        return ""
    first, last = bare[0], bare[0]
    while last + 1 < len(c.s.words) and last + 1 not in away and _goes_on(c.s.words[last + 1]):
        last += 1
    return c.s.typed(first, last + 1)


def _taken_from(c: Case) -> str:
    """ "I removed VPN full from jdoe": what stands between."""
    end = c.who.start - 1 if c.who is not None else 0
    start = c.s.spans.get(Concept.UNWANTED, (0, 0))[1]
    if end <= start or not start or c.s.words[end].key != "from":
        return ""
    kept = [at for at in range(start, end) if c.s.words[at].key not in _DRESS | STOPWORDS]
    return c.s.typed(kept[0], end) if kept else ""


def _goes_on(word: Word) -> bool:
    """Whether a name may go on with this word: "VPN full", not "VPN access", not "VPN tonight"."""
    return word.key not in _DRESS and (word.key not in STOPWORDS or word.typed[:1].isupper()) and not word.after_pause


def _only_grammar(word: Word) -> bool:
    if word.key in STOPWORDS and not word.typed[:1].isupper():
        return True
    told = concepts_of(word.key)
    return bool(told) and told.isdisjoint({Concept.RIGHT, Concept.PROPERTY, Concept.ACCOUNT})
