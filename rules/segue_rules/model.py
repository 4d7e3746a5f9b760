"""A loaded soundtrack: frozen, checked, with every unit resolved.

Durations of states and ramps are whole frames (40 ms, rounded up). Stingers and ducks keep samples (48 kHz). Objects
are built by `segue_rules.load`. A `mark` says where in which file an object comes from; equality ignores it.
"""

from __future__ import annotations

import math
import operator
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from fractions import Fraction
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


@dataclass(frozen=True, kw_only=True)
class MusicalTime:
    """A time in beats or bars. How many frames it lasts depends on the present tempo and meter.

    Attributes:
        count: Above 0.
    """

    count: Fraction
    unit: Literal["beat", "bar"]

    def __str__(self) -> str:
        return f"{float(self.count):g} {self.unit}{'' if self.count == 1 else 's'}"

    def frames(self, tempo_mbpm: int, meter: int) -> int:
        """Whole frames, rounded up.

        Args:
            tempo_mbpm: Above 0.
            meter: Beats a bar.
        """
        beats = self.count * (meter if self.unit == "bar" else 1)
        return math.ceil(beats * (60_000 * FRAME_RATE) / tempo_mbpm)


Length: TypeAlias = int | MusicalTime
"""Frames, or a time in beats or bars."""


@dataclass(frozen=True, kw_only=True)
class TimeRange:
    """A time that is drawn anew each time.

    Attributes:
        low, high: In frames, both included.
    """

    low: int
    high: int


def lasting(duration: Length, tempo_mbpm: int, meter: int) -> int:
    """The frames of a duration at a tempo and in a meter."""
    return duration if isinstance(duration, int) else duration.frames(tempo_mbpm, meter)


# --- inputs ---------------------------------------------------------------------------------------------------------

InputValue: TypeAlias = float | int | bool | str


