"""States of the reference director: which is to be active, and from when on (sections 4 to 8 of rules/SEMANTICS.md)."""

from __future__ import annotations

from fractions import Fraction
from typing import Any as AnyValue

from segue_rules.model import BUILT_IN_TRANSITION, Layer, LayerState, MusicalTime, Rules, Transition, lasting
from segue_rules.plan import Change
from unit.rules.reference_clock import ReferenceClock
from unit.rules.reference_inputs import chance, written
from unit.rules.reference_playlists import Started, is_bridge


class ReferenceStates(ReferenceClock):
    """The winner of each layer, and its pending change."""

    def __init__(self, rules: Rules) -> None:
        super().__init__(rules)
        # One entry a frame.
        self.conditions: list[dict[tuple[str, str], bool]] = []
        self.winners: list[dict[str, LayerState]] = []
        # By layer and the frame of the decision.
        self.predicted: dict[tuple[str, int], int] = {}

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

    def _eligible(self, layer: Layer, state: LayerState) -> bool:
        if state.default:
            return True
        f, holds = self.frame, self.conditions[self.frame][layer.name, state.name]
        run = self._run_start(layer, state)
        if written(state) != written(self.active_before(layer, f)):
            cooling = any(
                written(change.old) == written(state) and change.by_itself and f < change.frame + change.cooldown
                for change in self.started[layer.name]
            )
            return holds and f - run >= self.lasting(state.attack_frames) and not cooling
        start = self.entered(layer)
        hold, least = self.lasting(state.hold_frames), self.lasting(state.min_time_frames)
        held = holds or f - run < hold or f - start < least
        return held and not self._vetoed(state, f)

    def _winner(self, layer: Layer) -> LayerState:
        active = self.active_before(layer, self.frame)
        resists = active.resist and not self._vetoed(active, self.frame)
        if resists and self.frame - self.entered(layer) < self.lasting(active.min_time_frames):
            return active
        best = next(state for state in layer.states if state.default)
        for state in layer.states:
            if state.default or not self._eligible(layer, state):
                continue
            beaten = best.default or state.priority > best.priority
            if beaten or (state.priority == best.priority and written(state) == written(active)):
                best = state
        return best

    def _target(self, layer: Layer, winner: LayerState) -> LayerState:
        """The state that is to be active, or a piece that is to play (19)."""
        f, active = self.frame, self.active_before(layer, self.frame)
        if written(winner) != written(active):
            row = self.row(layer, active, winner)
            if row.bridge is not None:
                place = f"_{row.place + 1}" if row.place else ""
                name = f"{written(winner)}/from_{row.from_state or 'any'}{place}"
                return next(state for state in layer.states if state.name == name)
            return self.next_piece(layer, written(winner), None)
        waits = f > 0 and self._decided(layer, f - 1) is not None and not self._started_in(layer, f - 1)
        if not (waits and written(self.winners[f - 1][layer.name]) == written(active)):
            ends = self.ends[layer.name]
            if ends is None or self.began(layer) == f:
                return active
            if ends > lasting(MusicalTime(count=Fraction(2), unit="bar"), self.tempo, self.meter):
                return active
        piece = self.next_piece(layer, written(active), active)
        return self.again(layer, piece) if piece is active else piece

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
        if is_bridge(old) and written(old) == written(new):
            return [change for change in self.started[layer.name] if change.new.name == old.name][-1].row
        fitting = [
            row
            for row in self.rules.transitions
            if row.layer in (None, layer.name)
            and row.from_state in (None, written(old), *old.groups)
            and row.to_state in (None, written(new), *new.groups)
        ]

        def vague(named: str | None, state: LayerState) -> int:
            """0 for the state itself, then its groups in their order, then any."""
            return [written(state), *state.groups, None].index(named)

        k = len([change for change in self.started[layer.name] if change.frame < self.frame])
        ends = sorted(
            fitting, key=lambda r: (vague(r.to_state, new), vague(r.from_state, old), r.layer is None, r.place)
        )
        for row in ends:
            name = [each or "any" for each in (row.layer, row.from_state, row.to_state)]
            if row.chance == 1 or chance(self.rules.seed, layer.name, *name, row.place, "row", k) < row.chance:
                return row
        return BUILT_IN_TRANSITION

    def _change(self, layer: Layer, earliest: int, bar: int | None, beat: int | None) -> bool:
        f = self.frame
        decided = self._decided(layer, f)
        if decided is None or f < earliest:
            return False
        old, new = self.active_before(layer, f), self.winners[f][layer.name]
        row, same = self.row(layer, old, new), written(old) == written(new)
        waited = row.max_wait_frames is not None and not same and f - decided >= self.lasting(row.max_wait_frames)
        reached = waited or (same and is_bridge(old)) or self._at_boundary(row.at, bar, beat, layer)
        if not reached or (same and self.ends[layer.name]):
            return False
        new = next(state for state in layer.states if state.name == new.name)
        by_itself = not same and not self._eligible(layer, old)
        cooldown = self.lasting(old.cooldown_frames)
        self.started[layer.name].append(Started(f, old, new, row, by_itself, self.tempo, self.meter, cooldown))
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
            start = self._predicted_start(layer, old, new, f, earliest)
            self.predicted[layer.name, f] = start
            records.append(self._record("scheduled", layer, f, f, start))
        return records

    def _predicted_start(self, layer: Layer, old: LayerState, new: LayerState, decided: int, earliest: int) -> int:
        row = self.row(layer, old, new)
        if written(old) == written(new):
            end = max(earliest, self.frame + (self.ends[layer.name] or 0))
            return end if is_bridge(old) else self._predict(row.at, end, layer=layer)[0]
        wait = row.max_wait_frames
        left = None if wait is None else self.lasting(wait) - (self.frame - decided)
        return self._predict(row.at, earliest, left, layer)[0]

    def _withdrawn(self, layer: Layer, decided: int | None) -> list[Change]:
        """The record of a change that was pending before this frame and is not what is decided now."""
        f = self.frame
        before = self._decided(layer, f - 1) if f > 0 and self.active[f - 1] else None
        if before is None or self._started_in(layer, f - 1) or before == decided:
            return []
        return [self._record("withdrawn", layer, f - 1, before, self.predicted[layer.name, before])]

    def _record(self, kind: AnyValue, layer: Layer, frame: int, decided: int, start: int) -> Change:
        old, new = self.active_before(layer, frame), self.winners[frame][layer.name]
        row = self.row(layer, old, new)
        ramp, fades = self.lasting(row.ramp_frames), None
        if row.fades is not None:
            fades = self.lasting(row.fades[0]), self.lasting(row.fades[1])
            ramp = max(fades)
        at = "bar" if is_bridge(old) and old.written == new.written else str(row.at)
        clips = tuple(use.clip for use in new.clips)
        return Change(kind, layer.name, old.name, new.name, decided, start, ramp, at, (), (), fades, clips)
