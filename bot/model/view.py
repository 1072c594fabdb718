"""What is drawn in Slack beside answers: cards, progress, modals. Made by use cases, rendered by `bot.slack`."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from bot.model.action import Action
from bot.model.finding import ActionKind
from bot.model.incident import Incident
from bot.model.intent import Intent
from bot.model.request import HelpRequest


class Audience(StrEnum):
    """Who reads it. A channel gets counts and order numbers, names come by *Show me* (safety rule 14)."""

    PERSON = "person"
    CHANNEL = "channel"


@dataclass(frozen=True, slots=True)
class IncidentCard:
    """An incident as its channel sees it."""

    incident: Incident
    env_label: str
    ended_at: datetime | None = None
    """When the run that opened it ended; None while it is not known."""


@dataclass(frozen=True, slots=True)
class ProgressCard:
    """An action on its way, as its thread sees it; the same message is edited until the end."""

    action: Action
    env_label: str
    job_name: str = ""
    still_errored: int | None = None
    """Orders of the incident that are still errored; None when it has none or they could not be read."""
    still_exact: bool = True
    incident: str = ""
    """How the incident is called in words: "incident 7"."""


@dataclass(frozen=True, slots=True)
class Figure:
    """One live figure of a confirmation."""

    label: str
    value: str


@dataclass(frozen=True, slots=True)
class PropertyChange:
    """One property of an order under review. None = the managed system's value is not shown, or there is none."""

    name: str
    before: str | None
    after: str | None
    note: str = ""
    """What a reviewer should know: "the rule computes …"."""
    same: bool = False
    """It holds that value already; masked values cannot tell."""


@dataclass(frozen=True, slots=True)
class Confirmation:
    """The last look before a write, with figures that were read when it was opened (safety rule 8)."""

    kind: ActionKind
    title: str
    """At most 24 characters: "Test with 1 of 150"."""
    env_label: str
    what: str
    """One sentence: "deletes 1 AD account in Active Directory"."""
    count: int = 1
    subject: str = ""
    """The person and the change; a modal is for one person only."""
    untouched: int | None = None
    """Like orders that stay as they are."""
    untouched_exact: bool = True
    pending_others: int | None = None
    """Other pending orders that the same run sends; None when they could not be read."""
    pending_exact: bool = True
    job_name: str = ""
    reversible: bool | None = None
    reversible_how: str = ""
    """What undoing would take, or why it is not known."""
    error: str = ""
    """The order's present error, masked."""
    figures: tuple[Figure, ...] = ()
    review: bool = False
    """The order waits for a person's review: who presses says that they have read every property."""
    changes: tuple[PropertyChange, ...] = ()
    """Every property that the order would write, those that change first."""
    warnings: tuple[str, ...] = ()
    run_job: bool = True
    """False draws the modal of *Unblock only*."""
    switch: Intent | None = None
    """Leads to the same modal with the other submit; None where there is no choice."""
    as_of: datetime | None = None


@dataclass(frozen=True, slots=True)
class HelpCard:
    """A viewer's press that went to the operators instead of to Identity Manager."""

    request: HelpRequest
    env_label: str
    ask: str = ""
    """Handle of those who may: "@iam-operators"; named, not pinged."""


@dataclass(frozen=True, slots=True)
class Problem:
    """What went wrong with a press or a question, as the asker is told."""

    say: str
    next_step: str
    changed: bool | None = False
    """Whether anything was changed; None when it cannot be known."""
    reference: str = ""
    ask: Intent | None = None
    """Draws *Ask an operator* when the role did not reach."""
    fresh: Intent | None = None
    """Draws *Show the fresh view* when the world had changed."""
    choices: tuple[tuple[str, Intent], ...] = ()
