"""Layers: which states are eligible, which one wins, when the change starts, and why (SEMANTICS 4-9 and 15)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, NamedTuple

from segue_rules.director.conditions import Conditions, FrameView
from segue_rules.director.cues import Cues
from segue_rules.director.playlists import NOTICE, Playlists, playing_from
from segue_rules.director.state import NEVER, ClipsNow, ConditionRun, LayerNow, Pending, PieceStart, Vector
from segue_rules.director.timing import blend, frames_until, progress
from segue_rules.director.transition_rows import TransitionRows
from segue_rules.model import (
    FRAME_RATE,
    Layer,
    LayerState,
    Length,
    MusicalTime,
    Rules,
    Transition,
    lasting,
)
from segue_rules.plan import BRIDGE_ENDS, CONDITION_FALSE, Candidate, Cause, Change, ChangeKind, MusicalClock

_FIRST_RUN: Final = ConditionRun(False, NEVER)


class FrameContext(NamedTuple):
    """A frame as layers and stingers see it.

    Attributes:
        earliest: The first frame that the session can still change.
        tempo: In milli-bpm.
        meter: That of the frame before, which times in bars count by.
        clips: Those of the frame before, whose cues are boundaries.
    """

    frame: int
    earliest: int
    clock: MusicalClock
    tempo: int
    meter: int
    clips: ClipsNow

    def frames(self, duration: Length) -> int:
        """The frames that a duration has in this frame."""
        return lasting(duration, self.tempo, self.meter)

    def fades(self, row: Transition) -> tuple[int, int] | None:
        """The frames in which, by a row, the old mix fades out and the new one in; None where one ramp leads over."""
        return None if row.fades is None else (self.frames(row.fades[0]), self.frames(row.fades[1]))


def mix_frames(now: LayerNow) -> int:
    """The frames from a layer's last change on in which its mix moves."""
    return now.ramp if now.fades is None else max(now.fades)


