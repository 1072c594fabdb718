"""Reads of synchronization changes and of the thresholds that hold them back."""

import asyncio
from collections.abc import AsyncIterator, Sequence

from bot.model.change import LinkChange, Operation, RowChange, TableMapping
from bot.model.ids import ConnectorId, JobRunId
from bot.model.job import Limits
from bot.model.page import Page
from bot.nim.reading import Reading
from bot.nim.wire import changes as wire
from bot.nim.wire.row import Row

_ROWS = "synchronization changes"
_LINKS = "synchronization changes of links"


class ChangeReading(Reading):
    async def row_changes(self, entity_type: str, run_id: JobRunId, *, limit: int = 1000) -> Page[RowChange]:
        page = await self._asking.changes(
            wire.rows_path(entity_type, run_id),
            permission=wire.rows_permission(self._catalogue.connector_filling(entity_type)),
            what=_ROWS,
            parameters={},
            limit=limit,
        )
        return _row_changes(page, entity_type)

    async def link_changes(
        self, entity_type: str, property_name: str, run_id: JobRunId, *, limit: int = 1000
    ) -> Page[LinkChange]:
        page = await self._asking.changes(
            wire.links_path(entity_type, property_name, run_id),
            permission=wire.links_permission(self._catalogue.connector_filling(entity_type)),
            what=_LINKS,
            parameters={},
            limit=limit,
        )
        found = tuple(wire.link_change(row, entity_type, property_name) for row in page)
        return Page(found, page.more, page.read_at)

    async def all_row_changes(
        self, entity_type: str, run_id: JobRunId, operation: Operation | None = None
    ) -> AsyncIterator[Page[RowChange]]:
        pages = self._asking.all_changes(
            wire.rows_path(entity_type, run_id),
            permission=wire.rows_permission(self._catalogue.connector_filling(entity_type)),
            what=_ROWS,
            parameters=wire.operation_parameter(operation),
        )
        async for page in pages:
            yield _row_changes(page, entity_type)

    async def table_limits(self, connector_id: ConnectorId) -> Sequence[tuple[TableMapping, Limits]]:
        """Entity types first, then link tables, which have no entity type."""
        tables, associations = await asyncio.gather(self._catalogue.tables(), self._catalogue.associations())
        return tuple(one for one in (*tables, *associations) if one[0].connector_id == connector_id)


def _row_changes(page: Page[Row], entity_type: str) -> Page[RowChange]:
    return Page(tuple(wire.row_change(row, entity_type) for row in page), page.more, page.read_at)
