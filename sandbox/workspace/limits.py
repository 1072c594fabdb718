"""Slack's rate limits: calls per minute by tier, and one message a second in a channel with a short burst."""

from __future__ import annotations

import math
from collections import defaultdict, deque
from dataclasses import dataclass, field

from sandbox.workspace.clock import Clock

TIERS = {1: 1, 2: 20, 3: 50, 4: 100, 5: 600}
"""Calls per minute; 5 stands for Slack's "special"."""
BURST = 4
"""Messages that a channel takes at once before one a second holds."""


@dataclass(slots=True)
class RateLimits:
    clock: Clock
    enabled: bool
    _calls: dict[str, deque[float]] = field(default_factory=lambda: defaultdict(deque))
    _tokens: dict[str, tuple[float, float]] = field(default_factory=dict)

    def wait_for_method(self, method: str, tier: int) -> int:
        """Seconds until the method may be called again; 0 = now, and the call is counted."""
        if not self.enabled:
            return 0
        now, calls = self.clock.now(), self._calls[method]
        while calls and calls[0] <= now - 60:
            calls.popleft()
        if len(calls) >= TIERS[tier]:
            return max(1, math.ceil(calls[0] + 60 - now))
        calls.append(now)
        return 0

    def wait_for_channel(self, channel: str) -> int:
        if not self.enabled:
            return 0
        now = self.clock.now()
        tokens, since = self._tokens.get(channel, (float(BURST), now))
        tokens = min(BURST, tokens + now - since)
        if tokens < 1:
            self._tokens[channel] = (tokens, now)
            return max(1, math.ceil(1 - tokens))
        self._tokens[channel] = (tokens - 1, now)
        return 0
