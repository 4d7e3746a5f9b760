"""Transition rows: which one a change takes, and how long it may have to wait there."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Set

from segue_rules.director.transitions import choose_row
from segue_rules.model import BUILT_IN_TRANSITION, FRAME_RATE, Binding, Layer, LayerState, Music, Rules, Transition


def row_between(rules: Rules, layer: Layer, source: LayerState, target: LayerState) -> Transition:
    """The most specific row that fits the change."""
    rows = (*rules.transitions, BUILT_IN_TRANSITION)
    return rows[choose_row(rows, layer.name, source.name, target.name)]


def taken_rows(rules: Rules, states: Mapping[str, Set[str]]) -> tuple[Transition, ...]:
    """The rows that some change takes, in file order. states: each layer's reachable ones."""
    taken = [
        row_between(rules, layer, source, target)
        for layer in rules.layers
        for source in layer.states
        for target in layer.states
        if source is not target and {source.name, target.name} <= states[layer.name]
    ]
    return tuple(row for row in rules.transitions if any(row is other for other in taken))


def describe(row: Transition) -> str:
    """A row's pattern in words, as a finding's `where`."""
    layer = f'layer "{row.layer}", ' if row.layer is not None else ""
    return f'{layer}transition from "{row.from_state or "any"}" to "{row.to_state or "any"}"'


def longest_wait(rules: Rules, row: Transition) -> int:
    """For how many frames a change may have to wait for its boundary, at the file's slowest tempo and longest bar."""
    beats = {"immediate": 0, "beat": 1, "bar": row.at.every * max(_meters(rules))}[row.at.unit]
    frames = math.ceil(beats * 60 / min(_tempos(rules)) * FRAME_RATE)
    return frames if row.max_wait_frames is None else min(frames, row.max_wait_frames)


def _all_music(rules: Rules) -> Iterator[Music]:
    yield rules.music
    for layer in rules.layers:
        for state in layer.states:
            yield state.music


def _tempos(rules: Rules) -> Iterator[float]:
    for music in _all_music(rules):
        if isinstance(music.tempo_bpm, Binding):
            yield from (tempo for _, tempo in music.tempo_bpm.curve)
        elif music.tempo_bpm is not None:
            yield music.tempo_bpm


def _meters(rules: Rules) -> Iterator[int]:
    return (music.meter for music in _all_music(rules) if music.meter is not None)
