"""The rows of what is heard: bars and time, waveform, spectrogram, loudness. Each is a plot on the time axis."""

from __future__ import annotations

from typing import Any, Final

import numpy as np
from bokeh.core.properties import value
from bokeh.models import ColumnDataSource, LinearColorMapper
from bokeh.palettes import Magma256

from segue.report.axes import FONT, Key, Row, TimeAxis, knots
from segue.report.palette import ACCENT, CALM, NEUTRAL
from segue.report.spectrum import DYNAMIC_RANGE_DB, MEL_BANDS, Spectrogram, band_of
from segue.report.story import Story
from segue.report.summary import TARGET_LUFS

_TICKS_HZ: Final = (200, 1_000, 3_000, 10_000)


def bars(axis: TimeAxis) -> Row:
    """The ruler: time above, bar numbers in it; the page fills in those that fit."""
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
    return Row(name="bars", title="Bars", note="and beats, when zoomed in", plot=plot)


def waveform(story: Story, axis: TimeAxis) -> Row:
    """The outline and the power of the sound; the page fills in as much detail as the zoom shows."""
    peak = story.sound.peak
    top = next((top for top in (0.1, 0.25, 0.5) if peak <= top), 1.0)
    plot = axis.plot(height=84, y=(-top, top), ticks=[-top / 2, 0, top / 2])
    empty: dict[str, list[Any]] = {"x": [], "low": [], "high": [], "down": [], "up": []}
    source = ColumnDataSource(empty, name="waveform")
    plot.varea(x="x", y1="low", y2="high", source=source, fill_color=CALM, fill_alpha=0.45)
    plot.varea(x="x", y1="down", y2="up", source=source, fill_color=CALM, fill_alpha=0.9)
    return Row(name="waveform", title="Waveform", note="peak and power", plot=plot)


def spectrum(shown: Spectrogram, axis: TimeAxis) -> Row:
    """Power per mel band over time."""
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
    return Row(name="spectrogram", title="Spectrogram", note=f"mel bands, {DYNAMIC_RANGE_DB:.0f} dB range", plot=plot)


def loudness(story: Story, axis: TimeAxis) -> Row:
    """Short-term loudness, each value in the middle of its 3 s window, against the target."""
    levels = np.maximum(story.sound.loudness.short_term_lufs, -60)
    top, bottom = max(-6.0, float(levels.max(initial=-60)) + 2), -42.0
    plot = axis.plot(height=76, y=(bottom, top), ticks=[-36, -24, -12])
    times = 1500 + np.arange(len(levels)) * 100.0
    keep = knots(levels[:, None])
    data = {"loudness": levels[keep].astype(np.float32), "floor": np.full(len(keep), bottom, np.float32)}
    source = ColumnDataSource({"x": times[keep], **data}, name="loudness")
    plot.varea(x="x", y1="floor", y2="loudness", source=source, fill_color=CALM, fill_alpha=0.18)
    plot.line(x="x", y="loudness", source=source, line_color=CALM, line_width=1.6)
    plot.hspan(y=[TARGET_LUFS], line_color=ACCENT, line_dash="dashed", line_alpha=0.8)
    return Row(
        name="loudness",
        title="Loudness",
        note="LUFS over 3 s",
        plot=plot,
        keys=(Key(name="short-term", colour=CALM, column="loudness"), Key(name="target −18", colour=ACCENT)),
    )
