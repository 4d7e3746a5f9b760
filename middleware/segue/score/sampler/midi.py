"""Writing what was played as a Standard MIDI File: notes by family and programme, tempo, meter and key.

Notes are placed in samples, MIDI in beats: `Mark`s say which beat each stretch of samples began on.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import symusic

from segue.atomic import replacing
from segue.contract import FRAME_SIZE, MODES, SAMPLE_RATE, TICKS_PER_BEAT, Conditioning, NoteEvent
from segue.score.sampler.orchestra import FAMILIES, ORCHESTRA

TICKS_PER_QUARTER: Final = 960
# Steps on the circle of fifths, as MIDI counts sharps (positive) and flats, of the major key on each pitch class.
_MAJOR_FIFTHS: Final = (0, -5, 2, -3, 4, -1, 6, 1, -4, 3, -2, 5)
# The pitch class, above a mode's tonic, of the major key with the same notes.
_PARENT: Final = {"major": 0, "minor": 3, "dorian": 10, "phrygian": 8, "lydian": 7, "mixolydian": 5}


@dataclass(frozen=True, kw_only=True)
class Mark:
    """The musical state from sample `sample` on. beat: its musical position. tonic: pitch class or -1 for none.

    meter: beats a bar. mode: index into MODES.
    """

    sample: int
    beat: float
    tempo_bpm: float
    meter: int
    tonic: int
    mode: int


def marks(conditionings: Iterable[Conditioning]) -> list[Mark]:
    """The marks of consecutive conditionings: one wherever tempo, meter or key change, and one at the start."""
    found: list[Mark] = []
    for conditioning in conditionings:
        for row in range(conditioning.num_frames):
            mark = Mark(
                sample=(conditioning.frame + row) * FRAME_SIZE,
                beat=int(conditioning.ticks[row]) / TICKS_PER_BEAT,
                tempo_bpm=float(conditioning.tempo_bpm[row]),
                meter=int(conditioning.meter[row]),
                tonic=int(conditioning.tonic[row]),
                mode=int(conditioning.mode[row]),
            )
            if not found or _music(found[-1]) != _music(mark):
                found.append(mark)
    return found


def write_midi(path: Path, notes: Sequence[NoteEvent], timeline: Sequence[Mark]) -> None:
    """Write `notes` under `timeline` (by sample, not empty); the file appears whole or not at all.

    Time 0 of the file is the first mark. Raises: ValueError without marks; OSError if the place cannot be written.
    """
    if not timeline:
        raise ValueError("timeline: expected at least one mark")
    score = symusic.Score(TICKS_PER_QUARTER)
    _write_timeline(score, timeline)
    starts = [mark.sample for mark in timeline]
    parts: dict[tuple[str, int], list[NoteEvent]] = defaultdict(list)
    for event in notes:
        parts[event.family, -1 if event.drums else event.program].append(event)
    for (family, program), events in sorted(parts.items(), key=lambda part: (FAMILIES.index(part[0][0]), part[0][1])):
        track = symusic.Track(_name(family, program), max(0, program), program < 0)
        for event in events:
            begin = _tick(event.start, timeline, starts)
            end = _tick(event.start + event.duration, timeline, starts)
            track.notes.append(symusic.Note(begin, max(1, end - begin), event.pitch, event.velocity))
        score.tracks.append(track)
    with replacing(path) as partial:
        # symusic's own writing to a file is silent about a full disk.
        partial.write_bytes(score.dumps_midi())


def _write_timeline(score: symusic.Score, timeline: Sequence[Mark]) -> None:
    first = timeline[0].beat
    before: Mark | None = None
    for mark in timeline:
        tick = round((mark.beat - first) * TICKS_PER_QUARTER)
        if before is None or mark.tempo_bpm != before.tempo_bpm:
            score.tempos.append(symusic.Tempo(tick, mark.tempo_bpm))
        if before is None or mark.meter != before.meter:
            score.time_signatures.append(symusic.TimeSignature(tick, mark.meter, 4))
        if mark.tonic >= 0 and (before is None or (mark.tonic, mark.mode) != (before.tonic, before.mode)):
            mode = MODES[mark.mode]
            fifths = _MAJOR_FIFTHS[(mark.tonic + _PARENT[mode]) % 12]
            score.key_signatures.append(symusic.KeySignature(tick, fifths, int(mode != "major")))
        before = mark


def _tick(sample: int, timeline: Sequence[Mark], starts: Sequence[int]) -> int:
    """MIDI position of a sample; before the first mark, 0."""
    mark = timeline[max(0, bisect_right(starts, sample) - 1)]
    beat = mark.beat + (sample - mark.sample) / SAMPLE_RATE * mark.tempo_bpm / 60
    return max(0, round((beat - timeline[0].beat) * TICKS_PER_QUARTER))


def _name(family: str, program: int) -> str:
    if program < 0:
        return f"{family}: kit"
    return f"{family}: {ORCHESTRA[program].name if program in ORCHESTRA else f'programme {program}'}"


def _music(mark: Mark) -> tuple[float, int, int, int]:
    return mark.tempo_bpm, mark.meter, mark.tonic, mark.mode
