"""The closing line of counts, whatever happened."""

import pytest

from tests.chaos.series import Counts

COUNTS = pytest.StashKey[Counts]()


def pytest_configure(config: pytest.Config) -> None:
    config.stash[COUNTS] = Counts()


@pytest.fixture
def counted(request: pytest.FixtureRequest) -> Counts:
    """The counts of all series of this run."""
    return request.config.stash.setdefault(COUNTS, Counts())


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    counts = config.stash.get(COUNTS, None)
    if counts is not None and counts.kills:
        terminalreporter.write_line(str(counts))
