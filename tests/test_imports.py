"""Every import contract of pyproject.toml breaks when somebody breaks it."""

import os
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
SETTINGS = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]
CONTRACTS = {contract["id"]: contract for contract in SETTINGS["contracts"]}

WRONG = {
    "one-way": ("bot.model", "import bot.ports"),
    "rooms": ("bot.a_room_nobody_placed", ""),
    "symptoms-alone": ("bot.diagnosis.symptoms.one", "import bot.diagnosis.symptoms.another"),
    "handlers-thin": ("handlers", "import bot.settings"),
    "stand-ins": ("sandbox", "import bot.model"),
    "stand-ins-handlers": ("companion", "import handlers"),
    "sandbox-halves": ("sandbox.workspace", "import sandbox.identity_manager"),
    "pure": ("bot.model", "import aiohttp"),
    "durable": ("bot.ports", "import dbos"),
    "outside-bolt": ("bot.ports", "import slack_bolt"),
    "outside-slack": ("bot.ports", "import slack_sdk"),
    "outside-templates": ("bot.ports", "import jinja2"),
    "outside-store": ("bot.ports", "import sqlalchemy"),
    "outside-http": ("bot.ports", "import aiohttp"),
    "outside-borders": ("bot.ports", "import pydantic"),
    "outside-click": ("bot.ports", "import click"),
    "outside-lark": ("bot.ports", "import lark"),
}
"""Contract → a module, and the import that must not stand in it."""


@pytest.fixture
def bare_tree(tmp_path: Path) -> Path:
    """The same packages and modules with nothing in them, and the real contracts."""
    for root in SETTINGS["root_packages"]:
        for module in (ROOT / root).rglob("*.py"):
            empty = tmp_path / module.relative_to(ROOT)
            empty.parent.mkdir(parents=True, exist_ok=True)
            empty.touch()
    plant(tmp_path, "bot.diagnosis.symptoms.another", "")
    # An outside library is in the graph only where somebody imports it.
    protected = {name for contract in CONTRACTS.values() for name in contract.get("protected_modules", ())}
    for name in protected:
        allowed = next(c["allowed_importers"] for c in CONTRACTS.values() if name in c.get("protected_modules", ()))
        plant(tmp_path, allowed[-1], f"import {name}")
    (tmp_path / "pyproject.toml").write_text((ROOT / "pyproject.toml").read_text())
    return tmp_path


def plant(tree: Path, module: str, line: str) -> None:
    place = tree.joinpath(*module.split("."))
    file = place / "__init__.py" if place.is_dir() else place.with_suffix(".py")
    with file.open("a") as source:
        source.write(f"{line}\n")


def lint(tree: Path, *contracts: str) -> subprocess.CompletedProcess[str]:
    chosen = [argument for contract in contracts for argument in ("--contract", contract)]
    command = [sys.executable, "-c", "from importlinter.cli import lint_imports_command; lint_imports_command()"]
    environment = os.environ | {"PYTHONPATH": str(tree), "PYTHONSAFEPATH": "1"}
    return subprocess.run(
        [*command, "--no-logo", "--no-cache", *chosen],
        cwd=tree,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )


def test_every_contract_is_broken_once_below():
    assert CONTRACTS.keys() <= WRONG.keys()


def test_a_tree_without_wrong_imports_keeps_every_contract(bare_tree):
    kept = lint(bare_tree)

    assert kept.returncode == 0, kept.stdout + kept.stderr


@pytest.mark.slow
@pytest.mark.parametrize("contract", CONTRACTS)
def test_a_wrong_import_breaks_its_contract(bare_tree, contract):
    plant(bare_tree, *WRONG[contract])

    broken = lint(bare_tree, contract)

    assert broken.returncode == 1, broken.stdout + broken.stderr
    assert "0 kept, 1 broken" in broken.stdout
