"""The table of the music's controls: names, units, bounds, defaults, how each changes and which stage obeys it.

Everything that knows a control reads it from here: the grammar, the defaults of a soundtrack, the director, rule tests
and the runtime. Packages that may not import the rules have copies, and tests hold them equal.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from dataclasses import field as dataclass_field
from typing import Final, Literal, TypeAlias

MODES: Final = ("major", "minor", "dorian", "phrygian", "lydian", "mixolydian")
TONICS: Final = ("C", "C#", "D", "Eb", "E", "F", "F#", "G", "Ab", "A", "Bb", "B")
AUTO: Final = "auto"
"""The value that leaves a control to the music: key and drums to the generator, tempo and meter to the styles."""
SILENCE_DB: Final = -96.0
"""A gain of this much or less is silence."""
SILENT_DB: Final = -60.0
"""Music whose gain is led to this or less falls silent."""

Stage: TypeAlias = Literal["score", "model", "mastering"]
"""What obeys a control: the composing generator, the neural generator, or the stage after any of them."""


@dataclass(frozen=True, kw_only=True)
class NumberControl:
    """A control that is a number.

    Attributes:
        name: In rule files and messages.
        field: Its attribute in `Music` and `Controls` (tempo: `Music` only).
        what: The noun in messages, where a value has a unit.
        low, high: Bounds, both allowed.
        example: A value as written.
        auto: Whether `auto` may be written, and is meant where nothing is; `default` is then for music without a style.
        change: "ramp" moves to a new value over the transition's ramp, "bar" takes it over at a bar line.
        logarithmic: Whether ramps and shares count the value's logarithm: for frequencies, of which octaves are heard.
        obeyed_by: The stages that obey it.
        words: Words that people write for some values, which messages explain.
    """

    name: str
    field: str
    unit: str = ""
    what: str = ""
    low: float
    high: float
    default: float
    whole: bool = False
    auto: bool = False
    example: str
    change: Literal["ramp", "bar"] = "ramp"
    logarithmic: bool = False
    obeyed_by: tuple[Stage, ...]
    doc: str
    words: Mapping[str, float] = dataclass_field(default_factory=dict, hash=False)


@dataclass(frozen=True, kw_only=True)
class WordControl:
    """A control that is one of some words. It changes at a bar line. Fields: see NumberControl."""

    name: str
    field: str
    words: tuple[str, ...]
    default: str
    example: str
    change: Literal["ramp", "bar"] = "bar"
    obeyed_by: tuple[Stage, ...]
    doc: str


Control: TypeAlias = NumberControl | WordControl

TEMPO: Final = NumberControl(
    name="tempo",
    field="tempo_bpm",
    unit="bpm",
    what="a tempo",
    low=20,
    high=300,
    default=100,
    auto=True,
    example="96bpm",
    obeyed_by=("score", "model"),
    doc="Beats a minute, or auto for the tempo of the state's styles.",
)
METER: Final = NumberControl(
    name="meter",
    field="meter",
    low=1,
    high=16,
    default=4,
    whole=True,
    auto=True,
    example="4",
    change="bar",
    obeyed_by=("score", "model"),
    doc="Beats a bar, their groups such as 2+2+3, or a time signature such as 6/8, which is 3+3 eighths; or auto for "
    "the meter of the state's styles. A beat is what tempo counts: in 6/8, an eighth. Changes at a bar line.",
)
KEY: Final = WordControl(
    name="key",
    field="key",
    words=(AUTO, *(f"{tonic} {mode}" for tonic in TONICS for mode in MODES)),
    default=AUTO,
    example="D minor",
    obeyed_by=("score", "model"),
    doc=f"Tonic and mode ({', '.join(MODES[:-1])} or {MODES[-1]}), or auto to leave it to the music. A style keeps its "
    "scale under plain major or minor if that fits its third; other modes replace it. Changes at a bar line.",
)
DRUMS: Final = WordControl(
    name="drums",
    field="drums",
    words=("on", "off", AUTO),
    default=AUTO,
    example='"on"',
    obeyed_by=("score", "model"),
    doc="Whether drums play, or auto to leave it to the music; changes at a bar line.",
)
INTENSITY: Final = NumberControl(
    name="intensity",
    field="intensity",
    low=0,
    high=1,
    default=0.5,
    example="{from: threat}",
    obeyed_by=("score", "model"),
    doc="How dense and forceful the music is.",
)
TEMPERATURE: Final = NumberControl(
    name="temperature",
    field="temperature",
    low=0.1,
    high=2,
    default=1,
    example="1.0",
    obeyed_by=("score", "model"),
    doc="How freely the music varies: low repeats itself, high wanders.",
)
GUIDANCE: Final = NumberControl(
    name="guidance",
    field="guidance",
    low=0,
    high=10,
    default=3,
    example="3.0",
    obeyed_by=("score", "model"),
    doc="How strictly the music follows the styles; of a mix, high favours the heaviest.",
)
GAIN: Final = NumberControl(
    name="gain",
    field="gain_db",
    unit="dB",
    what="a gain",
    low=SILENCE_DB,
    high=12,
    default=0,
    example="-3dB",
    obeyed_by=("mastering",),
    doc="Level of the music; -96dB is silence.",
)
LOW_PASS: Final = NumberControl(
    name="low_pass",
    field="low_pass_hz",
    unit="Hz",
    what="a frequency",
    low=20,
    high=20_000,
    default=20_000,
    example="800Hz",
    logarithmic=True,
    obeyed_by=("mastering",),
    doc="Takes away what is higher, by 12 dB an octave; 20000Hz takes away nothing.",
)
HIGH_PASS: Final = NumberControl(
    name="high_pass",
    field="high_pass_hz",
    unit="Hz",
    what="a frequency",
    low=20,
    high=20_000,
    default=20,
    example="300Hz",
    logarithmic=True,
    obeyed_by=("mastering",),
    doc="Takes away what is lower, by 12 dB an octave; 20Hz takes away nothing.",
)
REVERB: Final = NumberControl(
    name="reverb",
    field="reverb",
    low=0,
    high=1,
    default=0,
    example="0.4",
    obeyed_by=("mastering",),
    doc="How much of the music is sent to a large hall, which is added to it: at 1, as loud as the music itself.",
)
WIDTH: Final = NumberControl(
    name="width",
    field="width",
    low=0,
    high=2,
    default=1,
    example="0.5",
    obeyed_by=("mastering",),
    doc="Width of the stereo image: 0 is mono, 1 leaves it as it is, 2 doubles the difference of the sides.",
)
PAN: Final = NumberControl(
    name="pan",
    field="pan",
    low=-1,
    high=1,
    default=0,
    example="-0.5",
    obeyed_by=("mastering",),
    doc="Place of the music: -1 is left, 0 the middle, 1 right.",
    words={"left": -1, "centre": 0, "center": 0, "middle": 0, "right": 1},
)

EFFECTS: Final = (LOW_PASS, HIGH_PASS, REVERB, WIDTH, PAN)
"""What is done to the sound of the music. Each is off at its default."""
CONTROLS: Final[tuple[Control, ...]] = (
    TEMPO,
    METER,
    KEY,
    DRUMS,
    INTENSITY,
    TEMPERATURE,
    GUIDANCE,
    GAIN,
    *EFFECTS,
)
"""In the order of `Controls.sources`."""
CONTROL_NAMES: Final = tuple(control.name for control in CONTROLS)
