"""One frame of the director, in the order of SEMANTICS, and the skipping of frames in which nothing happens."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, Final, NamedTuple

from segue_rules.director import timing
from segue_rules.director.clips import ClipDirector, Coming
from segue_rules.director.conditions import Conditions, FrameView
from segue_rules.director.controls import ControlDirector
from segue_rules.director.idle import Idle, IdleDirector
from segue_rules.director.inputs import InputDirector, TakenEvents
from segue_rules.director.layers import NO_CHANGE, FrameContext, LayerDirector, Lookahead, look_ahead
from segue_rules.director.levels import CONTINUOUS, GLIDE_CURVE, GLIDE_FRAMES, NO_STYLES_TEMPO, TEMPO, Levels, Mixing
from segue_rules.director.mixes import Mixes
from segue_rules.director.moves import moves
from segue_rules.director.packing import pack
from segue_rules.director.playlists import playing_from
from segue_rules.director.state import (
    NEVER,
    DirectorState,
    Glide,
    InputNow,
    LayerNow,
    StingerNow,
    StylesTempo,
    SwitchNow,
    Vector,
)
from segue_rules.director.stingers import StingerDirector
from segue_rules.director.timers import Timers
from segue_rules.director.transition_rows import TransitionRows
from segue_rules.director.visits import NOT_LED, VisitDirector
from segue_rules.events import Event, Receipt
from segue_rules.meters import beats_of, groups_of
from segue_rules.model import InputValue, Rules
from segue_rules.plan import Change, FramePlan, StingerCue, Visit

_BEGINNING: Final = playing_from(0, timing.CLOCK_START)


class FrameResults(NamedTuple):
    """What a frame reports of its decisions.

    Attributes:
        tempo: That of the frame in which a clip begins to lead, in milli-bpm; None for that of its controls.
    """

    receipts: tuple[Receipt, ...]
    changes: tuple[Change, ...]
    stingers: tuple[StingerCue, ...]
    lookahead: Lookahead
    tempo: int | None


class Span(NamedTuple):
    """A run of frames that repeat a plan but for frame, clock, beat and bar_start.

    The receipts, changes, stingers and the next change in the plan belong to the first frame only.

    Attributes:
        plan: That of the first frame.
        state: After the last frame.
    """

    plan: FramePlan
    frames: int
    state: DirectorState


class Director:
    """Plays one rule file. Each DirectorState goes in and out, and results depend on the arguments alone."""

    def __init__(self, rules: Rules, seed: int | None = None) -> None:
        """Prepare to play rules.

        Args:
            seed: Decides every draw by chance; None for the seed of the rules.
        """
        self.rules = rules
        seed = rules.seed if seed is None else seed
        self._inputs = InputDirector(rules.inputs)
        self._timers = Timers(rules.inputs, seed)
        self._conditions = Conditions(rules)
        rows = TransitionRows(rules)
        self._layers = tuple(LayerDirector(rules, i, self._conditions, rows, seed) for i in range(len(rules.layers)))
        self._stingers = tuple(StingerDirector(rules, i) for i in range(len(rules.stingers)))
        self._levels = Levels(rules)
        self._controls = ControlDirector(rules, self._levels)
        self._visits = VisitDirector(rules)
        self._mixes = Mixes(rules, self._layers, self._stingers)
        self._clips = ClipDirector(rules, self._layers, seed)
        self._nothing_ahead = Lookahead(NO_CHANGE, (NO_CHANGE,) * len(self._layers))
        self._idling = IdleDirector(
            self._inputs,
            self._timers,
            self._conditions,
            self._layers,
            self._stingers,
            self._levels,
            self._controls,
            self._mixes,
            self._clips,
        )
        # What is known of the state that was returned last. It saves time and changes no result.
        self._idle: Idle | None = None

    def pack(self, state: DirectorState) -> dict[str, Any]:
        """Return a state as `segue_rules.director.pack`, faster."""
        return pack(state, self.rules, self._levels)

    def start(self) -> DirectorState:
        """The state before frame 0, with defaults everywhere."""
        count = len(self.rules.styles)
        return DirectorState(
            frame=0,
            clock=timing.CLOCK_START,
            inputs=self._inputs.start(),
            latches=(False,) * len(self.rules.latches),
            layers=tuple(layer.start(_BEGINNING) for layer in self._layers),
            weights=(),
            stingers=tuple(stinger.start() for stinger in self._stingers),
            styles_tempo=NO_STYLES_TEMPO,
            glides=(Glide(0.0, 0, 0, "linear"),) * len(CONTINUOUS),
            switches=(),
            last_mix=(1.0 / count,) * count if count else (),
            led=NOT_LED,
            visits=(),
            timers=self._timers.start(),
            counts=(0,) * len(self.rules.counters),
            left=(NEVER,) * len(self.rules.stays),
        )

    def reset(self, state: DirectorState) -> DirectorState:
        """Inputs and states as at the start. Clock, meter, key and drums go on; other controls move from their values.

        What waited is forgotten; `step` reports it.
        """
        frame = state.frame
        playing = playing_from(frame, state.clock)
        start = self.start()._replace(
            frame=frame,
            inputs=self._inputs.start(frame),
            timers=self._timers.start(frame),
            layers=tuple([layer.start(playing) for layer in self._layers]),
        )
        if not state.switches:
            return start
        # Controls move on from the values that they had in the frame before.
        before = self._mixing_before(state)
        levels = self._controls.levels(state.glides, before)
        values = self._inputs.move(start.inputs, frame)
        weights = self._mixes.weights((), values)
        muted = self._levels.weights(weights, start.layers, frame)
        leads = self._clips.leads(start.layers)
        return start._replace(
            clock=state.clock,
            weights=weights,
            styles_tempo=self._levels.follow_styles(NO_STYLES_TEMPO, start.layers, muted, values, frame),
            glides=tuple(
                [
                    # A clip that leads is on the beat from its beginning on.
                    Glide(level, frame, 1 if i == TEMPO and leads else GLIDE_FRAMES, GLIDE_CURVE)
                    for i, level in enumerate(levels)
                ]
            ),
            clips=state.clips,
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
        idle = self._idle
        if idle is not None and state is idle.state and frame < idle.end and taken is None and not events:
            self._idle = idle = self._idling.go_on(idle)
            return idle.state, idle.plan
        taken = self.take(state, events, taken)
        decided, results, mixing = self._decide(state, taken, frame if earliest is None else earliest)
        after, plan = self._play(state, decided, results, mixing)
        self._idle = self._idling.find(state, decided, after, plan, mixing)
        return after, plan

    def take(self, state: DirectorState, events: Sequence[Event], before: TakenEvents | None = None) -> TakenEvents:
        """What events do in frame state.frame.

        Args:
            before: What others of it with smaller numbers have done.
        """
        before = before or TakenEvents(state.inputs)
        return self._inputs.take(before, events, state.frame) if events else before

    def _decide(
        self, state: DirectorState, taken: TakenEvents, earliest: int
    ) -> tuple[DirectorState, FrameResults, Mixing]:
        """All decisions of frame state.frame, what it reports of them, and what its controls are made of.

        Clock and last mix stay.
        """
        frame, inputs, receipts, reset = state.frame, *taken
        undone: tuple[Change, ...] = ()
        dropped: tuple[StingerCue, ...] = ()
        left = state
        if reset is not None:
            dropped = tuple(
                [c for each, now in zip(self._stingers, state.stingers, strict=True) for c in each.dropped(now, frame)]
            )
            state = self.reset(state)
        inputs, timers = self._timers.step(inputs, state.timers, frame)
        values = self._inputs.move(inputs, frame)
        view = FrameView(frame, values, inputs, tuple([layer.active for layer in state.layers]))
        self._conditions.update(view, state)
        weights = self._mixes.weights(state.weights, values)
        state = state._replace(weights=weights)
        before = self._mixing(state, values)
        context = self._context(state, view, before, earliest)
        if reset is not None:
            both = zip(self._layers, left.layers, strict=True)
            undone = tuple([change for layer, now in both for change in layer.undone(now, context)])
            undone += moves(left, self.rules, state, self.rules, "reset", reset)

        layers, changes = self._step_layers(state.layers, view, context)
        stingers, cues = self._step_stingers(state.stingers, inputs, context)
        layers, styles_tempo, mixing = self._mixed(state, layers, before)
        switches = state.switches
        if not switches or timing.bar_in(context.clock, context.tempo)[0] >= 0:
            switches = self._controls.switch(switches, mixing)
            opened = self._opened(context, switches)
            if opened != context:
                # The same decisions, whose starts are predicted with the meter of the bar that opens with the frame.
                layers, changes = self._step_layers(state.layers, view, opened)
                stingers, cues = self._step_stingers(state.stingers, inputs, opened)
                layers, styles_tempo, mixing = self._mixed(state, layers, before)
        led, visits = self._visits.step(state.led, state.visits, layers, mixing.weights, state.clock.bar)
        decided = DirectorState(
            frame=frame,
            clock=state.clock,
            inputs=inputs,
            latches=view.latches,
            layers=layers,
            weights=weights,
            stingers=stingers,
            styles_tempo=styles_tempo,
            glides=state.glides,
            switches=switches,
            last_mix=state.last_mix,
            led=led,
            visits=visits,
            timers=timers,
            counts=view.counts,
            left=view.left,
            clips=state.clips,
        )
        ahead = self._look_ahead(state, decided, mixing, context)
        if not state.switches:
            # Mutes that began with the session are over for the first decisions only.
            mixing = self._mixing(decided, values)
        opened, begun = self._opened(context, switches), bool(state.switches)
        coming = self._coming(layers, opened) if self._clips.early else ()
        clips = self._clips.step(state.clips, layers, values, mixing.weights, opened, coming, begun=begun)
        if clips is not state.clips:
            decided = decided._replace(clips=clips)
        tempo = self._leading_tempo(decided, mixing, context) if state.switches else None
        return decided, FrameResults(receipts, undone + changes, dropped + cues, ahead, tempo), mixing

    def _play(
        self, before: DirectorState, decided: DirectorState, results: FrameResults, mixing: Mixing
    ) -> tuple[DirectorState, FramePlan]:
        """The state after a frame whose decisions are made, and its plan.

        Args:
            before: The state before it.
            mixing: What its controls are made of.
        """
        frame, layers, weights = decided.frame, decided.layers, mixing.weights
        layer_mixes = self._mixes.of_layers(layers, frame)
        mix = self._mixes.total(layer_mixes, weights, decided.stingers, frame)
        sounding = mix or decided.last_mix
        silent, theme = self._silent(decided, mixing), self._mixes.theme(layers, weights, decided.stingers, frame)
        visit = self._visits.visit(decided.led, decided.visits)
        controls = self._controls.values(decided.glides, decided.switches, mixing)
        if results.tempo is not None:
            controls = controls._replace(tempo_mbpm=results.tempo)
        music = self._mixes.beside(decided.clips, self._clips, layer_mixes, weights, decided.stingers, frame)
        taken = self._taken(decided, mixing, results.lookahead)
        # Without a change to come, what comes is as it is now.
        stays = taken is mixing
        clock, beat, bar_start = timing.moment(decided.clock, controls)
        plan = FramePlan(
            frame=frame,
            mix=sounding,
            states=tuple([layer.names[now.active] for layer, now in zip(self._layers, layers, strict=True)]),
            layer_mixes=layer_mixes,
            layer_weights=weights,
            controls=controls,
            clock=clock,
            beat=beat,
            bar_start=bar_start,
            to_change=results.lookahead.frames,
            next_mix=self._next_mix(decided, layer_mixes, taken, results.lookahead) or sounding,
            visit=visit,
            next_visit=visit if stays else self._next_visit(decided, taken),
            silent=silent,
            next_silent=silent if stays else self._silent(decided, taken),
            theme=theme,
            next_theme=theme if stays else self._mixes.theme(taken.layers, taken.weights, decided.stingers, frame),
            inputs=mixing.values,
            receipts=results.receipts,
            changes=results.changes,
            stingers=results.stingers,
            warnings=() if mix or silent or decided.clips.voices else ("empty_mix",),
            clips=self._clips.sounds(before.clips, decided.clips),
            music_before=before.clips.music,
            music=music,
        )
        clips = decided.clips if music == decided.clips.music else decided.clips._replace(music=music)
        after = decided._replace(frame=frame + 1, clock=timing.advance(clock, controls), last_mix=sounding, clips=clips)
        return after, plan

    def _silent(self, decided: DirectorState, mixing: Mixing) -> bool:
        """Whether the rules let the generated music be silent, with these states of the layers."""
        if self._controls.silent(mixing):
            return True
        quiet = self._clips.quiet(mixing.layers, mixing.weights)
        return quiet and not self._mixes.bursting(decided.stingers, decided.frame)

    def _later(self, decided: DirectorState, mixing: Mixing) -> Mixing:
        """What the controls of the next frame are made of, if nothing but time moves them."""
        frame = decided.frame + 1
        styles = self._levels.styles_tempo(decided.styles_tempo, mixing.values, frame)
        return mixing._replace(frame=frame, styles=styles)

    def _coming(self, layers: tuple[LayerNow, ...], context: FrameContext) -> tuple[Coming | None, ...]:
        """What each layer will change to, as far as it is decided and not made yet."""
        return tuple(
            [
                None
                if now.pending is None
                else Coming(now.pending.state, now.pending.row, layer.predicted(now, now.pending, context))
                for layer, now in zip(self._layers, layers, strict=True)
            ]
        )

    def _leading_tempo(self, decided: DirectorState, mixing: Mixing, context: FrameContext) -> int | None:
        """The tempo of a frame in which a clip begins to lead: the old one up to its beginning, then the clip's.

        So the clock counts from there on as the clip does. None in all other frames.
        """
        if not self._clips.leading_in(decided.clips, decided.layers, context.frame):
            return None
        coming = self._controls.tempo(decided.glides, self._later(decided, mixing))
        line = self._clips.line(decided.layers, context) - context.clock.ticks
        left = context.tempo - line
        return line - (-left * coming // context.tempo)

    def receipt(self, event: Event, frame: int) -> Receipt:
        """The answer that `step` will give to an event. It depends on the declared inputs only."""
        return self._inputs.take(TakenEvents(self._inputs.start()), (event,), frame).receipts[0]

    def spans(self, state: DirectorState, until: int) -> Iterator[Span]:
        """Play every frame before `until` without events, as runs of equal plans.

        The result is the same as with `step`, but faster.
        """
        while state.frame < until:
            state, plan = self.step(state, state.frame)
            end = min(self.unchanged_until(state), until)
            if state.frame < end:
                clock = timing.advance(state.clock, plan.controls, end - state.frame)
                state = state._replace(frame=end, clock=clock)
                if self._idle is not None:
                    self._idle = self._idle._replace(state=state)
            yield Span(plan, state.frame - plan.frame, state)

    def unchanged_until(self, state: DirectorState) -> int:
        """The first frame whose plan may differ in more than time from the one before `state`, if no event comes.

        It is state.frame where that is not known: only what `step` returned last is.
        """
        idle = self._idle
        return idle.end if idle is not None and idle.state is state and state.frame > idle.settled else state.frame

    def _mixing(self, state: DirectorState, values: tuple[InputValue, ...]) -> Mixing:
        """What the controls of frame state.frame are made of."""
        weights = self._levels.weights(state.weights, state.layers, state.frame) if state.weights else state.weights
        styles = self._levels.styles_tempo(state.styles_tempo, values, state.frame)
        return Mixing(state.frame, state.layers, weights, values, styles)

    def _mixing_before(self, state: DirectorState) -> Mixing:
        """What the controls of the frame before state.frame were made of."""
        last = state.frame - 1
        return self._mixing(state._replace(frame=last), self._inputs.move(state.inputs, last))

    def _mixed(
        self, state: DirectorState, layers: tuple[LayerNow, ...], before: Mixing
    ) -> tuple[tuple[LayerNow, ...], StylesTempo, Mixing]:
        """The layers after the changes of a frame with what they did before, and what its controls are made of."""
        frame, values = before.frame, before.values
        if state.switches and any(now.start == frame for now in layers):
            layers = self._levels.started(state.layers, layers, before)
        over = () if state.switches else range(len(layers))
        weights = self._levels.weights(state.weights, layers, frame, over)
        styles_tempo = self._levels.follow_styles(state.styles_tempo, layers, weights, values, frame)
        styles = self._levels.styles_tempo(styles_tempo, values, frame)
        mixing = Mixing(frame, layers, weights, values, styles)
        if not state.switches:
            # The first controls of a session have their targets at once.
            mixing = mixing._replace(layers=self._levels.settled(layers, mixing))
        return mixing.layers, styles_tempo, mixing

    def _context(self, state: DirectorState, view: FrameView, before: Mixing, earliest: int) -> FrameContext:
        """The tempo and clock of the frame, which its own changes do not affect.

        Frame 0 alone has them from its own changes. As it opens a bar at any tempo, they are known in advance.
        """
        if state.switches:
            tempo = self._controls.tempo(state.glides, before)
            return FrameContext(view.frame, earliest, state.clock, tempo, state.clock.meter, state.clips)
        layers, _ = self._step_layers(
            state.layers, view, FrameContext(view.frame, earliest, state.clock, 1, 1, state.clips)
        )
        _, _, mixing = self._mixed(state, layers, before)
        controls = self._controls.values(state.glides, self._controls.switch((), mixing), mixing)
        clock = state.clock._replace(meter=controls.meter, groups=controls.groups)
        return FrameContext(view.frame, earliest, clock, controls.tempo_mbpm, controls.meter, state.clips)

    @staticmethod
    def _opened(context: FrameContext, switches: tuple[SwitchNow, ...]) -> FrameContext:
        """Return the context with the meter of a bar that opens at the very start of the frame."""
        clock, (now, _, _) = context.clock, switches
        assert not isinstance(now.value, str)
        meter, groups = beats_of(now.value), groups_of(now.value)
        if clock.ticks != clock.bar_ticks or (clock.meter, clock.groups) == (meter, groups):
            return context
        return context._replace(clock=clock._replace(meter=meter, groups=groups))

    def _look_ahead(
        self, state: DirectorState, decided: DirectorState, mixing: Mixing, context: FrameContext
    ) -> Lookahead:
        """What a frame with these decisions says of the next change."""
        if not any(now.pending is not None or now.start == context.frame for now in decided.layers):
            return self._nothing_ahead
        opened = self._opened(context, decided.switches)
        return look_ahead(self._layers, state.layers, decided.layers, mixing.weights, opened)

    def _step_layers(
        self, layers: tuple[LayerNow, ...], view: FrameView, context: FrameContext
    ) -> tuple[tuple[LayerNow, ...], tuple[Change, ...]]:
        after: list[LayerNow] = []
        changes: list[Change] = []
        for layer, now in zip(self._layers, layers, strict=True):
            stepped, made = layer.step(now, view, context)
            after.append(stepped)
            changes += made
        stepped_layers = tuple(after)
        # Most frames change nothing, and the same object is recognised where something is remembered of it.
        return layers if stepped_layers == layers else stepped_layers, tuple(changes)

    def _step_stingers(
        self, stingers: tuple[StingerNow, ...], inputs: tuple[InputNow, ...], context: FrameContext
    ) -> tuple[tuple[StingerNow, ...], tuple[StingerCue, ...]]:
        if not stingers:
            return (), ()
        stepped = [
            stinger.step(now, inputs[stinger.trigger], context)
            for stinger, now in zip(self._stingers, stingers, strict=True)
        ]
        return tuple([now for now, _ in stepped]), tuple([cue for _, cues in stepped for cue in cues])

    def _taken(self, decided: DirectorState, mixing: Mixing, lookahead: Lookahead) -> Mixing:
        """The frame as if the next change had been made in full."""
        if lookahead.frames == NO_CHANGE:
            return mixing
        both = zip(decided.layers, lookahead.states, strict=True)
        layers = tuple([now if to == NO_CHANGE else now._replace(active=to) for now, to in both])
        over = [i for i, to in enumerate(lookahead.states) if to != NO_CHANGE]
        return mixing._replace(
            layers=layers, weights=self._levels.weights(decided.weights, layers, decided.frame, over)
        )

    def _next_mix(
        self, decided: DirectorState, layer_mixes: tuple[Vector, ...], taken: Mixing, lookahead: Lookahead
    ) -> Vector | None:
        """The mix as if the next change had been made in full; None if there is none or it is empty."""
        if lookahead.frames == NO_CHANGE:
            return None
        mixes = [
            mix if to == NO_CHANGE else layer.mixes[to]
            for layer, mix, to in zip(self._layers, layer_mixes, lookahead.states, strict=True)
        ]
        return self._mixes.total(mixes, taken.weights, decided.stingers, decided.frame)

    def _next_visit(self, decided: DirectorState, taken: Mixing) -> Visit:
        """The visit as if the next change had been made in this frame.

        Args:
            taken: The frame after that change.
        """
        led, visits = self._visits.step(decided.led, decided.visits, taken.layers, taken.weights, decided.clock.bar)
        return self._visits.visit(led, visits)
