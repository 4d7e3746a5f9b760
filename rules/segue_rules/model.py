"""A loaded soundtrack: frozen, checked, with every unit resolved.

Durations of states and ramps are whole frames (40 ms, rounded up). Stingers and ducks keep samples (48 kHz). Objects
are built by `segue_rules.load`. A `mark` says where in which file an object comes from; equality ignores it.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, Literal, TypeAlias, get_args

from segue_rules import controls
from segue_rules.controls import TONICS
from segue_yaml.nodes import NOWHERE, Mark
from segue_yaml.report import Problem

SAMPLE_RATE: Final = 48_000
FRAME_SIZE: Final = 1_920
FRAME_RATE: Final = SAMPLE_RATE // FRAME_SIZE
LARGEST_SEED: Final = 2**32 - 1


_mark = field(default=NOWHERE, compare=False, repr=False)

# --- inputs ---------------------------------------------------------------------------------------------------------

InputValue: TypeAlias = float | int | bool | str


@dataclass(frozen=True, kw_only=True)
class NumberInput:
    """A real number that moves toward the value that the game set.

    rise, fall: In units per second; None moves at once.
    """

    name: str
    low: float
    high: float
    default: float
    rise: float | None = None
    fall: float | None = None
    mark: Mark = _mark


@dataclass(frozen=True, kw_only=True)
class IntegerInput:
    """A whole number, which changes at once."""

    name: str
    low: int
    high: int
    default: int
    mark: Mark = _mark


@dataclass(frozen=True, kw_only=True)
class ChoiceInput:
    """One of some names (in Wwise a switch, in FMOD a labelled parameter)."""

    name: str
    of: tuple[str, ...]
    default: str
    mark: Mark = _mark


@dataclass(frozen=True, kw_only=True)
class FlagInput:
    """True or false."""

    name: str
    default: bool = False
    mark: Mark = _mark


@dataclass(frozen=True, kw_only=True)
class TriggerInput:
    """Something that happens: it is fired, not set."""

    name: str
    mark: Mark = _mark


Input: TypeAlias = NumberInput | IntegerInput | ChoiceInput | FlagInput | TriggerInput

# --- conditions -----------------------------------------------------------------------------------------------------

Comparison: TypeAlias = Literal["==", "!=", "<", "<=", ">", ">="]

COMPARISONS: Final[Mapping[Comparison, Callable[..., bool]]] = {
    "==": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}


@dataclass(frozen=True, kw_only=True)
class Compare:
    """`input op value`. Flags and choices have == and != only."""

    input: str
    op: Comparison
    value: InputValue
    mark: Mark = _mark


@dataclass(frozen=True, kw_only=True)
class OneOf:
    """The choice input has one of the values: `{region: [crypt, town]}`."""

    input: str
    values: tuple[str, ...]
    mark: Mark = _mark


@dataclass(frozen=True, kw_only=True)
class Latch:
    """True from when `enter` holds until `exit` holds, whatever state is active.

    index: Its place in Rules.latches.
    """

    index: int
    enter: Compare
    exit: Compare
    mark: Mark = _mark


@dataclass(frozen=True, kw_only=True)
class InState:
    """The layer had this active state in the frame before."""

    layer: str
    state: str
    mark: Mark = _mark


@dataclass(frozen=True, kw_only=True)
class Fired:
    """The trigger was fired in this frame or in the `frames` - 1 frames before it."""

    trigger: str
    frames: int = 1
    mark: Mark = _mark


@dataclass(frozen=True, kw_only=True)
class All:
    """Every part holds."""

    of: tuple[Condition, ...]
    mark: Mark = _mark


@dataclass(frozen=True, kw_only=True)
class Any:
    """At least one part holds."""

    of: tuple[Condition, ...]
    mark: Mark = _mark


@dataclass(frozen=True, kw_only=True)
class Not:
    """The part does not hold."""

    of: Condition
    mark: Mark = _mark


Condition: TypeAlias = Compare | OneOf | Latch | InState | Fired | All | Any | Not

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

    tempo_bpm, meter: What `auto` takes from the style. Files do not say them; `with_tempos` sets what prompts were read
    as.
    """

    name: str
    prompts: tuple[Prompt, ...]
    tempo_bpm: float = float(controls.TEMPO.default)
    meter: int = int(controls.METER.default)
    mark: Mark = _mark


@dataclass(frozen=True, kw_only=True)
class Binding:
    """A value that follows a number or integer input along straight lines between points, flat beyond the ends.

    curve: At least two (input, value) points; the inputs increase.
    """

    input: str
    curve: tuple[tuple[float, float], ...]
    mark: Mark = _mark


