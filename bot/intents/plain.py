"""What plain words ask for. Deterministic and local: the first rule that fits decides, and none of them ever writes.

Words that ask for an action lead to the card of their thing, whose button leads on (safety rule 10). What fits two
wishes is offered as two; what fits none is not guessed.
"""

from collections.abc import Callable, Collection, Sequence
from typing import Final

from bot.intents.case import (
    IN_A_GROUP,
    MOST_OPTIONS,
    Case,
    entitlement_of,
    group_of,
    role_of,
    rule_name,
    value_thing,
)
from bot.intents.lexicon import STOPWORDS, Concept
from bot.intents.meanings import Declined, Lost, Meaning, Topic, Unsure, Wish
from bot.intents.names import Kind
from bot.intents.sentence import Sentence, concepts_of
from bot.model.intent import Verb

MOST_ASKED_FOR: Final = 3
"""Words of one sentence that are looked up as a person."""
SHORTEST_NUMBER: Final = 3
"""Digits of a number that may be an order's when it stands alone."""


def people_to_try(sentence: Sentence) -> tuple[str, ...]:
    """Words worth a look into Identity Manager: whether they name somebody changes what is meant. Likeliest first."""
    if any(one.strong for one in sentence.people) or _impersonal(sentence):
        return ()
    return tuple(dict.fromkeys(one.words for one in sentence.people))[:MOST_ASKED_FOR]


def meaning(sentence: Sentence, found: Collection[str] = ()) -> Meaning:
    """`found` are the words of `people_to_try` that name somebody."""
    case = Case(sentence, found)
    for rule in _RULES:
        meant = rule(case)
        if meant is not None:
            return meant
    return Lost()


def _impersonal(one: Sentence) -> bool:
    """Sentences about jobs, files, thresholds: nobody is meant, whatever words are left over."""
    if one.has(Concept.ACCOUNT, Concept.PRONOUN, Concept.UNBLOCK, Concept.HAS, Concept.NO_ACCOUNT, Concept.PERSON):
        return False
    if one.number_behind(Concept.ORDER, Concept.ORDERS, Concept.JOB):
        return True
    if one.has(Concept.THRESHOLD, Concept.NOTHING, Concept.UNCHANGED, Concept.SAME, Concept.UNREACHABLE):
        return True
    return one.has(
        Concept.JOB, Concept.EXPORT, Concept.SYNC, Concept.GENERATE, Concept.FULFILL, Concept.HEALTH
    ) and not (one.has(Concept.MISSING))


# --- The rules, in the order in which they are asked -----------------------------------------------------------------


def _greeting(c: Case) -> Meaning | None:
    small = all(concepts_of(word.key) & {Concept.GREETING, Concept.HELP} or word.key in STOPWORDS for word in c.s.words)
    if c.s.words and small and c.has(Concept.GREETING, Concept.HELP) and not c.s.mentions:
        return Wish(Verb.HELP)
    return None


def _declined(c: Case) -> Meaning | None:
    first = c.s.imperative
    work = c.has(Concept.JOB, Concept.SYNC, Concept.EXPORT, Concept.PROVISION, Concept.FULFILL) or c.connector or c.job
    if first is Concept.STOP and work and not c.person:
        shown = c.runs(None)
        return Declined(Topic.STOP, _options(shown))
    if c.has(Concept.RAISE) and c.has(Concept.THRESHOLD, Concept.QUOTA):
        return Declined(Topic.THRESHOLD, _options(c.runs(None)))
    if first in {Concept.REMOVE, Concept.GRANT} and (c.somebody or c.has(Concept.ACCOUNT, Concept.RIGHT)):
        shown = Wish(Verb.WHY, c.with_system) if c.somebody else Wish(Verb.ORDERS, "waiting")
        return Declined(Topic.CHANGE, _options(shown))
    return None


