"""What a style does to the whole mix: tape, filter, saturation, bit depth, width, the room and the kick's pump.

Settings come frame by frame from style profiles and are approached, not jumped to, so that blends and changes do not
click. Where a setting is neutral the samples pass untouched, to the bit. Frames are treated by their own settings and
what came before alone, so any cut into chunks of whole frames gives the same samples.

Room and pump are gains for the sampler, which knows what is sent to the reverb and what is no drum. All else is done to
its sum: width, then saturation, then bit depth, then the low-pass, then the tape's wow.

Arrays are planar inside, [2, S], and [S, 2] outside. S samples, T frames.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from segue.contract import FRAME_SIZE, NoteEvent, Samples
from segue.score.production_effects import TAPE, Planar, crush, low_passed, saturate, widen, wowed
from segue.score.production_settings import NEUTRAL, Curve, ProductionSettings, Way, line, moving, ways_of

# The reverb's send grows by these powers of the room, below and above its middle: to half as much again and no more,
# since what plays in large rooms sends most of its sound there by its seats.
_ROOM_POWERS: Final = (1.32, 0.6)
# The kick pushes the rest down to this in _PUMP_ATTACK samples; it is back after this share of a beat.
_PUMPED: Final = 0.15
_PUMP_ATTACK: Final = 192
_PUMP_BEATS: Final = 0.9
_KICKS: Final = (35, 36)
# The axes that `process` applies, and the stem that takes what belongs to none.
_SOUNDING: Final = ("width", "saturation", "bits", "low_pass_hz", "wow")
_REST: Final = "texture"


class Kick(NamedTuple):
    """A stroke that pumps.

    Attributes:
        start: Sample position.
        beat: Samples that a beat lasts.
    """

    start: int
    beat: int


@dataclass(frozen=True, kw_only=True)
class ProductionState:
    """Between two frames. Filter and tape are made again from the music before, see `resumed`.

    Attributes:
        settings: Where they stand; None before the first frame, which takes its own at once.
        low_pass: Memory of the filter, float64 [1, 2, 2], while it is in use.
        tape: The last samples before the wow, float32 [2, TAPE].
        kicks: Those whose pump may not be over.
        beat: Of the last kick; 0 before the first.
        past: The settings at the begin of each of the last frames, at most PAST of them.
    """

    settings: ProductionSettings | None = None
    low_pass: NDArray[np.float64] | None = None
    tape: Planar = field(default_factory=lambda: np.zeros((2, TAPE), np.float32))
    kicks: tuple[Kick, ...] = ()
    beat: int = 0
    past: tuple[ProductionSettings, ...] = ()

    @property
    def nbytes(self) -> int:
        return self.tape.nbytes + (0 if self.low_pass is None else self.low_pass.nbytes)


PAST: Final = 130
"""Frames whose settings are remembered: as long as anything is heard of them."""
WARM_UP: Final = 4 * FRAME_SIZE
"""After this many samples from silence, filter and tape hold what they would hold after any past."""


def start(settings: ProductionSettings | None = None) -> ProductionState:
    """Return the state of silence, with settings if they are known."""
    return ProductionState(settings=settings)


def kicks_of(notes: Sequence[NoteEvent], beat: int) -> tuple[Kick, ...]:
    """Return the strokes among notes that pump, where a beat lasts `beat` samples."""
    return tuple(Kick(note.start, beat) for note in notes if note.drums and note.pitch in _KICKS)


def resumed(
    course: Sequence[ProductionSettings], kicks: Sequence[Kick], samples: Samples, position: int
) -> ProductionState:
    """Return the state before `position`.

    Args:
        course: The settings at the begin of each frame that the samples have, and at `position`.
        kicks: Those whose pump may not be over at the first sample.
        samples: The mix before production, its last WARM_UP samples before `position`, float32 [S, 2].
    """
    ways = [Way(*pair) for pair in pairwise(course)]
    state, _ = _processed(start(), samples, ways, kicks, position - len(samples))
    return state


def gains_along(
    course: Sequence[ProductionSettings], kicks: Sequence[Kick], position: int
) -> tuple[Curve | None, Curve | None]:
    """Return the gains of `send_gains` and `pump_gains` for frames whose settings are known.

    Args:
        course: The settings at the begin of each frame, and after the last.
    """
    ways = [Way(*pair) for pair in pairwise(course)]
    return _send_curve(ways), _pump_curve(ways, kicks, position)


def send_gains(state: ProductionState, targets: Sequence[ProductionSettings]) -> Curve | None:
    """Return the gain of the reverb's send, float32 [S], None if it stays as it is; arguments as of `process`."""
    return _send_curve(ways_of(state.settings, targets))


def _send_curve(ways: Sequence[Way]) -> Curve | None:
    if all(way.still("room") for way in ways):
        return None
    return np.concatenate([line(room_gain(way.begin.room), room_gain(way.end.room)) for way in ways])


def room_gain(room: float) -> float:
    """Return the gain of the reverb's send for a room of 0 to 1."""
    smaller, larger = _ROOM_POWERS
    return float((2 * room) ** (smaller if room < NEUTRAL.room else larger))


def pump_gains(
    state: ProductionState, targets: Sequence[ProductionSettings], kicks: Sequence[Kick], position: int
) -> Curve | None:
    """Return the gain of all that is no drum, float32 [S], None if it stays as it is; arguments as of `process`."""
    return _pump_curve(ways_of(state.settings, targets), (*state.kicks, *kicks), position)


