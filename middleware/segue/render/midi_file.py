"""Writing what was played as a Standard MIDI File that opens in a DAW as the composer's bars.

The first track has tempo, meters, keys and markers; every instrument has a track of its own, named by role and
instrument. Notes keep their performed timing as offsets from the beats.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Final, Literal, NamedTuple, TypeAlias

import mido

from segue.atomic import replacing
from segue.contract import FRAME_SIZE, TICKS_PER_BEAT, ComposedBar, NoteEvent
from segue.instruments import NAMES
from segue.score.composer.scales import signature
from segue.score.sampler.kits import KITS
from segue_rules.plan import FramePlan, MusicalClock, StingerCue

TICKS_PER_QUARTER: Final = 960
# The key signature with the notes of the major key on each pitch class, as mido spells it: of that major key, and of
# its relative minor.
_MAJOR_KEYS: Final = ("C", "Db", "D", "Eb", "E", "F", "F#", "G", "Ab", "A", "Bb", "B")
_MINOR_KEYS: Final = ("Am", "Bbm", "Bm", "Cm", "C#m", "Dm", "D#m", "Em", "Fm", "F#m", "Gm", "G#m")
# General MIDI plays drums on the tenth channel.
_DRUM_CHANNEL: Final = 9
_CHANNELS: Final = tuple(channel for channel in range(16) if channel != _DRUM_CHANNEL)
# Instruments share a channel by the stretches of this length in which they play.
_STRETCH: Final = 4 * TICKS_PER_QUARTER
_ROLES: Final = ("melody", "counter", "harmony", "texture", "bass", "drums")
# What comes first at one tick; a change of the instrument stays right before the note that needs it.
_ORDER: Final = {"note_off": 1, "note_on": 2, "program_change": 2}

_Message: TypeAlias = mido.Message | mido.MetaMessage
_Timed: TypeAlias = tuple[int, _Message]


@dataclass(frozen=True, kw_only=True)
class Score:
    """What was played.

    Attributes:
        title: The soundtrack's.
        layers: The names of the layers, as `plans` counts their states.
        plans: Of consecutive frames, at least one; the file ends where the last one does.
        notes: In any order.
        bars: What the generator composed, by start; empty where it does not say.
        stingers: Those that were played.
    Raises:
        ValueError: Without plans.
    """

    title: str
    layers: Sequence[str]
    plans: Sequence[FramePlan]
    notes: Sequence[NoteEvent]
    bars: Sequence[ComposedBar] = ()
    stingers: Sequence[StingerCue] = ()

    def __post_init__(self) -> None:
        if not self.plans:
            raise ValueError("plans: expected at least one frame")


def write_midi(path: Path, score: Score) -> None:
    """Write a score; the file appears whole or not at all.

    Its first bar is the one in which the first frame lies.

    Raises:
        OSError: If the place cannot be written.
    """
    grid = _Grid(score.plans)
    conductor = [(0, mido.MetaMessage("track_name", name=score.title))]
    conductor += [*_tempos(score, grid), *_meters(score, grid), *_keys(score, grid), *_markers(score, grid)]
    song = mido.MidiFile(ticks_per_beat=TICKS_PER_QUARTER, charset="utf-8")
    for messages in (conductor, *_instrument_tracks(score.notes, grid)):
        song.tracks.append(_track(messages, grid.end))
    with replacing(path) as partial, partial.open("wb") as file:
        song.save(file=file)


def _beat_unit(clock: MusicalClock) -> Literal[4, 8]:
    """The note that a beat of a bar is: an eighth where it has groups of three, as 6/8 and 2+2+3 do; else a quarter."""
    return 8 if 3 in clock.groups else 4


class _Stretch(NamedTuple):
    """Bars whose beats are notes of one length.

    Attributes:
        tick: The musical position of their first line.
        at: The same in the file's ticks.
        beat_ticks: The file's ticks in a beat.
    """

    tick: int
    at: int
    beat_ticks: int


class _Grid:
    """Where samples and musical positions lie in the file.

    Attributes:
        end: The end of the last frame.
    """

    def __init__(self, plans: Sequence[FramePlan]) -> None:
        self._plans = plans
        self._frames = [plan.frame for plan in plans]
        self._stretches = _stretches(plans)
        self._lines = [stretch.tick for stretch in self._stretches]
        self.end_sample = (plans[-1].frame + 1) * FRAME_SIZE
        self.end = self.of_sample(self.end_sample)

    def of_tick(self, tick: float) -> int:
        """Return the position of a musical one, at least 0."""
        stretch = self._stretches[max(0, bisect_right(self._lines, tick) - 1)]
        return max(0, round(stretch.at + (tick - stretch.tick) * stretch.beat_ticks / TICKS_PER_BEAT))

    def plan_at(self, sample: int) -> FramePlan:
        """Return the plan of the frame in which a sample lies."""
        return self._plans[max(0, bisect_right(self._frames, sample // FRAME_SIZE) - 1)]

    def of_sample(self, sample: int) -> int:
        """Return the position of a sample, at least 0; the tempo is constant within a frame."""
        plan = self.plan_at(sample)
        within = (sample - plan.frame * FRAME_SIZE) * plan.controls.tempo_mbpm / FRAME_SIZE
        return self.of_tick(plan.clock.ticks + within)

    def of_line(self, bar: ComposedBar) -> int:
        """Return the position of the line that opens a bar, in which the music may begin later."""
        clock = self.plan_at(bar.start).clock
        opens_here = bar.tick - clock.bar_ticks >= clock.meter * TICKS_PER_BEAT
        return self.of_tick(bar.tick if opens_here else clock.bar_ticks)

    def of_beat(self, plan: FramePlan) -> int:
        """Return the position of the beat that falls in a frame, else of the frame: where its changes start."""
        ticks = plan.clock.ticks
        beat = -(-ticks // TICKS_PER_BEAT) * TICKS_PER_BEAT
        return self.of_tick(beat if beat < ticks + plan.controls.tempo_mbpm else ticks)


def _stretches(plans: Sequence[FramePlan]) -> list[_Stretch]:
    """Divide the file where the note that a beat is changes, which it does at bar lines."""
    first = plans[0].clock
    found = [_Stretch(first.bar_ticks, 0, TICKS_PER_QUARTER * 4 // _beat_unit(first))]
    for clock in (plan.clock for plan in plans):
        last, beat_ticks = found[-1], TICKS_PER_QUARTER * 4 // _beat_unit(clock)
        if beat_ticks != last.beat_ticks:
            beats = (clock.bar_ticks - last.tick) // TICKS_PER_BEAT
            found.append(_Stretch(clock.bar_ticks, last.at + beats * last.beat_ticks, beat_ticks))
    return found


def _tempos(score: Score, grid: _Grid) -> Iterator[_Timed]:
    """Return every tempo, in quarters; a ramp has one for each frame."""
    tempo, unit = 0, 0
    for index, plan in enumerate(score.plans):
        if index and _beat_unit(plan.clock) != unit:
            # From the bar line on, which lies in the frame before.
            yield grid.of_tick(plan.clock.bar_ticks), _tempo(tempo, _beat_unit(plan.clock))
        unit = _beat_unit(plan.clock)
        if plan.controls.tempo_mbpm != tempo:
            tempo = plan.controls.tempo_mbpm
            yield grid.of_tick(plan.clock.ticks) if index else 0, _tempo(tempo, unit)


def _tempo(tempo_mbpm: int, unit: Literal[4, 8]) -> mido.MetaMessage:
    """Return a tempo of beats as the microseconds of a quarter."""
    return mido.MetaMessage("set_tempo", tempo=round(60_000_000_000 * unit / 4 / tempo_mbpm))


def _meters(score: Score, grid: _Grid) -> Iterator[_Timed]:
    """Return every meter, from the line of its first bar on."""
    before: tuple[int, int] | None = None
    for plan in score.plans:
        meter = plan.clock.meter, _beat_unit(plan.clock)
        if meter != before:
            before = meter
            message = mido.MetaMessage("time_signature", numerator=meter[0], denominator=meter[1])
            yield grid.of_tick(plan.clock.bar_ticks), message


def _keys(score: Score, grid: _Grid) -> Iterator[_Timed]:
    """Return every key that is played; of a generator that does not say, those that the rules ask for."""
    found: list[tuple[int, str]] = [
        (grid.of_line(bar), (_MINOR_KEYS if bar.minor else _MAJOR_KEYS)[bar.key]) for bar in score.bars
    ]
    if not score.bars:
        for plan in score.plans:
            if plan.controls.tonic >= 0:
                key, minor = signature(plan.controls.tonic, plan.controls.mode)
                found.append((grid.of_beat(plan), (_MINOR_KEYS if minor else _MAJOR_KEYS)[key]))
    before = ""
    for at, key_name in found:
        if key_name != before:
            yield at, mido.MetaMessage("key_signature", key=key_name)
        before = key_name


def _markers(score: Score, grid: _Grid) -> Iterator[_Timed]:
    """Return where states, sections, quotes of themes and stingers begin."""
    found: list[tuple[int, str]] = []
    states: tuple[str, ...] = ("",) * len(score.layers)
    for plan in score.plans:
        if plan.states != states:
            changed = zip(score.layers, plan.states, states, strict=True)
            found += [(grid.of_beat(plan), f"{layer}: {state}") for layer, state, old in changed if state != old]
            states = plan.states
    theme = ""
    for bar in score.bars:
        if bar.opens:
            found.append((grid.of_tick(bar.tick), f"section: {bar.section}"))
        if bar.theme and (bar.opens or bar.theme != theme):
            found.append((grid.of_tick(bar.tick), f"theme: {bar.theme}"))
        theme = bar.theme
    for cue in score.stingers:
        # A style begins with the frame in which its beat falls.
        whole = cue.start % FRAME_SIZE == 0
        at = grid.of_beat(grid.plan_at(cue.start)) if whole else grid.of_sample(cue.start)
        found.append((at, f"stinger: {cue.stinger}"))
    for at, text in found:
        if at < grid.end:
            yield at, mido.MetaMessage("marker", text=text)


class _Instrument(NamedTuple):
    """What has a track of its own.

    Attributes:
        place: Among the roles.
        drums, program: As in NoteEvent.
    """

    place: int
    role: str
    drums: bool
    program: int

    @property
    def name(self) -> str:
        """The track's name, such as "melody: flute" or "drums: 808 kit"."""
        return f"{self.role}: {f'{KITS[self.program].name} kit' if self.drums else NAMES[self.program]}"


