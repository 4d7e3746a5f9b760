"""A second, slow director, written from rules/SEMANTICS.md alone, to compare the real one with.

It keeps the whole past of a session as lists, one entry a frame, and answers every question by looking back through
them; numbers in section headings are the page's. Causes, candidates and the texts of receipts are left empty.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any as AnyValue

from segue_rules.events import Event
from segue_rules.model import (
    BUILT_IN_TRANSITION,
    FRAME_SIZE,
    At,
    Binding,
    Burst,
    Layer,
    LayerState,
    Rules,
    Stinger,
    Transition,
    TriggerInput,
)
from segue_rules.plan import TICKS_PER_BEAT, Change, Controls, FramePlan, MusicalClock, StingerCue
from unit.rules.reference_inputs import ReferenceInputs

CONTINUOUS = ("tempo_bpm", "intensity", "temperature", "guidance", "gain_db")
AT_THE_BAR = ("meter", "key", "drums")
IN_CONTROLS_ORDER = ("tempo_bpm", "meter", "key", "drums", "intensity", "temperature", "guidance", "gain_db")
DRUMS = {"on": 1, "off": 0, "auto": -1}


def shape(u: float, curve: str) -> float:
    return {"linear": u, "smooth": u * u * (3 - 2 * u), "equal_power": math.sin(math.pi * u / 2)}[curve]


def ramped(a: float, b: float, frames: int, ramp: int, curve: str) -> float:
    """Where a ramp from a to b of `ramp` frames is after `frames`."""
    if frames >= ramp:
        return b
    return a + shape(frames / ramp, curve) * (b - a)


def follow(binding: Binding, value: float) -> float:
    points = binding.curve
    if value <= points[0][0]:
        return points[0][1]
    for (x0, y0), (x1, y1) in itertools.pairwise(points):
        if value < x1:
            # In the director's order, since a tempo is rounded: the last bit decides where it lies between two values.
            return y0 + (y1 - y0) * ((value - x0) / (x1 - x0))
    return points[-1][1]


@dataclass(frozen=True)
class Started:
    """A change that took place. by_itself: the state left had ended by its own condition or veto."""

    frame: int
    old: LayerState
    new: LayerState
    row: Transition
    by_itself: bool


@dataclass(frozen=True)
class Segment:
    """A stretch of a continuous control: from `start` on it ramps to `target` and then follows it."""

    start: int
    target: float | Binding
    ramp: int
    curve: str


class ReferenceDirector(ReferenceInputs):
    """One session. `step` takes the frames in order and cannot go back."""

    def __init__(self, rules: Rules) -> None:
        super().__init__(rules)
        # One entry a frame.
        self.conditions: list[dict[tuple[str, str], bool]] = []
        self.winners: list[dict[str, LayerState]] = []
        self.weights: list[dict[str, float]] = []
        self.sources: list[dict[str, Layer | None]] = []
        self.in_force: list[dict[str, AnyValue]] = []
        self.mixes: list[tuple[float, ...]] = []
        self.waiting: list[set[str]] = []
        self.ticks: list[int] = [0]
        # One entry a change, a segment, a start, a bar (where it began, its meter).
        self.started: dict[str, list[Started]] = {layer.name: [] for layer in rules.layers}
        self.segments: dict[str, list[Segment]] = {control: [] for control in CONTINUOUS}
        self.stinger_starts: dict[str, list[int]] = {stinger.name: [] for stinger in rules.stingers}
        self.bars: list[tuple[int, int]] = []
        self.predicted: dict[tuple[str, int], int] = {}
        # What a reset in this frame has withdrawn and dropped, and the states that were active before it.
        self.undone: list[Change] = []
        self.dropped: list[StingerCue] = []
        self.left: dict[str, LayerState] = {}

    def step(self, events: Iterable[Event], earliest: int) -> FramePlan:
        self.undone, self.dropped = [], []
        self.left = self.active[-1] if self.active else {}
        receipts = self.listen(events)
        f = self.frame
        self.conditions.append(
            {(layer.name, s.name): self._condition(s, f) for layer in self.rules.layers for s in layer.states}
        )
        self.winners.append({layer.name: self._winner(layer) for layer in self.rules.layers})
        tempo = self._tempo_mbpm() if f > 0 else 0
        bar, beat = self._lines(tempo)
        self.active.append({layer.name: self.active_before(layer, f) for layer in self.rules.layers})
        changed = {layer.name: self._change(layer, earliest, bar, beat) for layer in self.rules.layers}
        self.weights.append({layer.name: self._weight(layer) for layer in self.rules.layers})
        self._settle_controls(bar)
        tempo = self._tempo_mbpm()
        self.ticks.append(self.ticks[f] + tempo)
        if bar is not None:
            self.bars.append((bar, self.in_force[f]["meter"]))
        cues = [*self.dropped, *self._cues(earliest, bar, beat)]
        self.mixes.append(self._mix())
        to_change, next_mix = self._ahead(changed, earliest)
        return FramePlan(
            frame=f,
            mix=self.mixes[f],
            states=tuple(self.active[f][layer.name].name for layer in self.rules.layers),
            layer_mixes=tuple(tuple(self._layer_mix(layer, f)) for layer in self.rules.layers),
            layer_weights=tuple(self.weights[f][layer.name] for layer in self.rules.layers),
            controls=self._controls(),
            clock=self._clock(),
            beat=self._sample(beat),
            bar_start=self._sample(bar),
            to_change=to_change,
            next_mix=next_mix,
            inputs=tuple(self.values[f][i.name] for i in self.rules.inputs),
            receipts=tuple(receipts),
            changes=(
                *self.undone,
                *(
                    record
                    for layer in self.rules.layers
                    for record in self._changes(layer, changed[layer.name], earliest)
                ),
            ),
            stingers=tuple(cues),
            warnings=("empty_mix",) if sum(self._sum()) <= 1e-9 else (),
        )

    # --- reset ------------------------------------------------------------------------------------------------------

    def start_over(self) -> None:
        f, layers = self.frame, self.rules.layers
        self.undone = [record for layer in layers for record in self._withdrawn(layer, None)]
        for layer in layers:
            old, new = self.active_before(layer, f), layer.states[layer.default_index]
            if old is not new:
                self.undone.append(Change("started", layer.name, old.name, new.name, f - 1, f, 0, "immediate", (), ()))
        waiting = [stinger for stinger in self.rules.stingers if stinger.name in self.waiting[f - 1]]
        self.dropped = [self._cue("dropped", stinger, f * FRAME_SIZE) for stinger in waiting]
        default = {layer.name: layer.states[layer.default_index] for layer in layers}
        self.active, self.winners = [default] * f, [default] * f
        self.conditions = [dict.fromkeys(each, False) for each in self.conditions]
        self.started = {layer.name: [] for layer in layers}
        self.stinger_starts = {stinger.name: [] for stinger in self.rules.stingers}
        self.waiting = [set()] * f
        defaults = {i.name: i.default for i in self.rules.inputs if not isinstance(i, TriggerInput)}
        bound = {layer.name: layer.weight for layer in layers}
        self.weights[f - 1] = {
            name: follow(weight, float(defaults[weight.input])) if isinstance(weight, Binding) else weight
            for name, weight in bound.items()
        }

    # --- 4. conditions ----------------------------------------------------------------------------------------------

    def _vetoed(self, state: LayerState, frame: int) -> bool:
        return state.unless is not None and self.holds(state.unless, frame)

    def _condition(self, state: LayerState, frame: int) -> bool:
        return (state.when is None or self.holds(state.when, frame)) and not self._vetoed(state, frame)

    def _run_start(self, layer: Layer, state: LayerState) -> int:
        """The first frame of C's present run: `since` while it is true, `failed` while it is false."""
        key = (layer.name, state.name)
        first = self.frame
        while first > 0 and self.conditions[first - 1][key] == self.conditions[self.frame][key]:
            first -= 1
        return first

    # --- 5. to 8. eligible, winner, pending, boundary ---------------------------------------------------------------

    def _eligible(self, layer: Layer, state: LayerState) -> bool:
        if state.default:
            return True
        f, holds = self.frame, self.conditions[self.frame][layer.name, state.name]
        run = self._run_start(layer, state)
        if state is not self.active_before(layer, f):
            cooling = any(
                change.old is state and change.by_itself and f < change.frame + state.cooldown_frames
                for change in self.started[layer.name]
            )
            return holds and f - run >= state.attack_frames and not cooling
        start = self.started[layer.name][-1].frame
        held = holds or f - run < state.hold_frames or f - start < state.min_time_frames
        return held and not self._vetoed(state, f)

    def _winner(self, layer: Layer) -> LayerState:
        active = self.active_before(layer, self.frame)
        best = layer.states[layer.default_index]
        for state in layer.states:
            if state.default or not self._eligible(layer, state):
                continue
            beaten = best.default or state.priority > best.priority
            if beaten or (state.priority == best.priority and state is active):
                best = state
        return best

    def _decided(self, layer: Layer, frame: int) -> int | None:
        """Since when what is pending at the end of `frame`, or starts in it, has been the winner."""
        winner = self.winners[frame][layer.name]
        if winner is self.active_before(layer, frame):
            return None
        first = frame
        while first > 0 and self.winners[first - 1][layer.name] is winner:
            first -= 1
        return first

    def row(self, layer: Layer, old: LayerState, new: LayerState) -> Transition:
        fitting = [
            row
            for row in self.rules.transitions
            if row.layer in (None, layer.name)
            and row.from_state in (None, old.name)
            and row.to_state in (None, new.name)
        ]
        if not fitting:
            return BUILT_IN_TRANSITION
        return max(fitting, key=lambda r: (r.to_state is not None, r.from_state is not None, r.layer is not None))

    def _at_boundary(self, at: At, bar: int | None, beat: int | None) -> bool:
        if at.unit == "immediate":
            return True
        if at.unit == "beat":
            return beat is not None
        return bar is not None and len(self.bars) % at.every == 0

    def _change(self, layer: Layer, earliest: int, bar: int | None, beat: int | None) -> bool:
        f = self.frame
        decided = self._decided(layer, f)
        if decided is None or f < earliest:
            return False
        old, new = self.active_before(layer, f), self.winners[f][layer.name]
        row = self.row(layer, old, new)
        waited = row.max_wait_frames is not None and f - decided >= row.max_wait_frames
        if not (waited or self._at_boundary(row.at, bar, beat)):
            return False
        self.started[layer.name].append(Started(f, old, new, row, by_itself=not self._eligible(layer, old)))
        self.active[f][layer.name] = new
        return True

    def _changes(self, layer: Layer, changed: bool, earliest: int) -> list[Change]:
        f = self.frame
        decided = self._decided(layer, f)
        records = self._withdrawn(layer, decided)
        if changed:
            assert decided is not None
            records.append(self._record("started", layer, f, decided, f))
        elif decided == f:
            old, new = self.active_before(layer, f), self.winners[f][layer.name]
            row = self.row(layer, old, new)
            start = self._predict(row.at, earliest, row.max_wait_frames)[0]
            self.predicted[layer.name, f] = start
            records.append(self._record("scheduled", layer, f, f, start))
        return records

    def _withdrawn(self, layer: Layer, decided: int | None) -> list[Change]:
        """The record of a change that was pending before this frame and is not what is decided now."""
        f = self.frame
        before = self._decided(layer, f - 1) if f > 0 and self.active[f - 1] else None
        if before is None or self._started_in(layer, f - 1) or before == decided:
            return []
        return [self._record("withdrawn", layer, f - 1, before, self.predicted[layer.name, before])]

    def _started_in(self, layer: Layer, frame: int) -> bool:
        return any(change.frame == frame for change in self.started[layer.name])

    def _record(self, kind: AnyValue, layer: Layer, frame: int, decided: int, start: int) -> Change:
        old, new = self.active_before(layer, frame), self.winners[frame][layer.name]
        row = self.row(layer, old, new)
        return Change(kind, layer.name, old.name, new.name, decided, start, row.ramp_frames, str(row.at), (), ())

    # --- 9., 10. and 12. mixes --------------------------------------------------------------------------------------

    def _vector(self, mix: Mapping[str, float]) -> list[float]:
        return [mix.get(style.name, 0.0) for style in self.rules.styles]

    def _layer_mix(self, layer: Layer, frame: int) -> list[float]:
        return self._mix_after(layer, self.started[layer.name], frame)

    def _mix_after(self, layer: Layer, changes: Sequence[Started], frame: int) -> list[float]:
        """The layer's mix in `frame` had there been no changes but these."""
        if not changes:
            return self._vector(layer.states[layer.default_index].mix)
        last = changes[-1]
        old, new = self._mix_after(layer, changes[:-1], last.frame), self._vector(last.new.mix)
        gone, row = frame - last.frame, last.row
        return [ramped(a, b, gone, row.ramp_frames, row.curve) for a, b in zip(old, new, strict=True)]

    def _weight(self, layer: Layer) -> float:
        if not isinstance(layer.weight, Binding):
            return layer.weight
        goal = self._live(layer.weight, self.frame)
        if self.frame == 0 or layer.weight_ramp_frames == 0:
            return goal
        outputs = [y for _, y in layer.weight.curve]
        most = (max(outputs) - min(outputs)) / layer.weight_ramp_frames
        before = self.weights[self.frame - 1][layer.name]
        return min(goal, before + most) if goal > before else max(goal, before - most)

    def _sum(self, taken: Mapping[str, LayerState] | None = None) -> list[float]:
        """The weighted mixes of a frame; layers in `taken` are wholly at the mix of the state given."""
        total = [0.0] * len(self.rules.styles)
        parts = []
        for layer in self.rules.layers:
            state = (taken or {}).get(layer.name)
            mix = self._layer_mix(layer, self.frame) if state is None else self._vector(state.mix)
            parts.append((self.weights[self.frame][layer.name], mix))
        for burst in self.rules.stingers:
            if isinstance(burst, Burst):
                envelope = self._envelope(burst, self.stinger_starts[burst.name], self.frame)
                parts.append((envelope, self._vector(burst.mix)))
        for weight, mix in parts:
            total = [t + weight * m for t, m in zip(total, mix, strict=True)]
        return total

    def _mix(self) -> tuple[float, ...]:
        total = self._sum()
        if sum(total) > 1e-9:
            return tuple(value / sum(total) for value in total)
        return self.mixes[-1] if self.mixes else tuple(1 / len(total) for _ in total)

    # --- 15. the change ahead ---------------------------------------------------------------------------------------

    def _ahead(self, changed: Mapping[str, bool], earliest: int) -> tuple[int, tuple[float, ...]]:
        f = self.frame
        starts: dict[str, tuple[int, LayerState]] = {}
        for layer in self.rules.layers:
            decided = self._decided(layer, f)
            if decided is None or self.weights[f][layer.name] <= 0:
                continue
            old, new = self.active_before(layer, f), self.winners[f][layer.name]
            if self._vector(old.mix) == self._vector(new.mix) and old.music == new.music:
                continue
            row = self.row(layer, old, new)
            left = None if row.max_wait_frames is None else row.max_wait_frames - (f - decided)
            start = f if changed[layer.name] else self._predict(row.at, earliest, left)[0]
            starts[layer.name] = (start, new)
        if not starts:
            return -1, self.mixes[f]
        nearest = min(start for start, _ in starts.values())
        total = self._sum({name: state for name, (start, state) in starts.items() if start == nearest})
        whole = sum(total)
        return nearest - f, tuple(value / whole for value in total) if whole > 1e-9 else self.mixes[f]

    # --- 11. stingers -----------------------------------------------------------------------------------------------

    def _envelope(self, burst: Burst, starts: Sequence[int], frame: int) -> float:
        if not starts:
            return 0.0
        start, ramp, time = starts[-1], burst.ramp_frames, burst.time_frames
        d, n = frame - start, time - ramp
        if d < ramp:
            e0 = self._envelope(burst, starts[:-1], start)
            return e0 + (1 - e0) * d / ramp
        if d < n:
            return 1.0
        return (time - d) / ramp if d < time else 0.0

    def _cues(self, earliest: int, bar: int | None, beat: int | None) -> list[StingerCue]:
        f, cues = self.frame, []
        waiting = set(self.waiting[f - 1]) if f > 0 else set()
        for stinger in self.rules.stingers:
            fired, new = stinger.trigger in self.fired[f], False
            if fired and any(f < start + stinger.cooldown_frames for start in self.stinger_starts[stinger.name]):
                cues.append(self._cue("dropped", stinger, f * FRAME_SIZE))
            elif fired and stinger.name not in waiting:
                waiting.add(stinger.name)
                new = True
            if stinger.name in waiting and f >= earliest and self._stinger_boundary(stinger.at, bar, beat):
                waiting.remove(stinger.name)
                self.stinger_starts[stinger.name].append(f)
                line = {"immediate": None, "beat": beat, "bar": bar}[stinger.at.unit]
                cues.append(self._cue("started", stinger, self._position(stinger, f, line)))
            elif new:
                cues.append(
                    self._cue("scheduled", stinger, self._position(stinger, *self._predict(stinger.at, earliest)))
                )
        self.waiting.append(waiting)
        return cues

    def _stinger_boundary(self, at: At, bar: int | None, beat: int | None) -> bool:
        # The bar that opens in this frame has been entered into `bars` by now, and has the last index.
        if at.unit == "bar":
            return bar is not None and (len(self.bars) - 1) % at.every == 0
        return self._at_boundary(at, bar, beat)

    def _position(self, stinger: Stinger, frame: int, line: int | None) -> int:
        if isinstance(stinger, Burst) or line is None:
            return frame * FRAME_SIZE
        tempo = self._controls().tempo_mbpm
        ticks = self.ticks[self.frame] + (frame - self.frame) * tempo
        return frame * FRAME_SIZE + (line - ticks) * FRAME_SIZE // tempo

    def _cue(self, kind: AnyValue, stinger: Stinger, start: int) -> StingerCue:
        if isinstance(stinger, Burst):
            return StingerCue(kind, stinger.name, start, 0.0, "drop", None, "")
        return StingerCue(kind, stinger.name, start, stinger.gain_db, stinger.if_late, stinger.duck, "")

    # --- 13. controls -----------------------------------------------------------------------------------------------

    def _live(self, target: float | Binding, frame: int) -> float:
        return follow(target, self.values[frame][target.input]) if isinstance(target, Binding) else target

    def _source(self, control: str) -> tuple[Layer | None, AnyValue]:
        layer_found, value = None, getattr(self.rules.music, control)
        for layer in self.rules.layers:
            named = getattr(self.active[self.frame][layer.name].music, control)
            if self.weights[self.frame][layer.name] > 0 and named is not None:
                layer_found, value = layer, named
        if control in ("tempo_bpm", "meter") and value == "auto":
            mixing = [
                layer
                for layer in self.rules.layers
                if self.weights[self.frame][layer.name] > 0 and self.active[self.frame][layer.name].mix
            ]
            if not mixing:
                top = getattr(self.rules.music, control)
                return None, {"tempo_bpm": 100.0, "meter": 4}[control] if top == "auto" else top
            if layer_found not in mixing:
                weights = self.weights[self.frame]
                greatest = max(weights[layer.name] for layer in mixing)
                layer_found = [layer for layer in mixing if weights[layer.name] == greatest][-1]
            state = self.active[self.frame][layer_found.name]
            named = getattr(state.music, control)
            value = self._of_styles(control, state.mix) if named in (None, "auto") else named
        return layer_found, value

    def _of_styles(self, control: str, mix: Mapping[str, float]) -> float:
        styles = {style.name: style for style in self.rules.styles}
        heaviest = styles[next(name for name in mix if mix[name] == max(mix.values()))]
        if control == "meter":
            return heaviest.meter
        product = 1.0
        for name, weight in mix.items():
            tempo = styles[name].tempo_bpm / heaviest.tempo_bpm
            while tempo > math.sqrt(2):
                tempo /= 2
            while tempo < math.sqrt(0.5):
                tempo *= 2
            product *= tempo ** (weight / sum(mix.values()))
        return min(300.0, max(20.0, round(heaviest.tempo_bpm * product, 3)))

    def _settle_controls(self, bar: int | None) -> None:
        f = self.frame
        found = {control: self._source(control) for control in IN_CONTROLS_ORDER}
        take = f == 0 or bar is not None
        self.in_force.append({c: found[c][1] if take else self.in_force[f - 1][c] for c in AT_THE_BAR})
        kept = {} if take else {c: self.sources[f - 1][c] for c in AT_THE_BAR}
        self.sources.append({control: layer for control, (layer, _) in found.items()} | kept)
        for control in CONTINUOUS:
            segment = self._segment(control, found[control][1])
            if segment is not None:
                self.segments[control].append(segment)

    def _segment(self, control: str, target: float | Binding) -> Segment | None:
        f = self.frame
        if f == 0:
            return Segment(0, target, 0, "linear")
        new, old = self.sources[f][control], self.sources[f - 1][control]
        if new is old and (new is None or self.active[f][new.name] is self.left[new.name]):
            return None
        for layer in (new, old):
            if layer is not None and self._started_in(layer, f):
                row = self.started[layer.name][-1].row
                return Segment(f, target, max(1, row.ramp_frames), row.curve)
        deciding = new if new is not None else old
        assert deciding is not None
        return Segment(f, target, max(1, deciding.weight_ramp_frames), "linear")

    def _continuous(self, control: str, frame: int) -> float:
        return self._after_segments(self.segments[control], frame)

    def _after_segments(self, segments: Sequence[Segment], frame: int) -> float:
        """The control in `frame` had there been no segments but these."""
        last = segments[-1]
        gone = frame - last.start
        goal = self._live(last.target, frame)
        if gone >= last.ramp:
            return goal
        return ramped(self._after_segments(segments[:-1], last.start), goal, gone, last.ramp, last.curve)

    def _tempo_mbpm(self) -> int:
        return round(self._continuous("tempo_bpm", self.frame) * 1000)

    def _controls(self) -> Controls:
        f, in_force = self.frame, self.in_force[self.frame]
        key = in_force["key"]
        sources = (self.sources[f][control] for control in IN_CONTROLS_ORDER)
        return Controls(
            tempo_mbpm=self._tempo_mbpm(),
            meter=in_force["meter"],
            tonic=-1 if key == "auto" else key.tonic,
            mode="auto" if key == "auto" else key.mode,
            drums=DRUMS[in_force["drums"]],
            intensity=self._continuous("intensity", f),
            temperature=self._continuous("temperature", f),
            guidance=self._continuous("guidance", f),
            gain_db=self._continuous("gain_db", f),
            sources=tuple("music" if layer is None else layer.name for layer in sources),
        )

    # --- 14. the musical clock --------------------------------------------------------------------------------------

    def _next_bar(self) -> int:
        return self.bars[-1][0] + self.bars[-1][1] * TICKS_PER_BEAT if self.bars else 0

    def _lines(self, tempo: int) -> tuple[int | None, int | None]:
        """Where a bar and a beat line fall in this frame, in ticks; tempo 0 asks for a line at its very start."""
        start = self.ticks[self.frame]
        end = start + max(1, tempo)
        beat = -(-start // TICKS_PER_BEAT) * TICKS_PER_BEAT
        bar = self._next_bar()
        return (bar if start <= bar < end else None), (beat if start <= beat < end else None)

    def _sample(self, line: int | None) -> int:
        if line is None:
            return -1
        return (line - self.ticks[self.frame]) * FRAME_SIZE // self._tempo_mbpm()

    def _clock(self) -> MusicalClock:
        ticks = self.ticks[self.frame]
        begun = [(index, bar) for index, bar in enumerate(self.bars) if bar[0] <= ticks]
        index, (position, meter) = begun[-1]
        return MusicalClock(ticks, index, position, meter)

    def _predict(self, at: At, earliest: int, max_wait: int | None = None) -> tuple[int, int | None]:
        """The first frame after this one that meets a boundary, and its line in ticks: if tempo and meter stay."""
        clock, tempo = self._clock(), self._tempo_mbpm()
        frame = self.frame
        while True:
            frame += 1
            start = clock.ticks + (frame - self.frame) * tempo
            beat = -(-start // TICKS_PER_BEAT) * TICKS_PER_BEAT
            bars, rest = divmod(beat - clock.bar_ticks, clock.meter * TICKS_PER_BEAT)
            met = {
                "immediate": True,
                "beat": beat < start + tempo,
                "bar": beat < start + tempo and rest == 0 and (clock.bar + bars) % at.every == 0,
            }[at.unit]
            waited = max_wait is not None and frame - self.frame >= max_wait
            if frame >= earliest and (met or waited):
                return frame, None if at.unit == "immediate" else beat
