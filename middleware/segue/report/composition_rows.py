"""The rows of what was composed: sections, quotes of themes, chords, keys, meters, drums; and gain and effects.

Each row is a plot on the time axis.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import pairwise
from typing import Final, NamedTuple

import numpy as np
from bokeh.models import ColumnDataSource
from numpy.typing import NDArray

from segue.contract import FRAME_SIZE, SAMPLE_RATE, ComposedBar
from segue.report.music_rows import held_plans, runs_of_equal
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
    text_colour_on,
    tick_label,
    turn_colour,
)
from segue.report.report_data import ReportData, span_text
from segue_rules.controls import EFFECTS, TONICS, NumberControl
from segue_rules.meters import meter_text
from segue_rules.plan import FramePlan
from segue_rules.times import clock_text

_BAND_PX: Final = 26
# Colours of neighbours that have no order.
_TURNS: Final = (CALM, "#9DBFDD")
_SECTIONS: Final = {
    "intro": "#88CCEE",
    "full": "#4477AA",
    "contrast": "#44AA99",
    "thin": "#DDCC77",
    "break": "#CC79A7",
    "climax": ACCENT,
    "rest": "#B9BEC6",
    "ending": NEUTRAL,
}
_DRUMS: Final = {1: ("on", GOOD), 0: ("off", NEUTRAL), -1: ("auto", "#B9BEC6")}
_FULL, _FAINT = 0.92, 0.72
# A gain below this is silence.
_QUIETEST_DB: Final = -60.0


class _Band(NamedTuple):
    """A stretch of a lane.

    Attributes:
        start, end: Samples.
        text: "" where there is nothing to show.
    """

    start: int
    end: int
    text: str
    colour: str = ""


def composition(data: ReportData, axis: TimeAxis) -> PlotRow:
    """Draw a lane for each part of what was composed; a generator that does not say leaves those of the rules."""
    lanes = _lanes(data)
    L = len(lanes)
    plot = axis.plot(
        height=_BAND_PX * L + 8,
        y=(L - 0.4, -0.6),
        ticks=list(range(L)),
        labels={n: tick_label(name) for n, name in enumerate(lanes)},
    )
    rows = [(n, lane, band) for n, (lane, bands) in enumerate(lanes.items()) for band in bands]
    colours = [band.colour for _, _, band in rows]
    source = ColumnDataSource(
        {
            "y": [n for n, _, _ in rows],
            "left": milliseconds([band.start for _, _, band in rows]),
            "right": milliseconds([band.end for _, _, band in rows]),
            "text": [band.text for _, _, band in rows],
            "lane": [lane for _, lane, _ in rows],
            "colour": colours,
            "alpha": _alphas(rows),
            "ink": [text_colour_on(colour) for colour in colours],
            "time": [clock_text(band.start / SAMPLE_RATE, 3) for _, _, band in rows],
            "bar": [data.beats.at(band.start) for _, _, band in rows],
            "length": [span_text((band.end - band.start) / SAMPLE_RATE) for _, _, band in rows],
        },
        name="composition",
    )
    drawn = draw_bands(plot, source, 0.8, color="colour", line_color=None, fill_alpha="alpha")
    label_layer(plot, "composition")
    add_hover(plot, drawn, [("@lane", "@text"), ("from", "@time (bar @bar)"), ("for", "@length")])
    note = "as composed" if data.bars else "as the rules ask"
    return PlotRow(name="composition", title="Composition", note=note, plot=plot)


def _alphas(rows: Sequence[tuple[int, str, _Band]]) -> list[float]:
    """Return how opaque each band is, so that one can be told from a neighbour of its colour."""
    found: list[float] = []
    for n, (lane, _, band) in enumerate(rows):
        same = n > 0 and (rows[n - 1][0], rows[n - 1][2].colour) == (lane, band.colour)
        found.append(_FAINT if same and found[-1] == _FULL else _FULL)
    return found


def gain(data: ReportData, axis: TimeAxis) -> PlotRow | None:
    """Draw the gain of the rules. Returns: None where it stays at 0 dB."""
    gains = np.array([plan.controls.gain_db for plan in held_plans(data)], np.float64)
    if not gains.any():
        return None
    keep = knots(np.maximum(gains, _QUIETEST_DB)[:, None])
    shown = np.maximum(gains[keep], _QUIETEST_DB)
    low, high = min(-12.0, float(shown.min())) - 3, max(0.0, float(shown.max())) + 3
    step = 6 if high - low <= 24 else 12 if high - low <= 48 else 24
    ticks = [float(db) for db in range(step * int(low // step + 1), int(high) + 1, step)]
    plot = axis.plot(height=76, y=(low, high), ticks=ticks)
    columns = {
        "gain": shown.astype(np.float32),
        "value": gains[keep].astype(np.float32),
        "zero": np.zeros(len(keep), np.float32),
    }
    source = ColumnDataSource({"x": milliseconds(keep * FRAME_SIZE), **columns}, name="gain")
    plot.varea(x="x", y1="zero", y2="gain", source=source, fill_color=ACCENT, fill_alpha=0.16)
    plot.line(x="x", y="gain", source=source, line_color=ACCENT, line_width=1.6)
    legend = (LegendItem(name="gain", colour=ACCENT, column="value"),)
    return PlotRow(name="gain", title="Gain", note="dB, by the rules", plot=plot, legend=legend)


def effects(data: ReportData, axis: TimeAxis) -> PlotRow | None:
    """Draw how far each effect of the rules is from off, as a share of its range. Returns: None where all are off."""
    plans = held_plans(data)
    values = {each: np.array([getattr(plan.controls, each.field) for plan in plans], np.float64) for each in EFFECTS}
    used = [each for each in EFFECTS if (values[each] != each.default).any()]
    if not used:
        return None
    shares = np.stack([_from_off(each, values[each]) for each in used], axis=1)
    keep = knots(shares)
    columns: dict[str, object] = {"x": milliseconds(keep * FRAME_SIZE)}
    for n, each in enumerate(used):
        columns[each.name] = shares[keep, n].astype(np.float32)
        columns[f"{each.name} value"] = values[each][keep].astype(np.float32)
    source = ColumnDataSource(columns, name="effects")
    plot = axis.plot(height=76, y=(-0.05, 1.05), ticks=[0.0, 1.0], labels={0: "off", 1: "most"})
    for n, each in enumerate(used):
        plot.line(x="x", y=each.name, source=source, line_color=turn_colour(n), line_width=1.6)
    legend = tuple(
        LegendItem(name=each.name, colour=turn_colour(n), column=f"{each.name} value") for n, each in enumerate(used)
    )
    return PlotRow(name="effects", title="Effects", note="by the rules", plot=plot, legend=legend)


def _from_off(effect: NumberControl, values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return how far values are from off: 0 to 1, frequencies in octaves."""
    if effect.logarithmic:
        return np.asarray(np.abs(np.log(values / effect.default)) / math.log(effect.high / effect.low))
    return np.asarray(np.abs(values - effect.default) / max(effect.high - effect.default, effect.default - effect.low))


