"""How old a connector's data are, against the rhythm that is configured (troubleshooting 2.2)."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from bot.desk.jobs import state_word
from bot.diagnosis.landscape import Landscape
from bot.diagnosis.schedule import interval
from bot.model.answer import Cell
from bot.model.job import Connector, Job, JobRun, RunState, TaskKind

SLACK_OF_INCREMENTAL: Final = 3
"""An incremental synchronization is stale after three of its intervals, at least 45 minutes."""
LEAST_GRACE: Final = timedelta(minutes=45)
GRACE_OF_COMPLETE: Final = timedelta(hours=2)
STALE: Final = "stale"
_ENDED_WELL: Final = frozenset({RunState.COMPLETED, RunState.WARNING})


@dataclass(frozen=True, slots=True)
class Seen:
    """What is needed to tell: the configuration, the newest run of each job, the time there."""

    land: Landscape
    runs: Iterable[JobRun]
    now: datetime
    timezone: str

    def jobs(self, connector: Connector, *, incremental: bool) -> tuple[Job, ...]:
        """The jobs that synchronize it in this mode."""
        return tuple(
            job
            for job in self.land.jobs_of(connector.id, TaskKind.SYNCHRONIZE)
            if job.is_incremental is incremental and not job.is_initialization
        )

    def rhythm(self, jobs: Iterable[Job]) -> timedelta | None:
        """The shortest interval of their schedules; None without one."""
        return min((every for job in jobs if (every := interval(job, self.now, self.timezone))), default=None)

    def last(self, jobs: Iterable[Job]) -> JobRun | None:
        ids = {job.id for job in jobs}
        found = [run for run in self.runs if run.job_id in ids and run.started_at]
        return max(found, key=lambda run: run.started_at.timestamp() if run.started_at else 0.0, default=None)


def freshness(seen: Seen, connector: Connector, *, incremental: bool) -> Cell | None:
    """When the connector was last synchronized in one of the two modes; None where it has no such job."""
    jobs = seen.jobs(connector, incremental=incremental)
    if not jobs:
        return None
    mode = "incremental" if incremental else "complete"
    last = seen.last(jobs)
    if last is None:
        return Cell(f"{STALE}: {mode} has never run")
    if last.ended_at is None:
        return Cell(f"{mode} running since", at=last.started_at)
    if last.state not in _ENDED_WELL:
        return Cell(f"{STALE}: {mode} {state_word(last)}", at=last.ended_at)
    late = _late(seen.rhythm(jobs), seen.now - last.ended_at, incremental=incremental)
    return Cell(f"{STALE}: {mode}" if late else mode, at=last.ended_at)


def _late(rhythm: timedelta | None, age: timedelta, *, incremental: bool) -> bool:
    """A job without a schedule is never late."""
    if rhythm is None:
        return False
    grace = max(rhythm * SLACK_OF_INCREMENTAL, LEAST_GRACE) if incremental else rhythm + GRACE_OF_COMPLETE
    return age > grace
