"""What a start costs is decided by what it imports."""

import json
import subprocess
import sys

import pytest

HEAVY = {
    "aiohttp",
    "alembic",
    "dbos",
    "jinja2",
    "lark",
    "matplotlib",
    "psycopg",
    "slack_bolt",
    "slack_sdk",
    "sqlalchemy",
}


def imported_by(statement: str) -> set[str]:
    """Top-level names in `sys.modules` after the statement ran in a fresh interpreter."""
    shown = f"import json, sys\n{statement}\nprint(json.dumps(sorted({{m.partition('.')[0] for m in sys.modules}})))"
    ran = subprocess.run([sys.executable, "-c", shown], check=True, capture_output=True, text=True)
    return set(json.loads(ran.stdout.splitlines()[-1]))


def test_the_command_line_imports_nothing_heavy_before_a_command_is_chosen():
    assert imported_by("import bot.cli") & HEAVY == set()


@pytest.mark.parametrize("room", ["bot.model.finding", "bot.ports", "bot.access", "bot.diagnosis", "bot.intents"])
def test_what_decides_imports_no_library_that_does_io(room):
    assert imported_by(f"import {room}") & HEAVY == set()
