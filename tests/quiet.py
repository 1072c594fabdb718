"""Where a sandbox's clock may stand for a repair: no run is due within three minutes, none is under way (safety 9)."""

from datetime import datetime, timedelta
from typing import Final

_SOONEST: Final = timedelta(minutes=5)
_RUNS_LAST: Final = timedelta(minutes=4)
_LATEST: Final = timedelta(minutes=15) - _RUNS_LAST


def seconds_to_move(now: datetime, next_run: datetime) -> float:
    """How far to move the clock before looking again; 0 where it is quiet."""
    left = next_run - now
    if left > _LATEST:
        return (left - _LATEST).total_seconds()
    return 0 if left >= _SOONEST else (left + _RUNS_LAST).total_seconds()
