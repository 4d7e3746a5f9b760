"""States that can never start, transition rows that changes take, and how long a change may wait."""

from __future__ import annotations

import math
from collections.abc import Collection, Iterable, Iterator
from functools import cached_property
from typing import Final

from segue_rules.analysis.finding import Finding, frames_text, nominal, written_finding
from segue_rules.analysis.satisfiability import Case, ConditionSolver, Guard, value_in, whole
from segue_rules.director.conditions import Test
from segue_rules.director.transition_rows import TransitionRows
from segue_rules.meters import Meter, beats_of
from segue_rules.model import (
    FRAME_RATE,
    FRAME_SIZE,
    All,
    Any,
    Binding,
    Condition,
    Fired,
    InputValue,
    Layer,
    LayerState,
    Music,
    Not,
    Rules,
    Transition,
    lasting,
)
from segue_rules.tempos import FALLBACK, uses_auto

# A live session plans about this far ahead: a change cannot start before what is already on its way to the player.
PLANNED_FRAMES: Final = 25


class Reachability:
    """Which states can ever be active.

    Attributes:
        states: The states of each layer, by name.
        findings: Why the others cannot start.
        solver: It decided that.
    """

    def __init__(self, rules: Rules) -> None:
        self._rules = rules
        self._rows = TransitionRows(rules)
        self.solver = ConditionSolver(rules)
        self._rivals = {layer.name: _Rivals(layer, self.solver) for layer in rules.layers}
        self.states: dict[str, set[str]] = {layer.name: {s.name for s in layer.states} for layer in rules.layers}
        found: list[Finding] = []
        # A state that only an unreachable one would let start is unreachable too: repeat until nothing changes.
        while new := [finding for layer in rules.layers for finding in self._prune(layer)]:
            found += new
        found += [finding for layer in rules.layers for finding in self._late_triggers(layer)]
        self.findings: tuple[Finding, ...] = tuple(found)

    def states_of(self, layer: Layer) -> Iterator[LayerState]:
        """The layer's states that can be active, in file order."""
        return (state for state in layer.states if state.name in self.states[layer.name])

    @cached_property
    def taken_rows(self) -> tuple[Transition, ...]:
        """The rows that some change between reachable states takes, in file order."""
        return self._taken(self._rules.layers)

    @cached_property
    def mixing_rows(self) -> tuple[Transition, ...]:
        """Those of `taken_rows` that a layer with a mix takes, so that a mix is led over their ramps."""
        return self._taken([layer for layer in self._rules.layers if any(state.mix for state in self.states_of(layer))])

    def _taken(self, layers: Iterable[Layer]) -> tuple[Transition, ...]:
        taken: set[int] = set()
        for layer in layers:
            names = list(dict.fromkeys(state.written for state in self.states_of(layer)))
            sources, targets = self._named(layer)
            # States that no row names are alike: two stand for all.
            sources = [*(n for n in names if n in sources), *[n for n in names if n not in sources][:2]]
            targets = [*(n for n in names if n in targets), *[n for n in names if n not in targets][:2]]
            taken |= self._rows.taken(layer.name, sources, targets)
            pieces = [(state, state.piece) for state in self.states_of(layer) if state.piece is not None]
            ending = {state.written for state, piece in pieces if piece.length is not None and not piece.bridge}
            taken |= {row for name in ending for row in self._rows.fitting(layer.name, name, name)}
        return tuple(row for i, row in enumerate(self._rules.transitions) if i in taken and row.chance > 0)

    def _named(self, layer: Layer) -> tuple[Collection[str], Collection[str]]:
        """The states that rows for this layer name, also by a group: those left, and those entered."""
        rows = [row for row in self._rules.transitions if row.layer in (None, layer.name)]
        sources, targets = {row.from_state for row in rows}, {row.to_state for row in rows}
        names = {state.written: {state.written, *state.groups} for state in layer.states}
        return [name for name in names if names[name] & sources], [name for name in names if names[name] & targets]

    def _prune(self, layer: Layer) -> Iterator[Finding]:
        for state in list(self.states_of(layer)):
            finding = None if state.default else self._hindrance(layer, state)
            if finding is not None:
                self.states[layer.name].discard(state.name)
                yield finding

    def _hindrance(self, layer: Layer, state: LayerState) -> Finding | None:
        possible, case = self.solver.solve(whole(state), self.states)
        if not possible:
            text = "can never start: there is no way for `when` to hold without `unless`"
            if state.unless is None:
                text = "can never start: there is no way for all of `when` to hold"
            return written_finding(layer, state, "unreachable_state", text)
        window = _longest_run(state)
        if window - 1 < nominal(state.attack_frames):
            text = (
                f"can never start: its trigger holds for {frames_text(window)}, its attack takes "
                f"{frames_text(nominal(state.attack_frames))}; {_longer(state)} or drop the attack"
            )
            return written_finding(layer, state, "trigger_too_short", text)
        rivals = self._rivals[layer.name]
        for other in rivals.in_case(case):
            if other.name in self.states[layer.name] and self._shadows(rivals, other, state):
                text = (
                    f'can never start: whenever it could, "{other.written}" can too and comes first; '
                    "raise its priority or narrow the other's condition"
                )
                return written_finding(layer, state, "shadowed_state", text)
        return None

    def _shadows(self, rivals: _Rivals, other: LayerState, state: LayerState) -> bool:
        """Whether `other` is eligible and ranks higher whenever `state` is."""
        later = nominal(other.attack_frames) > nominal(state.attack_frames)
        if other.written == state.written or other.cooldown_frames or later:
            return False
        earlier = rivals.position[other.name] < rivals.position[state.name]
        if (other.priority, earlier) < (state.priority, True):
            return False
        return not self.solver.can_hold(All(of=(whole(state), Not(of=whole(other)))), self.states)

    def _late_triggers(self, layer: Layer) -> Iterator[Finding]:
        """States whose trigger may be over before the change has come to its boundary."""
        names = list(dict.fromkeys(state.written for state in self.states_of(layer)))
        named, _ = self._named(layer)
        # States that no row names are alike: two stand for all.
        alike = [name for name in names if name not in named][:2]
        sources = [name for name in names if name in named or name in alike]
        for state in self.states_of(layer):
            window = math.inf if state.default else _longest_run(state) - nominal(state.attack_frames)
            if window == math.inf:
                continue
            for source in sources:
                if source != state.written:
                    fitting = [self._rows.rows[i] for i in self._rows.fitting(layer.name, source, state.written)]
                    row = max(fitting, key=self._longest_wait)
                    wait = self._longest_wait(row) + PLANNED_FRAMES
                    if window < wait:
                        text = (
                            f"may never start: its trigger holds for {frames_text(window)}, but from "
                            f'"{source}" a change at {row.at} may take {frames_text(wait)} to reach the player; '
                            f"{_longer(state)}"
                        )
                        yield written_finding(layer, state, "trigger_too_short", text)
                        break

    def _longest_wait(self, row: Transition) -> int:
        """For how many frames a change may wait for its boundary, at the file's slowest tempo and longest bar."""
        bars = row.at.every * self._longest_bar
        beats = {"immediate": 0, "eighth": 0.5, "beat": 1, "group": self._longest_group}.get(row.at.unit, bars)
        frames = math.ceil(beats * 60 / self._slowest_tempo * FRAME_RATE)
        if row.at.unit == "cue":
            frames += math.ceil(self._longest_to_cue / FRAME_SIZE)
        if row.max_wait_frames is None:
            return frames
        return min(frames, lasting(row.max_wait_frames, round(self._slowest_tempo * 1000), self._longest_bar))

    @cached_property
    def _longest_to_cue(self) -> float:
        """For how many samples a clip may play without a cue: at most for its intro and a pass of its loop."""
        return max([float(clip.intro + (clip.loop or 0)) for clip in self._rules.clips if clip.cues], default=0.0)

    @cached_property
    def _longest_bar(self) -> int:
        meters = [music.meter for music in _all_music(self._rules)]
        written = [beats_of(meter) for meter in meters if isinstance(meter, int | tuple)]
        if not uses_auto(self._rules):
            return max(written)
        return max([*written, *(beats_of(meter) for meter in self._style_meters)])

    @cached_property
    def _longest_group(self) -> int:
        meters = [music.meter for music in _all_music(self._rules)]
        if uses_auto(self._rules):
            meters += self._style_meters
        return max([1, *(size for meter in meters if isinstance(meter, tuple) for size in meter)])

    @cached_property
    def _style_meters(self) -> list[Meter]:
        return [*(style.meter for style in self._rules.styles), FALLBACK.meter]

    @cached_property
    def _slowest_tempo(self) -> float:
        written = [tempo for music in _all_music(self._rules) for tempo in _tempos(music)]
        if not uses_auto(self._rules):
            return min(written)
        return min([*written, *(style.tempo_bpm for style in self._rules.styles), FALLBACK.tempo_bpm])


