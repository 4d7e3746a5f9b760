"""Endings: music that falls silent closes with a cadence and a last chord, and begins anew afterward."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from contract.generators import conditioning
from segue.contract import FRAME_SIZE, Conditioning, NoteEvent
from segue.score.composer.arrange import arrange
from segue.score.composer.conductor import advance
from segue.score.composer.form import Form
from segue.score.generator import moments
from segue.style.points import POINTS

# At 120 bpm a beat is 12.5 frames and a bar 50.
FRAMES, SILENT, BEAT = 320, 200, 12.5
DOMINANT = SILENT - 2 * BEAT
D_MINOR, A_MAJOR = {2, 5, 9}, {9, 1, 4}


def silence(*, known: int = 50, begin: int = SILENT, end: int = FRAMES, withdrawn: int | None = None) -> Conditioning:
    """Return conditioning in D minor that is silent in frames [begin, end), known so many frames before."""
    asked = conditioning(np.ones((FRAMES, 1)), tempo_bpm=120, tonic=2, mode="minor", intensity=0.6)
    frames = np.arange(FRAMES)
    silent = (frames >= begin) & (frames < end)
    announced = (frames >= begin - known) & (frames <= begin)
    if withdrawn is not None:
        silent, announced = np.zeros(FRAMES, np.bool_), announced & (frames < withdrawn)
    to_change = np.where(announced, begin - frames, -1).astype(np.int32)
    return replace(asked, silent=silent, next_silent=silent | announced, to_change=to_change)


def performed(style: str, asked: Conditioning, seed: int = 1) -> tuple[list[Form], list[NoteEvent]]:
    row = arrange(POINTS[style].profile)
    form, forms, notes = Form(seed=seed, frame=0), [], []
    for moment in moments(asked, (row.name,), {row.name: row}):
        form, started = advance(form, moment)
        forms.append(form)
        notes.extend(started)
    return forms, notes


def pitches(notes: list[NoteEvent], frame: float, *, until: float | None = None) -> set[int]:
    """Return the pitch classes of the notes that start in [frame, until), by default in a frame."""
    low, high = frame * FRAME_SIZE - 1, (frame + 1 if until is None else until) * FRAME_SIZE - 1
    return {note.pitch % 12 for note in notes if not note.drums and low <= note.start < high}


@pytest.mark.parametrize("style", ["calm", "town", "combat", "boss", "sad"])
def test_an_announced_silence_is_reached_by_a_cadence(style: str) -> None:
    """The dominant sounds for two beats, then the last chord; before, the music is as without the silence."""
    _, notes = performed(style, silence())
    _, onward = performed(style, silence(known=0, begin=FRAMES))
    early = DOMINANT * FRAME_SIZE - 1
    started = [(note.start, note.pitch) for note in notes if note.start < early]
    assert started == [(note.start, note.pitch) for note in onward if note.start < early]
    assert pitches(notes, DOMINANT) <= A_MAJOR
    assert 9 in pitches(notes, DOMINANT)
    assert pitches(notes, DOMINANT + 1, until=SILENT) == set()
    assert pitches(notes, SILENT) <= D_MINOR
    assert {2, 5} <= pitches(notes, SILENT)
    assert pitches(notes, SILENT + 1, until=FRAMES) == set()
    assert not [note for note in notes if note.drums and note.start >= (SILENT + 1) * FRAME_SIZE]


def test_no_note_sounds_on_into_the_cadence() -> None:
    """Notes that begin in the bar before end where the dominant begins, and the dominant's with the last chord."""
    _, notes = performed("calm", silence())
    for begin, end in ((150, DOMINANT), (DOMINANT, SILENT)):
        held = [note for note in notes if begin * FRAME_SIZE <= note.start < end * FRAME_SIZE - 1]
        assert held
        assert max(note.start + note.duration for note in held) <= end * FRAME_SIZE + 480


@pytest.mark.parametrize("begin", [200, 207])
def test_without_notice_the_last_chord_is_on_the_next_beat(begin: int) -> None:
    _, notes = performed("town", silence(known=0, begin=begin))
    beat = -(-begin // BEAT) * BEAT
    assert {2, 5} <= pitches(notes, beat) <= D_MINOR
    assert pitches(notes, beat + 1, until=FRAMES) == set()


def test_a_withdrawn_silence_leaves_the_music_to_go_on() -> None:
    forms, notes = performed("town", silence(withdrawn=190))
    assert forms[-1].ending == forms[-1].closing == -1
    assert pitches(notes, SILENT, until=FRAMES)
    late = silence(withdrawn=160)
    _, onward = performed("town", replace(late, next_silent=late.silent, to_change=np.full(FRAMES, -1, np.int32)))
    _, notes = performed("town", late)
    # Notes that began while it was announced may be shorter.
    assert [(note.start, note.pitch) for note in notes] == [(note.start, note.pitch) for note in onward]


def test_music_begins_anew_after_the_silence() -> None:
    forms, notes = performed("town", silence(end=260))
    assert pitches(notes, SILENT + 1, until=259) == set()
    assert pitches(notes, 260, until=FRAMES)
    assert forms[-1].ending == -1


def test_music_that_begins_in_silence_does_not_strike_a_last_chord() -> None:
    _, notes = performed("town", silence(known=0, begin=0, end=100))
    assert min(note.start for note in notes) >= 99 * FRAME_SIZE
