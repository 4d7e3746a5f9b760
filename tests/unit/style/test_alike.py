"""Styles that play alike are found by their profiles, however they are worded."""

from __future__ import annotations

from dataclasses import replace
from itertools import combinations

import pytest

from segue.style.alike import ALIKE, alike
from segue.style.points import POINTS
from segue.style.reader import StyleReader
from segue.style.word_table import WordEncoder
from segue.style_profile import CHOICES, StyleProfile, distance

READER = StyleReader([WordEncoder()])


def profiles(**texts: str) -> dict[str, StyleProfile]:
    return {name: READER.read_text(text).profile for name, text in texts.items()}


def test_styles_in_other_words_are_alike_and_different_ones_are_not() -> None:
    styles = profiles(
        war="epic boss fight, huge choir", last="huge choir, boss fight, epic", battle="driving taiko drums and brass"
    )
    assert [(one, other) for one, other, _ in alike(styles)] == [("war", "last")]


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("sad solo piano", "sad solo cello"),
        ("techno, 124 bpm", "techno, 150 bpm"),
        ("calm harp in dorian", "calm harp in lydian"),
        ("jazz with swing", "jazz with bossa beat"),
        ("folk, fiddle", "folk, flute"),
        ("calm piano with harp", "calm piano with strings"),
    ],
)
def test_another_instrument_groove_scale_or_tempo_is_not_alike(one: str, other: str) -> None:
    assert alike(profiles(one=one, other=other)) == []


def test_pairs_within_the_threshold_are_all_found_the_most_alike_first() -> None:
    # One choice sets profiles at least as far apart as the greatest threshold, so groups by choices lose no pair.
    styles = {name: style.profile for name, style in POINTS.items()}
    styles |= {f"{name} again": replace(profile, tempo_bpm=profile.tempo_bpm + 1) for name, profile in styles.items()}
    found = alike(styles, 0.08)
    expected = {
        frozenset(pair)
        for pair in combinations(styles, 2)
        if distance(styles[pair[0]], styles[pair[1]]) < 0.08
        and 1 / 1.08 <= styles[pair[0]].tempo_bpm / styles[pair[1]].tempo_bpm <= 1.08
    }
    assert {frozenset(pair[:2]) for pair in found} == expected
    assert [apart for _, _, apart in found] == sorted(apart for _, _, apart in found)


def test_many_styles_of_one_profile_are_compared_once(monkeypatch: pytest.MonkeyPatch) -> None:
    compared = []

    def counted(one: StyleProfile, other: StyleProfile) -> float:
        compared.append((one, other))
        return distance(one, other)

    monkeypatch.setattr("segue.style.alike.distance", counted)
    three = profiles(one="calm piano, 80 bpm", two="calm piano, 81 bpm", far="calm piano, 140 bpm")
    styles = {f"{name} {i}": profile for i in range(20) for name, profile in three.items()}
    found = alike(styles)
    # One with itself, one with two and the reverse, two with itself, far with itself; far is too fast for the others.
    assert len(compared) <= 5
    near = [f"{name} {i}" for i in range(20) for name in ("one", "two")]
    far = [f"far {i}" for i in range(20)]
    assert {pair[:2] for pair in found} == {*combinations(near, 2), *combinations(far, 2)}


def test_each_choice_that_styles_are_grouped_by_outweighs_the_threshold() -> None:
    profile = POINTS["calm"].profile
    for axis in ("layout", "groove", "scale"):
        other = next(word for word in CHOICES[axis] if word != getattr(profile, axis))
        assert distance(profile, replace(profile, **{axis: other})) >= 0.08 > ALIKE
