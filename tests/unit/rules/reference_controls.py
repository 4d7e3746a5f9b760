"""The controls of the reference director (section 13 of rules/SEMANTICS.md)."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any as AnyValue

from segue_rules.model import Layer, LayerState, Rules
from segue_rules.plan import Controls
from unit.rules.reference_mix import ReferenceMix, ramped
from unit.rules.reference_playlists import Started

SOUND = ("low_pass_hz", "high_pass_hz", "reverb", "width", "pan")
CONTINUOUS = ("tempo_bpm", "intensity", "temperature", "guidance", "gain_db", *SOUND)
BOUNDS = {
    "tempo_bpm": (20.0, 300.0),
    "intensity": (0.0, 1.0),
    "temperature": (0.1, 2.0),
    "guidance": (0.0, 10.0),
    "low_pass_hz": (20.0, 20_000.0),
    "high_pass_hz": (20.0, 20_000.0),
    "reverb": (0.0, 1.0),
    "width": (0.0, 2.0),
    "pan": (-1.0, 1.0),
}
FREQUENCIES = ("low_pass_hz", "high_pass_hz")
AT_THE_BAR = ("meter", "key", "drums")
IN_CONTROLS_ORDER = ("tempo_bpm", "meter", "key", "drums", "intensity", "temperature", "guidance", "gain_db", *SOUND)
DRUMS = {"on": 1, "off": 0, "auto": -1}


@dataclass(frozen=True)
class Segment:
    """A stretch of the tempo of the styles: from `start` on it ramps to what `state` (None: the top level) leads to."""

    start: int
    layer: Layer | None
    state: LayerState | None
    ramp: int
    curve: str


class ReferenceControls(ReferenceMix):
    """Where each control comes from, and its value."""

    def __init__(self, rules: Rules) -> None:
        super().__init__(rules)
        # One entry a frame.
        self.sources: list[dict[str, Layer | None]] = []
        self.in_force: list[dict[str, AnyValue]] = []
        # Where the tempo of the styles comes from.
        self.segments: list[Segment] = []
        # The last reset, and the continuous controls of the frame before it.
        self.glide: tuple[int, dict[str, float]] = (-100, {})
        self.tempo_glide = 50

    def _source(self, control: str) -> tuple[Layer | None, AnyValue]:
        shares: list[tuple[float, Layer | None, AnyValue]] = [(1.0, None, getattr(self.rules.music, control))]
        for layer in self.rules.layers:
            named = getattr(self.active[self.frame][layer.name].music, control)
            share = min(1.0, self.weights[self.frame][layer.name])
            if share > 0 and named is not None:
                left = [(part * (1 - share), *of) for part, *of in shares]
                # Of the gain, the last that adds to it is the source.
                shares = [*([] if control == "gain_db" else left), (share, layer, named)]
        greatest = max(part for part, _, _ in shares)
        layer_found, value = [(layer, named) for part, layer, named in shares if part == greatest][-1]
        if control in ("tempo_bpm", "meter") and value == "auto":
            mixing = [
                layer
                for layer in self.rules.layers
                if self.weights[self.frame][layer.name] > 0 and self.active[self.frame][layer.name].mix
            ]
            if not mixing:
                top = getattr(self.rules.music, control)
                return None, {"tempo_bpm": 100.0, "meter": 4}[control] if top == "auto" else top
            if layer_found not in mixing:
                weights = self.weights[self.frame]
                greatest = max(weights[layer.name] for layer in mixing)
                layer_found = [layer for layer in mixing if weights[layer.name] == greatest][-1]
            state = self.active[self.frame][layer_found.name]
            named = getattr(state.music, control)
            value = self._of_styles(control, state.mix) if named in (None, "auto") else named
        return layer_found, value

    def _of_styles(self, control: str, mix: Mapping[str, float]) -> float:
        styles = {style.name: style for style in self.rules.styles}
        heaviest = styles[next(name for name in mix if mix[name] == max(mix.values()))]
        if control == "meter":
            return heaviest.meter
        product = 1.0
        for name, weight in mix.items():
            tempo = styles[name].tempo_bpm / heaviest.tempo_bpm
            while tempo > math.sqrt(2):
                tempo /= 2
            while tempo < math.sqrt(0.5):
                tempo *= 2
            product *= tempo ** (weight / sum(mix.values()))
        return min(300.0, max(20.0, round(heaviest.tempo_bpm * product, 3)))

    def _settle_controls(self, bar: int | None) -> None:
        f = self.frame
        found = {control: self._source(control) for control in IN_CONTROLS_ORDER}
        take = f == 0 or bar is not None
        if take:
            meter = found["meter"][1]
            groups = () if isinstance(meter, int) else meter
            now = {c: found[c][1] for c in AT_THE_BAR} | {"meter": sum(groups) or meter, "groups": groups}
        self.in_force.append(now if take else self.in_force[f - 1])
        kept = {} if take else {c: self.sources[f - 1][c] for c in AT_THE_BAR}
        self.sources.append({control: layer for control, (layer, _) in found.items()} | kept)

    def _follow_styles(self) -> None:
        """Begin a segment where the tempo of the styles comes from another state than before."""
        f = self.frame
        weights = self.weights[f]
        mixing = [each for each in self.rules.layers if weights[each.name] > 0 and self.active[f][each.name].mix]
        greatest = max((weights[each.name] for each in mixing), default=0)
        new = [each for each in mixing if weights[each.name] == greatest][-1] if mixing else None
        state = self.active[f][new.name] if new else None
        if not self.segments:
            self.segments.append(Segment(f, new, state, 0, "linear"))
            return
        old = self.segments[-1].layer
        if new is old and state is self.segments[-1].state:
            return
        for layer in (new, old):
            if layer is not None and self._started_in(layer, f):
                change = self.started[layer.name][-1]
                self.segments.append(Segment(f, new, state, max(1, change.ramp), change.row.curve))
                return
        deciding = new or old
        assert deciding is not None
        self.segments.append(Segment(f, new, state, max(1, deciding.weight_ramp_frames), "linear"))

    def _styles_tempo(self, segments: Sequence[Segment], frame: int) -> float:
        """The tempo of the styles in `frame` had there been no segments but these."""
        last = segments[-1]
        named = last.state.music.tempo_bpm if last.state else self.rules.music.tempo_bpm
        if named not in (None, "auto"):
            goal = self._live(named, frame)
        else:
            goal = self._of_styles("tempo_bpm", last.state.mix) if last.state else 100.0
        gone = frame - last.start
        return (
            goal
            if gone >= last.ramp
            else ramped(self._styles_tempo(segments[:-1], last.start), goal, gone, last.ramp, last.curve)
        )

    def _part_of(self, control: str, state: LayerState, frame: int) -> tuple[float, float]:
        """What a state does to a control: its share, and the value that it adds."""
        named = getattr(state.music, control)
        if named is None:
            return 0.0, 0.0
        if named != "auto":
            value = self._live(named, frame)
            return 1.0, math.log(value) if control in FREQUENCIES else value
        if state.mix:
            return 1.0, self._of_styles(control, state.mix)
        return 1.0, self._styles_tempo([each for each in self.segments if each.start <= frame], frame)

    def _part_after(self, layer: Layer, control: str, changes: Sequence[Started], frame: int) -> tuple[float, float]:
        """What the layer does to a control in `frame` had there been no changes but these."""
        if not changes:
            return self._part_of(control, self.first_state(layer), frame)
        last = changes[-1]
        goal = self._part_of(control, last.new, frame)
        if last.frame == 0:
            before = self._part_of(control, last.new, 0)
        else:
            before = self._part_after(layer, control, changes[:-1], last.frame)
        at_once = control == "tempo_bpm" and last.new.clip_leads
        gone, ramp = frame - last.frame, 1 if at_once else max(1, last.ramp)
        share, value = (ramped(a, b, gone, ramp, last.row.curve) for a, b in zip(before, goal, strict=True))
        return share, value

    def _added(self, gains: Sequence[float]) -> float:
        """The sum of gains in dB. -96 dB is silence, whatever is added to it."""
        if min(gains) <= -96:
            return -96.0
        total = 0.0
        for gain in gains:
            total += gain
        return min(12.0, max(-96.0, total))

    def _continuous(self, control: str, frame: int) -> float:
        top = getattr(self.rules.music, control)
        segments = [each for each in self.segments if each.start <= frame]
        level = self._styles_tempo(segments, frame) if top == "auto" else self._live(top, frame)
        if control in FREQUENCIES:
            level = math.log(level)
        gains = [level]
        for layer in self.rules.layers:
            changes = [change for change in self.started[layer.name] if change.frame <= frame]
            share, value = self._part_after(layer, control, changes, frame)
            weight = min(1.0, self.weights[frame][layer.name])
            gains.append(weight * value)
            level = (1 - weight * share) * level + weight * value
        if control == "gain_db":
            level = self._added(gains)
        elif control in FREQUENCIES:
            level = self._frequency(control, level)
        else:
            low, high = BOUNDS[control]
            level = min(high, max(low, level))
        start, origins = self.glide
        if frame - start >= (self.tempo_glide if control == "tempo_bpm" else 50):
            return level
        if control in FREQUENCIES:
            ends = math.log(origins[control]), math.log(level)
            return self._frequency(control, ramped(*ends, frame - start, 50, "smooth"))
        return ramped(origins[control], level, frame - start, 50, "smooth")

    def _frequency(self, control: str, logarithm: float) -> float:
        low, high = BOUNDS[control]
        return min(high, max(low, round(math.exp(logarithm), 3)))

    def _tempo_mbpm(self) -> int:
        return round(self._continuous("tempo_bpm", self.frame) * 1000)

    def _controls(self) -> Controls:
        f, in_force = self.frame, self.in_force[self.frame]
        key = in_force["key"]
        sources = (self.sources[f][control] for control in IN_CONTROLS_ORDER)
        return Controls(
            tempo_mbpm=self._tempo_mbpm(),
            meter=in_force["meter"],
            tonic=-1 if key == "auto" else key.tonic,
            mode="auto" if key == "auto" else key.mode,
            drums=DRUMS[in_force["drums"]],
            intensity=self._continuous("intensity", f),
            temperature=self._continuous("temperature", f),
            guidance=self._continuous("guidance", f),
            gain_db=self._continuous("gain_db", f),
            low_pass_hz=self._continuous("low_pass_hz", f),
            high_pass_hz=self._continuous("high_pass_hz", f),
            reverb=self._continuous("reverb", f),
            width=self._continuous("width", f),
            pan=self._continuous("pan", f),
            sources=tuple("music" if layer is None else layer.name for layer in sources),
            groups=in_force["groups"],
        )

    def _started_in(self, layer: Layer, frame: int) -> bool:
        return any(change.frame == frame for change in self.started[layer.name])
