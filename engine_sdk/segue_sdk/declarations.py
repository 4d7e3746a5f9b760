"""The parts that messages are made of: what a service grants and declares, events, causes, beats, ducks."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Annotated, Final, TypeAlias

from segue_sdk.errors import ProtocolError
from segue_sdk.fields import (
    COUNT,
    FLAG,
    NAME,
    POSITION,
    SEQUENCE,
    TEXT,
    Choice,
    Integer,
    ListOf,
    MapOf,
    Real,
    Record,
    RecordOf,
    Text,
    Value,
)
from segue_sdk.limits import (
    BLOB_BYTES,
    LARGEST_INTEGER,
    LONGEST_DUCK,
    MOST_CHOICES,
    MOST_INPUTS,
    MOST_LAYERS,
    MOST_SETTINGS,
    MOST_STATES,
    MOST_STINGERS,
    MOST_STYLES,
)

InputValue: TypeAlias = float | int | bool | str


FORMATS: Final = ("f32le", "s16le")


_BOUND = Real(-float(LARGEST_INTEGER), float(LARGEST_INTEGER))


@dataclass(frozen=True, kw_only=True)
class Input(Record):
    """An input that the game may send."""

    name: Annotated[str, NAME, "name"]
    type: Annotated[
        str,
        Choice(("number", "integer", "choice", "flag", "trigger")),
        "its values: reals, whole numbers, one of `of`, booleans; a trigger is fired, never set",
    ]
    low: Annotated[float | None, _BOUND, "least value; number and integer only"] = None
    high: Annotated[float | None, _BOUND, "greatest value; number and integer only"] = None
    of: Annotated[tuple[str, ...], ListOf(NAME, MOST_CHOICES), "the names it may have; choice only"] = ()
    default: Annotated[InputValue | None, Value(), "value at the session's start; all but trigger"] = None


@dataclass(frozen=True, kw_only=True)
class LayerInfo(Record):
    """A layer of states of which exactly one is active."""

    name: Annotated[str, NAME, "name"]
    states: Annotated[
        tuple[str, ...],
        ListOf(NAME, MOST_STATES, least=1),
        "its states, in file order; of one with a playlist, `state/piece` for each piece",
    ]
    default: Annotated[str, NAME, "the default state; of one with a playlist, its first piece in the file"]


@dataclass(frozen=True, kw_only=True)
class Declaration(Record):
    """What the session's rule file declares."""

    title: Annotated[str, Text(800), "title of the soundtrack"]
    fingerprint: Annotated[str, Text(64), "changes when the rule file's content does"]
    inputs: Annotated[tuple[Input, ...], ListOf(RecordOf(Input), MOST_INPUTS), "all that the game may send"]
    layers: Annotated[tuple[LayerInfo, ...], ListOf(RecordOf(LayerInfo), MOST_LAYERS), "its layers, in file order"]
    styles: Annotated[tuple[str, ...], ListOf(NAME, MOST_STYLES), "the names that a mix weighs"]
    stingers: Annotated[tuple[str, ...], ListOf(NAME, MOST_STINGERS), "names of its stingers, bursts too"] = ()


@dataclass(frozen=True, kw_only=True)
class Limits(Record):
    """The service's limits. A client that exceeds one gets `error` or a refusing receipt."""

    events_per_second: Annotated[int, Integer(1, 100_000), "sustained; bursts of one second's worth are accepted"]
    header_bytes: Annotated[int, Integer(1_024), "of one header"]
    blob_bytes: Annotated[int, Integer(1_024), "of a saved blob"] = BLOB_BYTES


@dataclass(frozen=True, kw_only=True)
class GeneratorInfo(Record):
    """The generator that plays the music."""

    name: Annotated[str, NAME, "name, as in `--generator`"]
    model: Annotated[str, Text(128), "hash of the weights; a save of another model restores the rules only"] = ""
    exact_beats: Annotated[bool, FLAG, "whether beats are heard where `clock` says"] = True
    controls: Annotated[
        tuple[str, ...],
        ListOf(NAME, 16),
        "the controls it obeys: tempo, meter, key, drums, intensity, temperature, guidance, fills",
    ] = ()


@dataclass(frozen=True, kw_only=True)
class EventItem(Record):
    """Inputs set and triggers fired together, all or nothing."""

    seq: Annotated[int, SEQUENCE, "number of the event, unique in the session and growing"]
    at: Annotated[int, POSITION, "sample position at which the game means it; usually `played`"]
    reset: Annotated[bool, FLAG, "whether inputs and states first return to the start; the music goes on"] = False
    set: Annotated[Mapping[str, InputValue], MapOf(Value(), MOST_SETTINGS), "input to new value"] = field(
        default_factory=dict
    )
    fire: Annotated[tuple[str, ...], ListOf(NAME, MOST_SETTINGS), "triggers fired, in order"] = ()


@dataclass(frozen=True, kw_only=True)
class Cause(Record):
    """One reason of a change."""

    text: Annotated[str, TEXT, "for people"]
    input: Annotated[str, Text(64), "the input; empty for a time or a state"] = ""
    value: Annotated[InputValue | None, Value(), "what it was"] = None
    seq: Annotated[int, COUNT, "the event that set it; 0 for none"] = 0


@dataclass(frozen=True, kw_only=True)
class Candidate(Record):
    """A state that did not win."""

    state: Annotated[str, NAME, "the state"]
    reason: Annotated[str, TEXT, 'why not, for people: "cooldown 3.2 s left"']


@dataclass(frozen=True, kw_only=True)
class Beat(Record):
    """A beat of the music."""

    at: Annotated[int, POSITION, "sample position of the beat"]
    bar: Annotated[int, COUNT, "index of the bar it lies in, from 0"]
    beat: Annotated[int, Integer(0, 15), "index in its bar; 0 is its first beat"]


@dataclass(frozen=True, kw_only=True)
class DuckInfo(Record):
    """How the music is ducked under a stinger. The gain in dB is linear between the corners."""

    depth_db: Annotated[float, Real(-96, 0), "gain of the ducked music"]
    fade_out: Annotated[int, Integer(0, LONGEST_DUCK), "samples from the stinger's start until the music is ducked"]
    recovery: Annotated[
        int, Integer(0, LONGEST_DUCK), "samples for which the music stays ducked after the stinger's end"
    ]
    fade_in: Annotated[int, Integer(0, LONGEST_DUCK), "samples back up to 0 dB"]


def check_exactly_one(message: str, given: Mapping[str, object]) -> None:
    """Check that exactly one of several fields is given. Raises: ProtocolError."""
    if sum(value is not None for value in given.values()) != 1:
        raise ProtocolError("bad_value", f"{message}: expected exactly one of {', '.join(given)}")
