"""The page as text: complete, calling nobody, unharmed by hostile names, and written whole or not at all."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from segue.report import page, rows
from segue.report.axes import TimeAxis
from segue.report.encoding import Encoded, encoding_for
from segue.report.ledger import ledger
from segue.report.musical import span_text
from segue.report.page import render, write_report
from segue.report.sound import measured
from segue.report.story import Story, from_straight, latencies
from segue_rules.events import Event, ScriptedEvent
from segue_rules.loading import load_text
from segue_yaml.nodes import NOWHERE
from unit.report.synthetic import straight_run

EVIL = "</script><script>alert(1)</script>"


class Elements(HTMLParser):
    """The elements of a page, its texts by element, and the text of its table."""

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
def live_page(live_story: Story) -> str:
    return render(live_story)


def test_the_page_shows_every_row_of_a_live_run(live_page: str) -> None:
    rows = [attributes.get("data-row") for tag, attributes in Elements(live_page).tags if tag == "div"]
    assert [row for row in rows if row] == [
        "bars", "waveform", "spectrogram", "loudness", "events", "states", "weights", "inputs", "tempo", "stingers",
        "takes", "buffer", "reactions",
    ]  # fmt: skip


def test_a_straight_run_has_no_buffer_to_show(straight_story: Story) -> None:
    rows = {attributes.get("data-row") for _, attributes in Elements(render(straight_story)).tags}
    assert "weights" in rows
    assert rows.isdisjoint({"takes", "buffer", "reactions"})


def table_of(page: str) -> list[list[Any]]:
    entries: list[list[Any]] = json.loads(Elements(page).scripts["ledger-json"])
    return entries


def test_the_table_tells_what_happened_and_why(live_page: str, live_story: Story) -> None:
    entries = table_of(live_page)
    assert [entry[0] for entry in entries] == sorted(entry[0] for entry in entries)
    text = json.dumps(entries, ensure_ascii=False)
    assert "no input 'mist'" in text
    assert "heat clamped from 40.0 to 10.0" in text
    assert ["chase", "calm"] in [entry[7] for entry in entries if len(entry) > 7]
    assert "alarm is true (== true)" in text
    assert "condition false" in text
    assert re.search(r"cooldown [34]\.\d s left", text)
    took_s = latencies(live_story)[0][1]
    assert f"led to mood: calm → chase, {span_text(took_s)} after" in text


def test_the_page_loads_nothing(live_page: str) -> None:
    parsed = Elements(live_page)
    for tag, attributes in parsed.tags:
        assert tag not in {"iframe", "object", "embed", "base", "form"}
        for name in ("src", "href", "action", "srcset", "poster", "data"):
            assert (attributes.get(name) or "#").startswith(("#", "data:"))
    # Plotting code aside, which names its licences and the SVG namespace, no address stands anywhere.
    before, _, after = live_page.partition('<script id="bokehjs">')
    rest = before + after.partition("</script>")[2]
    assert not re.search(r"https?://|@import|\burl\(", rest, re.IGNORECASE)
    policy = next(a["content"] for _, a in parsed.tags if a.get("http-equiv") == "Content-Security-Policy")
    assert policy is not None
    assert "default-src 'none'" in policy
    assert "http" not in policy


def test_hostile_names_stay_text() -> None:
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
    source = render(from_straight(rules, messages, measured(audio), events, warnings=("<i>hm</i>" + EVIL,)))
    parsed = Elements(source)
    assert EVIL not in source
    assert sum(tag == "script" for tag, _ in parsed.tags) == 7
    assert not any(tag in {"img", "i"} and "data-colour" not in attributes for tag, attributes in parsed.tags)
    assert EVIL in " ".join(parsed.texts)
    plots = json.loads(parsed.scripts["plots-json"])
    assert f"set {EVIL}" in json.dumps(plots, ensure_ascii=False)
    assert any(f"set {EVIL}" in entry[3] for entry in table_of(source))


def test_a_page_of_some_seconds_is_little_more_than_its_plotting_code(live_page: str) -> None:
    bokeh = len(Elements(live_page).scripts["bokehjs"])
    assert bokeh < len(live_page) < bokeh + 800_000


def test_writing_is_all_or_nothing(live_story: Story, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "out.html"
    path.write_text("the one before")
    monkeypatch.setattr(page, "render", lambda story, source: f"<!doctype html>{story.rules.title}")

    def full_disk(source: Path, target: Path) -> None:
        raise OSError("no space left")

    with monkeypatch.context() as patched:
        patched.setattr("segue.atomic.os.replace", full_disk)
        with pytest.raises(OSError, match="no space left"):
            write_report(live_story, path)
    assert path.read_text() == "the one before"
    assert list(tmp_path.iterdir()) == [path]
    write_report(live_story, path)
    assert path.read_text(encoding="utf-8") == "<!doctype html>Night watch"
    assert list(tmp_path.iterdir()) == [path]


def test_a_moment_without_sound_or_events_still_has_a_page(straight_story: Story) -> None:
    bare = replace(
        straight_story,
        sound=measured(np.zeros((4_000, 2), np.float32)),
        plans=straight_story.plans[:3],
        events=(),
        decisions=(),
        stings=(),
    )
    texts = Elements(render(bare)).texts
    assert "What happened, and why" in texts


def _encoded(story: Story, size: int, seconds: float) -> Story:
    """The story as if its sound were of this size."""
    encoding = encoding_for(seconds)
    assert encoding is not None
    return replace(story, sound=replace(story.sound, encoded=Encoded(data=bytes(size), encoding=encoding)))


def test_sound_that_has_no_room_is_played_from_its_file(straight_story: Story, tmp_path: Path) -> None:
    path = tmp_path / "pages" / "out.html"
    path.parent.mkdir()
    write_report(_encoded(straight_story, 20_000_000, 60), path, tmp_path / "my run.wav")
    parsed = Elements(path.read_text(encoding="utf-8"))
    sound = next(attributes for tag, attributes in parsed.tags if attributes.get("id") == "sound")
    assert sound["data-source"] == "../my%20run.wav"
    # The newline before the next element is all there is in this one.
    assert not parsed.scripts["sound"].strip()
    assert "it plays ../my run.wav, which has to stay where it is." in " ".join(parsed.texts)
    policy = next(a["content"] for _, a in parsed.tags if a.get("http-equiv") == "Content-Security-Policy")
    assert policy is not None
    assert "media-src blob: 'self' file:" in policy
    assert path.stat().st_size < 3_000_000


def test_a_page_says_what_its_sound_lacks(straight_story: Story) -> None:
    def said(story: Story, source: str, rest: int = 1_000) -> tuple[bool, str, str]:
        playing = page.playing_of(story, source, rest)
        return bool(playing.data), playing.source, playing.note

    assert said(_encoded(straight_story, 1_000, 60), "out.wav") == (True, "", "")
    long = _encoded(straight_story, 1_000, 1_800)
    note = "The sound here is mono at 32 kHz, so that the page stays small; out.wav has all of it."
    assert said(long, "out.wav") == (True, "", note)
    note = "The run is too long for this page to hold its sound: it plays out.wav, which has to stay where it is."
    assert said(long, "out.wav", page.MOST_BYTES) == (False, "out.wav", note)
    silent = replace(straight_story, sound=replace(straight_story.sound, encoded=None))
    assert said(silent, "") == (False, "", "The run is too long for this page to hold its sound.")


def test_what_is_routine_is_left_out_at_first_where_there_is_much(straight_story: Story) -> None:
    routine = replace(straight_story.events[0], routine=True)
    some, many = (replace(straight_story, events=(*straight_story.events, *[routine] * n)) for n in (20, 500))
    assert page.kinds_of(ledger(straight_story)) == [("event", 7, True), ("change", 3, True), ("stinger", 2, True)]
    assert ("input", 20, True) in page.kinds_of(ledger(some))
    assert ("input", 500, False) in page.kinds_of(ledger(many))
    row = rows.events(many, TimeAxis(many.duration_s))
    marks = next(renderer.data_source for renderer in row.plot.renderers if renderer.data_source.name == "events")
    assert len(marks.data["x"]) == len(straight_story.events)
    assert "500 routine settings" in row.note
