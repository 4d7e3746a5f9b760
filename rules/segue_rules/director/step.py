"""One frame of the director, in the order of SEMANTICS, and the skipping of frames in which nothing happens."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import Final, NamedTuple

from segue_rules.director import timing
from segue_rules.director.conditions import Conditions, FrameView
from segue_rules.director.controls import ControlDirector
from segue_rules.director.inputs import InputDirector, TakenEvents
from segue_rules.director.layers import NO_CHANGE, FrameContext, LayerDirector, Lookahead, TransitionRows, look_ahead
from segue_rules.director.moves import moves
from segue_rules.director.state import DirectorState, LayerNow, StingerNow, SwitchNow, Vector
from segue_rules.director.stingers import StingerDirector
from segue_rules.director.timing import follow
from segue_rules.events import Event, Receipt
from segue_rules.model import Binding, InputValue, Rules
from segue_rules.plan import Change, FramePlan, MusicalClock, StingerCue

# A mix whose weights sum to less is empty.
EMPTY: Final = 1e-9
FOREVER: Final = 1 << 40


class FrameResults(NamedTuple):
    """What a frame reports of its decisions."""

    receipts: tuple[Receipt, ...]
    changes: tuple[Change, ...]
    stingers: tuple[StingerCue, ...]
    lookahead: Lookahead


NOTHING: Final = FrameResults((), (), (), Lookahead(NO_CHANGE, ()))


class Span(NamedTuple):
    """A run of frames that repeat a plan but for frame, clock, beat and bar_start.

    plan: That of the first frame. state: After the last frame.
    The receipts, changes, stingers and the next change in the plan belong to the first frame only.
    """

    plan: FramePlan
    frames: int
    state: DirectorState


class Director:
    """Plays one rule file. It holds no state of its own: each DirectorState goes in and out."""

    def __init__(self, rules: Rules) -> None:
        self.rules = rules
        self._inputs = InputDirector(rules.inputs)
        self._conditions = Conditions(rules)
        rows = TransitionRows(rules)
        self._layers = tuple(LayerDirector(rules, i, self._conditions, rows) for i in range(len(rules.layers)))
        self._stingers = tuple(StingerDirector(rules, i) for i in range(len(rules.stingers)))
        self._controls = ControlDirector(rules, self._layers)
        self._input_index = {item.name: i for i, item in enumerate(rules.inputs)}
        self._slews = tuple(_slew(layer.weight, layer.weight_ramp_frames) for layer in rules.layers)

    def start(self) -> DirectorState:
        """The state before frame 0, with defaults everywhere."""
        count = len(self.rules.styles)
        return DirectorState(
            frame=0,
            clock=timing.CLOCK_START,
            inputs=self._inputs.start(),
            latches=(False,) * len(self.rules.latches),
            layers=tuple(layer.start() for layer in self._layers),
            weights=(),
            stingers=tuple(stinger.start() for stinger in self._stingers),
            continuous=(),
            switches=(),
            last_mix=(1.0 / count,) * count if count else (),
        )

    def reset(self, state: DirectorState) -> DirectorState:
        """Inputs and states as at the start. Clock, meter, key and drums go on; other controls move from their values.

        What waited is forgotten; `step` reports it.
        """
        start = self.start()._replace(frame=state.frame, inputs=self._inputs.start(state.frame))
        if not state.continuous:
            return start
        return start._replace(
            clock=state.clock,
            weights=self._weights((), self._inputs.move(start.inputs, state.frame)),
            continuous=state.continuous,
            switches=state.switches,
            last_mix=state.last_mix,
        )

    def step(
        self,
        state: DirectorState,
        frame: int,
        events: Sequence[Event] = (),
        earliest: int | None = None,
        taken: TakenEvents | None = None,
    ) -> tuple[DirectorState, FramePlan]:
        """Play one frame.

        Args:
            frame: Must be state.frame.
            events: The events that take effect in it.
            earliest: The first frame that the session can still change; None for `frame`.
            taken: What other events of the frame have done, as `take`; `events` have greater numbers.

        Returns:
            The state after the frame, and its plan.

        Raises:
            ValueError: The frame is not that of the state.
        """
        if frame != state.frame:
            raise ValueError(f"expected frame {state.frame}, the state's, got {frame}")
        taken = self.take(state, events, taken)
        decided, results = self._decide(state, taken, frame if earliest is None else earliest)
        return self._play(decided, results)

    def take(self, state: DirectorState, events: Sequence[Event], before: TakenEvents | None = None) -> TakenEvents:
        """What events do in frame state.frame; before: what others of it with smaller numbers have done."""
        before = before or TakenEvents(state.inputs)
        return self._inputs.take(before, events, state.frame) if events else before

    def _decide(self, state: DirectorState, taken: TakenEvents, earliest: int) -> tuple[DirectorState, FrameResults]:
        """All decisions of frame state.frame, and what it reports of them. Clock and last mix stay."""
        frame, inputs, receipts, reset = state.frame, *taken
        undone: tuple[Change, ...] = ()
        dropped: tuple[StingerCue, ...] = ()
        if reset is not None:
            undone = tuple(
                [c for layer, now in zip(self._layers, state.layers, strict=True) for c in layer.undone(now)]
            )
            dropped = tuple(
                [c for each, now in zip(self._stingers, state.stingers, strict=True) for c in each.dropped(now, frame)]
            )
            before, state = state, self.reset(state)
            undone += moves(before, self.rules, state, self.rules, "reset", reset)
        values = self._inputs.move(inputs, frame)
        view = FrameView(frame, values, inputs, tuple([layer.active for layer in state.layers]))
        view.latches = self._conditions.update_latches(view, state.latches)
        context = self._context(state, view, earliest)

        layers, changes = self._step_layers(state.layers, view, context)
        stingers, cues = self._step_stingers(state.stingers, values, context)
        weights = self._weights(state.weights, values)
        continuous = self._controls.step(state.continuous, layers, weights, values, frame)
        switches = state.switches
        if not switches or timing.bar_in(context.clock, context.tempo)[0] >= 0:
            switches = self._controls.switch(switches, layers, weights)
            opened = self._opened(context, switches)
            if opened != context:
                # The same decisions, whose starts are predicted with the meter of the bar that opens with the frame.
                layers, changes = self._step_layers(state.layers, view, opened)
                stingers, cues = self._step_stingers(state.stingers, values, opened)
        decided = DirectorState(
            frame=frame,
            clock=state.clock,
            inputs=inputs,
            latches=view.latches,
            layers=layers,
            weights=weights,
            stingers=stingers,
            continuous=continuous,
            switches=switches,
            last_mix=state.last_mix,
        )
        ahead = self._look_ahead(state, decided, context)
        return decided, FrameResults(receipts, undone + changes, dropped + cues, ahead)

    def _play(self, decided: DirectorState, results: FrameResults) -> tuple[DirectorState, FramePlan]:
        """The state after a frame whose decisions are made, and its plan."""
        frame, layers = decided.frame, decided.layers
        values = self._inputs.move(decided.inputs, frame)
        layer_mixes = tuple([layer.mix(now, frame) for layer, now in zip(self._layers, layers, strict=True)])
        mix = self._mix(layer_mixes, decided.weights, decided.stingers, frame)
        sounding = mix or decided.last_mix
        controls = self._controls.values(decided.continuous, decided.switches, values, frame)
        clock, tempo = decided.clock, controls.tempo_mbpm
        if clock.ticks == clock.bar_ticks:
            clock = clock._replace(meter=controls.meter)
        plan = FramePlan(
            frame=frame,
            mix=sounding,
            states=tuple([layer.states[now.active].name for layer, now in zip(self._layers, layers, strict=True)]),
            layer_mixes=layer_mixes,
            layer_weights=decided.weights,
            controls=controls,
            clock=clock,
            beat=_offset(timing.beat_in(clock, tempo), clock, tempo),
            bar_start=_offset(timing.bar_in(clock, tempo)[0], clock, tempo),
            to_change=results.lookahead.frames,
            next_mix=self._next_mix(decided, layer_mixes, results.lookahead) or sounding,
            inputs=values,
            receipts=results.receipts,
            changes=results.changes,
            stingers=results.stingers,
            warnings=() if mix else ("empty_mix",),
        )
        after_clock = timing.advance(clock, tempo, controls.meter)
        return decided._replace(frame=frame + 1, clock=after_clock, last_mix=plan.mix), plan

    def receipt(self, event: Event, frame: int) -> Receipt:
        """The answer that `step` will give to an event. It depends on the declared inputs only."""
        return self._inputs.take(TakenEvents(self._inputs.start()), (event,), frame).receipts[0]

    def spans(self, state: DirectorState, until: int) -> Iterator[Span]:
        """Play every frame before `until` without events, as runs of equal plans.

        The result is the same as with `step`, but faster.
        """
        while state.frame < until:
            state, plan = self.step(state, state.frame)
            end = min(self._undecided(state), until)
            while state.frame < end and self._gliding(state):
                # Ramps move on, but there is nothing to decide.
                yield Span(plan, 1, state)
                state, plan = self._play(state, NOTHING)
            if state.frame < end:
                tempo, meter = plan.controls.tempo_mbpm, plan.controls.meter
                clock = timing.advance(state.clock, tempo, meter, end - state.frame)
                state = state._replace(frame=end, clock=clock)
            yield Span(plan, state.frame - plan.frame, state)

    def _undecided(self, state: DirectorState) -> int:
        """The first frame from state.frame on in which, without events, something may be decided."""
        frame, last = state.frame, state.frame - 1
        if (
            frame == 0
            or any(now.pending is not None for now in state.layers)
            or any(now.waiting for now in state.stingers)
            or self._inputs.moving(state.inputs, last)
            or self._controls.waiting(state.switches, state.layers, state.weights)
            or self._decide(state, self.take(state, ()), frame)[0] != state
        ):
            return frame
        deadlines = [d for layer, now in zip(self._layers, state.layers, strict=True) for d in layer.deadlines(now)]
        deadlines += [state.inputs[i].since + frames for i, frames in self._conditions.fired]
        return min((d for d in deadlines if d > frame), default=FOREVER)

    def _gliding(self, state: DirectorState) -> bool:
        """Whether a mix, a burst or a control moved in the last frame."""
        last = state.frame - 1
        return (
            any(layer.settled_at(now) > last for layer, now in zip(self._layers, state.layers, strict=True))
            or any(stinger.sounding(now, last) for stinger, now in zip(self._stingers, state.stingers, strict=True))
            or self._controls.moving(state.continuous, last)
        )

    def _context(self, state: DirectorState, view: FrameView, earliest: int) -> FrameContext:
        """The tempo and clock of the frame, which its own changes do not affect.

        Frame 0 alone has them from its own changes. As it opens a bar at any tempo, they are known in advance.
        """
        if state.continuous:
            tempo = self._controls.tempo(state.continuous, view.values, view.frame)
            return FrameContext(view.frame, earliest, state.clock, tempo)
        layers, _ = self._step_layers(state.layers, view, FrameContext(view.frame, earliest, state.clock, 1))
        weights = self._weights(state.weights, view.values)
        continuous = self._controls.step((), layers, weights, view.values, view.frame)
        switches = self._controls.switch((), layers, weights)
        controls = self._controls.values(continuous, switches, view.values, view.frame)
        clock = state.clock._replace(meter=controls.meter)
        return FrameContext(view.frame, earliest, clock, controls.tempo_mbpm)

    @staticmethod
    def _opened(context: FrameContext, switches: tuple[SwitchNow, ...]) -> FrameContext:
        """Return the context with the meter of a bar that opens at the very start of the frame."""
        clock, (meter, _, _) = context.clock, switches
        if clock.ticks != clock.bar_ticks or clock.meter == meter.value:
            return context
        return context._replace(clock=clock._replace(meter=int(meter.value)))

    def _look_ahead(self, state: DirectorState, decided: DirectorState, context: FrameContext) -> Lookahead:
        """What a frame with these decisions says of the next change."""
        opened = self._opened(context, decided.switches)
        return look_ahead(self._layers, state.layers, decided.layers, decided.weights, opened)

    def _step_layers(
        self, layers: tuple[LayerNow, ...], view: FrameView, context: FrameContext
    ) -> tuple[tuple[LayerNow, ...], tuple[Change, ...]]:
        stepped = [layer.step(now, view, context) for layer, now in zip(self._layers, layers, strict=True)]
        return tuple([now for now, _ in stepped]), tuple([change for _, made in stepped for change in made])

    def _step_stingers(
        self, stingers: tuple[StingerNow, ...], values: tuple[InputValue, ...], context: FrameContext
    ) -> tuple[tuple[StingerNow, ...], tuple[StingerCue, ...]]:
        if not stingers:
            return (), ()
        stepped = [
            stinger.step(now, context, fired=values[stinger.trigger] is True)
            for stinger, now in zip(self._stingers, stingers, strict=True)
        ]
        return tuple([now for now, _ in stepped]), tuple([cue for _, cues in stepped for cue in cues])

    def _weights(self, before: Vector, values: tuple[InputValue, ...]) -> Vector:
        weights = []
        for i, layer in enumerate(self.rules.layers):
            if not isinstance(layer.weight, Binding):
                weights.append(layer.weight)
                continue
            target = follow(layer.weight, float(values[self._input_index[layer.weight.input]]))
            if before:
                target = min(max(target, before[i] - self._slews[i]), before[i] + self._slews[i])
            weights.append(target)
        return tuple(weights)

    def _mix(
        self, layer_mixes: tuple[Vector, ...], weights: Vector, stingers: tuple[StingerNow, ...], frame: int
    ) -> Vector | None:
        """The normalised mix of a frame, None if it is empty."""
        parts = list(zip(weights, layer_mixes, strict=True))
        for stinger, now in zip(self._stingers, stingers, strict=True):
            level = stinger.envelope(now, frame)
            if level > 0.0:
                parts.append((level, stinger.mix))
        total = [0.0] * len(self.rules.styles)
        for weight, mix in parts:
            for i, share in enumerate(mix):
                total[i] += weight * share
        whole = sum(total)
        return tuple([share / whole for share in total]) if whole > EMPTY else None

    def _next_mix(self, decided: DirectorState, layer_mixes: tuple[Vector, ...], lookahead: Lookahead) -> Vector | None:
        """The mix as if the next change had been made in full; None if there is none or it is empty."""
        if lookahead.frames == NO_CHANGE:
            return None
        taken = [
            mix if to == NO_CHANGE else layer.mixes[to]
            for layer, mix, to in zip(self._layers, layer_mixes, lookahead.states, strict=True)
        ]
        return self._mix(tuple(taken), decided.weights, decided.stingers, decided.frame)


def _slew(weight: float | Binding, ramp_frames: int) -> float:
    """How far a bound weight may move in a frame."""
    if not isinstance(weight, Binding) or ramp_frames == 0:
        return math.inf
    levels = [y for _, y in weight.curve]
    return (max(levels) - min(levels)) / ramp_frames


def _offset(position: int, clock: MusicalClock, tempo: int) -> int:
    return -1 if position < 0 else timing.sample_offset(position, clock, tempo)
