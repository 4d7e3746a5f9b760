"""`segue.render.preview`: the same as the command's files, in memory; events as data; what-ifs."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from segue import render
from segue.cli.main import main
from segue_rules.errors import RuleError
from segue_rules.loading import load_events

RULES = """
segue: 1
title: Test & <try>
music: {tempo: 120bpm, key: D minor}
inputs:
  fight: {type: flag}
  threat: {type: number, range: [0, 1]}
  won: {type: trigger}
styles:
  walk: {text: "calm woodland, harp and soft strings"}
  battle: {text: "driving taiko drums and brass"}
layers:
  action:
    states:
      calm: {default: true, mix: {walk: 1}}
      combat: {when: {fight: true}, mix: {battle: 1}}
transitions:
  - {from: any, to: any, at: beat, ramp: 400ms}
"""
EVENTS = "- {at: 1s, set: {fight: true}}\n- {at: 2s, fire: won}\n"
DATA: Sequence[dict[str, Any]] = [{"at": 1, "set": {"fight": True}}, {"at": "2s", "fire": "won"}]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "song.yaml").write_text(RULES, encoding="utf-8")
    (tmp_path / "song.events.yaml").write_text(EVENTS, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_a_preview_equals_the_files_of_the_command(folder: Path) -> None:
    extra = ["--midi", "a.mid", "--stems", "a"]
    assert main(["preview", "song.yaml", "--duration", "3", "--quiet", "-o", "preview.wav", *extra]) == 0
    piece = render.preview("song.yaml", duration_s=3)
    piece.save("b.wav")
    piece.write_midi("b.mid")
    piece.write_stems("b")
    assert Path("preview.wav").read_bytes() == Path("b.wav").read_bytes()
    assert Path("a.mid").read_bytes() == Path("b.mid").read_bytes()
    names = sorted(path.name for path in Path("a").iterdir())
    assert names == sorted(path.name for path in Path("b").iterdir())
    assert all((Path("a") / name).read_bytes() == (Path("b") / name).read_bytes() for name in names)


def test_a_live_preview_and_its_replay_equal_the_files_of_the_command(folder: Path) -> None:
    options = ["--live", "--lookahead", "2", "--record", "live.jsonl"]
    assert main(["preview", "song.yaml", "--duration", "3", "--quiet", "-o", "a.wav", *options]) == 0
    live = render.preview("song.yaml", duration_s=3, live=True, lookahead_s=2)
    again = render.replay("live.jsonl", "song.yaml")
    for name, piece in (("live.wav", live), ("again.wav", again)):
        piece.save(name)
        assert Path("a.wav").read_bytes() == Path(name).read_bytes()
        with pytest.raises(ValueError, match="stems: expected a straight preview"):
            piece.stems()
    assert len(again.frames.time_s) == len(live.frames.time_s) == 75
    # A bar that was composed twice, since an event changed it, is told as it was played.
    assert [bar.tick for bar in live.bars] == [0, 6_000_000]
    assert again.bars == live.bars
    assert [event.event.set for event in again.what_if(duration_s=1).events] == [{"fight": True}, {}]


def test_frames_changes_receipts_and_notes_tell_what_happened() -> None:
    piece = render.preview(RULES, events=DATA, duration_s=3)
    assert (piece.audio.shape, piece.audio.dtype) == ((144_000, 2), np.float32)
    assert (piece.duration_s, piece.sample_rate, piece.frame_rate) == (3.0, 48_000, 25)
    frames = piece.frames
    assert frames.time_s.tolist() == [frame / 25 for frame in range(75)]
    np.testing.assert_allclose(sum(frames.mix.values()), 1, atol=1e-6)
    assert (frames.mix["walk"][0], frames.mix["battle"][-1]) == (1, 1)
    assert (frames.states["action"][0], frames.states["action"][-1]) == ("calm", "combat")
    assert (frames.inputs["fight"][24], frames.inputs["fight"][25]) == (False, True)
    assert (frames.controls["tempo"][0], frames.controls["key"][0]) == (120, "D minor")
    (change,) = piece.changes
    assert (change.from_state, change.to_state, change.start) == ("calm", "combat", 25)
    assert [(receipt.frame, receipt.accepted) for receipt in piece.receipts] == [(25, True), (50, True)]
    assert piece.notes
    assert piece.notes == sorted(piece.notes, key=lambda note: note.start)
    assert [(bar.start, bar.tonic, bar.minor) for bar in piece.bars] == [(0, 2, True), (96_000, 2, True)]


def test_notes_of_a_style_that_is_left_have_its_release() -> None:
    """At 60 bpm both styles hold chords of a bar, in which the change falls."""
    rules = """
