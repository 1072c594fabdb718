"""One Identity Manager as a whole: read, written to, and its time."""

from datetime import datetime
from typing import Protocol

from bot.model.ids import JobId, OrderId
from bot.ports.reads import NimReads


class NimWrites(Protocol):
    """The only two calls that change anything. Neither is ever repeated by itself."""

    async def unblock(self, order_id: OrderId) -> None:
        """Sets the order to pending. Read the order afterwards: the answer's body is not to be trusted."""
        ...

    async def run_job(self, job_id: JobId) -> None:
        """Launches the job. The new run is found by reading; the answer's body is not to be trusted.

        Raises NimError with `changed=None` when it cannot be known whether the call arrived.
        """
        ...


class Environment(Protocol):
    """One Identity Manager of the settings."""

    @property
    def name(self) -> str: ...

    @property
    def label(self) -> str: ...

    def reads(self) -> NimReads:
        """A fresh ledger of requests over the shared client and caches."""
        ...

    @property
    def writes(self) -> NimWrites: ...

    def now(self) -> datetime:
        """The environment's time: the wall clock corrected by the offset of NIM's `Date` header."""
        ...


class Clock(Protocol):
    def now(self) -> datetime:
        """The host's wall clock, UTC. Never compared with a time of NIM's."""
        ...
