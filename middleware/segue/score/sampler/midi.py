"""Writing what was played as a Standard MIDI File: notes by family and programme, tempo, meter and key.

Notes are placed in samples, MIDI in beats: `MidiMark`s say which beat each stretch of samples began on.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import mido

from segue.atomic import replacing
from segue.contract import FAMILIES, FRAME_SIZE, MODES, SAMPLE_RATE, TICKS_PER_BEAT, Conditioning, NoteEvent
from segue.instruments import NAMES

TICKS_PER_QUARTER: Final = 960
# The key signature with the notes of the major key on each pitch class, as mido spells it: of that major key, and of
# its relative minor.
_MAJOR_KEYS: Final = ("C", "Db", "D", "Eb", "E", "F", "F#", "G", "Ab", "A", "Bb", "B")
_MINOR_KEYS: Final = ("Am", "Bbm", "Bm", "Cm", "C#m", "Dm", "D#m", "Em", "Fm", "F#m", "Gm", "G#m")
# The pitch class, above a mode's tonic, of the major key with the same notes.
_PARENT: Final = {"major": 0, "minor": 3, "dorian": 10, "phrygian": 8, "lydian": 7, "mixolydian": 5}
# General MIDI plays drums on the tenth channel; the other tracks take the rest in turn.
_DRUM_CHANNEL: Final = 9
_CHANNELS: Final = tuple(channel for channel in range(16) if channel != _DRUM_CHANNEL)
# What comes first at one tick; a change of the kit stays right before the note that needs it.
_ORDER: Final = {"note_off": 1, "note_on": 2, "program_change": 2}


@dataclass(frozen=True, kw_only=True)
class MidiMark:
    """The musical state from sample `sample` on.

    Attributes:
        beat: Its musical position.
        tonic: Pitch class or -1 for none.
        meter: Beats a bar.
        mode: Index into MODES.
    """

    sample: int
    beat: float
    tempo_bpm: float
    meter: int
    tonic: int
    mode: int


def marks(conditionings: Iterable[Conditioning]) -> list[MidiMark]:
    """Return the marks of consecutive conditionings: one wherever tempo, meter or key change, and one at the start."""
    found: list[MidiMark] = []
    for conditioning in conditionings:
        for row in range(conditioning.num_frames):
            mark = MidiMark(
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


def write_midi(path: Path, notes: Sequence[NoteEvent], timeline: Sequence[MidiMark]) -> None:
    """Write `notes` under `timeline` (by sample, not empty); the file appears whole or not at all.

    Time 0 of the file is the first mark.

    Raises:
        ValueError: Without marks.
        OSError: If the place cannot be written.
    """
    if not timeline:
        raise ValueError("timeline: expected at least one mark")
    starts = [mark.sample for mark in timeline]
    parts: dict[tuple[str, int], list[NoteEvent]] = defaultdict(list)
    for event in notes:
        parts[event.family, -1 if event.drums else event.program].append(event)
    tracks: list[list[tuple[int, mido.Message | mido.MetaMessage]]] = []
    for (family, program), events in sorted(parts.items(), key=lambda part: (FAMILIES.index(part[0][0]), part[0][1])):
        channel = _DRUM_CHANNEL if program < 0 else _CHANNELS[len(tracks) % len(_CHANNELS)]
        playing = events[0].program
        track = [
            (0, mido.MetaMessage("track_name", name=_name(family, program))),
            (0, mido.Message("program_change", channel=channel, program=playing)),
        ]
        for event in events:
            begin = _tick(event.start, timeline, starts)
            end = max(begin + 1, _tick(event.start + event.duration, timeline, starts))
            note = {"channel": channel, "note": event.pitch, "velocity": event.velocity}
            # All kits share the channel of drums.
            if event.program != playing:
                playing = event.program
                track.append((begin, mido.Message("program_change", channel=channel, program=playing)))
            track.append((begin, mido.Message("note_on", **note)))
            track.append((end, mido.Message("note_off", **note)))
        tracks.append(track)
    # Players look for tempo, meter and key in the first track.
    tracks[:1] = [[*_timeline_messages(timeline), *(tracks[0] if tracks else [])]]
    song = mido.MidiFile(ticks_per_beat=TICKS_PER_QUARTER, tracks=[_track(messages) for messages in tracks])
    with replacing(path) as partial, partial.open("wb") as file:
        song.save(file=file)


def _timeline_messages(timeline: Sequence[MidiMark]) -> list[tuple[int, mido.MetaMessage]]:
    """Return tempo, meter and key with their ticks."""
    first = timeline[0].beat
    before: MidiMark | None = None
    messages = []
    for mark in timeline:
        tick = round((mark.beat - first) * TICKS_PER_QUARTER)
        if before is None or mark.meter != before.meter:
            messages.append((tick, mido.MetaMessage("time_signature", numerator=mark.meter, denominator=4)))
        if mark.tonic >= 0 and (before is None or (mark.tonic, mark.mode) != (before.tonic, before.mode)):
            messages.append((tick, mido.MetaMessage("key_signature", key=_key(mark))))
        if before is None or mark.tempo_bpm != before.tempo_bpm:
            messages.append((tick, mido.MetaMessage("set_tempo", tempo=mido.bpm2tempo(mark.tempo_bpm))))
        before = mark
    return messages


def _key(mark: MidiMark) -> str:
    """Return the key signature of a mark that has a tonic; modes other than major get the minor key with the same
    notes.
    """
    mode = MODES[mark.mode]
    return (_MAJOR_KEYS if mode == "major" else _MINOR_KEYS)[(mark.tonic + _PARENT[mode]) % 12]


def _track(messages: Iterable[tuple[int, mido.Message | mido.MetaMessage]]) -> mido.MidiTrack:
    """Return messages with their ticks as a track in order of time; notes that end at a tick come before those that
    begin.
    """
    track, before = mido.MidiTrack(), 0
    for tick, message in sorted(messages, key=lambda item: (item[0], _ORDER.get(item[1].type, 0))):
        track.append(message.copy(time=tick - before))
        before = tick
    track.append(mido.MetaMessage("end_of_track", time=1))
    return track


def _tick(sample: int, timeline: Sequence[MidiMark], starts: Sequence[int]) -> int:
    """Return the MIDI position of a sample; before the first mark, 0."""
    mark = timeline[max(0, bisect_right(starts, sample) - 1)]
    beat = mark.beat + (sample - mark.sample) / SAMPLE_RATE * mark.tempo_bpm / 60
    return max(0, round((beat - timeline[0].beat) * TICKS_PER_QUARTER))


def _name(family: str, program: int) -> str:
    if program < 0:
        return f"{family}: kit"
    return f"{family}: {NAMES[program]}"


def _music(mark: MidiMark) -> tuple[float, int, int, int]:
    return mark.tempo_bpm, mark.meter, mark.tonic, mark.mode
