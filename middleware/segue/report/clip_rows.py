"""The row of the clips: which recordings play when, how loud, and where their cues are."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final, NamedTuple

from bokeh.models import ColumnDataSource

from segue.contract import FRAME_SIZE, SAMPLE_RATE
from segue.report.plots import (
    NEUTRAL,
    PlotRow,
    TimeAxis,
    add_hover,
    draw_bands,
    milliseconds,
    style_colours,
    text_colour_on,
    tick_label,
)
from segue.report.report_data import ReportData, span_text
from segue_rules.controls import SILENCE_DB
from segue_rules.model import Clip
from segue_rules.plan import ClipSound, FramePlan
from segue_rules.timeline import clip_levels
from segue_rules.times import clock_text

_BAND_PX: Final = 30
# Bands are as high as their clip is loud, from this level to 0 dB.
_FLOOR_DB: Final = -40.0
_LEAST_HEIGHT: Final = 0.12
# Levels that differ by less are drawn as one.
_STEP_DB: Final = 1.0


class _Band(NamedTuple):
    """A clip at one level: frames from `start` on and before `end`. sound: As the plan of its first frame has it."""

    clip: str
    start: int
    end: int
    level_db: float
    sound: ClipSound


def clips(data: ReportData, axis: TimeAxis) -> PlotRow | None:
    """Draw a lane for each clip that was heard: a band as high as its level, and a mark at each cue that was played.

    Returns:
        None where no clip was heard.
    """
    bands = [band for clip in data.rules.clips for band in _bands(clip.name, data.plans)]
    names = list(dict.fromkeys(band.clip for band in bands))
    if not names:
        return None
    plot = axis.plot(
        height=_BAND_PX * len(names) + 8,
        y=(len(names) - 0.4, -0.6),
        ticks=list(range(len(names))),
        labels={n: tick_label(name) for n, name in enumerate(names)},
    )
    palette = list(style_colours(data.rules).values()) or [NEUTRAL]
    colours = {name: palette[n % len(palette)] for n, name in enumerate(names)}
    for band_height, part in _by_height(bands):
        source = _source(part, names, colours, data)
        drawn = draw_bands(plot, source, band_height, color="colour", line_color=None, fill_alpha=0.92)
        told = [("clip", "@clip"), ("level", "@level"), ("from", "@time"), ("", "@part"), ("for", "@length")]
        add_hover(plot, drawn, told)
    cues = list(_played_cues(data, names))
    marks = ColumnDataSource(
        {
            "x": milliseconds([sample for sample, _, _ in cues]),
            "y": [names.index(clip) for _, clip, _ in cues],
            "text": [name for _, _, name in cues],
            "time": [clock_text(sample / SAMPLE_RATE, 3) for sample, _, _ in cues],
            "ink": [text_colour_on(colours[clip]) for _, clip, _ in cues],
        }
    )
    ticks = plot.scatter(x="x", y="y", marker="dash", angle=1.5708, size=18, source=marks, color="ink", line_width=2)
    add_hover(plot, ticks, [("cue", "@text"), ("at", "@time")])
    plot.text(x="x", y="y", text="text", source=marks, x_offset=4, text_color="ink", text_font_size="11px")
    return PlotRow(
        name="clips", title="Clips", note=f"height: level from {_FLOOR_DB:g} to 0 dB; strokes: cues", plot=plot
    )


def _bands(clip: str, plans: Sequence[FramePlan | None]) -> Iterator[_Band]:
    """Runs of frames in which a clip is heard at about one level. Where it begins anew, a run ends."""
    open_band: _Band | None = None
    for frame, plan in enumerate(plans):
        level = clip_levels(plan).get(clip, SILENCE_DB) if plan is not None else SILENCE_DB
        sound = None
        if plan is not None and level > SILENCE_DB:
            sound = max((each for each in plan.clips if each.clip == clip), key=lambda each: each.gain)
        if open_band is not None:
            goes_on = sound is not None and open_band.sound[:6] == sound[:6]
            if goes_on and abs(level - open_band.level_db) < _STEP_DB:
                open_band = open_band._replace(end=frame + 1)
                continue
            yield open_band
        open_band = None if sound is None else _Band(clip, frame, frame + 1, level, sound)
    if open_band is not None:
        yield open_band


def _by_height(bands: Sequence[_Band]) -> Iterator[tuple[float, list[_Band]]]:
    """The bands by how high they are drawn, 0 to 0.78 of a lane."""
    heights: dict[float, list[_Band]] = {}
    for band in bands:
        share = min(1.0, max(0.0, 1 - band.level_db / _FLOOR_DB))
        heights.setdefault(round(max(_LEAST_HEIGHT, 0.78 * share), 2), []).append(band)
    yield from sorted(heights.items())


def _source(
    bands: Sequence[_Band], names: Sequence[str], colours: dict[str, str], data: ReportData
) -> ColumnDataSource:
    spans = [(band.start * FRAME_SIZE, min(band.end * FRAME_SIZE, data.sound.samples)) for band in bands]
    return ColumnDataSource(
        {
            "y": [names.index(band.clip) for band in bands],
            "left": milliseconds([left for left, _ in spans]),
            "right": milliseconds([right for _, right in spans]),
            "clip": [band.clip for band in bands],
            "colour": [colours[band.clip] for band in bands],
            "level": [f"{band.level_db:.1f} dB" for band in bands],
            "time": [f"{clock_text(left / SAMPLE_RATE, 3)} (bar {data.beats.at(left)})" for left, _ in spans],
            "part": [_part(band, left) for band, (left, _) in zip(bands, spans, strict=True)],
            "length": [span_text((right - left) / SAMPLE_RATE) for left, right in spans],
        }
    )


def _part(band: _Band, left: int) -> str:
    if not band.sound.loops:
        return "its outro"
    into = (max(left, band.sound.begin) - band.sound.start) / SAMPLE_RATE
    return f"{span_text(abs(into))} {'behind' if into >= 0 else 'before'} its beginning"


def _played_cues(data: ReportData, names: Sequence[str]) -> Iterator[tuple[int, str, str]]:
    """The cues that were heard: the sample, the clip, and the cue's name."""
    known: dict[str, Clip] = {clip.name: clip for clip in data.rules.clips}
    seen: set[tuple[int, str, str]] = set()
    for frame, plan in enumerate(data.plans):
        for sound in plan.clips if plan is not None else ():
            clip = known.get(sound.clip)
            if clip is None or not sound.loops or sound.gain <= 0.0 or sound.clip not in names:
                continue
            for cue in clip.cues:
                position = clip.cue_from(cue, frame * FRAME_SIZE - sound.start)
                if position is None or position + sound.start >= (frame + 1) * FRAME_SIZE:
                    continue
                found = position + sound.start, sound.clip, cue.name
                if found not in seen and sound.begin <= found[0]:
                    seen.add(found)
                    yield found
