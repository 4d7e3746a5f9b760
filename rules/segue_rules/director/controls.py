"""The controls of the music: which layer decides each, and how it moves to a new value (SEMANTICS 13)."""

from __future__ import annotations

from functools import lru_cache, partial
from typing import Final, NamedTuple, TypeAlias, cast

from segue_rules.controls import AUTO, CONTROLS, TONICS
from segue_rules.director.layers import LayerDirector
from segue_rules.director.state import ControlNow, LayerNow, SwitchNow
from segue_rules.director.timing import follow, progress
from segue_rules.model import Binding, InputValue, Key, Music, Rules
from segue_rules.plan import Controls
from segue_rules.tempos import FALLBACK, StyleTempo, of_mix

CONTINUOUS: Final = tuple(control.field for control in CONTROLS if control.change == "ramp")
DISCRETE: Final = tuple(control.field for control in CONTROLS if control.change == "bar")
TOP_LEVEL: Final = -1

# The index of each control of the table among the continuous and then the discrete ones.
_ORDER: Final = tuple((CONTINUOUS + DISCRETE).index(control.field) for control in CONTROLS)
_DRUMS: Final = {"on": 1, "off": 0, AUTO: -1}

Values: TypeAlias = tuple[InputValue, ...]
ControlSpec: TypeAlias = float | int | str | Binding | Key


class ControlDecision(NamedTuple):
    """Which layer decides a control, and its value.

    source: -1 for the top level. active: The active state of the layer.
    """

    source: int
    active: int
    spec: ControlSpec


