"""Actions: the row comes first, whoever drives finds it."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Select, func, insert, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.errors import NotFound
from bot.model.action import Action, ActionState, Wish
from bot.model.audit import AuditEvent, AuditRecord
from bot.model.finding import ActionKind
from bot.model.ids import ActionId, OrderId
from bot.store.audit import append
from bot.store.codec import dump, load
from bot.store.database import Database, Signal
from bot.store.tables import action

ENDED: Final = (ActionState.DONE, ActionState.REFUSED, ActionState.UNKNOWN)
FREES_KEY: Final = frozenset({ActionState.REFUSED, ActionState.UNKNOWN})
"""Ends after which the same wish may be a person's new decision."""


class ActionTable:
    def __init__(self, database: Database) -> None:
        self._database = database
        self.asked: Final = Signal()

    async def ask(self, wish: Wish, now: datetime) -> tuple[Action, bool]:
        try:
            stored = await self._ask(wish, now)
        except IntegrityError:  # another replica stored the same key meanwhile
            stored = await self._ask(wish, now)
        self.asked.set()
        return stored

    async def _ask(self, wish: Wish, now: datetime) -> tuple[Action, bool]:
        same_target = (action.c.env == wish.env) & (action.c.kind == wish.kind.value) & (action.c.target == wish.target)
        unfinished = same_target & action.c.state.not_in([state.value for state in ENDED])
        async with self._database.writing() as connection:
            query = select(action).where((action.c.key == wish.key) | unfinished).order_by(action.c.id.desc())
            if known := await _all(connection, query):
                return known[0], False
            draft = Action(id=ActionId(0), wish=wish, state=ActionState.ASKED, asked_at=now, order_id=_order(wish))
            row = {
                "key": wish.key,
                "env": wish.env,
                "kind": wish.kind.value,
                "target": wish.target,
                "state": draft.state.value,
                "user_id": wish.user_id,
                "incident_id": wish.incident_id,
                "asked_at": now,
                "changed_at": now,
                "body": dump(draft),
            }
            stored = (await connection.execute(insert(action).values(**row).returning(action))).one()
            asked = _read(stored)
            await append(connection, _record(asked, AuditEvent.BEFORE, now, wish.reason))
            return asked, True

    async def changed(self, at_most: float) -> bool:
        return await self.asked.wait(at_most)

    async def get(self, action_id: ActionId) -> Action:
        async with self._database.reading() as connection:
            found = await _all(connection, select(action).where(action.c.id == action_id))
        if not found:
            raise NotFound(f"There is no action {action_id}.")
        return found[0]

    async def unfinished(self) -> Sequence[Action]:
        query = select(action).where(action.c.state.not_in([state.value for state in ENDED])).order_by(action.c.id)
        async with self._database.reading() as connection:
            return await _all(connection, query)

    async def recent(self, env: str, target: str, *, limit: int = 5) -> Sequence[Action]:
        query = select(action).where((action.c.env == env) & (action.c.target == target))
        async with self._database.reading() as connection:
            return await _all(connection, query.order_by(action.c.id.desc()).limit(limit))

    async def latest(self, env: str, *, limit: int = 50) -> Sequence[Action]:
        query = select(action).where(action.c.env == env).order_by(action.c.id.desc()).limit(limit)
        async with self._database.reading() as connection:
            return await _all(connection, query)

    async def in_state(self, state: ActionState) -> Sequence[Action]:
        query = select(action).where(action.c.state == state.value).order_by(action.c.id)
        async with self._database.reading() as connection:
            return await _all(connection, query)

    async def count_by_state(self) -> Mapping[ActionState, int]:
        """States that no action is in are left out."""
        query = select(action.c.state, func.count()).group_by(action.c.state)
        async with self._database.reading() as connection:
            return {ActionState(state): int(count) for state, count in (await connection.execute(query)).all()}

    async def change(self, changed: Action, *, now: datetime, audit: str = "") -> None:
        values: dict[str, Any] = {"state": changed.state.value, "changed_at": now, "body": dump(changed)}
        if changed.state in FREES_KEY:
            values["key"] = f"{changed.wish.key}#{changed.id}"
        async with self._database.writing() as connection:
            await connection.execute(update(action).where(action.c.id == changed.id).values(**values))
            if audit:
                event = AuditEvent.REFUSED if changed.state is ActionState.REFUSED else AuditEvent.AFTER
                await append(connection, _record(changed, event, now, audit))


def _order(wish: Wish) -> OrderId | None:
    return OrderId(wish.target) if wish.kind is ActionKind.UNBLOCK_ONE else None


async def _all(connection: AsyncConnection, query: Select[Any]) -> list[Action]:
    return [_read(row) for row in await connection.execute(query)]


def _read(row: Any) -> Action:  # noqa: ANN401  # a row of the table
    return replace(load(Action, row.body), id=ActionId(row.id))


def _record(of: Action, event: AuditEvent, now: datetime, said: str) -> AuditRecord:
    wish = of.wish
    return AuditRecord(
        at=now,
        event=event,
        team_id=wish.team_id,
        user_id=wish.user_id,
        role=wish.role,
        env=wish.env,
        kind=wish.kind.value,
        target=wish.target,
        label=wish.label,
        evidence=wish.evidence,
        said=said,
        action_id=of.id,
    )
