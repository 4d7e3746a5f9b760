"""States that can never start: contradictions, states always beaten, triggers that are over too soon."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Set
from typing import Final

from segue_rules.analysis.finding import Finding, seconds, state_finding
from segue_rules.analysis.satisfiability import ConditionSolver, whole
from segue_rules.director.layers import choose_row
from segue_rules.model import (
    BUILT_IN_TRANSITION,
    FRAME_RATE,
    All,
    Any,
    Binding,
    Condition,
    Fired,
    Layer,
    LayerState,
    Music,
    Not,
    Rules,
    Transition,
)

# A live session reaches about this far ahead: a change may not start before what is already on its way to the player.
REACH_FRAMES: Final = 25


class Reachability:
    """Which states can ever be active. states: by layer. findings: why the others cannot."""

    def __init__(self, rules: Rules) -> None:
        self._rules = rules
        self.solver = ConditionSolver(rules)
        self.states: dict[str, set[str]] = {layer.name: {s.name for s in layer.states} for layer in rules.layers}
        found: list[Finding] = []
        # A state that only an unreachable one would let start cannot be reached either: go round until nothing falls.
        while new := [finding for layer in rules.layers for finding in self._prune(layer)]:
            found += new
        found += [finding for layer in rules.layers for finding in self._late_triggers(layer)]
        self.findings: tuple[Finding, ...] = tuple(found)

    def states_of(self, layer: Layer) -> Iterator[LayerState]:
        """The layer's states that can be active, in file order."""
        return (state for state in layer.states if state.name in self.states[layer.name])

    def _prune(self, layer: Layer) -> Iterator[Finding]:
        for state in list(self.states_of(layer)):
            finding = None if state.default else self._hindrance(layer, state)
            if finding is not None:
                self.states[layer.name].discard(state.name)
                yield finding

    def _hindrance(self, layer: Layer, state: LayerState) -> Finding | None:
        if not self.solver.can_hold(whole(state), self.states):
            text = "can never start: there is no way for `when` to hold without `unless`"
            if state.unless is None:
                text = "can never start: there is no way for all of `when` to hold"
            return state_finding(layer, state, "unreachable_state", text)
        window = _longest_run(state)
        if window - 1 < state.attack_frames:
            text = (
                f"can never start: its trigger holds for {seconds(window)}, its attack takes "
                f"{seconds(state.attack_frames)}; stretch the trigger with `for` or drop the attack"
            )
            return state_finding(layer, state, "trigger_too_short", text)
        for other in self.states_of(layer):
            if self._shadows(layer, other, state):
                text = (
                    f'can never start: whenever it could, "{other.name}" can too and comes first; '
                    "raise its priority or narrow the other's condition"
                )
                return state_finding(layer, state, "shadowed_state", text)
        return None

    def _shadows(self, layer: Layer, other: LayerState, state: LayerState) -> bool:
        """Whether `other` is eligible and ranks higher whenever `state` is."""
        if other is state or other.default or other.cooldown_frames or other.attack_frames > state.attack_frames:
            return False
        earlier = layer.states.index(other) < layer.states.index(state)
        if (other.priority, earlier) < (state.priority, True):
            return False
        return not self.solver.can_hold(All(of=(whole(state), Not(of=whole(other)))), self.states)

    def _late_triggers(self, layer: Layer) -> Iterator[Finding]:
        """States whose trigger may be over before the change has come to its boundary."""
        for state in self.states_of(layer):
            window = math.inf if state.default else _longest_run(state) - state.attack_frames
            for other in self.states_of(layer):
                row = row_between(self._rules, layer, other, state)
                wait = longest_wait(self._rules, row) + REACH_FRAMES
                if other is not state and window < wait:
                    text = (
                        f"may never start: its trigger holds for {seconds(window)}, but from "
                        f'"{other.name}" a change at {row.at} may take {seconds(wait)} to reach the player; '
                        "stretch the trigger with `for`"
                    )
                    yield state_finding(layer, state, "trigger_too_short", text)
                    break


def _longest_run(state: LayerState) -> float:
    """For how many frames at most one firing of its triggers keeps C true; infinite where no trigger is needed."""
    return math.inf if state.when is None else _run(state.when)


def _run(condition: Condition) -> float:
    match condition:
        case Fired(frames=frames):
            return frames
        case All(of=parts):
            return min(map(_run, parts), default=math.inf)
        case Any(of=parts):
            return max(map(_run, parts), default=0)
    return math.inf


def longest_on(state: LayerState) -> float:
    """For how many frames at most one firing keeps the state on."""
    return max(_longest_run(state) - state.attack_frames + state.hold_frames, state.min_time_frames)


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
