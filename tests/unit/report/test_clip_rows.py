"""The row of clips: bands as high as levels, a new band where a clip begins anew, and the cues that were played."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from pathlib import Path

from segue.contract import FRAME_SIZE
from segue.report.clip_rows import clips
from segue.report.page import render
from segue.report.plots import PlotRow, TimeAxis
from segue.report.report_data import ReportData
from segue_rules.model import Clip, Cue
from segue_rules.plan import NO_END, ClipSound

SIEGE = Clip(
    name="siege",
    audio=Path("siege.ogg"),
    tempo_mbpm=120_000,
    loop=Fraction(96_000),
    outro=Fraction(48_000),
    cues=(Cue("hit", Fraction(24_000)), Cue("", Fraction(72_000))),
)


def with_clips(report: ReportData) -> ReportData:
    """Frames 50 to 99 at 0 dB, to 149 at -20 dB, then 25 frames of the outro at that level."""
    begin = 50 * FRAME_SIZE
    plans = []
    for plan in report.plans:
        assert plan is not None
        frame, gain = plan.frame, 1.0 if plan.frame < 100 else 0.1
        sound = ClipSound(0, "siege", begin, begin, NO_END, True, gain, gain)
        if frame >= 150:
            sound = ClipSound(0, "siege", 54 * FRAME_SIZE, 150 * FRAME_SIZE, 175 * FRAME_SIZE, False, gain, gain)
        plans.append(plan._replace(clips=(sound,) if 50 <= frame < 175 else ()))
    return replace(report, plans=tuple(plans), rules=replace(report.rules, clips=(SIEGE,)))


def columns(row: PlotRow) -> list[dict[str, list[object]]]:
    return [
        {name: list(values) for name, values in each.data_source.data.items()}
        for each in row.plot.renderers
        if hasattr(each, "data_source")
    ]


def test_bands_are_as_high_as_the_clip_is_loud(straight_report: ReportData) -> None:
    data = with_clips(straight_report)
    row = clips(data, TimeAxis(data.duration_s))
    assert row is not None
    quiet, loud = (each for each in columns(row) if "level" in each)
    assert (loud["left"], loud["right"], loud["level"]) == ([2000.0], [4000.0], ["0.0 dB"])
    assert loud["part"] == ["0 ms behind its beginning"]
    assert (quiet["left"], quiet["right"]) == ([4000.0, 6000.0], [6000.0, 7000.0])
    assert quiet["level"] == ["-20.0 dB", "-20.0 dB"]
    assert quiet["part"][1] == "its outro"
    heights = [float(str(each["high"][0])) - float(str(each["low"][0])) for each in (quiet, loud)]
    assert [round(height, 2) for height in heights] == [0.39, 0.78]


def test_the_cues_that_were_played_are_marked_in_each_pass(straight_report: ReportData) -> None:
    data = with_clips(straight_report)
    row = clips(data, TimeAxis(data.duration_s))
    assert row is not None
    marks = next(each for each in columns(row) if "x" in each and "time" in each)
    # 100 frames are 4 s: two passes of 2 s, and their cues after 0.5 and 1.5 s.
    assert [(float(str(x)), text) for x, text in zip(marks["x"], marks["text"], strict=True)] == [
        (2500.0, "hit"),
        (3500.0, ""),
        (4500.0, "hit"),
        (5500.0, ""),
    ]


def test_without_clips_there_is_no_row_and_with_them_the_page_has_it(straight_report: ReportData) -> None:
    assert clips(straight_report, TimeAxis(straight_report.duration_s)) is None
    silent = replace(straight_report, rules=replace(straight_report.rules, clips=(SIEGE,)))
    assert clips(silent, TimeAxis(silent.duration_s)) is None
    assert ">Clips<" in render(with_clips(straight_report))
