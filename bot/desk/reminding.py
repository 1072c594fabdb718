"""Remind me if not: after the run that may heal it, the question is asked again in the name of who wished it.

Silence means healed. What cannot be told is looked at again, and told in the end.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from enum import Enum
from typing import Final

import structlog

from bot.desk.wording import moment
from bot.diagnosis.chain import stopped_at
from bot.errors import DeskError
from bot.model.actor import Actor
from bot.model.answer import Answer, AnswerKind
from bot.model.finding import ChainLink, Finding, LinkMark
from bot.model.intent import BadButton, Intent
from bot.model.message import Message
from bot.model.reminder import Reminder
from bot.ports import Environment, Reminders

log: Final = structlog.get_logger(__name__)
GRACE: Final = timedelta(minutes=10)
"""After the start of the run that may heal it: it takes a while, and is read when it has ended."""
AGAIN: Final = timedelta(minutes=5)
MOST_LOOKS: Final = 6
LOOK_SECONDS: Final = 2.0
HEALTHY: Final = frozenset({"2m", "3h"})
"""Rows of the decision tables that say that nothing is wrong (any more)."""
UNDER_WAY: Final = frozenset({"running", "queued"})


class Outcome(Enum):
    HEALED = "healed"
    STILL = "still"
    UNSURE = "unsure"


def draft(actor: Actor, wish: Intent, about: Intent, answer: Answer, env_now: datetime, now: datetime) -> Reminder:
    """What a press of *Remind me if not* stores: `about` is asked again after the run whose start the button carries.

    Raises BadButton when it carries none.
    """
    try:
        starts = datetime.fromisoformat(wish.seen)
    except ValueError as why:
        raise BadButton(str(why)) from why
    if starts.tzinfo is None:
        raise BadButton("a time without a zone")
    finding = answer.finding
    stop = stopped_at(finding.chain) if finding else None
    return Reminder(
        id=0,
        team_id=actor.team_id,
        user_id=actor.user_id,
        intent=about,
        due_at=max(starts, env_now) + GRACE,
        asked_at=now,
        title=finding.without_names().title if finding else "",
        stop=stop.name if stop else "",
    )


def promised(reminder: Reminder, env_label: str) -> Answer:
    """What the one who pressed reads at once."""
    return Answer(
        kind=AnswerKind.ANSWER,
        title="I shall look again",
        text=f"{moment(reminder.due_at)}, after that run, I look again and write to you if it has not healed. "
        "If you hear nothing, it has.",
        env=reminder.env,
        env_label=env_label,
        shareable=False,
    )


def outcome(reminder: Reminder, answer: Answer) -> Outcome:
    """Whether the fresh answer still shows what was to heal. Pure.

    An order that has moved on to its next link without a fault counts as healed: the run has done its part.
    """
    if answer.finding is None:
        marks = {row.mark for section in answer.sections for row in section.rows}
        told = answer.kind in {AnswerKind.ANSWER, AnswerKind.LIST} and answer.sections and not marks & UNDER_WAY
        return Outcome.HEALED if told else Outcome.UNSURE
    finding = answer.finding
    stop = stopped_at(finding.chain)
    if finding.cause not in {None, *HEALTHY} or finding.groups:
        return Outcome.STILL
    if stop is not None:
        return Outcome.HEALED if _moved_on(stop, reminder) else Outcome.STILL
    if finding.outlook is not None and finding.outlook.heals:
        return Outcome.STILL if finding.without_names().title == reminder.title else Outcome.HEALED
    unknown = finding.certainty.rank == 0 and finding.cause is None
    return Outcome.UNSURE if unknown and finding.missing else Outcome.HEALED


def _moved_on(stop: ChainLink, reminder: Reminder) -> bool:
    return stop.mark is LinkMark.WAITING and bool(reminder.stop) and stop.name != reminder.stop


def not_healed(answer: Answer) -> Answer:
    """The fresh answer, saying first that it is the promised reminder."""
    title = f"Not healed: {answer.title}"
    return replace(answer, title=title, finding=_entitled(answer.finding) if answer.finding else None)


def _entitled(finding: Finding) -> Finding:
    public = f"Not healed: {finding.title_public}" if finding.title_public else ""
    return replace(finding, title=f"Not healed: {finding.title}", title_public=public)


def not_known(reminder: Reminder, answer: Answer) -> Answer:
    """After the last look in vain."""
    return replace(
        answer,
        kind=AnswerKind.ANSWER,
        title="I cannot tell whether it has healed",
        text=f"{answer.title}. You asked to be reminded: {reminder.title or reminder.intent.thing}.",
        finding=None,
        shareable=False,
    )


class Reminding:
    """Looks at what is due, for ever; belongs to the driver."""

    def __init__(
        self,
        reminders: Reminders,
        environments: Mapping[str, Environment],
        ask: Callable[[Reminder], Awaitable[Answer]],
        draw: Callable[[Answer], Message],
        *,
        every: float = LOOK_SECONDS,
    ) -> None:
        self._reminders = reminders
        self._environments = environments
        self._ask = ask
        self._draw = draw
        self._every = every

    async def run(self) -> None:
        while True:
            await self.look()
            await asyncio.sleep(self._every)

    async def look(self) -> None:
        """One round over everything that is due."""
        for name, env in self._environments.items():
            for one in await self._reminders.due(name, env.now()):
                await self._one(one, env)

    async def _one(self, one: Reminder, env: Environment) -> None:
        try:
            answer = await self._ask(one)
        except DeskError as why:  # Slack could not say who may see it
            log.info("reminder put off", reminder=one.id, why=why.code)
            await self._reminders.put_off(one, env.now() + AGAIN)
            return
        if answer.kind is AnswerKind.REFUSED:
            await self._reminders.done(one, None)
            return
        found = outcome(one, answer)
        if found is Outcome.UNSURE and one.looks < MOST_LOOKS:
            await self._reminders.put_off(one, env.now() + AGAIN)
            return
        said = {Outcome.HEALED: None, Outcome.STILL: not_healed(answer), Outcome.UNSURE: not_known(one, answer)}[found]
        await self._reminders.done(one, self._draw(said) if said else None)
        log.info("reminder over", reminder=one.id, outcome=found.value)
