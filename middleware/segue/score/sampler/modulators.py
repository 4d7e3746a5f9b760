"""SoundFont modulators: what key and velocity change about a region.

A modulator adds its amount, times a curve of each of two sources, to a generator. Controllers stand where MIDI leaves
them at power-on, so key number and velocity are all that moves.

Source: SoundFont Technical Specification 2.04, sec. 8.2 (sources and curves), 8.4 (defaults), 9.5 (how zones combine).
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from typing import Any, Final, NamedTuple

ATTENUATION: Final = 48
_VELOCITY, _KEY, _WHEEL, _WHEEL_RANGE = 2, 3, 14, 16
_CONTROLLER_FLAG: Final = 0x80
_NEGATIVE_FLAG: Final = 0x100
_BIPOLAR_FLAG: Final = 0x200
_LINEAR, _CONCAVE, _CONVEX = 0, 1, 2
_ABSOLUTE: Final = 2
_TOP: Final = 127
# Volume, pan and expression; all other controllers rest at 0.
_CONTROLLERS: Final[Mapping[int, int]] = {7: 100, 10: 64, 11: 127}
_SOURCES: Final[Mapping[int, int]] = {_WHEEL: 64, _WHEEL_RANGE: 2}
_CURVE: Final = 40 / 96


class Modulator(NamedTuple):
    """What tells modulators apart; one replaces another that is equal.

    Attributes:
        source, amount_source: Controller, direction, polarity and curve, as they are stored.
        target: Generator.
        transform: 2 takes the absolute value.
    """

    source: int
    target: int
    amount_source: int
    transform: int


# Velocity to filter cutoff, which specifications 2.01 and 2.04 have by default in two ways, is left out, as FluidSynth
# and MuseScore leave it: fonts are voiced with those.
DEFAULT_MODULATORS: Final[Mapping[Modulator, int]] = {Modulator(0x502, ATTENUATION, 0, 0): 960}
"""Velocity to attenuation; of the specification's others, none does anything at rest."""


def read_modulators(records: Iterable[Any]) -> dict[Modulator, int]:
    """Return the amounts of a zone's modulator records; one that comes twice counts as it comes last."""
    return {
        Modulator(int(row["source"]), int(row["target"]), int(row["amount_source"]), int(row["transform"])): int(
            row["amount"]
        )
        for row in records
    }


def modulated(modulators: Iterable[Mapping[Modulator, int]], pitch: int, velocity: int) -> dict[int, float]:
    """Return what the modulators of the zones of a key press add to each generator: generator -> amount."""
    total: dict[int, float] = {}
    for zone in modulators:
        for modulator, amount in zone.items():
            if amount:
                value = amount * _curve(modulator.source, pitch, velocity)
                value *= _curve(modulator.amount_source, pitch, velocity)
                value = abs(value) if modulator.transform == _ABSOLUTE else value
                total[modulator.target] = total.get(modulator.target, 0.0) + value
    return total


def follows_velocity(modulator: Modulator) -> bool:
    """Return whether a modulator moves with velocity."""
    return _VELOCITY in (_number(modulator.source), _number(modulator.amount_source))


def _number(source: int) -> int:
    """Number of a source that is no MIDI controller, -1 for a controller."""
    return -1 if source & _CONTROLLER_FLAG else source & 0x7F


def _curve(source: int, pitch: int, velocity: int) -> float:
    """Return a source's value on its curve, 0 to 1 or, bipolar, -1 to 1."""
    number = source & 0x7F
    if source & _CONTROLLER_FLAG:
        raw = _CONTROLLERS.get(number, 0)
    elif number == 0:
        return 1.0
    else:
        raw = {_VELOCITY: velocity, _KEY: pitch}.get(number, _SOURCES.get(number, 0))
    value = float(_TOP - raw if source & _NEGATIVE_FLAG else raw)
    kind = source >> 10
    if not source & _BIPOLAR_FLAG:
        return _shaped(kind, value)
    if kind == _LINEAR:
        return 2 * value / (_TOP + 1) - 1
    # Each half of the range has the curve.
    far = min(_TOP, abs(2 * value - _TOP))
    return math.copysign(_shaped(kind, far), value - _TOP / 2)


def _shaped(kind: int, value: float) -> float:
    """Return a value 0 to 127 on a curve, 0 to 1."""
    if kind == _LINEAR:
        return value / (_TOP + 1)
    if kind == _CONCAVE:
        return 1.0 if value >= _TOP else min(1.0, -_CURVE * math.log10((_TOP - value) / _TOP))
    if kind == _CONVEX:
        return 0.0 if value <= 0 else 1 - min(1.0, -_CURVE * math.log10(value / _TOP))
    return float(value > _TOP / 2)
