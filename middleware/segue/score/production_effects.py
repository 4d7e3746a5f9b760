"""What production does to the samples of a mix: width, saturation, bit depth, low-pass and the tape's wow.

Each works on the frames in which its setting is not neutral. Arrays are planar, [2, S]. S samples, T frames.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from segue.audio.biquads import filtered
from segue.contract import FRAME_SIZE, SAMPLE_RATE
from segue.score.production_settings import NEUTRAL, Curve, Way, curve, moving, ramp

Planar = NDArray[np.float32]

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
# Values are held for this many samples from each depth down; each divides a frame.
_HOLDS: Final = ((12.0, 1), (10.0, 2), (8.5, 3), (7.0, 4), (5.5, 6), (0.0, 8))
# From 16 bits down, the clean sound fades out within this many bits: a depth of 15 is not heard anyway.
_BITS_FADE: Final = 4.0


def widen(sound: Planar, ways: Sequence[Way]) -> None:
    """Scale the difference of the sides, in place."""
    middle = (sound[0] + sound[1]) * np.float32(0.5)
    side = (sound[0] - sound[1]) * curve(ways, "width")
    np.add(middle, side, out=sound[0])
    np.subtract(middle, side, out=sound[1])


def saturate(sound: Planar, ways: Sequence[Way]) -> None:
    """Bend the sound toward its limit, in place: a rational curve near tanh, the same whatever the vector length."""
    amount = curve(ways, "saturation")
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


def crush(sound: Planar, way: Way) -> None:
    """Round and hold the samples of a frame, in place."""
    new = _crushed(sound, way.end.bits)
    if way.begin.bits == way.end.bits:
        sound[:] = new
        return
    old = _crushed(sound, way.begin.bits)
    sound[:] = old + (new - old) * ramp().astype(np.float32)


def _crushed(sound: Planar, bits: float) -> Planar:
    share = np.float32(min(1.0, (NEUTRAL.bits - bits) / _BITS_FADE))
    if not share:
        return sound
    hold = next(samples for depth, samples in _HOLDS if bits >= depth)
    held = np.repeat(sound[:, ::hold], hold, axis=1)
    step = np.float32(2 ** (1 - bits))
    crushed: Planar = sound + share * (np.rint(held / step) * step - sound)
    return crushed


def low_passed(sound: Planar, ways: Sequence[Way], memory: NDArray[np.float64] | None) -> NDArray[np.float64] | None:
    """Filter the frames that are not open, in place; returns the memory after them, None after open ones.

    Where the cutoff moves, the frame fades from the filter that it was to the one that it becomes.
    """
    runs = list(moving(ways, "low_pass_hz"))
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
                new = old + (new - old) * ramp()
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


def wowed(tape: Planar, sound: Planar, ways: Sequence[Way], position: int) -> Planar:
    """Read the tape at an uneven speed: float32 [2, S]; by cubic interpolation (four-point Hermite).

    Args:
        tape: The samples before and the sound, float32 [2, TAPE + S].
    """
    out: Planar = np.array(sound)
    for first, last in moving(ways, "wow"):
        begin, end = first * FRAME_SIZE, last * FRAME_SIZE
        clock = np.arange(position + begin, position + end)
        swing = _WOW_DEPTH * (1 - np.cos(2 * math.pi * (clock % _WOW_PERIOD) / _WOW_PERIOD))
        swing += _FLUTTER_DEPTH * (1 - np.cos(2 * math.pi * (clock % _FLUTTER_PERIOD) / _FLUTTER_PERIOD))
        delay = curve(ways[first:last], "wow") * swing
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
