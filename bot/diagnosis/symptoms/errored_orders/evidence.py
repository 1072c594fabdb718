"""What was read of errored orders, and what it tells by itself. Pure."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from bot.diagnosis.catalogue import UNKNOWN, ErrorKind
from bot.diagnosis.grouping import kind_of, parent_of, text_of
from bot.diagnosis.landscape import Landscape
from bot.diagnosis.site import Site
from bot.diagnosis.subject import Subject
from bot.model.finding import Missing
from bot.model.ids import ConnectorId, OrderId
from bot.model.job import JobRun, RunState, TaskKind, TaskRun
from bot.model.order import ChangeType, Order, OrderProperty
from bot.model.page import Page

_DN_NAMES: Final = frozenset({"dn", "distinguishedname"})
_UNIQUE_NAMES: Final = ("userPrincipalName", "sAMAccountName", "mail", "proxyAddresses", "alias", "login", "uid", "cn")
_BEST_MATCH: Final = re.compile(r"best match of:\s*'(?P<container>[^']+)'", re.IGNORECASE)
_TAKEN: Final = {"00002071": ("dn", "distinguishedname"), "00000524": ("samaccountname",)}
"""What the codes of Active Directory say is taken (troubleshooting 3.1)."""
_SHORTEST_NAME: Final = 3
"""Shorter property names (cn, l, sn) occur in any text by chance."""
CONNECTION_WIDE: Final = frozenset(
    {"network", "credentials", "certificate", "quota", "target", "address", "disk", "file"}
)
"""Families of errors that concern every order of a connector."""


@dataclass(frozen=True, slots=True)
class Looked:
    """A look into the synchronized data for what an error text speaks of."""

    property: str
    value: str
    resource_type: str
    change: ChangeType
    error_class: str
    present: bool
    name: str = ""
    """Private: what was found."""
    at: datetime | None = None


@dataclass(frozen=True, slots=True)
class LaterFault:
    """A run on the same connector that failed after the orders did: the way to the target may be broken by now."""

    connector_id: ConnectorId | None
    run: JobRun
    task: TaskRun
    kind: ErrorKind = UNKNOWN
    """`UNKNOWN` where the task's log was not read, or says nothing that the catalogue knows."""

    @property
    def known(self) -> bool:
        return self.kind.family in CONNECTION_WIDE


@dataclass(frozen=True, slots=True)
class Evidence:
    subject: Subject
    site: Site
    landscape: Landscape
    orders: Page[Order] | None
    """Errored orders, newest first; None when they could not be read."""
    like: Page[Order] | None = None
    """For one order: others in error of the same resource type and change."""
    run: JobRun | None = None
    """The run in which most of them failed."""
    runs: tuple[JobRun, ...] = ()
    passed: Page[Order] | None = None
    """Orders that were executed in that run, as they stood when it ended: what was deleted is gone since."""
    since: Page[Order] | None = None
    """Orders that were executed after that run."""
    later: LaterFault | None = None
    properties: Mapping[OrderId, tuple[OrderProperty, ...]] = field(default_factory=dict)
    looked: Looked | None = None
    syncs: Page[TaskRun] | None = None
    settled: Page[Order] | None = None
    """Orders that were in error when the run that was asked about ended, where none of it is any more."""
    failed_jobs: tuple[tuple[JobRun, JobRun], ...] = ()
    """Where no order is in error: the newest failed run of each fulfilling job, and its newest run of all."""
    missing: tuple[Missing, ...] = ()

    @property
    def all_orders(self) -> tuple[Order, ...]:
        """Those asked about; for one order also its like ones, so that a group is known."""
        if self.orders is None:
            return ()
        known = {order.id for order in self.orders}
        others = tuple(order for order in self.like or () if order.id not in known)
        return self.orders.items + others


def dn_name(properties: Sequence[OrderProperty]) -> str:
    """The property under which the distinguished name is held."""
    return next((one.name for one in properties if one.name.lower() in _DN_NAMES), "dn")


def container_of(order: Order, properties: Sequence[OrderProperty] | None) -> str:
    """Where the account stands, or is to stand: from its values, else from the account as synchronized."""
    computed = next((one.value for one in properties or () if one.name.lower() in _DN_NAMES and one.value), None)
    return parent_of(computed or order.resource_dn)


def missing_container(order: Order, properties: Sequence[OrderProperty]) -> str:
    """The computed container that the error text says is not there, "" where it speaks of something else."""
    match kind_of(order).error_class:
        case "data/parent-missing":
            return container_of(order, properties)
        case "data/not-found":
            return move_refused(order, properties)
        case _:
            return ""


def move_refused(order: Order, properties: Sequence[OrderProperty] | None) -> str:
    """The container to which an account was to be moved, where the text speaks of that one and not of the account.

    What exists of it ("best match") then lies above the new place, and is not where the account stands. "" else.
    """
    best = _BEST_MATCH.search(text_of(order))
    there = next((one.value for one in properties or () if one.name.lower() in _DN_NAMES and one.value), "")
    place, present = parent_of(there or ""), parent_of(order.resource_dn)
    if order.change is not ChangeType.UPDATE or best is None or not place or not present:
        return ""
    exists = best["container"].lower()
    moved = place.lower() != present.lower() and present.lower() != exists
    return place if moved and place.lower().endswith(f",{exists}") else ""


def duplicate_in(order: Order, properties: Sequence[OrderProperty]) -> tuple[str, str] | None:
    """The property and value that exist already: what the text names or its code means, else the first that must be
    unique. A value that the account has already is not what was refused."""
    text = text_of(order).lower()
    held = {one.name.lower(): one for one in properties if one.value and one.value != one.current}
    coded = [held[name] for code, names in _TAKEN.items() if code in text for name in names if name in held]
    named = [one for name, one in held.items() if name in text and len(name) >= _SHORTEST_NAME]
    usual = [held[name.lower()] for name in _UNIQUE_NAMES if name.lower() in held]
    chosen = next(iter([*coded, *sorted(named, key=lambda one: -len(one.name)), *usual]), None)
    return (chosen.name, chosen.value or "") if chosen else None


def last_synchronization(syncs: Page[TaskRun] | None) -> TaskRun | None:
    """The newest synchronization that ended well."""
    ended = [(run.ended_at, run) for run in synchronizations(syncs) if run.ended_at is not None]
    return max(ended, key=lambda pair: pair[0])[1] if ended else None


def synchronizations(syncs: Page[TaskRun] | None) -> list[TaskRun]:
    """Those that ended well."""
    return [run for run in syncs or () if run.kind is TaskKind.SYNCHRONIZE and run.state is RunState.COMPLETED]


def of_run_asked(subject: Subject, orders: Page[Order]) -> bool:
    """Whether any order's newest error is of the run that was asked about; True where none was."""
    wanted = subject.run.id if subject.run else None
    return wanted is None or any(order.error is not None and order.error.job_run_id == wanted for order in orders)


def failed_in_run(evidence: Evidence) -> bool:
    """Whether orders failed in the run that was asked about, be they in error still or not."""
    orders = evidence.orders
    return bool(orders and evidence.subject.run and of_run_asked(evidence.subject, orders)) or bool(evidence.settled)
