"""A mistake of our own is told with a reference; nobody is left before an empty channel or a window that loads."""

from dataclasses import dataclass, field
from typing import Any

import pytest

from bot.model.actor import Place
from bot.model.intent import Intent, Verb
from handlers.conversation import Conversation
from handlers.payloads import Caller, Pressed, Submission

PLACE = Place(channel="C1", response_url="https://hooks.test/1")
WHO = Caller("T1", "U1")


@dataclass
class Broken:
    """Every part that a conversation asks raises what nobody has thought of."""

    references: list[str] = field(default_factory=list)

    def understand(self, _text: str) -> Intent:
        return Intent(Verb.STATUS)

    async def actor(self, *_: object, **__: object) -> None:
        raise TypeError("unhashable type: 'dict'")

    async def open(self, *_: object) -> str:
        return "V1"

    def loading(self, *_: object) -> None:
        return None

    async def broken(self, _user: str, _place: Place, reference: str) -> bool:
        self.references.append(reference)
        return True


@pytest.fixture
def parts() -> Broken:
    return Broken()


@pytest.fixture
def talk(parts: Broken) -> Conversation:
    every: Any = parts
    return Conversation(every, every, every, every, every, every)


def pressed(intent: Intent) -> Pressed:
    return Pressed("nim:order", intent, PLACE, "trigger", in_view=False)


@pytest.mark.parametrize(
    "act",
    [
        lambda talk: talk.typed(WHO, "status", PLACE, ""),
        lambda talk: talk.heard(WHO, "status", PLACE, "Ev1"),
        lambda talk: talk.explained(WHO, "status", PLACE),
        lambda talk: talk.pressed(WHO, Intent(Verb.ORDER, "1"), pressed(Intent(Verb.ORDER, "1")), again=False),
        lambda talk: talk.pressed(WHO, Intent(Verb.UNBLOCK, "1"), pressed(Intent(Verb.UNBLOCK, "1")), again=False),
        lambda talk: talk.submitted(WHO, Submission("confirm", "V1", Intent(Verb.UNBLOCK, "1"), PLACE, {})),
    ],
    ids=["typed", "heard", "explained", "pressed", "confirmed", "submitted"],
)
async def test_a_mistake_of_our_own_is_told_with_a_reference(parts: Broken, talk: Conversation, act: Any):
    await act(talk)
    assert len(parts.references) == 1
    assert parts.references[0]
