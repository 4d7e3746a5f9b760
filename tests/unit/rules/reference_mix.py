"""Mixes and weights of the reference director (sections 9 and 10 of rules/SEMANTICS.md)."""

from __future__ import annotations

import itertools
import math
from collections.abc import Mapping, Sequence

from segue_rules.model import Binding, Layer, LayerState, Rules
from unit.rules.reference_playlists import ReferencePlaylists, Started


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


def bound_value(binding: Binding, values: Mapping[str, float]) -> float:
    """The value of its curve, times those of its factors."""
    return math.prod([follow(each, values[each.input]) for each in (binding, *binding.times)])


def extremes(binding: Binding) -> tuple[float, float]:
    """The least and the greatest product of any of the values of the curves."""
    products = [
        math.prod(ys) for ys in itertools.product(*[[y for _, y in each.curve] for each in (binding, *binding.times)])
    ]
    return min(products), max(products)


class ReferenceMix(ReferencePlaylists):
    """The mix and the weight of each layer."""

    def __init__(self, rules: Rules) -> None:
        super().__init__(rules)
        # One entry a frame; `weights` as layers mute each other.
        self.raw_weights: list[dict[str, float]] = []
        self.weights: list[dict[str, float]] = []

    def _live(self, target: float | Binding, frame: int) -> float:
        return bound_value(target, self.values[frame]) if isinstance(target, Binding) else target

    def _vector(self, mix: Mapping[str, float]) -> list[float]:
        return [mix.get(style.name, 0.0) for style in self.rules.styles]

    def _layer_mix(self, layer: Layer, frame: int) -> list[float]:
        return self._mix_after(layer, self.started[layer.name], frame)

    def _mix_after(self, layer: Layer, changes: Sequence[Started], frame: int) -> list[float]:
        """The layer's mix in `frame` had there been no changes but these."""
        if not changes:
            return self._vector(self.first_state(layer).mix)
        last = changes[-1]
        old, new = self._mix_after(layer, changes[:-1], last.frame), self._vector(last.new.mix)
        gone, row = frame - last.frame, last.row
        if last.fades is not None:
            out, enter = (ramped(0.0, 1.0, gone, frames, row.curve) for frames in last.fades)
            return [(1.0 - out) * a + enter * b for a, b in zip(old, new, strict=True)]
        return [ramped(a, b, gone, last.ramp, row.curve) for a, b in zip(old, new, strict=True)]

    def _weight(self, layer: Layer) -> float:
        if not isinstance(layer.weight, Binding):
            return layer.weight
        goal = self._live(layer.weight, self.frame)
        if self.frame == 0 or layer.weight_ramp_frames == 0:
            return goal
        least, greatest = extremes(layer.weight)
        most = (greatest - least) / layer.weight_ramp_frames
        before = self.raw_weights[self.frame - 1][layer.name]
        return min(goal, before + most) if goal > before else max(goal, before - most)

    def _muted(
        self, weights: Mapping[str, float], frame: int, taken: Mapping[str, LayerState] | None = None
    ) -> dict[str, float]:
        """The weights as other layers mute them; layers in `taken` mute as the state given does, in full."""
        muted = dict(weights)
        for layer in self.rules.layers:
            for other in self.rules.layers:
                state = (taken or {}).get(layer.name)
                if state is None:
                    mute = self._mute_after(layer, other, self.started[layer.name], frame)
                else:
                    mute = self._mutes(layer, state, other)
                muted[other.name] *= 1 - min(1.0, weights[layer.name]) * mute
        return muted

    def _mutes(self, layer: Layer, state: LayerState, other: Layer) -> float:
        return 1.0 if other.name in state.mute or (state.solo and other is not layer) else 0.0

    def _mute_after(self, layer: Layer, other: Layer, changes: Sequence[Started], frame: int) -> float:
        """How far the layer mutes the other in `frame` had there been no changes but these."""
        if not changes:
            return self._mutes(layer, self.first_state(layer), other)
        last, goal = changes[-1], self._mutes(layer, changes[-1].new, other)
        if last.frame == 0:
            return goal
        before = self._mute_after(layer, other, changes[:-1], last.frame)
        return ramped(before, goal, frame - last.frame, max(1, last.ramp), last.row.curve)
