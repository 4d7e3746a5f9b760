"""The rows of what was played and how it was delivered: bars, waveform, spectrogram, loudness, takes, buffer, latency.

Each row is a plot on the time axis.
"""

from __future__ import annotations

from typing import Any, Final

import numpy as np
from bokeh.core.properties import value
from bokeh.models import ColumnDataSource, LinearColorMapper
from bokeh.palettes import Magma256

from segue.audio.normalise import TARGET_LUFS
from segue.contract import SAMPLE_RATE
from segue.report.meters import DYNAMIC_RANGE_DB, MEL_BANDS, Spectrogram, band_of
from segue.report.plots import (
    ACCENT,
    CALM,
    FONT,
    GOOD,
    NEUTRAL,
    LegendItem,
    PlotRow,
    TimeAxis,
    add_hover,
    draw_bands,
    knots,
    label_layer,
    milliseconds,
    text_colour_on,
)
from segue.report.report_data import LiveFigures, ReportData, span_text
from segue_rules.times import clock_text

_TICKS_HZ: Final = (200, 1_000, 3_000, 10_000)


def bars(axis: TimeAxis) -> PlotRow:
    """Draw the ruler: the time above it, and the bar numbers that fit, which the page fills in."""
    plot = axis.plot(height=46, y=(0, 1))
    axis.show_times(plot, "above")
    source = ColumnDataSource({"x": [], "text": []}, name="bars")
    plot.vspan(x="x", source=source, line_color=NEUTRAL, line_alpha=0.6)
    plot.text(
        x="x",
        y=0.5,
        text="text",
        source=source,
        x_offset=4,
        text_baseline="middle",
        text_font=value(FONT),
        text_font_size="11px",
        text_color="#7A8290",
    )
    return PlotRow(name="bars", title="Bars", note="and beats, when zoomed in", plot=plot)


def waveform(data: ReportData, axis: TimeAxis) -> PlotRow:
    """Draw the waveform; the page fills in as much detail as the zoom shows."""
    peak = data.sound.peak
    top = next((top for top in (0.1, 0.25, 0.5) if peak <= top), 1.0)
    plot = axis.plot(height=84, y=(-top, top), ticks=[-top / 2, 0, top / 2])
    empty: dict[str, list[Any]] = {"x": [], "low": [], "high": [], "down": [], "up": []}
    source = ColumnDataSource(empty, name="waveform")
    plot.varea(x="x", y1="low", y2="high", source=source, fill_color=CALM, fill_alpha=0.45)
    plot.varea(x="x", y1="down", y2="up", source=source, fill_color=CALM, fill_alpha=0.9)
    return PlotRow(name="waveform", title="Waveform", note="light: peak; dark: RMS", plot=plot)


def spectrogram(shown: Spectrogram, axis: TimeAxis) -> PlotRow:
    """Draw the power per mel band over time."""
    labels: dict[float | str, Any] = {band_of(hz): f"{hz} Hz" if hz < 1000 else f"{hz // 1000} kHz" for hz in _TICKS_HZ}
    plot = axis.plot(height=150, y=(-0.5, MEL_BANDS - 0.5), ticks=[band_of(hz) for hz in _TICKS_HZ], labels=labels)
    width = shown.levels.shape[1] * shown.column_s * 1000
    plot.image(
        image=[shown.levels],
        x=0,
        y=-0.5,
        dw=width,
        dh=MEL_BANDS,
        color_mapper=LinearColorMapper(palette=Magma256, low=0, high=255),
    )
    note = f"mel scale, {DYNAMIC_RANGE_DB:.0f} dB range"
    return PlotRow(name="spectrogram", title="Spectrogram", note=note, plot=plot)


def loudness(data: ReportData, axis: TimeAxis) -> PlotRow:
    """Draw the short-term loudness, each value in the middle of its 3 s window, and the target."""
    levels = np.maximum(data.sound.loudness.short_term_lufs, -60)
    top, bottom = max(-6.0, float(levels.max(initial=-60)) + 2), -42.0
    plot = axis.plot(height=76, y=(bottom, top), ticks=[-36, -24, -12])
    times = 1500 + np.arange(len(levels)) * 100.0
    keep = knots(levels[:, None])
    columns = {"loudness": levels[keep].astype(np.float32), "floor": np.full(len(keep), bottom, np.float32)}
    source = ColumnDataSource({"x": times[keep], **columns}, name="loudness")
    plot.varea(x="x", y1="floor", y2="loudness", source=source, fill_color=CALM, fill_alpha=0.18)
    plot.line(x="x", y="loudness", source=source, line_color=CALM, line_width=1.6)
    plot.hspan(y=[TARGET_LUFS], line_color=ACCENT, line_dash="dashed", line_alpha=0.8)
    return PlotRow(
        name="loudness",
        title="Loudness",
        note="LUFS, 3 s window",
        plot=plot,
        legend=(
            LegendItem(name="short-term", colour=CALM, column="loudness"),
            LegendItem(name="target −18", colour=ACCENT),
        ),
    )


