"""What a verb of nimdesk is: declared once beside its use case, listed in `bot.desk.COMMANDS`."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from bot.access import Permission
from bot.diagnosis.site import Site
from bot.model.actor import Actor
from bot.model.answer import Answer
from bot.model.intent import Intent, Verb
from bot.ports import Environment, NimReads

if TYPE_CHECKING:
    from bot.desk.desk import Desk


@dataclass(frozen=True, slots=True)
class Facts:
    """What the settings say of one environment that use cases need."""

    site: Site = field(default_factory=Site)
    channels: tuple[str, ...] = ()
    """Channels that mean this environment when none is named."""


@dataclass(frozen=True, slots=True)
class Asking:
    """One question under way: who asks what of which environment."""

    desk: "Desk"
    actor: Actor
    intent: Intent
    env: Environment
    nim: NimReads
    facts: Facts


Run = Callable[[Asking], Awaitable[Answer]]


@dataclass(frozen=True, slots=True)
class Command:
    """A verb with the words that call it. `usage` is what `help` prints; an empty one is not listed."""

    verb: Verb
    run: Run
    usage: str = ""
    summary: str = ""
    examples: Sequence[str] = ()
    permission: Permission = Permission.READ
    words: Sequence[str] = ()
    """Further words that people type for it."""
