"""`nimdesk audit`: the record of what was done, by whom, and why it was allowed."""

import asyncio
import csv
import dataclasses
import io
import json
from collections.abc import Callable, Iterable
from datetime import UTC, datetime

from bot.errors import SettingsError
from bot.model.audit import AuditRecord
from bot.settings import Settings
from bot.store.audit import BrokenChain
from bot.store.store import Store

Echo = Callable[[str], None]
_FIELDS = tuple(field.name for field in dataclasses.fields(AuditRecord))
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def export(settings: Settings, *, since: str, form: str, echo: Echo) -> int:
    """Prints the records since a date. Raises SettingsError when it is none, or when there is no store."""
    try:
        moment = datetime.fromisoformat(since)
    except ValueError as why:
        raise SettingsError(f"--since: {since!r} is no date such as 2026-01-31") from why
    asyncio.run(_export(settings, moment if moment.tzinfo else moment.replace(tzinfo=UTC), form, echo))
    return 0


def verify(settings: Settings, *, echo: Echo) -> int:
    """Prints whether the chain holds; 1 when it does not."""
    try:
        count, head = asyncio.run(_verify(settings))
    except BrokenChain as why:
        echo(f"The chain of the audit log is broken at record {why.sequence}.")
        return 1
    echo(f"The chain of the audit log is whole: {count:,} records, head {head or 'none'}.")
    return 0


async def _export(settings: Settings, moment: datetime, form: str, echo: Echo) -> None:
    store = await Store.open(settings.store.url, read_only=True)
    try:
        if form == "csv":
            echo(_line(_FIELDS))
        async for record in store.audit.since(moment):
            row = {name: _plain(getattr(record, name)) for name in _FIELDS}
            echo(_line(row.values()) if form == "csv" else json.dumps(row, ensure_ascii=False))
    finally:
        await store.close()


async def _verify(settings: Settings) -> tuple[int, str]:
    store = await Store.open(settings.store.url, read_only=True)
    try:
        return await store.audit.verify()
    finally:
        await store.close()


def _plain(value: object) -> str | int | None:
    if isinstance(value, datetime):
        return value.isoformat()
    return value if isinstance(value, int) or value is None else str(value)


def _line(values: Iterable[object]) -> str:
    """One line of CSV. A value that a spreadsheet would run as a formula is made text."""
    out = io.StringIO()
    csv.writer(out, lineterminator="").writerow([_as_text(value) for value in values])
    return out.getvalue()


def _as_text(value: object) -> object:
    return f"'{value}" if isinstance(value, str) and value.startswith(_FORMULA) else value
