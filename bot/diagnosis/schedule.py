"""When a job is due: its crontab expression read in its own zone (nim-api 4.3, CronTimeZone)."""

from datetime import UTC, datetime, timedelta
from itertools import islice, pairwise
from statistics import median
from typing import Final
from zoneinfo import ZoneInfo

from cronsim import CronSim, CronSimError

from bot.model.job import CronZone, Job

_LOOKED_AT: Final = 13
"""Starts from which the usual interval is taken."""


def next_start(job: Job, after: datetime, server_zone: str) -> datetime | None:
    """The first start after a moment, UTC; None for a job without a schedule, or with one that cannot be read."""
    return _start(job, after, server_zone, reverse=False)


def previous_start(job: Job, before: datetime, server_zone: str) -> datetime | None:
    """The last start before a moment, UTC; None as for `next_start`."""
    return _start(job, before, server_zone, reverse=True)


def interval(job: Job, at: datetime, server_zone: str) -> timedelta | None:
    """The usual time between two starts; None for a job without a readable schedule."""
    starts = _starts(job, at, server_zone, reverse=False)
    if starts is None:
        return None
    try:
        times = list(islice(starts, _LOOKED_AT))
    except CronSimError:
        return None
    gaps = [(later - earlier).total_seconds() for earlier, later in pairwise(times)]
    return timedelta(seconds=median(gaps)) if gaps else None


def _start(job: Job, at: datetime, server_zone: str, *, reverse: bool) -> datetime | None:
    starts = _starts(job, at, server_zone, reverse=reverse)
    found = next(starts, None) if starts is not None else None
    return found.astimezone(UTC) if found else None


def _starts(job: Job, at: datetime, server_zone: str, *, reverse: bool) -> CronSim | None:
    if not job.cron.strip():
        return None
    zone = ZoneInfo(server_zone) if job.cron_zone is CronZone.SERVER else UTC
    try:
        return CronSim(job.cron.strip(), at.astimezone(zone), reverse=reverse)
    except CronSimError:
        return None
