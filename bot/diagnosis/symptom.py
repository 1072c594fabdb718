"""A symptom declares itself once: what it is called, what it reads, how it judges."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Generic, TypeVar

from bot.diagnosis.site import Site
from bot.diagnosis.subject import Subject
from bot.model.finding import Finding
from bot.ports import NimReads

E = TypeVar("E")


@dataclass(frozen=True, slots=True)
class Symptom(Generic[E]):
    """One row of the vendor's troubleshooting page."""

    number: int
    name: str
    gather: Callable[[NimReads, Subject, Site, datetime], Awaitable[E]]
    """Reads together; never raises for a part that cannot be read."""
    diagnose: Callable[[E, datetime], Finding]
    """Pure: no I/O, no clock."""

    async def examine(self, nim: NimReads, subject: Subject, site: Site, now: datetime) -> Finding:
        return self.diagnose(await self.gather(nim, subject, site, now), now)
