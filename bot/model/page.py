"""What one bounded read brought back. SQuery cannot count, so a page knows whether there is more."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Generic, TypeVar

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Page(Generic[T]):
    """The first rows of an answer; `more` says that others exist which were not read."""

    items: tuple[T, ...]
    more: bool
    read_at: datetime
    """The environment's own time (NIM's `Date` header) when the answer was made, UTC."""

    def __iter__(self) -> Iterator[T]:
        return iter(self.items)

    def __len__(self) -> int:
        return len(self.items)

    @property
    def exact(self) -> bool:
        """True when the number of items is the whole number; false means "at least"."""
        return not self.more
