"""The fixtures that every test relies on do what they promise."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import create_async_engine

ROOT = Path(__file__).parent.parent
CONFTEST = ROOT / "tests" / "conftest.py"


async def test_a_store_url_opens_an_empty_database_of_its_own(store_url):
    engine = create_async_engine(store_url)
    async with engine.begin() as connection:
        await connection.execute(text("CREATE TABLE only_here (id INTEGER)"))
        assert (await connection.execute(text("SELECT count(*) FROM only_here"))).scalar_one() == 0
    await engine.dispose()


async def test_the_browser_fixture_draws_a_page(browser):
    page = await browser.new_page()
    await page.set_content("<h1>Provisioning order</h1>")

    assert await page.inner_text("h1") == "Provisioning order"


def run_with_a_skipped_browser_test(folder: Path, required: str) -> str:
    folder.joinpath("conftest.py").write_text(CONFTEST.read_text())
    folder.joinpath("test_it.py").write_text("def test_it(chromium):\n    pass\n")
    without = os.environ | {"NIMDESK_CHROMIUM": "none", "NIMDESK_REQUIRE": required, "PYTHONPATH": str(ROOT)}
    quiet = ["-q", "-rfs", "-p", "no:cacheprovider", "-c", os.devnull, "--rootdir", str(folder), str(folder)]
    ran = subprocess.run(
        [sys.executable, "-m", "pytest", *quiet], env=without, capture_output=True, text=True, check=False
    )
    return ran.stdout


@pytest.mark.slow
def test_without_a_browser_its_tests_are_skipped_with_the_reason(tmp_path):
    said = run_with_a_skipped_browser_test(tmp_path, required="")

    assert "1 skipped" in said
    assert "No Chromium or Chrome on this machine" in said


@pytest.mark.slow
def test_where_a_browser_is_required_that_skip_is_a_failure(tmp_path):
    said = run_with_a_skipped_browser_test(tmp_path, required="browser,postgres")

    assert "1 error" in said or "1 failed" in said
    assert "does not allow this skip" in said
