"""What is installed from a wheel is all that runs from a checkout."""

import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from tests.test_repository import ROOT, tracked

PACKAGES = ("bot", "handlers", "sandbox", "companion")


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    for file in tracked():
        copy = folder / "source" / file.relative_to(ROOT)
        copy.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(file, copy)
    build = "import sys; from setuptools.build_meta import build_wheel; build_wheel(sys.argv[1])"
    subprocess.run(
        [sys.executable, "-c", build, str(folder)], cwd=folder / "source", check=True, capture_output=True, timeout=60
    )
    return next(folder.glob("*.whl"))


@pytest.mark.slow
def test_a_wheel_holds_every_file_of_the_packages_the_templates_and_the_manifest(wheel):
    held = set(zipfile.ZipFile(wheel).namelist())
    beside = {"templates": "bot/shipped/templates", "manifest.yml": "bot/shipped/manifest.yml"}
    expected = set()
    for file in tracked():
        top, *rest = file.relative_to(ROOT).parts
        if top in PACKAGES and file.name != "README.md":
            expected.add(str(file.relative_to(ROOT)))
        elif top in beside:
            expected.add("/".join([beside[top], *rest]))

    assert expected - held == set()


@pytest.mark.slow
def test_shipped_files_are_found_in_an_installed_wheel(wheel, tmp_path):
    zipfile.ZipFile(wheel).extractall(tmp_path)
    (tmp_path / "bot" / "shipped").mkdir(exist_ok=True)
    (tmp_path / "bot" / "shipped" / "manifest.yml").touch()
    ask = "from bot.shipped import shipped; print(shipped('manifest.yml'))"
    environment = os.environ | {"PYTHONPATH": str(tmp_path)}

    found = subprocess.run(
        [sys.executable, "-c", ask], cwd=tmp_path, env=environment, check=True, capture_output=True, text=True
    )

    assert Path(found.stdout.strip()) == tmp_path / "bot" / "shipped" / "manifest.yml"


def test_what_is_not_shipped_is_named():
    from bot.shipped import shipped

    with pytest.raises(FileNotFoundError, match="without its no-such-thing"):
        shipped("no-such-thing")
