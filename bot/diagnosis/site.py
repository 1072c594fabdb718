"""What the settings say of one installation, as far as a diagnosis needs it. Filled by the composition root."""

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Site:
    environment: str = ""
    timezone: str = "UTC"
    """The server's zone, in which a schedule of kind "server time" is meant."""
    base_url: str = ""
    links: Mapping[str, str] = field(default_factory=dict)
    """Link templates by the keys of nim-api chapter 8 (job_instance, order, connector …)."""
    complete_job: Mapping[str, str] = field(default_factory=dict)
    """Identifier of an incremental job → identifier of its complete twin."""
    owners: Mapping[str, str] = field(default_factory=dict)
    """Identifier of a connector → channel or group of those who can fix the managed system behind it."""
    service_reviewers: tuple[str, ...] = ()
    """Names under which automation approves."""
    test_users: tuple[str, ...] = ()
    """Logins on whom a changed rule is tried before anybody else."""
    person_type: str = "Directory_User"
    person_login: str = "Login"
    person_number: str = "Identifier"
    person_end_date: str = "EndDate"
    private_properties: frozenset[str] = frozenset()

    @property
    def tried_first(self) -> str:
        """On whom a corrected rule is tried first, as a closing sentence; empty where the settings name nobody."""
        return f" A changed rule is tried on {' or '.join(self.test_users)} first." if self.test_users else ""
