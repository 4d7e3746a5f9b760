"""Degrees to chords, steps to keys."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from segue.contract import MODES
from segue.score.composer.theory import chord, chord_step, fit_range, nearest_step, place, step_pitch

DEGREES = tuple("1234567")


@pytest.mark.parametrize(
    ("token", "tonic", "mode", "name", "tones"),
    [
        ("1", 2, "minor", "Dm", {2, 5, 9}),
        ("5M7", 2, "minor", "A7", {9, 1, 4, 7}),
        ("5", 0, "major", "G", {7, 11, 2}),
        ("b2", 2, "minor", "Eb", {3, 7, 10}),
        ("7", 0, "major", "G", {7, 11, 2}),  # the leading tone's triad gives way to the dominant
        ("5s", 0, "major", "Gsus4", {7, 0, 2}),
        ("1s", 0, "lydian", "C", {0, 4, 7}),  # a suspended fourth must be perfect
        ("4s", 0, "lydian", "Dsus4", {2, 7, 9}),
        ("19", 0, "major", "Cadd9", {0, 4, 7, 2}),
        ("17", 0, "major", "Cadd9", {0, 4, 7, 2}),  # a major seventh would rub against the bass
        ("17", 0, "dorian", "Cm7", {0, 3, 7, 10}),
        ("b7", 0, "major", "Bb", {10, 2, 5}),
        ("1M", 9, "minor", "A", {9, 1, 4}),
    ],
)
def test_tokens(token: str, tonic: int, mode: str, name: str, tones: set[int]) -> None:
    found = chord(token, tonic, mode)
    assert found.name == name
    assert set(found.tones) == tones
    assert found.tones[0] == found.root


@pytest.mark.parametrize("mode", MODES)
def test_no_chord_is_diminished_or_dissonant_with_its_bass(mode: str) -> None:
    for token in (degree + colour for degree in DEGREES for colour in ("", "M", "7", "9", "s", "5")):
        found = chord(token, 4, mode)
        intervals = {(tone - found.root) % 12 for tone in found.tones}
        assert 7 in intervals
        assert not intervals & {1, 6, 11}
        assert {tone % 12 for tone in found.tones} <= {(found.tonic + step) % 12 for step in found.steps}


@pytest.mark.parametrize("token", ["", "8", "0", "1x", "bb2", "1/4"])
def test_an_invalid_token_is_refused(token: str) -> None:
    with pytest.raises(ValueError, match="expected a chord"):
        chord(token, 0, "major")


@given(st.sampled_from(DEGREES), st.integers(0, 11), st.sampled_from(MODES), st.integers(20, 75))
def test_steps_and_keys(token: str, tonic: int, mode: str, index: int) -> None:
    found = chord(token, tonic, mode)
    pitch = step_pitch(found, index)
    assert nearest_step(found, pitch) == index
    assert step_pitch(found, index + 7) == pitch + 12
    assert step_pitch(found, chord_step(found, index, 1)) % 12 in found.tones


@given(st.integers(0, 11), st.integers(0, 127))
def test_place_finds_the_nearest_key(pitch_class: int, near: int) -> None:
    assert place(pitch_class, near) % 12 == pitch_class
    assert abs(place(pitch_class, near) - near) <= 6


@given(st.integers(0, 127), st.integers(20, 80), st.integers(11, 40))
def test_fit_range_moves_by_octaves(pitch: int, low: int, span: int) -> None:
    fitted = fit_range(pitch, low, low + span)
    assert low <= fitted <= low + span
    assert (fitted - pitch) % 12 == 0
