"""Reads for a diagnosis: what fails becomes a `Missing`, never an exception (troubleshooting 2.0)."""

from collections.abc import Awaitable
from typing import TypeVar

from bot.errors import DeskError, NimDenied, NotExposed
from bot.model.finding import Missing

T = TypeVar("T")


class Reads:
    """Collects what one gathering could not read."""

    def __init__(self) -> None:
        self._missing: list[Missing] = []

    async def attempt(self, read: Awaitable[T], what: str, *, without: str = "", look_at: str = "") -> T | None:
        """The answer, or None when Identity Manager did not give it.

        `without` says what cannot be told apart then; `look_at` names the screen where a person can look instead.
        """
        try:
            return await read
        except DeskError as error:
            reason = _reason(error)
            self._missing.append(Missing(what, f"{reason}. {without}".strip() if without else reason, look_at))
            return None

    def note(self, what: str, why: str, look_at: str = "") -> None:
        """Something that was not asked for, since it is known not to be shown."""
        self._missing.append(Missing(what, why, look_at))

    @property
    def missing(self) -> tuple[Missing, ...]:
        """In an order that does not depend on which read failed first."""
        return tuple(sorted(set(self._missing), key=lambda one: (one.what, one.why)))


def _reason(error: DeskError) -> str:
    match error:
        case NimDenied():
            return "no permission"
        case NotExposed():
            return "not available in this installation"
        case _:
            return error.say.rstrip(".")