@dataclass(frozen=True, kw_only=True)
class Key:
    """A key. tonic: Pitch class, 0 is C. mode: One of MODES."""

    tonic: int
    mode: str

    def __str__(self) -> str:
        return f"{TONICS[self.tonic]} {self.mode}"


@dataclass(frozen=True, kw_only=True)
class Music:
    """The controls of the music, as `segue_rules.controls` describes them; None leaves one to a layer before."""

    tempo_bpm: float | Binding | Literal["auto"] | None = None
    meter: int | Literal["auto"] | None = None
    key: Key | Literal["auto"] | None = None
    drums: Literal["on", "off", "auto"] | None = None
    intensity: float | Binding | None = None
    temperature: float | Binding | None = None
    guidance: float | Binding | None = None
    gain_db: float | Binding | None = None
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
)

# --- layers and transitions -----------------------------------------------------------------------------------------


@dataclass(frozen=True, kw_only=True)
class LayerState:
    """One state of a layer. A default state has no condition, is always eligible and ranks below all others.

    mix: Weights above 0 by style, not normalised; empty for a state that adds nothing.
    """

    name: str
    default: bool = False
    when: Condition | None = None
    unless: Condition | None = None
    priority: int = 0
    attack_frames: int = 0
    hold_frames: int = 0
    min_time_frames: int = 0
    cooldown_frames: int = 0
    mix: Mapping[str, float] = field(default_factory=dict)
    music: Music = field(default_factory=Music)
    mark: Mark = _mark


@dataclass(frozen=True, kw_only=True)
class Layer:
    """States of which exactly one is active.

    weight: A constant, or a binding.
    weight_ramp_frames: The shortest time in which a bound weight moves over the whole range of its curve.
    """

    name: str
    states: tuple[LayerState, ...]
    weight: float | Binding = 1.0
    weight_ramp_frames: int = 5
    mark: Mark = _mark

    @property
    def default_index(self) -> int:
        return next(i for i, state in enumerate(self.states) if state.default)


Curve: TypeAlias = Literal["linear", "smooth", "equal_power"]
CURVES: Final[tuple[Curve, ...]] = get_args(Curve)


@dataclass(frozen=True, kw_only=True)
class At:
    """When a change may start.

    every: For bars: the index of the bar must be divisible by it.
    """

    unit: Literal["immediate", "beat", "bar"]
    every: int = 1

    def __str__(self) -> str:
        return f"{self.every} bars" if self.unit == "bar" and self.every > 1 else self.unit


@dataclass(frozen=True, kw_only=True)
class Transition:
    """How a layer goes from one state to another. layer, from_state, to_state: None stands for any."""

    layer: str | None = None
    from_state: str | None = None
    to_state: str | None = None
    at: At = At(unit="beat")
    max_wait_frames: int | None = None
    ramp_frames: int = 50
    curve: Curve = "smooth"
    mark: Mark = _mark


BUILT_IN_TRANSITION: Final = Transition()

# --- stingers -------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, kw_only=True)
class Duck:
    """How the music is lowered under a stinger.

    depth_db: At most 0. recovery_samples: How long it stays lowered after the end of the stinger.
    """

    depth_db: float
    fade_out_samples: int
    recovery_samples: int
    fade_in_samples: int


@dataclass(frozen=True, kw_only=True)
class AudioStinger:
    """A sound file played over the music.

    if_late: What happens if it cannot be delivered before its start.
    """

    name: str
    trigger: str
    audio: Path
    at: At = At(unit="immediate")
    gain_db: float = 0.0
    cooldown_frames: int = 0
    if_late: Literal["drop", "play"] = "drop"
    duck: Duck | None = None
    mark: Mark = _mark


@dataclass(frozen=True, kw_only=True)
class Burst:
    """A style added to the mix for a short time. time_frames: With both ramps."""

    name: str
    trigger: str
    mix: Mapping[str, float]
    time_frames: int
    ramp_frames: int = 5
    at: At = At(unit="immediate")
    cooldown_frames: int = 0
    mark: Mark = _mark


Stinger: TypeAlias = AudioStinger | Burst


@dataclass(frozen=True, kw_only=True)
class Rules:
    """A whole soundtrack.

    music: With every control set. latches: All Latch conditions, by index. files: The files read, the main one first.
    warnings: What is probably not meant and does not prevent loading, in file order.
    """

    title: str
    seed: int
    music: Music
    inputs: tuple[Input, ...]
    styles: tuple[Style, ...]
    layers: tuple[Layer, ...]
    transitions: tuple[Transition, ...] = ()
    stingers: tuple[Stinger, ...] = ()
    latches: tuple[Latch, ...] = ()
    files: tuple[Path, ...] = ()
    warnings: tuple[Problem, ...] = ()
