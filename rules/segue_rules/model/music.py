"""What is to be heard: styles, the controls of the music, and themes."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path
from typing import Final, Literal

from segue_rules import controls
from segue_rules.controls import TONICS
from segue_rules.meters import Meter
from segue_rules.model.inputs import InputValue
from segue_yaml.nodes import NOWHERE, Mark

_mark = field(default=NOWHERE, compare=False, repr=False)

# --- styles and controls --------------------------------------------------------------------------------------------


@dataclass(frozen=True, kw_only=True)
class Prompt:
    """A text or an audio file (exactly one of them), with its share of the style it belongs to."""

    text: str | None = None
    audio: Path | None = None
    weight: float = 1.0
    mark: Mark = _mark


@dataclass(frozen=True, kw_only=True)
class Style:
    """What a mix weighs: one prompt, or a blend of several.

    Attributes:
        tempo_bpm, meter: What `auto` takes from the style. Files do not say them; `with_tempos` sets what prompts were
            read as.
    """

    name: str
    prompts: tuple[Prompt, ...]
    tempo_bpm: float = float(controls.TEMPO.default)
    meter: Meter = int(controls.METER.default)
    mark: Mark = _mark


@dataclass(frozen=True, kw_only=True)
class Binding:
    """A value that follows a number or integer input along straight lines between points, flat beyond the ends.

    Attributes:
        curve: At least two (input, value) points; the inputs increase.
        times: The value is multiplied by those of these factors, which have none themselves.
    """

    input: str
    curve: tuple[tuple[float, float], ...]
    times: tuple[Binding, ...] = ()
    mark: Mark = _mark

    @property
    def factors(self) -> tuple[Binding, ...]:
        """The binding itself and what it is multiplied by."""
        return self, *self.times

    @property
    def range(self) -> tuple[float, float]:
        """The least and the greatest value that the curves can come to."""
        low = high = 1.0
        for factor in self.factors:
            values = [value for _, value in factor.curve]
            ends = [end * value for end in (low, high) for value in (min(values), max(values))]
            low, high = min(ends), max(ends)
        return low, high

    def along_curve(self, x: float) -> float:
        """The value of the curve at input x, without the factors."""
        points = self.curve
        if x <= points[0][0]:
            return points[0][1]
        if x >= points[-1][0]:
            return points[-1][1]
        right = bisect_right(points, x, key=_input_of)
        (x0, y0), (x1, y1) = points[right - 1], points[right]
        return y0 + (y1 - y0) * ((x - x0) / (x1 - x0))

    def value(self, inputs: Mapping[str, InputValue]) -> float:
        """The value with its factors.

        Args:
            inputs: Their values by name.
        """
        level = 1.0
        for factor in self.factors:
            level *= factor.along_curve(float(inputs[factor.input]))
        return level


def _input_of(point: tuple[float, float]) -> float:
    return point[0]


@dataclass(frozen=True, kw_only=True)
class Key:
    """A key.

    Attributes:
        tonic: Pitch class, 0 is C.
        mode: One of MODES.
    """

    tonic: int
    mode: str

    def __str__(self) -> str:
        return f"{TONICS[self.tonic]} {self.mode}"


@dataclass(frozen=True, kw_only=True)
class Music:
    """The controls of the music, as `segue_rules.controls` describes them; None leaves one to a layer before."""

    tempo_bpm: float | Binding | Literal["auto"] | None = None
    meter: Meter | Literal["auto"] | None = None
    key: Key | Literal["auto"] | None = None
    drums: Literal["on", "off", "auto"] | None = None
    intensity: float | Binding | None = None
    temperature: float | Binding | None = None
    guidance: float | Binding | None = None
    gain_db: float | Binding | None = None
    low_pass_hz: float | Binding | None = None
    high_pass_hz: float | Binding | None = None
    reverb: float | Binding | None = None
    width: float | Binding | None = None
    pan: float | Binding | None = None
    mark: Mark = _mark


DEFAULT_MUSIC: Final = Music(
    tempo_bpm=controls.AUTO,
    meter=controls.AUTO,
    key=controls.AUTO,
    drums=controls.AUTO,
    intensity=float(controls.INTENSITY.default),
    temperature=float(controls.TEMPERATURE.default),
    guidance=float(controls.GUIDANCE.default),
    gain_db=float(controls.GAIN.default),
    low_pass_hz=float(controls.LOW_PASS.default),
    high_pass_hz=float(controls.HIGH_PASS.default),
    reverb=float(controls.REVERB.default),
    width=float(controls.WIDTH.default),
    pan=float(controls.PAN.default),
)

# --- themes ---------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, kw_only=True)
class ThemeNote:
    """A note of a theme.

    Attributes:
        start, beats: In beats, exactly.
        pitch, velocity: As in MIDI.
    """

    start: Fraction
    beats: Fraction
    pitch: int
    velocity: int


@dataclass(frozen=True, kw_only=True)
class Theme:
    """A short tune that the music quotes and develops.

    Attributes:
        notes: By start, none overlapping the next; at least one.
        key: The one it is written in; None to find it.
    """

    name: str
    notes: tuple[ThemeNote, ...]
    key: Key | None = None
    mark: Mark = _mark


@dataclass(frozen=True, kw_only=True)
class ThemeUse:
    """A theme and how strongly it is used: the share of the tune's phrases, 0 to 1, that are made of it."""

    name: str
    strength: float