class _Note(NamedTuple):
    """A note in the file's ticks."""

    begin: int
    end: int
    pitch: int
    velocity: int


def _instrument_tracks(notes: Sequence[NoteEvent], grid: _Grid) -> list[list[_Timed]]:
    """Return the messages of the track of each instrument."""
    parts: dict[_Instrument, list[_Note]] = defaultdict(list)
    for event in notes:
        begin = grid.of_sample(event.start)
        until = event.start + event.duration if event.released is None else event.released
        end = max(begin + 1, grid.of_sample(min(until, grid.end_sample)))
        role = event.role or event.family
        instrument = _Instrument(_ROLES.index(role), role, event.drums, event.program)
        parts[instrument].append(_Note(begin, end, event.pitch, event.velocity))
    tracks = {instrument: _untangled(parts[instrument]) for instrument in sorted(parts)}
    channels = _channels(tracks)
    messages: dict[_Instrument, list[_Timed]] = {
        instrument: [(0, mido.MetaMessage("track_name", name=instrument.name))] for instrument in tracks
    }
    # In the order in which players merge tracks, since some channels have several instruments. Each track begins with
    # its instrument, for programs that read tracks one by one.
    merged: list[tuple[int, _Instrument, _Note | None]] = [
        *((0, instrument, None) for instrument in tracks),
        *((note.begin, instrument, note) for instrument, notes in tracks.items() for note in notes),
    ]
    order = {instrument: number for number, instrument in enumerate(tracks)}
    playing: dict[int, int] = {}
    for begin, instrument, note in sorted(merged, key=lambda item: (item[0], order[item[1]])):
        channel, track = channels[instrument], messages[instrument]
        if note is None or playing[channel] != instrument.program:
            playing[channel] = instrument.program
            track.append((begin, mido.Message("program_change", channel=channel, program=instrument.program)))
        if note is not None:
            sounding = {"channel": channel, "note": note.pitch, "velocity": note.velocity}
            track.append((begin, mido.Message("note_on", **sounding)))
            track.append((note.end, mido.Message("note_off", **sounding)))
    return list(messages.values())


