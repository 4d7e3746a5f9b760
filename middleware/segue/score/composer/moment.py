"""Conditioning of one frame, as the composer reads it."""

from __future__ import annotations

from typing import NamedTuple

Mix = tuple[tuple[str, float], ...]


class Moment(NamedTuple):
    """Conditioning of one frame.

    mix: (situation, weight) pairs, weights summing to 1. tempo: milli-bpm, which is the ticks of one frame. tonic: -1
    for the composer's choice. next_mix: the mix to which the change in `to_change` frames leads; read where there is
    one. The rest as in contract.Conditioning.
    """

    frame: int
    mix: Mix
    tempo: int
    ticks: int
    bar: int
    bar_ticks: int
    meter: int
    tonic: int
    mode: int
    drums: int
    intensity: float
    to_change: int = -1
    next_mix: Mix = ()
