"""What a button was drawn from, so that a press on something that has changed since is refused (architecture)."""

import hashlib
from collections.abc import Iterable
from typing import Final

from bot.model.job import Job, JobRun
from bot.model.order import Order

_UNREAD: Final = "-"
NEVER_RAN: Final = "never"


def order_fingerprint(order: Order) -> str:
    """State, newest error's run, what it changes on which resource, and a hash of its values where they were read."""
    newest = order.error.job_run_id if order.error and order.error.job_run_id else _UNREAD
    what = f"{order.change.value}:{order.resource_id or 'new'}{':denied' if order.denied else ''}"
    return "|".join((str(order.code), newest, what, _values(order)))


def _values(order: Order) -> str:
    if order.properties is None:
        return _UNREAD
    told = sorted(f"{one.name}\x00{one.value or ''}" for one in order.properties)
    return hashlib.sha256("\x01".join(told).encode()).hexdigest()[:12]


def unchanged(seen: str, order: Order) -> bool:
    """Whether the order is as it was when `order_fingerprint` gave `seen`.

    Values count only when both reads had them: a list is drawn without values, a modal with them.
    """
    before, now = seen.split("|"), order_fingerprint(order).split("|")
    if len(before) != len(now):
        return False
    return before[:-1] == now[:-1] and (_UNREAD in (before[-1], now[-1]) or before[-1] == now[-1])


def failed_again(seen: str, order: Order) -> bool:
    """Whether an order in error is in the state of then with the error of another run, where both runs were read."""
    before, now = seen.split("|")[:2], order_fingerprint(order).split("|")[:2]
    return before[0] == now[0] and before != now and _UNREAD not in (before[-1], now[-1])


def job_fingerprint(job: Job, runs: Iterable[JobRun]) -> str:
    """The id of the job's last run among runs that were just read, newest first.

    "" where none of it is among them: the catalogue's own last run may be old, and no press must be refused for that.
    """
    return next((run.id for run in runs if run.job_id == job.id), "")
