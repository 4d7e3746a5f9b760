"""The rows of stingers, takes, buffer and reactions: how the music was put together."""

from __future__ import annotations

from typing import Any

import numpy as np
from bokeh.models import ColumnDataSource

from segue.contract import SAMPLE_RATE
from segue.report.axes import Key, Row, TimeAxis, add_hover, draw_bands, knots, label_layer, milliseconds
from segue.report.musical import clock_text, span_text
from segue.report.palette import ACCENT, CALM, GOOD, NEUTRAL, ink_on
from segue.report.story import Buffering, Story, latencies
from segue.report.told import Sting

_DUCK_FLOOR_DB = -24.0


def stingers(story: Story, axis: TimeAxis) -> Row | None:
    """Stingers as bars, and below them how far the music steps back. None without any."""
    if not story.stings:
        return None
    plot = axis.plot(
        height=70, y=(0, 3), ticks=[0.1, 0.9, 2.4, 1.5], labels={0.1: "−24 dB", 0.9: "0 dB", 2.4: "file", 1.5: "burst"}
    )
    colours = {"started": GOOD, "scheduled": CALM, "dropped": ACCENT, "cancelled": NEUTRAL}
    ends = [_shown_end(sting, story.sound.samples) for sting in story.stings]
    source = ColumnDataSource(
        {
            "y": [1.5 if sting.burst else 2.4 for sting in story.stings],
            "left": milliseconds([sting.start for sting in story.stings]),
            "right": milliseconds(ends),
            "text": [_sting_label(sting) for sting in story.stings],
            "colour": [colours[sting.status] for sting in story.stings],
            "ink": [ink_on(colours[sting.status]) for sting in story.stings],
            "time": [f"{clock_text(sting.start)} (bar {story.beats.at(sting.start)})" for sting in story.stings],
            "note": [sting.reason or ("burst of style" if sting.burst else "sound file") for sting in story.stings],
        },
        name="stingers",
    )
    drawn = draw_bands(plot, source, 0.78, color="colour", line_color=None)
    label_layer(plot, "stingers")
    add_hover(plot, drawn, [("stinger", "@text"), ("starts", "@time"), ("", "@note")])
    _ducks(plot, story)
    return Row(name="stingers", title="Stingers", note="and ducking of the music", plot=plot)


def _sting_label(sting: Sting) -> str:
    return sting.name if sting.status == "started" else f"{sting.name} ({sting.status})"


