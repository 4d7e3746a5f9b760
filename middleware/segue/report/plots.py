"""The plots of the page: one shared time axis, bands, labels and tooltips, curves with few points, and the colours.

Times are in milliseconds from the start of the run.
"""

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
from segue_rules.model import Rules

# Colours that colour-blind readers can tell apart, on white and on black, ordered so that neighbours differ most.
# Source: Okabe and Ito (2008); the muted scheme of Tol (2021).
_COLOURS: Final = (
    "#56B4E9",
    "#E69F00",
    "#009E73",
    "#CC79A7",
    "#DDCC77",
    "#4477AA",
    "#D55E00",
    "#88CCEE",
    "#999933",
    "#AA4499",
    "#44AA99",
    "#EE8866",
)
NEUTRAL: Final = "#8C939E"
ACCENT: Final = "#D55E00"
CALM: Final = "#4C8DC4"
GOOD: Final = "#009E73"

FONT: Final = "ui-sans-serif, system-ui, 'Segoe UI', Roboto, 'Helvetica Neue', 'DejaVu Sans', sans-serif"
# Margin of the tick labels. It is equal in all rows, so that a vertical line marks one moment in all of them.
LEFT_PX: Final = 66
_LABEL_PX: Final = 11
RIGHT_PX: Final = 14
_SHORTEST_VIEW_MS: Final = 100
# Most points of a row's curves. A plot is about 130 pixels high, so errors of a few thousandths of that are invisible.
MOST_KNOTS: Final = 12_000
# Errors that `knots` tries one after the other, as shares of a curve's range.
_KNOT_ERRORS: Final = (0.004, 0.012, 0.03)
_MINUTES: Final = "%-M:%S"
_HOURS: Final = "%-H:%M:%S"
# Bokeh takes time 0 for midnight and would write a date there.
_TIMES: Final[dict[str, Any]] = {
    "milliseconds": "%-M:%S.%3N",
    **dict.fromkeys(("seconds", "minsec", "minutes", "days", "months", "years"), _MINUTES),
    **dict.fromkeys(("hourmin", "hours"), _HOURS),
}


@dataclass(frozen=True, kw_only=True)
class LegendItem:
    """A line of a row's legend.

    Attributes:
        column: Of the row's curves, whose value at the cursor is shown; "" for none.
    """

    name: str
    colour: str
    column: str = ""


@dataclass(frozen=True, kw_only=True)
class PlotRow:
    """A plot with its heading.

    Attributes:
        name: Identifies it in the page.
        note: Unit or explanation.
    """

    name: str
    title: str
    note: str
    plot: Any
    legend: tuple[LegendItem, ...] = ()


class TimeAxis:
    """Makes the plots of the rows: they have equal margins, one shared range, and bar lines in the background."""

    def __init__(self, duration_s: float) -> None:
        end = max(1.0, duration_s * 1000)
        self.end_ms = end
        self.range = Range1d(start=0, end=end, bounds=(0, end), min_interval=min(_SHORTEST_VIEW_MS, end), name="time")
        # The page's script fills in the beats that are worth showing at the present zoom.
        self.grid = ColumnDataSource({"x": [], "alpha": []}, name="grid")

    def plot(
        self,
        *,
        height: int,
        y: tuple[float, float],
        ticks: Sequence[float] = (),
        labels: dict[float | str, Any] | None = None,
    ) -> Any:
        """Make an empty plot.

        Args:
            height: In pixels.
            y: Values at the bottom and at the top.
            ticks: Positions on the y axis.
            labels: Texts of those ticks that are not to be written as numbers.
        """
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
        _style_axis(axis)
        plot.vspan(x="x", source=self.grid, line_color=NEUTRAL, line_alpha="alpha", level="underlay")
        return plot

    def show_times(self, plot: Any, place: str) -> None:
        """Write the time along an edge of a plot.

        Args:
            place: "above" or "below".
        """
        axis = DatetimeAxis(formatter=DatetimeTickFormatter(**_TIMES))
        _style_axis(axis)
        plot.add_layout(axis, place)


def draw_bands(plot: Any, source: ColumnDataSource, height: float, **look: Any) -> Any:
    """Draw boxes from column `left` to column `right` (ms), centred on column `y`. Returns: their renderer."""
    middle = np.asarray(source.data["y"], np.float64)
    source.data["low"], source.data["high"] = middle - height / 2, middle + height / 2
    return plot.quad(left="left", right="right", bottom="low", top="high", source=source, **look)