def _lanes(data: ReportData) -> dict[str, list[_Band]]:
    """Return the bands of each lane by its name."""
    lanes = {}
    if data.bars:
        ends = _ends(data)
        placed = list(zip(data.bars, ends, strict=True))
        lanes["section"] = [
            band._replace(colour=_SECTIONS.get(band.text, NEUTRAL)) for band in _joined(_sections(placed))
        ]
        if data.rules.themes:
            quotes = [band for band in _joined(_Band(bar.start, end, bar.theme) for bar, end in placed) if band.text]
            # A recording may quote a theme that its rules have no more.
            themes = list(
                dict.fromkeys((*(theme.name for theme in data.rules.themes), *(band.text for band in quotes)))
            )
            lanes["theme"] = [band._replace(colour=turn_colour(themes.index(band.text))) for band in quotes]
        lanes["chord"] = _in_turns(_joined(_chords(data, placed)))
        keys = (_Band(bar.start, end, f"{TONICS[bar.tonic]} {bar.mode}") for bar, end in placed)
        lanes["key"] = _in_turns(_joined(keys))
    else:
        lanes["key"] = _in_turns(_planned(data, _asked_key))
    lanes["meter"] = _in_turns(_planned(data, lambda plan: meter_text(plan.clock.groups or plan.clock.meter)))
    drums = _planned(data, lambda plan: _DRUMS[plan.controls.drums][0])
    colours = dict(_DRUMS.values())
    lanes["drums"] = [band._replace(colour=colours[band.text]) for band in drums]
    return lanes


