"""The rows of what was asked and decided: events, states, styles, inputs, tempo. Each is a plot on the time axis."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import groupby
from typing import Any, Final

import numpy as np
from bokeh.models import ColumnDataSource

from segue.contract import FRAME_SIZE, SAMPLE_RATE
from segue.report.axes import Key, Row, TimeAxis, add_hover, draw_bands, fitting, knots, label_layer, milliseconds
from segue.report.musical import clock_text, span_text
from segue.report.palette import ACCENT, CALM, GOOD, NEUTRAL, ink_on, state_colours, style_colours
from segue.report.story import Story
from segue.report.told import Decision
from segue_rules.model import FlagInput, IntegerInput, NumberInput
from segue_rules.plan import FramePlan

_BAND_PX: Final = 30
_MOST_KEYS: Final = 14


def events(story: Story, axis: TimeAxis) -> Row:
    """A mark where each event was sent; the page writes as many texts as there is room for, triggers first.

    Routine events would hide the others: they are seen as curves of the inputs.
    """
    shown = [event for event in story.events if not event.routine]
    plot = axis.plot(height=94, y=(4.6, -0.6))
    marks = ColumnDataSource(
        {
            "x": milliseconds([event.sent for event in shown]),
            "y": np.zeros(len(shown)),
            "text": [_short(event.text) for event in shown],
            "label": [_short(event.text.removeprefix("set ")) for event in shown],
            "time": [clock_text(event.sent) for event in shown],
            "bar": [story.beats.at(event.sent) for event in shown],
            "answer": [_short(" – ".join(part for part in (event.code, event.note) if part)) for event in shown],
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
    add_hover(plot, drawn, [("event", "@text"), ("sent", "@time (bar @bar)"), ("answer", "@answer")])
    keys = [Key(name="accepted", colour=CALM)]
    if not all(event.accepted for event in story.events):
        keys.append(Key(name="refused", colour=ACCENT))
    note = "what the game sent"
    if story.routine:
        note += f"; {story.routine} routine settings of inputs are curves below"
    return Row(name="events", title="Events", note=note, plot=plot, keys=tuple(keys))


def states(story: Story, axis: TimeAxis) -> Row:
    """A band for each layer, coloured by what its state plays: hatched in a ramp, with a strip while a change waits."""
    layers = [layer.name for layer in story.rules.layers]
    L = len(layers)
    plot = axis.plot(
        height=_BAND_PX * L + 8,
        y=(L - 0.4, -0.6),
        ticks=list(range(L)),
        labels={n: fitting(layer) for n, layer in enumerate(layers)},
    )
    bands = _state_bands(story)
    drawn = draw_bands(plot, bands, 0.78, color="colour", line_color=None, fill_alpha=0.92)
    _ramps(plot, story, layers)
    waits = _waits(plot, story, layers)
    label_layer(plot, "states")
    add_hover(plot, drawn, [("@layer", "@text"), ("from", "@time"), ("for", "@length")])
    add_hover(plot, waits, [("@layer", "@text"), ("why", "@why"), ("waits for", "@at")])
    return Row(name="states", title="States", note="strip: waiting for its beat or bar; hatched: ramp", plot=plot)


def _state_bands(story: Story) -> ColumnDataSource:
    colours = state_colours(story.rules)
    rows: list[dict[str, Any]] = []
    for n, layer in enumerate(story.rules.layers):
        for state, start, end in runs([plan.states[n] if plan else "" for plan in story.plans]):
            if state:
                colour = colours[layer.name, state]
                left, right = start * FRAME_SIZE, min(end * FRAME_SIZE, story.sound.samples)
                rows.append(
                    {
                        "y": n,
                        "left": left * 1000 / SAMPLE_RATE,
                        "right": right * 1000 / SAMPLE_RATE,
                        "text": state,
                        "layer": layer.name,
                        "colour": colour,
                        "ink": ink_on(colour),
                        "time": clock_text(left),
                        "length": span_text((right - left) / SAMPLE_RATE),
                    }
                )
    return _columns("states", rows, ("y", "left", "right", "text", "layer", "colour", "ink", "time", "length"))


def _ramps(plot: Any, story: Story, layers: Sequence[str]) -> None:
    started = [d for d in story.decisions if d.status == "started" and d.ramp]
    source = ColumnDataSource(
        {
            "y": [layers.index(d.layer) for d in started],
            "left": milliseconds([d.start for d in started]),
            "right": milliseconds([min(d.start + d.ramp, story.sound.samples) for d in started]),
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


def _waits(plot: Any, story: Story, layers: Sequence[str]) -> Any:
    """Strips from a decision to its start, grey where it was withdrawn. Returns: their renderer."""
    colours = state_colours(story.rules)
    waited = [d for d in story.decisions if d.start > d.decided]
    source = ColumnDataSource(
        {
            "y": [layers.index(d.layer) + 0.31 for d in waited],
            "left": milliseconds([d.decided for d in waited]),
            "right": milliseconds([min(d.start, story.sound.samples) for d in waited]),
            "colour": [colours[d.layer, d.to_state] if d.status == "started" else NEUTRAL for d in waited],
            "layer": [d.layer for d in waited],
            "text": [_moved(d) for d in waited],
            "why": [", ".join(cause.text for cause in d.causes) for d in waited],
            "at": [f"{d.at}, {span_text((d.start - d.decided) / SAMPLE_RATE)}" for d in waited],
        }
    )
    return draw_bands(plot, source, 0.18, color="colour", line_color="#14171C", line_width=0.8)


def _moved(decision: Decision) -> str:
    mark = "" if decision.status == "started" else f" ({decision.status})"
    return f"{decision.from_state} → {decision.to_state}{mark}"


def weights(story: Story, axis: TimeAxis) -> Row:
    """The mix as stacked areas, in file order from below."""
    held = held_plans(story)
    names = [style.name for style in story.rules.styles]
    mixes = np.array([plan.mix for plan in held], np.float64).reshape(len(held), len(names))
    mixes[[plan is None for plan in story.plans][: len(held)]] = 0
    keep = knots(mixes)
    x = milliseconds(keep * FRAME_SIZE)
    tops = np.cumsum(mixes[keep], axis=1)
    plot = axis.plot(height=132, y=(0, 1.0), ticks=[0, 0.5, 1], labels={0: "0", 0.5: "½", 1: "1"})
    colours = style_colours(story.rules)
    source = ColumnDataSource({"x": x, "base": np.zeros(len(x))}, name="weights")
    heard = [n for n in range(len(names)) if mixes[:, n].max(initial=0) > 0]
    keys = []
    for n in heard:
        source.data[f"w{n}"] = mixes[keep, n].astype(np.float32)
        source.data[f"t{n}"] = tops[:, n].astype(np.float32)
        below = "base" if n == heard[0] else f"t{heard[heard.index(n) - 1]}"
        plot.varea(x="x", y1=below, y2=f"t{n}", source=source, fill_color=colours[names[n]], fill_alpha=0.92)
        keys.append(Key(name=names[n], colour=colours[names[n]], column=f"w{n}"))
    return Row(name="weights", title="Styles", note="share of the mix", plot=plot, keys=tuple(keys[:_MOST_KEYS]))


def inputs(story: Story, axis: TimeAxis) -> Row | None:
    """What conditions and curves saw: numbers as moved, each over its range; flags high while true. None if still."""
    shown = [
        (n, item)
        for n, item in enumerate(story.rules.inputs)
        if isinstance(item, NumberInput | IntegerInput | FlagInput)
    ]
    held = held_plans(story)
    curves = np.array([[_level(plan.inputs[n], item) for n, item in shown] for plan in held], np.float64)
    moving = [k for k in range(len(shown)) if len(curves) and np.ptp(curves[:, k]) > 0][:_MOST_KEYS]
    if not moving:
        return None
    keep = knots(curves[:, moving])
    plot = axis.plot(height=92, y=(-0.06, 1.06), ticks=[0, 1], labels={0: "low", 1: "high"})
    source = ColumnDataSource({"x": milliseconds(keep * FRAME_SIZE)}, name="inputs")
    palette = list(style_colours(story.rules).values()) or [CALM]
    dashes = ("solid", "dashed", "dotdash")
    keys = []
    for turn, k in enumerate(moving):
        n, item = shown[k]
        colour = palette[turn % len(palette)]
        # Drawn as a share of the range, read out in the rules' own unit.
        source.data[f"y{n}"] = curves[keep, k].astype(np.float32)
        source.data[f"v{n}"] = np.array([float(held[frame].inputs[n]) for frame in keep], np.float32)
        plot.line(x="x", y=f"y{n}", source=source, line_color=colour, line_width=2, line_dash=dashes[turn % 3])
        keys.append(Key(name=item.name, colour=colour, column=f"v{n}"))
    return Row(name="inputs", title="Inputs", note="as the rules saw them", plot=plot, keys=tuple(keys))


def _level(value: Any, item: NumberInput | IntegerInput | FlagInput) -> float:
    if isinstance(item, FlagInput):
        return float(value)
    return (float(value) - item.low) / (item.high - item.low) if item.high > item.low else 0.0


def tempo(story: Story, axis: TimeAxis) -> Row:
    """Tempo in force, with the bars it makes; and intensity."""
    held = held_plans(story)
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
    return Row(
        name="tempo",
        title="Tempo",
        note="bpm; area: intensity 0–1",
        plot=plot,
        keys=(Key(name="tempo", colour=ACCENT, column="tempo"), Key(name="intensity", colour=GOOD, column="intensity")),
    )


def _round_ticks(low: float, high: float) -> list[float]:
    step = next((s for s in (5, 10, 20, 50, 100) if (high - low) / s <= 4), 100)
    return [float(v) for v in range(int(-(-low // step) * step), int(high) + 1, step)]


def held_plans(story: Story) -> list[FramePlan]:
    """The plan of each frame; where nothing was heard, the one before (at the start: the first there is)."""
    first = next((plan for plan in story.plans if plan is not None), None)
    held: list[FramePlan] = []
    for plan in story.plans:
        last = plan or (held[-1] if held else first)
        if last is not None:
            held.append(last)
    return held


def runs(values: Sequence[str]) -> Iterator[tuple[str, int, int]]:
    """Each run of equal values with its first index and the index after its last."""
    start = 0
    for text, group in groupby(values):
        end = start + sum(1 for _ in group)
        yield text, start, end
        start = end


def _columns(name: str, rows: Sequence[dict[str, Any]], columns: Sequence[str]) -> ColumnDataSource:
    return ColumnDataSource({column: [row[column] for row in rows] for column in columns}, name=name)


def _short(text: str, most: int = 160) -> str:
    return text if len(text) <= most else text[: most - 1] + "…"
