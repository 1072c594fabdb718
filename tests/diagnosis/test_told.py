"""A moment in somebody's own words."""

from datetime import UTC, datetime, timedelta

import pytest

from bot.diagnosis.told import told_moment

NOW = datetime(2026, 3, 3, 10, 0, tzinfo=UTC)
PARIS = "Europe/Paris"


@pytest.mark.parametrize(
    ("words", "moment"),
    [
        ("HR changed the name at 09:40", datetime(2026, 3, 3, 8, 40, tzinfo=UTC)),
        ("renamed at 9 am", datetime(2026, 3, 3, 8, 0, tzinfo=UTC)),
        ("modifié à 9h30", datetime(2026, 3, 3, 8, 30, tzinfo=UTC)),
        ("changed yesterday at 6 pm", datetime(2026, 3, 2, 17, 0, tzinfo=UTC)),
        ("changé hier à 18h", datetime(2026, 3, 2, 17, 0, tzinfo=UTC)),
        ("changed at 23:10", datetime(2026, 3, 2, 22, 10, tzinfo=UTC)),
        ("changed 20 minutes ago", NOW - timedelta(minutes=20)),
        ("changed an hour ago", NOW - timedelta(hours=1)),
        ("modifié il y a 5 minutes", NOW - timedelta(minutes=5)),
    ],
)
def test_a_moment_is_read_in_the_zone_of_the_site(words, moment):
    assert told_moment(words, NOW, PARIS) == moment


@pytest.mark.parametrize(
    "words", ["", "changed at 25:00", "changed at 9:75", "room at 12", "order 771203", "since 2026", "at 14 rue Lepic"]
)
def test_what_is_no_time_of_day_is_none(words):
    assert told_moment(words, NOW, PARIS) is None
