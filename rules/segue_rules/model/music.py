"""What is to be heard: styles, the controls of the music, and themes."""

from __future__ import annotations

from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path
from typing import Final, Literal

from segue_rules import controls
from segue_rules.controls import TONICS
from segue_rules.meters import Meter
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
    """

    input: str
    curve: tuple[tuple[float, float], ...]
    mark: Mark = _mark


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