class LayerDirector:
    """One layer of a rule file, with its conditions compiled.

    Conditions, priorities and times belong to the states of the file, the *wholes* of `Playlists`; what sounds belongs
    to the pieces of their playlists.
    """

    def __init__(self, rules: Rules, index: int, conditions: Conditions, rows: TransitionRows, seed: int) -> None:
        self.layer: Layer = rules.layers[index]
        self.states: tuple[LayerState, ...] = self.layer.states
        self.playlists = Playlists(self.layer, seed)
        self.whole_of = self.playlists.whole_of
        # Any of its pieces stands for a state of the file: they differ in what sounds only.
        self._written = tuple(self.states[whole[0]] for whole in self.playlists.wholes)
        self._default = self.whole_of[self.layer.default_index]
        self._conditions = conditions
        self.names = tuple(state.name for state in self.states)
        self._when = tuple(conditions.compile(s.when) if s.when else None for s in self._written)
        # The states that anything vetoes, and a list for frames in which nothing does.
        self._unless = tuple((i, conditions.compile(s.unless)) for i, s in enumerate(self._written) if s.unless)
        self._no_vetoes = [False] * len(self._written)
        # What competes with the default state.
        self._others = tuple((i, s) for i, s in enumerate(self._written) if not s.default)
        self.mixes: tuple[Vector, ...] = tuple(
            tuple(state.mix.get(style.name, 0.0) for style in rules.styles) for state in self.states
        )
        self._clips = tuple(tuple(use.clip for use in state.clips) for state in self.states)
        self._transitions, self._seed = rows, seed
        self._index, self._cues = index, Cues(rules)
        self.rows = rows.rows

    def start(self, playing: PieceStart) -> LayerNow:
        """The default state, as if it had always been active.

        Args:
            playing: Where the first piece of a playlist begins.
        """
        count = len(self._written)
        courses = self.playlists.start()
        first = self.playlists.next_piece(courses, self._default)
        return LayerNow(
            first,
            NEVER,
            self.mixes[first],
            len(self.rows) - 1,
            None,
            (_FIRST_RUN,) * count,
            (NEVER,) * count,
            playing=playing if self.states[first].piece else None,
            courses=self.playlists.played(courses, first),
        )

    def mix(self, now: LayerNow, frame: int) -> Vector:
        """The mix of the layer in `frame`, before the weight of the layer."""
        row, target = self.rows[now.row], self.mixes[now.active]
        if now.fades is None:
            if frame - now.start >= now.ramp:
                return target
            return blend(now.origin, target, progress(row.curve, now.start, now.ramp, frame))
        out, enter = (progress(row.curve, now.start, frames, frame) for frames in now.fades)
        if out >= 1.0 and enter >= 1.0:
            return target
        return tuple([(1.0 - out) * a + enter * b for a, b in zip(now.origin, target, strict=True)])

    def settled_at(self, now: LayerNow) -> int:
        """The first frame from which on the mix does not move."""
        return now.start + mix_frames(now)

    def step(self, now: LayerNow, view: FrameView, context: FrameContext) -> tuple[LayerNow, tuple[Change, ...]]:
        """The layer after the decisions of a frame, and what happened to pending changes."""
        frame = context.frame
        vetoes = self._no_vetoes
        if self._unless:
            vetoes = vetoes.copy()
            for whole, test in self._unless:
                vetoes[whole] = test(view)
        # Most frames change nothing.
        turned = [
            whole
            for whole, (run, when) in enumerate(zip(now.runs, self._when, strict=True))
            if ((when is None or when(view)) and not vetoes[whole]) != run.holds
        ]
        if turned:
            runs = list(now.runs)
            for whole in turned:
                runs[whole] = ConditionRun(not runs[whole].holds, frame)
            now = now._replace(runs=tuple(runs))
        target = self._target(now, self._winner(now, vetoes, context), context)
        pending = now.pending
        if target is None and pending is None:
            return now, ()
        changes: list[Change] = []
        if pending is not None and pending.state != target:
            changes.append(self._change("withdrawn", now, pending, pending.predicted, vetoes, context))
            pending = None
        if target is None:
            return now if now.pending is None else now._replace(pending=None), tuple(changes)
        decided = pending is None
        if pending is None:
            row = self._row(now, target)
            causes = self._causes(now, target, view, vetoes, context) + self._chances(now, target, row)
            pending = Pending(target, frame, row, NEVER, causes)
            pending = pending._replace(predicted=self.predicted(now, pending, context))
        if self._reached(now, pending, context):
            changes.append(self._change("started", now, pending, frame, vetoes, context))
            return self._switch(now, pending, vetoes, context), tuple(changes)
        if decided:
            changes.append(self._change("scheduled", now, pending, pending.predicted, vetoes, context))
        return now._replace(pending=pending), tuple(changes)

    def _target(self, now: LayerNow, winner: int, context: FrameContext) -> int | None:
        """The state to change to, None to stay.

        Args:
            winner: A whole.
        """
        if winner != self.whole_of[now.active]:
            row = self.rows[self._row(now, self.playlists.wholes[winner][0])]
            bridge = self.playlists.bridge(row, winner)
            return self.playlists.next_piece(now.courses, winner) if bridge is None else bridge
        if now.playing is None:
            return None
        if now.pending is None or self.whole_of[now.pending.state] != winner:
            ends = self._ends_in(now, context)
            if ends is None or ends > context.frames(NOTICE) or now.playing.frame == context.frame:
                return None
        return self.playlists.next_piece(now.courses, winner, now.active)

    def _ends_in(self, now: LayerNow, context: FrameContext) -> int | None:
        return self.playlists.ends_in(now, context.clock, context.frame, context.tempo, context.meter)

    def _before_end(self, now: LayerNow, pending: Pending, context: FrameContext) -> int:
        """For how many frames a pending change still waits for the end of the present piece."""
        return (self._ends_in(now, context) or 0) if self._same_state(now, pending) else 0

    def undone(self, now: LayerNow, context: FrameContext) -> tuple[Change, ...]:
        """What a reset withdraws: the pending change, without the other states, which are not compared."""
        if now.pending is None:
            return ()
        nothing = [False] * len(self._written)
        change = self._change("withdrawn", now, now.pending, now.pending.predicted, nothing, context)
        return (change._replace(candidates=()),)

    def predicted(self, now: LayerNow, pending: Pending, context: FrameContext) -> int:
        """The frame in which a pending change starts if tempo and meter stay as they are."""
        row = self.rows[pending.row]
        ahead = max(0, context.earliest - context.frame, self._before_end(now, pending, context))
        if self._ends_bridge(now, pending):
            return context.frame + ahead
        clock, tempo = context.clock, context.tempo
        line = self._cues.next_line(row.at, self._index, context.clips, context.frame, clock, tempo, ahead)
        start = context.frame + frames_until(line, clock, tempo)
        if row.max_wait_frames is not None and not self._same_state(now, pending):
            start = min(start, pending.decided + context.frames(row.max_wait_frames))
        return max(start, context.earliest)

    def _same_state(self, now: LayerNow, pending: Pending) -> bool:
        """Whether a pending change is one of piece, within a playlist."""
        return self.whole_of[pending.state] == self.whole_of[now.active]

    def _ends_bridge(self, now: LayerNow, pending: Pending) -> bool:
        """Whether a pending change leads from a bridge to its state. It starts where the bridge ends."""
        return self._ends_bridge_into(now, pending.state)

    def _ends_bridge_into(self, now: LayerNow, to_state: int) -> bool:
        return self.playlists.bridges[now.active] and self.whole_of[to_state] == self.whole_of[now.active]

    def differ(self, one: int, other: int) -> bool:
        """Whether two states ask for different music."""
        old, new = self.states[one], self.states[other]
        mutes = (old.mute, old.solo) != (new.mute, new.solo)
        clips = (old.clips, old.enter) != (new.clips, new.enter)
        return mutes or clips or self.mixes[one] != self.mixes[other] or old.music != new.music

    def deadlines(self, now: LayerNow, context: FrameContext) -> list[int]:
        """Frames in which, at the tempo and in the meter of a frame, time alone may change a decision."""
        active = self.states[now.active]
        hold, least = context.frames(active.hold_frames), context.frames(active.min_time_frames)
        frames = [now.runs[self.whole_of[now.active]].since + hold, now.entered + least]
        for state, run, cooldown in zip(self._written, now.runs, now.cooldowns, strict=True):
            frames += (run.since + context.frames(state.attack_frames), cooldown)
        ends = self._ends_in(now, context)
        if ends is not None and now.playing is not None:
            frames.append(max(context.frame + ends - context.frames(NOTICE), now.playing.frame + 1))
        return frames

    @property
    def musical(self) -> bool:
        """Whether a state's times count beats or bars, as the notice of the end of a piece does."""
        times = (
            each
            for state in self.states
            for each in (state.attack_frames, state.hold_frames, state.min_time_frames, state.cooldown_frames)
        )
        ends = any(state.piece is not None and state.piece.length is not None for state in self.states)
        return ends or any(isinstance(each, MusicalTime) for each in times)

    def _eligible(self, now: LayerNow, whole: int, vetoes: list[bool], context: FrameContext) -> bool:
        state, run, frame = self._written[whole], now.runs[whole], context.frame
        if state.default:
            return True
        if whole != self.whole_of[now.active]:
            rested = frame >= now.cooldowns[whole]
            return run.holds and frame - run.since >= context.frames(state.attack_frames) and rested
        if vetoes[whole]:
            return False
        held = run.holds or frame - run.since < context.frames(state.hold_frames)
        return held or self._lasts(now, context)

    def _lasts(self, now: LayerNow, context: FrameContext) -> bool:
        """Whether the active state's min_time is not over."""
        return context.frame - now.entered < context.frames(self.states[now.active].min_time_frames)

    def _winner(self, now: LayerNow, vetoes: list[bool], context: FrameContext) -> int:
        """The whole that is to be active."""
        active = self.whole_of[now.active]
        if self._written[active].resist and not vetoes[active] and self._lasts(now, context):
            return active
        best, best_rank = self._default, (False, 0, False)
        for whole, state in self._others:
            # Only the active state stays without its condition.
            if (whole == active or now.runs[whole].holds) and self._eligible(now, whole, vetoes, context):
                rank = (True, state.priority, whole == active)
                if rank > best_rank:
                    best, best_rank = whole, rank
        return best

    def _reached(self, now: LayerNow, pending: Pending, context: FrameContext) -> bool:
        if context.frame < context.earliest or self._before_end(now, pending, context) > 0:
            return False
        if self._ends_bridge(now, pending):
            return True
        row = self.rows[pending.row]
        wait = None if self._same_state(now, pending) else row.max_wait_frames
        if wait is not None and context.frame - pending.decided >= context.frames(wait):
            return True
        return self.line_in(row, context) >= 0

    def line_in(self, row: Transition, context: FrameContext) -> int:
        """Where a change by a row may start in a frame, in ticks, or -1."""
        clock, tempo = context.clock, context.tempo
        return self._cues.line_in(row.at, self._index, context.clips, context.frame, clock, tempo)

    def _switch(self, now: LayerNow, pending: Pending, vetoes: list[bool], context: FrameContext) -> LayerNow:
        cooldowns, frame = now.cooldowns, context.frame
        left, whole = self.states[now.active], self.whole_of[now.active]
        same = self._same_state(now, pending)
        if not same and not self._eligible(now, whole, vetoes, context):
            over = frame + context.frames(left.cooldown_frames)
            cooldowns = tuple(over if i == whole else end for i, end in enumerate(cooldowns))
        return now._replace(
            active=pending.state,
            start=frame,
            origin=self.mix(now, frame),
            row=pending.row,
            ramp=context.frames(self.rows[pending.row].ramp_frames),
            fades=context.fades(self.rows[pending.row]),
            pending=None,
            cooldowns=cooldowns,
            entered=now.entered if same else frame,
            playing=playing_from(frame, context.clock) if self.states[pending.state].piece else None,
            courses=self.playlists.played(now.courses, pending.state),
            # Only chance counts them.
            changes=now.changes + self._transitions.drawn,
        )

    def _row(self, now: LayerNow, to_state: int) -> int:
        """The row of a change to a state. A bridge ends by the row by which it began."""
        left, entered = self.states[now.active].written, self.states[to_state].written
        if self._ends_bridge_into(now, to_state):
            return now.row
        return self._transitions.choose(self.layer.name, left, entered, self._seed, now.changes)

    def _causes(
        self, now: LayerNow, winner: int, view: FrameView, vetoes: list[bool], context: FrameContext
    ) -> tuple[Cause, ...]:
        """Why the winner is eligible and, where the active state ended by itself, why it did."""
        causes: tuple[Cause, ...] = ()
        won, active = self.states[winner], self.states[now.active]
        chosen = self.playlists.why(now.courses, winner)
        drawn = (Cause("", won.name, -1, f"{won.name} {chosen}"),) if chosen else ()
        if won.written == active.written:
            ended = Cause("", won.name, -1, BRIDGE_ENDS)
            return (ended, *drawn) if self.playlists.bridges[now.active] else drawn
        if won.when is not None:
            causes += self._conditions.explain(won.when, view)
        if not self._eligible(now, self.whole_of[now.active], vetoes, context):
            if active.when is not None:
                causes += self._conditions.explain(active.when, view, wanted=False)
            if active.unless is not None:
                causes += self._conditions.explain(active.unless, view)
        return (*dict.fromkeys(causes), *drawn)

    def _chances(self, now: LayerNow, to_state: int, row: int) -> tuple[Cause, ...]:
        """What chance had to do with the row of a change."""
        if not self._transitions.drawn or self._ends_bridge_into(now, to_state):
            return ()
        left, entered = self.states[now.active].written, self.states[to_state].written
        texts = self._transitions.why(self.layer.name, left, entered, row)
        return tuple([Cause("", self.states[to_state].name, -1, text) for text in texts])

    def _change(
        self,
        kind: ChangeKind,
        now: LayerNow,
        pending: Pending,
        start: int,
        vetoes: list[bool],
        context: FrameContext,
    ) -> Change:
        row = self.rows[pending.row]
        fades = context.fades(row)
        return Change(
            kind,
            self.layer.name,
            self.states[now.active].name,
            self.states[pending.state].name,
            pending.decided,
            start,
            context.frames(row.ramp_frames) if fades is None else max(fades),
            "bar" if self._ends_bridge(now, pending) else str(row.at),
            pending.causes,
            tuple(
                Candidate(state.written, self._reason(now, i, self.whole_of[pending.state], vetoes, context))
                for i, state in enumerate(self._written)
                if i != self.whole_of[pending.state]
            ),
            fades,
            self._clips[pending.state],
        )

    def _reason(self, now: LayerNow, i: int, winner: int, vetoes: list[bool], context: FrameContext) -> str:
        """Why a whole did not win."""
        frame = context.frame
        state, run, won = self._written[i], now.runs[i], self._written[winner]
        if state.default:
            return "default, ranks below every other"
        if vetoes[i]:
            return "vetoed by unless"
        if not self._eligible(now, i, vetoes, context):
            if not run.holds:
                return CONDITION_FALSE
            if frame < now.cooldowns[i]:
                return f"cooldown {_seconds(now.cooldowns[i] - frame)} left"
            return f"attack {_seconds(run.since + context.frames(state.attack_frames) - frame)} left"
        if won.default or state.priority > won.priority:
            return "eligible again"
        if state.priority < won.priority:
            return f"priority {state.priority} below {won.priority}"
        return "tie: the active state stays" if winner == self.whole_of[now.active] else "tie: later in the file"


