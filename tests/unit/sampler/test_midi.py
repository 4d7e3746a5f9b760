"""A MIDI file holds the notes, tempo, meter and key of what was played."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import mido
import numpy as np
import pytest

from segue.contract import FRAME_SIZE, MODES, SAMPLE_RATE, TICKS_PER_BEAT, Conditioning
from segue.score.sampler.midi import TICKS_PER_QUARTER, MidiMark, marks, write_midi
from unit.sampler.material import note, song


def conditioning(tempo: np.ndarray, meter: np.ndarray, tonic: int, mode: int) -> Conditioning:
    length = len(tempo)
    beats = np.concatenate([[0], np.cumsum(tempo[:-1] / 60 * FRAME_SIZE / SAMPLE_RATE)])
    flat = np.ones(length, np.float32)
    return Conditioning(
        frame=0,
        weights=np.ones((length, 1), np.float32),
        tempo_bpm=tempo.astype(np.float32),
        ticks=np.round(beats * TICKS_PER_BEAT).astype(np.int64),
        bar=np.zeros(length, np.int32),
        bar_ticks=np.zeros(length, np.int64),
        meter=meter.astype(np.int8),
        tonic=np.full(length, tonic, np.int8),
        mode=np.full(length, mode, np.int8),
        drums=np.full(length, -1, np.int8),
        intensity=flat,
        temperature=flat,
        guidance=flat,
    )


def steady(bpm: float = 120.0) -> list[MidiMark]:
    return [MidiMark(sample=0, beat=0.0, tempo_bpm=bpm, meter=4, tonic=2, mode=1)]


class WrittenNote(NamedTuple):
    """A note of a MIDI file: begin and duration in ticks, the programme or -1 for drums."""

    begin: int
    duration: int
    program: int
    pitch: int
    velocity: int


def written_notes(file: mido.MidiFile) -> Iterator[WrittenNote]:
    """The notes of a file; each ends with the first note-off of its pitch and velocity."""
    for track in file.tracks:
        tick, program = 0, 0
        sounding: list[tuple[int, mido.Message]] = []
        for message in track:
            tick += message.time
            if message.type == "program_change":
                program = -1 if message.channel == 9 else message.program
            elif message.type == "note_on":
                sounding.append((tick, message))
            elif message.type == "note_off":
                begin, started = next(
                    pair for pair in sounding if (pair[1].note, pair[1].velocity) == (message.note, message.velocity)
                )
                sounding.remove((begin, started))
                yield WrittenNote(begin, tick - begin, program, message.note, message.velocity)
        assert not sounding


def messages(file: mido.MidiFile, kind: str) -> list[mido.MetaMessage]:
    return [message for track in file.tracks for message in track if message.type == kind]


def test_notes_are_read_back_at_their_positions(tmp_path: Path) -> None:
    notes = song(8, seed=3)
    write_midi(tmp_path / "song.mid", notes, steady())
    file = mido.MidiFile(tmp_path / "song.mid")
    assert file.ticks_per_beat == TICKS_PER_QUARTER
    found = sorted(written_notes(file))
    per_tick = SAMPLE_RATE / 2 / TICKS_PER_QUARTER
    assert len(found) == len(notes)
    expected = sorted(
        (round(n.start / per_tick), n.duration, -1 if n.drums else n.program, n.pitch, n.velocity) for n in notes
    )
    assert [row[0] for row in found] == [row[0] for row in expected]
    assert sorted(row[2:] for row in found) == sorted(row[2:] for row in expected)
    assert {track.name for track in file.tracks} >= {"drums: kit", "bass: finger bass", "melody: flute"}


def test_a_drum_note_is_written_with_its_kit(tmp_path: Path) -> None:
    hits = [(0, 0, 36), (24_000, 25, 36), (48_000, 25, 42), (48_000, 40, 42), (72_000, 0, 36)]
    notes = [note(start, program=kit, pitch=key, drums=True, family="drums") for start, kit, key in hits]
    write_midi(tmp_path / "kits.mid", notes, steady())
    kit, heard = -1, []
    for message in mido.MidiFile(tmp_path / "kits.mid").merged_track:
        if message.type == "program_change":
            assert message.channel == 9
            kit = message.program
        elif message.type == "note_on":
            heard.append((kit, message.note))
    assert heard == [(kit, key) for _, kit, key in hits]


def test_tempo_meter_and_key_are_read_back(tmp_path: Path) -> None:
    tempo = np.concatenate([np.full(50, 96.0), np.linspace(96, 140, 25), np.full(50, 140.0)])
    meter = np.concatenate([np.full(100, 4), np.full(25, 3)])
    timeline = marks([conditioning(tempo, meter, tonic=2, mode=1)])
    write_midi(tmp_path / "ramp.mid", [note(start=100 * FRAME_SIZE)], timeline)
    file = mido.MidiFile(tmp_path / "ramp.mid")
    tempos = [mido.tempo2bpm(message.tempo) for message in messages(file, "set_tempo")]
    assert tempos[0] == pytest.approx(96, abs=0.01)
    assert tempos[-1] == pytest.approx(140, abs=0.01)
    meters = [(message.numerator, message.denominator) for message in messages(file, "time_signature")]
    assert meters == [(4, 4), (3, 4)]
    # D minor has the one flat of F major.
    assert [message.key for message in messages(file, "key_signature")] == ["Dm"]
    beats = float(np.sum(tempo[:100]) / 60 * FRAME_SIZE / SAMPLE_RATE)
    (written,) = written_notes(file)
    assert written.begin == pytest.approx(beats * TICKS_PER_QUARTER, abs=1)


@pytest.mark.parametrize(
    ("tonic", "mode", "key"),
    [
        (0, "major", "C"),
        (9, "minor", "Am"),
        (2, "dorian", "Am"),
        (4, "phrygian", "Am"),
        (5, "lydian", "Am"),
        (7, "mixolydian", "Am"),
        (6, "major", "F#"),
        (10, "major", "Bb"),
        (3, "minor", "D#m"),
    ],
)
def test_a_mode_has_the_key_signature_with_its_notes(tmp_path: Path, tonic: int, mode: str, key: str) -> None:
    mark = MidiMark(sample=0, beat=0.0, tempo_bpm=120.0, meter=4, tonic=tonic, mode=MODES.index(mode))
    write_midi(tmp_path / "key.mid", [], [mark])
    assert [message.key for message in messages(mido.MidiFile(tmp_path / "key.mid"), "key_signature")] == [key]


def test_a_failed_write_leaves_nothing(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="at least one mark"):
        write_midi(tmp_path / "a.mid", [], [])
    with pytest.raises(OSError, match="missing"):
        write_midi(tmp_path / "missing" / "a.mid", [], steady())
    assert list(tmp_path.iterdir()) == []
