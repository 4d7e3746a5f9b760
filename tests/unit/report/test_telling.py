"""What the page says in words: the table's rows, the figures at its head, and where to look."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from segue.contract import FRAME_SIZE, SAMPLE_RATE
from segue.report.ledger import ledger
from segue.report.musical import clock_text, span_text
from segue.report.palette import ink_on, state_colours, style_colours
from segue.report.story import Step, Story, latencies
from segue.report.summary import figures, hints
from segue_rules.model import Rules


def _with_loudness(story: Story, **changed: float) -> Story:
    return replace(story, sound=replace(story.sound, loudness=replace(story.sound.loudness, **changed)))


def test_the_ledger_is_in_time_order_and_causes_come_first(live_story: Story) -> None:
    entries = ledger(live_story)
    assert [entry.sample for entry in entries] == sorted(entry.sample for entry in entries)
    kinds = {kind: sum(entry.kind == kind for entry in entries) for kind in ("event", "change", "stinger", "take")}
    assert kinds == {"event": 7, "change": 3, "stinger": 2, "take": 4}
    first, second = entries[:2]
    assert (first.kind, first.status, first.place) == ("event", "accepted", "2:1")
    took_s = latencies(live_story)[0][1]
    assert f"led to mood: calm → chase, {span_text(took_s)} after" in first.why
    assert (second.kind, second.moved, second.status) == ("change", ("calm", "chase"), "started")
    assert ("nerves", "condition false") in second.why_not
    assert "alarm is true (== true)" in second.why


def test_a_change_says_how_long_it_waited_and_for_what(straight_story: Story) -> None:
    back = next(entry for entry in ledger(straight_story) if entry.moved == ("chase", "calm"))
    assert back.why[-1] == "decided 0:08.000, waited 440 ms (bar), ramp 1.00 s"


def test_silence_and_steps_of_the_ladder_are_told_where_they_begin(live_story: Story) -> None:
    plans = [*live_story.plans[:50], None, None, *live_story.plans[52:]]
    step = Step(sample=3 * SAMPLE_RATE, level=1, generator="score", reason="two jobs failed")
    entries = ledger(replace(live_story, plans=tuple(plans), steps=(step,)))
    (dry,) = [entry for entry in entries if entry.kind == "warning"]
    assert (dry.what, dry.sample) == ("underrun", 50 * FRAME_SIZE)
    (fallen,) = [entry for entry in entries if entry.kind == "ladder"]
    assert (fallen.what, fallen.status, fallen.tone) == ("level 1: score", "fell back", "bad")


def test_figures_tell_the_run_at_a_glance(straight_story: Story, live_story: Story) -> None:
    shown = {figure.name: figure for figure in figures(straight_story)}
    assert (shown["Duration"].value, shown["Duration"].note) == ("16.00 s", "9 bars")
    assert (shown["Events"].value, shown["Events"].note, shown["Events"].tone) == ("7", "2 refused", "bad")
    assert shown["Rendered at"].value == "20 ×"
    live = {figure.name: figure for figure in figures(live_story)}
    took_s = sorted(seconds for _, seconds in latencies(live_story))
    median, worst = span_text(took_s[len(took_s) // 2]), span_text(took_s[-1])
    assert (live["Reaction"].value, live["Reaction"].note) == (median, f"median; worst {worst}")
    assert live["Buffer"].note == "never ran dry"
    silent = _with_loudness(live_story, integrated_lufs=-np.inf, true_peak_db=-np.inf)
    assert {f.name: f.value for f in figures(silent)}["Loudness"] == "silent"


def test_hints_begin_with_what_went_wrong(straight_story: Story) -> None:
    told = [hint.text for hint in hints(straight_story)]
    assert told[0] == "The event “set mist 1” was refused: no input 'mist'."
    assert any(text.startswith("Slowest rule: calm → nerves was decided 2.12 s after “set heat 40”") for text in told)
    loud = _with_loudness(straight_story, integrated_lufs=-12.0, true_peak_db=0.4)
    told = [hint.text for hint in hints(replace(loud, events=()))]
    assert "6.0 dB louder than the target of −18 LUFS as a whole." in told
    assert "True peak +0.4 dB: above the ceiling of −1 dB." in told


def test_states_wear_the_colour_of_what_they_play_and_names_stay_readable(rules: Rules) -> None:
    styles, states = style_colours(rules), state_colours(rules)
    assert states["mood", "chase"] == styles["hunt"]
    assert len(set(styles.values())) == 3
    assert (ink_on("#FFFFFF"), ink_on("#000000")) == ("#14171C", "#FFFFFF")


def test_times_as_a_reader_wants_them() -> None:
    assert [clock_text(sample) for sample in (0, 48, 3_141_600)] == ["0:00.000", "0:00.001", "1:05.450"]
    assert [span_text(s) for s in (0.24, 1.5, 0.9996, 138)] == ["240 ms", "1.50 s", "1.00 s", "2:18 min"]
