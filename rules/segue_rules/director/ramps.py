"""Ramps: how a value gets from a to b, and how a bound value follows its input."""

from __future__ import annotations

import math
from bisect import bisect_right

from segue_rules.director.state import Vector
from segue_rules.model import Binding


def shape(curve: str, u: float) -> float:
    """Progress of a ramp at u in [0, 1]: 0 at 0, 1 at 1, monotonic."""
    if u >= 1.0:
        return 1.0
    if curve == "linear":
        return u
    if curve == "smooth":
        return u * u * (3.0 - 2.0 * u)
    return math.sin(math.pi * u / 2.0)


def progress(curve: str, since: int, frames: int, frame: int) -> float:
    """`shape` at `frame` of a ramp over `frames` that began at `since`; a ramp of 0 frames is over at once."""
    elapsed = frame - since
    return 1.0 if elapsed >= frames else shape(curve, elapsed / frames)


def blend(a: Vector, b: Vector, g: float) -> Vector:
    """a + g (b - a), exactly b at g = 1."""
    return b if g >= 1.0 else tuple([x + g * (y - x) for x, y in zip(a, b, strict=True)])


def follow(binding: Binding, x: float) -> float:
    """The curve's value at input x: piecewise linear, flat beyond its ends."""
    points = binding.curve
    if x <= points[0][0]:
        return points[0][1]
    if x >= points[-1][0]:
        return points[-1][1]
    right = bisect_right(points, x, key=lambda point: point[0])
    (x0, y0), (x1, y1) = points[right - 1], points[right]
    return y0 + (y1 - y0) * ((x - x0) / (x1 - x0))