def _pump_curve(ways: Sequence[Way], due: Sequence[Kick], position: int) -> Curve | None:
    if not due or all(way.still("pump") for way in ways):
        return None
    pushed = np.zeros(len(ways) * FRAME_SIZE, np.float32)
    for kick in due:
        first = max(0, kick.start - position)
        last = min(len(pushed), kick.start - position + _pump_length(kick))
        if first < last:
            since = np.arange(first + position - kick.start, last + position - kick.start)
            falling = 0.5 + 0.5 * np.cos(np.pi * since / _pump_length(kick))
            push = np.minimum((since + 1) / _PUMP_ATTACK, falling).astype(np.float32)
            np.maximum(pushed[first:last], push, out=pushed[first:last])
    depth = np.concatenate([line(way.begin.pump, way.end.pump) for way in ways])
    return np.float32(1) - np.float32(1 - _PUMPED) * depth * pushed


def process(
    state: ProductionState,
    samples: Samples,
    targets: Sequence[ProductionSettings],
    kicks: Sequence[Kick],
    position: int,
) -> tuple[ProductionState, Samples]:
    """Return the mix as the style produces it. Latency 0; with wow, up to 5.5 ms of delay that moves.

    Args:
        samples: float32 [S, 2], whole frames; returned as they are where all is neutral.
        targets: Of each frame, what its settings approach, [T].
        kicks: Strokes that start in the samples.
        position: Of the first sample, a multiple of FRAME_SIZE.
    Returns:
        The state after, and float32 [S, 2].
    Raises:
        ValueError: For samples or a position that are not whole frames.
    """
    if len(samples) != len(targets) * FRAME_SIZE or position % FRAME_SIZE:
        raise ValueError(f"expected {len(targets)} frames at a frame's start, got {len(samples)} samples at {position}")
    if not targets:
        return state, samples
    return _processed(state, samples, ways_of(state.settings, targets), kicks, position)


def _processed(
    state: ProductionState, samples: Samples, ways: Sequence[Way], kicks: Sequence[Kick], position: int
) -> tuple[ProductionState, Samples]:
    untouched = all(way.still(*_SOUNDING) for way in ways)
    sound = samples.T if untouched else np.array(samples.T, np.float32, order="C")
    for first, last in moving(ways, "width"):
        widen(sound[:, first * FRAME_SIZE : last * FRAME_SIZE], ways[first:last])
    for first, last in moving(ways, "saturation"):
        saturate(sound[:, first * FRAME_SIZE : last * FRAME_SIZE], ways[first:last])
    for first, last in moving(ways, "bits"):
        for number, way in enumerate(ways[first:last], first):
            crush(sound[:, number * FRAME_SIZE : (number + 1) * FRAME_SIZE], way)
    low_pass = low_passed(sound, ways, state.low_pass)
    # Tape that runs unevenly still records what is played evenly.
    recorded = np.concatenate([state.tape, sound[:, -TAPE:]], axis=1)[:, -TAPE:]
    if not all(way.still("wow") for way in ways):
        sound = wowed(np.concatenate([state.tape, sound], axis=1), sound, ways, position)
    end = position + len(samples)
    pumping = tuple(kick for kick in (*state.kicks, *kicks) if kick.start + _pump_length(kick) > end)
    beat = kicks[-1].beat if kicks else state.beat
    past = (*state.past, *(way.begin for way in ways))[-PAST:]
    after = ProductionState(
        settings=ways[-1].end, low_pass=low_pass, tape=recorded, kicks=pumping, beat=beat, past=past
    )
    return after, samples if untouched else np.ascontiguousarray(sound.T)


def process_stems(
    states: Mapping[str, ProductionState] | None,
    state: ProductionState,
    stems: Mapping[str, Samples],
    produced: Samples,
    targets: Sequence[ProductionSettings],
    position: int,
) -> tuple[dict[str, ProductionState], dict[str, Samples]]:
    """Return the stems as the style produces them, summing to the whole.

    What saturation and bit depth add is of no single stem; like the reverb of before, it is in "texture".

    Args:
        states: Of each stem, None where they were not asked for before.
        state: Of the whole, before the frames.
        stems: Before production, each float32 [S, 2].
        produced: The whole after it, float32 [S, 2].
        targets, position: As of `process`.
    Returns:
        The states after, and the stems, float32 [S, 2] each.
    """
    if all(way.still(*_SOUNDING) for way in ways_of(state.settings, targets)):
        return {family: _linear(state) for family in stems}, dict(stems)
    if states is None:
        silent = start(state.settings)
        states = {family: _linear(state if family == _REST else silent) for family in stems}
    after: dict[str, ProductionState] = {}
    parts: dict[str, Samples] = {}
    evenly = [_without_distortion(target) for target in targets]
    for family, samples in stems.items():
        after[family], parts[family] = process(states[family], samples, evenly, (), position)
    total = np.add.reduce(list(parts.values()), axis=0)
    parts[_REST] = parts[_REST] + (produced - total)
    return after, parts


def _linear(state: ProductionState) -> ProductionState:
    settings = None if state.settings is None else _without_distortion(state.settings)
    return replace(state, settings=settings, kicks=(), past=())


def _without_distortion(settings: ProductionSettings) -> ProductionSettings:
    return replace(settings, saturation=NEUTRAL.saturation, bits=NEUTRAL.bits)


def _pump_length(kick: Kick) -> int:
    return max(_PUMP_ATTACK, round(_PUMP_BEATS * kick.beat))
