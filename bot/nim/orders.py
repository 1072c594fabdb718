"""Reads of provisioning orders."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Final

from bot.errors import NotUnderstood
from bot.model.ids import EntityTypeId, OrderId, ResourceId, ResourceTypeId
from bot.model.order import ChangeType, HeldValue, Order, OrderProperty, OrderState
from bot.model.page import Page
from bot.nim.asking import in_slices
from bot.nim.capabilities import Part
from bot.nim.catalogue import tried
from bot.nim.reading import Reading
from bot.nim.squery import Condition, Join, Path
from bot.nim.wire import entities
from bot.nim.wire import orders as wire
from bot.nim.wire.row import Row

MOST_VALUES_OF: Final = 50
"""Orders whose values are asked for in one request: more would not fit into a request line."""


class OrderReading(Reading):
    async def order(self, order_id: OrderId, *, properties: bool = False) -> Order:
        if not properties:
            return await self._order(order_id)
        order, scalars, links = await asyncio.gather(
            self._order(order_id), self._scalars([order_id]), self._links(order_id)
        )
        return replace(order, properties=(*scalars.get(order_id, ()), *links))

    async def orders(
        self,
        *,
        states: Sequence[OrderState] = (),
        in_review: bool = False,
        errored: bool = False,
        owner_id: ResourceId | None = None,
        resource_id: ResourceId | None = None,
        resource_type_ids: Sequence[ResourceTypeId] = (),
        change: ChangeType | None = None,
        performed_between: tuple[datetime, datetime] | None = None,
        with_errors: bool = False,
        as_of: datetime | None = None,
        limit: int = 1000,
    ) -> Page[Order]:
        where = wire.condition(
            states=states,
            in_review=in_review,
            errored=errored,
            owner_id=owner_id,
            resource_id=resource_id,
            resource_type_ids=resource_type_ids,
            change=change,
            performed_between=performed_between,
        )
        dn = await self._account_join(resource_type_ids)
        return await self._asking.with_parts(
            (Part.ACCOUNT_DN,),
            lambda parts: self._first_page(
                where, dn if Part.ACCOUNT_DN in parts else None, errors=with_errors, as_of=as_of, limit=limit
            ),
        )

    async def all_orders(self, *, errored: bool, states: Sequence[OrderState] = ()) -> AsyncIterator[Page[Order]]:
        query = wire.orders(
            person_type=self._person_type,
            where=wire.condition(errored=errored, states=states),
            order=wire.STABLE,
            errors=True,
            dn=None,
        )
        async for page in self._asking.pages(entities.ORDER, query):
            yield await _orders(page, None)

    async def order_properties(self, order_ids: Sequence[OrderId]) -> Mapping[OrderId, tuple[OrderProperty, ...]]:
        if len(order_ids) > MOST_VALUES_OF:
            raise NotUnderstood(f"Values are read of at most {MOST_VALUES_OF} orders at a time.")
        return await self._scalars(order_ids) if order_ids else {}

    async def held_values(
        self,
        names: Sequence[str] = (),
        *,
        kind: str = "scalar",
        owner_id: ResourceId | None = None,
        owners: Sequence[tuple[str, str]] = (),
        value: str = "",
        resource_ids: Sequence[ResourceId] = (),
        resource_type_ids: Sequence[ResourceTypeId] = (),
        owner_properties: Sequence[str] = (),
        as_of: datetime | None = None,
        limit: int = 50,
    ) -> Page[HeldValue]:
        linked = kind != "scalar"
        ids = await self._property_ids(names)
        wanted = wire.Wanted(names, ids, owner_id, owners, value, resource_ids, resource_type_ids)

        async def ask(parts: frozenset[Part]) -> Page[Row]:
            query = wire.held_values(
                wanted,
                person_type=self._person_type,
                linked=linked,
                names=Part.LINKED_NAMES in parts,
                shown=owner_properties,
                as_of=as_of,
            )
            entity = entities.NAVIGATION if linked else entities.SCALAR
            return await self._asking.page(entity, query, limit=limit, parameters={"getCurrentValues": "true"})

        page = await self._asking.with_parts((Part.LINKED_NAMES,) if linked else (), ask)
        found = (wire.held_value(row, linked=linked, shown=owner_properties, read_at=page.read_at) for row in page)
        return Page(tuple(one for one in found if one is not None), page.more, page.read_at)

    async def _property_ids(self, names: Sequence[str]) -> Sequence[str]:
        """The ids of properties of these names of all entity types; none where types do not show their properties."""
        kinds = await tried(self._catalogue.entity_kinds) or () if names else ()
        return tuple(found for kind in kinds for name in names if (found := kind.property_id(name)) is not None)

    async def _first_page(
        self,
        where: Condition | None,
        dn: tuple[Join, Path] | None,
        *,
        errors: bool,
        as_of: datetime | None,
        limit: int,
    ) -> Page[Order]:
        query = wire.orders(
            person_type=self._person_type, where=where, order=wire.NEWEST, errors=errors, dn=dn, as_of=as_of
        )
        return await _orders(await self._asking.page(entities.ORDER, query, limit=limit), dn)

    async def _order(self, order_id: OrderId) -> Order:
        dn = await self._account_join(())

        async def ask(parts: frozenset[Part]) -> Order:
            shown = dn if Part.ACCOUNT_DN in parts else None
            query = wire.order_item(person_type=self._person_type, dn=shown)
            row, read_at = await self._asking.item(entities.ORDER, order_id, query)
            return wire.order(row, dn=shown[1] if shown else None, read_at=read_at)

        return await self._asking.with_parts((Part.ACCOUNT_DN,), ask)

    async def _scalars(self, order_ids: Sequence[OrderId]) -> Mapping[OrderId, tuple[OrderProperty, ...]]:
        rows = await self._asking.all(entities.SCALAR, wire.scalars(order_ids), parameters={"getCurrentValues": "true"})
        return _by_order(map(wire.scalar, rows))

    async def _links(self, order_id: OrderId) -> tuple[OrderProperty, ...]:
        rows = await self._asking.with_parts(
            (Part.LINKED_NAMES,),
            lambda parts: self._asking.all(
                entities.NAVIGATION,
                wire.navigations(order_id, names=Part.LINKED_NAMES in parts),
                parameters={"getCurrentValues": "true"},
            ),
        )
        return tuple(found for _, found in map(wire.navigation, rows))

    async def _account_join(self, resource_type_ids: Sequence[ResourceTypeId]) -> tuple[Join, Path] | None:
        """How accounts of the asked types show their place in a directory; None where none of them has one.

        A query can follow one entity type of accounts only: the one of most resource types, where several have it.
        """
        if not self._asking.capabilities.may_ask(Part.ACCOUNT_DN):
            return None
        types = await tried(self._catalogue.resource_types)
        kinds = await tried(self._catalogue.entity_kinds)
        if not types or not kinds:
            return None
        targets = Counter(
            one.target_entity_type_id
            for one in types
            if one.target_entity_type_id and (not resource_type_ids or one.id in resource_type_ids)
        )
        placed: list[tuple[int, str, EntityTypeId, str]] = [
            (-targets[kind.id], kind.identifier, kind.id, dn)
            for kind in kinds
            if kind.id in targets and (dn := kind.property_named(*wire.DN_NAMES))
        ]
        if not placed:
            return None
        _, entity_type, _, dn = min(placed)
        return wire.account(entity_type, dn)


async def _orders(page: Page[Row], dn: tuple[Join, Path] | None) -> Page[Order]:
    path = dn[1] if dn else None
    found = await in_slices(page, lambda row: wire.order(row, dn=path, read_at=page.read_at))
    return Page(found, page.more, page.read_at)


def _by_order(found: Iterable[tuple[OrderId, OrderProperty]]) -> Mapping[OrderId, tuple[OrderProperty, ...]]:
    together: dict[OrderId, list[OrderProperty]] = {}
    for order_id, one in found:
        together.setdefault(order_id, []).append(one)
    return {order_id: tuple(some) for order_id, some in together.items()}