def takes(data: ReportData, axis: TimeAxis) -> PlotRow | None:
    """Draw what was played of each take, and below it the buffered audio that it replaced.

    Returns:
        None where there is only one take.
    """
    if len(data.takes) < 2:
        return None
    plot = axis.plot(height=62, y=(2, 0), ticks=[0.5, 1.5], labels={0.5: "played", 1.5: "replaced"})
    played = [take for take in data.takes if take.end > take.start]
    colours = [NEUTRAL if t.generator != data.generator else CALM if t.number % 2 else "#9DBFDD" for t in played]
    played_source = ColumnDataSource(
        {
            "y": [0.5] * len(played),
            "left": milliseconds([take.start for take in played]),
            "right": milliseconds([take.end for take in played]),
            "text": [f"take {take.number}" for take in played],
            "colour": colours,
            "ink": [text_colour_on(colour) for colour in colours],
            "generator": [take.generator for take in played],
            "reason": [take.reason for take in played],
        },
        name="takes",
    )
    drawn = draw_bands(plot, played_source, 0.8, color="colour", line_color=None)
    label_layer(plot, "takes")
    add_hover(plot, drawn, [("", "@text"), ("generator", "@generator"), ("reason", "@reason")])
    replacing = [take for take in data.takes if take.replaced]
    replaced_source = ColumnDataSource(
        {
            "y": [1.5] * len(replacing),
            "left": milliseconds([take.start for take in replacing]),
            "right": milliseconds([min(take.replaced_end, data.sound.samples) for take in replacing]),
            "text": [f"{span_text(take.replaced / SAMPLE_RATE)} of buffered audio" for take in replacing],
            "by": [f"take {take.number}, at {clock_text(take.received / SAMPLE_RATE, 3)}" for take in replacing],
        }
    )
    old = draw_bands(
        plot,
        replaced_source,
        0.7,
        fill_color=ACCENT,
        fill_alpha=0.22,
        line_color=ACCENT,
        line_alpha=0.8,
        hatch_pattern="/",
        hatch_color=ACCENT,
        hatch_alpha=0.6,
        hatch_scale=7,
    )
    add_hover(plot, old, [("replaced", "@text"), ("by", "@by")])
    return PlotRow(name="takes", title="Takes", note="and the buffered audio they replaced", plot=plot)


def buffer(live: LiveFigures, axis: TimeAxis) -> PlotRow:
    """Draw the seconds of music that the client held at each playhead report."""
    known = [(playhead, level) for playhead, level in live.levels if playhead > 0] or [(0, 0)]
    x = milliseconds([playhead for playhead, _ in known])
    seconds = np.array([level for _, level in known], np.float64) / SAMPLE_RATE
    top = max(1.0, float(seconds.max()) * 1.15)
    # Half of the tick label 0 lies below 0.
    plot = axis.plot(height=84, y=(-0.06 * top, top), ticks=_second_ticks(float(seconds.max())))
    keep = knots(seconds[:, None])
    columns = {"level": seconds[keep].astype(np.float32), "floor": np.zeros(len(keep), np.float32)}
    source = ColumnDataSource({"x": x[keep], **columns}, name="buffer")
    plot.varea(x="x", y1="floor", y2="level", source=source, fill_color=GOOD, fill_alpha=0.22)
    plot.line(x="x", y="level", source=source, line_color=GOOD, line_width=1.6)
    legend = (LegendItem(name="buffered", colour=GOOD, column="level"),)
    return PlotRow(name="buffer", title="Buffer", note="seconds ahead of the playhead", plot=plot, legend=legend)


def _second_ticks(top: float) -> list[float]:
    step = next((s for s in (0.5, 1, 2, 5, 10) if top / s <= 4), 10)
    return [n * step for n in range(int(top / step) + 1)]


def latency(data: ReportData, axis: TimeAxis) -> PlotRow | None:
    """Draw the time from each accepted event to the first sample it could change; routine events are left out.

    Returns:
        None where no event affected what was played.
    """
    measured = [pair for pair in data.latencies() if not pair[0].routine]
    if not measured:
        return None
    events = [event for event, _ in measured]
    latency_ms = np.array([latency_s * 1000 for _, latency_s in measured])
    top = max(100.0, float(latency_ms.max()) * 1.25)
    step = next(s for s in (50, 100, 200, 500, 1000, 5000, 60_000) if top / s <= 4)
    plot = axis.plot(height=84, y=(0, top), ticks=[float(n * step) for n in range(int(0.92 * top / step) + 1)])
    source = ColumnDataSource(
        {
            "x": milliseconds([event.sent for event in events]),
            "zero": np.zeros(len(events)),
            "latency": latency_ms,
            "text": [event.text for event in events],
            "time": [clock_text(event.sent / SAMPLE_RATE, 3) for event in events],
            "span": [span_text(value / 1000) for value in latency_ms],
        }
    )
    stems = {"line_color": ACCENT, "line_width": 2, "line_alpha": 0.6}
    plot.segment(x0="x", x1="x", y0="zero", y1="latency", source=source, **stems)
    drawn = plot.scatter(x="x", y="latency", size=8, source=source, color=ACCENT)
    add_hover(plot, drawn, [("event", "@text"), ("sent", "@time"), ("affects the audio after", "@span")])
    return PlotRow(name="latency", title="Latency", note="ms from event to first affected sample", plot=plot)
