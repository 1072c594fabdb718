"""Remind me if not: asked again in the wisher's name after the run; silence means healed, one message means not."""

from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

import pytest

from bot.desk.reminding import GRACE, MOST_LOOKS, Outcome, Reminding, draft, outcome, promised
from bot.errors import SlackProblem
from bot.model.actor import Actor
from bot.model.answer import Answer, AnswerKind, Row, Section
from bot.model.finding import Certainty, ChainLink, Finding, LinkMark, Missing, Outlook
from bot.model.intent import BadButton, Intent, Verb
from bot.slack.render import Renderer
from bot.store.store import Store

NOON = datetime(2026, 3, 3, 12, 0, tzinfo=UTC)
RUN = NOON + timedelta(hours=1)
ABOUT = Intent(Verb.WHY, "leroy", "production")
ACTOR = Actor("T1", "U1")


def link(mark, name="job"):
    return ChainLink(name, mark, "text")


WAITS = Finding(
    None,
    None,
    Certainty.CONFIRMED,
    "Leroy, Anne: AD creation is pending",
    "It waits.",
    title_public="Order 1: AD creation is pending",
    outlook=Outlook(heals=True, text="It leaves at 13:00", next_at=RUN),
    chain=(link(LinkMark.OK, "order"), link(LinkMark.WAITING)),
)
DONE = replace(WAITS, outlook=None, chain=(link(LinkMark.OK),), title="Leroy, Anne: AD creation is done")
FAILED = replace(DONE, symptom=5, cause="5b", chain=(link(LinkMark.BROKEN),))


def answer(finding=None, kind=AnswerKind.FINDING, **more):
    title = finding.title if finding else "title"
    return Answer(kind, title, "text", "production", "PRODUCTION", finding=finding, **more)


def button(at=RUN):
    return replace(ABOUT.inside(Verb.REMIND), seen=at.isoformat())


def reminder(finding=WAITS):
    return draft(ACTOR, button(), ABOUT, answer(finding), NOON, NOON)


def test_it_is_due_after_the_run_that_may_heal_it():
    assert reminder().due_at == RUN + GRACE
    assert draft(ACTOR, button(NOON - timedelta(days=1)), ABOUT, answer(WAITS), NOON, NOON).due_at == NOON + GRACE


def test_it_keeps_no_name():
    assert reminder().title == "Order 1: AD creation is pending"


@pytest.mark.parametrize("seen", ["", "yesterday", "2026-03-03T12:00:00"])
def test_a_button_without_a_moment_is_none_of_ours(seen):
    with pytest.raises(BadButton):
        draft(ACTOR, replace(button(), seen=seen), ABOUT, answer(WAITS), NOON, NOON)


@pytest.mark.parametrize(
    ("fresh", "expected"),
    [
        (answer(WAITS), Outcome.STILL),
        (answer(DONE), Outcome.HEALED),
        (answer(FAILED), Outcome.STILL),
        (answer(replace(WAITS, chain=(link(LinkMark.WAITING, "account"),))), Outcome.HEALED),
        (answer(replace(WAITS, chain=(link(LinkMark.BROKEN, "account"),))), Outcome.STILL),
        (answer(replace(WAITS, chain=())), Outcome.STILL),
        (answer(replace(WAITS, chain=(), title_public="Order 1: AD creation is executed")), Outcome.HEALED),
        (answer(replace(DONE, symptom=2, cause="2m", chain=())), Outcome.HEALED),
        (answer(replace(DONE, chain=(), certainty=Certainty.UNKNOWN, missing=(Missing("x", "y"),))), Outcome.UNSURE),
        (answer(kind=AnswerKind.UNAVAILABLE), Outcome.UNSURE),
        (answer(kind=AnswerKind.ANSWER), Outcome.UNSURE),
        (answer(kind=AnswerKind.ANSWER, sections=(Section("Runs", (Row("1", mark="completed"),)),)), Outcome.HEALED),
        (answer(kind=AnswerKind.ANSWER, sections=(Section("Runs", (Row("1", mark="running"),)),)), Outcome.UNSURE),
    ],
)
def test_what_the_fresh_answer_means(fresh, expected):
    assert outcome(reminder(), fresh) is expected


def test_the_promise_names_the_time_and_what_silence_means():
    said = promised(reminder(), "PRODUCTION")
    assert said.text.startswith("2026-03-03 13:10 UTC")
    assert "If you hear nothing, it has." in said.text


# --- the driver's service ---------------------------------------------------------------------------------------------


@dataclass
class Clocked:
    at: datetime

    def now(self):
        return self.at


@dataclass
class World:
    store: Store
    env: Clocked
    answers: list[Answer | Exception] = field(default_factory=list)
    asked: list[tuple[str, str, Intent]] = field(default_factory=list)

    async def ask(self, one):
        self.asked.append((one.team_id, one.user_id, one.intent))
        found = self.answers.pop(0)
        if isinstance(found, Exception):
            raise found
        return found

    async def look(self):
        service = Reminding(
            self.store.reminders,
            {"production": self.env},  # type: ignore[dict-item]  # only the time is asked
            self.ask,
            Renderer().answer,
        )
        await service.look()

    async def messages(self):
        return await self.store.outbox.claim_due(NOON + timedelta(days=365))


@pytest.fixture
async def world(sqlite_url):
    store = await Store.open(sqlite_url)
    await store.reminders.ask(reminder())
    yield World(store, Clocked(RUN + GRACE))
    await store.close()


async def test_before_its_time_nothing_is_asked(world):
    world.env.at = RUN
    await world.look()
    assert world.asked == []


async def test_what_has_not_healed_is_told_once_to_the_one_who_asked(world):
    world.answers = [answer(FAILED)]
    for _ in range(3):
        await world.look()
    (message,) = await world.messages()
    assert (message.channel, message.key.split("-")[0]) == ("U1", "reminder")
    assert "PRODUCTION: Not healed: Order 1" in message.message.text.splitlines()[0]
    assert world.asked == [("T1", "U1", ABOUT)]


async def test_what_has_healed_is_not_worth_a_message(world):
    world.answers = [answer(DONE)]
    await world.look()
    await world.look()
    assert len(world.asked) == 1
    assert await world.messages() == []


async def test_who_may_no_longer_read_hears_nothing(world):
    world.answers = [answer(kind=AnswerKind.REFUSED)]
    await world.look()
    assert await world.messages() == []


async def test_while_it_cannot_be_told_it_is_looked_at_again_and_told_in_the_end(world):
    world.answers = [SlackProblem("away"), *[answer(kind=AnswerKind.UNAVAILABLE)] * (MOST_LOOKS + 1)]
    for _ in range(MOST_LOOKS + 3):
        await world.look()
        world.env.at += timedelta(minutes=5)
    (message,) = await world.messages()
    assert "I cannot tell whether it has healed" in message.message.text
