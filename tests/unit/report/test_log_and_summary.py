"""The words of the page: the decision log, the figures and hints of the summary, and texts of times."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from segue.contract import FRAME_SIZE, SAMPLE_RATE
from segue.report.decision_log import decision_log
from segue.report.plots import state_colours, style_colours, text_colour_on
from segue.report.report_data import FallbackStep, ReportData, span_text
from segue.report.summary import figures, hints
from segue_rules.model import LayerState, Rules
from segue_rules.times import clock_text


def _with_loudness(report: ReportData, **changed: float) -> ReportData:
    return replace(report, sound=replace(report.sound, loudness=replace(report.sound.loudness, **changed)))


def test_the_log_is_in_time_order_and_causes_come_first(live_report: ReportData) -> None:
    entries = decision_log(live_report)
    assert [entry.sample for entry in entries] == sorted(entry.sample for entry in entries)
    kinds = {kind: sum(entry.kind == kind for entry in entries) for kind in ("event", "change", "stinger", "take")}
    assert kinds == {"event": 7, "change": 3, "stinger": 2, "take": 4}
    first, second = entries[:2]
    assert (first.kind, first.status, first.place) == ("event", "accepted", "2:1")
    took_s = live_report.latencies()[0][1]
    assert f"caused mood: calm → chase after {span_text(took_s)}" in first.why
    assert (second.kind, second.moved, second.status) == ("change", ("calm", "chase"), "started")
    assert ("nerves", "condition false") in second.why_not
    assert "alarm is true" in second.why


def test_a_change_says_how_long_it_waited_and_for_what(straight_report: ReportData) -> None:
    back = next(entry for entry in decision_log(straight_report) if entry.moved == ("chase", "calm"))
    assert back.why[-1] == "decided 0:08.000, waited 440 ms (bar), ramp 1.00 s"


def test_underruns_and_fallbacks_are_logged_where_they_begin(live_report: ReportData) -> None:
    plans = [*live_report.plans[:50], None, None, *live_report.plans[52:]]
    step = FallbackStep(sample=3 * SAMPLE_RATE, level=1, generator="score", reason="two jobs failed")
    entries = decision_log(replace(live_report, plans=tuple(plans), fallbacks=(step,)))
    (underrun,) = [entry for entry in entries if entry.kind == "warning"]
    assert (underrun.what, underrun.sample) == ("underrun", 50 * FRAME_SIZE)
    (fallback,) = [entry for entry in entries if entry.kind == "fallback"]
    assert (fallback.what, fallback.status, fallback.tone) == ("level 1: score", "fell back", "bad")


def test_figures_summarise_the_run(straight_report: ReportData, live_report: ReportData) -> None:
    shown = {figure.name: figure for figure in figures(straight_report)}
    assert (shown["Duration"].value, shown["Duration"].note) == ("16.00 s", "9 bars")
    assert (shown["Events"].value, shown["Events"].note, shown["Events"].tone) == ("7", "2 refused", "bad")
    assert shown["Render speed"].value == "20 ×"
    live = {figure.name: figure for figure in figures(live_report)}
    took_s = sorted(seconds for _, seconds in live_report.latencies())
    median, worst = span_text(took_s[len(took_s) // 2]), span_text(took_s[-1])
    assert (live["Latency"].value, live["Latency"].note) == (median, f"median; worst {worst}")
    assert live["Buffer"].note == "no underrun"
    silent = _with_loudness(live_report, integrated_lufs=-np.inf, true_peak_db=-np.inf)
    assert {f.name: f.value for f in figures(silent)}["Loudness"] == "silent"


def test_hints_begin_with_the_problems(straight_report: ReportData) -> None:
    texts = [hint.text for hint in hints(straight_report)]
    assert texts[0] == "The event “set mist 1” was refused: no input 'mist'."
    assert any(text.startswith("Slowest rule: calm → nerves was decided 2.12 s after “set heat 40”") for text in texts)
    loud = _with_loudness(straight_report, integrated_lufs=-12.0, true_peak_db=0.4)
    texts = [hint.text for hint in hints(replace(loud, events=()))]
    assert "Integrated loudness is 6.0 LU above the target of −18 LUFS." in texts
    assert "True peak +0.4 dBTP is above the ceiling of −1 dBTP." in texts


def test_a_state_of_which_no_piece_was_played_is_named_once(straight_report: ReportData) -> None:
    layer, *others = straight_report.rules.layers
    pool = tuple(LayerState(name=f"pool/{piece}", mix=layer.states[0].mix) for piece in ("harp", "lute"))
    half = LayerState(name=f"{layer.states[0].name}/encore", mix=layer.states[0].mix)
    rules = replace(straight_report.rules, layers=(replace(layer, states=(*layer.states, *pool, half)), *others))
    (text,) = [h.text for h in hints(replace(straight_report, rules=rules)) if h.text.startswith("States never")]
    assert text == f"States never reached: pool, {half.name} of {layer.name}."


def test_states_have_the_colour_of_their_style_and_names_are_readable(rules: Rules) -> None:
    styles, states = style_colours(rules), state_colours(rules)
    assert states["mood", "chase"] == styles["hunt"]
    assert len(set(styles.values())) == 3
    assert (text_colour_on("#FFFFFF"), text_colour_on("#000000")) == ("#14171C", "#FFFFFF")


def test_times_are_written_in_readable_units() -> None:
    assert [clock_text(sample / 48_000, 3) for sample in (0, 48, 3_141_600)] == ["0:00.000", "0:00.001", "1:05.450"]
    assert [span_text(s) for s in (0.24, 1.5, 0.9996, 138)] == ["240 ms", "1.50 s", "1.00 s", "2:18 min"]
