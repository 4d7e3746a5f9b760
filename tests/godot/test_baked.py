"""Bakes in a real Godot: soundtracks follow their event scripts as live ones do, and loops sound as rendered."""

from __future__ import annotations

import json
import shutil
from itertools import pairwise
from pathlib import Path
from typing import Any, Final

import numpy as np
import pytest

from godot.project import PROJECT, ROOT, import_project, run
from segue.audio.files import read_audio, write_audio
from segue.bake.baking import BakeRequest, manifest_of, plan_bake, write_bake
from segue_rules.director import Director
from segue_rules.events import Event
from segue_rules.loading.scripts import load_script
from segue_rules.model import written_name

pytestmark = pytest.mark.heavy

LIBRARY: Final = ROOT / "rules/library"
FRAME: Final = 1_920
# The engine's decoder is a resampler, also from 48 kHz to 48 kHz: what comes out is late by so much.
LATE: Final = 2
# Of that resampler; WAV files have steps of 3e-5.
TOLERANCE: Final = 1e-4

RULES: Final = """
segue: 1
title: Two
music: {tempo: 150bpm, meter: 4, key: A minor}
inputs:
  loud: {type: flag}
  force: {type: number, range: [0, 1], default: 0}
  hit: {type: trigger}
styles:
  soft: {text: "calm solo piano"}
  hard: {text: "battle music, driving drums and brass"}
layers:
  action:
    states:
      calm: {default: true, mix: {soft: 1}}
      fight: {when: {loud: true}, mix: {hard: 1}, music: {intensity: {from: force}}}
transitions:
  - {from: any, to: fight, at: bar, ramp: 0ms}
  - {from: any, to: calm, at: beat, ramp: 400ms}
stingers:
  gong: {trigger: hit, audio: gong.wav, at: beat, gain: -6dB, duck: {depth: -6dB, fade_out: 20ms, fade_in: 100ms}}
"""

Change = tuple[int, str, str, str]


