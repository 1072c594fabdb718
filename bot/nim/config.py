"""What one installation needs to be spoken to. Built by the composition root from the settings."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from bot.errors import SettingsError
from bot.model.job import RunState


@dataclass(frozen=True, slots=True)
class PersonNaming:
    """The site's entity type of people and the properties of login and employee id; a dot goes through a navigation."""

    entity_type: str = "Directory_User"
    login: str = "Login"
    employee_id: str = "Identifier"


@dataclass(frozen=True, slots=True)
class EnvironmentConfig:
    """One Identity Manager. Time-outs, pauses and ages in seconds, sizes in bytes."""

    url: str
    client_id: str
    client_domain: str
    client_secret: str = field(repr=False)
    label: str = ""
    states: Mapping[int, RunState] = field(default_factory=dict)
    """Numbers of job states that this installation has taught; they win over the built-in ones (see `parse_states`)."""
    person: PersonNaming = field(default_factory=PersonNaming)
    ca_file: str = ""
    proxy: str = ""
    timeout_seconds: float = 20
    concurrency: int = 4
    page_size: int = 1000
    catalogue_seconds: float = 600
    retry_pause_seconds: float = 1
    """Before the first repetition of a read; it doubles. What Identity Manager asks for (Retry-After) wins."""
    retry_total_seconds: float = 15
    """A read that would have to wait beyond this gives up at once."""
    largest_answer: int = 32 * 1024 * 1024


def parse_states(given: Mapping[str, str]) -> Mapping[int, RunState]:
    """The settings' `states`: number → word.

    Raises SettingsError naming the key that is neither a number nor a known word.
    """
    known: dict[int, RunState] = {}
    for number, word in given.items():
        try:
            known[int(number)] = RunState(word.strip().lower())
        except ValueError as why:
            words = ", ".join(RunState)
            raise SettingsError(f'states: "{number}" = "{word}" is not a number with one of: {words}') from why
    return known
