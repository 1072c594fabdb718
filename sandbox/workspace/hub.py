"""The parts of one workspace, put together once and handed to whatever serves a request."""

from __future__ import annotations

from dataclasses import dataclass, field

from sandbox.workspace.clock import Clock
from sandbox.workspace.config import WorkspaceConfig
from sandbox.workspace.delivery import Delivery
from sandbox.workspace.faults import Faults
from sandbox.workspace.http_delivery import HttpTransport
from sandbox.workspace.limits import RateLimits
from sandbox.workspace.sockets import SocketHub
from sandbox.workspace.state import Json, State
from sandbox.workspace.tickets import ResponseUrls, Triggers


@dataclass(slots=True)
class Secrets:
    bot_token: str
    app_token: str
    signing_secret: str
    person_token: str
    page_session: str
    """The page's cookie: it may do what the person token may."""
    revoked: set[str] = field(default_factory=set)


@dataclass(slots=True)
class Hub:
    config: WorkspaceConfig
    clock: Clock
    state: State
    secrets: Secrets
    sockets: SocketHub
    http: HttpTransport
    delivery: Delivery
    triggers: Triggers
    responses: ResponseUrls
    faults: Faults
    limits: RateLimits
    calls: list[Json] = field(default_factory=list)
    """Every Web API call received, with its time and answer."""
    url: str = ""
    """Scheme, host and port, known once the server listens."""