@pytest.fixture(scope="module")
def bake(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small bake of WAV files: two bars of 40 frames each."""
    folder = tmp_path_factory.mktemp("bake")
    ring = 0.5 * np.sin(np.arange(9_600) / 20.0) * np.linspace(1.0, 0.0, 9_600)
    write_audio(folder / "gong.wav", np.stack([ring, ring], axis=1).astype(np.float32))
    (folder / "two.yaml").write_text(RULES)
    write_bake(plan_bake(BakeRequest(rules=folder / "two.yaml", output=folder / "baked", bars=2)))
    return folder / "baked"


def as_data(event: Event) -> dict[str, Any]:
    return {"reset": event.reset, "set": dict(event.set), "fire": list(event.fire)}


def changes(states: list[dict[str, str]]) -> dict[str, list[Change]]:
    """Of each layer, what changed, and in which frame."""
    found: dict[str, list[Change]] = {layer: [] for layer in states[0]}
    for frame, (before, after) in enumerate(pairwise(states), start=1):
        for layer, state in after.items():
            if state != before[layer]:
                found[layer].append((frame, layer, before[layer], state))
    return found


@pytest.mark.parametrize("name", ["emberwood", "nightwatch", "redline"])
def test_a_baked_soundtrack_follows_the_event_script_as_the_live_one_does(tmp_path: Path, name: str) -> None:
    path = LIBRARY / name / f"{name}.yaml"
    planned = plan_bake(BakeRequest(rules=path, output=tmp_path))
    script = load_script(path.with_name(f"{name}.events.yaml"), planned.rules).events
    frames = script[-1].frame + 500
    by_frame: dict[int, list[Event]] = {}
    for each in script:
        by_frame.setdefault(each.frame, []).append(each.event)
    director = Director(planned.rules)
    state, live = director.start(), []
    names = [layer.name for layer in planned.rules.layers]
    for frame in range(frames):
        state, plan = director.step(state, frame, by_frame.get(frame, []))
        live.append(dict(zip(names, map(written_name, plan.states), strict=True)))
    events = {str(frame): list(map(as_data, each)) for frame, each in by_frame.items()}
    case = {"manifest": manifest_of(planned), "events": events, "frames": frames}
    (result,) = run("probe_baked_rules.gd", [case], tmp_path)
    wanted, came = changes(live), changes([frame[0] for frame in result["frames"]])
    assert sum(map(len, wanted.values())) > 8
    # A bake changes its tempo at once, where live music ramps it: lines come sooner or later, by a bar at most.
    bar = max(loop.length.frames / loop.length.bars for loop in planned.loops)
    for layer, expected in wanted.items():
        assert [change[1:] for change in came[layer]] == [change[1:] for change in expected], (expected, came[layer])
        for one, other in zip(expected, came[layer], strict=True):
            assert abs(one[0] - other[0]) <= bar, (one, other)


def play(tmp_path: Path, bake: Path, events: dict[str, Any], frames: int) -> tuple[dict[str, Any], np.ndarray]:
    sound = tmp_path / "sound.f32"
    case = {"bake": str(bake / "bake.json"), "events": events, "frames": frames, "sound": str(sound)}
    (result,) = run("probe_baked_sound.gd", [case], tmp_path)
    assert result["fault"] == ""
    return result, np.fromfile(sound, "<f4").reshape(-1, 2)


def test_loops_sound_as_rendered_and_follow_each_other_at_the_sample_of_the_line(tmp_path: Path, bake: Path) -> None:
    manifest = json.loads((bake / "bake.json").read_text())
    loops = [read_audio(bake / loop["file"]) for loop in manifest["loops"]]
    assert [len(loop) for loop in loops] == [80 * FRAME] * 3
    events = {"90": [{"set": {"loud": True, "force": 1.0}}], "202": [{"set": {"loud": False}}]}
    result, sound = play(tmp_path, bake, events, 260)
    led = [frame[1] for frame in result["frames"]]
    # At the third bar line, and at the beat after the end.
    assert led == [0] * 120 + [2] * 90 + [0] * 50
    # The loop repeats without a seam.
    expected = np.concatenate([loops[0], loops[0]])[: 120 * FRAME - LATE]
    assert np.abs(sound[LATE : 120 * FRAME] - expected).max() < TOLERANCE
    # A cut has an edge of 5 ms; behind it the new loop plays from its first sample on.
    expected = np.concatenate([loops[2], loops[2]])[: 90 * FRAME]
    inside = slice(256 + LATE, 90 * FRAME)
    assert np.abs(sound[120 * FRAME :][inside] - expected[256 : 90 * FRAME - LATE]).max() < TOLERANCE
    # The change at the second beat of a bar enters the other loop at its second beat.
    expected = loops[0][10 * FRAME : 60 * FRAME]
    inside = slice(10 * FRAME + LATE, 50 * FRAME)
    assert np.abs(sound[210 * FRAME :][inside] - expected[10 * FRAME : 50 * FRAME - LATE]).max() < TOLERANCE
    steps = np.abs(np.diff(sound, axis=0)).max(axis=1)
    inside_steps = max(float(np.abs(np.diff(loop, axis=0)).max()) for loop in loops)
    assert steps.max() <= 1.5 * inside_steps, (int(steps.argmax()), steps.max(), inside_steps)


def test_an_input_moves_the_music_to_another_loop_at_the_same_place(tmp_path: Path, bake: Path) -> None:
    manifest = json.loads((bake / "bake.json").read_text())
    loops = [read_audio(bake / loop["file"]) for loop in manifest["loops"]]
    events = {"0": [{"set": {"loud": True}}], "45": [{"set": {"force": 1.0}}]}
    result, sound = play(tmp_path, bake, events, 140)
    # At frame 0 a bar line falls, and 45 lies before the beat of frame 50.
    assert [frame[1] for frame in result["frames"]] == [1] * 50 + [2] * 90
    ramp = 25
    expected = np.concatenate([loops[2], loops[2]])[(50 + ramp) * FRAME : 140 * FRAME - LATE]
    assert np.abs(sound[(50 + ramp) * FRAME + LATE :] - expected).max() < TOLERANCE


def test_a_stinger_begins_at_the_beat_and_ducks_the_music(tmp_path: Path, bake: Path) -> None:
    manifest = json.loads((bake / "bake.json").read_text())
    loop = read_audio(bake / manifest["loops"][0]["file"])
    gong = read_audio(bake / manifest["stingers"][0]["file"])
    result, sound = play(tmp_path, bake, {"3": [{"fire": ["hit"]}]}, 60)
    assert result["frames"][10][2] == {"offset": 0, "bar": 0, "beat": 1}
    begin = 10 * FRAME
    assert np.abs(sound[LATE:begin] - loop[: begin - LATE]).max() < TOLERANCE
    # While it is ducked and the stinger sounds, and long after.
    held = slice(begin + 1_000, begin + len(gong))
    expected = 10 ** (-6 / 20) * (loop[held] + gong[1_000:])
    assert np.abs(sound[held.start + LATE : held.stop + LATE] - expected).max() < 5 * TOLERANCE
    assert np.abs(sound[30 * FRAME + LATE :] - loop[30 * FRAME : 60 * FRAME - LATE]).max() < TOLERANCE


def test_an_ogg_bake_repeats_without_a_gap(tmp_path: Path, bake: Path) -> None:
    rules = bake.parent / "two.yaml"
    write_bake(plan_bake(BakeRequest(rules=rules, output=tmp_path / "ogg", bars=2, format="ogg")))
    manifest = json.loads((tmp_path / "ogg/bake.json").read_text())
    loop = read_audio(tmp_path / "ogg" / manifest["loops"][0]["file"])
    assert len(loop) == 80 * FRAME
    _, sound = play(tmp_path, tmp_path / "ogg", {}, 200)
    expected = np.concatenate([loop, loop, loop])[: 200 * FRAME]
    late = min(range(8), key=lambda lag: float(np.abs(sound[lag : 70 * FRAME] - expected[: 70 * FRAME - lag]).max()))
    assert np.abs(sound[late:] - expected[: len(sound) - late]).max() < 0.01


@pytest.mark.parametrize(
    ("damage", "fault"),
    [
        ({"format": "other"}, "expected the manifest of 'segue bake', got something else"),
        ({"version": 2}, "expected a bake of version 1, got 2"),
        ({"scenes": None}, "the manifest lacks 'scenes'"),
        ({"loops": []}, "the manifest has no loop"),
        ("{", "bake.json:1: "),
        ("000-calm.wav", "000-calm.wav: is not there; bake the rules again"),
    ],
)
def test_a_bake_that_cannot_be_played_says_why(tmp_path: Path, bake: Path, damage: Any, fault: str) -> None:
    folder = tmp_path / "bake"
    shutil.copytree(bake, folder)
    manifest = json.loads((folder / "bake.json").read_text())
    if isinstance(damage, dict):
        (folder / "bake.json").write_text(json.dumps({**manifest, **damage}))
    elif damage == "{":
        (folder / "bake.json").write_text(damage)
    else:
        (folder / damage).unlink()
    case = {"bake": str(folder / "bake.json"), "events": {}, "frames": 1, "sound": str(tmp_path / "none")}
    (result,) = run("probe_baked_sound.gd", [case], tmp_path)
    assert fault in result["fault"]


def test_the_node_plays_by_the_engines_clock_and_tells_what_is_heard(tmp_path: Path, bake: Path) -> None:
    steps = [
        {"set": {"loud": True}, "heard": "changed"},
        {"fire": ["hit"], "heard": "stinger"},
        {"set": {"loud": False}, "heard": "changed"},
        {"set": {"laud": True}, "heard": "refused"},
    ]
    allowed = "the rules declare no input 'laud'"
    told = run("probe_baked_node.gd", {"bake": str(bake / "bake.json"), "steps": steps}, tmp_path, allowed=allowed)
    kinds = [each[0] for each in told]
    assert told[kinds.index("connected")] == ["connected", "Two"]
    assert [each[1:] for each in told if each[0] == "changed"] == [
        ["action", "calm", "fight"],
        ["action", "fight", "calm"],
    ]
    assert ["stinger", "gong"] in told
    assert [each[1:] for each in told if each[0] == "taken"] == [
        [True, True],
        [True, None],
        [True, False],
        [False, None],
    ]
    beats = [each[1:] for each in told if each[0] == "beat"]
    assert beats == [[i // 4, i % 4, 150, True] for i in range(len(beats))]
    assert [each[1] for each in told if each[0] == "bar"] == list(range(-(-len(beats) // 4)))
    ends = [["states", {"action": "calm"}], ["stopped", False, {}], ["again", True], ["outside", False], ["back", True]]
    assert [each for each in told if each[0] in {end[0] for end in ends}] == ends


def test_the_resource_of_a_bake_plays_without_a_script(tmp_path: Path, bake: Path) -> None:
    folder = PROJECT / "baked_stream"
    rules = bake.parent / "two.yaml"
    write_bake(plan_bake(BakeRequest(rules=rules, output=folder, bars=2, format="ogg", godot=True)))
    manifest = json.loads((folder / "bake.json").read_text())
    import_project()
    case = {"path": "res://baked_stream/bake.tres", "clips": ["001-fight", "002-fight", "000-calm"]}
    result = run("probe_baked_stream.gd", case, tmp_path)
    assert result["clips"] == [
        [Path(loop["file"]).stem, 150, 8, pytest.approx(loop["samples"] / 48_000), True] for loop in manifest["loops"]
    ]
    # By the rows: into the fight at a bar, out of it at a beat over one, 400 ms; inputs at a beat, in place.
    immediately = 0.01
    assert result["transitions"] == {
        "0 1": [2, 1, pytest.approx(immediately)],
        "0 2": [2, 1, pytest.approx(immediately)],
        "1 0": [1, 1, 1],
        "2 0": [1, 1, 1],
        "1 2": [1, 0, 2.5],
        "2 1": [1, 0, 2.5],
    }
    assert result["played"] == [0, 1, 2, 0]
