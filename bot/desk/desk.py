"""The desk: every question of every way in passes here. Access first, then the use case, then what it cost."""

from collections import OrderedDict
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

import structlog

from bot.access import Permission, may
from bot.desk.command import Asking, Command, Facts
from bot.desk.confirm import Prepared, Started, Write
from bot.desk.count import count_orders
from bot.desk.hearing import Heard, Hearing
from bot.desk.wording import ticket_of
from bot.errors import (
    Ambiguous,
    DeskError,
    GroundMoves,
    NimError,
    NimMissing,
    NotAllowed,
    NotFound,
    NotUnderstood,
    Stale,
)
from bot.intents import command as typed
from bot.intents.told_apart import is_command, is_known
from bot.model.actor import Actor, Place, Role
from bot.model.answer import Answer, AnswerKind, Choice
from bot.model.audit import AuditEvent, AuditRecord
from bot.model.finding import Missing
from bot.model.intent import WRITING, Intent, Verb
from bot.ports import Actions, Audit, Environment, Incidents, NimReads

log = structlog.get_logger()
ANSWERS_KEPT = 2_000
SLASH = "/nim "
"""Some write it where slash commands do not work: in threads and direct messages."""
SHORTEST_SLIP = 4
"""Letters from which on a word can be a slip of a command: "AD" is none of "aide"."""
LONGEST_KEPT = 200
"""Characters of somebody's words that an answer carries on."""


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What the desk is given once, at the start."""

    environments: Mapping[str, Environment]
    facts: Mapping[str, Facts]
    commands: Sequence[Command]
    writes: Mapping[Verb, Write]
    actions: Actions
    incidents: Incidents
    audit: Audit
    now: Callable[[], datetime]
    whom_to_ask: Mapping[Role, str]
    """Words that name who holds a role, without pinging anybody."""


class Desk:
    def __init__(self, around: Surroundings) -> None:
        self.around = around
        self.commands: Mapping[Verb, Command] = {command.verb: command for command in around.commands}
        self.words: Mapping[str, Verb] = {
            word: command.verb
            for command in around.commands
            if command.usage
            for word in (command.verb.value, *command.words)
        }
        self._answers: OrderedDict[tuple[str, str], Answer] = OrderedDict()

        self._hearing = Hearing()

    async def say(self, actor: Actor, text: str, *, channel: str = "") -> Answer:
        """Answers the text after the slash command."""
        understood = self.understand(text)
        if understood is None:
            return await self.hear(actor, text, channel=channel)
        return await self.answer(actor, understood, channel=channel)

    def understand(self, text: str) -> Intent | Answer | None:
        """The intent of a typed command, or the answer that offers the nearest ones; None for words in a sentence."""
        read = typed.read(text, self.words, list(self.around.environments))
        if isinstance(read, typed.Understood):
            sentence = not is_command(read.intent.thing, read.intent.verb)
            return None if sentence and read.intent.verb not in WRITING else read.intent
        slip = len(read.word) >= SHORTEST_SLIP and not is_known(read.word)
        return self._nearest(read) if slip and read.nearest and is_command(read.rest, read.nearest[0]) else None

    async def hear(self, actor: Actor, text: str, *, channel: str = "") -> Answer:
        """Answers plain words: a mention, a direct message, the words of somebody else's message, a terminal."""
        try:
            heard = await self.meant(actor, text, channel=channel)
        except DeskError as why:
            return told(why, Intent(Verb.WHY, text[:LONGEST_KEPT]))
        answer = await self.answer(actor, heard.wish, channel=channel, nim=heard.nim)
        return noted(answer, heard.note) if heard.note else answer

    async def meant(self, actor: Actor, text: str, *, channel: str = "") -> Heard:
        """What plain words ask for. Raises what `permit_to` and `environment` raise."""
        text = text.strip().removeprefix(SLASH).strip()
        read = typed.read(text, self.words, list(self.around.environments))
        command = read.intent if isinstance(read, typed.Understood) else None
        if command and is_command(command.thing, command.verb) and not _may_be_words(command):
            return Heard(command)
        understood = self.understand(text) if isinstance(read, typed.Unknown) else None
        if understood is not None:
            return Heard(understood)
        self.permit_to(actor, Permission.READ)
        words, env = typed.take_environment(typed.tidy(text), list(self.around.environments))
        return await self._hearing.heard(self._asking(actor, Intent(Verb.WHY, words, env), channel), words)

    def _nearest(self, read: typed.Unknown) -> Answer:
        """The commands that come near a word that is none."""
        choices = tuple(
            Choice(
                label=f"/nim {verb.value} {read.rest}".strip(),
                intent=Intent(verb, thing=read.rest, env=read.env),
                hint=self.commands[verb].summary,
            )
            for verb in read.nearest
        )
        return Answer(
            kind=AnswerKind.CHOICE,
            title=f"I do not know “{read.word}”.",
            text="Did you mean one of these?",
            next="For example: /nim status · everything that works here: /nim help",
            choices=choices,
            shareable=False,
        )

    async def answer(
        self, actor: Actor, wish: Intent | Answer, *, channel: str = "", nim: NimReads | None = None
    ) -> Answer:
        """Answers one intent. Never raises for what a person can be told. `nim` goes on with a question under way."""
        if isinstance(wish, Answer):
            return wish
        try:
            command = self.commands.get(wish.verb)
            if command is None:
                raise NotUnderstood("That does not work here yet.")
            self.permit(actor, command)
            asking = self._asking(actor, wish, channel, nim)
            answer = await command.run(asking)
            return self._kept(actor, self._stamped(asking, answer))
        except DeskError as why:
            log.info("not answered", verb=wish.verb.value, code=why.code, **why.facts)
            return told(why, wish)

    async def prepare(self, actor: Actor, wish: Intent, *, channel: str = "") -> Prepared | Answer:
        """Live figures for the modal of a verb that writes, or the answer that says why it cannot be."""
        try:
            asking = self._asking(actor, wish, channel)
            return await self.around.writes[wish.verb].prepare(asking)
        except DeskError as why:
            log.info("not prepared", verb=wish.verb.value, code=why.code, **why.facts)
            return told(why, wish)

    async def act(self, actor: Actor, wish: Intent, place: Place, reason: str = "") -> Started | Answer:
        """Stores the action behind a submit, or says why nothing was done."""
        try:
            asking = self._asking(actor, wish, place.channel)
            return await self.around.writes[wish.verb].act(asking, place, reason)
        except DeskError as why:
            log.info("not acted", verb=wish.verb.value, code=why.code, **why.facts)
            return told(why, wish)

    def _asking(self, actor: Actor, wish: Intent, channel: str, nim: NimReads | None = None) -> Asking:
        env = self.environment(wish, channel)
        return Asking(self, actor, wish, env, nim or env.reads(), self.around.facts[env.name])

    async def show(self, actor: Actor, wish: Intent, *, channel: str = "") -> Answer:
        """The names behind a channel's card, for the one who asks; recorded (safety rule 14)."""
        answer = await self.answer(actor, wish, channel=channel)
        if answer.kind in {AnswerKind.FINDING, AnswerKind.LIST, AnswerKind.ANSWER}:
            now = self.around.now()
            await self.around.audit.record(
                AuditRecord(
                    at=now,
                    event=AuditEvent.SHOWN,
                    team_id=actor.team_id,
                    user_id=actor.user_id,
                    env=answer.env,
                    kind=wish.verb.value,
                    target=wish.thing,
                )
            )
        return answer

    async def count(self, actor: Actor, wish: Intent, *, channel: str = "") -> AsyncIterator[Answer]:
        """Reads on page by page; every answer replaces the one before it."""
        try:
            self.permit_to(actor, Permission.READ)
            async for answer in count_orders(self._asking(actor, wish, channel)):
                yield answer
        except DeskError as why:
            yield told(why, wish)

    def ticket(self, answer: Answer) -> tuple[str, str]:
        """Title and text of a ticket."""
        return ticket_of(answer)

    def permit(self, actor: Actor, command: Command) -> None:
        self.permit_to(actor, command.permission)

    def permit_to(self, actor: Actor, permission: Permission) -> None:
        """Raises NotAllowed with the reason and whom to ask."""
        ruling = may(actor, permission)
        if not ruling.allowed:
            raise NotAllowed(ruling.why, next_step=f"Ask {self.around.whom_to_ask.get(ruling.needs, 'an operator')}.")

    def environment(self, wish: Intent, channel: str) -> Environment:
        """The one that was named, else the channel's, else the only one; raises Ambiguous with the names otherwise."""
        everywhere = self.around.environments
        if wish.env:
            if wish.env not in everywhere:
                raise NotFound(
                    f"There is no environment “{wish.env}” here.", next_step="There is: " + ", ".join(everywhere) + "."
                )
            return everywhere[wish.env]
        for name, facts in self.around.facts.items():
            if channel and channel in facts.channels:
                return everywhere[name]
        return next(iter(everywhere.values()))

    def remembered(self, actor: Actor, packed: str) -> Answer | None:
        """The answer that this person got for an intent, while it is kept; for *Details* and *Ticket text*."""
        return self._answers.get((actor.user_id, packed))

    def last(self, actor: Actor) -> Answer | None:
        return next((answer for (user, _), answer in reversed(self._answers.items()) if user == actor.user_id), None)

    def _stamped(self, asking: Asking, answer: Answer) -> Answer:
        return replace(
            answer,
            env=answer.env or asking.env.name,
            env_label=answer.env_label or asking.env.label,
            intent=answer.intent or replace(asking.intent, env=asking.env.name),
            requests=answer.requests or tuple(asking.nim.requests),
        )

    def _kept(self, actor: Actor, answer: Answer) -> Answer:
        if answer.intent is not None and answer.intent.verb not in {Verb.DETAILS, Verb.TICKET_TEXT, Verb.LAST}:
            key = (actor.user_id, answer.intent.pack())
            self._answers[key] = answer
            self._answers.move_to_end(key)
            while len(self._answers) > ANSWERS_KEPT:
                self._answers.popitem(last=False)
        return answer


