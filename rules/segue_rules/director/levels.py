"""The mix model: how layers mute each other, and how they add up to the continuous controls (SEMANTICS 10 and 13).

Dimensions: L layers (in the order of Rules.layers), C continuous controls (in the order of CONTINUOUS).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import lru_cache
from typing import Final, NamedTuple, TypeAlias

from segue_rules.controls import AUTO, CONTROLS, GAIN, SILENCE_DB, NumberControl
from segue_rules.director.state import ControlPart, Glide, LayerNow, StylesTempo, Vector
from segue_rules.director.timing import BoundValue, blend, progress
from segue_rules.model import BUILT_IN_TRANSITION, Binding, InputValue, Layer, LayerState, Music, Rules
from segue_rules.tempos import FALLBACK, of_mix

_RAMPED: Final = tuple(
    control for control in CONTROLS if isinstance(control, NumberControl) and control.change == "ramp"
)
CONTINUOUS: Final = tuple(control.field for control in _RAMPED)
TEMPO: Final = CONTINUOUS.index("tempo_bpm")
TOP_LEVEL: Final = -1
UNDECIDED: Final = -2
NO_STYLES_TEMPO: Final = StylesTempo(UNDECIDED, -1, 0.0, 0, 0, "linear")
GLIDE_FRAMES: Final = 50
GLIDE_CURVE: Final = BUILT_IN_TRANSITION.curve
_GAIN: Final = CONTINUOUS.index(GAIN.field)
_BOUNDS: Final = tuple((float(control.low), float(control.high)) for control in _RAMPED)
_LOGARITHMIC: Final = tuple(control.logarithmic for control in _RAMPED)
# Decimals of a control that counts by its logarithm: a value at rest is what the file says, to the last bit.
_DECIMALS: Final = 3
_NOTHING: Final = ControlPart(0.0, 0.0)
_MOST_RESTS: Final = 1_024

Values: TypeAlias = tuple[InputValue, ...]
Spec: TypeAlias = float | BoundValue | str | None


class Mixing(NamedTuple):
    """What the controls of a frame are made of.

    Attributes:
        weights: Of the L layers, muted.
        values: Of the inputs.
        styles: The tempo of the styles, as `styles_tempo`.
    """

    frame: int
    layers: tuple[LayerNow, ...]
    weights: Vector
    values: Values
    styles: float


class Levels:
    """The mix model of one rule file."""

    def __init__(self, rules: Rules) -> None:
        self._layers = rules.layers
        self._places = {item.name: i for i, item in enumerate(rules.inputs)}
        self._curves = tuple([row.curve for row in (*rules.transitions, BUILT_IN_TRANSITION)])
        self._top = tuple(self._spec(rules.music, name) for name in CONTINUOUS)
        self._styles = {style.name: style for style in rules.styles}
        # For each control, the layers that ever name it and what each of their states says.
        specs = [[self._specs(layer, c) for layer in rules.layers] for c in range(len(CONTINUOUS))]
        self._named = tuple(
            tuple((i, said) for i, said in enumerate(each) if any(spec is not None for spec in said)) for each in specs
        )
        self._tempos = dict(self._named[TEMPO])
        self._naming = tuple(sorted({i for named in self._named for i, _ in named}))
        # Most files leave most controls alone.
        self._fixed = tuple(
            float(top) if not named and isinstance(top, int | float) else None
            for top, named in zip(self._top, self._named, strict=True)
        )
        # The controls at rest by states, weights and tempo of the styles, None where one follows an input. They repeat
        # for seconds.
        self._rests: dict[tuple[tuple[int, ...], Vector, float], tuple[float | None, ...]] = {}
        self._mutes = tuple(
            tuple(mute_vector(rules, i, state) for state in layer.states) for i, layer in enumerate(rules.layers)
        )
        self._muters = tuple(i for i, vectors in enumerate(self._mutes) if any(map(any, vectors)))
        self._led = tuple(tuple(state.clip_leads for state in layer.states) for layer in rules.layers)
        self.tempo_of = lru_cache(maxsize=None)(self._tempo_of)
        self.needs_styles = AUTO in [self._top[TEMPO], *[spec for _, specs in self._named[TEMPO] for spec in specs]]

    def _specs(self, layer: Layer, control: int) -> tuple[Spec, ...]:
        return tuple(self._spec(state.music, CONTINUOUS[control]) for state in layer.states)

    def _spec(self, music: Music, name: str) -> Spec:
        """What a state or the top level says of a control."""
        said: float | Binding | str | None = getattr(music, name)
        return BoundValue(said, self._places) if isinstance(said, Binding) else said

    def weights(self, weights: Vector, layers: Sequence[LayerNow], frame: int, over: Sequence[int] = ()) -> Vector:
        """The weights of the layers as other layers mute them.

        Args:
            weights: L, as moved by their bindings.
            over: Layers whose ramps count as over.
        """
        if not self._muters:
            return weights
        muted = list(weights)
        for i in self._muters:
            share = min(1.0, weights[i])
            for j, mute in enumerate(self._mute(i, layers[i], frame, over=i in over)):
                muted[j] *= 1.0 - share * mute
        return tuple(muted)

    def started(self, before: Sequence[LayerNow], now: Sequence[LayerNow], mixing: Mixing) -> tuple[LayerNow, ...]:
        """The layers after a frame, where those that change in it note what they did to controls and layers before.

        Args:
            before: The layers before the changes of the frame.
            now: The layers after them.
            mixing: Of the frame, without its changes.
        """
        return tuple(
            [
                is_
                if is_.start != mixing.frame
                else is_._replace(parts=self._parts(i, was, mixing), muted=self._mute(i, was, mixing.frame))
                for i, (was, is_) in enumerate(zip(before, now, strict=True))
            ]
        )

    def settled(self, now: Sequence[LayerNow], mixing: Mixing) -> tuple[LayerNow, ...]:
        """The layers, where those without a note of what they did before note what they lead to."""
        return tuple(
            [
                layer
                if layer.parts or self._over(layer, mixing.frame)
                else layer._replace(parts=self._parts(i, layer, mixing, over=True), muted=self._mutes[i][layer.active])
                for i, layer in enumerate(now)
            ]
        )

    def _over(self, now: LayerNow, frame: int) -> bool:
        return frame - now.start >= max(1, now.ramp)

    def _parts(self, i: int, now: LayerNow, mixing: Mixing, *, over: bool = False) -> tuple[ControlPart, ...]:
        """What layer `i` does to each continuous control."""
        parts = [_NOTHING] * len(CONTINUOUS)
        for control, named in enumerate(self._named):
            for j, specs in named:
                if j == i:
                    part = self._target if over else self._part
                    parts[control] = part(control, i, specs, now, mixing)
        return tuple(parts)

    def levels(self, mixing: Mixing) -> list[float]:
        """The C continuous controls, as `level`."""
        rest = self._at_rest(mixing)
        if rest is None:
            fixed = enumerate(self._fixed)
            return [self.level(control, mixing) if level is None else level for control, level in fixed]
        return [self.level(c, mixing) if level is None else level for c, level in enumerate(rest)]

    def tempo(self, mixing: Mixing) -> float:
        """The first of `levels`, in bpm."""
        rest = self._at_rest(mixing)
        known = None if rest is None else rest[TEMPO]
        return self.level(TEMPO, mixing) if known is None else known

    def _at_rest(self, mixing: Mixing) -> tuple[float | None, ...] | None:
        """The controls that no input moves, None for the others; None while a layer's part is on a ramp."""
        if self.moving(mixing.layers, mixing.frame):
            return None
        active = tuple([mixing.layers[i].active for i in self._naming])
        key = active, tuple([mixing.weights[i] for i in self._naming]), mixing.styles
        rest = self._rests.get(key)
        if rest is None:
            if len(self._rests) >= _MOST_RESTS:
                self._rests.clear()
            every = range(len(CONTINUOUS))
            rest = tuple([None if self._follows(c, mixing) else self.level(c, mixing) for c in every])
            self._rests[key] = rest
        return rest

    def _follows(self, control: int, mixing: Mixing) -> bool:
        """Whether an input moves a control at rest."""
        specs = [specs[mixing.layers[i].active] for i, specs in self._named[control]]
        return any(isinstance(spec, BoundValue) for spec in (self._top[control], *specs))

    def level(self, control: int, mixing: Mixing) -> float:
        """A continuous control: the top level's value, changed by each layer in file order."""
        fixed = self._fixed[control]
        if fixed is not None:
            return fixed
        top = self._top[control]
        level = mixing.styles if top == AUTO else _counted(control, self._value(top, mixing.values))
        if control == _GAIN:
            parts = [self._part(_GAIN, i, specs, mixing.layers[i], mixing) for i, specs in self._named[_GAIN]]
            return self._gain(level, parts, mixing)
        for i, specs in self._named[control]:
            share = min(1.0, mixing.weights[i])
            if share > 0.0:
                part = self._part(control, i, specs, mixing.layers[i], mixing)
                level = (1.0 - share * part.share) * level + share * part.value
        return _bounded(control, level)

    def target_gain(self, mixing: Mixing) -> float:
        """The gain with every ramp of the layers over."""
        parts = [self._target(_GAIN, i, specs, mixing.layers[i], mixing) for i, specs in self._named[_GAIN]]
        return self._gain(self._value(self._top[_GAIN], mixing.values), parts, mixing)

    def _gain(self, top: float, parts: Sequence[ControlPart], mixing: Mixing) -> float:
        """The sum in dB, within the bounds of a gain. Silence stays silence, whatever is added."""
        added = [
            min(1.0, mixing.weights[i]) * part.value for (i, _), part in zip(self._named[_GAIN], parts, strict=True)
        ]
        if min(added, default=0.0) <= SILENCE_DB or top <= SILENCE_DB:
            return SILENCE_DB
        for gain in added:
            top += gain
        low, high = _BOUNDS[_GAIN]
        return min(max(top, low), high)

    def moving(self, layers: Sequence[LayerNow], frame: int) -> bool:
        """Whether a layer's part in the controls is on a ramp in `frame`."""
        for now in layers:  # noqa: SIM110 (each frame asks it several times)
            if frame - now.start < (now.ramp or 1):
                return True
        return False

    def muting(self, layers: Sequence[LayerNow], frame: int) -> bool:
        """Whether a layer mutes others more or less in the next frame, so that weights move."""
        return bool(self._muters) and self.moving([layers[i] for i in self._muters], frame)

    def heaviest(self, layers: Sequence[LayerNow], weights: Vector) -> int:
        """The heaviest layer whose active state has a mix, the last of equals; TOP_LEVEL without one."""
        best, most = TOP_LEVEL, 0.0
        for i, (now, weight) in enumerate(zip(layers, weights, strict=True)):
            if weight > 0.0 and weight >= most and self._layers[i].states[now.active].mix:
                best, most = i, weight
        return best

    def follow_styles(
        self, before: StylesTempo, layers: Sequence[LayerNow], weights: Vector, values: Values, frame: int
    ) -> StylesTempo:
        """Where the tempo of the styles comes from after the changes of a frame.

        It moves there as the layer that changed does, or over the weight's ramp where none did.
        """
        if not self.needs_styles:
            return before
        source = self.heaviest(layers, weights)
        active = layers[source].active if source != TOP_LEVEL else -1
        if (source, active) == before[:2]:
            return before
        if before.source == UNDECIDED:
            return StylesTempo(source, active, 0.0, frame, 0, "linear")
        origin = self.styles_tempo(before, values, frame)
        for i in (source, before.source):
            if i != TOP_LEVEL and layers[i].start == frame:
                frames, curve = max(1, layers[i].ramp), self._curves[layers[i].row]
                return StylesTempo(source, active, origin, frame, frames, curve)
        ramp = self._layers[source if source != TOP_LEVEL else before.source].weight_ramp_frames
        return StylesTempo(source, active, origin, frame, max(1, ramp), "linear")

    def _part(self, control: int, i: int, specs: Sequence[Spec], now: LayerNow, mixing: Mixing) -> ControlPart:
        """What layer `i` does to a control in the frame."""
        # A clip that leads is on the beat from its beginning on.
        frames = 1 if control == TEMPO and self._led[i][now.active] else now.ramp or 1
        target = self._target(control, i, specs, now, mixing)
        if mixing.frame - now.start >= frames:
            return target
        g = progress(self._curves[now.row], now.start, frames, mixing.frame)
        origin = now.parts[control]
        return ControlPart(
            origin.share + g * (target.share - origin.share), origin.value + g * (target.value - origin.value)
        )

    def _target(self, control: int, i: int, specs: Sequence[Spec], now: LayerNow, mixing: Mixing) -> ControlPart:
        """What layer `i` does to a control once its ramp is over."""
        spec = specs[now.active]
        if spec is None:
            return _NOTHING
        if spec == AUTO:
            mix = self._layers[i].states[now.active].mix
            return ControlPart(1.0, self.tempo_of(i, now.active) if mix else mixing.styles)
        return ControlPart(1.0, _counted(control, self._value(spec, mixing.values)))

    @staticmethod
    def _value(spec: Spec, values: Values) -> float:
        if isinstance(spec, BoundValue):
            return spec(values)
        assert isinstance(spec, float | int)
        return spec

    def _mute(self, i: int, now: LayerNow, frame: int, *, over: bool = False) -> Vector:
        """How far layer `i` mutes each layer: L shares from 0 to 1."""
        frames, curve = max(1, now.ramp), self._curves[now.row]
        g = 1.0 if over else progress(curve, now.start, frames, frame)
        return self._mutes[i][now.active] if g >= 1.0 else blend(now.muted, self._mutes[i][now.active], g)

    def _tempo_of(self, i: int, active: int) -> float:
        """The tempo of the styles of a state, in bpm."""
        return of_mix(self._layers[i].states[active].mix, self._styles).tempo_bpm

    def styles_tempo(self, now: StylesTempo, values: Values, frame: int) -> float:
        """The tempo that `auto` leads to in `frame`: on its ramp from one source of it to the next."""
        if not self.needs_styles:
            return 0.0
        from_state = now.source >= 0
        if from_state:
            said = self._tempos.get(now.source)
            spec = None if said is None else said[now.active]
        else:
            spec = self._top[TEMPO]
        if spec is not None and spec != AUTO:
            target = self._value(spec, values)
        else:
            target = self.tempo_of(now.source, now.active) if from_state else FALLBACK.tempo_bpm
        g = progress(now.curve, now.since, now.frames, frame)
        return target if g >= 1.0 else now.origin + g * (target - now.origin)


def glided(control: int, glide: Glide, level: float, frame: int) -> float:
    """A control on its way from the value that it had before a reset, a restore or a reload."""
    g = progress(glide.curve, glide.since, glide.frames, frame)
    if g >= 1.0:
        return level
    origin, target = _counted(control, glide.origin), _counted(control, level)
    return _bounded(control, origin + g * (target - origin))


def _counted(control: int, value: float) -> float:
    """What ramps and shares count of a control's value. Packed values may lie beyond its bounds."""
    return math.log(max(value, _BOUNDS[control][0])) if _LOGARITHMIC[control] else value


def _bounded(control: int, level: float) -> float:
    """The value of what was counted, within the bounds of the control."""
    low, high = _BOUNDS[control]
    if _LOGARITHMIC[control]:
        level = round(math.exp(min(max(level, math.log(low)), math.log(high))), _DECIMALS)
    return min(max(level, low), high)


def mute_vector(rules: Rules, layer: int, state: LayerState) -> Vector:
    """Which layers a state mutes: 1 for those that it names, or for all others where it is solo."""
    return tuple(
        1.0 if other.name in state.mute or (state.solo and i != layer) else 0.0 for i, other in enumerate(rules.layers)
    )
