"""Power cuts and bad weather at instants that nobody chose; nothing is lost and nothing happens twice.

`NIMDESK_CHAOS_SEED` repeats a run's dice (the machine's pace is not repeated), `NIMDESK_CHAOS_SECONDS` shortens it.
"""

import asyncio
import os
import secrets
from pathlib import Path
from random import Random

import pytest

from tests.chaos.series import Counts, Series, desk

pytestmark = [pytest.mark.chaos, pytest.mark.timeout(580)]
SECONDS = float(os.environ.get("NIMDESK_CHAOS_SECONDS", "330"))
"""Of asking and killing, in all series together; starting and settling come on top."""


async def _endure(folder: Path, store: str, share: float, total: Counts, *, beside: int = 0) -> None:
    seed = int(os.environ.get("NIMDESK_CHAOS_SEED") or secrets.randbelow(1_000_000)) + beside
    async with desk(folder, "leavers-rights", store) as world:
        series = Series(world, Random(seed), Counts(seeds=[seed]))  # noqa: S311  # dice, no secret
        try:
            await series.run(SECONDS * share)
        finally:
            total.add(series.counts)
    assert not series.counts.broken, "\n".join([*series.counts.broken, str(series.counts)])


async def test_nothing_is_lost_or_doubled_on_sqlite(tmp_path: Path, counted: Counts):
    """Two helpdesks side by side, since one alone mostly waits."""
    folders = [tmp_path / "one", tmp_path / "other"]
    for folder in folders:
        folder.mkdir()
    await asyncio.gather(*(_endure(one, "", 0.7, counted, beside=n) for n, one in enumerate(folders)))


@pytest.mark.postgres
async def test_nothing_is_lost_or_doubled_on_postgresql(tmp_path: Path, postgres_url: str, counted: Counts):
    await _endure(tmp_path, postgres_url, 0.3, counted)
