"""`segue preview`: deterministic; files are written whole or not at all; unusable input is named."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile

from segue.cli.main import main
from segue.contract import Result
from segue.generators import GeneratorChain, build
from segue.render import replay, scenario
from segue.runtime import session
from segue.runtime.messages import ChunkOut
from segue.runtime.recording import Header, Recorder, fingerprint, recorded_restore_point
from segue.runtime.restore import make_restore_point
from segue.runtime.session import Session
from segue.runtime.session_config import SessionConfig
from segue.runtime.simulation import SimulatedClient
from segue.runtime.styles import read_styles
from segue_rules.events import Event
from segue_rules.loading import load

RULES = """
segue: 1
music: {tempo: 120bpm, key: D minor, gain: -6dB}
inputs:
  fight: {type: flag}
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
STINGER = """
stingers:
  hit: {trigger: won, audio: hit.wav, at: beat, duck: {depth: -8dB, fade_out: 50ms, recovery: 100ms, fade_in: 100ms}}
"""
EVENTS = "- {at: 1s, set: {fight: true}}\n- {at: 2s, fire: won}\n"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "song.yaml").write_text(RULES, encoding="utf-8")
    (tmp_path / "song.events.yaml").write_text(EVENTS, encoding="utf-8")
    return tmp_path


def preview(folder: Path, output: str, *more: str, duration: str = "3") -> int:
    script = ["--events", str(folder / "song.events.yaml")]
    paths = [str(folder / "song.yaml"), *script, "-o", str(folder / output)]
    return main(["preview", *paths, "--duration", duration, "--quiet", *more])


def replayed(folder: Path, output: str) -> int:
    """`segue preview` of live.jsonl."""
    paths = [str(folder / "song.yaml"), "--recording", str(folder / "live.jsonl"), "-o", str(folder / output)]
    return main(["preview", *paths, "--quiet"])


def test_the_same_files_and_seed_give_the_same_bytes(folder: Path) -> None:
    assert preview(folder, "a.wav") == preview(folder, "b.wav") == preview(folder, "c.wav", "--seed", "8") == 0
    a, b, c = ((folder / f"{name}.wav").read_bytes() for name in "abc")
    assert a == b != c
    info = soundfile.info(folder / "a.wav")
    assert (info.samplerate, info.channels, info.frames, info.subtype) == (48_000, 2, 144_000, "PCM_24")


def test_json_lines_are_the_same_as_yaml(folder: Path) -> None:
    assert preview(folder, "yaml.wav") == 0
    lines = '{"at": "1s", "set": {"fight": true}}\n{"at": "2s", "fire": "won"}\n'
    (folder / "song.events.jsonl").write_text(lines, encoding="utf-8")
    script = ["--events", str(folder / "song.events.jsonl"), "-o", str(folder / "lines.wav")]
    assert main(["preview", str(folder / "song.yaml"), *script, "--duration", "3", "--quiet"]) == 0
    assert (folder / "yaml.wav").read_bytes() == (folder / "lines.wav").read_bytes()


def test_a_live_simulation_replays_from_its_recording_to_the_same_bytes(folder: Path) -> None:
    recording = str(folder / "live.jsonl")
    assert preview(folder, "live.wav", "--live", "--lookahead", "2", "--record", recording) == 0
    assert replayed(folder, "again.wav") == 0
    assert (folder / "live.wav").read_bytes() == (folder / "again.wav").read_bytes()


