"""What must be true of every file in the repository."""

import re
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PROGRAM = (
    "bot",
    "handlers",
    "sandbox",
    "companion",
    "tools",
    "bench",
)  # a test module is as long as its subject's table
LONGEST_MODULE = 400

LONGER: dict[str, str] = {}
"""Module → why it may be longer: one reason to change, and nothing in it that could be named apart."""

REGISTRIES = re.compile(r"pypi\.org|pythonhosted\.org|registry\.npmjs\.org|--(?:extra-)?index-url|--find-links")
OPEN_POINT = re.compile(r"\b(TODO|FIXME|XXX|HACK)\b")
MACHINE_PATH = re.compile(r"(?<![\w.~-])/(?:root|home/[a-z]+|Users/[A-Za-z]+|work|opt/wheels|opt/pypi)/[\w.]+")


def tracked() -> list[Path]:
    """Files that git knows, and new ones that it does not ignore."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    if listed.returncode != 0:
        pytest.skip("not a git checkout")
    return [ROOT / name for name in listed.stdout.split("\0") if name and (ROOT / name).is_file()]


def lines_of(files: list[Path]) -> list[tuple[str, str]]:
    """Place and text of every line of every text file."""
    found = []
    for file in files:
        content = file.read_bytes()
        if b"\0" in content[:8000]:
            continue
        for number, line in enumerate(content.decode("utf-8").splitlines(), 1):
            found.append((f"{file.relative_to(ROOT)}:{number}", line))
    return found


@pytest.fixture(scope="module")
def every_line() -> list[tuple[str, str]]:
    """Of every file but this one, which has to spell out what it looks for."""
    return lines_of([file for file in tracked() if file != Path(__file__)])


def test_no_file_names_a_package_registry(every_line):
    assert [place for place, line in every_line if REGISTRIES.search(line)] == []


def test_no_file_names_a_path_of_one_machine(every_line):
    assert [f"{place} {line.strip()[:80]}" for place, line in every_line if MACHINE_PATH.search(line)] == []


def test_no_file_holds_an_open_point_that_belongs_into_an_issue(every_line):
    assert [place for place, line in every_line if OPEN_POINT.search(line)] == []


def test_no_module_is_longer_than_one_can_read():
    too_long = {
        str(file.relative_to(ROOT)): length
        for file in tracked()
        if file.suffix == ".py"
        and file.relative_to(ROOT).parts[0] in PROGRAM
        and (length := len(file.read_text().splitlines())) > LONGEST_MODULE
    }

    assert too_long.keys() - LONGER.keys() == set(), "split them, or give the reason in LONGER"
    assert LONGER.keys() - too_long.keys() == set(), "short enough by now: take them out of LONGER"


def test_every_test_is_named_by_a_sentence():
    vague = re.compile(r"^\s*(?:async )?def (test_\w+)\(")
    short = [
        f"{place} {found[1]}"
        for place, line in lines_of([f for f in tracked() if f.name.startswith("test_") and f.suffix == ".py"])
        if (found := vague.match(line)) and found[1].count("_") < 3
    ]

    assert short == []


def test_what_must_run_as_a_program_may_be_run():
    for name in (".ci/run", "tools/setup"):
        assert (ROOT / name).stat().st_mode & 0o111, name