def _resume(c: Case) -> Meaning | None:
    if (
        not c.has(Concept.RESUME)
        and not c.s.in_turn("let", "through")
        and not any(c.s.in_turn(word, "passer") for word in ("laisser", "laissez", "laisse"))
    ):
        return None
    if c.person and not c.run and not c.has(Concept.JOB, Concept.THRESHOLD, Concept.TOO_MANY):
        return Wish(Verb.ORDER, c.with_system, 4)
    if c.order:
        return Wish(Verb.ORDER, c.order, 4)
    return c.runs(_threshold_of(c), Topic.RESUME)


def _numbered(c: Case) -> Meaning | None:
    if c.has(Concept.REQUEST) and (number := c.s.number_behind(Concept.REQUEST)):
        return Unsure((Wish(Verb.ORDER, number, 4), Wish(Verb.ACCESS, c.somebody, 8)))
    if c.order:
        if c.has(Concept.ORIGIN):
            return Wish(Verb.ORDER, c.order, 8)
        return Wish(Verb.ORDER, c.order, 4 if c.has(Concept.BLOCKED) else 5 if c.has(Concept.ERROR) else None)
    if c.run and len(c.run) > 1:
        return Wish(Verb.WHY, f"run {c.run}")
    alone = [word.key for word in c.s.words if word.key.isdigit()]
    rest = [word for word in c.s.words if not word.key.isdigit() and word.key not in STOPWORDS]
    if (
        len(alone) == 1
        and len(alone[0]) >= SHORTEST_NUMBER
        and all(concepts_of(word.key) & _AROUND_A_NUMBER for word in rest)
    ):
        return Wish(Verb.ORDER, alone[0])
    return None


_AROUND_A_NUMBER: Final = frozenset(
    {Concept.ORDER, Concept.ERROR, Concept.BLOCKED, Concept.WHY, Concept.UNBLOCK, Concept.RELAUNCH, Concept.GREETING}
)


def _two_meanings(c: Case) -> Meaning | None:
    """Words that 2.9 marks as ambiguous: pending, quota, request."""
    if c.has(Concept.QUOTA) and not c.has(Concept.THRESHOLD, Concept.ORDER, Concept.ORDERS, Concept.FULFILL):
        return Unsure((*_options(c.runs(3)), c.orders("errored", 5)))
    if (
        c.has(Concept.PENDING)
        and not c.has(Concept.REVIEW, Concept.BLOCKED, Concept.JOB, Concept.SYNC)
        and not c.person
    ):
        return Unsure((c.orders("waiting", None), c.orders("blocked", 4)))
    if c.has(Concept.REQUEST) and c.person and not c.has(Concept.ORIGIN, Concept.ERROR, Concept.UNWANTED):
        return Unsure((Wish(Verb.ORDER, c.with_system, 4), Wish(Verb.ACCESS, c.person, 8)))
    return None


def _rule(c: Case) -> Meaning | None:
    if not c.has(Concept.RULE):
        return None
    if c.person and c.has(Concept.WRONG, Concept.PROPERTY):
        return Wish(Verb.VALUE, value_thing(c), 6)
    wanted = rule_name(c)
    return Wish(Verb.RULE, wanted, 6) if wanted else None


def _act(c: Case) -> Meaning | None:
    """Relaunch, retry, unblock: the card of the thing."""
    if not c.has(Concept.RELAUNCH, Concept.UNBLOCK):
        return None
    if c.has(Concept.MUST_APPROVE) or c.both(Concept.ORIGIN, Concept.UNBLOCK):
        return None
    listed = c.has(Concept.ORDERS, Concept.ERROR, Concept.BLOCKED, Concept.REVIEW)
    if c.somebody and not (c.job and not c.person):
        return Wish(Verb.ORDER, c.with_system, 4 if c.has(Concept.UNBLOCK) else 5)
    if c.has(Concept.UNBLOCK):
        errored = c.has(Concept.ERROR, Concept.DENIED)
        return c.orders("errored" if errored else "blocked", 5 if errored else 4)
    if c.job is not None or c.has(Concept.JOB, Concept.EXPORT, Concept.SYNC) or (c.connector and not listed):
        return c.runs(1 if c.has(Concept.EXPORT) else None)
    if listed or c.has(Concept.ORDER, Concept.PROVISION, Concept.FULFILL):
        return c.orders("errored", 5)
    return c.runs(None)


