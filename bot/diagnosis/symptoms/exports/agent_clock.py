"""Whether the agent's clock is wrong, told by its files (confounder 5.4). Pure."""

from datetime import datetime, timedelta
from statistics import median
from typing import Final

from bot.diagnosis.symptoms.exports.evidence import Evidence
from bot.model.job import RunState, TaskKind

IGNORED: Final = timedelta(minutes=5)
"""Clocks that differ by less do not matter."""
_AGREE: Final = timedelta(minutes=2)
_FEWEST: Final = 2


def offset_of(seen: Evidence) -> timedelta | None:
    """By how much the agent's files are ahead of the server, negative = behind.

    None where the clocks agree, or where not all connectors show the same: one that wrote nothing bears no witness.
    """
    offsets = [found for name, ended in _ends(seen).items() if (found := _offset(seen, name, ended)) is not None]
    if len(offsets) < _FEWEST:
        return None
    middle = timedelta(seconds=median(one.total_seconds() for one in offsets))
    if abs(middle) <= IGNORED or any(abs(one - middle) > _AGREE for one in offsets):
        return None
    return middle


def _ends(seen: Evidence) -> dict[str, datetime]:
    """When the newest export that went well of each connector of the agent ended, by how its files are named."""
    agent = seen.failed.agent_id if seen.failed else next((one.agent_id for one in seen.tasks if one.agent_id), None)
    well = [
        one
        for one in seen.recent or ()
        if one.kind is TaskKind.EXPORT and one.state is RunState.COMPLETED and one.ended_at and one.agent_id == agent
    ]
    found: dict[str, datetime] = {}
    for one in well:
        connector = seen.landscape.connector(one.connector_id)
        if connector is not None and one.ended_at is not None:
            name = connector.identifier.lower()
            found[name] = max(one.ended_at, found.get(name, one.ended_at))
    return found


def _offset(seen: Evidence, name: str, ended: datetime) -> timedelta | None:
    written = max((one.modified_at for one in seen.files or () if one.name.lower().startswith(name)), default=None)
    return None if written is None else written - ended