def add_hover(plot: Any, renderer: Any, lines: Sequence[tuple[str, str]]) -> None:
    """Add tooltips to the marks of one renderer.

    Args:
        lines: Pairs of heading and "@column". Bokeh shows columns as text, never as HTML.
    """
    tool = HoverTool(renderers=[renderer], tooltips=list(lines), attachment="vertical", point_policy="follow_mouse")
    plot.add_tools(tool)


def label_layer(plot: Any, of: str) -> None:
    """Add an empty layer of texts, which the page's script fills with those of the source `of` that fit."""
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


def tick_label(text: str) -> str:
    """Shorten a text to what fits into LEFT_PX in any usual font, so that no row gets a wider margin."""
    left_px = LEFT_PX - 8.0
    for end, character in enumerate(text):
        wide = character in "mwMW@%" or not character.isascii()
        left_px -= _LABEL_PX * (1.0 if wide else 0.64)
        if left_px < 0:
            return text[: end - 1] + "…"
    return text


def milliseconds(samples: Sequence[int] | NDArray[np.int_]) -> NDArray[np.float64]:
    """Convert sample positions to times."""
    return np.asarray(samples, np.float64) * 1000 / SAMPLE_RATE


def knots(curves: NDArray[np.float64], most: int = MOST_KNOTS) -> NDArray[np.int_]:
    """Choose the points between which straight lines draw the curves: both ends, and where any curve bends.

    Args:
        curves: [T, N]: N curves over the same T times.
        most: Largest number of points. Where more would be needed, the lines may miss a curve by a small share of its
            range.

    Returns:
        Indices in [0, T), increasing.
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
    for error in _KNOT_ERRORS:
        if len(kept) > most:
            kept = kept[_simplified(kept, scaled[kept], error)]
    return kept if len(kept) <= most else kept[_extremes(scaled[kept], most)]


def _simplified(x: NDArray[np.int_], y: NDArray[np.float64], error: float) -> list[int]:
    """Return indices of x [T] and y [T, N] such that the lines between them miss no point by more than `error`."""
    kept, anchor = [0], 0
    low, high = np.full(y.shape[1], -np.inf), np.full(y.shape[1], np.inf)
    for n in range(1, len(x)):
        slope = (y[n] - y[anchor]) / (x[n] - x[anchor])
        if ((slope < low) | (slope > high)).any():
            anchor = n - 1
            kept.append(anchor)
            low, high = np.full(y.shape[1], -np.inf), np.full(y.shape[1], np.inf)
            slope = (y[n] - y[anchor]) / (x[n] - x[anchor])
        margin = error / (x[n] - x[anchor])
        low, high = np.maximum(low, slope - margin), np.minimum(high, slope + margin)
    return [*kept, len(x) - 1]


def _extremes(y: NDArray[np.float64], most: int) -> NDArray[np.int_]:
    """Return indices of y [T, N]: both ends, and the lowest and highest point of every curve in equal sections."""
    edges = np.linspace(0, len(y), max(1, (most - 2) // (2 * y.shape[1])) + 1).astype(int)
    found = [0, len(y) - 1]
    for start, end in pairwise(edges.tolist()):
        if start < end:
            found += (start + np.concatenate([y[start:end].argmin(axis=0), y[start:end].argmax(axis=0)])).tolist()
    return np.unique(found)


def _style_axis(axis: Any) -> None:
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


def turn_colour(index: int) -> str:
    """Return the colour of the n-th of several things; the thirteenth has that of the first."""
    return _COLOURS[index % len(_COLOURS)]


def style_colours(rules: Rules) -> dict[str, str]:
    """Return the colour of each style, in file order."""
    return {style.name: turn_colour(n) for n, style in enumerate(rules.styles)}


def state_colours(rules: Rules) -> dict[tuple[str, str], str]:
    """Return the colour of each (layer, state): that of the style with the largest weight, grey if it has no mix.

    If an earlier state of the layer has that colour already, a style with at least half the weight gives its own.
    """
    of_style = style_colours(rules)
    colours = {}
    for layer in rules.layers:
        used: set[str] = set()
        for state in layer.states:
            most = max(state.mix.values(), default=0.0)
            by_weight = sorted(state.mix, key=lambda name: -state.mix[name])
            candidates = [of_style[name] for name in by_weight if state.mix[name] >= most / 2] or [NEUTRAL]
            colour = next((colour for colour in candidates if colour not in used), candidates[0])
            used.add(colour)
            colours[layer.name, state.name] = colour
    return colours


def text_colour_on(colour: str) -> str:
    """Return black or white, whichever has more contrast to a colour.

    Source: WCAG 2.1, relative luminance.
    """
    channels = [int(colour[index : index + 2], 16) / 255 for index in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    luminance = 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
    return "#14171C" if luminance > 0.18 else "#FFFFFF"