def _timetable(c: Case) -> Meaning | None:
    """Questions that are no diagnoses: what runs, what comes next."""
    trouble = (Concept.ERROR, Concept.BLOCKED, Concept.MISSING, Concept.STOPPED, Concept.THRESHOLD, Concept.UNCHANGED)
    if c.has(Concept.WHY, *trouble):
        return None
    if c.has(Concept.RUNNING) and c.has(Concept.JOB, Concept.SYNC, Concept.EXPORT, Concept.PROVISION, Concept.FULFILL):
        return Wish(Verb.JOB, c.job.identifier) if c.job else Wish(Verb.JOBS, "running")
    if c.has(Concept.RUNNING) and not (c.s.people or c.s.mentions or c.has(Concept.ACCOUNT)):
        return Wish(Verb.JOBS, "running")
    if c.has(Concept.NEXT) and c.has(Concept.SYNC, Concept.EXPORT) and not c.person:
        return Wish(Verb.SYNC, c.connector, 2)
    if c.has(Concept.NEXT) and c.job is not None:
        return Wish(Verb.JOB, c.job.identifier)
    return None


def _value(c: Case) -> Meaning | None:
    moved = c.both(Concept.MOVED, Concept.STILL)
    gets = c.has(Concept.GETS) and c.s.spans.get(Concept.PROPERTY) and "=" in c.s.said(Concept.PROPERTY)
    story = (
        c.person and c.has(Concept.CHANGE, Concept.ORIGIN) and not c.has(Concept.ERROR, Concept.WANTS, Concept.RIGHT)
    )
    doubt = c.has(Concept.WRONG, Concept.STILL) or gets or story
    named = c.has(Concept.PROPERTY) or c.s.named(Kind.PROPERTY)
    if not moved and not (doubt and named):
        return None
    if c.has(Concept.UNREACHABLE) or c.both(Concept.ERROR, Concept.JOB) or c.both(Concept.UNWANTED, Concept.RIGHT):
        return None
    if c.person and c.both(Concept.IN_NIM, Concept.STILL):
        return Wish(Verb.SYNC, f"{c.connector} {c.person}".strip(), 2)
    if c.person or not c.has(Concept.IN_NIM):
        return Wish(Verb.VALUE, value_thing(c), 6)
    return Unsure((Wish(Verb.VALUE, "", 6), Wish(Verb.SYNC, c.connector, 2)))


def _threshold(c: Case) -> Meaning | None:
    if c.has(Concept.SKIPS) and (c.connector or c.has(Concept.INCREMENTAL, Concept.SYNC)):
        return Wish(Verb.SYNC, c.connector, 3)
    if c.person and not c.has(Concept.THRESHOLD):
        return None
    much = c.has(Concept.TOO_MANY, Concept.WANTS) and c.has(Concept.CHANGE, Concept.ACCOUNT, Concept.PERSON)
    sent = c.has(Concept.GENERATE, Concept.FULFILL) and c.has(Concept.STOPPED, Concept.BLOCKED)
    sent = sent and not c.has(Concept.ERROR)
    held = c.has(Concept.BLOCKED) and c.has(Concept.JOB, Concept.SYNC) and not c.has(Concept.ACCOUNT, Concept.ORDERS)
    others = (Concept.ACCOUNT, Concept.ORDER, Concept.ORDERS, Concept.REVIEW, Concept.PROVISION, Concept.MUST_APPROVE)
    held = held or (c.has(Concept.BLOCKED) and bool(c.connector) and not c.has(*others))
    if c.has(Concept.THRESHOLD) or c.both(Concept.TOO_MANY, Concept.BLOCKED) or much or sent or held:
        return c.runs(_threshold_of(c))
    return None