@dataclass(frozen=True, kw_only=True)
class NumberInput:
    """A real number that moves toward the value that the game set.

    Attributes:
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
    """Something that happens: it is fired, not set.

    Attributes:
        every: In frames, how long after the start or its last firing it is fired by itself; None for never.
    """

    name: str
    every: int | TimeRange | None = None
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

    Attributes:
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
class InGroup:
    """The layer had an active state of this group in the frame before."""

    layer: str
    group: str
    mark: Mark = _mark


@dataclass(frozen=True, kw_only=True)
class Fired:
    """The trigger was fired in this frame or in the `frames` - 1 frames before it."""

    trigger: str
    frames: int = 1
    mark: Mark = _mark


@dataclass(frozen=True, kw_only=True)
class Counter:
    """How often a trigger was fired since another one was.

    Attributes:
        after: The other trigger; None to count from the start.
    """

    trigger: str
    after: str | None = None


@dataclass(frozen=True, kw_only=True)
class Counted:
    """A counter compared with a number.

    Attributes:
        index: Its place in Rules.counters.
    """

    index: int
    counter: Counter
    op: Comparison
    value: int
    mark: Mark = _mark


@dataclass(frozen=True, kw_only=True)
class Lately:
    """The layer had the state, or one of the group, in the frame before or in one of the `frames` frames before that.

    Attributes:
        index: Its place in Rules.stays.
    """

    index: int
    of: InState | InGroup
    frames: int
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


Condition: TypeAlias = Compare | OneOf | Latch | InState | InGroup | Fired | Counted | Lately | All | Any | Not

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
    meter: int = int(controls.METER.default)
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
    meter: int | Literal["auto"] | None = None
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


# --- layers and transitions -----------------------------------------------------------------------------------------


OnReturn: TypeAlias = Literal["vary", "resume", "restart"]
ON_RETURN: Final[tuple[OnReturn, ...]] = get_args(OnReturn)
"""What the music does where it comes back to a state: play the same theme another way, go on where it was, or begin
again."""


PlaylistOrder: TypeAlias = Literal["sequence", "shuffle", "random"]
PLAYLIST_ORDERS: Final[tuple[PlaylistOrder, ...]] = get_args(PlaylistOrder)
PIECE_SEPARATOR: Final = "/"
"""Between the names of a state and of its piece."""


@dataclass(frozen=True, kw_only=True)
class Piece:
    """What makes a state one of several pieces of a playlist.

    Attributes:
        order, avoid_last: Of the whole playlist.
        weight: How often it is drawn, beside the weights of the others.
        length: How long it plays; None for as long as the playlist is on. A length in bars is a whole number of them.
        between: Whether it is not drawn, but plays after each of the others.
        bridge: Whether it is no piece of a playlist, but what plays first where a row with a bridge enters the state.
        state_mark: The place of the state that it is a piece of.
    """

    order: PlaylistOrder
    avoid_last: int
    weight: float = 1.0
    length: Length | TimeRange | None = None
    between: bool = False
    bridge: bool = False
    state_mark: Mark = field(default=NOWHERE, compare=False, repr=False)


@dataclass(frozen=True, kw_only=True)
class LayerState:
    """One state of a layer. A default state has no condition, is always eligible and ranks below all others.

    A state of a file that has a playlist is several of these, one for each piece, which differ in name, mix, music,
    theme and piece only.

    Attributes:
        mix: Weights above 0 by style, not normalised; empty for a state that adds nothing.
        groups: What transition rows and conditions may call it beside its name; no state of the layer has such a name.
        resist: Whether it also resists states of a higher priority for its min_time.
        mute: Names of the layers that are muted meanwhile.
        solo: Whether all other layers are.
    """

    name: str
    default: bool = False
    when: Condition | None = None
    unless: Condition | None = None
    priority: int = 0
    attack_frames: Length = 0
    hold_frames: Length = 0
    min_time_frames: Length = 0
    resist: bool = False
    cooldown_frames: Length = 0
    mix: Mapping[str, float] = field(default_factory=dict)
    music: Music = field(default_factory=Music)
    on_return: OnReturn = "vary"
    theme: ThemeUse | None = None
    mute: tuple[str, ...] = ()
    solo: bool = False
    piece: Piece | None = None
    groups: tuple[str, ...] = ()
    mark: Mark = _mark

    @property
    def written(self) -> str:
        """The name that the file gives the state, without that of the piece."""
        return written_name(self.name)


def written_name(name: str) -> str:
    """The name that a file gives a state, without that of the piece."""
    return name.partition(PIECE_SEPARATOR)[0]


@dataclass(frozen=True, kw_only=True)
class Layer:
    """States of which exactly one is active.

    Attributes:
        weight: A constant, or a binding.
        theme: Of its states that name none.
        weight_ramp_frames: The shortest time in which a bound weight moves over the whole range of its curve.
    """

    name: str
    states: tuple[LayerState, ...]
    weight: float | Binding = 1.0
    weight_ramp_frames: int = 5
    theme: ThemeUse | None = None
    mark: Mark = _mark

    @property
    def default_index(self) -> int:
        """The index of the default state; of its first piece where it has a playlist."""
        return next(i for i, state in enumerate(self.states) if state.default)


Curve: TypeAlias = Literal["linear", "smooth", "equal_power"]
CURVES: Final[tuple[Curve, ...]] = get_args(Curve)


@dataclass(frozen=True, kw_only=True)
class At:
    """When a change may start.

    Attributes:
        unit: An eighth is half a beat.
        every, first: For bars: the index of the bar is `first` and a multiple of `every`.
    """

    unit: Literal["immediate", "eighth", "beat", "bar"]
    every: int = 1
    first: int = 0

    def __str__(self) -> str:
        if self.first:
            return f"bar {self.first + 1} of {self.every}"
        return f"{self.every} bars" if self.unit == "bar" and self.every > 1 else self.unit


@dataclass(frozen=True, kw_only=True)
class Bridge:
    """What plays between the states of a change.

    Attributes:
        bars: Its length.
        mix, theme: None for those of the state entered.
    """

    bars: int
    mix: Mapping[str, float] | None = None
    music: Music = field(default_factory=Music)
    theme: ThemeUse | None = None


@dataclass(frozen=True, kw_only=True)
class Transition:
    """How a layer goes from one state to another.

    Attributes:
        layer: None for any.
        from_state, to_state: The name of a state or of a group; None for any.
        ramp_frames: Of what the layer does to controls and other layers, and of its mix where the fades are None.
        fade_out_frames, fade_in_frames: Of the old and of the new mix; None for ramp_frames.
        chance: How often a change that it fits takes it, 0 to 1; else the next row that fits is asked.
        place: Among the rows of the same layer and states, from 0 on.
    """

    layer: str | None = None
    from_state: str | None = None
    to_state: str | None = None
    at: At = At(unit="beat")
    max_wait_frames: Length | None = None
    ramp_frames: Length = 50
    curve: Curve = "smooth"
    fade_out_frames: Length | None = None
    fade_in_frames: Length | None = None
    bridge: Bridge | None = None
    chance: float = 1.0
    place: int = 0
    mark: Mark = _mark

    @property
    def fades(self) -> tuple[Length, Length] | None:
        """How long the old mix fades out and the new one fades in; None where one ramp leads from one to the other."""
        out, enter = self.fade_out_frames, self.fade_in_frames
        if out is None and enter is None:
            return None
        return self.ramp_frames if out is None else out, self.ramp_frames if enter is None else enter


BUILT_IN_TRANSITION: Final = Transition()

# --- stingers -------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, kw_only=True)
class Duck:
    """How the music is lowered under a stinger.

    Attributes:
        depth_db: At most 0.
        recovery_samples: How long it stays lowered after the end of the stinger.
    """

    depth_db: float
    fade_out_samples: int
    recovery_samples: int
    fade_in_samples: int


@dataclass(frozen=True, kw_only=True)
class AudioStinger:
    """A sound file played over the music.

    Attributes:
        if_late: What happens if it cannot be delivered before its start.
    """

    name: str
    trigger: str
    audio: Path
    at: At = At(unit="immediate")
    gain_db: float = 0.0
    cooldown_frames: Length = 0
    if_late: Literal["drop", "play"] = "drop"
    duck: Duck | None = None
    mark: Mark = _mark


@dataclass(frozen=True, kw_only=True)
class Burst:
    """A style added to the mix for a short time.

    Attributes:
        time_frames: With both ramps.
        ramp_frames: At most half of the time counts.
    """

    name: str
    trigger: str
    mix: Mapping[str, float]
    time_frames: Length
    ramp_frames: Length = 5
    at: At = At(unit="immediate")
    cooldown_frames: Length = 0
    theme: ThemeUse | None = None
    mark: Mark = _mark


Stinger: TypeAlias = AudioStinger | Burst


@dataclass(frozen=True, kw_only=True)
class Rules:
    """A whole soundtrack.

    Attributes:
        music: With every control set.
        latches, counters: Those of all conditions, by index.
        stays: The states and groups whose end some condition counts from, by index.
        files: The files read, the main one first.
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
    themes: tuple[Theme, ...] = ()
    latches: tuple[Latch, ...] = ()
    counters: tuple[Counter, ...] = ()
    stays: tuple[InState | InGroup, ...] = ()
    files: tuple[Path, ...] = ()
    warnings: tuple[Problem, ...] = ()
