"""The configuration of one Identity Manager."""

from collections.abc import Mapping, Sequence
from typing import Protocol

from bot.model.change import TableMapping
from bot.model.job import Connector, Job, Step, Task
from bot.model.order import ResourceType


class Catalogue(Protocol):
    """What changes with a configuration only. Each part costs one request when cold and none while it is warm."""

    async def jobs(self) -> Sequence[Job]: ...
    async def tasks(self) -> Sequence[Task]: ...
    async def steps(self) -> Sequence[Step]: ...

    """No request of their own where jobs show them."""

    async def connectors(self) -> Sequence[Connector]: ...
    async def resource_types(self) -> Sequence[ResourceType]: ...
    async def entity_types(self) -> Sequence[tuple[str, str]]: ...

    """Pairs of id and identifier, of what orders can go from and to at least; `properties` knows them all."""

    async def properties(self) -> Mapping[str, Sequence[str]]:
        """Identifiers of the properties per identifier of an entity type: a query may name only what exists."""
        ...

    async def mappings(self) -> Sequence[TableMapping]: ...
