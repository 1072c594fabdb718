"""What was asked to be done, who may drive it, and the record of it."""

from collections.abc import AsyncIterator, Sequence
from datetime import datetime
from typing import Protocol

from bot.model.action import Action, ActionState, Wish
from bot.model.audit import AuditRecord
from bot.model.ids import ActionId


class Actions(Protocol):
    """The store of actions: a row is committed before anything is sent."""

    async def ask(self, wish: Wish, now: datetime) -> tuple[Action, bool]:
        """Stores the wish under its key, with the audit record before it.

        Returns the action and whether it is new: the same key again, or the same target while its action has not
        ended, meets the first one's action. A key is free again after REFUSED and UNKNOWN: a person may decide anew.
        """
        ...

    async def get(self, action_id: ActionId) -> Action: ...

    async def unfinished(self) -> Sequence[Action]: ...

    async def recent(self, env: str, target: str, *, limit: int = 5) -> Sequence[Action]: ...

    async def latest(self, env: str, *, limit: int = 50) -> Sequence[Action]:
        """The newest actions of one environment, ended or not, newest first."""
        ...

    async def change(self, action: Action, *, now: datetime, audit: str = "") -> None:
        """Stores the action's new state; a non-empty `audit` adds a record after the fact."""
        ...

    async def in_state(self, state: ActionState) -> Sequence[Action]: ...

    async def changed(self, at_most: float) -> bool:
        """Waits until an action may have been asked, at most `at_most` seconds; true when one was in this process."""
        ...


class Audit(Protocol):
    async def record(self, entry: AuditRecord) -> None: ...

    def since(self, moment: datetime | None = None, *, user_id: str = "") -> AsyncIterator[AuditRecord]:
        """Oldest first; None = from the beginning."""
        ...


class DrivingLock(Protocol):
    """The right to drive: to own the watch, the sender and the workflows."""

    async def acquire(self) -> None:
        """Waits for it. Raises SettingsError where waiting is pointless (SQLite: another process has the file)."""
        ...

    async def lost(self) -> None:
        """Returns when the right is lost; whoever drove stops at once."""
        ...

    async def release(self) -> None: ...
