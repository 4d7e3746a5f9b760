"""The one time axis of the page, and plots that stand on it. Time is in milliseconds from the start."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, Final

import numpy as np
from bokeh.core.properties import value
from bokeh.models import (
    ColumnDataSource,
    DatetimeAxis,
    DatetimeTickFormatter,
    HoverTool,
    PanTool,
    Range1d,
    WheelZoomTool,
)
from bokeh.plotting import figure
from numpy.typing import NDArray

from segue.contract import SAMPLE_RATE
from segue.report.palette import NEUTRAL

FONT: Final = "ui-sans-serif, system-ui, 'Segoe UI', Roboto, 'Helvetica Neue', 'DejaVu Sans', sans-serif"
# Room for the tick labels; equal in every row, so that one vertical line is one moment.
LEFT_PX: Final = 66
_LABEL_PX: Final = 11
RIGHT_PX: Final = 14
_SHORTEST_VIEW_MS: Final = 100
# Points of a row's curves. Plots are some 130 pixels high: a few thousandths of that are no difference.
MOST_KNOTS: Final = 12_000
_SHARES: Final = (0.004, 0.012, 0.03)
_MINUTES: Final = "%-M:%S"
_HOURS: Final = "%-H:%M:%S"
# Time 0 is a midnight, which would be written as a date.
_TIMES: Final[dict[str, Any]] = {
    "milliseconds": "%-M:%S.%3N",
    **dict.fromkeys(("seconds", "minsec", "minutes", "days", "months", "years"), _MINUTES),
    **dict.fromkeys(("hourmin", "hours"), _HOURS),
}


@dataclass(frozen=True, kw_only=True)
class Key:
    """A line of a row's legend. column: of the row's curves, whose value at the cursor is shown; "" for none."""

    name: str
    colour: str
    column: str = ""


@dataclass(frozen=True, kw_only=True)
class Row:
    """A plot with its heading. name: identifies it in the page. note: unit or reading aid."""

    name: str
    title: str
    note: str
    plot: Any
    keys: tuple[Key, ...] = ()


class TimeAxis:
    """Makes the rows' plots: equal margins, one shared range, bar lines behind everything."""

    def __init__(self, duration_s: float) -> None:
        end = max(1.0, duration_s * 1000)
        self.end_ms = end
        self.range = Range1d(start=0, end=end, bounds=(0, end), min_interval=min(_SHORTEST_VIEW_MS, end), name="time")
        # Filled in the page with the beats worth showing at the present zoom.
        self.grid = ColumnDataSource({"x": [], "alpha": []}, name="grid")

    def plot(
        self,
        *,
        height: int,
        y: tuple[float, float],
        ticks: Sequence[float] = (),
        labels: dict[float | str, Any] | None = None,
    ) -> Any:
        """An empty plot. ticks: on the y axis; labels: of those that are not to be written as numbers."""
        plot = figure(
            height=height,
            sizing_mode="stretch_width",
            x_range=self.range,
            y_range=Range1d(start=y[0], end=y[1]),
            tools=[],
            toolbar_location=None,
            x_axis_location=None,
            min_border_left=LEFT_PX,
            min_border_right=RIGHT_PX,
            min_border_top=3,
            min_border_bottom=3,
            background_fill_color=None,
            border_fill_color=None,
            outline_line_color=NEUTRAL,
            outline_line_alpha=0.35,
            output_backend="canvas",
        )
        pan, wheel = PanTool(dimensions="width"), WheelZoomTool(dimensions="width")
        plot.add_tools(pan, wheel)
        plot.toolbar.active_drag, plot.toolbar.active_scroll = pan, wheel
        plot.grid.visible = False
        axis = plot.yaxis[0]
        axis.ticker = list(ticks)
        axis.major_label_overrides = labels or {}
        _quiet(axis)
        plot.vspan(x="x", source=self.grid, line_color=NEUTRAL, line_alpha="alpha", level="underlay")
        return plot

    def show_times(self, plot: Any, place: str) -> None:
        """Write the time along a plot's edge; place: "above" or "below"."""
        axis = DatetimeAxis(formatter=DatetimeTickFormatter(**_TIMES))
        _quiet(axis)
        plot.add_layout(axis, place)


def draw_bands(plot: Any, source: ColumnDataSource, height: float, **look: Any) -> Any:
    """Boxes from `left` to `right` (ms) around `y`. Returns: their renderer."""
    middle = np.asarray(source.data["y"], np.float64)
    source.data["low"], source.data["high"] = middle - height / 2, middle + height / 2
    return plot.quad(left="left", right="right", bottom="low", top="high", source=source, **look)


