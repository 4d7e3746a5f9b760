"""The search for a line: the keys through a phrase's notes that cost least.

A line costs what a listener would miss: steps, a leap recovered, one highest note, chord tones where the music rests,
foreign notes that pass, and no parallel fifths or octaves with the bass. A beam keeps the best beginnings. Equal inputs
give equal lines; nothing is drawn.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, NamedTuple

# Beginnings kept after each note. With 3 there are 4.0 % of parallels with the bass, with 10 2.5 %; 20 change nothing
# that can be measured over 120 phrases, and take 1.4 times the time.
_WIDTH: Final = 10
# For each semitone off the wanted key, and off the wanted interval.
_OFF_KEY: Final = 0.07
_OFF_INTERVAL: Final = 0.15
# The interval itself, by semitones: a note repeated, steps, thirds, a fourth, and so on.
_MOVES: Final = (0.8, 0.0, 0.0, 0.75, 0.8, 1.7, 3.4, 1.9, 2.6, 2.8, 4.0, 5.0, 2.8)
_TOO_WIDE: Final = 7.0
_FOURTH: Final = 5
# What is wanted costs less: a note that repeats in the motif, a leap of the motif.
_MEANT: Final = 0.55
_UNRESOLVED: Final = 4.0
_RECOVERED: Final = 1.0
_PARALLEL: Final = 3.0
_BACK_AND_FORTH: Final = 0.3
# Costs of a key at or above the highest note's, elsewhere.
_ABOVE_APEX: Final = 2.5
_PERFECT: Final = (0, 7)


class Target(NamedTuple):
    """What a note of the line is to be.

    Attributes:
        wanted: The motif's own key.
        keys: What may be played, with its cost.
        tones: The pitch classes of the chord.
        first, last: Beats of the phrase at which it sounds; first > last for none.
        closeness: How closely the motif's keys are kept: 1 an invention, more for a theme.
    """

    wanted: int
    keys: tuple[tuple[int, float], ...]
    tones: tuple[int, ...]
    first: int
    last: int
    closeness: float = 1.0


class _Node(NamedTuple):
    cost: float
    key: int
    move: int
    passing: bool
    # The key at the last beat at which the line sounded.
    beat_key: int
    path: tuple[object, int] | None


def best_line(targets: Sequence[Target], start: int, bass: Sequence[int]) -> list[int]:
    """Return a key for each target.

    Args:
        start: The key from which the line comes.
        bass: The lowest key at each beat of the phrase, -1 for none.
    """
    beam = [_Node(0.0, start, 0, False, -1, None)]
    wanted = start
    covered = -1
    for target in targets:
        meant = target.wanted - wanted
        steps, leaps = abs(meant) <= 2, abs(meant) >= _FOURTH
        # A theme may be foreign to the chord as long as its own intervals are kept.
        unresolved = _UNRESOLVED / target.closeness
        before, here = _bass_moves(target, covered, bass)
        reached: dict[tuple[int, int, bool, int], _Node] = {}
        for node in beam:
            was = node.key
            leapt = node.move if abs(node.move) >= _FOURTH else 0
            for key, own in target.keys:
                move = key - was
                wide = abs(move)
                passing = key % 12 not in target.tones
                cost = node.cost + own + target.closeness * _OFF_INTERVAL * min(12, abs(move - meant))
                price = _MOVES[wide] if wide < len(_MOVES) else _TOO_WIDE
                cost += price * (_MEANT if (leaps and wide >= 3) or (meant == 0 and wide == 0) else 1.0)
                if wide > 2:
                    cost += unresolved * (passing + node.passing)
                elif wide == 0 and node.passing:
                    cost += unresolved / 2
                if leapt:
                    back = 0 < wide <= 2 and (move > 0) != (leapt > 0)
                    cost += -_RECOVERED if back else _RECOVERED if not leaps else 0.5 * _RECOVERED
                elif move and move == -node.move and not steps:
                    cost += _BACK_AND_FORTH
                if before >= 0 and key != node.beat_key >= 0:
                    kept = (node.beat_key - before) % 12
                    if kept in _PERFECT and (key - here) % 12 == kept:
                        cost += _PARALLEL
                beat_key = key if target.first <= target.last else node.beat_key
                state = (key, 0 if wide < _FOURTH else move, passing, beat_key)
                if state not in reached or cost < reached[state].cost:
                    reached[state] = _Node(cost, key, move, passing, beat_key, (node.path, key))
        beam = sorted(reached.values(), key=lambda node: node.cost)[:_WIDTH]
        wanted = target.wanted
        if target.first <= target.last:
            covered = target.last
    line: list[int] = []
    path = beam[0].path
    while path is not None:
        rest, key = path
        line.append(key)
        path = rest  # type: ignore[assignment]
    return line[::-1]


def _bass_moves(target: Target, covered: int, bass: Sequence[int]) -> tuple[int, int]:
    """Return the bass's keys a beat before the target and with it, where both voices can move there; else (-1, -1)."""
    first = target.first
    # Over a rest of a beat, parallels are still heard.
    if first > target.last or first < 1 or covered < max(0, first - 2) or first >= len(bass):
        return -1, -1
    before, here = bass[first - 1], bass[first]
    return (before, here) if before >= 0 and here >= 0 and before != here else (-1, -1)


def priced(
    keys: Sequence[int], wanted: int, closeness: float, apex: int, is_apex: bool
) -> tuple[tuple[int, float], ...]:
    """Return keys with what they cost by themselves: far from the wanted one, at the height of the apex."""
    return tuple(
        (
            key,
            closeness * _OFF_KEY * abs(key - wanted) + (_ABOVE_APEX if key >= apex and not is_apex else 0.0),
        )
        for key in keys
    )
