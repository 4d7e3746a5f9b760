"""`segue import`: what recordings are found to be, and the rule file that is written for them."""

from __future__ import annotations

import os
import struct
from pathlib import Path

import numpy as np
import pytest
import soundfile

from segue.audio.files import write_audio
from segue.cli.main import main
from segue.clip_import import FoundCue, Hints, clips_text, read_folder
from segue.clip_import.keys import key_in
from segue.clip_import.musical_time import musical_time, tempo_in
from segue.contract import SAMPLE_RATE, Samples
from segue_rules.loading import load


def beats(tempo_bpm: float, count: int, *, rest_s: float = 0.0, tone: float = 0.0) -> Samples:
    """Return clicks on beats, each a decaying noise, louder on every fourth, and a tone under them."""
    length = round(count * 60 / tempo_bpm * SAMPLE_RATE)
    sound = np.zeros(length + round(rest_s * SAMPLE_RATE), np.float64)
    noise = np.random.default_rng(3).uniform(-1, 1, SAMPLE_RATE // 8) * np.exp(-np.arange(SAMPLE_RATE // 8) / 900)
    for beat in range(count):
        begin = round(beat * 60 / tempo_bpm * SAMPLE_RATE)
        part = noise[: len(sound) - begin] * (0.8 if beat % 4 == 0 else 0.4)
        sound[begin : begin + len(part)] += part
    if tone:
        sound[:length] += 0.05 * np.sin(2 * np.pi * tone * np.arange(length) / SAMPLE_RATE)
    return np.repeat(sound[:, None], 2, axis=1).astype(np.float32)


def test_a_loop_has_the_tempo_of_whole_bars(tmp_path: Path) -> None:
    write_audio(tmp_path / "Big Drums.wav", beats(127, 32))
    (clip,) = read_folder(tmp_path).clips
    assert clip.time is not None
    assert (clip.name, clip.time.tempo_bpm, clip.time.bars, clip.beats) == ("big_drums", 127.0, 8, 4)
    assert (clip.intro, clip.loop, clip.outro) == (0, round(32 * 60 / 127 * SAMPLE_RATE), 0)


def test_stems_of_one_piece_have_its_tempo_though_one_has_no_beat(tmp_path: Path) -> None:
    drums = beats(100, 16)
    pad = 0.2 * np.sin(2 * np.pi * 220 * np.arange(len(drums)) / SAMPLE_RATE)[:, None].repeat(2, axis=1)
    write_audio(tmp_path / "drums.wav", drums)
    write_audio(tmp_path / "pad.flac", pad.astype(np.float32))
    write_audio(tmp_path / "sting.wav", beats(100, 3))
    first, second, other = read_folder(tmp_path).clips
    assert (first.piece, second.piece) == (0, 0)
    assert other.piece == 1
    assert first.time == second.time
    assert first.time is not None
    assert (first.time.tempo_bpm, first.gain_db) == (100.0, second.gain_db)
    text = clips_text((first, second), tmp_path)
    assert "a state plays with clips: {drums: 0dB, pad: 0dB}" in text


def test_a_tail_behind_the_last_bar_is_the_outro(tmp_path: Path) -> None:
    sound = beats(120, 16, rest_s=0.9)
    sound[-43_200:] += (0.02 * np.exp(-np.arange(43_200) / 9_000))[:, None]
    write_audio(tmp_path / "tail_120bpm.wav", sound)
    (clip,) = read_folder(tmp_path).clips
    assert (clip.loop, clip.outro) == (8 * SAMPLE_RATE, 43_200)
    assert "loop: 4 bars, outro: 0.900000s" in clips_text([clip], tmp_path)


def test_music_that_ends_within_a_bar_plays_once(tmp_path: Path) -> None:
    write_audio(tmp_path / "half_120bpm.wav", beats(120, 18))
    (clip,) = read_folder(tmp_path).clips
    assert clip.loop == 0
    assert "4 bars and 1.000 s, in which the music goes on: it plays once" in clips_text([clip], tmp_path)


def test_what_whoever_imports_says_goes_first(tmp_path: Path) -> None:
    write_audio(tmp_path / "siege_90bpm_Am.wav", beats(120, 12))
    (clip,) = read_folder(tmp_path, Hints(tempo_bpm=120.0, beats=3, key="F# dorian")).clips
    assert clip.time is not None
    assert (clip.time.tempo_bpm, clip.time.source, clip.time.bars, clip.key) == (120.0, "as said", 4, "F# dorian")
    (named,) = read_folder(tmp_path).clips
    assert named.time is not None
    assert (named.name, named.time.tempo_bpm, named.time.source, named.key) == ("siege", 90.0, "its name", "A minor")


def test_a_seam_that_clicks_gets_a_crossfade(tmp_path: Path) -> None:
    at = np.arange(4 * SAMPLE_RATE)
    for name, hertz in (("even", 440.0), ("broken", 440.06)):
        tone = 0.5 * np.sin(2 * np.pi * hertz * at / SAMPLE_RATE)
        write_audio(tmp_path / f"{name}_60bpm.wav", np.repeat(tone[:, None], 2, axis=1).astype(np.float32))
    broken, even = read_folder(tmp_path).clips
    assert (broken.name, broken.click) == ("broken", True)
    assert (even.name, even.click) == ("even", False)
    assert "crossfade: 10ms" in clips_text([broken], tmp_path)


def marked(path: Path, *chunks: tuple[bytes, bytes]) -> None:
    """Append chunks to a WAV file."""
    data = path.read_bytes() + b"".join(
        name + struct.pack("<I", len(body)) + body + b"\0" * (len(body) % 2) for name, body in chunks
    )
    path.write_bytes(data[:4] + struct.pack("<I", len(data) - 8) + data[8:])


def cue(*places: int) -> tuple[bytes, bytes]:
    points = (struct.pack("<II4sIII", number, place, b"data", 0, 0, place) for number, place in enumerate(places))
    return b"cue ", struct.pack("<I", len(places)) + b"".join(points)


def sampler(begin: int, last: int) -> tuple[bytes, bytes]:
    return b"smpl", struct.pack("<9I", *[0] * 7, 1, 0) + struct.pack("<6I", 0, 0, begin, last, 0, 0)


def test_loops_and_cue_points_of_the_file_are_believed(tmp_path: Path) -> None:
    path = tmp_path / "siege_120bpm.wav"
    # A file of half the rate, whose places count its own samples.
    soundfile.write(path, beats(120, 24)[::2], SAMPLE_RATE // 2, "PCM_16")
    bar = SAMPLE_RATE
    marked(path, cue(3 * bar, 0, bar + 700), sampler(bar, 5 * bar - 1))
    (clip,) = read_folder(tmp_path).clips
    assert (clip.intro, clip.loop, clip.outro) == (2 * bar, 8 * bar, 2 * bar)
    # The cue point in the middle of a bar is none.
    assert clip.cues == (FoundCue("", 1), FoundCue("", 4))
    assert "intro: 1 bar, loop: 4 bars, outro: 1 bar, cues: [1, 4]" in clips_text([clip], tmp_path)


def labels(*names: bytes) -> tuple[bytes, bytes]:
    parts = [struct.pack("<4sII", b"labl", 4 + len(name), i) + name for i, name in enumerate(names)]
    return b"LIST", b"adtl" + b"".join(part + b"\0" * (len(part) % 2) for part in parts)


def test_cue_points_with_names_are_cues_with_names(tmp_path: Path) -> None:
    path = tmp_path / "siege_120bpm.wav"
    write_audio(path, beats(120, 24))
    bar = 2 * SAMPLE_RATE
    marked(path, labels(b"Verse 1\0", b"\0", b"Verse 1\0", "R\u00fche".encode()), cue(0, bar, 3 * bar, 4 * bar + 999))
    (clip,) = read_folder(tmp_path).clips
    assert [tuple(each) for each in clip.cues] == [
        ("verse_1", 1),
        ("cue", 2),
        ("verse_1_2", 4),
        ("ruhe", 8.0 + 999 / SAMPLE_RATE),
    ]
    text = clips_text([clip], tmp_path)
    assert "cues: {verse_1: 1, cue: 2, verse_1_2: 4, ruhe: 8.020813s}" in text
    rules = tmp_path / "r.yaml"
    layers = "layers: {x: {states: {y: {default: true, mix: {a: 1}}}}}"
    rules.write_text(f'segue: 1\nstyles: {{a: {{text: "harp"}}}}\n{text}{layers}\n')
    (built,) = load(rules).clips
    assert [int(each.place) for each in built.cues] == [0, bar, 3 * bar, 4 * bar + 999]


@pytest.mark.parametrize(
    "chunk",
    [
        (b"LIST", b"adtl" + struct.pack("<4sII", b"labl", 0xFFFFFFFF, 0)),
        (b"LIST", b"adtl" + b"\xff" * 21),
        (b"LIST", b""),
        (b"cue ", b""),
        (b"cue ", struct.pack("<I", 0xFFFFFFFF)),
        (b"cue ", b"\xff" * 30),
        (b"smpl", b"\xff" * 60),
        (b"smpl", b""),
        sampler(500, 400),
        sampler(0, 0xFFFFFFFE),
    ],
)
def test_damaged_marks_are_none(chunk: tuple[bytes, bytes], tmp_path: Path) -> None:
    path = tmp_path / "siege_120bpm.wav"
    write_audio(path, beats(120, 8))
    marked(path, chunk)
    found = read_folder(tmp_path)
    assert found.problems == ()
    assert (found.clips[0].loop, found.clips[0].cues) == (4 * SAMPLE_RATE, ())


def test_what_cannot_be_read_is_told_and_the_rest_is_found(tmp_path: Path) -> None:
    write_audio(tmp_path / "good_120bpm.wav", beats(120, 8))
    write_audio(tmp_path / "silent.wav", np.zeros((96_000, 2), np.float32))
    write_audio(tmp_path / "short.wav", np.full((10, 2), 0.5, np.float32))
    (tmp_path / "text.wav").write_text("no sound", "utf-8")
    (tmp_path / "empty.ogg").write_bytes(b"")
    (tmp_path / ".hidden.wav").write_text("no sound", "utf-8")
    (tmp_path / "folder.wav").mkdir()
    write_audio(tmp_path / "a:b.wav", beats(120, 8))
    found = read_folder(tmp_path)
    assert [clip.name for clip in found.clips] == ["good", "short", "silent"]
    assert [clip.gain_db for clip in found.clips[1:]] == [0.0, 0.0]
    unnamed, *unread = found.problems
    assert unnamed.endswith(
        "expected names of printable characters without : and \\, as in rule files, got 'a:b.wav'; rename it"
    )
    assert [Path(problem.split(": ")[0]).name for problem in unread] == ["empty.ogg", "text.wav"]


@pytest.mark.parametrize(
    ("name", "tempo_bpm"),
    [("siege_120bpm", 120.0), ("174 BPM dnb", 174.0), ("x-92.5bpm", 92.5), ("siege 5bpm", None), ("bpm", None)],
)
def test_names_say_tempos(name: str, tempo_bpm: float | None) -> None:
    assert tempo_in(name) == tempo_bpm


@pytest.mark.parametrize(
    ("name", "key"),
    [
        ("siege_Dm", "D minor"),
        ("siege F#m 120bpm", "F# minor"),
        ("theme-Bb-major", "Bb major"),
        ("c_minor_pad", "C minor"),
        ("i_am_legend", ""),
        ("Emerald", ""),
    ],
)
def test_names_say_keys(name: str, key: str) -> None:
    assert key_in(name) == key


def test_a_measured_tempo_only_chooses_the_number_of_bars() -> None:
    samples = round(8 * 4 * 60 / 123.4 * SAMPLE_RATE)
    for error in (0.99, 1.0, 1.01):
        time = musical_time(samples, 4, known_bpm=None, measured_bpm=123.4 * error)
        assert time is not None
        assert (time.bars, time.rest_samples) == (8, 0)
        assert time.tempo_bpm == pytest.approx(123.4, abs=0.001)
    assert musical_time(samples, 4, known_bpm=None, measured_bpm=None) is None


def test_what_is_written_is_a_rule_file_that_loads(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    stems = tmp_path / "my stems"
    stems.mkdir()
    write_audio(stems / "Siege, drums #1_120bpm_Dm.wav", beats(120, 16))
    write_audio(stems / "00 drums.wav", beats(90, 16))
    assert main(["import", "my stems", "-o", "clips.yaml"]) == 0
    Path("rules.yaml").write_text(
        "segue: 1\ninclude: [clips.yaml]\nstyles: {calm: {text: calm harp}}\n"
        "layers: {place: {states: {a: {default: true, mix: {calm: 1}, clips: {siege_drums_1: 0dB}}}}}\n",
        "utf-8",
    )
    clips = {clip.name: clip for clip in load("rules.yaml").clips}
    assert sorted(clips) == ["clip_00_drums", "siege_drums_1"]
    siege = clips["siege_drums_1"]
    assert (siege.tempo_mbpm, str(siege.key), siege.loop) == (120_000, "D minor", 8 * SAMPLE_RATE)
    assert main(["check", "rules.yaml"]) == 0


def test_nothing_is_written_over_and_folders_elsewhere_are_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    stems, here = tmp_path / "stems", tmp_path / "here"
    stems.mkdir()
    here.mkdir()
    write_audio(stems / "a_120bpm.wav", beats(120, 4))
    monkeypatch.chdir(here)
    assert main(["import", "../stems"]) == 2
    assert "../stems: lies outside the folder that you are in" in capsys.readouterr().err
    monkeypatch.chdir(tmp_path)
    Path("clips.yaml").write_text("kept", "utf-8")
    assert main(["import", "stems", "-o", "clips.yaml"]) == 2
    assert Path("clips.yaml").read_text("utf-8") == "kept"
    assert main(["import", "stems/a_120bpm.wav"]) == 2
    assert main(["import", "here"]) == 2
    errors = capsys.readouterr().err
    assert "clips.yaml: is there already; nothing was written" in errors
    assert "stems/a_120bpm.wav: expected a folder of recordings, found a file" in errors
    assert "here: holds no recording that can be read" in errors
    assert main(["import", "stems", "--tempo", "90", "--beats", "2", "--key", "E minor"]) == 0
    assert "tempo: 90bpm, meter: 2, key: E minor" in capsys.readouterr().out


def test_a_loop_is_never_longer_than_its_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for cut in (0, 1, 50, 140, 230):
        sound = beats(120, 16)
        write_audio(tmp_path / f"cut{cut}_120bpm.wav", sound[: len(sound) - cut])
    write_audio(tmp_path / "odd.wav", beats(123.456, 32)[:-7])
    # Other lengths than those of the others, so that none is a stem.
    short = beats(120, 8)
    marked_path = tmp_path / "marks_120bpm.wav"
    write_audio(marked_path, short)
    marked(marked_path, cue(0, SAMPLE_RATE * 3), sampler(0, 2 * SAMPLE_RATE - 1))
    tiny = tmp_path / "tiny.wav"
    write_audio(tiny, np.linspace(-0.5, 0.5, 9_600)[:, None].repeat(2, axis=1).astype(np.float32))
    marked(tiny, sampler(0, 95))
    assert main(["import", ".", "-o", "clips.yaml"]) == 0
    text = Path("clips.yaml").read_text("utf-8")
    names = [line.split(":")[0].strip() for line in text.splitlines() if "{audio" in line]
    Path("rules.yaml").write_text(
        "segue: 1\ninclude: [clips.yaml]\nstyles: {calm: {text: calm harp}}\nlayers:\n"
        + "".join(
            f"  l{n}: {{states: {{a: {{default: true, mix: {{calm: 1}}, clips: {{{name}: 0dB}}}}}}}}\n"
            for n, name in enumerate(names)
        ),
        "utf-8",
    )
    assert main(["check", "rules.yaml"]) == 0
    assert "cues: [1]" in text
    assert "loop: 1 bar" in text
    assert "crossfade: 1ms" in text


def test_pieces_that_say_other_tempos_are_no_stems_of_each_other(tmp_path: Path) -> None:
    write_audio(tmp_path / "a_120bpm.wav", beats(120, 32))
    write_audio(tmp_path / "b_90bpm.wav", beats(90, 24))
    clips = read_folder(tmp_path).clips
    assert [(clip.name, clip.piece, clip.time and clip.time.tempo_bpm) for clip in clips] == [
        ("a", 0, 120.0),
        ("b", 1, 90.0),
    ]


def test_a_stem_of_another_rate_is_one_and_a_longer_one_has_the_tempo_of_its_folder(tmp_path: Path) -> None:
    drums = beats(100, 32)
    write_audio(tmp_path / "drums.wav", drums)
    soundfile.write(tmp_path / "low.wav", beats(100, 32)[::2], SAMPLE_RATE // 2)
    pad = 0.2 * np.sin(2 * np.pi * 220 * np.arange(len(drums) + 60_000) / SAMPLE_RATE)
    write_audio(tmp_path / "pad.wav", np.repeat(pad[:, None], 2, axis=1).astype(np.float32))
    first, second, long = read_folder(tmp_path).clips
    assert (first.piece, second.piece, long.piece) == (0, 0, 1)
    assert long.time is not None
    assert (long.time.tempo_bpm, long.time.source) == (100.0, "the others of its folder")


def test_names_that_no_rule_file_has_are_told(tmp_path: Path) -> None:
    stems, outside = tmp_path / "stems", tmp_path / "outside.wav"
    stems.mkdir()
    write_audio(outside, beats(120, 8))
    (stems / "link.wav").symlink_to(outside)
    for name in (b"bad\xff.wav", b"two\nlines.wav"):
        Path(os.fsdecode(bytes(stems) + b"/" + name)).write_bytes(outside.read_bytes())
    write_audio(stems / "Höllenglöckchen groß.wav", beats(120, 8))
    found = read_folder(stems)
    assert [clip.name for clip in found.clips] == ["hollenglockchen_gross"]
    assert [text.partition(", got ")[2].partition(";")[0] for text in found.problems] == [
        "'bad\\udcff.wav'",
        "",
        "'two\\nlines.wav'",
    ]
    assert "is a link to a file outside" in found.problems[1]
    assert all(text.isprintable() for text in found.problems)


def test_more_files_of_one_length_than_a_state_plays_are_no_stems(tmp_path: Path) -> None:
    sound = beats(120, 4)
    for number in range(17):
        write_audio(tmp_path / f"loop{number:02}.wav", sound)
    found = read_folder(tmp_path)
    assert [clip.piece for clip in found.clips] == list(range(17))
    assert len({clip.gain_db for clip in found.clips}) == 1
    assert found.clips[0].gain_db > -15
