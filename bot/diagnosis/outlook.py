"""Will it heal by itself? Only what can pass may: a network, a quota, a target that is down, an order in its turn.

For everything else waiting is worse than useless: a wrong password that is tried on locks the account.
"""

from collections.abc import Iterable
from datetime import datetime

from bot.diagnosis.catalogue import ErrorKind
from bot.diagnosis.schedule import next_start
from bot.diagnosis.words import counted, moment
from bot.model.finding import Outlook
from bot.model.job import FAILED, Job, RunState, TaskRun


def next_of(jobs: Iterable[Job], now: datetime, zone: str) -> tuple[Job, datetime] | None:
    """The job that starts next by its schedule."""
    starts = [(at, job.id, job) for job in jobs if (at := next_start(job, now, zone)) is not None]
    return (first[2], first[0]) if (first := min(starts, key=lambda one: one[:2], default=None)) else None


def healed_cases(runs: Iterable[TaskRun]) -> tuple[int, int]:
    """How many spells of failures ended by themselves, of how many that are remembered.

    A spell that has not ended counts among those remembered.
    """
    ordered = sorted((one for one in runs if one.started_at and one.ended_at), key=lambda one: (one.started_at, one.id))
    healed = seen = 0
    failing = False
    for one in ordered:
        if one.state in FAILED and not failing:
            failing, seen = True, seen + 1
        elif one.state is RunState.COMPLETED and failing:
            failing, healed = False, healed + 1
    return healed, seen


def of_export(kind: ErrorKind, job: Job | None, runs: Iterable[TaskRun], now: datetime, zone: str) -> Outlook | None:
    """The outlook of a failed export: the next scheduled run tries again by itself."""
    if not kind.known:
        return None
    if kind.family == "credentials" and kind.retry == "fix":
        return Outlook(heals=False, text="It will not heal: every further try with a wrong logon may lock the account.")
    if kind.retry != "wait":
        return Outlook(heals=False, text="It will not heal by itself: the cause has to be removed.")
    coming = next_of([job] if job else [], now, zone)
    if coming is None:
        return Outlook(heals=False, text="It may pass, but no further run is scheduled.")
    healed, seen = healed_cases(runs)
    before = max(0, seen - 1)
    known = f" {healed} of {counted(before, 'such case')} before ended by themselves." if before else ""
    return Outlook(
        heals=True,
        text=f"It may pass by itself: {coming[0].name} tries again {moment(coming[1])}.{known}",
        next_at=coming[1],
        healed=healed if before else None,
        seen=before or None,
    )


def of_errored_orders(row: str | None, kind: ErrorKind, syncs: Iterable[Job], now: datetime, zone: str) -> Outlook:
    """The outlook of errored orders: nothing sends them again until somebody unblocks them."""
    if row == "5h":
        coming = next_of(syncs, now, zone)
        if coming is None:
            return Outlook(heals=False, text="A synchronization would confirm them, and none is scheduled.")
        text = f"The next synchronization may confirm them: {coming[0].name}, {moment(coming[1])}."
        return Outlook(heals=True, text=text, next_at=coming[1])
    if kind.family == "credentials":
        return Outlook(heals=False, text="It will not heal: every further try with a wrong logon may lock the account.")
    return Outlook(heals=False, text="It will not heal: no run sends errored orders again before they are unblocked.")


def of_waiting(jobs: Iterable[Job], now: datetime, zone: str, *, what: str) -> Outlook:
    """The outlook of what only waits for its turn."""
    coming = next_of(jobs, now, zone)
    if coming is None:
        return Outlook(heals=False, text=f"No scheduled run {what}: somebody has to launch one.")
    return Outlook(heals=True, text=f"{coming[0].name} {what} {moment(coming[1])}.", next_at=coming[1])