class _Rivals:
    """The conditional states of a layer, to find those whose condition holds in a case without trying all of them.

    Attributes:
        position: The place of each state in the file.
    """

    def __init__(self, layer: Layer, solver: ConditionSolver) -> None:
        self.position = {state.name: i for i, state in enumerate(layer.states)}
        self._states = [state for state in layer.states if not state.default]
        self._tests: dict[str, Test] = {state.name: solver.compile(whole(state)) for state in self._states}
        self._unguarded: list[LayerState] = []
        # States that need no more than what is at rest, and states by what their guard needs.
        self._resting: list[tuple[LayerState, Guard]] = []
        self._guarded: dict[tuple[object, InputValue], list[LayerState]] = {}
        for state in self._states:
            guard = solver.guard(whole(state))
            if guard is None:
                self._unguarded.append(state)
                continue
            if guard.met_in(solver.at_rest):
                self._resting.append((state, guard))
            for value in guard.values:
                self._guarded.setdefault((guard.place, value), []).append(state)

    def in_case(self, case: Case | None) -> list[LayerState]:
        """The states whose condition holds in the case, in file order; all of them without a case."""
        if case is None:
            return self._states
        found = self._unguarded + [state for state, guard in self._resting if guard.place not in case.spoken_of]
        for place in case.spoken_of:
            found += self._guarded.get((place, value_in(case.view, place)), ())
        holding = [state for state in found if self._tests[state.name](case.view)]
        return sorted(holding, key=lambda state: self.position[state.name])


