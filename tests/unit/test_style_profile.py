"""Style profiles: what is refused, keys, distances, blends."""

from __future__ import annotations

from dataclasses import fields, replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from segue.contract import MODES
from segue.style.points import POINTS
from segue.style_profile import CHOICES, RANGES, SCALES, Ensemble, StyleProfile, blend, distance

PROFILES = [style.profile for style in POINTS.values()]
PLAIN = StyleProfile(ensemble=Ensemble(melody=("piano",)), layout="solo")
profiles = st.sampled_from(PROFILES)


def test_the_axes_are_all_fields() -> None:
    assert {*CHOICES, *RANGES, "ensemble", "meter"} == {field.name for field in fields(StyleProfile)}
    assert SCALES[: len(MODES)] == MODES


@pytest.mark.parametrize(
    ("axis", "value", "expected"),
    [
        ("layout", "waltz", "layout: expected one of"),
        ("tempo_bpm", 29.9, "tempo_bpm: expected 30 to 300, got 29.9"),
        ("tempo_bpm", float("nan"), "tempo_bpm: expected 30 to 300, got nan"),
        ("tempo_bpm", "90", "tempo_bpm: expected 30 to 300, got '90'"),
        ("density", True, "density: expected 0 to 1, got True"),
        ("meter", 8, "meter: expected one of 2, 3, 4, 5, 6, 7, 9, 11, 12, got 8"),
        ("meter", 4.0, "meter: expected one of"),
        ("ensemble", None, "ensemble: expected an Ensemble, got None"),
    ],
)
def test_values_that_no_style_has_are_refused(axis: str, value: object, expected: str) -> None:
    with pytest.raises(ValueError, match=expected):
        replace(PLAIN, **{axis: value})


@pytest.mark.parametrize(
    ("names", "expected"),
    [(("theremin",), "melody: 'theremin' is no instrument"), (["cello"], "melody: expected a tuple")],
)
def test_ensembles_of_unknown_instruments_are_refused(names: object, expected: str) -> None:
    with pytest.raises(ValueError, match=expected):
        Ensemble(melody=names)  # type: ignore[arg-type]


def test_equal_profiles_have_one_key() -> None:
    for axis, one, other in (("tempo_bpm", 100, 100.0), ("register", -0.0, 0.0)):
        first, second = replace(PLAIN, **{axis: one}), replace(PLAIN, **{axis: other})
        assert first == second
        assert first.key == second.key
    assert replace(PLAIN, tempo_bpm=101).key != PLAIN.key


def test_named_styles_have_different_keys() -> None:
    assert len({profile.key for profile in PROFILES}) == len(set(PROFILES))


@given(profiles, profiles)
def test_a_distance_is_symmetric_between_0_and_1(one: StyleProfile, other: StyleProfile) -> None:
    assert distance(one, other) == pytest.approx(distance(other, one), abs=1e-12)
    assert (distance(one, other) > 0) == (one != other)
    assert distance(one, other) <= 1


def test_two_ends_of_every_axis_are_a_distance_of_1_apart() -> None:
    low, high = (
        StyleProfile(
            ensemble=Ensemble(melody=(instrument,)),
            meter=meter,
            **{axis: words[place] for axis, words in CHOICES.items()},
            **{axis: (bounds.low, bounds.high)[place] for axis, bounds in RANGES.items()},
        )
        for place, instrument, meter in ((0, "piano", 3), (1, "cello", 4))
    )
    assert distance(low, high) == pytest.approx(1.0)


@given(profiles, profiles, st.floats(0, 1))
def test_numbers_of_a_blend_lie_between(one: StyleProfile, other: StyleProfile, share: float) -> None:
    mixed = blend([one, other], [share, 1 - share])
    for axis in RANGES:
        ends = sorted((getattr(one, axis), getattr(other, axis)))
        assert ends[0] - 1e-3 <= getattr(mixed, axis) <= ends[1] + 1e-3
    heavier = one if share >= 0.5 else other
    assert all(getattr(mixed, axis) == getattr(heavier, axis) for axis in (*CHOICES, "meter", "ensemble"))


def test_a_tempo_is_blended_by_its_logarithm() -> None:
    assert blend([replace(PLAIN, tempo_bpm=60), replace(PLAIN, tempo_bpm=240)], [1, 1]).tempo_bpm == pytest.approx(120)


@pytest.mark.parametrize("weights", [[], [1], [1, -1], [0, 0], [1, float("nan")], [1, float("inf")]])
def test_weights_that_do_not_fit_are_refused(weights: list[float]) -> None:
    with pytest.raises(ValueError, match="weights: expected 2"):
        blend([PLAIN, PLAIN], weights)
    with pytest.raises(ValueError, match="weights: expected 0"):
        blend([], [])