def _missing(c: Case) -> Meaning | None:
    if not c.has(Concept.MISSING, Concept.FRESHNESS, Concept.UNCHANGED):
        return None
    if c.has(Concept.ERROR) and c.has(Concept.ORDER, Concept.ORDERS, Concept.FULFILL, Concept.JOB, Concept.EXPORT):
        return None
    if (
        c.person
        and c.both(Concept.ACCOUNT, Concept.MISSING)
        and "nim" not in c.s.said(Concept.MISSING).casefold().split()
    ):
        return Wish(Verb.WHY, c.with_system, 4)
    if c.connector:
        group = f"{IN_A_GROUP}{named}" if c.key and (named := group_of(c)) else ""
        return Wish(Verb.SYNC, f"{c.connector} {c.key}{group}".strip(), 2)
    if c.key:
        return Wish(Verb.WHY, c.key, 2)
    return Wish(Verb.SYNC, "", 2)


def _access(c: Case) -> Meaning | None:
    if c.has(Concept.MUST_APPROVE, Concept.NO_ACCOUNT, Concept.DENIED):
        return None
    held = (c.has(Concept.HAS) or c.held_from) and not c.has(Concept.ACCOUNT, Concept.ORDER, Concept.ORDERS)
    asked = c.has(Concept.ORIGIN, Concept.UNWANTED)
    right = c.has(Concept.RIGHT) or c.s.named(Kind.ROLE)
    given = c.somebody and c.s.named(Kind.ROLE)
    if not (asked or given or (held and (right or c.somebody))):
        return None
    if c.has(Concept.ERROR, Concept.BLOCKED) and not asked:
        return None
    role = role_of(c)
    if not c.somebody and role and not c.has(Concept.PRONOUN):
        return Unsure((Wish(Verb.RULE, role, 8), Wish(Verb.ACCESS, "", 8)))
    return Wish(Verb.ACCESS, f"{c.somebody} {entitlement_of(c)}".strip() if c.somebody else "", 8)


def _held_up(c: Case) -> Meaning | None:
    """One person's account, or orders that wait for somebody."""
    blocked = c.has(Concept.REVIEW, Concept.MUST_APPROVE, Concept.NOTHING, Concept.BLOCKED, Concept.PENDING)
    who = c.somebody if c.has(Concept.MUST_APPROVE, Concept.NO_ACCOUNT, Concept.WHY) else c.person
    if not who and c.has(Concept.NO_ACCOUNT):
        who = next((one.words for one in c.s.people if one.words[:1].isupper()), "")
    if who:
        hint = 4 if blocked or c.has(Concept.NO_ACCOUNT) else 5 if c.has(Concept.ERROR, Concept.DENIED) else None
        return Wish(Verb.WHY, f"{who} {c.system}".strip(), hint)
    failed = c.has(Concept.ERROR, Concept.DENIED) and not c.has(Concept.NOTHING)
    if c.pointed and c.pointed.words[:1].isupper() and c.has(Concept.ACCOUNT) and (failed or blocked):
        listed = c.orders("errored", 5) if failed else c.orders("blocked", 4)
        return Unsure((Wish(Verb.WHY, c.with_system, listed.symptom), listed))
    if failed:
        return None
    if blocked:
        return c.orders("blocked", 4)
    if c.has(Concept.NO_ACCOUNT) or c.both(Concept.NEWCOMER, Concept.ACCOUNT):
        return Unsure((c.orders("blocked", 4), c.orders("errored", 5), Wish(Verb.SYNC, c.connector, 2)))
    return None


