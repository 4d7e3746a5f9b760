"""The musical clock of the reference director (sections 8 and 14 of rules/SEMANTICS.md)."""

from __future__ import annotations

from segue_rules.model import FRAME_SIZE, At, Layer
from segue_rules.plan import TICKS_PER_BEAT, MusicalClock
from unit.rules.reference_controls import ReferenceControls


class ReferenceClock(ReferenceControls):
    """Where beats and bar lines fall, and what may start there."""

    def _lines(self, tempo: int) -> tuple[int | None, int | None]:
        """Where a bar and a beat line fall in this frame, in ticks; tempo 0 asks for a line at its very start."""
        start = self.ticks[self.frame]
        end = start + max(1, tempo)
        beat = -(-start // TICKS_PER_BEAT) * TICKS_PER_BEAT
        bar = self.next_bar()
        return (bar if start <= bar < end else None), (beat if start <= beat < end else None)

    def _eighth(self) -> int | None:
        """Where an eighth falls in this frame, in ticks."""
        start = self.ticks[self.frame]
        end = start + (max(1, self.tempo) if self.frame else 1)
        eighth = -(-2 * start // TICKS_PER_BEAT) * TICKS_PER_BEAT // 2
        return eighth if start <= eighth < end else None

    def _sample(self, line: int | None, tempo: int | None = None) -> int:
        if line is None:
            return -1
        return (line - self.ticks[self.frame]) * FRAME_SIZE // (tempo or self._tempo_mbpm())

    def _clock(self) -> MusicalClock:
        ticks = self.ticks[self.frame]
        begun = [(index, bar) for index, bar in enumerate(self.bars) if bar[0] <= ticks]
        index, (position, meter) = begun[-1]
        return MusicalClock(ticks, index, position, meter, self.bar_groups[index])

    def _cue_line(self, layer: Layer, at: At, frame: int, start: int, end: int) -> tuple[bool, int | None]:
        """Whether a cue is ahead at a frame, and where it falls in it: from tick `start` to `end` (21)."""
        raise NotImplementedError

    def _predict(
        self, at: At, earliest: int, max_wait: int | None = None, layer: Layer | None = None
    ) -> tuple[int, int | None]:
        """The first frame after this one that meets a boundary, and its line in ticks: if tempo and meter stay.

        Args:
            layer: Of the change; None for a stinger.
        """
        clock, tempo = self._clock(), self._tempo_mbpm()
        frame = self.frame
        while True:
            frame += 1
            start = clock.ticks + (frame - self.frame) * tempo
            beat = -(-start // TICKS_PER_BEAT) * TICKS_PER_BEAT
            eighth = -(-2 * start // TICKS_PER_BEAT) * TICKS_PER_BEAT // 2
            bars, rest = divmod(beat - clock.bar_ticks, clock.meter * TICKS_PER_BEAT)
            cue, ahead = None, False
            if at.unit == "cue" and layer is not None:
                ahead, cue = self._cue_line(layer, at, frame, start, start + tempo)
            met = {
                "cue": cue is not None if ahead else beat < start + tempo and rest == 0,
                "immediate": True,
                "eighth": eighth < start + tempo,
                "beat": beat < start + tempo,
                "group": beat < start + tempo and self._begins_group(rest // TICKS_PER_BEAT, clock.groups),
                "bar": beat < start + tempo and rest == 0 and (clock.bar + bars) % at.every == at.first,
            }[at.unit]
            waited = max_wait is not None and frame - self.frame >= max_wait
            if frame >= earliest and (met or waited):
                return frame, {"immediate": None, "eighth": eighth, "cue": cue if ahead else beat}.get(at.unit, beat)

    def _begins_group(self, beat: int, groups: tuple[int, ...]) -> bool:
        """Whether a group begins on a beat of a bar, the first being 0."""
        for size in groups:
            if beat <= 0:
                break
            beat -= size
        return beat == 0 if groups else True

    def _at_boundary(self, at: At, bar: int | None, beat: int | None, layer: Layer | None = None) -> bool:
        if at.unit == "immediate":
            return True
        if at.unit == "cue":
            assert layer is not None
            start = self.ticks[self.frame]
            ahead, cue = self._cue_line(layer, at, self.frame, start, start + max(1, self.tempo))
            return (cue if ahead else bar) is not None
        if at.unit == "beat":
            return beat is not None
        if at.unit == "group":
            if beat is None or bar is not None:
                return bar is not None
            return self._begins_group((beat - self.bars[-1][0]) // TICKS_PER_BEAT, self.bar_groups[-1])
        if at.unit == "eighth":
            return self._eighth() is not None
        return bar is not None and len(self.bars) % at.every == at.first
