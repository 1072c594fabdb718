"""Finding files inside the configured folders, and nowhere else: links are followed only where they stay inside."""

import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

MOST_FILES: Final = 500
DEEPEST: Final = 3


@dataclass(frozen=True, slots=True)
class Found:
    """A file as it was when it was looked at."""

    path: Path
    name: str
    """Relative to its folder, with forward slashes."""
    size: int
    modified_ns: int


def inside(folder: Path, relative: str) -> Path | None:
    """The real file under a path relative to the folder; None when there is none, or it lies elsewhere."""
    try:
        root = folder.resolve(strict=True)
        path = (root / relative).resolve(strict=True)
    except (OSError, ValueError, RuntimeError):
        return None
    return path if path.is_file() and path.is_relative_to(root) else None


def files_of(folder: Path, *, without: tuple[str, ...] = ()) -> list[Found]:
    """The newest files of a folder and its subfolders, at most `MOST_FILES`, without the subfolders named."""
    found = [one for path in _walk(folder, without) if (one := look_at(folder, path)) is not None]
    return sorted(found, key=lambda one: (-one.modified_ns, one.name))[:MOST_FILES]


def look_at(folder: Path, relative: str) -> Found | None:
    path = inside(folder, relative)
    if path is None:
        return None
    try:
        told = path.stat()
    except OSError:
        return None
    return Found(path, relative, told.st_size, told.st_mtime_ns)


def newest(folder: Path, pattern: str, number: str = "") -> Path | None:
    """The newest file that fits a pattern with wildcards; `{id}` in it stands for a whole number, not a part of one."""
    wanted = pattern.replace("{id}", number)
    exact = re.compile(rf"(?<!\d){re.escape(number)}(?!\d)" if "{id}" in pattern else "")
    if not any(sign in wanted for sign in "*?["):
        return inside(folder, wanted)
    try:
        names = [path.relative_to(folder).as_posix() for path in folder.glob(wanted)]
    except (OSError, ValueError):
        return None
    found = [one for name in names if exact.search(name) and (one := look_at(folder, name)) is not None]
    return max(found, key=lambda one: one.modified_ns).path if found else None


def _walk(folder: Path, without: tuple[str, ...]) -> Iterator[str]:
    for place, folders, names in os.walk(folder):
        here = Path(place).relative_to(folder)
        if len(here.parts) + 1 >= DEEPEST:
            folders.clear()
        folders[:] = [name for name in folders if (here / name).as_posix() not in without]
        for name in names:
            yield (here / name).as_posix()
