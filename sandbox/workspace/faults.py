"""Faults that a test switches on for the next calls of a Web API method."""

from __future__ import annotations

from dataclasses import dataclass, field
from http import HTTPStatus


@dataclass(slots=True)
class Fault:
    method: str
    """A method's name, `*` for any, or `response_url`."""
    times: int = 1
    status: int = 200
    error: str = ""
    """Answered as `{"ok": false, "error": …}`; with status 429 it is `ratelimited`."""
    retry_after: int = 1
    delay: float = 0.0
    lose_answer: bool = False
    """The work is done and the connection is cut instead of answering."""
    cut: bool = False
    """The connection is cut and nothing is done."""

    @property
    def answers(self) -> bool:
        """Whether the fault is the answer, and nothing is done."""
        return self.status != HTTPStatus.OK or bool(self.error)

    @property
    def headers(self) -> dict[str, str]:
        return {"Retry-After": str(self.retry_after)} if self.status == HTTPStatus.TOO_MANY_REQUESTS else {}


@dataclass(slots=True)
class Faults:
    waiting: list[Fault] = field(default_factory=list)

    def take(self, method: str) -> Fault | None:
        for fault in self.waiting:
            if fault.method in (method, "*"):
                fault.times -= 1
                if fault.times <= 0:
                    self.waiting.remove(fault)
                return fault
        return None
