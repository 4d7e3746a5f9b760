"""States that can never start: contradictions, states always beaten, triggers that are over too soon."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Final

from segue_rules.analysis.finding import Finding, seconds, state_finding
from segue_rules.analysis.rows import longest_wait, row_between
from segue_rules.analysis.worlds import Worlds, whole
from segue_rules.model import All, Any, Condition, Fired, Layer, LayerState, Not, Rules

# A live session reaches about this far ahead: a change may not start before what is already on its way to the player.
REACH_FRAMES: Final = 25


class Reach:
    """Which states can ever be active. states: by layer. findings: why the others cannot."""

    def __init__(self, rules: Rules) -> None:
        self._rules = rules
        self.worlds = Worlds(rules)
        self.states: dict[str, set[str]] = {layer.name: {s.name for s in layer.states} for layer in rules.layers}
        found: list[Finding] = []
        # A state that only an unreachable one would let start cannot be reached either: go round until nothing falls.
        while new := [finding for layer in rules.layers for finding in self._prune(layer)]:
            found += new
        found += [finding for layer in rules.layers for finding in self._late_triggers(layer)]
        self.findings: tuple[Finding, ...] = tuple(found)

    def reachable(self, layer: Layer) -> Iterator[LayerState]:
        """The layer's states that can be active, in file order."""
        return (state for state in layer.states if state.name in self.states[layer.name])

    def _prune(self, layer: Layer) -> Iterator[Finding]:
        for state in list(self.reachable(layer)):
            finding = None if state.default else self._hindrance(layer, state)
            if finding is not None:
                self.states[layer.name].discard(state.name)
                yield finding

    def _hindrance(self, layer: Layer, state: LayerState) -> Finding | None:
        if not self.worlds.can_hold(whole(state), self.states):
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
        for other in self.reachable(layer):
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
        return not self.worlds.can_hold(All(of=(whole(state), Not(of=whole(other)))), self.states)

    def _late_triggers(self, layer: Layer) -> Iterator[Finding]:
        """States whose trigger may be over before the change has come to its boundary."""
        for state in self.reachable(layer):
            window = math.inf if state.default else _longest_run(state) - state.attack_frames
            for other in self.reachable(layer):
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
