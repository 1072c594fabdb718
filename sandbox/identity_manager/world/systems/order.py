"""A provisioning order as the agent hands it to a managed system, and what every managed system can do."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from sandbox.identity_manager.world.systems.access import Access
from sandbox.identity_manager.world.systems.table import Table


@dataclass(frozen=True, slots=True)
class Order:
    """`values` are the scalars to write, `links` the keys of linked resources to add, `unlinks` those to remove."""

    change_type: str
    entity_type: str
    account_key: str
    values: Mapping[str, str | None]
    links: Mapping[str, Sequence[str]] = field(default_factory=dict)
    unlinks: Mapping[str, Sequence[str]] = field(default_factory=dict)
    references: Mapping[str, str] = field(default_factory=dict)


class ManagedSystem(Protocol):
    """A system behind a connector. Every method that the agent uses may raise TargetError."""

    access: Access
    delta_capable: bool

    def connect(self, now: float, direction: str) -> None:
        """`direction` is read or write."""
        ...

    def tables(self) -> list[Table]: ...

    def position(self) -> int:
        """Where a delta that begins now would begin."""
        ...

    def delta(self, since: int) -> list[Table]: ...

    def apply(self, order: Order, now: float) -> str:
        """Returns the key of the account."""
        ...
