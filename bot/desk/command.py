"""What a verb of nimdesk is: declared once beside its use case, listed in `bot.desk.COMMANDS`."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from bot.access import Permission
from bot.model.actor import Actor
from bot.model.answer import Answer
from bot.model.intent import Intent, Verb
from bot.ports import Environment, NimReads

if TYPE_CHECKING:
    from bot.desk.desk import Desk


@dataclass(frozen=True, slots=True)
class Facts:
    """What the settings say of one environment that use cases need."""

    complete_job: Mapping[str, str] = field(default_factory=dict)
    """Identifier of an incremental job → identifier of its complete twin."""
    owners: Mapping[str, str] = field(default_factory=dict)
    """Connector identifier → channel or @group of who can fix its managed system."""
    channels: tuple[str, ...] = ()
    """Channels that mean this environment when none is named."""
    links: Mapping[str, str] = field(default_factory=dict)
    test_users: tuple[str, ...] = ()
    timezone: str = "UTC"
    base_url: str = ""


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