class ControlDirector:
    """The controls of one rule file."""

    def __init__(self, rules: Rules, layers: tuple[LayerDirector, ...]) -> None:
        self._layers = layers
        self._input = {item.name: i for i, item in enumerate(rules.inputs)}
        self._top = rules.music
        self._names = tuple(layer.name for layer in rules.layers)
        self._ramps = tuple(layer.weight_ramp_frames for layer in rules.layers)
        # Decisions depend only on states and on which weights are zero. They repeat for seconds.
        self.decide = lru_cache(maxsize=1024)(self._decide)
        self._spec = lru_cache(maxsize=None)(partial(control_spec, rules))

    def tempo(self, controls: tuple[ControlNow, ...], values: Values, frame: int) -> int:
        """The tempo of `frame` in milli-bpm, before the changes of that frame. controls: Those of the frame before."""
        return round(self._value(0, controls[0], values, frame) * 1000)

    def step(
        self,
        before: tuple[ControlNow, ...],
        layers: tuple[LayerNow, ...],
        weights: tuple[float, ...],
        values: Values,
        frame: int,
    ) -> tuple[ControlNow, ...]:
        """The continuous controls after the changes of a frame. In frame 0 they have their targets at once."""
        decisions = self._decisions(layers, weights)
        after = []
        for i, name in enumerate(CONTINUOUS):
            decision = decisions[name]
            if not before:
                after.append(ControlNow(decision.source, decision.active, 0.0, frame, 0, "linear"))
                continue
            now = before[i]
            if (decision.source, decision.active) != (now.source, now.active):
                frames, curve = self._ramp(decision.source, now.source, layers, frame)
                value = self._value(i, now, values, frame)
                now = ControlNow(decision.source, decision.active, value, frame, max(1, frames), curve)
            after.append(now)
        return tuple(after)

    def switch(
        self,
        before: tuple[SwitchNow, ...],
        layers: tuple[LayerNow, ...],
        weights: tuple[float, ...],
    ) -> tuple[SwitchNow, ...]:
        """Meter, key and drums as decided now. To be called in frames in which a bar line falls."""
        decisions = self._decisions(layers, weights)
        after = tuple(SwitchNow(_switched(decisions[name].spec), decisions[name].source) for name in DISCRETE)
        return before if after == before else after

    def waiting(
        self, switches: tuple[SwitchNow, ...], layers: tuple[LayerNow, ...], weights: tuple[float, ...]
    ) -> bool:
        """Whether meter, key or drums wait for the next bar line."""
        return self.switch(switches, layers, weights) != switches

    def moving(self, controls: tuple[ControlNow, ...], frame: int) -> bool:
        """Whether a continuous control is on a ramp in `frame`."""
        return any(frame - now.since < now.frames for now in controls)

    def values(
        self, controls: tuple[ControlNow, ...], switches: tuple[SwitchNow, ...], values: Values, frame: int
    ) -> Controls:
        """All controls in `frame`."""
        tempo, intensity, temperature, guidance, gain = [
            self._value(i, now, values, frame) for i, now in enumerate(controls)
        ]
        meter, key, drums = switches
        tonic, mode = _key(str(key.value))
        sources = [*[now.source for now in controls], *[now.source for now in switches]]
        return Controls(
            tempo_mbpm=round(tempo * 1000),
            meter=int(meter.value),
            tonic=tonic,
            mode=mode,
            drums=_DRUMS[str(drums.value)],
            intensity=intensity,
            temperature=temperature,
            guidance=guidance,
            gain_db=gain,
            sources=tuple([self._names[sources[i]] if sources[i] != TOP_LEVEL else "music" for i in _ORDER]),
        )

    def _decisions(self, layers: tuple[LayerNow, ...], weights: tuple[float, ...]) -> dict[str, ControlDecision]:
        active = tuple([now.active for now in layers])
        mixing = [i for i, weight in enumerate(weights) if weight > 0 and self._layers[i].states[active[i]].mix]
        heaviest = max(mixing, key=lambda i: (weights[i], i), default=TOP_LEVEL)
        return self.decide(active, tuple([weight > 0 for weight in weights]), heaviest)

    def _decide(self, active: tuple[int, ...], weighs: tuple[bool, ...], heaviest: int) -> dict[str, ControlDecision]:
        """Return who decides each control.

        Args:
            active: The active state of each layer.
            weighs: Whether each layer has a weight above 0.
            heaviest: The heaviest layer whose state has a mix, the last of equals; TOP_LEVEL without one.
        """
        decisions = {}
        for name in CONTINUOUS + DISCRETE:
            decisions[name] = ControlDecision(TOP_LEVEL, -1, getattr(self._top, name))
            for i, layer in enumerate(self._layers):
                music: Music = layer.states[active[i]].music
                spec = getattr(music, name)
                if weighs[i] and spec is not None:
                    decisions[name] = ControlDecision(i, active[i], spec)
            if name in StyleTempo._fields and decisions[name].spec == AUTO:
                decisions[name] = self._from_styles(name, decisions[name], active, heaviest)
        return decisions

    def _from_styles(
        self, name: str, asked: ControlDecision, active: tuple[int, ...], heaviest: int
    ) -> ControlDecision:
        """Return the decision for `auto`: the state that asks, if it has a mix, else the heaviest layer's."""
        asks = asked.source != TOP_LEVEL and self._layers[asked.source].states[asked.active].mix
        source = asked.source if asks else heaviest
        state = active[source] if source != TOP_LEVEL else -1
        return ControlDecision(source, state, self._spec(name, source, state))

    def _value(self, i: int, now: ControlNow, values: Values, frame: int) -> float:
        spec = self._spec(CONTINUOUS[i], now.source, now.active)
        bound = float(values[self._input[spec.input]]) if isinstance(spec, Binding) else 0.0
        return control_value(spec, now, bound, frame)

    def _ramp(self, source: int, former: int, layers: tuple[LayerNow, ...], frame: int) -> tuple[int, str]:
        """Length and curve of a ramp: those of the transition that started in the deciding layer."""
        for i in (source, former):
            if i != TOP_LEVEL and layers[i].start == frame:
                row = self._layers[i].rows[layers[i].row]
                return row.ramp_frames, row.curve
        return self._ramps[source if source != TOP_LEVEL else former], "linear"


def control_spec(rules: Rules, name: str, source: int, active: int) -> ControlSpec:
    """What a source says of a control; `auto` of tempo and meter is answered by its styles.

    Args:
        rules: The rules.
        name: The control's field.
        source: The index of a layer, or TOP_LEVEL.
        active: The index of its state.
    """
    state = None if source == TOP_LEVEL else rules.layers[source].states[active]
    spec: ControlSpec | None = getattr(state.music if state else rules.music, name)
    if name in StyleTempo._fields and spec in (AUTO, None):
        mix = state.mix if state else {}
        spec = getattr(of_mix(mix, {style.name: style for style in rules.styles}) if mix else FALLBACK, name)
    assert spec is not None
    return spec


def control_value(spec: ControlSpec, now: ControlNow, bound: float, frame: int) -> float:
    """The value of a continuous control in `frame`.

    Args:
        spec: What its source says: a number, or a binding.
        bound: The value of the input that the binding follows.
    """
    target = follow(spec, bound) if isinstance(spec, Binding) else float(cast(float, spec))
    g = progress(now.curve, now.since, now.frames, frame)
    return target if g >= 1.0 else now.origin + g * (target - now.origin)


def _switched(spec: ControlSpec) -> int | str:
    return spec if isinstance(spec, int | str) else str(spec)


@lru_cache(maxsize=256)
def _key(text: str) -> tuple[int, str]:
    if text == AUTO:
        return -1, AUTO
    tonic, mode = text.split()
    return TONICS.index(tonic), mode
