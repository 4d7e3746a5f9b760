"""The page as text: complete, calling nobody, unharmed by hostile names, and written whole or not at all."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import pytest

from segue.report import page
from segue.report.page import render, write_report
from segue.report.story import Story, from_straight
from segue_rules.events import Event, ScriptedEvent
from segue_rules.loading import load_text
from segue_rules.model import NOWHERE
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


def test_the_table_tells_what_happened_and_why(live_page: str) -> None:
    text = " ".join(Elements(live_page).texts)
    assert "no input 'mist'" in text
    assert "heat clamped from 40.0 to 10.0" in text
    assert re.search(r"chase → calm", text)
    assert "alarm is true (== true)" in text
    assert "condition false" in text
    assert "cooldown 4.0 s left" in text
    assert "led to mood: calm → chase, 240 ms after" in text


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
    source = render(from_straight(rules, messages, audio, events, warnings=("<i>hm</i>" + EVIL,)))
    parsed = Elements(source)
    assert EVIL not in source
    assert sum(tag == "script" for tag, _ in parsed.tags) == 6
    assert not any(tag in {"img", "i"} and "data-colour" not in attributes for tag, attributes in parsed.tags)
    assert EVIL in " ".join(parsed.texts)
    plots = json.loads(parsed.scripts["plots-json"])
    assert f"set {EVIL}" in json.dumps(plots, ensure_ascii=False)


def test_a_page_of_some_seconds_is_little_more_than_its_plotting_code(live_page: str) -> None:
    bokeh = len(Elements(live_page).scripts["bokehjs"])
    assert bokeh < len(live_page) < bokeh + 800_000


def test_writing_is_all_or_nothing(live_story: Story, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "out.html"
    path.write_text("the one before")
    monkeypatch.setattr(page, "render", lambda story: f"<!doctype html>{story.rules.title}")

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
        audio=straight_story.audio[:4_000] * 0,
        plans=straight_story.plans[:3],
        events=(),
        decisions=(),
        stings=(),
    )
    texts = Elements(render(bare)).texts
    assert "What happened, and why" in texts
