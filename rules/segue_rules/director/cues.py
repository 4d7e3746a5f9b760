"""Cues: where in the music the cues of the clips that play lie (SEMANTICS 8 and 21)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from segue_rules.director.state import ClipsNow, ClipVoice
from segue_rules.director.timing import line_in, next_line
from segue_rules.model import AT_BAR, FRAME_SIZE, TICKS_PER_BEAT, At, Rules
from segue_rules.plan import MusicalClock

# A cue so near to a bar line is at it, in samples: a clip and the clock may differ by some.
_NEAR: Final = 240


class Cues:
    """The cues of one rule file's clips, as boundaries of changes."""

    def __init__(self, rules: Rules) -> None:
        self._clips = rules.clips

    def line_in(self, at: At, layer: int, now: ClipsNow, frame: int, clock: MusicalClock, tempo: int) -> int:
        """The position in ticks at which a change of a layer may start in a frame, or -1.

        Args:
            at: The boundary.
            now: The clips before the frame.
            clock, tempo: Of the frame.
        """
        if at.unit != "cue":
            return line_in(at, clock, tempo)
        line = self._ahead(at, layer, now, frame, clock, tempo, 0)
        if line is None:
            return line_in(AT_BAR, clock, tempo)
        return line if line < clock.ticks + tempo else -1

    def next_line(
        self, at: At, layer: int, now: ClipsNow, frame: int, clock: MusicalClock, tempo: int, frames_ahead: int
    ) -> int:
        """The position of the first line of this kind at least `frames_ahead` frames on, at constant tempo and meter.

        Args: As those of `line_in`.
        """
        if at.unit != "cue":
            return next_line(at, clock, tempo, frames_ahead)
        line = self._ahead(at, layer, now, frame, clock, tempo, frames_ahead)
        return next_line(AT_BAR, clock, tempo, frames_ahead) if line is None else line

    def _ahead(
        self, at: At, layer: int, now: ClipsNow, frame: int, clock: MusicalClock, tempo: int, frames_ahead: int
    ) -> int | None:
        """The first cue ahead of the first clip of a layer that has one, in ticks; None without one."""
        reach = clock.ticks + frames_ahead * tempo
        for voice in now.voices:
            if voice.layer == layer and voice.part == "on":
                lines = list(self._lines(voice, at, (frame, clock, tempo), frames_ahead, reach))
                if lines:
                    return min(lines)
        return None

    def _lines(
        self, voice: ClipVoice, at: At, moment: tuple[int, MusicalClock, int], frames_ahead: int, reach: int
    ) -> Iterator[int]:
        """For each cue of a clip, where it is heard first from `reach` on, in ticks."""
        frame, clock, tempo = moment
        clip = self._clips[voice.clip]
        for cue in clip.cues:
            if at.cue and cue.name != at.cue:
                continue
            position: int | None = (frame + frames_ahead) * FRAME_SIZE - _NEAR - voice.start
            while position is not None and (position := clip.cue_from(cue, position)) is not None:
                line = _ticks(voice.start + position, frame, clock, tempo)
                if line >= reach:
                    yield line
                    break
                position += 1


def _ticks(sample: int, frame: int, clock: MusicalClock, tempo: int) -> int:
    """Where a sample of the session lies, in ticks: at the bar line beside it, if one is so near."""
    ticks = clock.ticks - (frame * FRAME_SIZE - sample) * tempo // FRAME_SIZE
    length = clock.meter * TICKS_PER_BEAT
    bar = clock.bar_ticks + round((ticks - clock.bar_ticks) / length) * length
    return bar if abs(ticks - bar) * FRAME_SIZE <= _NEAR * tempo else ticks
