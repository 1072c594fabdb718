"""The adapter to a companion on the host of an agent or server (nim-api chapter 9).

An environment may have none, or one that shows only a part: that is never an error for the person who asks, only
something that this environment does not show.
"""

import asyncio
import json
import ssl
import time
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any, Final

import aiohttp
from typing_extensions import override

from bot.errors import NimDenied, NimError, NimMissing, NimSurprised, NimUnreachable, NotExposed, SettingsError
from bot.model.change import Progress
from bot.model.file import AgentFile, FileVersion, Folder, LogLine, TaskLog
from bot.model.ids import AgentId, ResourceId, TaskRunId
from bot.model.value import Source, ValueChange
from bot.ports import Files

_PREFIX: Final = "/ext/nimdesk/v1"
_REFRESH_S: Final = 600.0
_LARGEST: Final = 8 * 1024 * 1024
_MOST_LINES: Final = 1000
_WORDS: Final[Mapping[str, tuple[str, str]]] = {
    "task-log": ("task logs", "Open Connectors > the connector > Job Results and click the line of the task."),
    "agent-files": ("the files of its agents", "Look at the dates in Temp/ExportOutput on the agent's host."),
    "progress": ("the counters of a task", "Open Connectors > the connector > Job Results."),
    "resource-history": ("the history of a resource", "Open View History on the person's page."),
    "resource-sources": ("the sources of a person", "Open View Sources on the person's page."),
}
Json = Mapping[str, Any]


