"""Plain words in one environment: its names are the vocabulary, and people are looked up where the grammar asks."""

import asyncio
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from bot.desk.command import Asking
from bot.diagnosis.reading import Reads
from bot.errors import NimError
from bot.intents.meanings import Declined, Meaning, Topic, Unsure, Wish
from bot.intents.names import Kind, Names, Thing
from bot.intents.nearest import plain
from bot.intents.plain import meaning, people_to_try
from bot.intents.sentence import parse
from bot.intents.told import told_in
from bot.model.answer import Answer, AnswerKind, Choice
from bot.model.ids import ConnectorId, JobId
from bot.model.intent import Intent, Verb
from bot.model.job import Connector, Job, Step, Task
from bot.model.order import ResourceType
from bot.model.person import Person
from bot.ports import Catalogue, NimReads

LOOKED_AT: Final = 5
"""People that are read to see whether words name one of them in full."""
MANY: Final = 2_000
"""Names from which on the vocabulary is prepared beside the event loop."""

_RESUME: Final = """\
I resume nothing: past a threshold, an approver looks at the changes and resumes the run in Identity Manager, under \
Job Results.\
"""
_STOP: Final = """\
A job is cancelled in Identity Manager, under Job Execution; it ends after its current task. Nothing was stopped.\
"""
_THRESHOLD: Final = """\
A threshold holds back what a wrong file would delete. Whoever configures the connector may change it, after somebody \
has looked at the changes. Nothing was changed.\
"""
_CHANGE: Final = """\
They follow from HR, from rules and from requests: change it there, or request it in Identity Manager. \
Nothing was changed.\
"""
NOTES: Final = {Topic.RESUME: _RESUME}
_DECLINED: Final = {
    Topic.STOP: ("I do not stop jobs.", _STOP),
    Topic.THRESHOLD: ("I do not change thresholds.", _THRESHOLD),
    Topic.CHANGE: ("I do not change accounts or rights by myself.", _CHANGE),
    Topic.RESUME: ("I do not resume jobs.", _RESUME),
}
_FIRST_STEPS: Final = (Wish(Verb.STATUS), Wish(Verb.JOBS, "failed"), Wish(Verb.ORDERS, "errored"))


@dataclass(frozen=True, slots=True)
class Heard:
    """What was meant; `note` is said beside the answer."""

    wish: Intent | Answer
    note: str = ""
    nim: NimReads | None = None
    """What has looked up the people who were named: the answer goes on with it."""


class Hearing:
    """Remembers each environment's vocabulary for as long as its catalogue is the same."""

    def __init__(self) -> None:
        self._kept: dict[str, tuple[Sequence[object], Names]] = {}

    async def heard(self, asking: Asking, text: str) -> Heard:
        """What a tidy text asks for there, its environment taken out."""
        sentence = parse(text, await self._names(asking))
        tried = people_to_try(sentence)
        found = await _found(asking, tried) if tried else frozenset[str]()
        meant = meaning(sentence, found)
        if isinstance(meant, Wish):
            note = NOTES.get(meant.note, "") if meant.note else ""
            return Heard(_intent(asking, meant, text), note, asking.nim)
        return Heard(_offered(asking, meant, tried, text))

    async def _names(self, asking: Asking) -> Names:
        reads, catalogue = Reads(), asking.nim.catalogue
        parts = await asyncio.gather(
            reads.attempt(catalogue.jobs(), "the jobs"),
            reads.attempt(catalogue.connectors(), "the connectors"),
            reads.attempt(catalogue.resource_types(), "the resource types"),
            reads.attempt(catalogue.tasks(), "the tasks"),
            reads.attempt(_properties(catalogue), "the properties"),
            reads.attempt(catalogue.steps(), "the steps of the jobs"),
        )
        before = self._kept.get(asking.env.name)
        if before is not None and all(old is new or old == new for old, new in zip(before[0], parts, strict=True)):
            return before[1]
        jobs, connectors, types, tasks, properties, steps = parts
        things = list(_things(jobs or (), connectors or (), types or (), tasks or (), properties or (), steps or ()))
        names = await asyncio.to_thread(Names.of, things) if len(things) > MANY else Names.of(things)
        self._kept[asking.env.name] = (parts, names)
        return names


_TOLD: Final = frozenset({Verb.SYNC, Verb.VALUE, Verb.ACCESS})
"""Verbs whose diagnosis uses the asker's own words."""


def _intent(asking: Asking, one: Wish, text: str) -> Intent:
    return Intent(one.verb, one.thing, asking.env.name, told=told_in(text) if one.verb in _TOLD else "")


