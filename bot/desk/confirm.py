"""What a verb that writes has beside its card: a last look for the modal, and the act behind its submit."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from bot.desk.command import Asking
from bot.model.action import Action
from bot.model.actor import Place
from bot.model.intent import Intent
from bot.model.view import Confirmation


@dataclass(frozen=True, slots=True)
class Prepared:
    """What a modal is drawn from; `intent` carries what was seen now, for the submit."""

    confirmation: Confirmation
    intent: Intent


@dataclass(frozen=True, slots=True)
class Started:
    """A stored action. `new` is false when the same press had been made before: both meet the one action."""

    action: Action
    new: bool


@dataclass(frozen=True, slots=True)
class Write:
    """Both raise a DeskError, and store nothing, when the world or the role speaks against it."""

    prepare: Callable[[Asking], Awaitable[Prepared]]
    act: Callable[[Asking, Place, str], Awaitable[Started]]
