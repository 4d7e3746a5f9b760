"""The controls of a frame: which layer decides each, and the values of all (SEMANTICS 13)."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import Final, NamedTuple, TypeAlias

from segue_rules.controls import AUTO, CONTROLS, GAIN, SILENT_DB, TONICS
from segue_rules.director.levels import CONTINUOUS, TEMPO, TOP_LEVEL, Levels, Mixing, glided
from segue_rules.director.state import Glide, LayerNow, StylesTempo, SwitchNow, Vector
from segue_rules.meters import Meter, beats_of, groups_of
from segue_rules.model import Binding, Key, Music, Rules
from segue_rules.plan import Controls
from segue_rules.tempos import FALLBACK, StyleTempo, of_mix

DISCRETE: Final = tuple(control.field for control in CONTROLS if control.change == "bar")

# The index of each control of the table among the continuous and then the discrete ones.
_ORDER: Final = tuple((CONTINUOUS + DISCRETE).index(control.field) for control in CONTROLS)
_DRUMS: Final = {"on": 1, "off": 0, AUTO: -1}

ControlSpec: TypeAlias = float | int | str | tuple[int, ...] | Binding | Key


class ControlDecision(NamedTuple):
    """Which layer decides a control.

    Attributes:
        source: TOP_LEVEL for the top level.
        value: Of a discrete control.
    """

    source: int
    value: int | str | tuple[int, ...]


class _Switched(NamedTuple):
    """What a plan says of meter, key, drums, and of the sources of all controls, as in `Controls`."""

    meter: int
    tonic: int
    mode: str
    drums: int
    sources: tuple[str, ...]
    groups: tuple[int, ...]


class ControlDirector:
    """The controls of one rule file."""

    def __init__(self, rules: Rules, levels: Levels) -> None:
        self._levels = levels
        self._rules = rules
        self._names = tuple(layer.name for layer in rules.layers)
        self._states = tuple(layer.states for layer in rules.layers)
        self._decides = tuple(any(state.music != Music() for state in layer.states) for layer in rules.layers)
        # Decisions depend only on states and on the weights of layers that name a control. They repeat for seconds.
        self._decide = lru_cache(maxsize=1024)(self._decisions)
        # What was asked for last, recognised by its objects.
        self._last_decided: tuple[tuple[LayerNow, ...] | None, Vector, tuple[ControlDecision, ...]] = None, (), ()
        self._last_switched: tuple[tuple[ControlDecision, ...] | None, tuple[SwitchNow, ...], _Switched]
        self._last_switched = None, (), _Switched(0, 0, "", 0, (), ())
        musics = (rules.music, *(state.music for layer in rules.layers for state in layer.states))
        self._may_be_silent = sum(_least_gain(music) for music in musics) <= SILENT_DB

    def levels(self, glides: Sequence[Glide], mixing: Mixing) -> list[float]:
        """The continuous controls in the frame.

        Args:
            glides: One for each of them.
        """
        levels, frame = self._levels.levels(mixing), mixing.frame
        for glide in glides:
            if frame - glide.since < glide.frames:
                break
        else:
            return levels
        return [
            level if frame - glide.since >= glide.frames else glided(i, glide, level, frame)
            for i, (glide, level) in enumerate(zip(glides, levels, strict=True))
        ]

    def tempo(self, glides: Sequence[Glide], mixing: Mixing) -> int:
        """The tempo of the frame in milli-bpm. No change that is made in a frame moves its tempo."""
        glide, level = glides[TEMPO], self._levels.tempo(mixing)
        over = mixing.frame - glide.since >= glide.frames
        return round((level if over else glided(TEMPO, glide, level, mixing.frame)) * 1000)

    def switch(self, before: tuple[SwitchNow, ...], mixing: Mixing) -> tuple[SwitchNow, ...]:
        """Meter, key and drums as decided now. To be called in frames in which a bar line falls."""
        decisions = self._decided(mixing)[len(CONTINUOUS) :]
        after = tuple([SwitchNow(decision.value, decision.source) for decision in decisions])
        return before if after == before else after

    def waiting(self, switches: tuple[SwitchNow, ...], mixing: Mixing) -> bool:
        """Whether meter, key or drums wait for the next bar line."""
        return self.switch(switches, mixing) != switches

    def silent(self, mixing: Mixing) -> bool:
        """Whether the gain that is decided leaves nothing to be heard."""
        return self._may_be_silent and self._levels.target_gain(mixing) <= SILENT_DB

    def settled(self, layers: Sequence[LayerNow], glides: Sequence[Glide], styles: StylesTempo) -> int:
        """The first frame from which on no continuous control is on a ramp."""
        ends = [now.start + max(1, now.ramp) for now in layers]
        ends += [now.since + now.frames for now in glides]
        return max(styles.since + styles.frames, *ends)

    def values(self, glides: Sequence[Glide], switches: tuple[SwitchNow, ...], mixing: Mixing) -> Controls:
        """All controls in the frame."""
        tempo, intensity, temperature, guidance, gain, low_pass, high_pass, reverb, width, pan = self.levels(
            glides, mixing
        )
        meter, tonic, mode, drums, sources, groups = self._switched(self._decided(mixing), switches)
        return Controls(
            tempo_mbpm=round(tempo * 1000),
            meter=meter,
            tonic=tonic,
            mode=mode,
            drums=drums,
            intensity=intensity,
            temperature=temperature,
            guidance=guidance,
            gain_db=gain,
            low_pass_hz=low_pass,
            high_pass_hz=high_pass,
            reverb=reverb,
            width=width,
            pan=pan,
            sources=sources,
            groups=groups,
        )

    def _switched(self, decided: tuple[ControlDecision, ...], switches: tuple[SwitchNow, ...]) -> _Switched:
        """What a plan says of meter, key, drums and sources. It repeats for seconds."""
        known = self._last_switched
        if known[0] is decided and known[1] is switches:
            return known[2]
        meter, key, drums = switches
        tonic, mode = _key(str(key.value))
        assert not isinstance(meter.value, str)
        sources = [decision.source for decision in decided[: len(CONTINUOUS)]]
        sources += [now.source for now in switches]
        named = tuple([self._names[sources[i]] if sources[i] != TOP_LEVEL else "music" for i in _ORDER])
        found = _Switched(beats_of(meter.value), tonic, mode, _DRUMS[str(drums.value)], named, groups_of(meter.value))
        self._last_switched = decided, switches, found
        return found

    def _decided(self, mixing: Mixing) -> tuple[ControlDecision, ...]:
        """Who decides each control, in the order of CONTINUOUS and DISCRETE."""
        layers, weights, known = self._last_decided
        if layers is mixing.layers and weights is mixing.weights:
            return known
        shares = [
            min(1.0, weight) if decides else 0.0 for weight, decides in zip(mixing.weights, self._decides, strict=True)
        ]
        heaviest = self._levels.heaviest(mixing.layers, mixing.weights)
        known = self._decide(tuple([now.active for now in mixing.layers]), tuple(shares), heaviest)
        self._last_decided = mixing.layers, mixing.weights, known
        return known

    def _decisions(
        self, active: tuple[int, ...], shares: tuple[float, ...], heaviest: int
    ) -> tuple[ControlDecision, ...]:
        """Return who decides each control.

        Args:
            active: The active state of each layer.
            shares: How much of a control each layer takes over where it names it, 0 to 1.
            heaviest: The heaviest layer whose state has a mix; TOP_LEVEL without one.
        """
        decisions = []
        for name in CONTINUOUS + DISCRETE:
            source = self._source(name, active, shares)
            spec = self._spec(name, source, active)
            if name in StyleTempo._fields and spec == AUTO:
                if source == TOP_LEVEL or not self._states[source][active[source]].mix:
                    source = heaviest
                spec = self._spec(name, source, active)
                if spec is None or spec == AUTO:
                    spec = self._of_styles(name, source, active)
            decisions.append(ControlDecision(source, spec if isinstance(spec, int | str | tuple) else str(spec)))
        return tuple(decisions)

    def _source(self, name: str, active: Sequence[int], shares: Sequence[float]) -> int:
        """The layer with the greatest part in a control, the last of equals; of the gain, the last that adds to it."""
        source, most = TOP_LEVEL, 1.0
        for i, states in enumerate(self._states):
            share = shares[i]
            if share > 0.0 and getattr(states[active[i]].music, name) is not None:
                most *= 1.0 - share
                if share >= most or name == GAIN.field:
                    source, most = i, share
        return source

    def _spec(self, name: str, source: int, active: Sequence[int]) -> ControlSpec | None:
        music = self._rules.music if source == TOP_LEVEL else self._states[source][active[source]].music
        spec: ControlSpec | None = getattr(music, name)
        return spec

    def _of_styles(self, name: str, source: int, active: Sequence[int]) -> float | Meter:
        mix = {} if source == TOP_LEVEL else self._states[source][active[source]].mix
        styles = {style.name: style for style in self._rules.styles}
        value: float | Meter = getattr(of_mix(mix, styles) if mix else FALLBACK, name)
        return value


def _least_gain(music: Music) -> float:
    gain = music.gain_db
    if isinstance(gain, Binding):
        return min(0.0, gain.range[0])
    return 0.0 if gain is None else min(0.0, gain)


@lru_cache(maxsize=256)
def _key(text: str) -> tuple[int, str]:
    if text == AUTO:
        return -1, AUTO
    tonic, mode = text.split()
    return TONICS.index(tonic), mode