def _longest_run(state: LayerState) -> float:
    """For how many frames at most one firing of its triggers keeps its condition true; infinite if it needs none."""
    return math.inf if state.when is None else _run(state.when)


def _run(condition: Condition) -> float:
    match condition:
        case Fired(frames=frames):
            return frames
        case All(of=parts):
            return min((_run(part) - _delay(part, parts) for part in parts), default=math.inf)
        case Any(of=parts):
            return max(map(_run, parts), default=0)
    return math.inf


def _delay(part: Condition, parts: tuple[Condition, ...]) -> int:
    """For how many frames after the firing that `part` speaks of another of the parts keeps it from counting."""
    if not isinstance(part, Fired):
        return 0
    apart = (other.of for other in parts if isinstance(other, Not))
    return max((of.frames for of in apart if isinstance(of, Fired) and of.trigger == part.trigger), default=0)


def _longer(state: LayerState) -> str:
    """How to let the triggers of a state hold for longer."""
    return "widen the range of `since`" if _counts_between(state.when) else "stretch the trigger with `for`"


def _counts_between(condition: Condition | None) -> bool:
    match condition:
        case All(of=parts) | Any(of=parts):
            return any(_delay(part, parts) > 0 or _counts_between(part) for part in parts)
    return False


def longest_on(state: LayerState) -> float:
    """For how many frames at most one firing keeps the state on."""
    held = nominal(state.hold_frames) - nominal(state.attack_frames)
    return max(_longest_run(state) + held, nominal(state.min_time_frames))


def describe(row: Transition) -> str:
    """The pattern of a row in words, for a finding's `where`."""
    layer = f'layer "{row.layer}", ' if row.layer is not None else ""
    place = f" (number {row.place + 1})" if row.place else ""
    return f'{layer}transition from "{row.from_state or "any"}" to "{row.to_state or "any"}"{place}'


def _all_music(rules: Rules) -> Iterator[Music]:
    yield rules.music
    for layer in rules.layers:
        for state in layer.states:
            yield state.music


def _tempos(music: Music) -> Iterator[float]:
    if isinstance(music.tempo_bpm, Binding):
        yield from music.tempo_bpm.range
    elif isinstance(music.tempo_bpm, int | float):
        yield music.tempo_bpm
