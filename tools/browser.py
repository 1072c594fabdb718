"""Which Chromium or Chrome this machine has. As a program: prints its path, or exits with 1."""

import os
import shutil
import sys
from pathlib import Path
from typing import Final

_NAMES: Final = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
_MACOS_APPS: Final = (
    "Google Chrome.app/Contents/MacOS/Google Chrome",
    "Chromium.app/Contents/MacOS/Chromium",
    "Microsoft Edge.app/Contents/MacOS/Microsoft Edge",
)


def find_browser() -> Path | None:
    """What NIMDESK_CHROMIUM names ("none": none), else the browser that the system has."""
    if named := os.environ.get("NIMDESK_CHROMIUM"):
        return None if named == "none" else Path(named)
    for name in _NAMES:
        if found := shutil.which(name):
            return Path(found)
    for folder in (Path("/Applications"), Path.home() / "Applications"):
        for app in _MACOS_APPS:
            if (folder / app).exists():
                return folder / app
    return None


if __name__ == "__main__":
    browser = find_browser()
    if browser is None:
        sys.exit(1)
    print(browser)
