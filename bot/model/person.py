"""An identity as the helpdesk names it."""

from dataclasses import dataclass, field
from datetime import datetime

from bot.model.ids import ResourceId


@dataclass(frozen=True, slots=True)
class Person:
    id: ResourceId
    entity_type: str
    name: str
    login: str = ""
    employee_id: str = ""
    start_date: datetime | None = None
    end_date: datetime | None = None
    records: tuple[ResourceId, ...] | None = None
    """Ids of the person's records, which sources feed; None where they were not read with the person."""
    properties: dict[str, str] = field(default_factory=dict)
    read_at: datetime | None = None

    @property
    def known_as(self) -> str:
        """Name with what tells homonyms apart."""
        mark = self.login or self.employee_id
        return f"{self.name} ({mark})" if mark else self.name
