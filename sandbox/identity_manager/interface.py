"""What the server asks of the world. The world owns time, people, systems, jobs and levers; the server owns the wire.

``sandbox.identity_manager.world`` exports ``load_world`` (see ``WorldLoader``). Everything here is called on the event
loop's thread and must return within a few milliseconds. Rows are exchanged through the store: the world writes every
entity of nim-api chapter 4 there (with TaskInstance.WrappedProgress, the JSON of 9.2-P, and ResourceChange rows); the
server reads history, sources and progress from these rows by itself. The captured requests of the product's screens
want a connector 2004 (so at least four connectors) and a composite role rule 25001 (so at least one).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Literal, Protocol

from sandbox.identity_manager.resources import Resources
from sandbox.identity_manager.store import Store

COMPANION_CAPABILITIES = ("task-log", "agent-files", "server-log", "job-resume")
"""What a companion on the host of an installation can really have."""

EXTRA_CAPABILITIES = ("role-model-one", "resource-history", "resource-sources", "progress", "enums")
"""What no installation is known to expose: behind ``Settings.extra_endpoints``."""


class NotFound(Exception):
    """There is no such job, order, instance, agent, lever."""


class Conflict(Exception):
    """Impossible in the current state. ``code`` goes into the 409: job_already_running, user_start_denied, not_blocked,
    state_not_changeable, already_finished."""

    def __init__(self, code: str, detail: str = "") -> None:
        super().__init__(detail or code)
        self.code = code


@dataclass(frozen=True, slots=True)
class OpenIdClient:
    """An API client. ``reads`` and ``acts`` are permission paths with ``*`` (fnmatch): ``/Jobs/*``; secret in clear
    text."""

    identifier: str
    secret: str
    reads: tuple[str, ...] = ("*",)
    acts: tuple[str, ...] = ("*",)
    expires: datetime | None = None


@dataclass(frozen=True, slots=True)
class ChaosRule:
    """A fault of the server itself: the next ``count`` requests (0: all) whose path matches ``path`` (fnmatch).

    ``kind``: 401, 403, 404, 429, 500, 502, 503, html, hang, truncated, slow. ``seconds``: Retry-After, or how long.
    """

    kind: str
    path: str = "*"
    count: int = 1
    seconds: float = 1.0
    method: str = "*"


@dataclass(frozen=True, slots=True)
class Settings:
    """What a scenario file says about the server rather than the world."""

    name: str = "unnamed"
    title: str = ""
    profile: Literal["plain", "harsh"] = "plain"
    extra_endpoints: bool = False
    companion: tuple[str, ...] = COMPANION_CAPABILITIES
    hide_resource_type_thresholds: bool = False
    token_seconds: int = 3600
    max_page_size: int = 1000
    chaos: tuple[ChaosRule, ...] = ()
    clients: tuple[OpenIdClient, ...] = ()
    """In addition to nimdesk, readonly and nobody, or replacing them by identifier."""
    client_domain: str = "localhost"


@dataclass(frozen=True, slots=True)
class LogLine:
    timestamp: datetime
    level: str
    """Verbose, Debug, Information, Warning, Error or Fatal."""
    message: str


@dataclass(frozen=True, slots=True)
class LogTail:
    lines: Sequence[LogLine]
    truncated: bool


@dataclass(frozen=True, slots=True)
class Lever:
    """Something in the outside world that its administrators can move.

    ``group``: rights, people, files, network, rules, settings. A switch has a bool as value; a lever with ``choices``
    takes one of them; otherwise text or a number. ``label`` says what it is ("Delete on OU=Leavers granted to
    svc-nim").
    """

    name: str
    group: str
    label: str
    value: int | str
    choices: tuple[str, ...] = ()
    description: str = ""


@dataclass(frozen=True, slots=True)
class ScheduledRun:
    job_id: int
    job: str
    at: datetime


class World(Protocol):
    """The simulated installation behind the server."""

    settings: Settings
    store: Store
    resources: Resources

    def now(self) -> datetime:
        """The virtual time (UTC): the HTTP Date header, every date that is written."""
        ...

    @property
    def speed(self) -> float:
        """Virtual seconds per real second; 0 stands still."""
        ...

    def set_speed(self, speed: float) -> None: ...

    def advance(self, seconds: float) -> None:
        """Moves the virtual clock forward and lets everything happen that was due on the way, in order.

        May be called in steps (at most a virtual hour each) so that the loop is not blocked.
        """
        ...

    def next_scheduled(self) -> ScheduledRun | None:
        """The next run that the schedule will start."""
        ...

    async def run(self) -> None:
        """Lets the virtual time pass with the real one until cancelled."""
        ...

    def run_job(self, job_id: int, user: int | None = None, log_level: int | None = None) -> int:
        """Starts a job and returns its JobInstance id. Raises NotFound, Conflict."""
        ...

    def cancel_job(self, job_instance_id: int) -> None:
        """Asks for a stop (CancelRequested). Raises NotFound, Conflict(already_finished)."""
        ...

    def resume(self, job_instance_id: int, mode: Literal["validate", "retry"]) -> int:
        """Goes on past a threshold or relaunches at the break point; the new (or same) instance. Raises NotFound,
        Conflict."""
        ...

    def set_provisioning_state(self, entity: str, row_id: int, state: int) -> None:
        """Moves AssignedResourceType (cascading), -Scalar, -Navigation or -Binary to 1 or 5. Raises NotFound,
        Conflict."""
        ...

    def compute_one(self, entity_type: str, resource_id: int, *, simulate: bool) -> list[Mapping[str, Any]]:
        """Role model for one owner: the ``Changes`` of 9.2-R; stored unless simulated. Raises NotFound."""
        ...

    def task_log(self, task_instance_id: int, tail: int, min_level: str) -> LogTail:
        """The last lines of a task's log, oldest first. Raises NotFound."""
        ...

    def server_log(self, tail: int, min_level: str) -> LogTail: ...

    def agent_files(self, agent_id: int, folder: str) -> list[Mapping[str, Any]]:
        """``Result`` of 9.2-F for one of ExportOutput, ExportCookies, Collect, Synchronization, ProvisioningOrders."""
        ...

    def levers(self) -> Sequence[Lever]: ...

    def pull(self, lever: str, value: int | str) -> None:
        """Moves a lever. Raises NotFound, ValueError (text for people)."""
        ...

    def truth(self) -> dict[str, Any]:
        """What is really the case, for tests: never shown to the bot. JSON-able."""
        ...

    def close(self) -> None: ...


class WorldLoader(Protocol):
    """``load_world``: reads a scenario (a shipped name or a file), fills the store, runs the world forward to its
    present."""

    def __call__(
        self, scenario: str | Path, store: Store, *, profile: str | None = None, speed: float | None = None
    ) -> World: ...
