"""The rules of diagnosis that a repair needs, handed in by the composition root: rooms do not know each other."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from bot.model.action import Verdict
from bot.model.job import JobRun
from bot.model.order import Order


class Judgement(Protocol):
    @property
    def verdict(self) -> Verdict: ...
    @property
    def why(self) -> str: ...


class JudgeOrder(Protocol):
    """`after` is None when the order is gone; see `bot.diagnosis.verification.judge_order`."""

    def __call__(
        self,
        before: Order,
        after: Order | None,
        run: JobRun,
        *,
        executed_seen: bool = False,
        account_present: bool | None = None,
        key_before: str = "",
    ) -> Judgement: ...


@dataclass(frozen=True, slots=True)
class Judging:
    unchanged: Callable[[str, Order], bool]
    """Whether the order is as it was when the fingerprint `seen` was taken."""
    order: JudgeOrder
    run: Callable[[JobRun], Verdict]
    error: Callable[[Order], str]
    """The order's newest error text, masked, for a person."""