def _shown_end(sting: Sting, end: int) -> int:
    """What did not sound, or has no known length, is drawn half a second long; nothing reaches beyond the end."""
    last = sting.end if sting.status == "started" else sting.start
    return min(max(last, sting.start + SAMPLE_RATE // 2), max(end, sting.start))


def _ducks(plot: Any, story: Story) -> None:
    for sting in story.stings:
        duck = sting.duck
        if duck is None or sting.status != "started":
            continue
        held = max(sting.end, sting.start + duck.fade_out_samples) + duck.recovery_samples
        corners = [sting.start, sting.start + duck.fade_out_samples, held, held + duck.fade_in_samples]
        depth = 0.9 + 0.8 * max(duck.depth_db, _DUCK_FLOOR_DB) / -_DUCK_FLOOR_DB
        levels = np.array([0.9, depth, depth, 0.9])
        plot.varea(x=milliseconds(corners), y1=levels, y2=np.full(4, 0.9), fill_color=ACCENT, fill_alpha=0.45)


def takes(story: Story, axis: TimeAxis) -> Row | None:
    """What was heard of each take, and below it what a later one replaced. None where there is one take."""
    if len(story.takes) < 2 and not story.replaced:
        return None
    plot = axis.plot(height=62, y=(2, 0), ticks=[0.5, 1.5], labels={0.5: "heard", 1.5: "replaced"})
    chosen = story.generator
    colours = [NEUTRAL if t.generator != chosen else CALM if t.number % 2 else "#9DBFDD" for t in story.takes]
    heard = ColumnDataSource(
        {
            "y": [0.5] * len(story.takes),
            "left": milliseconds([take.start for take in story.takes]),
            "right": milliseconds([take.end for take in story.takes]),
            "text": [f"take {take.number}" for take in story.takes],
            "colour": colours,
            "ink": [ink_on(colour) for colour in colours],
            "generator": [take.generator for take in story.takes],
            "reason": [take.reason for take in story.takes],
        },
        name="takes",
    )
    drawn = draw_bands(plot, heard, 0.8, color="colour", line_color=None)
    label_layer(plot, "takes")
    add_hover(plot, drawn, [("", "@text"), ("generator", "@generator"), ("because", "@reason")])
    gone = ColumnDataSource(
        {
            "y": [1.5] * len(story.replaced),
            "left": milliseconds([span.start for span in story.replaced]),
            "right": milliseconds([min(span.end, story.sound.samples) for span in story.replaced]),
            "text": [f"{span_text((span.end - span.start) / SAMPLE_RATE)} made anew" for span in story.replaced],
            "by": [f"take {span.by}, at {clock_text(span.said)}" for span in story.replaced],
        }
    )
    old = draw_bands(
        plot,
        gone,
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
    return Row(name="takes", title="Takes", note="buffered music made anew", plot=plot)


def buffer(buffering: Buffering, axis: TimeAxis) -> Row:
    """Seconds of music the client held at each report."""
    known = [(heard, level) for heard, level in buffering.levels if heard > 0] or [(0, 0)]
    x = milliseconds([heard for heard, _ in known])
    seconds = np.array([level for _, level in known], np.float64) / SAMPLE_RATE
    plot = axis.plot(height=84, y=(0, max(1.0, float(seconds.max()) * 1.15)), ticks=_second_ticks(float(seconds.max())))
    keep = knots(seconds[:, None])
    data = {"level": seconds[keep].astype(np.float32), "floor": np.zeros(len(keep), np.float32)}
    source = ColumnDataSource({"x": x[keep], **data}, name="buffer")
    plot.varea(x="x", y1="floor", y2="level", source=source, fill_color=GOOD, fill_alpha=0.22)
    plot.line(x="x", y="level", source=source, line_color=GOOD, line_width=1.6)
    keys = (Key(name="buffered", colour=GOOD, column="level"),)
    return Row(name="buffer", title="Buffer", note="seconds ahead of the ear", plot=plot, keys=keys)


def _second_ticks(top: float) -> list[float]:
    step = next((s for s in (0.5, 1, 2, 5, 10) if top / s <= 4), 10)
    return [n * step for n in range(int(top / step) + 1)]


def reactions(story: Story, axis: TimeAxis) -> Row | None:
    """From each accepted event, routine aside, to the first sound it could change. None where none was heard."""
    measured = [pair for pair in latencies(story) if not pair[0].routine]
    if not measured:
        return None
    answered = [event for event, _ in measured]
    latency = np.array([latency_s * 1000 for _, latency_s in measured])
    top = max(100.0, float(latency.max()) * 1.25)
    step = next(s for s in (50, 100, 200, 500, 1000, 5000, 60_000) if top / s <= 4)
    plot = axis.plot(height=84, y=(0, top), ticks=[float(n * step) for n in range(int(top / step) + 1)])
    source = ColumnDataSource(
        {
            "x": milliseconds([event.sent for event in answered]),
            "zero": np.zeros(len(answered)),
            "latency": latency,
            "text": [event.text for event in answered],
            "time": [clock_text(event.sent) for event in answered],
            "span": [span_text(value / 1000) for value in latency],
        }
    )
    stems = {"line_color": ACCENT, "line_width": 2, "line_alpha": 0.6}
    plot.segment(x0="x", x1="x", y0="zero", y1="latency", source=source, **stems)
    drawn = plot.scatter(x="x", y="latency", size=8, source=source, color=ACCENT)
    add_hover(plot, drawn, [("event", "@text"), ("sent", "@time"), ("could be heard after", "@span")])
    return Row(name="reactions", title="Reaction", note="ms to first changed sound", plot=plot)
