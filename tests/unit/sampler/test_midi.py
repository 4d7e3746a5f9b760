"""MIDI files say what was played: read back by another library's reader."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import symusic

from segue.contract import FRAME_SIZE, SAMPLE_RATE, TICKS_PER_BEAT, Conditioning
from segue.score.sampler.midi import TICKS_PER_QUARTER, Mark, marks, write_midi
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


def steady(bpm: float = 120.0) -> list[Mark]:
    return [Mark(sample=0, beat=0.0, tempo_bpm=bpm, meter=4, tonic=2, mode=1)]


def test_notes_come_back_with_their_places(tmp_path: Path) -> None:
    notes = song(8, seed=3)
    write_midi(tmp_path / "song.mid", notes, steady())
    score = symusic.Score(tmp_path / "song.mid")
    assert score.ticks_per_quarter == TICKS_PER_QUARTER
    found = sorted(
        (event.time, event.duration, -1 if track.is_drum else track.program, event.pitch, event.velocity)
        for track in score.tracks
        for event in track.notes
    )
    per_tick = SAMPLE_RATE / 2 / TICKS_PER_QUARTER
    assert len(found) == len(notes)
    expected = sorted(
        (round(n.start / per_tick), n.duration, -1 if n.drums else n.program, n.pitch, n.velocity) for n in notes
    )
    assert [row[0] for row in found] == [row[0] for row in expected]
    assert sorted(row[2:] for row in found) == sorted(row[2:] for row in expected)
    assert {track.name for track in score.tracks} >= {"drums: kit", "bass: finger bass", "melody: flute"}


def test_tempo_meter_and_key_come_back(tmp_path: Path) -> None:
    tempo = np.concatenate([np.full(50, 96.0), np.linspace(96, 140, 25), np.full(50, 140.0)])
    meter = np.concatenate([np.full(100, 4), np.full(25, 3)])
    timeline = marks([conditioning(tempo, meter, tonic=2, mode=1)])
    write_midi(tmp_path / "ramp.mid", [note(start=100 * FRAME_SIZE)], timeline)
    score = symusic.Score(tmp_path / "ramp.mid")
    assert score.tempos[0].qpm == pytest.approx(96, abs=0.01)
    assert score.tempos[-1].qpm == pytest.approx(140, abs=0.01)
    assert [(mark.numerator, mark.denominator) for mark in score.time_signatures] == [(4, 4), (3, 4)]
    # D minor has the one flat of F major.
    assert [(mark.key, mark.tonality) for mark in score.key_signatures] == [(-1, 1)]
    beats = float(np.sum(tempo[:100]) / 60 * FRAME_SIZE / SAMPLE_RATE)
    assert score.tracks[0].notes[0].time == pytest.approx(beats * TICKS_PER_QUARTER, abs=1)


def test_a_failed_write_leaves_nothing(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="at least one mark"):
        write_midi(tmp_path / "a.mid", [], [])
    with pytest.raises(OSError, match="missing"):
        write_midi(tmp_path / "missing" / "a.mid", [], steady())
    assert list(tmp_path.iterdir()) == []
