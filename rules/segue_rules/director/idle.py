"""Idle stretches: frames in which, without events, nothing can be decided, so that ramps alone move on."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, NamedTuple

from segue_rules.director.clips import ClipDirector
from segue_rules.director.conditions import Conditions
from segue_rules.director.controls import ControlDirector
from segue_rules.director.inputs import InputDirector
from segue_rules.director.layers import FrameContext, LayerDirector
from segue_rules.director.levels import Levels, Mixing
from segue_rules.director.mixes import Mixes
from segue_rules.director.state import STILL, DirectorState
from segue_rules.director.stingers import StingerDirector
from segue_rules.director.timers import Timers
from segue_rules.director.timing import advance, moment
from segue_rules.plan import FramePlan

FOREVER: Final = 1 << 40
# Frame and clock of a state, its first fields, are what time alone moves.
_TIMELESS: Final = slice(2, None)


class Idle(NamedTuple):
    """What is known of the frames from state.frame on, if no event comes.

    Attributes:
        state: Before the next frame.
        plan: Of the frame before, without receipts, changes and stingers.
        end: The first frame in which something may be decided.
        settled: The first frame in which no mix, burst or control moves either: plans after it differ in time only.
    """

    state: DirectorState
    plan: FramePlan
    end: int
    settled: int


class IdleDirector:
    """Finds and plays the idle stretches of one rule file."""

    def __init__(
        self,
        inputs: InputDirector,
        timers: Timers,
        conditions: Conditions,
        layers: Sequence[LayerDirector],
        stingers: Sequence[StingerDirector],
        levels: Levels,
        controls: ControlDirector,
        mixes: Mixes,
        clips: ClipDirector,
    ) -> None:
        self._inputs, self._timers, self._conditions = inputs, timers, conditions
        self._layers, self._stingers = layers, stingers
        self._levels, self._controls, self._mixes, self._clips = levels, controls, mixes, clips
        self._musical = any(layer.musical for layer in layers)

    def find(
        self, before: DirectorState, decided: DirectorState, after: DirectorState, plan: FramePlan, mixing: Mixing
    ) -> Idle | None:
        """The idle stretch that begins after a frame; None if the next frame may decide something.

        Args:
            before: The state before the frame.
            decided: The state with its decisions.
            after: The state after it.
            plan: Its plan.
            mixing: What its controls were made of.
        """
        frame, clock = before.frame, after.clock
        if (
            decided[_TIMELESS] != before[_TIMELESS]
            or any(now.pending is not None for now in after.layers)
            or any(now.waiting for now in after.stingers)
            or self._inputs.moving(after.inputs, frame)
            or self._levels.muting(after.layers, frame)
            or self._controls.waiting(after.switches, mixing)
        ):
            return None
        if self._musical:
            # Tempo and meter may move, and with them the times that count beats and bars.
            moving = frame < self._controls.settled(after.layers, after.glides, after.styles_tempo)
            if moving or not before.clock.meter == clock.meter == plan.controls.meter:
                return None
        if plan.receipts or plan.changes or plan.stingers:
            plan = plan._replace(receipts=(), changes=(), stingers=())
        end = self._next_deadline(after, plan)
        return Idle(after, plan, end, self._settled(after)) if end > frame + 1 else None

    def _next_deadline(self, state: DirectorState, plan: FramePlan) -> int:
        """The first frame from state.frame on in which time alone may decide something.

        Args:
            plan: Of the frame before, in which it decided nothing.
        """
        frame, clock = state.frame, state.clock
        context = FrameContext(frame, frame, clock, plan.controls.tempo_mbpm, clock.meter, state.clips)
        deadlines: list[int] = []
        for layer, now in zip(self._layers, state.layers, strict=True):
            deadlines += layer.deadlines(now, context)
        if state.timers:
            deadlines += self._timers.due(state.timers)
        deadlines += [state.inputs[i].since + frames for i, frames in self._conditions.fired]
        if state.left:
            ended = [(state.left[i], frames) for i, frames in self._conditions.lately]
            deadlines += [end + frames for end, frames in ended if end != STILL]
        deadlines += self._clips.deadlines(state.clips)
        return min([deadline for deadline in deadlines if deadline >= frame], default=FOREVER)

    def _settled(self, state: DirectorState) -> int:
        """The first frame in which, if nothing is decided, no mix, burst or control moves."""
        ends = [self._controls.settled(state.layers, state.glides, state.styles_tempo)]
        ends += [layer.settled_at(now) for layer, now in zip(self._layers, state.layers, strict=True)]
        ends += [now.start + now.time for now in state.stingers]
        # The level of the music beside clips is said of the beginning of a frame, too.
        return max(ends) + bool(state.clips.voices)

    def go_on(self, idle: Idle) -> Idle:
        """The stretch a frame later, which must not be its end."""
        return self._repeat(idle) if idle.state.frame > idle.settled else self._glide(idle)

    def _repeat(self, idle: Idle) -> Idle:
        """The stretch a frame later, of which nothing but time has moved."""
        state, controls = idle.state, idle.plan.controls
        clock, beat, bar_start = moment(state.clock, controls)
        plan = idle.plan._replace(frame=state.frame, clock=clock, beat=beat, bar_start=bar_start)
        after = state._replace(frame=state.frame + 1, clock=advance(clock, controls))
        return idle._replace(state=after, plan=plan)

    def _glide(self, idle: Idle) -> Idle:
        """The stretch a frame later, in which mixes, bursts and controls have moved on, but nothing was decided."""
        state, before = idle.state, idle.plan
        frame, values, weights = state.frame, before.inputs, before.layer_weights
        layer_mixes = self._mixes.of_layers(state.layers, frame)
        styles = self._levels.styles_tempo(state.styles_tempo, values, frame)
        mixing = Mixing(frame, state.layers, weights, values, styles)
        mix = self._mixes.total(layer_mixes, weights, state.stingers, frame)
        sounding = mix or state.last_mix
        theme = self._mixes.theme(state.layers, weights, state.stingers, frame)
        controls = self._controls.values(state.glides, state.switches, mixing)
        clock, beat, bar_start = moment(state.clock, controls)
        silent, clips = before.silent, state.clips
        if clips.voices:
            music = self._mixes.beside(clips, self._clips, layer_mixes, weights, state.stingers, frame)
            quiet = self._clips.quiet(state.layers, weights) and not self._mixes.bursting(state.stingers, frame)
            silent, clips = self._controls.silent(mixing) or quiet, clips._replace(music=music)
        plan = before._replace(
            frame=frame,
            mix=sounding,
            layer_mixes=layer_mixes,
            controls=controls,
            clock=clock,
            beat=beat,
            bar_start=bar_start,
            next_mix=sounding,
            theme=theme,
            next_theme=theme,
            silent=silent,
            next_silent=silent,
            warnings=() if mix or silent or clips.voices else ("empty_mix",),
            music_before=state.clips.music,
            music=clips.music,
        )
        after = state._replace(frame=frame + 1, clock=advance(clock, controls), last_mix=sounding, clips=clips)
        return idle._replace(state=after, plan=plan)