def _asked_key(plan: FramePlan) -> str:
    """Return the key that the rules ask for."""
    tonic = plan.controls.tonic
    return "auto" if tonic < 0 else f"{TONICS[tonic]} {plan.controls.mode}"


def _planned(data: ReportData, text: Callable[[FramePlan], str]) -> list[_Band]:
    """Return the stretches of played frames whose plans have the same text."""
    runs = runs_of_equal([text(plan) if plan else "" for plan in data.plans])
    last = data.sound.samples
    return [_Band(start * FRAME_SIZE, min(end * FRAME_SIZE, last), value) for value, start, end in runs if value]


def _samples_of(data: ReportData, ticks: Sequence[int]) -> list[int]:
    """Return the samples at which musical positions are played."""
    known = [(plan.clock.ticks, frame, plan.controls.tempo_mbpm) for frame, plan in enumerate(data.plans) if plan]
    last_ticks, last_frame, last_tempo = known[-1]
    places = [*(place for place, _, _ in known), last_ticks + last_tempo]
    frames = [*(frame for _, frame, _ in known), last_frame + 1]
    found = np.interp(np.asarray(ticks, np.float64), places, np.asarray(frames) * FRAME_SIZE)
    return [round(sample) for sample in found.tolist()]


def _ends(data: ReportData) -> list[int]:
    """Return where each bar ends in samples: by itself, with the next one, or with the run."""
    following = [*(bar.start for bar in data.bars[1:]), data.sound.samples]
    own = _samples_of(data, [bar.ends for bar in data.bars])
    return [min(ends) for ends in zip(own, following, strict=True)]


def _sections(placed: Iterable[tuple[ComposedBar, int]]) -> Iterator[_Band]:
    """Yield a band for each section, from the bar that opens it; the colour tells two of one name apart."""
    number = 0
    for bar, end in placed:
        number += bar.opens
        yield _Band(bar.start, end, bar.section, str(number))


def _chords(data: ReportData, placed: Sequence[tuple[ComposedBar, int]]) -> Iterator[_Band]:
    ticks = [chord.tick for bar, _ in placed for chord in bar.chords]
    starts = iter(_samples_of(data, ticks))
    for bar, end in placed:
        bounds = [*(next(starts) for _ in bar.chords), end]
        bounds[0] = bar.start
        for chord, (start, until) in zip(bar.chords, pairwise(bounds), strict=True):
            if until > start:
                yield _Band(start, min(until, end), chord.name)


def _joined(bands: Iterable[_Band]) -> list[_Band]:
    """Return bands of which neighbours with the same text and colour are one."""
    found: list[_Band] = []
    for band in bands:
        if found and found[-1].end >= band.start and found[-1][2:] == band[2:]:
            found[-1] = found[-1]._replace(end=band.end)
        else:
            found.append(band)
    return found


def _in_turns(bands: Sequence[_Band]) -> list[_Band]:
    """Return bands whose neighbours have different colours."""
    return [band._replace(colour=_TURNS[n % len(_TURNS)]) for n, band in enumerate(bands)]
