"""How the beats of a bar form groups, and patterns of few beats folded onto any bar."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

# Which beat of a pattern each beat of a bar takes, by the pattern's beats and the bar's. Bars that hold a pattern a
# whole number of times repeat it.
_FOLDS: Final[dict[int, dict[int, tuple[int, ...]]]] = {
    2: {1: (0,), 3: (0, 1, 1), 5: (0, 1, 1, 0, 1), 7: (0, 1, 0, 1, 0, 1, 1), 9: (0, 1, 1) * 3},
    3: {1: (0,), 2: (0, 2), 4: (0, 1, 2, 2), 5: (0, 1, 2, 0, 2), 7: (0, 1, 2, 0, 2, 0, 2)},
    # 3 = down, middle, last; 5 = 3 + 2; 6 = twice 3; 7 = 4 + 3; 11 = three times 3 and 2.
    4: {
        1: (0,),
        2: (0, 3),
        3: (0, 1, 3),
        5: (0, 1, 3, 2, 3),
        6: (0, 1, 3, 2, 1, 3),
        7: (0, 1, 2, 3, 0, 1, 3),
        9: (0, 1, 3, 2, 1, 3, 2, 1, 3),
        11: (0, 1, 3, 2, 1, 3, 2, 1, 3, 2, 3),
    },
    6: {
        1: (0,),
        2: (0, 3),
        3: (0, 1, 2),
        4: (0, 2, 3, 5),
        5: (0, 1, 2, 3, 5),
        7: (0, 1, 2, 3, 4, 5, 5),
        9: (0, 1, 2, 3, 4, 5, 3, 4, 5),
    },
}


# How a group of each size takes a pattern: from the pattern's first beat, and from its middle.
_GROUP_FOLDS: Final[dict[int, dict[int, tuple[tuple[int, ...], tuple[int, ...]]]]] = {
    2: {2: ((0, 1), (0, 1)), 3: ((0, 1, 1), (0, 1, 1)), 4: ((0, 1, 0, 1), (0, 1, 0, 1))},
    3: {2: ((0, 2), (0, 2)), 3: ((0, 1, 2), (0, 1, 2)), 4: ((0, 1, 2, 2), (0, 1, 2, 2))},
    4: {2: ((0, 1), (2, 3)), 3: ((0, 1, 3), (2, 1, 3)), 4: ((0, 1, 2, 3), (2, 1, 2, 3))},
    6: {2: ((0, 2), (3, 5)), 3: ((0, 1, 2), (3, 4, 5)), 4: ((0, 2, 3, 5), (3, 5, 3, 5))},
}
_KNOWN_GROUPS: Final = {
    1: (1,),
    3: (3,),
    5: (3, 2),
    6: (3, 3),
    7: (2, 2, 3),
    9: (3, 3, 3),
    11: (3, 3, 3, 2),
    12: (3, 3, 3, 3),
}


def bar_groups(meter: int, said: tuple[int, ...] = ()) -> tuple[int, ...]:
    """Return the groups of two or three beats in a bar: 5 is 3 + 2, 7 is 2 + 2 + 3.

    Args:
        said: The groups of the bar if the rules say them. One of four beats is two of two.
    """
    if said:
        return tuple(part for size in said for part in ((2, 2) if size == 4 else (size,)))
    return _KNOWN_GROUPS.get(meter) or (2,) * (meter // 2 - meter % 2) + (3,) * (meter % 2)


def group_starts(groups: tuple[int, ...]) -> Iterator[int]:
    """Yield the beats on which groups begin."""
    start = 0
    for size in groups:
        yield start
        start += size


def folded_beats(meter: int, pattern: int = 4, bar: int = 0, groups: tuple[int, ...] = ()) -> tuple[int, ...]:
    """Return the beat of a pattern that each beat of a bar takes.

    Args:
        meter: Beats of the bar.
        pattern: Beats of the pattern: 2, 3, 4, 6, or 8 for two bars of four.
        bar: Which half a pattern of two bars is at: the first in even bars.
        groups: Those of the bar if the rules say them. Each begins on a strong beat of the pattern.
    """
    if pattern == 8:
        return tuple(beat + 4 * (bar % 2) for beat in folded_beats(meter, groups=groups))
    if groups:
        folds = _GROUP_FOLDS[pattern]
        return tuple(beat for index, size in enumerate(groups) for beat in folds[size][index % 2])
    return _FOLDS[pattern].get(meter) or tuple(beat % pattern for beat in range(meter))
