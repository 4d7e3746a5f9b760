"""Playlists for the reference director: which piece comes next, and when the present one ends (SEMANTICS 19)."""

from __future__ import annotations

from dataclasses import dataclass, replace

from segue_rules.model import Layer, LayerState, Length, Rules, TimeRange, Transition, lasting
from segue_rules.plan import TICKS_PER_BEAT
from unit.rules.reference_inputs import ReferenceInputs, chance, written


def is_bridge(state: LayerState) -> bool:
    return state.piece is not None and state.piece.bridge


@dataclass(frozen=True)
class Started:
    """A change that took place. by_itself: the state left had ended by its own condition or veto.

    tempo, meter: Those that its times in beats and bars count by. cooldown: Of the state left, in frames.
    """

    frame: int
    old: LayerState
    new: LayerState
    row: Transition
    by_itself: bool
    tempo: int
    meter: int
    cooldown: int

    @property
    def ramp(self) -> int:
        return lasting(self.row.ramp_frames, self.tempo, self.meter)

    @property
    def fades(self) -> tuple[int, int] | None:
        """How long the old mix goes and the new one comes; None without fades."""
        row = self.row
        if row.fade_out_frames is None and row.fade_in_frames is None:
            return None
        out = row.ramp_frames if row.fade_out_frames is None else row.fade_out_frames
        enter = row.ramp_frames if row.fade_in_frames is None else row.fade_in_frames
        return lasting(out, self.tempo, self.meter), lasting(enter, self.tempo, self.meter)


class ReferencePlaylists(ReferenceInputs):
    """What has played so far, and what follows from it for playlists."""

    def __init__(self, rules: Rules) -> None:
        super().__init__(rules)
        self.started: dict[str, list[Started]] = {layer.name: [] for layer in rules.layers}
        self.ticks: list[int] = [0]
        self.bars: list[tuple[int, int]] = []
        self.bar_groups: list[tuple[int, ...]] = []
        # In how many frames the present piece of each layer ends, as the present frame predicts.
        self.ends: dict[str, int | None] = {}
        # What times in beats and bars of the present frame count by.
        self.tempo, self.meter = 1, 1
        self._repeated: dict[tuple[int, int], LayerState] = {}
        # By layer; the rules alone decide it.
        self._first: dict[str, LayerState] = {}

    def lasting(self, length: Length) -> int:
        return lasting(length, self.tempo, self.meter)

    def next_bar(self) -> int:
        return self.bars[-1][0] + self.bars[-1][1] * TICKS_PER_BEAT if self.bars else 0

    def first_state(self, layer: Layer) -> LayerState:
        if layer.name not in self._first:
            default = next(state for state in layer.states if state.default)
            self._first[layer.name] = self._chosen(layer, written(default), [], None)
        return self._first[layer.name]

    def entered(self, layer: Layer) -> int:
        """The frame in which the active state of the file became active."""
        return [change.frame for change in self.started[layer.name] if written(change.old) != written(change.new)][-1]

    def began(self, layer: Layer) -> int:
        """The frame in which the active state or its piece began."""
        changes = self.started[layer.name]
        return changes[-1].frame if changes else self.beginning

    def again(self, layer: Layer, piece: LayerState) -> LayerState:
        """The same piece once more, as a state to change to."""
        return self._repeated.setdefault((id(piece), len(self.started[layer.name])), replace(piece))

    def next_piece(self, layer: Layer, name: str, ending: LayerState | None) -> LayerState:
        """The piece of the state of this name that plays after `ending`, or after the state is entered."""
        return self._chosen(layer, name, self._begun(layer, name), ending)

    def _begun(self, layer: Layer, name: str) -> list[LayerState]:
        """The drawn pieces of a state that have begun so far."""
        begun = [self.first_state(layer), *(change.new for change in self.started[layer.name])]
        pieces = [state for state in begun if written(state) == name and state.piece and not is_bridge(state)]
        return [state for state in pieces if state.piece and not state.piece.between]

    def _chosen(self, layer: Layer, name: str, begun: list[LayerState], ending: LayerState | None) -> LayerState:
        states = [state for state in layer.states if written(state) == name and not is_bridge(state)]
        if ending is not None and is_bridge(ending):
            ending = None
        drawn = [(state, state.piece) for state in states if state.piece is not None and not state.piece.between]
        if not drawn:
            return states[0]
        between = [state for state in states if state.piece is not None and state.piece.between]
        if ending is not None and between and ending is not between[0]:
            return between[0]
        order, avoided, k = drawn[0][1].order, drawn[0][1].avoid_last, len(begun)
        if order == "sequence":
            if not begun or (ending is None and states[0].on_return != "resume"):
                return drawn[0][0]
            place = [state for state, _ in drawn].index(begun[-1])
            return drawn[(place + 1) % len(drawn)][0]
        resting = begun[k - avoided :] if avoided else []
        if order == "shuffle":
            resting = resting + begun[k - k % len(drawn) :]
        left = [(state, piece) for state, piece in drawn if state not in resting]
        u = chance(self.rules.seed, layer.name, name, "piece", k) * sum(piece.weight for _, piece in left)
        for state, piece in left:
            if u < piece.weight:
                return state
            u -= piece.weight
        return left[-1][0]

    def ends_in(self, layer: Layer) -> int | None:
        """In how many frames the present piece ends if tempo and meter stay."""
        active = self.active_before(layer, self.frame)
        if active.piece is None or active.piece.length is None:
            return None
        began, length = self.began(layer), active.piece.length
        if isinstance(length, TimeRange):
            k = len(self._begun(layer, written(active)))
            u = chance(self.rules.seed, layer.name, active.name, "length", k)
            length = length.low + int(u * (length.high - length.low + 1))
        if isinstance(length, int):
            return max(0, began + length - self.frame)
        start, now = self.ticks[began], self.ticks[self.frame]
        if length.unit == "beat":
            first = -(-start // TICKS_PER_BEAT) * TICKS_PER_BEAT
            return max(0, int(first + length.count * TICKS_PER_BEAT - now) // self.tempo)
        later = [i for i, (position, _) in enumerate(self.bars) if position >= start]
        end = (later[0] if later else len(self.bars)) + int(length.count)
        if end < len(self.bars):
            return 0
        position = self.next_bar() + (end - len(self.bars)) * self.meter * TICKS_PER_BEAT
        return max(0, position - now) // self.tempo