class Companion(Files):
    """What the companion at one address shows; which of it, is asked every ten minutes."""

    def __init__(self, url: str, http: aiohttp.ClientSession, trust: ssl.SSLContext | None, proxy: str) -> None:
        self._base = url.rstrip("/") + _PREFIX
        self._http = http
        self._ssl: ssl.SSLContext | bool = trust if trust is not None else True
        self._proxy = proxy or None
        self._shown: frozenset[str] = frozenset()
        self._until = 0.0
        self._asking = asyncio.Lock()

    @classmethod
    @asynccontextmanager
    async def open(
        cls, url: str, token: str, *, ca_file: str = "", proxy: str = "", timeout_seconds: float = 20
    ) -> AsyncIterator["Companion"]:
        """Connects when first asked. Raises SettingsError when `ca_file` cannot be used."""
        async with aiohttp.ClientSession(
            headers={"Authorization": f"Bearer {token}", "Accept": "application/json", "User-Agent": "nimdesk"},
            timeout=aiohttp.ClientTimeout(total=timeout_seconds),
            cookie_jar=aiohttp.DummyCookieJar(),
        ) as http:
            yield cls(url, http, _trust(ca_file), proxy)

    @override
    async def capabilities(self) -> frozenset[str]:
        """What it shows; nothing where it is absent, silent or refuses. Never an error."""
        async with self._asking:
            if time.monotonic() >= self._until:
                try:
                    answer, _ = await self._get("/capabilities", {})
                    told = answer.get("capabilities", ())
                    self._shown = frozenset(map(str, told)) if isinstance(told, list) else frozenset()
                except NimError:
                    self._shown = frozenset()
                self._until = time.monotonic() + _REFRESH_S
            return self._shown

    def refresh(self) -> None:
        self._until = 0.0

    @override
    async def task_log(self, task_run_id: TaskRunId, *, tail: int = 200) -> TaskLog:
        answer, at = await self._shown_by(
            "task-log", f"/task-instances/{_number(task_run_id)}/log", {"tail": str(min(tail, _MOST_LINES))}
        )
        lines = answer.get("Lines")
        return TaskLog(
            lines=tuple(_log_line(one) for one in _objects(lines)),
            truncated=bool(answer.get("Truncated")),
            read_at=at,
        )

    @override
    async def agent_files(self, agent_id: AgentId, folder: Folder) -> Sequence[AgentFile]:
        answer, _ = await self._shown_by("agent-files", f"/agents/{_number(agent_id)}/files", {"folder": folder.value})
        found = (_agent_file(one, folder) for one in _objects(answer.get("Result")))
        return tuple(one for one in found if one is not None)

    @override
    async def progress(self, task_run_id: TaskRunId) -> Progress:
        answer, at = await self._shown_by("progress", f"/task-instances/{_number(task_run_id)}/progress", {})
        return Progress(
            inserted=_whole(answer.get("Inserted")),
            updated=_whole(answer.get("Updated")),
            deleted=_whole(answer.get("Deleted")),
            links_inserted=_whole(answer.get("LinksInserted")),
            links_deleted=_whole(answer.get("LinksDeleted")),
            orders=_whole(answer.get("Orders")),
            errored=_whole(answer.get("Errored")),
            at=at,
        )

    @override
    async def history(
        self, entity_type: str, resource_id: ResourceId, properties: Sequence[str]
    ) -> Sequence[ValueChange]:
        one_property = {"property": properties[0]} if len(properties) == 1 else {}
        answer, _ = await self._shown_by(
            "resource-history",
            f"/resources/{_name(entity_type)}/{_number(resource_id)}/history",
            {**one_property, "PageSize": str(_MOST_LINES)},
        )
        wanted = {name.casefold(): name for name in properties}
        changes: list[ValueChange] = []
        for version in _objects(answer.get("Result")):
            at = _moment(version.get("ValidFrom"))
            told = version.get("Changes")
            if at is None or not isinstance(told, Mapping):
                continue
            for name, change in told.items():
                if name.casefold() in wanted and isinstance(change, Mapping):
                    known = wanted[name.casefold()]
                    changes.append(ValueChange(known, _text(change.get("Old")), _text(change.get("New")), at))
        return tuple(changes)

    @override
    async def sources(self, entity_type: str, resource_id: ResourceId) -> Sequence[Source]:
        answer, at = await self._shown_by(
            "resource-sources", f"/resources/{_name(entity_type)}/{_number(resource_id)}/sources", {}
        )
        return tuple(
            Source(
                entity_type=_text(one.get("EntityType")) or "",
                resource_id=ResourceId(_text(one.get("ResourceId")) or ""),
                name=_text(one.get("InternalDisplayName")) or "",
                resource_type=_text(one.get("ResourceType")) or "",
                workflow_state=_whole(one.get("WorkflowState")),
                properties=_texts(one.get("Properties")),
                valid_to=_moment(one.get("ValidTo")),
                read_at=at,
            )
            for one in _objects(answer.get("Result"))
        )

    async def _shown_by(self, capability: str, path: str, params: Mapping[str, str]) -> tuple[Json, datetime]:
        """Raises NotExposed where it is not shown, NimMissing for an id that it does not know, else another NimError.

        A 404 may mean either: the companion is asked again what it shows.
        """
        if capability not in await self.capabilities():
            raise _not_exposed(capability)
        try:
            return await self._get(path, params)
        except NotExposed as why:
            self._shown -= {capability}
            raise _not_exposed(capability) from why
        except NimMissing as why:
            self.refresh()
            if capability in await self.capabilities():
                raise
            raise _not_exposed(capability) from why

    async def _get(self, path: str, params: Mapping[str, str]) -> tuple[Json, datetime]:
        try:
            async with self._http.get(
                self._base + path, params=params, ssl=self._ssl, proxy=self._proxy, allow_redirects=False
            ) as answer:
                body = await answer.content.read(_LARGEST + 1)
                while len(body) <= _LARGEST and (more := await answer.content.read(_LARGEST)):
                    body += more
                status, date = answer.status, answer.headers.get("Date", "")
        except (aiohttp.ClientError, TimeoutError, OSError) as why:
            raise NimUnreachable("The companion of this environment did not answer. Nothing was changed.") from why
        _judge(status)
        if len(body) > _LARGEST:
            raise NimSurprised("The companion's answer is larger than nimdesk reads.")
        try:
            told = json.loads(body)
        except ValueError as why:
            raise NimSurprised("The companion sent something that nimdesk cannot read.") from why
        if not isinstance(told, Mapping):
            raise NimSurprised("The companion sent something that nimdesk cannot read.")
        return told, _date(date)