def _errored(c: Case) -> Meaning | None:
    about_orders = c.has(
        Concept.ORDER,
        Concept.ORDERS,
        Concept.FULFILL,
        Concept.PROVISION,
        Concept.ACCOUNT,
        Concept.SAME,
        Concept.CHANGE,
        Concept.NEWCOMER,
    )
    if c.job is not None and c.has(Concept.ERROR):
        return c.runs(5 if c.has(Concept.PROVISION, Concept.FULFILL) else None)
    if c.has(Concept.DENIED) or (c.has(Concept.ERROR) and about_orders and not c.has(Concept.UNREACHABLE, Concept.JOB)):
        return c.orders("errored", 5)
    return None


def _failed(c: Case) -> Meaning | None:
    if "no new file" in " ".join(word.key for word in c.s.words) or c.both(Concept.UNREACHABLE, Concept.FRESHNESS):
        return c.runs(1) if c.connector else Wish(Verb.SYNC, "", 1)
    work = c.has(Concept.EXPORT, Concept.UNREACHABLE, Concept.JOB, Concept.SYNC, Concept.ROLE_MODEL, Concept.GENERATE)
    if c.has(Concept.ERROR, Concept.STOPPED, Concept.UNREACHABLE) and (work or c.connector):
        return c.runs(1 if c.has(Concept.EXPORT, Concept.UNREACHABLE) else None)
    return None


def _bare(c: Case) -> Meaning | None:
    """Only a name, or a name and "why": whatever is wrong with it."""
    if c.has(Concept.HEALTH) and not c.connector and not c.job:
        return Wish(Verb.STATUS)
    if c.job is not None:
        return Wish(Verb.JOB, c.job.identifier)
    if mention := c.unclear():
        return Unsure(tuple(Wish(Verb.JOB, one.identifier) for one in mention.things[:MOST_OPTIONS]))
    if c.has(Concept.SYNC, Concept.FRESHNESS, Concept.HEALTH) and c.connector:
        return Wish(Verb.SYNC, c.connector, 2)
    if c.has(Concept.ORDERS):
        return c.orders("errored", None) if c.has(Concept.ERROR) else Unsure(_lists(c))
    if c.system:
        return Wish(Verb.WHY, c.system)
    if c.has(Concept.SYNC):
        return Wish(Verb.SYNC)
    if c.has(Concept.JOB) and not c.s.people:
        return Wish(Verb.JOBS)
    if c.has(Concept.ERROR):
        return Unsure((Wish(Verb.JOBS, "failed"), Wish(Verb.ORDERS, "errored", 5)))
    if (roles := c.s.named(Kind.ROLE)) and len(c.s.words) <= roles[0].end - roles[0].start + 2:
        return Unsure((Wish(Verb.RULE, roles[0].things[0].identifier, 8), Wish(Verb.ACCESS, "", 8)))
    return None


_RULES: Final[Sequence[Callable[[Case], Meaning | None]]] = (
    _greeting,
    _declined,
    _resume,
    _numbered,
    _two_meanings,
    _rule,
    _act,
    _timetable,
    _value,
    _threshold,
    _missing,
    _access,
    _held_up,
    _errored,
    _failed,
    _bare,
)


def _lists(c: Case) -> tuple[Wish, ...]:
    return tuple(c.orders(which, None) for which in ("errored", "blocked", "waiting"))


def _options(meant: Meaning) -> tuple[Wish, ...]:
    match meant:
        case Wish():
            return (meant,)
        case Unsure(options) | Declined(_, options):
            return options
        case Lost():
            return ()


def _threshold_of(c: Case) -> int:
    """3 where data come in, 7 where orders go out."""
    out = (Concept.PROVISION, Concept.GENERATE, Concept.FULFILL, Concept.ACCOUNT, Concept.ORDERS)
    if c.has(*out) or (c.has(Concept.WANTS, Concept.TOO_MANY) and c.has(Concept.PROPERTY)):
        return 7
    return 3
