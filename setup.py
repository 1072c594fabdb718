"""Copies what stands beside `bot/` into `bot/shipped/` of a wheel. Everything else is in pyproject.toml."""

from pathlib import Path
from shutil import copy2, copytree

from setuptools import setup
from setuptools.command.build_py import build_py

HERE = Path(__file__).parent


class BuildWithShippedFiles(build_py):
    def run(self) -> None:
        super().run()
        if self.editable_mode:  # the checkout itself is what runs
            return
        shipped = Path(self.build_lib) / "bot" / "shipped"
        shipped.mkdir(parents=True, exist_ok=True)
        if (HERE / "templates").is_dir():
            copytree(HERE / "templates", shipped / "templates", dirs_exist_ok=True)
        if (HERE / "manifest.yml").is_file():
            copy2(HERE / "manifest.yml", shipped)


setup(cmdclass={"build_py": BuildWithShippedFiles})
