"""One Identity Manager of the settings, opened: a shared client and catalogue, and a fresh ledger for each question."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import datetime

from typing_extensions import override

from bot.model.answer import RequestMade
from bot.nim.access import AccessReading
from bot.nim.asking import Asking
from bot.nim.capabilities import Capabilities
from bot.nim.catalogue import Catalogue, Shelf
from bot.nim.changes import ChangeReading
from bot.nim.client import Client, OnRequest
from bot.nim.config import EnvironmentConfig
from bot.nim.jobs import JobReading
from bot.nim.no_companion import NoCompanion
from bot.nim.orders import OrderReading
from bot.nim.people import PeopleReading
from bot.nim.values import ValueReading
from bot.nim.wire.states import States
from bot.nim.writes import Writes
from bot.ports import Environment, Files, NimReads, NimWrites


class Reads(JobReading, OrderReading, PeopleReading, ChangeReading, ValueReading, AccessReading, NimReads):
    """All reads of one question."""

    @property
    @override
    def catalogue(self) -> Catalogue:
        return self._catalogue

    @property
    @override
    def requests(self) -> Sequence[RequestMade]:
        return tuple(self._asking.ledger)

    @property
    @override
    def files(self) -> Files:
        return self._files


class NimEnvironment(Environment):
    """Fulfils `bot.ports.Environment`. `capabilities` is what `nimdesk doctor` prints."""

    def __init__(self, name: str, config: EnvironmentConfig, client: Client, files: Files) -> None:
        self._name = name
        self._config = config
        self._client = client
        self._files = files
        self._shelf = Shelf(config.catalogue_seconds)
        self._states = States(config.states)
        self._writes = Writes(client)
        self.capabilities = Capabilities()

    @classmethod
    @asynccontextmanager
    async def open(
        cls,
        name: str,
        config: EnvironmentConfig,
        *,
        files: Files | None = None,
        on_request: OnRequest | None = None,
    ) -> AsyncIterator["NimEnvironment"]:
        """Connects when first asked, so a start succeeds while Identity Manager is down.

        `files` is the environment's companion, where it has one; `on_request` is told of every request (metrics).
        Raises SettingsError when `ca_file` cannot be used.
        """
        async with Client.open(config, on_request) as client:
            yield cls(name, config, client, files or NoCompanion())

    @property
    @override
    def name(self) -> str:
        return self._name

    @property
    @override
    def label(self) -> str:
        return self._config.label or self._name

    @property
    @override
    def writes(self) -> NimWrites:
        return self._writes

    @override
    def reads(self) -> Reads:
        asking = Asking(self._client, self._config, self.capabilities)
        return Reads(asking, Catalogue(asking, self._shelf), self._states, self._files)

    @override
    def now(self) -> datetime:
        return self._client.now()

    def refresh(self) -> None:
        """The next question reads the catalogue again, and asks again for what this environment once did not show."""
        self._shelf.forget()
        self.capabilities.forget()