def _may_be_words(command: Intent) -> bool:
    """ "Release order 771203", "unblock jdoe": the verb is typed as in a command, its order is not."""
    return command.verb is Verb.UNBLOCK and not command.thing[:1].isdigit()


class Candidates(Ambiguous):
    """Several things fit the words; each is offered with the intent that would be meant."""

    def __init__(self, say: str, choices: Sequence[Choice]) -> None:
        super().__init__(say)
        self.choices = tuple(choices)


class NothingOfThatName(NotFound):
    """Nothing is called so; the nearest ones are offered, each with the intent that would be meant."""

    def __init__(self, say: str, choices: Sequence[Choice], *, next_step: str) -> None:
        super().__init__(say, next_step=next_step)
        self.choices = tuple(choices)


def noted(answer: Answer, note: str) -> Answer:
    """The answer with a sentence more beside its next step."""
    finding = answer.finding
    if finding is not None:
        finding = replace(finding, next=f"{finding.next} {note}".strip())
    return replace(answer, next=f"{answer.next} {note}".strip(), finding=finding)


def told(why: DeskError, wish: Intent) -> Answer:
    """An error as an answer: what happened, whether anything was changed, what to do next."""
    if isinstance(why, Candidates):
        return Answer(
            kind=AnswerKind.CHOICE, title=why.say, text="Which one?", choices=why.choices, intent=wish, shareable=False
        )
    if isinstance(why, NothingOfThatName) and why.choices:
        return Answer(
            kind=AnswerKind.CHOICE,
            title=why.say,
            text="Did you mean one of these?",
            next=why.advice,
            choices=why.choices,
            intent=wish,
            shareable=False,
        )
    if isinstance(why, NotAllowed):
        return Answer(
            kind=AnswerKind.REFUSED,
            title="Not allowed",
            text=f"{why.say} Nothing was sent to Identity Manager.",
            next=why.advice,
            intent=wish,
            shareable=False,
        )
    if isinstance(why, NimError) and not isinstance(why, NimMissing):
        return Answer(
            kind=AnswerKind.UNAVAILABLE,
            title="Identity Manager could not be read",
            text=f"{why.say}{_changed(why)}",
            next=why.advice,
            intent=wish,
            missing=(Missing(what="the answer to this question", why=why.say),),
            shareable=False,
        )
    return Answer(
        kind=AnswerKind.ANSWER,
        title=why.say,
        text=why.say,
        next=why.advice,
        choices=_way_on(why, wish),
        intent=wish,
        shareable=False,
    )


def _way_on(why: DeskError, wish: Intent) -> tuple[Choice, ...]:
    match why:
        case Stale():
            return _fresh(wish)
        case GroundMoves():
            return (Choice("Try again", wish),)
        case _:
            return ()


def _fresh(wish: Intent) -> tuple[Choice, ...]:
    """The view to look at now, in place of the one that a stale button stood on."""
    if wish.verb is Verb.UNBLOCK:
        return (Choice("Show the fresh view", Intent(Verb.ORDER, wish.thing.partition(" ")[0], wish.env)),)
    if wish.verb is Verb.RELAUNCH:
        return (Choice("Show the fresh view", Intent(Verb.JOB, wish.thing.removesuffix(" complete"), wish.env)),)
    return ()


def _changed(why: NimError) -> str:
    if why.changed is None:
        return " Whether anything was changed is not known."
    return "" if why.changed else " Nothing was changed."
