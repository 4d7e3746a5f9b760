"""The rows of what was composed show each bar's section, theme, chords and key, and the gain of the rules."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise
from typing import Any

import pytest

from segue.contract import FRAME_SIZE, SAMPLE_RATE, TICKS_PER_BEAT, ComposedBar, ComposedChord
from segue.report import composition_rows
from segue.report.plots import PlotRow, TimeAxis
from segue.report.report_data import ReportData, from_straight
from segue.report.sound import measure
from segue.runtime.messages import ChunkOut
from segue_rules.loading import load_text
from segue_rules.model import Rules
from unit.report.chord_generator import straight_run

# At 120 bpm a bar of four beats lasts 2 s.
BAR_S = 2
SECONDS = 12
THEMES = """
segue: 1
music: {tempo: 120bpm, key: D minor}
styles: {hush: {text: quiet night}}
themes: {villain: {notes: "C4 D4 E4"}, hero: {notes: "C4 D4 E4"}}
layers: {mood: {theme: hero, states: {calm: {default: true, mix: {hush: 1}}}}}
"""


def bar(number: int, *chords: tuple[int, str], **rest: Any) -> ComposedBar:
    """A bar with chords at beats, of a section that goes on."""
    tick = 4 * number * TICKS_PER_BEAT
    values: dict[str, Any] = {
        "start": number * BAR_S * SAMPLE_RATE, "tick": tick, "ends": tick + 4 * TICKS_PER_BEAT, "section": "full",
        "opens": False, "tonic": 2, "mode": "minor", "key": 5, "minor": True,
        "chords": tuple(ComposedChord(tick + beat * TICKS_PER_BEAT, name) for beat, name in chords),
    } | rest  # fmt: skip
    return ComposedBar(**values)


@pytest.fixture(scope="module")
def steady() -> ReportData:
    """A run without events, whose generator says nothing about its bars."""
    rules = load_text(THEMES)
    messages, audio = straight_run(rules, (), SECONDS)
    return from_straight(rules, messages, measure(audio), ())


BARS = (
    bar(0, (0, "Dm"), opens=True, section="intro"),
    bar(1, (0, "Dm"), (2, "A7"), section="intro"),
    bar(2, (0, "Dm/F"), opens=True, theme="hero"),
    bar(3, (0, "Gm"), opens=True, theme="hero"),
    # The last bar is cut short by the end of the music.
    bar(4, (0, "C"), section="climax", opens=True, tonic=0, mode="lydian", ends=17 * TICKS_PER_BEAT),
)


def bands(row: PlotRow | None, lane: str) -> list[tuple[float, float, str]]:
    """The bands of a lane in seconds."""
    assert row is not None
    data = source_of(row)
    return [
        (left / 1000, right / 1000, text)
        for name, left, right, text in zip(data["lane"], data["left"], data["right"], data["text"], strict=True)
        if name == lane
    ]


def source_of(row: PlotRow) -> Any:
    sources = [renderer.data_source for renderer in row.plot.renderers if renderer.data_source.name == row.name]
    return sources[0].data


def composed(steady: ReportData, bars: tuple[ComposedBar, ...] = BARS) -> PlotRow:
    return composition_rows.composition(replace(steady, bars=bars), TimeAxis(SECONDS))


def test_a_lane_shows_each_part_of_the_music(steady: ReportData) -> None:
    row = composed(steady)
    assert bands(row, "section") == [(0, 4, "intro"), (4, 6, "full"), (6, 8, "full"), (8, 8.5, "climax")]
    assert bands(row, "theme") == [(4, 8, "hero")]
    assert bands(row, "chord") == [(0, 3, "Dm"), (3, 4, "A7"), (4, 6, "Dm/F"), (6, 8, "Gm"), (8, 8.5, "C")]
    assert bands(row, "key") == [(0, 8, "D minor"), (8, 8.5, "C lydian")]
    assert bands(row, "meter") == [(0, SECONDS, "4")]
    assert bands(row, "drums") == [(0, SECONDS, "auto")]
    assert source_of(row)["bar"][:2] == ["1:1", "3:1"]


def test_neighbours_in_a_lane_can_be_told_apart(steady: ReportData) -> None:
    data = source_of(composed(steady))
    looks = list(zip(data["y"], data["colour"], data["alpha"], strict=True))
    assert all(before != after for before, after in pairwise(looks) if before[0] == after[0])


def test_a_generator_that_says_nothing_leaves_what_the_rules_ask_for(steady: ReportData) -> None:
    row = composition_rows.composition(steady, TimeAxis(SECONDS))
    lanes = set(source_of(row)["lane"])
    assert lanes == {"key", "meter", "drums"}
    assert bands(row, "key") == [(0, SECONDS, "D minor")]
    assert row.note == "as the rules ask"


def test_soundtracks_without_themes_have_no_lane_of_them(straight_report: ReportData) -> None:
    row = composition_rows.composition(replace(straight_report, bars=BARS), TimeAxis(16))
    assert "theme" not in source_of(row)["lane"]


def test_a_quoted_theme_that_the_rules_have_no_more_is_shown(steady: ReportData) -> None:
    assert bands(composed(steady, (bar(0, (0, "Dm"), theme="gone"),)), "theme") == [(0, 2, "gone")]


def test_a_chunk_replaces_the_bars_that_were_to_follow_its_start(steady: ReportData) -> None:
    rules = steady.rules
    messages, audio = straight_run(rules, (), SECONDS)
    chunks = [message for message in messages if isinstance(message, ChunkOut)]
    first = replace(chunks[0], bars=BARS)
    # A take from bar 3 on, after the others: in it the music stays in its key.
    later = replace(chunks[0], start=3 * BAR_S * SAMPLE_RATE, bars=(bar(3, (0, "Bb")),))
    data = from_straight(rules, [first, later], measure(audio), ())
    assert [played.chords[0].name for played in data.bars] == ["Dm", "Dm", "Dm/F", "Bb"]


def test_the_gain_is_shown_where_the_rules_move_it(steady: ReportData, rules: Rules) -> None:
    axis = TimeAxis(SECONDS)
    assert composition_rows.gain(steady, axis) is None
    quiet = [
        plan._replace(controls=plan.controls._replace(gain_db=-96.0 if n >= 200 else -6.0))
        for n, plan in enumerate(plan for plan in steady.plans if plan)
    ]
    row = composition_rows.gain(replace(steady, plans=tuple(quiet)), axis)
    assert row is not None
    data = source_of(row)
    assert list(data["x"]) == [0, 199 * 40, 200 * 40, 299 * 40]
    assert list(data["value"]) == [-6, -6, -96, -96]
    # Silence is drawn at the lower edge, inside the plot.
    assert row.plot.y_range.start < min(data["gain"]) == -60
    assert row.plot.y_range.end > 0


def test_effects_are_shown_where_the_rules_use_them(steady: ReportData) -> None:
    axis = TimeAxis(SECONDS)
    assert composition_rows.effects(steady, axis) is None
    dull = [
        plan._replace(controls=plan.controls._replace(low_pass_hz=200.0, pan=-0.5)) if n >= 200 else plan
        for n, plan in enumerate(plan for plan in steady.plans if plan)
    ]
    row = composition_rows.effects(replace(steady, plans=tuple(dull)), axis)
    assert row is not None
    data = source_of(row)
    assert [item.name for item in row.legend] == ["low_pass", "pan"]
    assert list(data["x"]) == [0, 199 * 40, 200 * 40, 299 * 40]
    assert list(data["low_pass value"]) == [20_000, 20_000, 200, 200]
    # Two of the three decades, and half the way to the left.
    assert list(data["low_pass"]) == pytest.approx([0, 0, 2 / 3, 2 / 3])
    assert list(data["pan"]) == [0, 0, 0.5, 0.5]


def test_the_bars_of_a_run_with_ramps_end_on_the_beat(straight_report: ReportData) -> None:
    """The clock of the plans says where the last bar's end sounds, whatever the tempo does."""
    beats = straight_report.beats
    last = len(beats.samples) - 5
    plan = straight_report.plans[beats.samples[last] // FRAME_SIZE]
    assert plan is not None
    tick = -(-plan.clock.ticks // TICKS_PER_BEAT) * TICKS_PER_BEAT
    told = bar(0, (0, "Dm"), start=beats.samples[last], tick=tick, ends=tick + 3 * TICKS_PER_BEAT)
    row = composition_rows.composition(replace(straight_report, bars=(told,)), TimeAxis(16))
    ((_, right, _),) = bands(row, "section")
    assert right == pytest.approx(beats.samples[last + 3] / SAMPLE_RATE, abs=1e-4)
