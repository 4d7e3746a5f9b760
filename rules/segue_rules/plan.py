"""What the director says about a frame, and why. Tuples of plain values: equal plans are equal bytes.

Dimensions: N styles (Rules.styles order), L layers (Rules.layers order).
"""

from __future__ import annotations

from typing import Literal, NamedTuple, TypeAlias

from segue_rules.events import Receipt
from segue_rules.model import Duck, InputValue

TICKS_PER_BEAT = 1_500_000


ChangeKind: TypeAlias = Literal["started", "scheduled", "withdrawn"]
CueKind: TypeAlias = Literal["started", "scheduled", "dropped"]


class Controls(NamedTuple):
    """The generator's controls in a frame. tonic: 0-11, or -1 for the generator's choice. drums: 1 on, 0 off, -1 auto.

    sources: for each control in order (tempo, meter, key, drums, intensity, temperature, guidance, gain) the layer that
    decides it, or "music" for the top level.
    """

    tempo_mbpm: int
    meter: int
    tonic: int
    mode: str
    drums: int
    intensity: float
    temperature: float
    guidance: float
    gain_db: float
    sources: tuple[str, ...]


class MusicalClock(NamedTuple):
    """The musical position at a frame's start. ticks: TICKS_PER_BEAT a beat; a frame lasts tempo_mbpm ticks.

    bar: index of the bar the frame starts in; bar_ticks: where that bar began; meter: its beats.
    """

    ticks: int
    bar: int
    bar_ticks: int
    meter: int


class Cause(NamedTuple):
    """One reason of a change. input: its name, "" for a state. sequence: the event that set it, -1 for none."""

    input: str
    value: InputValue
    sequence: int
    text: str


class Candidate(NamedTuple):
    """A state that did not win, and why ("cooldown 3.2 s left")."""

    state: str
    reason: str


class Change(NamedTuple):
    """What became of a layer's new winner. start: the frame it starts or was to start; decided: when it first won.

    A scheduled change is predicted at the present tempo; started and withdrawn are final.
    """

    kind: ChangeKind
    layer: str
    from_state: str
    to_state: str
    decided: int
    start: int
    ramp_frames: int
    at: str
    causes: tuple[Cause, ...]
    candidates: tuple[Candidate, ...]


class StingerCue(NamedTuple):
    """What became of a stinger's trigger. start: sample position (48 kHz). reason: why it was dropped, else ""."""

    kind: CueKind
    stinger: str
    start: int
    gain_db: float
    if_late: str
    duck: Duck | None
    reason: str


class FramePlan(NamedTuple):
    """All that is to sound in a frame. mix: N weights summing to 1. states: L active states' names.

    layer_mixes: L rows of N, unnormalised and before the layer's weight. layer_weights: L. inputs: values as moved.
    beat, bar_start: sample offset (0 to 1 919) of the beat or bar line in this frame, -1 for none; bar_start opens
    clock.bar where clock.ticks == clock.bar_ticks, else clock.bar + 1. to_change: frames until the nearest change that
    will be heard, 0 where it starts in this frame, -1 for none; next_mix: the mix it leads to, else mix (SEMANTICS 15).
    warnings: codes such as "empty_mix".
    """

    frame: int
    mix: tuple[float, ...]
    states: tuple[str, ...]
    layer_mixes: tuple[tuple[float, ...], ...]
    layer_weights: tuple[float, ...]
    controls: Controls
    clock: MusicalClock
    beat: int
    bar_start: int
    to_change: int
    next_mix: tuple[float, ...]
    inputs: tuple[InputValue, ...]
    receipts: tuple[Receipt, ...]
    changes: tuple[Change, ...]
    stingers: tuple[StingerCue, ...]
    warnings: tuple[str, ...]