def _seconds(frames: int) -> str:
    return f"{frames / FRAME_RATE:.1f} s"


NO_CHANGE: Final = -1


class Lookahead(NamedTuple):
    """The change that comes next, so that the music can lead into it (SEMANTICS 15).

    Attributes:
        frames: Until the nearest audible change; 0 where it starts in this frame, NO_CHANGE for none.
        states: The state that each layer takes in that change; NO_CHANGE for layers that stay as they are.
    """

    frames: int
    states: tuple[int, ...]


def look_ahead(
    layers: Sequence[LayerDirector],
    before: Sequence[LayerNow],
    now: Sequence[LayerNow],
    weights: Vector,
    context: FrameContext,
) -> Lookahead:
    """The next audible change after the decisions of a frame.

    Args:
        before: The layers before the decisions of that frame.
    """
    starts = [
        _change_start(layer, was, is_, context) if weight > 0 else NO_CHANGE
        for layer, was, is_, weight in zip(layers, before, now, weights, strict=True)
    ]
    frame = min((start for start in starts if start != NO_CHANGE), default=NO_CHANGE)
    if frame == NO_CHANGE:
        return Lookahead(NO_CHANGE, (NO_CHANGE,) * len(starts))
    states = tuple(
        [
            (is_.pending.state if is_.pending else is_.active) if start == frame else NO_CHANGE
            for start, is_ in zip(starts, now, strict=True)
        ]
    )
    return Lookahead(frame - context.frame, states)


def _change_start(layer: LayerDirector, was: LayerNow, now: LayerNow, context: FrameContext) -> int:
    """The frame in which the layer's audible change starts at the present tempo; NO_CHANGE without one."""
    if now.pending is not None:
        return layer.predicted(now, now.pending, context) if layer.differ(now.active, now.pending.state) else NO_CHANGE
    if now.start == context.frame and layer.differ(was.active, now.active):
        return context.frame
    return NO_CHANGE
