"""What an act is: something that happens in the world at a moment, stated in a scenario file or pulled as a lever."""

from __future__ import annotations

from typing import Protocol

from pydantic import BaseModel, ConfigDict

from sandbox.identity_manager.world.engine import Engine
from sandbox.identity_manager.world.moments import instant
from sandbox.identity_manager.world.people import FIRST_EMPLOYEE_NUMBER

FIRST_DRAWN = str(FIRST_EMPLOYEE_NUMBER)
"""Employee ids below belong to the people whom stories name."""


class Act(BaseModel):
    """`at`: when it happens (see moments); without it, at the start of the recorded history, or when its lever is
    pulled.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    at: str = ""


class Happening(Protocol):
    """What every act can do."""

    @property
    def at(self) -> str: ...

    def run(self, engine: Engine) -> None:
        """Makes it happen now. Raises ValueError (text for people) where the world does not allow it."""
        ...


def time_of(engine: Engine, text: str) -> float:
    return instant(text, engine.present, engine.clock.now)


def people_of(engine: Engine, people: str | list[str], count: int = 0) -> list[str]:
    """Employee ids of a group's name, `*` (everybody who is in no group and has no name of his own), `site:Lyon`,
    `organization:FR-110`, or the ids themselves.

    `count` takes that many, spread evenly. Raises ValueError for an unknown name.
    """
    if isinstance(people, list):
        found = [key for name in people for key in ([name] if name in engine.hr.people else people_of(engine, name))]
    elif people in engine.groups:
        found = engine.groups[people]
    else:
        column, _, value = people.partition(":")
        names = {"site": "Site", "organization": "OrganizationCode", "country": "Country", "contract": "ContractType"}
        if people == "*":
            grouped = {key for keys in engine.groups.values() for key in keys}
            found = [key for key in engine.hr.people if key >= FIRST_DRAWN and key not in grouped]
        elif column in names:
            found = [k for k, p in engine.hr.people.items() if p[names[column]] == value and k >= FIRST_DRAWN]
        elif people in engine.hr.people:
            found = [people]
        else:
            raise ValueError(
                f"nobody is called {people!r}: use a group's name, *, site:…, organization:… or an employee id"
            )
    if count and count < len(found):
        found = [found[number * len(found) // count] for number in range(count)]
    return found
