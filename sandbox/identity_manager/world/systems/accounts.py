"""Systems that hold flat accounts: Entra ID, SAP, an application's database."""

from __future__ import annotations

import random
from collections.abc import Mapping
from dataclasses import dataclass, field

from sandbox.identity_manager.world.metadata import SHAPES
from sandbox.identity_manager.world.systems.access import Access, check_certificate, check_network
from sandbox.identity_manager.world.systems.dialects import Dialect
from sandbox.identity_manager.world.systems.errors import TargetError
from sandbox.identity_manager.world.systems.order import Order
from sandbox.identity_manager.world.systems.table import Row, Table

_OPERATION = {"Added": "create", "Modified": "modify", "Deleted": "delete"}
_VERBS = {"create": "INSERT", "modify": "UPDATE", "delete": "DELETE", "read": "SELECT"}


@dataclass(frozen=True, slots=True)
class AccountTable:
    """One kind of account. `generated_key`: the system makes the key itself (Entra ID's object id)."""

    name: str
    entity_type: str
    unique: tuple[str, ...] = ()
    mandatory: tuple[str, ...] = ()
    allowed: Mapping[str, frozenset[str]] = field(default_factory=dict)
    generated_key: bool = False

    @property
    def key(self) -> str:
        return SHAPES[self.entity_type].key

    @property
    def header(self) -> list[str]:
        return list(SHAPES[self.entity_type].values)


class AccountSystem:
    """Fulfils ManagedSystem."""

    def __init__(
        self, access: Access, dialect: Dialect, kinds: list[AccountTable], *, seed: int, delta_capable: bool
    ) -> None:
        self.access = access
        self.dialect = dialect
        self.delta_capable = delta_capable
        self.kinds = {kind.entity_type: kind for kind in kinds}
        self.accounts: dict[str, dict[str, Row]] = {kind.entity_type: {} for kind in kinds}
        self.changes: list[tuple[str, str]] = []
        self._taken: dict[tuple[str, str], dict[str, str]] = {(k.entity_type, c): {} for k in kinds for c in k.unique}
        self._tables: tuple[int, list[Table]] = (-1, [])
        self._random = random.Random(seed)
        self.orders_per_window = 0
        """how many orders the system takes before it throttles; 0 is without limit"""
        self._window: tuple[float, int] = (0.0, 0)

    # -- administrators ------------------------------------------------------------------------------------------------

    def put(self, entity_type: str, values: Mapping[str, str | None]) -> str:
        kind = self.kinds[entity_type]
        row = {name: values.get(name) or "" for name in kind.header}
        if kind.generated_key:
            text = f"{self._random.getrandbits(128):032x}"
            row[kind.key] = f"{text[:8]}-{text[8:12]}-{text[12:16]}-{text[16:20]}-{text[20:]}"
        self._check(kind, row, "")
        key = row[kind.key]
        self.accounts[entity_type][key] = row
        self._reserve(kind, row, key)
        self.changes.append((entity_type, key))
        return key

    def alter(self, entity_type: str, key: str, changes: Mapping[str, str | None]) -> None:
        kind = self.kinds[entity_type]
        before = self.accounts[entity_type][key]
        row = {**before, **{name: value or "" for name, value in changes.items() if name in before}}
        self._check(kind, row, key)
        self._release(kind, before)
        self.accounts[entity_type][key] = row
        self._reserve(kind, row, key)
        self.changes.append((entity_type, key))

    def drop(self, entity_type: str, key: str) -> None:
        self._release(self.kinds[entity_type], self.accounts[entity_type].pop(key))
        self.changes.append((entity_type, key))

    # -- the agent -----------------------------------------------------------------------------------------------------

    def connect(self, now: float, direction: str) -> None:
        if self.dialect.network and (self.access.network_fault or self.access.host.network_fault) in (
            "refused",
            "unreachable",
        ):
            raise TargetError(self.dialect.network.format(address=self.access.address))
        check_network(self.access)
        check_certificate(self.access, now)
        condition = self.access.credential.condition(now)
        if condition != "valid":
            raise TargetError(self.dialect.credential(condition, self.access))
        if self.access.address_wrong:
            text = self.dialect.address or "Response status code does not indicate success: 404 (Not Found)."
            raise TargetError(text.format(account=self.access.credential.account))
        if direction == "read":
            self._require("read")

    def tables(self) -> list[Table]:
        return [
            Table(kind.name, kind.header, list(self.accounts[kind.entity_type].values()))
            for kind in self.kinds.values()
        ]

    def position(self) -> int:
        return len(self.changes)

    def delta(self, since: int) -> list[Table]:
        found: list[Table] = []
        for kind in self.kinds.values():
            keys = list(dict.fromkeys(key for entity, key in self.changes[since:] if entity == kind.entity_type))
            held = self.accounts[kind.entity_type]
            rows = [held[key] for key in keys if key in held]
            found.append(Table(kind.name, kind.header, rows, [k for k in keys if k not in held], is_delta=True))
        return found

    def apply(self, order: Order, now: float) -> str:
        self.connect(now, "write")
        self._throttle(now)
        self._require(_OPERATION[order.change_type])
        if order.change_type == "Added":
            return self.put(order.entity_type, order.values)
        if order.account_key not in self.accounts[order.entity_type]:
            raise TargetError(self.dialect.not_found.format(key=order.account_key))
        if order.change_type == "Modified":
            self.alter(order.entity_type, order.account_key, order.values)
        else:
            self.drop(order.entity_type, order.account_key)
        return order.account_key

    def _throttle(self, now: float) -> None:
        """Takes `orders_per_window` orders in a window of Retry-After seconds, then refuses until the window ends."""
        if not self.orders_per_window:
            return
        begun, taken = self._window
        if now - begun >= self.access.retry_after:
            begun, taken = now, 0
        if taken >= self.orders_per_window:
            raise TargetError(self.dialect.throttled.format(retry_after=self.access.retry_after))
        self._window = (begun, taken + 1)

    def _require(self, operation: str) -> None:
        if operation in self.access.denied:
            raise TargetError(self.dialect.denied.format(operation=_VERBS[operation]))

    def _check(self, kind: AccountTable, row: Row, besides: str) -> None:
        for column in kind.mandatory:
            if not row[column]:
                raise TargetError(self.dialect.missing.format(column=column))
        for column, allowed in kind.allowed.items():
            if row[column] not in allowed:
                raise TargetError(self.dialect.invalid.format(column=column))
        for column, value in row.items():
            if len(value) > self.dialect.longest:
                raise TargetError(self.dialect.too_long.format(column=column, limit=self.dialect.longest))
        if row[kind.key] != besides and row[kind.key] in self.accounts[kind.entity_type]:
            raise TargetError(self.dialect.duplicate.format(column=kind.key, value=row[kind.key]))
        for column in kind.unique:
            holder = self._taken[kind.entity_type, column].get(row[column].lower(), besides)
            if row[column] and holder != besides:
                raise TargetError(self.dialect.duplicate.format(column=column, value=row[column]))

    def _reserve(self, kind: AccountTable, row: Row, key: str) -> None:
        for column in kind.unique:
            if row[column]:
                self._taken[kind.entity_type, column][row[column].lower()] = key

    def _release(self, kind: AccountTable, row: Row) -> None:
        for column in kind.unique:
            self._taken[kind.entity_type, column].pop(row[column].lower(), None)
