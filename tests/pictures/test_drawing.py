"""Pictures: drawn by a program of its own; what they show is said in words by their type."""

import struct
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from bot.model.picture import Bar, Bars, Step, Timeline, Track
from bot.pictures.data import packed, unpacked
from bot.pictures.drawing import Drawing

NIGHT = datetime(2026, 3, 3, 2, 14, tzinfo=UTC)
BARS = Bars("Rows", (Bar("HR_Person", 48_210, 3, 12, 41_007), Bar("HR_Organization", None, 0, 0, 118, exact=False)))
TIMELINE = Timeline(
    "Login",
    (
        Track("HR", (Step(NIGHT - timedelta(days=30), "Leroy"),)),
        Track("Rule", (Step(NIGHT - timedelta(days=2), "changed", NIGHT - timedelta(days=3)),)),
    ),
    until=NIGHT,
)


def size_of(png):
    assert png.startswith(b"\x89PNG\r\n\x1a\n")
    return struct.unpack(">II", png[16:24])


@pytest.mark.parametrize("picture", [BARS, TIMELINE], ids=["bars", "timeline"])
async def test_a_picture_is_drawn(picture):
    width, height = size_of(await Drawing().png(picture))
    assert width >= 1000
    assert height >= 300


@pytest.mark.parametrize(
    "picture",
    [
        replace(BARS, bars=()),
        replace(BARS, bars=(Bar("nothing changes", 0, 0, 0, 0),)),
        replace(
            BARS, title="$x^2$ " * 60, bars=tuple(Bar(f"$\\frac{{x}}$ שלום {n}" * 9, 10**9, 1, n, 0) for n in range(40))
        ),
        replace(TIMELINE, tracks=()),
        replace(TIMELINE, tracks=(Track("one moment", (Step(NIGHT, "$" * 300),)),)),
        replace(
            TIMELINE, tracks=(Track("many", tuple(Step(NIGHT - timedelta(hours=n), "x") for n in range(60, 0, -1))),)
        ),
    ],
    ids=["no bars", "zeros", "hostile names", "no tracks", "one moment", "many steps"],
)
async def test_no_figures_break_it(picture):
    assert size_of(await Drawing().png(picture))


@pytest.mark.parametrize("picture", [BARS, TIMELINE], ids=["bars", "timeline"])
def test_the_data_come_out_as_they_went_in(picture):
    assert unpacked(packed(picture)) == picture


async def test_without_matplotlib_there_is_none_and_it_is_asked_once(tmp_path, monkeypatch):
    (tmp_path / "matplotlib").mkdir()
    (tmp_path / "matplotlib/__init__.py").write_text("raise ImportError")
    drawing = Drawing()
    with monkeypatch.context() as without:
        without.setenv("PYTHONPATH", str(tmp_path))
        assert await drawing.png(BARS) is None
    assert await drawing.png(BARS) is None
    assert await Drawing().png(BARS) is not None


def test_bars_say_in_words_what_they_show():
    assert BARS.alt == (
        "Bar chart: Rows. HR_Person: 48,210 stored, 3 inserted, 12 updated, 41,007 deleted; "
        "HR_Organization: an unknown number of stored, at least 0 inserted, at least 0 updated, at least 118 deleted."
    )
    assert BARS.lines == (
        "                 stored  inserted  updated  deleted",
        "HR_Person        48,210         3       12   41,007",
        "HR_Organization       ?       ≥ 0      ≥ 0    ≥ 118",
    )


def test_a_timeline_says_in_words_what_it_shows():
    assert TIMELINE.alt == (
        "Timeline: Login. HR: “Leroy” since 2026-02-01 02:14 UTC; "
        "Rule: “changed” between 2026-02-28 02:14 UTC and 2026-03-01 02:14 UTC."
    )
    assert TIMELINE.lines == (
        "2026-02-01 02:14 UTC  HR    Leroy",
        "2026-03-01 02:14 UTC  Rule  changed",
    )
