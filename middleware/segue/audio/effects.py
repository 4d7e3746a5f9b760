"""Effects on the whole music: filters, width, place and a hall. Streaming, frame by frame, the state a value.

Each frame leads from the settings before it to its own. Where all are off, the samples pass untouched, to the bit, and
cost nothing. Frames are treated by their settings and what came before alone, so any cut into chunks of whole frames
gives the same samples. All effects are linear: what they make of stems sums to what they make of the music.

The order is low-pass, high-pass, width, pan, reverb. The hall gets what the others leave.
S samples, C channels (2), T frames.

Source: Zavalishin, The Art of VA Filter Design (state-variable filters by the trapezoidal rule, whose memory stays
valid while the cutoff moves); W3C Web Audio API, StereoPannerNode (panning of stereo sound).
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Final, Literal, NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

from segue.audio import reverb
from segue.audio.biquads import filtered
from segue.contract import CHANNELS, FRAME_SIZE, SAMPLE_RATE, Samples

Memory: TypeAlias = NDArray[np.float64]
"""Of a filter of one section, as `segue.audio.biquads` keeps it: float64 [1, 2, C]."""
_Kind: TypeAlias = Literal["low_pass", "high_pass"]

# White noise comes out of the hall 2.9 dB louder than it went in.
_HALL_GAIN: Final = np.float32(10 ** (-2.9 / 20))
# After so many frames without anything sent, the hall has fallen by 126 dB and is left.
TAIL_FRAMES: Final = 100
# In silence, what is left in a filter below this is dropped, before it becomes too small for normal numbers.
_NOTHING: Final = 1e-15
_RAMP: Final = np.arange(1, FRAME_SIZE + 1) / FRAME_SIZE
# What no stem alone has, such as the hall of what was played before stems were asked for, is in this one.
_REST: Final = "texture"
# The quality of a Butterworth filter of second order, as its reciprocal.
_DAMPING: Final = math.sqrt(2)


class EffectSettings(NamedTuple):
    """What the effects do at one moment; the defaults are off.

    Attributes:
        low_pass_hz, high_pass_hz: Cutoffs, 20 to 20 000.
        reverb: What is sent to the hall, 0 to 1.
        width: Factor of the difference of the sides, 0 to 2.
        pan: -1 left to 1 right.
    """

    low_pass_hz: float = 20_000.0
    high_pass_hz: float = 20.0
    reverb: float = 0.0
    width: float = 1.0
    pan: float = 0.0


OFF: Final = EffectSettings()


@dataclass(frozen=True, kw_only=True)
class EffectState:
    """The effects before a frame.

    Attributes:
        settings: At the end of the last frame.
        low_pass, high_pass: Memory of the filters at their cutoffs; None where they are off.
        hall: What still sounds in the hall, None for nothing.
        unsent: Frames since anything was sent to it.
    """

    settings: EffectSettings = OFF
    low_pass: Memory | None = None
    high_pass: Memory | None = None
    hall: reverb.ReverbState | None = None
    unsent: int = 0

    @property
    def is_off(self) -> bool:
        """Whether sound passes untouched as long as the settings stay off."""
        return self.settings == OFF and self.hall is None


def start(settings: EffectSettings = OFF) -> EffectState:
    """Return the state of silence with these settings."""
    return EffectState(
        settings=settings,
        low_pass=None if settings.low_pass_hz == OFF.low_pass_hz else _empty(),
        high_pass=None if settings.high_pass_hz == OFF.high_pass_hz else _empty(),
    )


def process(state: EffectState, samples: Samples, settings: Sequence[EffectSettings]) -> tuple[EffectState, Samples]:
    """Return the next T frames with their effects. Latency 0.

    Args:
        state: The effects before them.
        samples: float32 [T * FRAME_SIZE, C]; returned as they are where all is off.
        settings: Of the end of each frame.

    Returns:
        The state after, and float32 [T * FRAME_SIZE, C].

    Raises:
        ValueError: Samples and settings differ in length.
    """
    if len(samples) != len(settings) * FRAME_SIZE:
        raise ValueError(f"expected {len(settings)} frames, got {len(samples)} samples")
    if state.is_off and all(each == OFF for each in settings):
        return state, samples
    sound = samples.copy()
    low_pass, high_pass = state.low_pass, state.high_pass
    begins = [state.settings, *settings[:-1]]
    for first, last in _stretches(begins, samples, settings):
        begin, end = begins[first], settings[first]
        part = sound[first * FRAME_SIZE : last * FRAME_SIZE]
        low_pass = _filter(part, "low_pass", begin.low_pass_hz, end.low_pass_hz, low_pass)
        high_pass = _filter(part, "high_pass", begin.high_pass_hz, end.high_pass_hz, high_pass)
        if not begin.width == end.width == OFF.width:
            _widen(part, begin.width, end.width)
        if not begin.pan == end.pan == OFF.pan:
            _pan(part, begin.pan, end.pan)
    hall, unsent = _reverberate(sound, begins, settings, state)
    after = EffectState(settings=settings[-1], low_pass=low_pass, high_pass=high_pass, hall=hall, unsent=unsent)
    return after, sound


def _stretches(
    begins: Sequence[EffectSettings], samples: Samples, ends: Sequence[EffectSettings]
) -> Iterator[tuple[int, int]]:
    """Yield runs [first, last) of frames to treat at once: single ones where anything moves or nothing sounds."""
    rests = [
        begin == end and bool(samples[number * FRAME_SIZE : (number + 1) * FRAME_SIZE].any())
        for number, (begin, end) in enumerate(zip(begins, ends, strict=True))
    ]
    first = 0
    for number in range(1, len(ends)):
        if not (rests[number] and rests[number - 1]):
            yield first, number
            first = number
    yield first, len(ends)


def process_stems(
    states: Mapping[str, EffectState] | None,
    state: EffectState,
    stems: Mapping[str, Samples],
    settings: Sequence[EffectSettings],
) -> tuple[dict[str, EffectState] | None, dict[str, Samples]]:
    """Return stems with the effects of the music, to which they sum.

    Args:
        states: Of each stem, None where they were off or not asked for.
        state: Of the whole, before the frames.
        stems: By family, each float32 [T * FRAME_SIZE, C].
        settings: As of `process`.

    Returns:
        The states after, None where they are off, and the stems.
    """
    if state.is_off and all(each == OFF for each in settings):
        return None, dict(stems)
    if states is None:
        silent = start(state.settings)
        states = {family: state if family == _REST else silent for family in stems}
    quiet = start(state.settings)
    parts = {family: process(states.get(family, quiet), samples, settings) for family, samples in stems.items()}
    return {family: after for family, (after, _) in parts.items()}, {
        family: sound for family, (_, sound) in parts.items()
    }


# --- the filters ------------------------------------------------------------------------------------------------------


def _filter(part: Samples, kind: _Kind, begin_hz: float, end_hz: float, memory: Memory | None) -> Memory | None:
    """Filter frames in place. One in which the cutoff moves fades from the filter that it was to the new one.

    Returns:
        The memory after them, None where the filter is off.
    """
    off_hz = OFF.low_pass_hz if kind == "low_pass" else OFF.high_pass_hz
    if begin_hz == end_hz == off_hz:
        return None
    old: NDArray[np.floating] = part
    new: NDArray[np.floating] = part
    after: Memory | None = None
    if end_hz != off_hz:
        before = memory
        if memory is not None and begin_hz != end_hz:
            before = _converted(memory, kind, begin_hz, end_hz)
        new, after = filtered(_section(kind, end_hz), part, before)
    if begin_hz != end_hz:
        if begin_hz != off_hz:
            old, _ = filtered(_section(kind, begin_hz), part, memory)
        new = old + (new - old) * _RAMP[:, None]
    if after is not None and not part.any():
        new[np.abs(new) < _NOTHING] = 0.0
        after[np.abs(after) < _NOTHING] = 0.0
    part[:] = new
    return after


def _empty() -> Memory:
    return np.zeros((1, 2, CHANNELS))


@lru_cache(maxsize=512)
def _section(kind: _Kind, cutoff_hz: float) -> NDArray[np.float64]:
    """Return a Butterworth filter of second order: float64 [1, 6]."""
    g = math.tan(math.pi * cutoff_hz / SAMPLE_RATE)
    a0 = 1 + _DAMPING * g + g * g
    b0, sign = (g * g / a0, 1) if kind == "low_pass" else (1 / a0, -1)
    return np.array([[b0, sign * 2 * b0, b0, 1.0, 2 * (g * g - 1) / a0, (1 - _DAMPING * g + g * g) / a0]])


def _converted(memory: Memory, kind: _Kind, begin_hz: float, end_hz: float) -> Memory:
    """Return the memory for another cutoff: as a state-variable filter, it holds the same."""
    a, b, c, d = _from_integrators(kind, begin_hz)
    whole = a * d - b * c
    first, second = memory[0]
    band, low = (d * first - b * second) / whole, (a * second - c * first) / whole
    a, b, c, d = _from_integrators(kind, end_hz)
    return np.stack([a * band + b * low, c * band + d * low])[None]


@lru_cache(maxsize=512)
def _from_integrators(kind: _Kind, cutoff_hz: float) -> tuple[float, float, float, float]:
    """Return what makes the memory of `_section` from the two integrators of a state-variable filter: by rows, [2, 2].

    Both give the same sound from then on: its first two samples after silence decide.
    """
    g = math.tan(math.pi * cutoff_hz / SAMPLE_RATE)
    a1 = float(_section(kind, cutoff_hz)[0, 4])
    columns = []
    for first, second in ((1.0, 0.0), (0.0, 1.0)):
        sound = []
        for _ in range(2):
            band = (first - g * second) / (1 + g * (g + _DAMPING))
            low = second + g * band
            sound.append(low if kind == "low_pass" else -_DAMPING * band - low)
            first, second = 2 * band - first, 2 * low - second
        columns.append((sound[0], sound[1] + a1 * sound[0]))
    (a, c), (b, d) = columns
    return a, b, c, d


# --- width, place and hall --------------------------------------------------------------------------------------------


def _line(begin: float, end: float) -> NDArray[np.float32] | np.float32:
    """Return a ramp through a frame, float32 [FRAME_SIZE], or the number where it does not move."""
    return np.float32(end) if begin == end else (begin + (end - begin) * _RAMP).astype(np.float32)


def _widen(part: Samples, begin: float, end: float) -> None:
    """Scale the difference of the sides, in place."""
    middle = (part[:, 0] + part[:, 1]) * np.float32(0.5)
    side = (part[:, 0] - part[:, 1]) * np.float32(0.5) * _line(begin, end)
    np.add(middle, side, out=part[:, 0])
    np.subtract(middle, side, out=part[:, 1])


def _pan(part: Samples, begin: float, end: float) -> None:
    """Move the sides, in place: the far side goes over to the near one, with the same power."""
    place = np.full(1, end) if begin == end else begin + (end - begin) * _RAMP
    left, right = part.T.copy()
    for sign, far, near in ((1, 0, 1), (-1, 1, 0)):
        if max(sign * begin, sign * end) > 0:
            angle = np.clip(sign * place, 0.0, 1.0) * (np.pi / 2)
            moved = (left, right)[far]
            part[:, far] -= moved * (1 - np.cos(angle)).astype(np.float32)
            part[:, near] += moved * np.sin(angle).astype(np.float32)


def _reverberate(
    sound: Samples, begins: Sequence[EffectSettings], ends: Sequence[EffectSettings], state: EffectState
) -> tuple[reverb.ReverbState | None, int]:
    """Add the hall to frames, in place. Returns: The hall after them, and the frames since anything was sent."""
    hall, unsent = state.hall, state.unsent
    sending = [
        bool(begin.reverb or end.reverb) and bool(sound[number * FRAME_SIZE : (number + 1) * FRAME_SIZE].any())
        for number, (begin, end) in enumerate(zip(begins, ends, strict=True))
    ]
    first = 0
    for number in range(1, len(ends) + 1):
        if number < len(ends) and sending[number] == sending[first]:
            continue
        part = sound[first * FRAME_SIZE : number * FRAME_SIZE]
        if sending[first]:
            ways = zip(begins[first:number], ends[first:number], strict=True)
            gains = np.concatenate([np.broadcast_to(_line(a.reverb, b.reverb), FRAME_SIZE) for a, b in ways])
            hall, wet = reverb.process(hall or reverb.start(), part.T * gains)
            part += wet.T * _HALL_GAIN
            unsent = 0
        elif hall is not None:
            # The tail may end within the frames.
            tail = part[: (TAIL_FRAMES - unsent) * FRAME_SIZE]
            hall, wet = reverb.process(hall, np.zeros((CHANNELS, len(tail)), np.float32))
            tail += wet.T * _HALL_GAIN
            unsent += number - first
            hall, unsent = (hall, unsent) if unsent < TAIL_FRAMES else (None, 0)
        first = number
    return hall, unsent


# --- packing ----------------------------------------------------------------------------------------------------------

_MOST_MEMORY: Final = 1e6
# In the order of EffectSettings.
BOUNDS: Final = ((20.0, 20_000.0), (20.0, 20_000.0), (0.0, 1.0), (0.0, 2.0), (-1.0, 1.0))


def pack(state: EffectState) -> bytes:
    """Return settings and filters in at most 104 bytes, b"" where all is off.

    What sounds in the hall does not fit a resume cell, and is left out.
    """
    if state.settings == OFF:
        return b""
    memories = [_empty() if each is None else each for each in (state.low_pass, state.high_pass)]
    return np.concatenate([state.settings, *[each.ravel() for each in memories]]).astype("<f8").tobytes()


def unpack(data: bytes) -> EffectState:
    """Return the state that `pack` packed, with an empty hall.

    Raises:
        ValueError: `pack` cannot have made these bytes.
    """
    if not data:
        return EffectState()
    count = len(EffectSettings._fields)
    size = _empty().size
    if len(data) != 8 * (count + 2 * size):
        raise ValueError(f"expected packed effects, got {len(data)} bytes")
    values = np.frombuffer(data, "<f8").astype(np.float64)
    settings = EffectSettings(*map(float, values[:count]))
    within = all(low <= value <= high for value, (low, high) in zip(settings, BOUNDS, strict=True))
    if not within or not (np.abs(values[count:]) <= _MOST_MEMORY).all():
        raise ValueError("expected packed effects, got numbers out of range")
    low_pass, high_pass = (each.reshape(_empty().shape) for each in np.split(values[count:], 2))
    state = start(settings)
    return replace(
        state,
        low_pass=None if state.low_pass is None else low_pass,
        high_pass=None if state.high_pass is None else high_pass,
    )
