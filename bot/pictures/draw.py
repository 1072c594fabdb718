"""Draws with matplotlib. Imported only by the program `python -m bot.pictures`: it costs half a second and 60 MB."""

import io
from collections.abc import Sequence
from datetime import datetime
from typing import Final

import matplotlib as mpl

mpl.use("Agg")

from matplotlib import dates
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter

from bot.model.picture import Bar, Bars, Picture, Timeline, Track

WIDTH: Final = 8.0
DOTS: Final = 130
MOST_BARS: Final = 12
MOST_STEPS: Final = 12
LONGEST_NAME: Final = 34
LONGEST_TEXT: Final = 22
RATIO: Final = 50
"""From this ratio of the largest to the smallest figure on, the axis is logarithmic: a small bar must be seen."""
SERIES: Final = (("stored", "#8a8d91", ""), ("inserted", "#0072b2", "//"), ("updated", "#e69f00", ".."))
DELETED: Final = ("deleted", "#d55e00", "xx")
"""Okabe and Ito's colours, which the colour-blind tell apart; patterns tell the series apart without any."""
LANES: Final = ("#0072b2", "#009e73", "#d55e00", "#cc79a7", "#e69f00")


def png(picture: Picture) -> bytes:
    figure = _bars(picture) if isinstance(picture, Bars) else _timeline(picture)
    out = io.BytesIO()
    figure.savefig(out, format="png", dpi=DOTS, facecolor="white", metadata={"Software": None})
    return out.getvalue()


def _figure(height: float, title: str) -> tuple[Figure, Axes]:
    figure = Figure(figsize=(WIDTH, height), layout="constrained")
    axes = figure.subplots()
    axes.set_title(_plain(title, 80), loc="left", fontsize=11, fontweight="bold")
    for side in ("top", "right", "left"):
        axes.spines[side].set_visible(False)
    axes.tick_params(length=0)
    return figure, axes


def _bars(picture: Bars) -> Figure:
    shown = picture.bars[:MOST_BARS]
    figure, axes = _figure(1.3 + 0.95 * max(1, len(shown)), picture.title)
    series = (*SERIES, DELETED)
    thick = 0.8 / len(series)
    for place, (name, colour, pattern) in enumerate(series):
        counts = [getattr(bar, name) for bar in shown]
        heights = [row + (place - (len(series) - 1) / 2) * thick for row in range(len(shown))]
        drawn = axes.barh(
            heights,
            [count or 0 for count in counts],
            thick * 0.9,
            color=colour,
            hatch=pattern,
            edgecolor="white",
            label=name,
        )
        axes.bar_label(drawn, [_told(bar, name) for bar in shown], padding=3, fontsize=8)
    axes.set_yticks(range(len(shown)), [_plain(bar.name, LONGEST_NAME) for bar in shown])
    axes.invert_yaxis()
    largest, smallest = _extremes(shown)
    if smallest and largest / smallest > RATIO:
        axes.set_xscale("symlog", linthresh=1)
        axes.xaxis.set_major_formatter(FuncFormatter(lambda count, _: f"{count:,.0f}"))
        axes.set_xlabel("rows, logarithmic", fontsize=8)
    else:
        axes.set_xlabel("rows", fontsize=8)
    axes.margins(x=0.16)
    axes.legend(loc="upper center", bbox_to_anchor=(0.5, -0.16), ncols=len(series), frameon=False, fontsize=9)
    if len(picture.bars) > len(shown):
        axes.annotate(f"and {len(picture.bars) - len(shown)} more", (1, 0), xycoords="axes fraction", ha="right")
    return figure


def _told(bar: Bar, name: str) -> str:
    count: int | None = getattr(bar, name)
    if count is None:
        return "not read"
    return f"{'' if bar.exact or name == 'stored' else '≥ '}{count:,}"


def _extremes(bars: Sequence[Bar]) -> tuple[int, int]:
    counts = [count for bar in bars for count in (bar.stored, bar.inserted, bar.updated, bar.deleted) if count]
    return max(counts, default=0), min(counts, default=0)


def _timeline(picture: Timeline) -> Figure:
    figure, axes = _figure(1.2 + 0.85 * max(1, len(picture.tracks)), picture.title)
    starts = [step.not_before or step.at for track in picture.tracks for step in track.steps]
    first = min([*starts, picture.until])
    for row, track in enumerate(picture.tracks):
        _lane(axes, row, track, picture)
    begin, end = _day(first), _day(picture.until)
    span = (end - begin) or 1.0
    axes.set_xlim(begin - span * 0.04, end + span * 0.14)
    axes.axvline(end, color="#8a8d91", linewidth=0.8)
    axes.annotate("read", (end, -0.72), fontsize=8, color="#5c5f62", ha="center", annotation_clip=False)
    axes.set_yticks(range(len(picture.tracks)), [_plain(track.name, LONGEST_NAME) for track in picture.tracks])
    axes.set_ylim(len(picture.tracks) - 0.4, -0.8)
    axes.xaxis_date("UTC")
    axes.xaxis.set_major_formatter(dates.ConciseDateFormatter(axes.xaxis.get_major_locator()))  # type: ignore[no-untyped-call]
    axes.set_xlabel("time, UTC", fontsize=8)
    axes.grid(axis="x", linewidth=0.3)
    return figure


def _lane(axes: Axes, row: int, track: Track, picture: Timeline) -> None:
    """Each step holds until the next; an interval in which it changed somewhere is dashed."""
    colour = LANES[row % len(LANES)]
    shown = track.steps[-MOST_STEPS:]
    ends = [*(step.not_before or step.at for step in shown[1:]), picture.until]
    for step, end in zip(shown, ends, strict=True):
        axes.plot([_day(step.at), _day(end)], [row, row], color=colour, linewidth=3, solid_capstyle="butt")
        if step.not_before:
            axes.plot([_day(step.not_before), _day(step.at)], [row, row], color=colour, linewidth=2, linestyle=":")
        axes.plot([_day(step.at)], [row], marker="o", color=colour, markersize=6)
        axes.annotate(
            _plain(step.text, LONGEST_TEXT), (_day(step.at), row), xytext=(2, 7), textcoords="offset points", fontsize=9
        )


def _day(at: datetime) -> float:
    """Days since 1970: what the axis counts in."""
    return at.timestamp() / 86_400


def _plain(text: str, longest: int) -> str:
    """Without what matplotlib would take for a formula; characters that its font lacks become a box there."""
    text = " ".join(text.split()).replace("$", "\\$")
    return text if len(text) <= longest else f"{text[: longest - 1]}…"
