"""Reads of people, by the names that the settings give their properties."""

from typing import Final

from bot.model.ids import ResourceId
from bot.model.page import Page
from bot.model.person import Person
from bot.nim.asking import Asking
from bot.nim.catalogue import Catalogue
from bot.nim.reading import Reading
from bot.nim.wire import entities
from bot.nim.wire import people as wire
from bot.nim.wire.states import States
from bot.ports import Files

_LOOKED_THROUGH: Final = 200
"""Rows of one request among which exact matches are found, whatever their place in the alphabet."""


class PeopleReading(Reading):
    def __init__(self, asking: Asking, catalogue: Catalogue, states: States, files: Files) -> None:
        super().__init__(asking, catalogue, states, files)
        self._looked_up: dict[str, Page[Person]] = {}
        """Whoever was looked up to understand the question is not looked up again to answer it."""

    async def find_people(self, words: str, *, limit: int = 10) -> Page[Person]:
        wanted = " ".join(words.split()).casefold()
        page = self._looked_up.get(wanted)
        if page is None:
            page = self._looked_up[wanted] = await self._named(wanted, words)
        return Page(page.items[:limit], page.more or len(page.items) > limit, page.read_at)

    async def _named(self, wanted: str, words: str) -> Page[Person]:
        fields = await self._person_fields()
        query = wire.find(words, fields.login, fields.employee_id, fields.read)
        page = await self._asking.page(entities.resource(fields.entity_type), query, limit=_LOOKED_THROUGH)
        found = sorted(
            (wire.person(row, fields, page.read_at) for row in page),
            key=lambda one: wanted not in {one.login.casefold(), one.employee_id.casefold(), one.name.casefold()},
        )
        return Page(tuple(found), page.more, page.read_at)

    async def person(self, resource_id: ResourceId) -> Person:
        fields = await self._person_fields()
        row, read_at = await self._asking.item(
            entities.resource(fields.entity_type), resource_id, wire.item(fields.read)
        )
        return wire.person(row, fields, read_at)

    async def _person_fields(self) -> wire.PersonFields:
        """Dates of a person's life are shown where the entity type has them under a usual name."""
        naming = self._asking.config.person
        kind = await self._catalogue.entity_kind(naming.entity_type)
        known = {name.casefold(): name for name in kind.properties.values()} if kind else {}
        start, end = wire.life_properties(known)
        return wire.PersonFields(
            naming.entity_type, naming.login, naming.employee_id, start, end, kind.records if kind else ""
        )
