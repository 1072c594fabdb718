"""Reads of resources and their values: now, at a date, by which rule, from which source."""

import asyncio
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Final

from bot.errors import NimMissing, NotExposed
from bot.model.ids import ResourceId, ResourceTypeId
from bot.model.page import Page
from bot.model.value import PropertyRule, ResourceVersion, Source, ValueChange
from bot.nim.asking import in_slices
from bot.nim.capabilities import Part
from bot.nim.catalogue import tried
from bot.nim.reading import Reading
from bot.nim.wire import entities, rules
from bot.nim.wire import people as wire
from bot.nim.wire import sources as source_wire
from bot.nim.wire.row import Row
from bot.nim.wire.rules import RuleKind

_PROBES: Final = (timedelta(days=1), timedelta(days=7), timedelta(days=30))
"""How far back values are looked at where no history is shown: a request each, beside the one for now."""
_RULES: Final = {
    RuleKind.SCALAR: entities.SCALAR_RULE,
    RuleKind.NAVIGATION: entities.NAVIGATION_RULE,
    RuleKind.QUERY: entities.QUERY_RULE,
}


class ValueReading(Reading):
    async def resource(
        self, entity_type: str, resource_id: ResourceId, properties: Sequence[str], *, as_of: datetime | None = None
    ) -> ResourceVersion:
        row, read_at = await self._asking.item(
            entities.resource(entity_type), resource_id, wire.item(properties, as_of)
        )
        return wire.version(row, entity_type, properties, as_of=as_of, read_at=read_at)

    async def resources(
        self,
        entity_type: str,
        properties: Sequence[str],
        *,
        where: Sequence[tuple[str, str]] = (),
        ids: Sequence[ResourceId] = (),
        limit: int = 20,
        as_of: datetime | None = None,
    ) -> Page[ResourceVersion]:
        query = wire.listing(properties, where, ids, as_of)
        page = await self._asking.page(entities.resource(entity_type), query, limit=limit)
        found = await in_slices(
            page, lambda row: wire.version(row, entity_type, properties, as_of=as_of, read_at=page.read_at)
        )
        return Page(found, page.more, page.read_at)

    async def rules_of(
        self, resource_type_id: ResourceTypeId, property_name: str, *, kind: str = ""
    ) -> Sequence[PropertyRule]:
        property_id = await self._property_id(resource_type_id, property_name)
        found = await asyncio.gather(
            *(
                self._rules(one, resource_type_id, property_id, property_name)
                for one in ((RuleKind(kind),) if kind else _RULES)
            )
        )
        return tuple(one for some in found for one in some)

    async def history(
        self, entity_type: str, resource_id: ResourceId, properties: Sequence[str]
    ) -> Sequence[ValueChange]:
        try:
            told = await self._files.history(entity_type, resource_id, properties)
        except NotExposed:
            return await self._probed(entity_type, resource_id, properties)
        return told

    async def sources(
        self,
        entity_type: str,
        resource_id: ResourceId,
        *,
        shown: Mapping[str, Sequence[str]] | None = None,
        records: Sequence[ResourceId] | None = None,
    ) -> Sequence[Source]:
        try:
            return await self._files.sources(entity_type, resource_id)
        except NotExposed:
            fed = records if records is not None else await self._records(entity_type, resource_id)
            return await self._deduced_sources(entity_type, (resource_id, *fed), shown or {})

    async def _rules(
        self, kind: RuleKind, resource_type_id: ResourceTypeId, property_id: str | None, name: str
    ) -> Sequence[PropertyRule]:
        rows = await self._asking.with_parts(
            (Part.RULE_BINDINGS,),
            lambda parts: self._asking.all(
                _RULES[kind],
                rules.property_rules(
                    kind,
                    resource_type_id,
                    property_id=property_id,
                    name=name,
                    person_type=self._person_type,
                    bindings=Part.RULE_BINDINGS in parts,
                ),
            ),
        )
        return tuple(rules.property_rule(row, kind, name) for row in rows)

    async def _property_id(self, resource_type_id: ResourceTypeId, name: str) -> str | None:
        """The property of the accounts' entity type; None where entity types or their properties are not shown."""
        types = await tried(self._catalogue.resource_types) or ()
        target = next((one.target_entity_type_id for one in types if one.id == resource_type_id), None)
        kinds = await tried(self._catalogue.entity_kinds) or ()
        kind = next((one for one in kinds if one.id == target), None)
        return kind.property_id(name) if kind else None

    async def _probed(
        self, entity_type: str, resource_id: ResourceId, properties: Sequence[str]
    ) -> Sequence[ValueChange]:
        """Changes between looks at a few dates. What changed and came back in between is not seen."""
        now = self._asking.client.now()
        dates = [now - back for back in reversed(_PROBES)]
        versions = await asyncio.gather(
            *(self._version(entity_type, resource_id, properties, date) for date in dates),
            self._version(entity_type, resource_id, properties, None),
        )
        changes: list[ValueChange] = []
        for (earlier, since), (later, until) in pairwise(zip(versions, (*dates, now), strict=True)):
            if earlier is None or later is None:
                continue
            for name in properties:
                old, new = earlier.properties.get(name), later.properties.get(name)
                if old != new:
                    changes.append(ValueChange(name, old, new, at=until, not_before=since))
        return tuple(reversed(changes))

    async def _version(
        self, entity_type: str, resource_id: ResourceId, properties: Sequence[str], as_of: datetime | None
    ) -> ResourceVersion | None:
        """None where there was no such resource at that time."""
        try:
            return await self.resource(entity_type, resource_id, properties, as_of=as_of)
        except NimMissing:
            return None

    async def _deduced_sources(
        self, entity_type: str, ids: Sequence[ResourceId], shown: Mapping[str, Sequence[str]]
    ) -> Sequence[Source]:
        kinds = await tried(self._catalogue.entity_kinds) or ()
        types = await tried(self._catalogue.resource_types) or ()
        names = {str(kind.id): kind.identifier for kind in kinds}
        targets = {kind.id for kind in kinds if kind.identifier.startswith(entity_type)}
        owners = {one.source_entity_type_id for one in types if one.target_entity_type_id in targets}
        owner_types = sorted(names[str(one)] for one in owners if one is not None and str(one) in names)

        async def ask(parts: frozenset[Part]) -> tuple[Page[Row], Mapping[str, Sequence[str]]]:
            named = owner_types if Part.SOURCE_NAMES in parts else ()
            valued = shown if Part.SOURCE_VALUES in parts and named else {}
            query = source_wire.sources(ids, named, valued)
            return await self._asking.page(entities.ORDER, query, limit=self._asking.config.page_size), valued

        optional = (Part.SOURCE_VALUES, Part.SOURCE_NAMES) if shown else (Part.SOURCE_NAMES,)
        page, valued = await self._asking.with_parts(optional, ask)
        found = (source_wire.source(row, names, page.read_at, valued) for row in page)
        return tuple(one for one in found if one is not None)

    async def _records(self, entity_type: str, resource_id: ResourceId) -> Sequence[ResourceId]:
        """A person's records, where the entity type has the usual navigation to them: sources feed these."""
        kind = await self._catalogue.entity_kind(entity_type)
        navigation = kind.records if kind else ""
        if not navigation:
            return ()
        row, _ = await self._asking.item(entities.resource(entity_type), resource_id, wire.item([f"{navigation}.Id"]))
        return wire.records_in(row, navigation)