segue: 1
seed: 3
music: {tempo: 60bpm, intensity: 0.8}
inputs: {away: {type: flag}}
styles: {temple: {text: temple}, desert: {text: desert}}
layers:
  place: {states: {here: {default: true, mix: {temple: 1}}, there: {when: {away: true}, mix: {desert: 1}}}}
transitions: [{from: any, to: any, at: immediate, ramp: 0s}]
"""
    piece = render.preview(rules, events=[{"at": 5.2, "set": {"away": True}}], duration_s=8)
    left = {note.released for note in piece.notes} - {None}
    assert len(left) == 1
    assert 5.2 <= left.pop() / piece.sample_rate <= 5.6
    released = [note for note in piece.notes if note.released is not None]
    assert all(note.start < note.released < note.start + note.duration and not note.drums for note in released)


def test_stems_sum_to_the_mix_before_its_limiter() -> None:
    piece = render.preview(RULES, events=DATA, duration_s=3)
    stems = piece.stems()
    assert sorted(stems) == ["bass", "drums", "harmony", "melody", "texture"]
    # The mix alone fades out, over its last eighth.
    same = np.abs(sum(stems.values()) - piece.audio)[: -(len(piece.audio) // 8)] < 1e-3
    assert same.mean() > 0.95


def test_events_are_the_same_as_data_as_a_script_or_loaded(folder: Path) -> None:
    pieces = [
        render.preview("song.yaml", events=events, duration_s=3)
        for events in (None, "song.events.yaml", DATA, load_events("song.events.yaml"))
    ]
    assert all(np.array_equal(piece.audio, pieces[0].audio) for piece in pieces)
    assert render.preview("song.yaml", events=[], duration_s=1).events == ()


def test_mistakes_in_data_are_named_by_the_number_of_their_event() -> None:
    with pytest.raises(RuleError) as raised:
        render.preview(RULES, events=[*DATA, {"at": 3, "set": {"fihgt": True}}])
    (problem,) = raised.value.problems
    assert problem.mark.line == 3
    assert problem.text == "unknown input 'fihgt'; did you mean 'fight'?"
    with pytest.raises(TypeError, match="either loaded events or data"):
        render.preview(RULES, events=[*DATA, *render.preview(RULES, events=DATA, duration_s=0.1).events])


def test_data_that_is_no_map_is_a_mistake_with_a_number() -> None:
    for event, found in ((5, "5"), (None, "nothing"), ("won", "'won'")):
        wrong: Any = [event]
        with pytest.raises(RuleError) as raised:
            render.preview(RULES, events=wrong)
        (problem,) = raised.value.problems
        assert (
            str(problem) == f"events:1:3: event 1: expected a map such as {{at: 2s, set: {{threat: 0.8}}}}, got {found}"
        )


@pytest.mark.parametrize(
    ("field", "value", "flag"),
    [
        ("duration_s", 0, "--duration"),
        ("duration_s", -1, "--duration"),
        ("duration_s", float("nan"), "--duration"),
        ("generation", -1, "--generation"),
        ("generation", 0, "--generation"),
    ],
)
def test_a_number_that_is_not_above_zero_is_refused(field: str, value: float, flag: str) -> None:
    options: dict[str, Any] = {field: value}
    with pytest.raises(ValueError, match=f"^{field}: expected more than 0, got {value:g}$"):
        render.preview(RULES, live=True, **options)
    with pytest.raises(render.RequestError, match=f"^{flag}: expected more than 0, got {value:g}$"):
        render.PreviewRequest(rules=Path("a.yaml"), output=Path("a.wav"), live=True, **options)


def test_a_what_if_refuses_a_length_of_nothing_and_the_shortest_preview_is_a_frame() -> None:
    piece = render.preview(RULES, events=[], duration_s=1e-9)
    assert piece.audio.shape == (1_920, 2)
    with pytest.raises(ValueError, match=r"^duration_s: expected more than 0, got 0$"):
        piece.what_if(duration_s=0)
    with pytest.raises(ValueError, match=r"^lookahead_s: expected 0\.2 to 30 seconds, got 31$"):
        render.preview(RULES, events=[], lookahead_s=31)


def test_a_what_if_changes_one_thing_and_keeps_the_rest() -> None:
    piece = render.preview(RULES, events=DATA, duration_s=3)
    assert np.array_equal(piece.what_if().audio, piece.audio)
    calm = piece.what_if(inputs={"fight": False})
    assert (calm.changes, calm.duration_s) == ([], 3.0)
    assert [event.event.fire for event in calm.events if event.event.fire] == [("won",)]
    assert not np.array_equal(piece.what_if(seed=9).audio, piece.audio)
    assert piece.what_if(events=[]).changes == []
    quick = piece.what_if(rules=RULES.replace("120bpm", "150bpm"))
    assert quick.frames.controls["tempo"][0] == 150
    with pytest.raises(RuleError, match="expected a number from 0 to 1"):
        piece.what_if(inputs={"threat": "high"})


def test_a_what_if_with_other_rules_checks_the_loaded_events_against_them() -> None:
    piece = render.preview(
        RULES, events=[{"at": 1, "set": {"fight": True}}, {"at": 2, "set": {"threat": 0.9}}], duration_s=1
    )
    with pytest.raises(RuleError) as raised:
        piece.what_if(rules=RULES.replace("fight", "combat_on"))
    (problem,) = raised.value.problems
    assert str(problem) == "events:1:3: event 1, set: unknown input 'fight'"
    narrow = piece.what_if(rules=RULES.replace("[0, 1]", "[0, 0.5]"))
    expected = "event 2, set, threat: expected a number from 0 to 0.5, got 0.9; it is played as 0.5"
    assert [warning for warning in narrow.warnings if "threat" in warning] == [f"events:2:3: {expected}"]
    with pytest.raises(RuleError, match="expected a trigger, got 'won', which is set and not fired"):
        render.preview(RULES, events=DATA, duration_s=1).what_if(
            rules=RULES.replace("won: {type: trigger}", "won: {type: flag}")
        )


def test_a_what_if_of_a_replay_warns_of_events_that_other_rules_refuse(folder: Path) -> None:
    options = ["--live", "--record", "live.jsonl", "--quiet"]
    assert main(["preview", "song.yaml", "--duration", "2", "-o", "a.wav", *options]) == 0
    other = render.replay("live.jsonl", "song.yaml").what_if(rules=RULES.replace("fight", "combat_on"))
    assert [warning for warning in other.warnings if "fight" in warning] == [
        "events:1:1: event 1, set: unknown input 'fight'"
    ]
    assert [receipt.code for receipt in other.receipts][:1] == ["unknown_input"]


def test_warnings_of_events_are_kept() -> None:
    piece = render.preview(RULES, events=[{"at": 1, "set": {"threat": 3}}, {"at": 9, "fire": "won"}], duration_s=2)
    clamped, late = piece.warnings
    assert "expected a number from 0 to 1" in clamped
    assert late == "events:2:3: 1 event comes after the end at 2 s and will not be played"


def test_a_notebook_shows_a_player_and_the_changes() -> None:
    html = render.preview(RULES, events=DATA, duration_s=3)._repr_html_()
    assert '<audio controls preload="metadata" src="data:audio/ogg;base64,' in html
    assert "Test &amp; &lt;try&gt;" in html
    assert "calm → combat" in html


def test_a_report_is_written_without_a_file_of_the_sound(folder: Path) -> None:
    render.preview("song.yaml", duration_s=3).write_report("a.html")
    assert "<script" in Path("a.html").read_text(encoding="utf-8")


def test_importing_the_library_loads_neither_numpy_nor_ipython() -> None:
    program = (
        "import sys; from segue import render; print(dir(render))\n"
        "print([name for name in ('numpy', 'IPython') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    names, loaded = done.stdout.splitlines()
    assert "preview" in names
    assert loaded == "[]"
