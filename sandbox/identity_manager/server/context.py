"""What every handler shares."""

from __future__ import annotations

import asyncio
import time
from collections import deque
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web

from sandbox.identity_manager.interface import EXTRA_CAPABILITIES, OpenIdClient, Settings, World
from sandbox.identity_manager.resources import Resources
from sandbox.identity_manager.server.auth import Tokens
from sandbox.identity_manager.server.chaos import Chaos
from sandbox.identity_manager.squery.shapes import View
from sandbox.identity_manager.store import Store

HARSH_MAX_PAGE_SIZE = 200
HARSH_RUN_HIDDEN_SECONDS = 5.0
_LOGGED = 5000


@dataclass(slots=True)
class Server:
    """The running server around a world."""

    world: World
    tokens: Tokens
    chaos: Chaos
    companion_token: str
    admin_token: str
    capabilities: set[str] = field(default_factory=set)
    requests: deque[dict[str, Any]] = field(default_factory=lambda: deque(maxlen=_LOGGED))
    clock_lock: asyncio.Lock = field(default_factory=asyncio.Lock)
    control_url: str = ""
    _fresh_runs: dict[int, float] = field(default_factory=dict)

    @property
    def settings(self) -> Settings:
        return self.world.settings

    @property
    def store(self) -> Store:
        return self.world.store

    @property
    def resources(self) -> Resources:
        return self.world.resources

    @property
    def harsh(self) -> bool:
        return self.settings.profile == "harsh"

    @property
    def max_page_size(self) -> int:
        return HARSH_MAX_PAGE_SIZE if self.harsh else self.settings.max_page_size

    def reset_capabilities(self) -> None:
        """What the companion offers by the scenario: nothing in the harsh profile."""
        self.capabilities = set() if self.harsh else set(self.settings.companion)
        if self.settings.extra_endpoints and not self.harsh:
            self.capabilities |= set(EXTRA_CAPABILITIES)

    def note_run(self, job_instance_id: int) -> None:
        """A run that was just started: in the harsh profile nobody sees it for five seconds."""
        if self.harsh:
            self._fresh_runs[job_instance_id] = time.monotonic() + HARSH_RUN_HIDDEN_SECONDS

    def hidden_runs(self) -> frozenset[int]:
        now = time.monotonic()
        self._fresh_runs = {run: until for run, until in self._fresh_runs.items() if until > now}
        return frozenset(self._fresh_runs)

    def view(self, version: int, *, current_values: bool) -> View:
        return View(
            self.resources,
            version,
            current_values,
            hide_type_thresholds=self.harsh or self.settings.hide_resource_type_thresholds,
            hide_counters=self.harsh,
            hidden_runs=self.hidden_runs(),
        )


SERVER: web.AppKey[Server] = web.AppKey("server", Server)
CLIENT: web.RequestKey[OpenIdClient] = web.RequestKey("client", OpenIdClient)
