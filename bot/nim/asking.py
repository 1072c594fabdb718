"""Lists, pages and items of Identity Manager as rows, for one question, whose ledger remembers each request."""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final, Generic, TypeVar

from bot.errors import NimDenied, NimError, NimMissing, NimRejected, NimSurprised
from bot.model.page import Page
from bot.nim.capabilities import Capabilities, Part
from bot.nim.client import Call, Client, Ledger
from bot.nim.config import EnvironmentConfig
from bot.nim.squery import Query, number
from bot.nim.wire.entities import Entity
from bot.nim.wire.row import Row, item_row, list_rows, next_token

T = TypeVar("T")
_SLICE: Final = 50
MOST_PAGES: Final = 10_000
"""A list that goes on beyond this many pages goes round in circles."""
_FAILURE_S: Final = 15.0
"""How long a refusal of a catalogue's part is remembered, so that each question does not run into it again."""


@dataclass(frozen=True, slots=True)
class Asking:
    """What one question asks with."""

    client: Client
    config: EnvironmentConfig
    capabilities: Capabilities
    ledger: Ledger = field(default_factory=list)

    async def page(
        self, entity: Entity, query: Query, *, limit: int, parameters: Mapping[str, str] | None = None
    ) -> Page[Row]:
        """The first rows: one request. The server may cut the page; only its token tells that there is more."""
        call = self._list_call(entity, {"squery": query.text, **(parameters or {})}, limit)
        page, _ = await self._page(call)
        return page

    async def pages(
        self, entity: Entity, query: Query, *, parameters: Mapping[str, str] | None = None
    ) -> AsyncIterator[Page[Row]]:
        """Page after page, a request each."""
        call = self._list_call(entity, {"squery": query.text, **(parameters or {})}, self.config.page_size)
        async for page in self._follow(call):
            yield page

    async def all(
        self, entity: Entity, query: Query, *, parameters: Mapping[str, str] | None = None
    ) -> tuple[Row, ...]:
        rows: list[Row] = []
        async for page in self.pages(entity, query, parameters=parameters):
            rows.extend(page)
        return tuple(rows)

    async def item(self, entity: Entity, item_id: str, query: Query) -> tuple[Row, datetime]:
        """Raises NimMissing for an unknown id."""
        parameters = {**self._parameters(entity), "squery": query.text}
        call = Call("GET", f"{entity.path}/{number(item_id)}", entity.permission, entity.what, parameters)
        got = await self.client.read(call, self.ledger)
        return item_row(got.content, entity.what), got.at

    async def changes(
        self, path: str, *, permission: str, what: str, parameters: Mapping[str, str], limit: int
    ) -> Page[Row]:
        """The first rows of a list that knows no SQuery."""
        page, _ = await self._page(self._plain_call(path, permission, what, parameters, limit))
        return page

    async def all_changes(
        self, path: str, *, permission: str, what: str, parameters: Mapping[str, str]
    ) -> AsyncIterator[Page[Row]]:
        async for page in self._follow(self._plain_call(path, permission, what, parameters, self.config.page_size)):
            yield page

    async def with_parts(self, parts: Sequence[Part], ask: Callable[[frozenset[Part]], Awaitable[T]]) -> T:
        """Asks with the optional parts of a query that this environment may show; one that it rejects is left out
        from then on. `parts` begins with the one that is most likely not shown."""
        wanted = frozenset(part for part in parts if self.capabilities.may_ask(part))
        try:
            return self._learnt(await ask(wanted), wanted, frozenset())
        except NimRejected:
            unsure = [part for part in parts if part in wanted and not self.capabilities.is_known(part)]
            if not unsure:
                raise
        fewer = [wanted - {part} for part in unsure]
        fewer += [wanted - frozenset(unsure)] if len(unsure) > 1 else []
        for position, some in enumerate(fewer):
            try:
                return self._learnt(await ask(some), some, wanted - some)
            except NimRejected:
                if position == len(fewer) - 1:
                    raise
        raise AssertionError

    def _learnt(self, answer: T, shown: frozenset[Part], rejected: frozenset[Part]) -> T:
        for part in shown:
            self.capabilities.shown(part)
        for part in rejected:
            self.capabilities.rejected(part)
        return answer

    async def _page(self, call: Call) -> tuple[Page[Row], str]:
        got = await self.client.read(call, self.ledger)
        token = next_token(got.content)
        return Page(list_rows(got.content, call.what), bool(token), got.at), token

    async def _follow(self, call: Call) -> AsyncIterator[Page[Row]]:
        token = ""
        for _ in range(MOST_PAGES):
            before = token
            page, token = await self._page(_at(call, token))
            yield page
            if not token:
                return
            if token == before:
                break
        raise NimSurprised(f"Identity Manager's list of {call.what} does not end.")

    def _list_call(self, entity: Entity, parameters: Mapping[str, str], limit: int) -> Call:
        return Call(
            "GET",
            entity.path,
            entity.permission,
            entity.what,
            {**self._parameters(entity), **parameters, "PageSize": str(min(limit, self.config.page_size))},
        )

    def _plain_call(self, path: str, permission: str, what: str, parameters: Mapping[str, str], limit: int) -> Call:
        size = str(min(limit, self.config.page_size))
        return Call("GET", path, permission, what, {**parameters, "PageSize": size})

    def _parameters(self, entity: Entity) -> dict[str, str]:
        path = {"Path": entity.permission} if entity.sends_permission else {}
        return {"QueryRootEntityType": entity.root, **path}


async def in_slices(rows: Iterable[Row], read: Callable[[Row], T]) -> tuple[T, ...]:
    """Reads many rows without keeping the event loop from its other work for more than a few milliseconds."""
    found: list[T] = []
    for row in rows:
        found.append(read(row))
        if not len(found) % _SLICE:
            await asyncio.sleep(0)
    return tuple(found)


def _at(call: Call, token: str) -> Call:
    """The first call has an empty token, as the product's own scripts send it (nim-api 2.4)."""
    return Call(call.method, call.path, call.permission, call.what, {**call.params, "ContinuationToken": token})


class Kept(Generic[T]):
    """A value that is loaded once for all who ask at the same time, and kept for a while.

    Everybody who waits gets the same error; a refusal is remembered briefly, anything else is tried by the next one.
    """

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._value: T | None = None
        self._error: NimError | None = None
        self._until = 0.0
        self._loading: asyncio.Task[T] | None = None

    async def get(self, load: Callable[[], Awaitable[T]]) -> T:
        if time.monotonic() < self._until:
            if self._error is not None:
                raise self._error
            if self._value is not None:
                return self._value
        if self._loading is None:
            self._loading = asyncio.create_task(self._load(load))
            self._loading.add_done_callback(self._loaded)
        return await asyncio.shield(self._loading)

    @property
    def at_hand(self) -> T | None:
        """What was loaded last, however old."""
        return self._value

    def forget(self) -> None:
        self._until = 0.0

    async def _load(self, load: Callable[[], Awaitable[T]]) -> T:
        try:
            value = await load()
        except (NimDenied, NimMissing, NimRejected) as why:
            self._error, self._until = why, time.monotonic() + _FAILURE_S
            raise
        self._value, self._error, self._until = value, None, time.monotonic() + self._seconds
        return value

    def _loaded(self, task: asyncio.Task[T]) -> None:
        self._loading = None
        if not task.cancelled():
            task.exception()
