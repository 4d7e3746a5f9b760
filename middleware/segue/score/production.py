"""What a style does to the whole mix: tape, filter, saturation, bit depth, width, the room and the kick's pump.

Settings come frame by frame from style profiles and are approached, not jumped to, so that blends and changes do not
click. Where a setting is neutral the samples pass untouched, to the bit. Frames are treated by their own settings and
what came before alone, so any cut into chunks of whole frames gives the same samples.

Room and pump are gains for the sampler, which knows what is sent to the reverb and what is no drum. All else is done to
its sum: width, then saturation, then bit depth, then the low-pass, then the tape's wow.

Arrays are planar inside, [2, S], and [S, 2] outside. S samples, T frames.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from segue.audio.biquads import filtered
from segue.contract import FRAME_SIZE, SAMPLE_RATE, NoteEvent, Samples
from segue.style_profile import RANGES, StyleProfile

Planar = NDArray[np.float32]
Curve = NDArray[np.float32]

# What is left of the way to a new setting after a frame; a tenth after 0.6 s.
_REMAINING: Final = 0.86
# Nearer than this, as a share of the range, a setting has arrived.
_ARRIVED: Final = 0.002
# The reverb's send grows by this power of the room, to 2.5 times the seats' own.
_ROOM_POWER: Final = 1.32
# Full saturation drives the curve by this; a level of _SATURATION_LEVEL, about what music has, stays where it is.
_MOST_DRIVE: Final = 8.0
_SATURATION_LEVEL: Final = 0.12
# The wow's periods in samples, its depth for 1 % of pitch, and the flutter's for 0.1 %.
_WOW_PERIOD: Final = 76_800
_FLUTTER_PERIOD: Final = 7_680
_WOW_DEPTH: Final = 0.01 * _WOW_PERIOD / (2 * math.pi)
_FLUTTER_DEPTH: Final = 0.001 * _FLUTTER_PERIOD / (2 * math.pi)
TAPE: Final = math.ceil(2 * (_WOW_DEPTH + _FLUTTER_DEPTH)) + 4
"""Samples that the tape remembers, which is also its longest delay."""
# The kick pushes the rest down to this in _PUMP_ATTACK samples; it is back after this share of a beat.
_PUMPED: Final = 0.15
_PUMP_ATTACK: Final = 192
_PUMP_BEATS: Final = 0.9
_KICKS: Final = (35, 36)
# Values are held for this many samples from each depth down; each divides a frame.
_HOLDS: Final = ((12.0, 1), (10.0, 2), (8.5, 3), (7.0, 4), (5.5, 6), (0.0, 8))
# From 16 bits down, the clean sound fades out within this many bits: a depth of 15 is not heard anyway.
_BITS_FADE: Final = 4.0
# The axes that `process` applies, and the stem that takes what belongs to none.
_SOUNDING: Final = ("width", "saturation", "bits", "low_pass_hz", "wow")
_REST: Final = "texture"


@dataclass(frozen=True, kw_only=True)
class Settings:
    """Production axes of a style, units as in StyleProfile; the defaults are neutral."""

    room: float = 0.5
    width: float = 0.5
    low_pass_hz: float = 20_000.0
    wow: float = 0.0
    saturation: float = 0.0
    pump: float = 0.0
    bits: float = 16.0

    @classmethod
    def of(cls, profile: StyleProfile) -> Settings:
        """Return the settings of a style."""
        return cls(**{axis.name: getattr(profile, axis.name) for axis in fields(cls)})


NEUTRAL: Final = Settings()


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
    """Between two frames. All but `settings` and `beat` is made again from the music before, see `resumed`.

    Attributes:
        settings: Where they stand; None before the first frame, which takes its own at once.
        low_pass: Memory of the filter, float64 [1, 2, 2], while it is in use.
        tape: The last samples before the wow, float32 [2, TAPE].
        kicks: Those whose pump may not be over.
        beat: Of the last kick; 0 before the first.
    """

    settings: Settings | None = None
    low_pass: NDArray[np.float64] | None = None
    tape: Planar = field(default_factory=lambda: np.zeros((2, TAPE), np.float32))
    kicks: tuple[Kick, ...] = ()
    beat: int = 0

    @property
    def nbytes(self) -> int:
        return self.tape.nbytes + (0 if self.low_pass is None else self.low_pass.nbytes)


WARM_UP: Final = 4 * FRAME_SIZE
"""After this many samples from silence, filter and tape hold what they would hold after any past."""


def start(settings: Settings | None = None) -> ProductionState:
    """Return the state of silence, with settings if they are known."""
    return ProductionState(settings=settings)


def mixed(settings: Sequence[Settings], weights: Sequence[float]) -> Settings:
    """Return the settings between some: means, of the logarithm where RANGES say so, by weights with a sum above 0."""
    heard = [(which, weight) for which, weight in zip(settings, weights, strict=True) if weight > 0]
    first = heard[0][0]
    if all(which == first for which, _ in heard):
        return first
    total = sum(weight for _, weight in heard)
    values = {}
    for axis in fields(Settings):
        bounds = RANGES[axis.name]
        places = [bounds.position(getattr(which, axis.name)) * weight for which, weight in heard]
        # The same for all is the same in the mean, without a rounding that would end a bypass.
        same = all(getattr(which, axis.name) == getattr(first, axis.name) for which, _ in heard)
        values[axis.name] = getattr(first, axis.name) if same else bounds.at(min(1.0, max(0.0, sum(places) / total)))
    return Settings(**values)


def kicks_of(notes: Sequence[NoteEvent], beat: int) -> tuple[Kick, ...]:
    """The strokes among notes that pump, where a beat lasts `beat` samples."""
    return tuple(Kick(note.start, beat) for note in notes if note.drums and note.pitch in _KICKS)


def resumed(settings: Settings | None, kicks: Sequence[Kick], samples: Samples, position: int) -> ProductionState:
    """The state before `position`, for a performance whose settings stood still for some seconds.

    Args:
        kicks: Those of the last seconds.
        samples: The mix before production, its last WARM_UP samples before `position`, float32 [S, 2].
    """
    if settings is None:
        return start()
    begin = position - len(samples)
    state, _ = process(start(settings), samples, [settings] * (len(samples) // FRAME_SIZE), kicks, begin)
    return state


def send_gains(state: ProductionState, targets: Sequence[Settings]) -> Curve | None:
    """Return the gain of the reverb's send, float32 [S], None if it stays as it is; arguments as of `process`."""
    ways = _ways(state.settings, targets)
    if all(way.still("room") for way in ways):
        return None
    return np.concatenate([_line(room_gain(way.begin.room), room_gain(way.end.room)) for way in ways])


