"""Which channel hears of which job. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase


@dataclass(frozen=True, slots=True)
class Route:
    """`job` and `environment` are patterns with `*` and `?`, without regard to case."""

    channel: str
    job: str = "*"
    environment: str = "*"


@dataclass(frozen=True, slots=True)
class Routes:
    routes: Sequence[Route]
    default_channel: str

    def channel_for(self, env: str, *names: str) -> str:
        """The first route that fits the environment and one of the job's names; none = the default channel."""
        for route in self.routes:
            if _fits(route.environment, env) and any(_fits(route.job, name) for name in names):
                return route.channel
        return self.default_channel


def _fits(pattern: str, name: str) -> bool:
    return fnmatchcase(name.casefold(), pattern.casefold())