def _judge(status: int) -> None:
    match status:
        case 200:
            return
        case 404:
            raise NimMissing("The companion has nothing about this.")
        case 501:
            raise NotExposed("The companion does not show this.")
        case 401 | 403:
            raise NimDenied(
                "The companion does not accept nimdesk's token. Nothing was changed.",
                next_step="Check companion_token of this environment in the settings.",
            )
        case _:
            raise NimSurprised(f"The companion failed ({status}). Nothing was changed.", status=status)


def _not_exposed(capability: str) -> NotExposed:
    what, manual = _WORDS[capability]
    return NotExposed(f"This environment does not show {what}.", next_step=manual, capability=capability)


def _trust(ca_file: str) -> ssl.SSLContext | None:
    if not ca_file:
        return None
    try:
        return ssl.create_default_context(cafile=ca_file)
    except (OSError, ssl.SSLError) as why:
        raise SettingsError(f"network.ca_file: {ca_file} holds no certificates that can be read") from why


def _log_line(one: Json) -> LogLine:
    return LogLine(_moment(one.get("Timestamp")), _text(one.get("Level")) or "", _text(one.get("Message")) or "")


def _agent_file(one: Json, folder: Folder) -> AgentFile | None:
    name, size, modified = _text(one.get("Name")), _whole(one.get("SizeBytes")), _moment(one.get("ModifiedUtc"))
    if not name or size is None or modified is None:
        return None
    complete = one.get("LastLineComplete")
    previous = one.get("Previous")
    return AgentFile(
        name=name,
        folder=folder,
        size=size,
        modified_at=modified,
        rows=_whole(one.get("Rows")),
        header=_text(one.get("Header")),
        last_line_complete=complete if isinstance(complete, bool) else None,
        previous=_file_version(previous) if isinstance(previous, Mapping) else None,
        null_key_rows=_whole(one.get("NullKeyRows")),
        duplicate_key_rows=_whole(one.get("DuplicateKeyRows")),
        rejected_keys=_texts(one.get("RejectedKeys")),
    )


def _file_version(one: Json) -> FileVersion:
    return FileVersion(
        size=_whole(one.get("SizeBytes")),
        modified_at=_moment(one.get("ModifiedUtc")),
        rows=_whole(one.get("Rows")),
        header=_text(one.get("Header")),
    )


def _objects(value: object) -> Sequence[Json]:
    return [one for one in value if isinstance(one, Mapping)] if isinstance(value, list) else ()


def _texts(value: object) -> tuple[str, ...]:
    return tuple(map(str, value)) if isinstance(value, list) else ()


def _text(value: object) -> str | None:
    return None if value is None or isinstance(value, (Mapping, list)) else str(value)


def _whole(value: object) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def _moment(value: object) -> datetime | None:
    if not isinstance(value, str):
        return None
    try:
        found = datetime.fromisoformat(value)
    except ValueError:
        return None
    return found.astimezone(UTC) if found.tzinfo else found.replace(tzinfo=UTC)


def _date(header: str) -> datetime:
    try:
        return parsedate_to_datetime(header).astimezone(UTC)
    except ValueError:
        return datetime.fromtimestamp(time.time(), UTC)


def _number(text: str) -> str:
    """An id as a part of a path. Raises NimMissing for what is none."""
    if not text.removeprefix("-").isascii() or not text.removeprefix("-").isdigit():
        raise NimMissing("The companion knows numeric ids only.")
    return text


def _name(text: str) -> str:
    if not text.isascii() or not text.replace("_", "").isalnum():
        raise NimMissing("This is no name of an entity type.")
    return text