def room_gain(room: float) -> float:
    """Return the gain of the reverb's send for a room of 0 to 1."""
    return float((2 * room) ** _ROOM_POWER)


def pump_gains(
    state: ProductionState, targets: Sequence[Settings], kicks: Sequence[Kick], position: int
) -> Curve | None:
    """Return the gain of all that is no drum, float32 [S], None if it stays as it is; arguments as of `process`."""
    ways = _ways(state.settings, targets)
    due = (*state.kicks, *kicks)
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
    depth = np.concatenate([_line(way.begin.pump, way.end.pump) for way in ways])
    return np.float32(1) - np.float32(1 - _PUMPED) * depth * pushed


def process(
    state: ProductionState, samples: Samples, targets: Sequence[Settings], kicks: Sequence[Kick], position: int
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
    ways = _ways(state.settings, targets)
    untouched = all(way.still(*_SOUNDING) for way in ways)
    sound = samples.T if untouched else np.array(samples.T, np.float32, order="C")
    for first, last in _moving(ways, "width"):
        _widen(sound[:, first * FRAME_SIZE : last * FRAME_SIZE], ways[first:last])
    for first, last in _moving(ways, "saturation"):
        _saturate(sound[:, first * FRAME_SIZE : last * FRAME_SIZE], ways[first:last])
    for first, last in _moving(ways, "bits"):
        for number, way in enumerate(ways[first:last], first):
            _crush(sound[:, number * FRAME_SIZE : (number + 1) * FRAME_SIZE], way)
    low_pass = _low_passed(sound, ways, state.low_pass)
    # Tape that runs unevenly still records what is played evenly.
    recorded = np.concatenate([state.tape, sound[:, -TAPE:]], axis=1)[:, -TAPE:]
    if not all(way.still("wow") for way in ways):
        sound = _wowed(np.concatenate([state.tape, sound], axis=1), sound, ways, position)
    end = position + len(samples)
    pumping = tuple(kick for kick in (*state.kicks, *kicks) if kick.start + _pump_length(kick) > end)
    beat = kicks[-1].beat if kicks else state.beat
    after = ProductionState(settings=ways[-1].end, low_pass=low_pass, tape=recorded, kicks=pumping, beat=beat)
    return after, samples if untouched else np.ascontiguousarray(sound.T)


def process_stems(
    states: Mapping[str, ProductionState] | None,
    state: ProductionState,
    stems: Mapping[str, Samples],
    produced: Samples,
    targets: Sequence[Settings],
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
    if all(way.still(*_SOUNDING) for way in _ways(state.settings, targets)):
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
    return replace(state, settings=settings, kicks=())


def _without_distortion(settings: Settings) -> Settings:
    return replace(settings, saturation=NEUTRAL.saturation, bits=NEUTRAL.bits)


class _Way(NamedTuple):
    """The settings at the begin and the end of a frame."""

    begin: Settings
    end: Settings

    def still(self, *axes: str) -> bool:
        """Return whether axes are neutral all the frame through."""
        return all(getattr(self.begin, axis) == getattr(NEUTRAL, axis) == getattr(self.end, axis) for axis in axes)


def _ways(settings: Settings | None, targets: Sequence[Settings]) -> list[_Way]:
    """The way of the settings through frames."""
    if settings is None:
        settings = targets[0]
    ways = []
    for target in targets:
        end = _approached(settings, target)
        ways.append(_Way(settings, end))
        settings = end
    return ways


def _approached(settings: Settings, target: Settings) -> Settings:
    """Return the settings a frame nearer to a target."""
    if settings == target:
        return target
    values = {}
    for axis in fields(Settings):
        bounds, goal = RANGES[axis.name], getattr(target, axis.name)
        there, here = bounds.position(goal), bounds.position(getattr(settings, axis.name))
        left = (here - there) * _REMAINING
        values[axis.name] = goal if abs(left) < _ARRIVED else bounds.at(there + left)
    return Settings(**values)


def _moving(ways: Sequence[_Way], axis: str) -> Iterator[tuple[int, int]]:
    """Return runs [first, last) of frames in which an axis is not neutral."""
    first = None
    for number, way in enumerate(ways):
        if way.still(axis):
            if first is not None:
                yield first, number
            first = None
        elif first is None:
            first = number
    if first is not None:
        yield first, len(ways)


def _line(begin: float, end: float) -> Curve:
    """Return a ramp from `begin` to `end` in a frame, which it reaches: float32 [FRAME_SIZE]."""
    if begin == end:
        return np.full(FRAME_SIZE, end, np.float32)
    return (begin + (end - begin) * _ramp()).astype(np.float32)


def _ramp() -> NDArray[np.float64]:
    return np.arange(1, FRAME_SIZE + 1) / FRAME_SIZE


def _curve(ways: Sequence[_Way], axis: str) -> Curve:
    return np.concatenate([_line(getattr(way.begin, axis), getattr(way.end, axis)) for way in ways])


def _pump_length(kick: Kick) -> int:
    return max(_PUMP_ATTACK, round(_PUMP_BEATS * kick.beat))


def _widen(sound: Planar, ways: Sequence[_Way]) -> None:
    """Scale the difference of the sides, in place."""
    middle = (sound[0] + sound[1]) * np.float32(0.5)
    side = (sound[0] - sound[1]) * _curve(ways, "width")
    np.add(middle, side, out=sound[0])
    np.subtract(middle, side, out=sound[1])


def _saturate(sound: Planar, ways: Sequence[_Way]) -> None:
    """Bend the sound toward its limit, in place: a rational curve near tanh, the same whatever the vector length."""
    amount = _curve(ways, "saturation")
    drive = 1 + (_MOST_DRIVE - 1) * amount
    level = drive * np.float32(_SATURATION_LEVEL)
    scale = np.float32(_SATURATION_LEVEL) / _bent(level)
    for channel in sound:
        channel += amount * (scale * _bent(drive * channel) - channel)


def _bent(x: Curve) -> Curve:
    x = np.clip(x, np.float32(-3), np.float32(3))
    square = x * x
    bent: Curve = x * (27 + square) / (27 + 9 * square)
    return bent


def _crush(sound: Planar, way: _Way) -> None:
    """Round and hold the samples of a frame, in place."""
    new = _crushed(sound, way.end.bits)
    if way.begin.bits == way.end.bits:
        sound[:] = new
        return
    old = _crushed(sound, way.begin.bits)
    sound[:] = old + (new - old) * _ramp().astype(np.float32)


def _crushed(sound: Planar, bits: float) -> Planar:
    share = np.float32(min(1.0, (NEUTRAL.bits - bits) / _BITS_FADE))
    if not share:
        return sound
    hold = next(samples for depth, samples in _HOLDS if bits >= depth)
    held = np.repeat(sound[:, ::hold], hold, axis=1)
    step = np.float32(2 ** (1 - bits))
    crushed: Planar = sound + share * (np.rint(held / step) * step - sound)
    return crushed


def _low_passed(sound: Planar, ways: Sequence[_Way], memory: NDArray[np.float64] | None) -> NDArray[np.float64] | None:
    """Filter the frames that are not open, in place; returns the memory after them, None after open ones.

    Where the cutoff moves, the frame fades from the filter that it was to the one that it becomes.
    """
    runs = list(_moving(ways, "low_pass_hz"))
    for first, last in runs:
        if first:
            memory = None
        number = first
        while number < last:
            way = ways[number]
            following = number + 1
            while following < last and ways[following] == way and way.begin.low_pass_hz == way.end.low_pass_hz:
                following += 1
            part = sound[:, number * FRAME_SIZE : following * FRAME_SIZE]
            new, after = _through(part, way.end.low_pass_hz, memory)
            if way.begin.low_pass_hz != way.end.low_pass_hz:
                old, _ = _through(part, way.begin.low_pass_hz, memory)
                new = old + (new - old) * _ramp()
            part[:] = new
            memory, number = after, following
    return memory if runs and runs[-1][1] == len(ways) and ways[-1].end.low_pass_hz < NEUTRAL.low_pass_hz else None


def _through(
    sound: Planar, cutoff_hz: float, memory: NDArray[np.float64] | None
) -> tuple[NDArray[np.float64], NDArray[np.float64] | None]:
    """Return a Butterworth low-pass of second order: float64 [2, S], and its memory; open, the sound itself."""
    if cutoff_hz >= NEUTRAL.low_pass_hz:
        return sound.astype(np.float64), None
    omega = 2 * math.pi * cutoff_hz / SAMPLE_RATE
    alpha = math.sin(omega) / math.sqrt(2)
    cosine = math.cos(omega)
    a0 = 1 + alpha
    b1 = (1 - cosine) / a0
    section = np.array([[b1 / 2, b1, b1 / 2, 1.0, -2 * cosine / a0, (1 - alpha) / a0]])
    out, after = filtered(section, sound.T, memory)
    return out.T, after


def _wowed(tape: Planar, sound: Planar, ways: Sequence[_Way], position: int) -> Planar:
    """Read the tape at an uneven speed: float32 [2, S]; by cubic interpolation (four-point Hermite).

    Args:
        tape: The samples before and the sound, float32 [2, TAPE + S].
    """
    out: Planar = np.array(sound)
    for first, last in _moving(ways, "wow"):
        begin, end = first * FRAME_SIZE, last * FRAME_SIZE
        clock = np.arange(position + begin, position + end)
        swing = _WOW_DEPTH * (1 - np.cos(2 * math.pi * (clock % _WOW_PERIOD) / _WOW_PERIOD))
        swing += _FLUTTER_DEPTH * (1 - np.cos(2 * math.pi * (clock % _FLUTTER_PERIOD) / _FLUTTER_PERIOD))
        delay = _curve(ways[first:last], "wow") * swing
        whole = np.floor(delay)
        # The point lies `share` of the way from its sample to the one before it in time.
        share = (delay - whole).astype(np.float32)
        at = np.arange(TAPE + begin, TAPE + end) - whole.astype(np.int64)
        # What comes after the newest sample is guessed from those before, whether or not a chunk has it.
        unknown = whole < 1
        known = np.where(unknown, at, at + 1)
        for channel, line in zip(out, tape, strict=True):
            here, before, earlier = line[at], line[at - 1], line[at - 2]
            after = np.where(unknown, 2 * here - before, line[known])
            slope, slope_before = (before - after) * np.float32(0.5), (earlier - here) * np.float32(0.5)
            bend = here - before
            cubic = slope + slope_before + 2 * bend
            square = -2 * slope - slope_before - 3 * bend
            channel[begin:end] = ((cubic * share + square) * share + slope) * share + here
    return out