def test_stems_sum_to_the_mix_and_midi_and_report_are_written(folder: Path) -> None:
    more = ["--stems", str(folder / "stems"), "--midi", str(folder / "a.mid"), "--report", str(folder / "a.html")]
    assert preview(folder, "mix.wav", *more) == 0
    stems = sum(soundfile.read(path)[0] for path in sorted((folder / "stems").glob("*.wav")))
    mix = soundfile.read(folder / "mix.wav")[0]
    # Apart from the limiter, which only acts on peaks, and the fade over its last eighth, the mix is the stems' sum.
    same = np.abs(stems - mix)[: -(len(mix) // 8)] < 1e-3
    assert same.mean() > 0.95
    assert (folder / "a.mid").read_bytes()[:4] == b"MThd"
    assert "<script" in (folder / "a.html").read_text(encoding="utf-8")


def _truncated(path: Path) -> None:
    soundfile.write(path, np.zeros((4_800, 2)), 48_000)
    path.write_bytes(path.read_bytes()[:1_000])


def _not_sound(path: Path) -> None:
    path.write_text("a shopping list")


def _empty(path: Path) -> None:
    soundfile.write(path, np.zeros((0, 2)), 48_000)


@pytest.mark.parametrize("make", [_truncated, _not_sound, _empty])
def test_an_unusable_stinger_is_named_with_its_position(
    folder: Path, capsys: pytest.CaptureFixture[str], make: Callable[[Path], None]
) -> None:
    (folder / "song.yaml").write_text(RULES + STINGER, encoding="utf-8")
    make(folder / "hit.wav")
    assert preview(folder, "out.wav") == 2
    line = (RULES + STINGER).splitlines().index(STINGER.splitlines()[2]) + 1
    assert f"song.yaml:{line}:" in (said := capsys.readouterr().err)
    assert 'stinger "hit"' in said
    assert sorted(path.name for path in folder.glob("*.wav")) == ["hit.wav"]


def _promises_two_gigabytes(path: Path) -> None:
    soundfile.write(path, np.zeros((48_000, 2)), 48_000)
    header = bytearray(path.read_bytes())
    header[40:44] = (2 << 30).to_bytes(4, "little")
    path.write_bytes(header)


@pytest.mark.parametrize("make", [_truncated, _not_sound, _empty, _promises_two_gigabytes])
def test_an_unusable_audio_prompt_is_named_with_its_position(
    folder: Path, capsys: pytest.CaptureFixture[str], make: Callable[[Path], None]
) -> None:
    text = RULES.replace('battle: {text: "driving taiko drums and brass"}', "battle: {audio: prompt.wav}")
    (folder / "song.yaml").write_text(text, encoding="utf-8")
    make(folder / "prompt.wav")
    assert preview(folder, "out.wav") == 2
    line = next(i for i, row in enumerate(text.splitlines(), start=1) if "prompt.wav" in row)
    assert f"song.yaml:{line}:" in (said := capsys.readouterr().err)
    assert 'style "battle"' in said


def test_a_prompt_like_no_style_plays_with_a_warning(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    text = RULES.replace('battle: {text: "driving taiko drums and brass"}', "battle: {audio: prompt.wav}")
    (folder / "song.yaml").write_text(text, encoding="utf-8")
    noise = np.random.default_rng(1).normal(0, 0.2, 44_100)
    soundfile.write(folder / "prompt.wav", noise, 44_100)
    assert preview(folder, "out.wav", duration="1") == 0
    assert 'style "battle": the recording resembles no style well' in capsys.readouterr().err


def test_a_stinger_of_8_bits_mono_at_192_khz_is_heard(folder: Path) -> None:
    (folder / "song.yaml").write_text(RULES + STINGER, encoding="utf-8")
    tone = 0.5 * np.sin(np.arange(96_000) / 20)
    soundfile.write(folder / "hit.wav", tone, 192_000, subtype="PCM_U8")
    assert preview(folder, "with.wav") == 0
    (folder / "song.yaml").write_text(RULES + "stingers:\n  hit: {trigger: won, mix: {walk: 1}, time: 1s}\n")
    assert preview(folder, "without.wav") == 0
    difference = np.abs(soundfile.read(folder / "with.wav")[0] - soundfile.read(folder / "without.wav")[0])
    assert difference[: 2 * 48_000 - 500].max() < 1e-3 < 0.1 < difference[2 * 48_000 :].max()


@pytest.mark.parametrize("fault", [KeyboardInterrupt, OSError("disk full")])
def test_partial_files_are_removed(
    folder: Path, monkeypatch: pytest.MonkeyPatch, fault: BaseException | type[BaseException]
) -> None:
    complete, calls = session.Session.complete, iter(range(100))

    def interrupted(self: session.Session, job: session.Job, result: Result[Any], seconds: float) -> None:
        if next(calls) == 3:
            raise fault
        complete(self, job, result, seconds)

    monkeypatch.setattr(session.Session, "complete", interrupted)
    assert preview(folder, "out.wav", "--stems", str(folder / "stems")) in (2, 130)
    assert [path for path in folder.rglob("*") if "wav" in path.name] == []


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (["-o", "out.mp9"], "unknown extension '.mp9'"),
        (["--soundfont", "song.yaml"], "song.yaml"),
        (["--recording", "song.yaml"], "not a line of a recording"),
        (["--events", "nowhere.yaml"], "nowhere.yaml"),
    ],
)
def test_unusable_files_are_named(
    folder: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    arguments: list[str],
    expected: str,
) -> None:
    monkeypatch.chdir(folder)
    length = [] if "--recording" in arguments else ["--duration", "1"]
    assert main(["preview", "song.yaml", "--quiet", *length, *arguments]) == 2
    assert expected in capsys.readouterr().err


def test_a_truncated_recording_is_played_with_a_warning(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """As a killed service or a full disk leaves it: up to any line, or within one."""
    recording = folder / "live.jsonl"
    assert preview(folder, "whole.wav", "--live", "--lookahead", "1", "--record", str(recording), duration="3") == 0
    assert replayed(folder, "again.wav") == 0
    assert "ends early" not in capsys.readouterr().err
    whole = soundfile.read(folder / "again.wav", dtype="float32")[0]
    lines = recording.read_text("utf-8").splitlines(keepends=True)
    for kept, most in ((len(lines) - 1, len(whole)), (len(lines) // 2, len(whole) - 1), (1, 0)):
        recording.write_text("".join(lines[:kept]) + lines[kept][:5], "utf-8")
        assert replayed(folder, "cut.wav") == 0
        assert f"{recording}: ends early, after {kept - 1} operations" in capsys.readouterr().err
        heard = soundfile.read(folder / "cut.wav", dtype="float32")[0]
        assert len(heard) <= most
        # What was played last might have been replaced by what is missing.
        sure = max(0, len(heard) - 96_000)
        assert np.array_equal(heard[:sure], whole[:sure])


def test_a_recording_of_other_rules_is_refused(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    recording = str(folder / "live.jsonl")
    assert preview(folder, "a.wav", "--record", recording, duration="1") == 0
    (folder / "song.yaml").write_text(RULES.replace("120bpm", "121bpm"), encoding="utf-8")
    assert replayed(folder, "b.wav") == 2
    assert "other rules" in capsys.readouterr().err


def test_a_recording_with_an_edit_plays_without_its_rule_file(folder: Path) -> None:
    rules = load(folder / "song.yaml")
    chain = build("score")
    rules, styles, _ = read_styles(rules, chain.encoders)
    edited_text = (folder / "song.yaml").read_text("utf-8").replace("120bpm", "126bpm")
    config = SessionConfig(seed=2, lookahead_s=1.0)
    sources = {"song.yaml": (folder / "song.yaml").read_text("utf-8")}
    header = Header(rules=fingerprint(rules.files), generators=("score",), config=config, sources=sources)
    chunks: list[ChunkOut] = []
    with (folder / "live.jsonl").open("w", encoding="utf-8") as file:
        journal = Recorder(file, header).operation
        live = Session(rules, styles, chain.generators, config, journal=journal)
        for seconds in (0.0, 0.4, 0.8):
            _serve(live, chain, seconds)
            chunks += [m for m in live.messages() if isinstance(m, ChunkOut)]
        (folder / "song.yaml").write_text(edited_text, encoding="utf-8")
        edited = load(folder / "song.yaml")
        live.reload(*read_styles(edited, chain.encoders)[:2], now_s=0.8)
        live.send(Event(sequence=1, set={"fight": True}), position=0, now_s=0.8)
        snapshot = live.snapshot()
        _serve(live, chain, 1.2)
        opened, outcome = make_restore_point(
            snapshot, rules=edited, generators=chain.generators, primary=0, frame=40, seed=2
        )
        assert outcome == "all"
        live.restore(opened, at=0, take=9, now_s=1.2)
        _serve(live, chain, 1.6)
        chunks += [m for m in live.messages() if isinstance(m, ChunkOut)]
    (folder / "song.yaml").unlink()
    assert replayed(folder, "again.wav") == 0
    client = SimulatedClient()
    for chunk in chunks:
        client.put(chunk)
    assert {"restore"} < {chunk.reason for chunk in chunks}
    # What was written is what was sent, but for 24 bits, the limiter and the fade over the last 50 ms.
    written = soundfile.read(folder / "again.wav", dtype="float32")[0]
    assert len(written) == client.have
    client.commit(client.have)
    np.testing.assert_allclose(written[:-2_400], client.playback()[:-2_400], atol=2e-3)


def test_a_what_if_of_a_session_that_continued_another_one_ends_where_the_session_did(folder: Path) -> None:
    rules, chain = load(folder / "song.yaml"), build("score")
    rules, styles, _ = read_styles(rules, chain.encoders)
    config = SessionConfig(seed=2, lookahead_s=1.0)
    first = Session(rules, styles, chain.generators, config)
    _serve(first, chain, 0.8)
    saved, _ = make_restore_point(
        first.snapshot(), rules=rules, generators=chain.generators, primary=0, frame=40, seed=2
    )
    header = Header(
        rules=fingerprint(rules.files),
        generators=("score",),
        config=config,
        restore_point=recorded_restore_point(saved),
    )
    with (folder / "live.jsonl").open("w", encoding="utf-8") as file:
        second = Session(
            rules, styles, chain.generators, config, journal=Recorder(file, header).operation, restore_point=saved
        )
        for seconds in (1.6, 2.0):
            _serve(second, chain, seconds)
    piece = replay(folder / "live.jsonl", folder / "song.yaml")
    assert piece.audio_start_s == 1.6
    end_s = piece.audio_start_s + piece.duration_s
    again = piece.what_if()
    assert (again.audio_start_s, again.duration_s) == (0, pytest.approx(end_s))


def test_a_recording_takes_from_the_folder_of_its_rules_only_the_sounds_that_they_name(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("hit.wav", "other.wav"):
        (folder / "sounds" / "deep").mkdir(parents=True, exist_ok=True)
        soundfile.write(folder / "sounds" / "deep" / name, np.zeros((4_800, 2), np.float32), 48_000)
    part = "segue: 1\n# other.wav\n" + STINGER.lstrip().replace("hit.wav", "deep/hit.wav")
    sources = {"song.yaml": f"include: [sounds/hit.yaml]\n{RULES.lstrip()}", "sounds/hit.yaml": part}
    for name, text in sources.items():
        (folder / name).write_text(text, encoding="utf-8")
    rules, chain = load(folder / "song.yaml"), build("score")
    rules, styles, _ = read_styles(rules, chain.encoders)
    config = SessionConfig(seed=2, lookahead_s=1.0)
    header = Header(rules=fingerprint(rules.files), generators=("score",), config=config, sources=sources)
    with (folder / "live.jsonl").open("w", encoding="utf-8") as file:
        live = Session(rules, styles, chain.generators, config, journal=Recorder(file, header).operation)
        _serve(live, chain, 0.0)
    copied: list[Path] = []
    copy = scenario.shutil.copyfile
    monkeypatch.setattr(
        scenario.shutil, "copyfile", lambda source, target: (copied.append(source), copy(source, target))
    )
    assert replayed(folder, "again.wav") == 0
    assert copied == [folder / "sounds" / "deep" / "hit.wav"]


def _serve(live: Session, chain: GeneratorChain, now_s: float) -> None:
    """Everything that the session wants while its client is at this time."""
    position = round(now_s * 48_000)
    live.playhead(played=position, committed=position, paused=False, now_s=now_s)
    while (spec := live.next_job(now_s)) is not None:
        job = live.begin(spec, now_s)
        (result,) = chain.generators[spec.level].generate([job.request])
        live.complete(job, result, seconds=0.05)


def test_the_script_beside_the_rules_is_played_and_written_files_are_listed(
    folder: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(folder)
    assert main(["preview", "song.yaml", "--duration", "2", "-o", "bare.wav", "--midi", "bare.mid"]) == 0
    said = capsys.readouterr()
    assert "with the events of song.events.yaml" in said.out
    assert {"wrote bare.wav", "wrote bare.mid"} <= set(said.out.splitlines())
    assert "song.events.yaml:2:3: 1 event comes after the end at 2 s and will not be played" in said.err
    assert preview(folder, "with.wav", duration="2") == 0
    assert main(["preview", "song.yaml", "--duration", "2", "-o", "none.wav", "--no-events", "--quiet"]) == 0
    assert Path("bare.wav").read_bytes() == Path("with.wav").read_bytes() != Path("none.wav").read_bytes()


def test_a_simulation_with_underruns_warns(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert preview(folder, "slow.wav", "--live", "--generation", "2") == 0
    said = capsys.readouterr().err
    assert "the buffer ran empty" in said
    assert "s of silence, first at 0:0" in said
    assert "no buffer is enough" in said
    assert preview(folder, "quick.wav", "--live") == 0
    assert "ran empty" not in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (["--lookahead", "2"], "--lookahead has no effect without --live"),
        (["--generation", "2"], "--generation has no effect without --live"),
        (["--live", "--stems", "s"], "--stems has no effect with --live"),
        (["--live", "--lookahead", "0.1"], "--lookahead: expected 0.2 to 30 seconds, got 0.1"),
        (["--recording", "a.jsonl", "--seed", "1"], "--seed has no effect with --recording"),
        (["--recording", "a.jsonl", "--duration", "1"], "--duration has no effect with --recording"),
        (["--recording", "a.jsonl", "--events", "e.yaml"], "--events has no effect with --recording"),
        (["--recording", "a.jsonl", "--live"], "--live has no effect with --recording"),
        (["--recording", ".", "-o", "a.wav"], "--recording: .: expected a file, got a folder"),
        (["--events", "e.yaml", "--no-events"], "--events has no effect with --no-events"),
    ],
)
def test_options_without_effect_are_refused(
    arguments: list[str], expected: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["preview", "song.yaml", *arguments]) == 2
    assert expected in capsys.readouterr().err


@pytest.mark.parametrize("seed", ["-1", "4294967296", "x", ""])
@pytest.mark.parametrize("command", ["preview", "play"])
def test_an_invalid_seed_is_refused(command: str, seed: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as stopped:
        main([command, "song.yaml", f"--seed={seed}"])
    assert stopped.value.code == 2
    assert "expected a whole number from 0 to 4294967295" in capsys.readouterr().err


def test_a_report_without_its_packages_is_refused_before_rendering(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("segue.extras.find_spec", lambda name: None)
    assert main(["preview", "song.yaml", "--report", "a.html"]) == 2
    expected = (
        "--report: the packages bokeh and jinja2 are missing; install the extra segue[report]: "
        "run pip install '.[report]' in the checkout\n"
    )
    assert capsys.readouterr().err == expected


def test_play_without_a_terminal_is_refused(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["play", str(folder / "song.yaml")]) == 2
    assert "segue play needs a terminal" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (["meadow", "--connect", "foo"], "--connect: address 'foo' names no transport: "),
        (
            ["meadow", "--connect", "tcp://127.0.0.1:9", "--token", "t" * 300],
            "--token: expected at most 255 bytes, got 300",
        ),
        (["m" * 300, "--connect", "tcp://127.0.0.1:9"], "rules_name: expected "),
    ],
    ids=["address", "token", "rules"],
)
def test_play_refuses_an_argument_that_it_cannot_connect_with_before_it_connects(
    arguments: list[str], expected: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("segue.cli.play._check_terminal", lambda: None)
    assert main(["play", *arguments]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert expected in line
