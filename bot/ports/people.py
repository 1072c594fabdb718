"""What is remembered of people and for them."""

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

from bot.model.message import Message
from bot.model.reminder import Reminder
from bot.model.request import HelpRequest, RequestState


class Preferences(Protocol):
    """What is remembered of one person, such as the last question."""

    async def get(self, team_id: str, user_id: str, subject: str) -> str: ...
    async def put(self, team_id: str, user_id: str, subject: str, value: str, now: datetime) -> None: ...


class Requests(Protocol):
    """*Ask an operator*."""

    async def ask(self, draft: HelpRequest) -> tuple[HelpRequest, bool]:
        """Stores it and gives it its id; the same key again meets the first one. True when it is new."""
        ...

    async def get(self, request_id: int) -> HelpRequest: ...

    async def claim(self, request_id: int, user_id: str, now: datetime) -> HelpRequest:
        """The first one who claims has it; the request says who that is."""
        ...

    async def in_state(self, state: RequestState) -> Sequence[HelpRequest]: ...
    async def done(self, request_id: int) -> None: ...


class Reminders(Protocol):
    """*Remind me if not*: kept until the run that may heal it is over."""

    async def ask(self, draft: Reminder) -> Reminder:
        """Stores it and gives it its id; the same person and question again is the same one with a new time."""
        ...

    async def due(self, env: str, now: datetime) -> Sequence[Reminder]:
        """Those that wait and are due by the environment's clock, oldest first."""
        ...

    async def put_off(self, one: Reminder, until: datetime) -> None: ...

    async def done(self, one: Reminder, message: Message | None) -> None:
        """In one transaction: it is over, and its message, if there is one, stands in the outbox."""
        ...
