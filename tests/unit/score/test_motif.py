"""Motifs: notes to degrees, transformations, bytes."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from segue.score.composer.motif import (
    GRID,
    MOST_BEATS,
    Motif,
    MotifNote,
    PlayedNote,
    key_of,
    motif_of,
    unpack,
)

# The first line of "Ode to Joy", and of "Greensleeves" with its upbeat.
ODE = [PlayedNote(float(beat), 1.0, pitch) for beat, pitch in enumerate((64, 64, 65, 67, 67, 65, 64, 62, 60, 60, 62))]
ODE += [PlayedNote(11.0, 1.0, 64), PlayedNote(12.0, 1.5, 64), PlayedNote(13.5, 0.5, 62), PlayedNote(14.0, 2.0, 62)]
GREEN = [
    PlayedNote(2.0, 1.0, 69), PlayedNote(3.0, 2.0, 72), PlayedNote(5.0, 1.0, 74), PlayedNote(6.0, 1.5, 76),
    PlayedNote(7.5, 0.5, 77), PlayedNote(8.0, 1.0, 76), PlayedNote(9.0, 2.0, 74), PlayedNote(11.0, 1.0, 71),
    PlayedNote(12.0, 1.5, 67), PlayedNote(13.5, 0.5, 69), PlayedNote(14.0, 1.0, 71), PlayedNote(15.0, 2.0, 69),
]  # fmt: skip


@st.composite
def motifs(draw: st.DrawFn) -> Motif:
    at = 0
    notes = []
    for _ in range(draw(st.integers(1, 20))):
        at += draw(st.integers(0, 30))
        length = draw(st.integers(1, 48))
        notes.append(MotifNote(at, length, draw(st.integers(-12, 16)), draw(st.integers(0, 2))))
        at += length
    return Motif(tuple(notes), -(-at // GRID) * GRID)


def test_notes_become_degrees_of_the_key() -> None:
    ode = motif_of(ODE, tonic=0, mode="major")
    assert [note.degree for note in ode.notes] == [2, 2, 3, 4, 4, 3, 2, 1, 0, 0, 1, 2, 2, 1, 1]
    assert ode.rhythm == (*[GRID] * 12, 36, 12, 2 * GRID)
    assert ode.beats == 16


def test_a_motif_is_the_same_in_every_key_and_octave() -> None:
    there = [note._replace(pitch=note.pitch + 5 - 12) for note in ODE]
    assert motif_of(there, tonic=5, mode="major") == motif_of(ODE, tonic=0, mode="major")


def test_rests_before_the_first_beat_are_left_out_and_others_kept() -> None:
    motif = motif_of([PlayedNote(4.5, 0.5, 60), PlayedNote(7.0, 0.5, 62)], tonic=0, mode="major")
    assert [(note.start, note.length) for note in motif.notes] == [(12, 12), (72, 12)]
    assert motif.span == 4 * GRID


def test_of_notes_together_the_highest_stays_and_a_note_ends_where_the_next_starts() -> None:
    notes = [PlayedNote(0.0, 4.0, 60), PlayedNote(0.02, 4.0, 67), PlayedNote(1.0, 1.0, 65)]
    motif = motif_of(notes, tonic=0, mode="major")
    assert [(note.start, note.length, note.degree) for note in motif.notes] == [(0, GRID, 4), (GRID, GRID, 3)]


def test_foreign_pitches_take_the_nearest_degree() -> None:
    motif = motif_of([PlayedNote(0, 1, 69), PlayedNote(1, 1, 68), PlayedNote(2, 1, 69)], tonic=9, mode="minor")
    assert [note.degree % 7 for note in motif.notes] == [0, 6, 0]


def test_the_key_is_found() -> None:
    answer = [note._replace(start=note.start + 16) for note in ODE]
    answer[-3:] = [PlayedNote(28.0, 1.5, 62), PlayedNote(29.5, 0.5, 60), PlayedNote(30.0, 2.0, 60)]
    assert key_of([*ODE, *answer]) == (0, "major")
    assert key_of(GREEN) == (9, "minor")


def test_velocities_become_accents() -> None:
    notes = [PlayedNote(0, 1, 60, 110), PlayedNote(1, 1, 62, 90), PlayedNote(2, 1, 64, 64)]
    assert [note.accent for note in motif_of(notes, tonic=0, mode="major").notes] == [2, 1, 0]


@given(motifs())
def test_packing_keeps_everything(motif: Motif) -> None:
    packed = motif.pack()
    assert unpack(packed) == motif
    assert unpack(packed).key == motif.key
    assert len(packed) == 3 + 5 * len(motif.notes)


@given(st.binary(max_size=40))
def test_bytes_without_a_motif_are_refused(data: bytes) -> None:
    try:
        motif = unpack(data)
    except ValueError:
        return
    assert motif.pack() == data


@given(motifs(), st.integers(-9, 9))
def test_transformations_keep_what_they_should(motif: Motif, degrees: int) -> None:
    assert motif.sequence(degrees).contour == motif.contour
    assert motif.sequence(degrees).rhythm == motif.rhythm
    assert motif.inversion().contour == tuple(-step for step in motif.contour)
    assert motif.inversion().inversion().contour == motif.contour
    assert motif.retrograde().rhythm == motif.rhythm
    assert motif.retrograde().retrograde() == motif
    longer = motif.augmentation()
    count = len(longer.notes)
    assert longer.rhythm[: count - 1] == tuple(2 * gap for gap in motif.rhythm[: count - 1])
    assert longer.diminution().notes[: count - 1] == motif.notes[: count - 1]


@given(motifs(), st.integers(1, 8), st.integers(0, 4))
def test_a_fragment_is_a_part_of_the_motif(motif: Motif, beats: int, begin: int) -> None:
    part = motif.fragment(beats, begin)
    whole = [(note.start, note.degree) for note in motif.notes]
    assert part.span == beats * GRID
    kept = [(note.start + begin * GRID, note.degree) for note in part.notes]
    assert set(kept) <= set(whole) or kept == [(begin * GRID, motif.notes[0].degree)]


@pytest.mark.parametrize(
    ("notes", "span", "message"),
    [
        ((), GRID, "1 to 64 notes"),
        ((MotifNote(0, 1, 0),) * 65, GRID, "1 to 64 notes"),
        ((MotifNote(0, GRID, 0), MotifNote(12, 6, 1)), 2 * GRID, "from 1 beats on"),
        ((MotifNote(0, GRID, 40),), GRID, "within bounds"),
        ((MotifNote(0, 2 * GRID, 0),), GRID, "within 1 beats"),
        ((MotifNote(0, GRID, 0),), (MOST_BEATS + 1) * GRID, "whole beats"),
        ((MotifNote(0, 12, 0),), 12, "whole beats"),
    ],
)
def test_what_is_no_motif_is_refused(notes: tuple[MotifNote, ...], span: int, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        Motif(notes, span)


def test_a_motif_needs_a_note() -> None:
    with pytest.raises(ValueError, match="at least one note"):
        motif_of([], tonic=0, mode="major")
