"""Layers: which states are eligible, which one wins, when the change starts, and why (SEMANTICS 4-9 and 15)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, NamedTuple

from segue_rules.director.conditions import Conditions, FrameView
from segue_rules.director.state import NEVER, ConditionRun, LayerNow, Pending, Vector
from segue_rules.director.timing import blend, frames_until, line_in, next_line, progress
from segue_rules.model import BUILT_IN_TRANSITION, FRAME_RATE, Layer, LayerState, Rules, Transition
from segue_rules.plan import Candidate, Cause, Change, ChangeKind, MusicalClock

_FIRST_RUN: Final = ConditionRun(False, NEVER)


class TransitionRows:
    """The transition rows of a rule file, the built-in one last."""

    def __init__(self, rules: Rules) -> None:
        self.rows: tuple[Transition, ...] = (*rules.transitions, BUILT_IN_TRANSITION)
        self._first: dict[tuple[str | None, str | None, str | None], int] = {}
        for index, row in enumerate(self.rows):
            self._first.setdefault((row.layer, row.from_state, row.to_state), index)

    def between(self, layer: str, from_state: str, to_state: str) -> int:
        """Index of the most specific row that fits a change of `layer`.

        A row that names the state entered goes first, then one that names the state left, then one that names the
        layer; of two rows with the same pattern, the first.
        """
        for target in (to_state, None):
            for source in (from_state, None):
                for name in (layer, None):
                    index = self._first.get((name, source, target))
                    if index is not None:
                        return index
        raise AssertionError("the built-in row fits every change")


class FrameContext(NamedTuple):
    """A frame as layers and stingers see it.

    earliest: The first frame that the session can still change. tempo: In milli-bpm.
    """

    frame: int
    earliest: int
    clock: MusicalClock
    tempo: int


class LayerDirector:
    """One layer of a rule file, with its conditions compiled."""

    def __init__(self, rules: Rules, index: int, conditions: Conditions, rows: TransitionRows) -> None:
        self.layer: Layer = rules.layers[index]
        self.states: tuple[LayerState, ...] = self.layer.states
        self.default = self.layer.default_index
        self._conditions = conditions
        self._when = tuple(conditions.compile(s.when) if s.when else _always for s in self.states)
        self._unless = tuple(conditions.compile(s.unless) if s.unless else _never for s in self.states)
        self.mixes: tuple[Vector, ...] = tuple(
            tuple(state.mix.get(style.name, 0.0) for style in rules.styles) for state in self.states
        )
        self._transitions = rows
        self.rows = rows.rows

    def start(self) -> LayerNow:
        """The default state, with its mix in place as if it had always been active."""
        count = len(self.states)
        return LayerNow(
            self.default,
            NEVER,
            self.mixes[self.default],
            len(self.rows) - 1,
            None,
            (_FIRST_RUN,) * count,
            (NEVER,) * count,
        )

    def mix(self, now: LayerNow, frame: int) -> Vector:
        """The mix of the layer in `frame`, before the weight of the layer."""
        row = self.rows[now.row]
        return blend(now.origin, self.mixes[now.active], progress(row.curve, now.start, row.ramp_frames, frame))

    def settled_at(self, now: LayerNow) -> int:
        """The first frame from which on the mix does not move."""
        return now.start + self.rows[now.row].ramp_frames

    def step(self, now: LayerNow, view: FrameView, context: FrameContext) -> tuple[LayerNow, tuple[Change, ...]]:
        """The layer after the decisions of a frame, and what happened to pending changes."""
        frame = context.frame
        vetoes = [test(view) for test in self._unless]
        runs = tuple(
            [
                run if (test(view) and not veto) == run.holds else ConditionRun(not run.holds, frame)
                for run, test, veto in zip(now.runs, self._when, vetoes, strict=True)
            ]
        )
        now = now._replace(runs=runs)
        winner = self._winner(now, vetoes, frame)
        changes: list[Change] = []
        pending = now.pending
        if pending is not None and pending.state != winner:
            changes.append(self._change("withdrawn", now, pending, pending.predicted, vetoes, frame))
            pending = None
        if winner == now.active:
            return now._replace(pending=None), tuple(changes)
        decided = pending is None
        if pending is None:
            row = self._row(now.active, winner)
            causes = self._causes(now, winner, view, vetoes)
            pending = Pending(winner, frame, row, NEVER, causes)
            pending = pending._replace(predicted=self.predicted(pending, context))
        if self._reached(pending, context):
            changes.append(self._change("started", now, pending, frame, vetoes, frame))
            return self._switch(now, pending, vetoes, frame), tuple(changes)
        if decided:
            changes.append(self._change("scheduled", now, pending, pending.predicted, vetoes, frame))
        return now._replace(pending=pending), tuple(changes)

    def undone(self, now: LayerNow) -> tuple[Change, ...]:
        """What a reset withdraws: the pending change, without the other states, which are not compared."""
        if now.pending is None:
            return ()
        nothing = [False] * len(self.states)
        change = self._change("withdrawn", now, now.pending, now.pending.predicted, nothing, now.pending.decided)
        return (change._replace(candidates=()),)

    def predicted(self, pending: Pending, context: FrameContext) -> int:
        """The frame in which a pending change starts if tempo and meter stay as they are."""
        row = self.rows[pending.row]
        line = next_line(row.at, context.clock, context.tempo, max(0, context.earliest - context.frame))
        start = context.frame + frames_until(line, context.clock, context.tempo)
        if row.max_wait_frames is not None:
            start = min(start, pending.decided + row.max_wait_frames)
        return max(start, context.earliest)

    def differ(self, one: int, other: int) -> bool:
        """Whether two states ask for different music."""
        return self.mixes[one] != self.mixes[other] or self.states[one].music != self.states[other].music

    def deadlines(self, now: LayerNow) -> list[int]:
        """Frames in which the passing of time alone may change a decision."""
        active = self.states[now.active]
        frames = [now.runs[now.active].since + active.hold_frames, now.start + active.min_time_frames]
        for state, run, cooldown in zip(self.states, now.runs, now.cooldowns, strict=True):
            frames += (run.since + state.attack_frames, cooldown)
        return frames

    def _eligible(self, now: LayerNow, i: int, vetoes: list[bool], frame: int) -> bool:
        state, run = self.states[i], now.runs[i]
        if state.default:
            return True
        if i != now.active:
            return run.holds and frame - run.since >= state.attack_frames and frame >= now.cooldowns[i]
        if vetoes[i]:
            return False
        return run.holds or frame - run.since < state.hold_frames or frame - now.start < state.min_time_frames

    def _winner(self, now: LayerNow, vetoes: list[bool], frame: int) -> int:
        best, best_rank = self.default, (False, 0, False)
        for i, state in enumerate(self.states):
            if not state.default and self._eligible(now, i, vetoes, frame):
                rank = (True, state.priority, i == now.active)
                if rank > best_rank:
                    best, best_rank = i, rank
        return best

    def _reached(self, pending: Pending, context: FrameContext) -> bool:
        if context.frame < context.earliest:
            return False
        row = self.rows[pending.row]
        if row.max_wait_frames is not None and context.frame - pending.decided >= row.max_wait_frames:
            return True
        return line_in(row.at, context.clock, context.tempo) >= 0

    def _switch(self, now: LayerNow, pending: Pending, vetoes: list[bool], frame: int) -> LayerNow:
        cooldowns = now.cooldowns
        left = self.states[now.active]
        if not self._eligible(now, now.active, vetoes, frame):
            cooldowns = tuple(
                frame + left.cooldown_frames if i == now.active else end for i, end in enumerate(cooldowns)
            )
        return now._replace(
            active=pending.state,
            start=frame,
            origin=self.mix(now, frame),
            row=pending.row,
            pending=None,
            cooldowns=cooldowns,
        )

    def _row(self, from_state: int, to_state: int) -> int:
        return self._transitions.between(self.layer.name, self.states[from_state].name, self.states[to_state].name)

    def _causes(self, now: LayerNow, winner: int, view: FrameView, vetoes: list[bool]) -> tuple[Cause, ...]:
        """Why the winner is eligible and, where the active state ended by itself, why it did."""
        causes: tuple[Cause, ...] = ()
        won, active = self.states[winner], self.states[now.active]
        if won.when is not None:
            causes += self._conditions.explain(won.when, view)
        if not self._eligible(now, now.active, vetoes, view.frame):
            if active.when is not None:
                causes += self._conditions.explain(active.when, view, wanted=False)
            if active.unless is not None:
                causes += self._conditions.explain(active.unless, view)
        return tuple(dict.fromkeys(causes))

    def _change(
        self,
        kind: ChangeKind,
        now: LayerNow,
        pending: Pending,
        start: int,
        vetoes: list[bool],
        frame: int,
    ) -> Change:
        row = self.rows[pending.row]
        return Change(
            kind,
            self.layer.name,
            self.states[now.active].name,
            self.states[pending.state].name,
            pending.decided,
            start,
            row.ramp_frames,
            str(row.at),
            pending.causes,
            tuple(
                Candidate(state.name, self._reason(now, i, pending.state, vetoes, frame))
                for i, state in enumerate(self.states)
                if i != pending.state
            ),
        )

    def _reason(self, now: LayerNow, i: int, winner: int, vetoes: list[bool], frame: int) -> str:
        """Why a state did not win."""
        state, run, won = self.states[i], now.runs[i], self.states[winner]
        if state.default:
            return "default, ranks below every other"
        if vetoes[i]:
            return "vetoed by unless"
        if not self._eligible(now, i, vetoes, frame):
            if not run.holds:
                return "condition false"
            if frame < now.cooldowns[i]:
                return f"cooldown {_seconds(now.cooldowns[i] - frame)} left"
            return f"attack {_seconds(run.since + state.attack_frames - frame)} left"
        if won.default or state.priority > won.priority:
            return "eligible again"
        if state.priority < won.priority:
            return f"priority {state.priority} below {won.priority}"
        return "tie: the active state stays" if winner == now.active else "tie: later in the file"


def _always(view: FrameView) -> bool:
    return True


def _never(view: FrameView) -> bool:
    return False


def _seconds(frames: int) -> str:
    return f"{frames / FRAME_RATE:.1f} s"


NO_CHANGE: Final = -1


class Lookahead(NamedTuple):
    """The change that comes next, so that the music can lead into it (SEMANTICS 15).

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
        return layer.predicted(now.pending, context) if layer.differ(now.active, now.pending.state) else NO_CHANGE
    if now.start == context.frame and layer.differ(was.active, now.active):
        return context.frame
    return NO_CHANGE
