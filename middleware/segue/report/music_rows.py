"""The rows of what the game sent and the rules decided: events, states, styles, inputs, tempo, stingers.

Each row is a plot on the time axis.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import groupby
from typing import Any, Final

import numpy as np
from bokeh.models import ColumnDataSource
from numpy.typing import NDArray

from segue.contract import FRAME_SIZE, SAMPLE_RATE
from segue.report.outcomes import ChangeOutcome, StingerOutcome
from segue.report.plots import (
    ACCENT,
    CALM,
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
    state_colours,
    style_colours,
    text_colour_on,
    tick_label,
)
from segue.report.report_data import ReportData, span_text
from segue_rules.model import FlagInput, IntegerInput, NumberInput
from segue_rules.plan import FramePlan
from segue_rules.times import clock_text

_BAND_PX: Final = 30
_MOST_LEGEND_ITEMS: Final = 14
_DUCK_FLOOR_DB: Final = -24.0


def events(data: ReportData, axis: TimeAxis) -> PlotRow:
    """Draw a mark where each event was sent; the page writes the texts that fit, triggers first.

    Routine events would hide the others; the curves of the inputs show them.
    """
    shown = [event for event in data.events if not event.routine]
    plot = axis.plot(height=94, y=(4.6, -0.6))
    marks = ColumnDataSource(
        {
            "x": milliseconds([event.sent for event in shown]),
            "y": np.zeros(len(shown)),
            "text": [_short(event.text) for event in shown],
            "label": [_short(event.text.removeprefix("set ")) for event in shown],
            "time": [clock_text(event.sent / SAMPLE_RATE, 3) for event in shown],
            "bar": [data.beats.at(event.sent) for event in shown],
            "receipt": [_short(" – ".join(part for part in (event.code, event.note) if part)) for event in shown],
            "colour": [CALM if event.accepted else ACCENT for event in shown],
            "marker": ["inverted_triangle" if event.accepted else "x" for event in shown],
            "first": [int(event.fires or not event.accepted) for event in shown],
        },
        name="events",
    )
    label_layer(plot, "events")
    drawn = plot.scatter(
        x="x", y="y", marker="marker", size=11, source=marks, color="colour", line_width=2, fill_alpha=0.9
    )
    add_hover(plot, drawn, [("event", "@text"), ("sent", "@time (bar @bar)"), ("receipt", "@receipt")])
    legend = [LegendItem(name="accepted", colour=CALM)]
    if not all(event.accepted for event in data.events):
        legend.append(LegendItem(name="refused", colour=ACCENT))
    note = "sent by the game"
    if data.routine_events:
        note += f"; {data.routine_events} continuous input updates are shown as curves below"
    return PlotRow(name="events", title="Events", note=note, plot=plot, legend=tuple(legend))


def states(data: ReportData, axis: TimeAxis) -> PlotRow:
    """Draw a band for each layer, coloured by the style its state plays.

    Ramps are hatched; a strip shows where a change waits for its sync point.
    """
    layers = [layer.name for layer in data.rules.layers]
    L = len(layers)
    plot = axis.plot(
        height=_BAND_PX * L + 8,
        y=(L - 0.4, -0.6),
        ticks=list(range(L)),
        labels={n: tick_label(layer) for n, layer in enumerate(layers)},
    )
    bands = _state_bands(data)
    drawn = draw_bands(plot, bands, 0.78, color="colour", line_color=None, fill_alpha=0.92)
    _draw_ramps(plot, data, layers)
    waits = _draw_waits(plot, data, layers)
    label_layer(plot, "states")
    add_hover(plot, drawn, [("@layer", "@text"), ("from", "@time"), ("for", "@length")])
    add_hover(plot, waits, [("@layer", "@text"), ("why", "@why"), ("waits for", "@at")])
    return PlotRow(name="states", title="States", note="strip: waiting for sync point; hatched: ramp", plot=plot)


def _state_bands(data: ReportData) -> ColumnDataSource:
    colours = state_colours(data.rules)
    rows: list[dict[str, Any]] = []
    for n, layer in enumerate(data.rules.layers):
        for state, start, end in runs_of_equal([plan.states[n] if plan else "" for plan in data.plans]):
            if state:
                colour = colours[layer.name, state]
                left, right = start * FRAME_SIZE, min(end * FRAME_SIZE, data.sound.samples)
                rows.append(
                    {
                        "y": n,
                        "left": left * 1000 / SAMPLE_RATE,
                        "right": right * 1000 / SAMPLE_RATE,
                        "text": state,
                        "layer": layer.name,
                        "colour": colour,
                        "ink": text_colour_on(colour),
                        "time": clock_text(left / SAMPLE_RATE, 3),
                        "length": span_text((right - left) / SAMPLE_RATE),
                    }
                )
    columns = ("y", "left", "right", "text", "layer", "colour", "ink", "time", "length")
    return ColumnDataSource({column: [row[column] for row in rows] for column in columns}, name="states")


def _draw_ramps(plot: Any, data: ReportData, layers: Sequence[str]) -> None:
    ramps = [change for change in data.changes if change.status == "started" and change.ramp]
    source = ColumnDataSource(
        {
            "y": [layers.index(change.layer) for change in ramps],
            "left": milliseconds([change.start for change in ramps]),
            "right": milliseconds([min(change.start + change.ramp, data.sound.samples) for change in ramps]),
        }
    )
    draw_bands(
        plot,
        source,
        0.78,
        fill_alpha=0,
        line_color=None,
        hatch_pattern="/",
        hatch_color="#14171C",
        hatch_alpha=0.2,
        hatch_scale=7,
    )


def _draw_waits(plot: Any, data: ReportData, layers: Sequence[str]) -> Any:
    """Draw strips from decision to start, grey where the change was withdrawn. Returns: their renderer."""
    colours = state_colours(data.rules)
    waits = [change for change in data.changes if change.start > change.decided]
    source = ColumnDataSource(
        {
            "y": [layers.index(c.layer) + 0.31 for c in waits],
            "left": milliseconds([c.decided for c in waits]),
            "right": milliseconds([min(c.start, data.sound.samples) for c in waits]),
            "colour": [colours[c.layer, c.to_state] if c.status == "started" else NEUTRAL for c in waits],
            "layer": [c.layer for c in waits],
            "text": [_transition(c) for c in waits],
            "why": [", ".join(cause.text for cause in c.causes) for c in waits],
            "at": [f"{c.at}, {span_text((c.start - c.decided) / SAMPLE_RATE)}" for c in waits],
        }
    )
    return draw_bands(plot, source, 0.18, color="colour", line_color="#14171C", line_width=0.8)


def _transition(change: ChangeOutcome) -> str:
    status = "" if change.status == "started" else f" ({change.status})"
    return f"{change.from_state} → {change.to_state}{status}"


def weights(data: ReportData, axis: TimeAxis) -> PlotRow:
    """Draw the mix as stacked areas, the first style of the file at the bottom."""
    held = held_plans(data)
    names = [style.name for style in data.rules.styles]
    mixes = np.array([plan.mix for plan in held], np.float64).reshape(len(held), len(names))
    mixes[[plan is None for plan in data.plans][: len(held)]] = 0
    keep = knots(mixes)
    x = milliseconds(keep * FRAME_SIZE)
    tops = np.cumsum(mixes[keep], axis=1)
    plot = axis.plot(height=132, y=(0, 1.0), ticks=[0, 0.5, 1], labels={0: "0", 0.5: "½", 1: "1"})
    colours = style_colours(data.rules)
    source = ColumnDataSource({"x": x, "base": np.zeros(len(x))}, name="weights")
    used = [n for n in range(len(names)) if mixes[:, n].max(initial=0) > 0]
    legend = []
    for n in used:
        source.data[f"w{n}"] = mixes[keep, n].astype(np.float32)
        source.data[f"t{n}"] = tops[:, n].astype(np.float32)
        below = "base" if n == used[0] else f"t{used[used.index(n) - 1]}"
        plot.varea(x="x", y1=below, y2=f"t{n}", source=source, fill_color=colours[names[n]], fill_alpha=0.92)
        legend.append(LegendItem(name=names[n], colour=colours[names[n]], column=f"w{n}"))
    return PlotRow(
        name="weights", title="Styles", note="share of the mix", plot=plot, legend=tuple(legend[:_MOST_LEGEND_ITEMS])
    )


def inputs(data: ReportData, axis: TimeAxis) -> PlotRow | None:
    """Draw the inputs as conditions and curves saw them: numbers over their range, flags high while true.

    Returns:
        None where no input moves.
    """
    shown = [
        (n, item)
        for n, item in enumerate(data.rules.inputs)
        if isinstance(item, NumberInput | IntegerInput | FlagInput)
    ]
    held = held_plans(data)
    values = {n: np.array([plan.inputs[n] for plan in held], np.float64) for n, _ in shown}
    moving = [(n, item) for n, item in shown if len(held) and np.ptp(values[n]) > 0][:_MOST_LEGEND_ITEMS]
    if not moving:
        return None
    curves = np.stack([_share_of_range(values[n], item) for n, item in moving], axis=1)
    keep = knots(curves)
    plot = axis.plot(height=92, y=(-0.06, 1.06), ticks=[0, 1], labels={0: "min", 1: "max"})
    source = ColumnDataSource({"x": milliseconds(keep * FRAME_SIZE)}, name="inputs")
    palette = list(style_colours(data.rules).values()) or [CALM]
    dashes = ("solid", "dashed", "dotdash")
    legend = []
    for turn, (n, item) in enumerate(moving):
        colour = palette[turn % len(palette)]
        # The curve is a share of the range; the legend shows the value in the unit of the rules.
        source.data[f"y{n}"] = curves[keep, turn].astype(np.float32)
        source.data[f"v{n}"] = values[n][keep].astype(np.float32)
        plot.line(x="x", y=f"y{n}", source=source, line_color=colour, line_width=2, line_dash=dashes[turn % 3])
        legend.append(LegendItem(name=item.name, colour=colour, column=f"v{n}"))
    return PlotRow(
        name="inputs", title="Inputs", note="smoothed, as the rules use them", plot=plot, legend=tuple(legend)
    )


def _share_of_range(values: NDArray[np.float64], item: NumberInput | IntegerInput | FlagInput) -> NDArray[np.float64]:
    if isinstance(item, FlagInput):
        return values
    return (values - item.low) / (item.high - item.low)


def tempo(data: ReportData, axis: TimeAxis) -> PlotRow:
    """Draw the tempo as a line and the intensity as an area."""
    held = held_plans(data)
    curves = np.array([[p.controls.tempo_mbpm / 1000, p.controls.intensity] for p in held], np.float64).reshape(-1, 2)
    keep = knots(curves)
    bpm, intensity = curves[keep, 0], curves[keep, 1]
    low, high = float(bpm.min(initial=300)) - 8, float(bpm.max(initial=20)) + 8
    plot = axis.plot(height=92, y=(low, high), ticks=_round_ticks(low, high))
    source = ColumnDataSource(
        {
            "x": milliseconds(keep * FRAME_SIZE),
            "tempo": bpm.astype(np.float32),
            "intensity": intensity.astype(np.float32),
            "scaled": (low + intensity * (high - low)).astype(np.float32),
            "low": np.full(len(keep), low, np.float32),
        },
        name="tempo",
    )
    plot.varea(x="x", y1="low", y2="scaled", source=source, fill_color=GOOD, fill_alpha=0.16)
    plot.line(x="x", y="tempo", source=source, line_color=ACCENT, line_width=2)
    return PlotRow(
        name="tempo",
        title="Tempo",
        note="bpm; area: intensity 0–1",
        plot=plot,
        legend=(
            LegendItem(name="tempo", colour=ACCENT, column="tempo"),
            LegendItem(name="intensity", colour=GOOD, column="intensity"),
        ),
    )


def _round_ticks(low: float, high: float) -> list[float]:
    step = next((s for s in (5, 10, 20, 50, 100) if (high - low) / s <= 4), 100)
    return [float(v) for v in range(int(-(-low // step) * step), int(high) + 1, step)]


def held_plans(data: ReportData) -> list[FramePlan]:
    """Return the plan of each frame; in an underrun the one before it, or the first there is."""
    first = next((plan for plan in data.plans if plan is not None), None)
    held: list[FramePlan] = []
    for plan in data.plans:
        last = plan or (held[-1] if held else first)
        if last is not None:
            held.append(last)
    return held


def stingers(data: ReportData, axis: TimeAxis) -> PlotRow | None:
    """Draw stingers as bars, and below them how far they duck the music. Returns: None if there are none."""
    if not data.stingers:
        return None
    plot = axis.plot(
        height=84, y=(0, 3), ticks=[0.1, 0.9, 2.4, 1.5], labels={0.1: "−24 dB", 0.9: "0 dB", 2.4: "file", 1.5: "burst"}
    )
    colours = {"started": GOOD, "scheduled": CALM, "dropped": ACCENT, "cancelled": NEUTRAL}
    ends = [_shown_end(stinger, data.sound.samples) for stinger in data.stingers]
    source = ColumnDataSource(
        {
            "y": [1.5 if stinger.burst else 2.4 for stinger in data.stingers],
            "left": milliseconds([stinger.start for stinger in data.stingers]),
            "right": milliseconds(ends),
            "text": [_stinger_label(stinger) for stinger in data.stingers],
            "colour": [colours[stinger.status] for stinger in data.stingers],
            "ink": [text_colour_on(colours[stinger.status]) for stinger in data.stingers],
            "time": [
                f"{clock_text(stinger.start / SAMPLE_RATE, 3)} (bar {data.beats.at(stinger.start)})"
                for stinger in data.stingers
            ],
            "note": [stinger.reason or ("style burst" if stinger.burst else "audio file") for stinger in data.stingers],
        },
        name="stingers",
    )
    drawn = draw_bands(plot, source, 0.78, color="colour", line_color=None)
    label_layer(plot, "stingers")
    add_hover(plot, drawn, [("stinger", "@text"), ("starts", "@time"), ("", "@note")])
    _draw_ducks(plot, data)
    return PlotRow(name="stingers", title="Stingers", note="and ducking of the music", plot=plot)


def _stinger_label(stinger: StingerOutcome) -> str:
    return stinger.name if stinger.status == "started" else f"{stinger.name} ({stinger.status})"


def _shown_end(stinger: StingerOutcome, end: int) -> int:
    """Return where a stinger's bar ends: half a second long if it did not sound or its length is unknown."""
    last = stinger.end if stinger.status == "started" else stinger.start
    return min(max(last, stinger.start + SAMPLE_RATE // 2), max(end, stinger.start))


def _draw_ducks(plot: Any, data: ReportData) -> None:
    for stinger in data.stingers:
        duck = stinger.duck
        if duck is None or stinger.status != "started":
            continue
        held = max(stinger.end, stinger.start + duck.fade_out_samples) + duck.recovery_samples
        corners = [stinger.start, stinger.start + duck.fade_out_samples, held, held + duck.fade_in_samples]
        depth = 0.9 + 0.8 * max(duck.depth_db, _DUCK_FLOOR_DB) / -_DUCK_FLOOR_DB
        levels = np.array([0.9, depth, depth, 0.9])
        plot.varea(x=milliseconds(corners), y1=levels, y2=np.full(4, 0.9), fill_color=ACCENT, fill_alpha=0.45)


def runs_of_equal(values: Sequence[str]) -> Iterator[tuple[str, int, int]]:
    """Yield each run of equal values with its first index and the index after its last."""
    start = 0
    for text, group in groupby(values):
        end = start + sum(1 for _ in group)
        yield text, start, end
        start = end


def _short(text: str, most: int = 160) -> str:
    return text if len(text) <= most else text[: most - 1] + "…"