async def _properties(catalogue: Catalogue) -> Sequence[str]:
    known = await catalogue.properties()
    return sorted({name for names in known.values() for name in names})


def _things(
    jobs: Iterable[Job],
    connectors: Sequence[Connector],
    types: Iterable[ResourceType],
    tasks: Sequence[Task],
    properties: Iterable[str],
    steps: Iterable[Step],
) -> Iterable[Thing]:
    systems: dict[ConnectorId | None, str] = {one.id: one.identifier for one in connectors}
    of_task = {task.id: systems[task.connector_id] for task in tasks if task.connector_id in systems}
    of_job: dict[JobId, set[str]] = {}
    for step in steps:
        if step.task_id in of_task:
            of_job.setdefault(step.job_id, set()).add(of_task[step.task_id])
    for job in jobs:
        own = of_job.get(job.id, set())
        yield Thing(Kind.JOB, job.identifier, (job.name,), next(iter(own)) if len(own) == 1 else "")
    for connector in connectors:
        yield Thing(Kind.CONNECTOR, connector.identifier, (connector.name,))
    for kind in types:
        yield Thing(Kind.RESOURCE_TYPE, kind.identifier, (kind.name,), systems.get(kind.connector_id, ""))
    for task in tasks:
        yield Thing(Kind.TASK, task.identifier, (task.name,), systems.get(task.connector_id, ""))
    for name in properties:
        yield Thing(Kind.PROPERTY, name)


async def _found(asking: Asking, tried: Sequence[str]) -> frozenset[str]:
    """The words that name somebody: a look into Identity Manager for each."""

    async def named(words: str) -> bool:
        try:
            people = await asking.nim.find_people(words, limit=LOOKED_AT)
        except NimError:
            return False
        return any(_is_named(one, words) for one in people)

    answers = await asyncio.gather(*(named(words) for words in tried))
    return frozenset(words for words, yes in zip(tried, answers, strict=True) if yes)


def _is_named(person: Person, words: str) -> bool:
    """Whole words of a name, a login or a number: "art" is not Martin."""
    wanted = plain(words)
    known = {plain(person.login), plain(person.employee_id), *plain(person.name).replace(",", " ").split()}
    return wanted in known or set(wanted.split()) <= known


def _offered(asking: Asking, meant: Meaning, tried: Sequence[str], said: str) -> Answer:
    match meant:
        case Unsure(options):
            return _choice(asking, "I am not sure what you mean.", "Which of these?", options, said=said)
        case Declined(topic, options):
            title, text = _DECLINED[topic]
            return _choice(
                asking, title, text, options, AnswerKind.REFUSED, "What I can show:" if options else "", said=said
            )
        case _:
            nobody = f"I know no job, system or person of that name: {', '.join(tried)}." if tried else ""
            return _choice(
                asking,
                "I do not understand that.",
                nobody or "None of the words tells me what to look at.",
                _FIRST_STEPS,
                following="Name a person, an order, a job or a system. For example: why has leroy no AD account?",
            )


_WHOLE: Final = {
    (Verb.WHY, "jobs failed"): "What failed last",
    (Verb.WHY, "jobs blocked"): "What stopped at a threshold",
    (Verb.STATUS, ""): "Status of everything",
    (Verb.SYNC, ""): "How fresh the data are",
    (Verb.VALUE, ""): "A person's value",
    (Verb.ACCESS, ""): "A person's right",
}
_ABOUT: Final = {
    Verb.SYNC: "How fresh {} is",
    Verb.ACCESS: "Rights of {}",
    Verb.RULE: "Rules of {}",
    Verb.WHY: "What is wrong with {}",
}


def label_of(one: Wish) -> str:
    """A candidate in words, for its button."""
    if (said := _WHOLE.get((one.verb, one.thing))) is not None:
        return said
    if one.verb is Verb.ORDERS:
        which, _, system = one.thing.partition(" ")
        return f"{which.capitalize()} orders{f' of {system}' if system else ''}"
    return _ABOUT.get(one.verb, f"{one.verb.value.capitalize()} {{}}").format(one.thing).strip()


def _choice(
    asking: Asking,
    title: str,
    text: str,
    options: Iterable[Wish],
    kind: AnswerKind = AnswerKind.CHOICE,
    following: str = "",
    *,
    said: str = "",
) -> Answer:
    return Answer(
        kind=kind,
        title=title,
        text=text,
        env=asking.env.name,
        env_label=asking.env.label,
        next=following,
        choices=tuple(
            Choice(
                label_of(one),
                _intent(asking, one, said),
                asking.desk.commands[one.verb].summary,
            )
            for one in options
            if one.verb in asking.desk.commands
        ),
        shareable=False,
    )
