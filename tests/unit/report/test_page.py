"""The HTML of the page: complete, without network access, safe with hostile names, written whole or not at all."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from segue.report import music_rows, page
from segue.report.decision_log import decision_log
from segue.report.page import render, write_report
from segue.report.plots import TimeAxis
from segue.report.report_data import ReportData, from_straight, span_text
from segue.report.sound import EncodedSound, encoding_for, measure
from segue_rules.events import Event, ScriptedEvent
from segue_rules.loading import load_text
from segue_yaml.nodes import NOWHERE
from unit.report.chord_generator import straight_run

EVIL = "</script><script>alert(1)</script>"


class Elements(HTMLParser):
    """The elements of a page, its texts, and the contents of its scripts."""

    def __init__(self, source: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.scripts: dict[str, str] = {}
        self.texts: list[str] = []
        self._open = ""
        self.feed(source)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        self._open = dict(attrs).get("id") or tag

    def handle_data(self, data: str) -> None:
        if self.tags[-1:] and self.tags[-1][0] == "script":
            self.scripts[self._open] = self.scripts.get(self._open, "") + data
        elif data.strip():
            self.texts.append(data.strip())


@pytest.fixture(scope="module")
def live_page(live_report: ReportData) -> str:
    return render(live_report)


def test_a_live_run_has_every_row(live_page: str) -> None:
    rows = [attributes.get("data-row") for tag, attributes in Elements(live_page).tags if tag == "div"]
    assert [row for row in rows if row] == [
        "bars", "waveform", "spectrogram", "loudness", "events", "states", "weights", "inputs", "tempo",
        "composition", "stingers", "takes", "buffer", "latency",
    ]  # fmt: skip


def test_a_straight_run_has_no_rows_of_the_buffer(straight_report: ReportData) -> None:
    rows = {attributes.get("data-row") for _, attributes in Elements(render(straight_report)).tags}
    assert "weights" in rows
    assert rows.isdisjoint({"takes", "buffer", "latency"})


def table_of(page: str) -> list[list[Any]]:
    entries: list[list[Any]] = json.loads(Elements(page).scripts["log-json"])
    return entries


def test_the_log_contains_events_changes_and_their_reasons(live_page: str, live_report: ReportData) -> None:
    entries = table_of(live_page)
    assert [entry[0] for entry in entries] == sorted(entry[0] for entry in entries)
    text = json.dumps(entries, ensure_ascii=False)
    assert "no input 'mist'" in text
    assert "heat clamped from 40.0 to 10.0" in text
    assert ["chase", "calm"] in [entry[7] for entry in entries if len(entry) > 7]
    assert "alarm is true" in text
    assert "condition false" in text
    assert re.search(r"cooldown [34]\.\d s left", text)
    took_s = live_report.latencies()[0][1]
    assert f"caused mood: calm → chase after {span_text(took_s)}" in text


def test_the_page_loads_nothing_from_the_network(live_page: str) -> None:
    parsed = Elements(live_page)
    for tag, attributes in parsed.tags:
        assert tag not in {"iframe", "object", "embed", "base", "form"}
        for name in ("src", "href", "action", "srcset", "poster", "data"):
            assert (attributes.get(name) or "#").startswith(("#", "data:"))
    # Bokeh's code contains the addresses of licences and of the SVG namespace; the rest of the page has no address.
    before, _, after = live_page.partition('<script id="bokehjs">')
    rest = before + after.partition("</script>")[2]
    assert not re.search(r"https?://|@import|\burl\(", rest, re.IGNORECASE)
    policy = next(a["content"] for _, a in parsed.tags if a.get("http-equiv") == "Content-Security-Policy")
    assert policy is not None
    assert "default-src 'none'" in policy
    assert "http" not in policy


def test_hostile_names_are_shown_as_text() -> None:
    rules = load_text(
        f"""
segue: 1
title: "{EVIL}"
inputs:
  alarm: {{type: flag}}
styles:
  hush: {{text: "{EVIL}"}}
layers:
  mood: {{states: {{calm: {{default: true, mix: {{hush: 1}}}}, up: {{when: {{alarm: true}}, mix: {{hush: 1}}}}}}}}
