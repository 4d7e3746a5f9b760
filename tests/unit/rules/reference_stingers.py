"""Stingers and bursts of the reference director (section 11 of rules/SEMANTICS.md)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any as AnyValue

from segue_rules.model import FRAME_SIZE, At, Burst, Rules, Stinger
from segue_rules.plan import StingerCue
from unit.rules.reference_states import ReferenceStates


class ReferenceStingers(ReferenceStates):
    """What waits, what sounds, and what a frame says of it."""

    def __init__(self, rules: Rules) -> None:
        super().__init__(rules)
        # One entry a frame.
        self.waiting: list[set[str]] = []
        self.stinger_starts: dict[str, list[int]] = {stinger.name: [] for stinger in rules.stingers}
        # Of bursts, by name and start: their times and ramps.
        self.lengths: dict[tuple[str, int], tuple[int, int]] = {}

    def _envelope(self, burst: Burst, starts: Sequence[int], frame: int) -> float:
        if not starts:
            return 0.0
        start = starts[-1]
        time, ramp = self.lengths[burst.name, start]
        d, n = frame - start, time - ramp
        if d < ramp:
            e0 = self._envelope(burst, starts[:-1], start)
            return e0 + (1 - e0) * d / ramp
        if d < n:
            return 1.0
        return (time - d) / ramp if d < time else 0.0

    def _cues(self, earliest: int, bar: int | None, beat: int | None) -> list[StingerCue]:
        f, cues = self.frame, []
        waiting = set(self.waiting[f - 1]) if f > 0 else set()
        for stinger in self.rules.stingers:
            fired, new = stinger.trigger in self.fired[f], False
            cooldown = self.lasting(stinger.cooldown_frames)
            cools = any(f < start + cooldown for start in self.stinger_starts[stinger.name])
            if fired and stinger.name not in waiting:
                if cools:
                    cues.append(self._cue("dropped", stinger, f * FRAME_SIZE))
                else:
                    waiting.add(stinger.name)
                    new = True
            if stinger.name in waiting and f >= earliest and self._stinger_boundary(stinger.at, bar, beat):
                waiting.remove(stinger.name)
                self.stinger_starts[stinger.name].append(f)
                self.lengths[stinger.name, f] = self._lengths(stinger)
                lines = {"immediate": None, "eighth": self._eighth(), "beat": beat, "group": beat, "bar": bar}
                line = lines[stinger.at.unit]
                cues.append(self._cue("started", stinger, self._position(stinger, f, line)))
            elif new:
                cues.append(
                    self._cue("scheduled", stinger, self._position(stinger, *self._predict(stinger.at, earliest)))
                )
        self.waiting.append(waiting)
        return cues

    def _lengths(self, stinger: Stinger) -> tuple[int, int]:
        """The time and the ramp that a burst has if it starts in this frame."""
        if not isinstance(stinger, Burst):
            return 0, 0
        time = self.lasting(stinger.time_frames)
        return time, min(self.lasting(stinger.ramp_frames), time // 2)

    def _stinger_boundary(self, at: At, bar: int | None, beat: int | None) -> bool:
        # The bar that opens in this frame has been entered into `bars` by now, and has the last index.
        if at.unit == "bar":
            return bar is not None and (len(self.bars) - 1) % at.every == at.first
        return self._at_boundary(at, bar, beat)

    def _position(self, stinger: Stinger, frame: int, line: int | None) -> int:
        if isinstance(stinger, Burst) or line is None:
            return frame * FRAME_SIZE
        tempo = self._controls().tempo_mbpm
        ticks = self.ticks[self.frame] + (frame - self.frame) * tempo
        return frame * FRAME_SIZE + (line - ticks) * FRAME_SIZE // tempo

    def _cue(self, kind: AnyValue, stinger: Stinger, start: int) -> StingerCue:
        if isinstance(stinger, Burst):
            frames = 0 if kind == "dropped" else self._lengths(stinger)[0]
            return StingerCue(kind, stinger.name, start, 0.0, "drop", None, "", frames)
        return StingerCue(kind, stinger.name, start, stinger.gain_db, stinger.if_late, stinger.duck, "")
