"""Where the files are that ship with nimdesk but are not code: `templates/` and `manifest.yml`."""

from pathlib import Path
from typing import Final

_PACKAGE: Final = Path(__file__).resolve().parent


def shipped(name: str) -> Path:
    """The shipped file or folder of that name: inside the package in a wheel, beside it in a checkout.

    Raises FileNotFoundError when neither place has it: the installation is incomplete.
    """
    for place in (_PACKAGE / "shipped" / name, _PACKAGE.parent / name):
        if place.exists():
            return place
    raise FileNotFoundError(f"nimdesk is installed without its {name}; install it again.")
