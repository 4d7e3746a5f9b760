"""What a generator plays by: the conditioning of consecutive frames."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

import numpy as np
from numpy.typing import NDArray

_OPTIONAL_ROWS: Final = (
    "to_change",
    "next_weights",
    "ramp",
    "next_meter",
    "visit",
    "next_visit",
    "silent",
    "next_silent",
    "theme",
    "theme_strength",
    "next_theme",
    "groups",
    "next_groups",
)


def groups_code(groups: Sequence[int]) -> int:
    """Return the groups of a bar as decimal digits: 223 for (2, 2, 3), 0 for none."""
    return int("".join(map(str, groups)) or 0)


def groups_of(code: int) -> tuple[int, ...]:
    """Return the groups of a bar that `groups_code` gave."""
    return tuple(map(int, str(code))) if code else ()


@dataclass(frozen=True, kw_only=True)
class Conditioning:
    """The input of a generator for T consecutive frames. All arrays have length T; row t is frame + t.

    Where a bar line falls inside a frame, tonic, mode and drums are those of the bar that begins there. What leads into
    a change begins at most a bar (`meter` beats) before it, so a change that is further off never makes a generator
    play again what it has played. Without `to_change` and `next_weights`, no change is known.

    Attributes:
        frame: Index of the first frame.
        weights: float32 [T, N], each row finite, >= 0, summing to 1.
        tempo_bpm: float32, beats a minute.
        ticks: int64, musical position at the frame's start, TICKS_PER_BEAT a beat.
        bar: int32, index of the bar the frame starts in.
        bar_ticks: int64, musical position where that bar began.
        meter: int8, beats in the bar.
        tonic: int8, pitch class 0 (C) to 11, or -1 for the generator's choice.
        mode: int8, index into MODES.
        drums: int8, 1 on, 0 off, -1 the generator's choice.
        intensity: float32 in [0, 1].
        temperature: float32 > 0.
        guidance: float32 >= 0.
        to_change: int32, frames until the next change of the music that is known in this frame: 0 where it starts, -1
            for none. A change that is known may still be withdrawn.
        next_weights: float32 [T, N], the mix that the change leads to; the weights where no change is known.
        groups: int32, the beats of each group of the bar as decimal digits, 223 for 2 + 2 + 3; 0 where the rules do not
            say them.
        next_groups: int32, as next_meter.
        next_meter: int8, beats of the next bar if it begins in this frame; the bar's own meter where that is not known.
        ramp: int32, frames that the mix takes to move in the change that starts in this frame; -1 in other frames, and
            where it is not known.
        visit: int32 [T, 2], of the visit of the state that leads the music: its number, 0 for the first and for those
            that are to sound like it, and the bar from which its form is counted, before 0 where it goes on from an
            earlier one.
        next_visit: int32 [T, 2], of the visit that the change leads to; `visit` where no change is known.
        silent: bool, whether the rules have let the music fall silent: from the frame on in which that change starts.
        next_silent: bool, whether the change leads to silence; `silent` where no change is known. Music that will
            fall silent may close with its last chord on the first beat of the silence, which is faded out.
        theme: int16, index of the theme that tunes quote, -1 for none; music takes it up where a phrase begins.
        theme_strength: float32 in [0, 1], the share of phrases that are made of it.
        next_theme: int16, index of the theme after the change, -1 for none or for a strength of 0; `theme` where no
            change is known.
    """

    frame: int
    weights: NDArray[np.float32]
    tempo_bpm: NDArray[np.float32]
    ticks: NDArray[np.int64]
    bar: NDArray[np.int32]
    bar_ticks: NDArray[np.int64]
    meter: NDArray[np.int8]
    tonic: NDArray[np.int8]
    mode: NDArray[np.int8]
    drums: NDArray[np.int8]
    intensity: NDArray[np.float32]
    temperature: NDArray[np.float32]
    guidance: NDArray[np.float32]
    to_change: NDArray[np.int32] = field(default_factory=lambda: np.zeros(0, np.int32))
    next_weights: NDArray[np.float32] = field(default_factory=lambda: np.zeros((0, 0), np.float32))
    ramp: NDArray[np.int32] = field(default_factory=lambda: np.zeros(0, np.int32))
    next_meter: NDArray[np.int8] = field(default_factory=lambda: np.zeros(0, np.int8))
    visit: NDArray[np.int32] = field(default_factory=lambda: np.zeros((0, 2), np.int32))
    next_visit: NDArray[np.int32] = field(default_factory=lambda: np.zeros((0, 2), np.int32))
    silent: NDArray[np.bool_] = field(default_factory=lambda: np.zeros(0, np.bool_))
    next_silent: NDArray[np.bool_] = field(default_factory=lambda: np.zeros(0, np.bool_))
    theme: NDArray[np.int16] = field(default_factory=lambda: np.zeros(0, np.int16))
    theme_strength: NDArray[np.float32] = field(default_factory=lambda: np.zeros(0, np.float32))
    next_theme: NDArray[np.int16] = field(default_factory=lambda: np.zeros(0, np.int16))
    groups: NDArray[np.int32] = field(default_factory=lambda: np.zeros(0, np.int32))
    next_groups: NDArray[np.int32] = field(default_factory=lambda: np.zeros(0, np.int32))

    def __post_init__(self) -> None:
        if len(self.to_change) == 0:
            object.__setattr__(self, "to_change", np.full(len(self.weights), -1, np.int32))
            object.__setattr__(self, "next_weights", self.weights)
        if len(self.ramp) == 0:
            object.__setattr__(self, "ramp", np.full(len(self.weights), -1, np.int32))
        if len(self.next_meter) == 0:
            object.__setattr__(self, "next_meter", self.meter)
        if len(self.groups) == 0:
            object.__setattr__(self, "groups", np.zeros(len(self.weights), np.int32))
        if len(self.next_groups) == 0:
            object.__setattr__(self, "next_groups", self.groups)
        if len(self.visit) == 0:
            object.__setattr__(self, "visit", np.zeros((len(self.weights), 2), np.int32))
        if len(self.next_visit) == 0:
            object.__setattr__(self, "next_visit", self.visit)
        if len(self.theme) == 0:
            object.__setattr__(self, "theme", np.full(len(self.weights), -1, np.int16))
            object.__setattr__(self, "theme_strength", np.zeros(len(self.weights), np.float32))
        if len(self.next_theme) == 0:
            object.__setattr__(self, "next_theme", self.theme)
        if len(self.silent) == 0:
            object.__setattr__(self, "silent", np.zeros(len(self.weights), np.bool_))
        if len(self.next_silent) == 0:
            object.__setattr__(self, "next_silent", self.silent)
        for name in _OPTIONAL_ROWS:
            if len(getattr(self, name)) != len(self.weights):
                raise ValueError(f"{name}: expected {len(self.weights)} rows, got {len(getattr(self, name))}")

    @property
    def num_frames(self) -> int:
        return len(self.weights)

    def __getitem__(self, frames: slice) -> Conditioning:
        """Rows `frames` (a step of 1) as a Conditioning of their own."""
        start, stop, step = frames.indices(self.num_frames)
        if step != 1 or stop <= start:
            raise ValueError(f"expected a non-empty slice with step 1, got {frames}")
        rows = {name: getattr(self, name)[start:stop] for name in self.__dataclass_fields__ if name != "frame"}
        return Conditioning(frame=self.frame + start, **rows)
