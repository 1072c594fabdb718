"""`nimdesk doctor`: is everything that a running bot needs in its place? One line each."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta

import aiohttp

from bot import environments
from bot.diagnosis.landscape import landscape
from bot.diagnosis.reading import Reads
from bot.errors import DeskError, NotExposed
from bot.manifest import declared
from bot.model.job import TaskKind
from bot.nim.environment import NimEnvironment
from bot.ports import NimReads
from bot.settings import Settings, effective
from bot.slack.checks import Told, slack_checks
from bot.store.store import Store

Echo = Callable[[str], None]
RECENT = timedelta(hours=24)


@dataclass(frozen=True, slots=True)
class Line:
    """One finding of the doctor. `bad` makes the program end with 1; a warning does not."""

    subject: str
    said: str
    bad: bool = False
    warning: bool = False

    @property
    def text(self) -> str:
        mark = "FAIL" if self.bad else "warn" if self.warning else "ok  "
        return f"{mark} {self.subject}: {self.said}"


def run(settings: Settings, echo: Echo) -> int:
    """Prints the effective settings, then a line for each check. Returns 1 when one of them failed."""
    for key, value in effective(settings):
        echo(f"     {key} = {value}")
    return asyncio.run(_run(settings, echo))


async def _run(settings: Settings, echo: Echo) -> int:
    failed = False
    async for line in _lines(settings):
        failed = failed or line.bad
        echo(line.text)
    return 1 if failed else 0


async def _lines(settings: Settings) -> AsyncIterator[Line]:
    yield await _store(settings)
    async for line in _slack(settings):
        yield line
    async with environments.opened(settings) as envs:
        for name, env in envs.items():
            async for line in _environment(settings, name, env):
                yield line


async def _store(settings: Settings) -> Line:
    try:
        store = await Store.open(settings.store.url, read_only=True)
    except DeskError as why:
        new = "does not exist yet" in why.say
        return Line("store", why.say, bad=not new, warning=new)
    await store.close()
    return Line("store", "open, its schema is this version's")


async def _slack(settings: Settings) -> AsyncIterator[Line]:
    if settings.slack is None:
        yield Line("slack", "not set; nimdesk run needs it, nimdesk ask does not", warning=True)
        return
    scopes: Sequence[str] = declared()["oauth_config"]["scopes"]["bot"]
    async with aiohttp.ClientSession() as http:
        told: AsyncIterator[Told] = slack_checks(settings, http, scopes)
        async for one in told:
            yield Line(f"slack {one.subject}", one.said, bad=one.bad, warning=one.warning)


async def _environment(settings: Settings, name: str, env: NimEnvironment) -> AsyncIterator[Line]:
    nim = env.reads()
    tried = await asyncio.gather(*(_tried(f"{name} {what}", read) for what, read in _reads(nim, env)))
    for line in tried:
        yield line
    if not all(line.bad for line in tried):
        async for line in _jobs(name, nim):
            yield line
    yield await _companion(settings, name, nim)
    for part, shown in env.capabilities.table.items():
        known = {True: "yes", False: "no, and it is not asked for any more", None: "not asked for yet"}[shown]
        yield Line(f"{name} shows", f"{part}: {known}")


def _reads(nim: NimReads, env: NimEnvironment) -> Sequence[tuple[str, Awaitable[Sequence[object]]]]:
    catalogue = nim.catalogue
    return (
        ("jobs", catalogue.jobs()),
        ("tasks", catalogue.tasks()),
        ("steps", catalogue.steps()),
        ("connectors", catalogue.connectors()),
        ("resource types", catalogue.resource_types()),
        ("entity types", _kinds(nim)),
        ("job runs", _items(nim.job_runs(since=env.now() - RECENT, limit=5))),
        ("orders", _items(nim.orders(errored=True, with_errors=True, limit=5))),
        ("people", _items(nim.find_people("a", limit=1))),
    )


async def _kinds(nim: NimReads) -> Sequence[object]:
    """By themselves: `entity_types` may come with the resource types, and diagnoses of values need the properties."""
    return tuple(await nim.catalogue.properties())


async def _items(read: Awaitable[object]) -> Sequence[object]:
    page = await read
    return tuple(page)  # type: ignore[arg-type]  # pages are iterable


async def _tried(subject: str, read: Awaitable[Sequence[object]]) -> Line:
    try:
        found = await read
    except DeskError as why:
        return Line(subject, f"{why.say} {why.advice}", bad=True)
    none = "" if found else "; nothing is visible to the service account"
    return Line(subject, f"readable, {len(found)} read{none}", warning=not found)


async def _jobs(name: str, nim: NimReads) -> AsyncIterator[Line]:
    """Whether each connector has an incremental and a complete job (troubleshooting 2.2)."""
    land = await landscape(nim.catalogue, Reads())
    for connector in land.connectors:
        jobs = land.jobs_of(connector.id, TaskKind.SYNCHRONIZE)
        if not jobs:
            continue
        kinds = {job.is_incremental for job in jobs}
        lacking = [
            word for word, is_incremental in (("incremental", True), ("complete", False)) if is_incremental not in kinds
        ]
        said = f"has no {lacking[0]} synchronization job" if lacking else "has an incremental and a complete job"
        yield Line(f"{name} connector {connector.identifier}", said, warning=bool(lacking))


async def _companion(settings: Settings, name: str, nim: NimReads) -> Line:
    if not settings.environments[name].companion_url:
        return Line(f"{name} companion", "not set; task logs and export files are not shown", warning=True)
    try:
        shown = await nim.files.capabilities()
    except NotExposed as why:
        return Line(f"{name} companion", why.say, bad=True)
    if not shown:
        return Line(f"{name} companion", "does not answer as a companion", bad=True)
    return Line(f"{name} companion", "shows " + ", ".join(sorted(shown)))
