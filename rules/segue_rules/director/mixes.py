"""What a frame mixes: the weights of the layers, the mix of styles that they add up to, and its theme (SEMANTICS 9-10,
12 and 17).

Dimensions: N styles, L layers (in the order of Rules).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Final

from segue_rules.director.clips import ClipDirector
from segue_rules.director.layers import LayerDirector
from segue_rules.director.state import ClipsNow, LayerNow, StingerNow, Vector
from segue_rules.director.stingers import StingerDirector
from segue_rules.director.timing import BoundValue
from segue_rules.model import Binding, Burst, InputValue, Rules, ThemeUse
from segue_rules.plan import ThemeNow

# A mix whose weights sum to less is empty.
EMPTY: Final = 1e-9
NO_THEME: Final = ThemeNow("", 0.0)


class Mixes:
    """The mixes of one rule file."""

    def __init__(self, rules: Rules, layers: Sequence[LayerDirector], stingers: Sequence[StingerDirector]) -> None:
        self._layers, self._count = layers, len(rules.styles)
        places = {item.name: i for i, item in enumerate(rules.inputs)}
        # Index, value and greatest step of each weight that follows an input.
        self._bound = tuple(
            (i, BoundValue(layer.weight, places), _slew(layer.weight, layer.weight_ramp_frames))
            for i, layer in enumerate(rules.layers)
            if isinstance(layer.weight, Binding)
        )
        self._fixed = tuple(0.0 if isinstance(layer.weight, Binding) else layer.weight for layer in rules.layers)
        # An audio stinger adds nothing to the mix.
        self._bursts = tuple((i, each) for i, each in enumerate(stingers) if isinstance(each.stinger, Burst))
        self._themes = tuple(
            tuple(_theme(state.theme or layer.layer.theme) for state in layer.states) for layer in layers
        )
        self._burst_themes = tuple(
            (i, each, theme)
            for i, each in self._bursts
            if isinstance(each.stinger, Burst) and (theme := _theme(each.stinger.theme)) is not None
        )
        self._has_themes = bool(rules.themes)

    def weights(self, before: Vector, values: tuple[InputValue, ...]) -> Vector:
        """The weights of the layers, before they mute each other.

        Args:
            before: Those of the frame before; () where they are to have their targets at once.
            values: Of the inputs.
        """
        if not self._bound:
            return self._fixed
        weights = list(self._fixed)
        for i, bound, slew in self._bound:
            target = bound(values)
            if before:
                target = min(max(target, before[i] - slew), before[i] + slew)
            weights[i] = target
        return tuple(weights)

    def of_layers(self, layers: Sequence[LayerNow], frame: int) -> tuple[Vector, ...]:
        """The mixes of the layers in a frame: L of N."""
        return tuple([layer.mix(now, frame) for layer, now in zip(self._layers, layers, strict=True)])

    def total(
        self, mixes: Sequence[Vector], weights: Vector, stingers: Sequence[StingerNow], frame: int
    ) -> Vector | None:
        """The normalised mix of a frame, None if it is empty.

        Args:
            mixes: Of the layers.
            weights: Of the layers, muted.
        """
        total = self._sum(mixes, weights, stingers, frame)
        whole = sum(total)
        return tuple([share / whole for share in total]) if whole > EMPTY else None

    def beside(
        self,
        now: ClipsNow,
        clips: ClipDirector,
        mixes: Sequence[Vector],
        weights: Vector,
        stingers: Sequence[StingerNow],
        frame: int,
    ) -> float:
        """The level of the generated music beside clips at the end of a frame, 0 to 1; 1 without any.

        Args:
            now: The clips.
            clips: Of the rule file.
            mixes, weights, stingers: As those of `total`.
        """
        if not now.voices:
            return 1.0
        return clips.music(now, sum(self._sum(mixes, weights, stingers, frame)), weights, frame)

    def bursting(self, stingers: Sequence[StingerNow], frame: int) -> bool:
        """Whether a burst adds to the mix in a frame."""
        return any(stinger.sounding(stingers[i], frame) for i, stinger in self._bursts)

    def _sum(self, mixes: Sequence[Vector], weights: Vector, stingers: Sequence[StingerNow], frame: int) -> list[float]:
        """The sum of the weighted mixes, not normalised."""
        total = [0.0] * self._count
        for weight, mix in zip(weights, mixes, strict=True):
            if any(mix):
                total = [sum_ + weight * share for sum_, share in zip(total, mix, strict=True)]
        for i, stinger in self._bursts:
            level = stinger.envelope(stingers[i], frame)
            if level > 0.0:
                total = [sum_ + level * share for sum_, share in zip(total, stinger.mix, strict=True)]
        return total

    def theme(
        self, layers: Sequence[LayerNow], weights: Vector, stingers: Sequence[StingerNow], frame: int
    ) -> ThemeNow:
        """The theme of a frame with these active states: of the last layer that has one, or of the last burst that
        sounds.
        """
        if not self._has_themes:
            return NO_THEME
        for i, stinger, theme in reversed(self._burst_themes):
            if stinger.sounding(stingers[i], frame):
                return theme
        for i in range(len(layers) - 1, -1, -1):
            found = self._themes[i][layers[i].active]
            if found is not None and weights[i] > 0:
                return found
        return NO_THEME


def _theme(use: ThemeUse | None) -> ThemeNow | None:
    return None if use is None else ThemeNow(use.name, use.strength)


def _slew(weight: Binding, ramp_frames: int) -> float:
    """How far a bound weight may move in a frame."""
    if ramp_frames == 0:
        return math.inf
    low, high = weight.range
    return (high - low) / ramp_frames
