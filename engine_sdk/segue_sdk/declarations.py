"""The parts of messages that are maps of their own: what a rule file declares, an event, a cause, a beat, a duck."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Annotated, TypeAlias

from segue_sdk.errors import ProtocolError
from segue_sdk.kinds import (
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
from segue_sdk.records import Record, RecordOf

InputValue: TypeAlias = float | int | bool | str

_BOUND = Real(-float(LARGEST_INTEGER), float(LARGEST_INTEGER))


@dataclass(frozen=True, kw_only=True)
class Input(Record):
    """An input that the game may send."""

    name: Annotated[str, NAME, "name"]
    type: Annotated[
        str,
        Choice(("number", "integer", "choice", "flag", "trigger")),
        "what it takes: a real, a whole number, one of `of`, a boolean; a trigger is fired, never set",
    ]
    low: Annotated[float | None, _BOUND, "least value; number and integer only"] = None
    high: Annotated[float | None, _BOUND, "greatest value; number and integer only"] = None
    of: Annotated[tuple[str, ...], ListOf(NAME, MOST_CHOICES), "the names it may have; choice only"] = ()
    default: Annotated[InputValue | None, Value(), "value at the session's start; all but trigger"] = None


@dataclass(frozen=True, kw_only=True)
class LayerInfo(Record):
    """A layer of states of which exactly one is active."""

    name: Annotated[str, NAME, "name"]
    states: Annotated[tuple[str, ...], ListOf(NAME, MOST_STATES, least=1), "its states, in file order"]
    default: Annotated[str, NAME, "the state it starts in"]


@dataclass(frozen=True, kw_only=True)
class Declaration(Record):
    """What the session's rule file declares."""

    title: Annotated[str, Text(800), "title of the soundtrack"]
    fingerprint: Annotated[str, Text(64), "changes when the rule file's content does"]
    inputs: Annotated[tuple[Input, ...], ListOf(RecordOf(Input), MOST_INPUTS), "all that the game may send"]
    layers: Annotated[tuple[LayerInfo, ...], ListOf(RecordOf(LayerInfo), MOST_LAYERS), "its layers, in file order"]
    styles: Annotated[tuple[str, ...], ListOf(NAME, MOST_STYLES), "the names that a mix weighs"]
    stingers: Annotated[tuple[str, ...], ListOf(NAME, MOST_STINGERS), "names of its stingers"] = ()


@dataclass(frozen=True, kw_only=True)
class Limits(Record):
    """What the service takes at most. A client that exceeds one gets `error` or a refusing receipt."""

    events_per_second: Annotated[int, Integer(1, 100_000), "sustained; a burst of one second's worth is taken"]
    header_bytes: Annotated[int, Integer(1_024), "of one header"]
    blob_bytes: Annotated[int, Integer(1_024), "of a saved blob"] = BLOB_BYTES


@dataclass(frozen=True, kw_only=True)
class GeneratorInfo(Record):
    """What plays the music."""

    name: Annotated[str, NAME, "name, as in `--generator`"]
    model: Annotated[str, Text(128), "hash of the weights; a save of another model restores the rules only"] = ""
    exact_beats: Annotated[bool, FLAG, "whether beats sound where `clock` says"] = True
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
    """A beat line of the music."""

    at: Annotated[int, POSITION, "sample position of the line"]
    bar: Annotated[int, COUNT, "index of the bar it lies in, from 0"]
    beat: Annotated[int, Integer(0, 15), "index in its bar; 0 is the bar line"]


@dataclass(frozen=True, kw_only=True)
class DuckInfo(Record):
    """How the music steps back under a stinger. Gain in dB is linear between the corners."""

    depth_db: Annotated[float, Real(-96, 0), "gain of the music at depth"]
    fade_out: Annotated[int, Integer(0, LONGEST_DUCK), "samples from the stinger's start down to depth"]
    recovery: Annotated[int, Integer(0, LONGEST_DUCK), "samples at depth after the stinger's end"]
    fade_in: Annotated[int, Integer(0, LONGEST_DUCK), "samples back up to 0 dB"]


def check_exactly_one(message: str, given: Mapping[str, object]) -> None:
    """Refuse none and several of fields that exclude one another."""
    if sum(value is not None for value in given.values()) != 1:
        raise ProtocolError("bad_value", f"{message}: expected exactly one of {', '.join(given)}")
