"""Groups of beats: how patterns fold onto them, and that they are heard."""

from __future__ import annotations

import pytest

from composed import ARRANGEMENTS
from segue.contract import TICKS_PER_BEAT
from segue.score.composer.bar import compose_bar
from segue.score.composer.harmony import half_bar
from segue.score.composer.meters import _KNOWN_GROUPS, bar_groups, folded_beats, group_starts
from segue.score.composer.progressions import PHRASE_BARS
from segue_rules.meters import EIGHTHS

GROUPS = ((2, 2, 3), (3, 2, 2), (2, 3, 2))


def loudness(name: str, groups: tuple[int, ...]) -> list[float]:
    """The sum of the velocities of what is struck on each beat of a bar, over a phrase."""
    row, beats = ARRANGEMENTS[name], [0.0] * sum(groups)
    for bar in range(PHRASE_BARS):
        for onset in compose_bar(row, row, 1, bar, sum(groups), 2, row.scale, groups=groups).onsets:
            nearest = round(onset.tick / TICKS_PER_BEAT)
            if abs(onset.tick / TICKS_PER_BEAT - nearest) < 0.12 and nearest < len(beats):
                beats[nearest] += onset.velocity
    return beats


@pytest.mark.parametrize("name", ["tavern", "exploration"])
def test_groups_are_heard(name: str) -> None:
    """A beat is louder in a meter in which a group begins on it than in another one of as many beats."""
    twos_first, three_first = loudness(name, (2, 2, 3)), loudness(name, (3, 2, 2))
    for head in (2, 4):
        assert twos_first[head] > 1.03 * three_first[head]
    for head in (3, 5):
        assert three_first[head] > 1.03 * twos_first[head]


@pytest.mark.parametrize("pattern", [2, 3, 4, 6, 8])
@pytest.mark.parametrize("groups", [*GROUPS, (3, 3), (4, 3), (3, 3, 2)])
def test_a_pattern_covers_every_beat_and_each_group_begins_on_a_strong_one(
    pattern: int, groups: tuple[int, ...]
) -> None:
    beats = folded_beats(sum(groups), pattern, 1, groups)
    assert len(beats) == sum(groups)
    assert {beats[start] % min(pattern, 4) for start in group_starts(groups)} <= ({0, 3} if pattern == 6 else {0, 2})


def test_groups_that_are_said_are_taken_and_fours_are_two_twos() -> None:
    assert bar_groups(7) == (2, 2, 3)
    assert bar_groups(7, (3, 4)) == (3, 2, 2)


def test_signatures_in_eighths_are_grouped_as_plain_meters_are_played() -> None:
    for beats, groups in EIGHTHS.items():
        assert _KNOWN_GROUPS[beats] == groups


@pytest.mark.parametrize(
    ("groups", "half"), [((2, 2, 3), 4), ((3, 2, 2), 3), ((3, 3), 3), ((2, 3), 2), ((3, 3, 3), 6), ((), 4)]
)
def test_the_second_half_of_a_bar_begins_with_a_group(groups: tuple[int, ...], half: int) -> None:
    assert half_bar(sum(groups) or 7, groups) == half