def _untangled(notes: Iterable[_Note]) -> list[_Note]:
    """Return the notes of a track such that none of a pitch begins before the one before it has ended.

    MIDI cannot tell two notes of a channel and pitch apart. Those that begin together are one.
    """
    by_pitch: dict[int, list[_Note]] = defaultdict(list)
    for note in sorted(notes):
        line = by_pitch[note.pitch]
        if line and line[-1].begin == note.begin:
            last = line.pop()
            note = note._replace(end=max(last.end, note.end), velocity=max(last.velocity, note.velocity))
        line.append(note)
    found: list[_Note] = []
    for line in by_pitch.values():
        found += [note._replace(end=min(note.end, after.begin)) for note, after in pairwise(line)]
        found.append(line[-1])
    return sorted(found)


def _channels(tracks: dict[_Instrument, list[_Note]]) -> dict[_Instrument, int]:
    """Return the channel of each instrument: its own while there are any, then one that rests while it plays."""
    busy: dict[int, set[int]] = {channel: set() for channel in _CHANNELS}
    chosen = {}
    for instrument, notes in tracks.items():
        if instrument.drums:
            chosen[instrument] = _DRUM_CHANNEL
            continue
        stretches = {at for note in notes for at in range(note.begin // _STRETCH, note.end // _STRETCH + 1)}
        channel = min(_CHANNELS, key=lambda channel: (len(busy[channel] & stretches), bool(busy[channel]), channel))
        busy[channel] |= stretches
        chosen[instrument] = channel
    return chosen


def _track(messages: Iterable[_Timed], end: int) -> mido.MidiTrack:
    """Return messages with their ticks as a track in order of time; notes that end at a tick come before those that
    begin.
    """
    track, before = mido.MidiTrack(), 0
    for tick, message in sorted(messages, key=lambda item: (item[0], _ORDER.get(item[1].type, 0))):
        track.append(message.copy(time=tick - before))
        before = tick
    track.append(mido.MetaMessage("end_of_track", time=max(0, end - before)))
    return track
