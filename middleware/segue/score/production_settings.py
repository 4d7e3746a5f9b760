"""The settings of production, and their way through frames: they approach what a style asks for and do not jump.

T frames.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, fields
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from segue.contract import FRAME_SIZE
from segue.style_profile import RANGES, StyleProfile

Curve = NDArray[np.float32]

# What is left of the way to a new setting after a frame; a tenth after 0.6 s.
_REMAINING: Final = 0.86
# Nearer than this, as a share of the range, a setting has arrived.
_ARRIVED: Final = 0.002


@dataclass(frozen=True, kw_only=True)
class ProductionSettings:
    """Production axes of a style, units as in StyleProfile; the defaults are neutral."""

    room: float = 0.5
    width: float = 0.5
    low_pass_hz: float = 20_000.0
    wow: float = 0.0
    saturation: float = 0.0
    pump: float = 0.0
    bits: float = 16.0

    @classmethod
    def of(cls, profile: StyleProfile) -> ProductionSettings:
        """Return the settings of a style."""
        return cls(**{axis.name: getattr(profile, axis.name) for axis in fields(cls)})


NEUTRAL: Final = ProductionSettings()


def mixed(settings: Sequence[ProductionSettings], weights: Sequence[float]) -> ProductionSettings:
    """Return the settings between some: means, of the logarithm where RANGES say so, by weights with a sum above 0."""
    heard = [(which, weight) for which, weight in zip(settings, weights, strict=True) if weight > 0]
    first = heard[0][0]
    if all(which == first for which, _ in heard):
        return first
    total = sum(weight for _, weight in heard)
    values = {}
    for axis in fields(ProductionSettings):
        bounds = RANGES[axis.name]
        places = [bounds.position(getattr(which, axis.name)) * weight for which, weight in heard]
        # The same for all is the same in the mean, without a rounding that would end a bypass.
        same = all(getattr(which, axis.name) == getattr(first, axis.name) for which, _ in heard)
        values[axis.name] = getattr(first, axis.name) if same else bounds.at(min(1.0, max(0.0, sum(places) / total)))
    return ProductionSettings(**values)


class Way(NamedTuple):
    """The settings at the begin and the end of a frame."""

    begin: ProductionSettings
    end: ProductionSettings

    def still(self, *axes: str) -> bool:
        """Return whether axes are neutral all the frame through."""
        return all(getattr(self.begin, axis) == getattr(NEUTRAL, axis) == getattr(self.end, axis) for axis in axes)


def ways_of(settings: ProductionSettings | None, targets: Sequence[ProductionSettings]) -> list[Way]:
    """Return the way of the settings through frames."""
    if settings is None:
        settings = targets[0]
    ways = []
    for target in targets:
        end = _approached(settings, target)
        ways.append(Way(settings, end))
        settings = end
    return ways


def _approached(settings: ProductionSettings, target: ProductionSettings) -> ProductionSettings:
    """Return the settings a frame nearer to a target."""
    if settings == target:
        return target
    values = {}
    for axis in fields(ProductionSettings):
        bounds, goal = RANGES[axis.name], getattr(target, axis.name)
        there, here = bounds.position(goal), bounds.position(getattr(settings, axis.name))
        left = (here - there) * _REMAINING
        values[axis.name] = goal if abs(left) < _ARRIVED else bounds.at(there + left)
    return ProductionSettings(**values)


def moving(ways: Sequence[Way], axis: str) -> Iterator[tuple[int, int]]:
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


def line(begin: float, end: float) -> Curve:
    """Return a ramp from `begin` to `end` in a frame, which it reaches: float32 [FRAME_SIZE]."""
    if begin == end:
        return np.full(FRAME_SIZE, end, np.float32)
    return (begin + (end - begin) * ramp()).astype(np.float32)


def ramp() -> NDArray[np.float64]:
    """Return a rise from above 0 to 1 over a frame: float64 [FRAME_SIZE]."""
    return np.arange(1, FRAME_SIZE + 1) / FRAME_SIZE


def curve(ways: Sequence[Way], axis: str) -> Curve:
    """Return the value of an axis at every sample of consecutive frames."""
    return np.concatenate([line(getattr(way.begin, axis), getattr(way.end, axis)) for way in ways])