"""
    )
    event = Event(sequence=0, set={EVIL: EVIL, "<img src=x onerror=alert(2)>": 1}, fire=("<b>",))
    events = (ScriptedEvent(at_s=1, frame=25, event=event, mark=NOWHERE),)
    messages, audio = straight_run(rules, events, 3)
    source = render(from_straight(rules, messages, measure(audio), events, warnings=("<i>hm</i>" + EVIL,)))
    parsed = Elements(source)
    assert EVIL not in source
    assert sum(tag == "script" for tag, _ in parsed.tags) == 7
    assert not any(tag in {"img", "i"} and "data-colour" not in attributes for tag, attributes in parsed.tags)
    assert EVIL in " ".join(parsed.texts)
    plots = json.loads(parsed.scripts["plots-json"])
    assert f"set {EVIL}" in json.dumps(plots, ensure_ascii=False)
    assert any(f"set {EVIL}" in entry[3] for entry in table_of(source))


def test_a_page_of_a_short_run_is_little_larger_than_the_code_of_bokeh(live_page: str) -> None:
    bokeh = len(Elements(live_page).scripts["bokehjs"])
    assert bokeh < len(live_page) < bokeh + 800_000


def test_a_failed_write_keeps_the_previous_page(
    live_report: ReportData, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "out.html"
    path.write_text("previous page")
    monkeypatch.setattr(page, "render", lambda report, source: f"<!doctype html>{report.rules.title}")

    def full_disk(source: Path, target: Path) -> None:
        raise OSError("no space left")

    with monkeypatch.context() as patched:
        patched.setattr("segue.atomic.os.replace", full_disk)
        with pytest.raises(OSError, match="no space left"):
            write_report(live_report, path)
    assert path.read_text() == "previous page"
    assert list(tmp_path.iterdir()) == [path]
    write_report(live_report, path)
    assert path.read_text(encoding="utf-8") == "<!doctype html>Night watch"
    assert list(tmp_path.iterdir()) == [path]


def test_a_short_silent_run_without_events_has_a_page(straight_report: ReportData) -> None:
    bare = replace(
        straight_report,
        sound=measure(np.zeros((4_000, 2), np.float32)),
        plans=straight_report.plans[:3],
        events=(),
        changes=(),
        stingers=(),
    )
    texts = Elements(render(bare)).texts
    assert "Decision log" in texts


def _encoded(report: ReportData, size: int, seconds: float) -> ReportData:
    """Replace the encoded audio of a report by `size` bytes."""
    encoding = encoding_for(seconds)
    assert encoding is not None
    return replace(report, sound=replace(report.sound, encoded=EncodedSound(data=bytes(size), encoding=encoding)))


def test_audio_that_is_too_large_for_the_page_is_played_from_its_file(
    straight_report: ReportData, tmp_path: Path
) -> None:
    path = tmp_path / "pages" / "out.html"
    path.parent.mkdir()
    write_report(_encoded(straight_report, 20_000_000, 60), path, tmp_path / "my run.wav")
    parsed = Elements(path.read_text(encoding="utf-8"))
    sound = next(attributes for tag, attributes in parsed.tags if attributes.get("id") == "sound")
    assert sound["data-source"] == "../my%20run.wav"
    # The element contains only the newline before the next element.
    assert not parsed.scripts["sound"].strip()
    assert "it plays ../my run.wav, which must stay where it is." in " ".join(parsed.texts)
    policy = next(a["content"] for _, a in parsed.tags if a.get("http-equiv") == "Content-Security-Policy")
    assert policy is not None
    assert "media-src blob: 'self' file:" in policy
    assert path.stat().st_size < 3_000_000


def test_the_page_says_how_its_audio_was_reduced(straight_report: ReportData) -> None:
    def source_of(report: ReportData, source: str, rest: int = 1_000) -> tuple[bool, str, str]:
        found = page.sound_source(report, source, rest)
        return bool(found.data), found.source, found.note

    assert source_of(_encoded(straight_report, 1_000, 60), "out.wav") == (True, "", "")
    long = _encoded(straight_report, 1_000, 1_800)
    note = "The sound in this page is mono at 24 kHz, so that the page stays small; out.wav has the original."
    assert source_of(long, "out.wav") == (True, "", note)
    note = "The run is too long for this page to contain its sound: it plays out.wav, which must stay where it is."
    assert source_of(long, "out.wav", page.MOST_BYTES) == (False, "out.wav", note)
    silent = replace(straight_report, sound=replace(straight_report.sound, encoded=None))
    assert source_of(silent, "") == (False, "", "The run is too long for this page to contain its sound.")


def test_routine_events_of_a_long_log_are_hidden_at_first(straight_report: ReportData) -> None:
    routine = replace(straight_report.events[0], routine=True)
    some, many = (replace(straight_report, events=(*straight_report.events, *[routine] * n)) for n in (20, 500))
    assert page.kind_filters(decision_log(straight_report)) == [
        ("event", 7, True),
        ("change", 3, True),
        ("stinger", 2, True),
    ]
    assert ("input", 20, True) in page.kind_filters(decision_log(some))
    assert ("input", 500, False) in page.kind_filters(decision_log(many))
    row = music_rows.events(many, TimeAxis(many.duration_s))
    marks = next(renderer.data_source for renderer in row.plot.renderers if renderer.data_source.name == "events")
    assert len(marks.data["x"]) == len(straight_report.events)
    assert "500 continuous input updates" in row.note