def add_hover(plot: Any, renderer: Any, lines: Sequence[tuple[str, str]]) -> None:
    """Tooltips for the marks of one renderer. lines: (heading, "@column"); columns are shown as text, never as HTML."""
    tool = HoverTool(renderers=[renderer], tooltips=list(lines), attachment="vertical", point_policy="follow_mouse")
    plot.add_tools(tool)


def label_layer(plot: Any, of: str) -> None:
    """An empty layer of texts, which the page fills with those of the source `of` that fit."""
    source = ColumnDataSource({"x": [], "y": [], "text": [], "ink": []}, name=f"{of}-labels")
    plot.text(
        x="x",
        y="y",
        text="text",
        source=source,
        text_color="ink",
        text_font=value(FONT),
        text_font_size="12px",
        text_baseline="middle",
        level="overlay",
    )


def fitting(text: str) -> str:
    """As much of a tick's label as fits LEFT_PX in any usual font, so that no row is moved aside."""
    room = LEFT_PX - 8.0
    for end, character in enumerate(text):
        wide = character in "mwMW@%" or not character.isascii()
        room -= _LABEL_PX * (1.0 if wide else 0.64)
        if room < 0:
            return text[: end - 1] + "…"
    return text


def milliseconds(samples: Sequence[int] | NDArray[np.int_]) -> NDArray[np.float64]:
    """Times of sample positions."""
    return np.asarray(samples, np.float64) * 1000 / SAMPLE_RATE


def knots(curves: NDArray[np.float64], most: int = MOST_KNOTS) -> NDArray[np.int_]:
    """Rows of [T, N] that suffice to draw straight lines between: where any curve bends, and both ends.

    Where more than `most` would be left, lines are at most a small part of a curve's range beside it.
    """
    T = len(curves)
    keep = np.ones(T, bool)
    if T > 2:
        bend = np.abs(curves[2:] - 2 * curves[1:-1] + curves[:-2]).max(axis=1, initial=0)
        keep[1:-1] = bend > 1e-6 * max(1.0, float(np.abs(curves).max(initial=0)))
    kept = np.flatnonzero(keep)
    if len(kept) <= most:
        return kept
    span = np.ptp(curves, axis=0)
    scaled = curves / np.where(span > 0, span, 1)
    for share in _SHARES:
        if len(kept) > most:
            kept = kept[_simplified(kept, scaled[kept], share)]
    return kept if len(kept) <= most else kept[_extremes(scaled[kept], most)]


def _simplified(x: NDArray[np.int_], y: NDArray[np.float64], share: float) -> list[int]:
    """Indices of [T] and [T, N] between which every point lies within `share` of the straight line."""
    kept, anchor = [0], 0
    low, high = np.full(y.shape[1], -np.inf), np.full(y.shape[1], np.inf)
    for n in range(1, len(x)):
        slope = (y[n] - y[anchor]) / (x[n] - x[anchor])
        if ((slope < low) | (slope > high)).any():
            anchor = n - 1
            kept.append(anchor)
            low, high = np.full(y.shape[1], -np.inf), np.full(y.shape[1], np.inf)
            slope = (y[n] - y[anchor]) / (x[n] - x[anchor])
        room = share / (x[n] - x[anchor])
        low, high = np.maximum(low, slope - room), np.minimum(high, slope + room)
    return [*kept, len(x) - 1]


def _extremes(y: NDArray[np.float64], most: int) -> NDArray[np.int_]:
    """Indices of [T, N]: both ends, and of each of some stretches where every curve is lowest and highest."""
    edges = np.linspace(0, len(y), max(1, (most - 2) // (2 * y.shape[1])) + 1).astype(int)
    found = [0, len(y) - 1]
    for start, end in pairwise(edges.tolist()):
        if start < end:
            found += (start + np.concatenate([y[start:end].argmin(axis=0), y[start:end].argmax(axis=0)])).tolist()
    return np.unique(found)


def _quiet(axis: Any) -> None:
    axis.update(
        axis_line_color=None,
        major_tick_line_color=NEUTRAL,
        major_tick_line_alpha=0.5,
        major_tick_in=0,
        major_tick_out=4,
        minor_tick_line_color=None,
        major_label_text_font=FONT,
        major_label_text_font_size=f"{_LABEL_PX}px",
        major_label_text_color="#6B7280",
    )
