"""The sampler: notes to 48 kHz stereo, streaming, its state a small value.

The state names the notes that still sound and holds what still echoes in the reverb; the notes' own sound is a pure
function of them. So any cut of the same notes into chunks gives the same samples, to the last bit. S samples; arrays
are planar [2, S] inside and [S, 2] outside.
"""

from __future__ import annotations

import sys
from bisect import bisect_left
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from types import MappingProxyType
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from segue.audio import reverb
from segue.contract import FAMILIES, FRAME_SIZE, SAMPLE_RATE, NoteEvent, Samples
from segue.score.sampler.kits import KITS
from segue.score.sampler.levels import read_levels
from segue.score.sampler.notes import MEMORY_BYTES, NoteBank, velocity_gain
from segue.score.sampler.orchestra import NUM_KEYS, NUM_PROGRAMS
from segue.score.sampler.stereo import SPAN, Planar, widened

BUNDLED_SOUNDFONT: Final = Path(__file__).parents[2] / "weights" / "orchestra" / "orchestra.sf3"
BUNDLED_LEVELS: Final = BUNDLED_SOUNDFONT.with_name("levels.json")


class Bus(NamedTuple):
    """A sum of notes with the same family, reverb send and width."""

    family: str
    send: float
    width: float


class EndedNote(NamedTuple):
    """A note that is over.

    Attributes:
        end: The first sample after its sound.
    """

    note: NoteEvent
    end: int


# In this time the reverb falls by 158 dB, below the last bit of float32: older notes leave no trace in a state.
MEMORY: Final = 5 * SAMPLE_RATE
# A drum that another one chokes is gone after this.
_CHOKE_FADE: Final = 1_440
# A note that is released before its end fades out in this time, about as instruments do when their keys are let go.
RELEASE_FADE: Final = 19_200
# Notes that ended in the memory are played again in pieces of this length, which bounds the working space.
_PIECE: Final = 12 * FRAME_SIZE

Gains = Callable[[int, int], tuple[Planar | None, Planar | None]]
"""Of samples [begin, end): gains of what is sent to the reverb and of all but the drums, float32 [S], None for 1."""


@dataclass(frozen=True, kw_only=True)
class SamplerState:
    """What the sampler needs to continue.

    Attributes:
        position: Next sample to render, session clock.
        sounding: Notes not yet over, by start.
        over: Notes that ended within the last MEMORY samples; nothing plays them any more, but with `sounding` they are
            all it takes to rebuild the rest, see `resumed`.
        recent: Of each bus that is widened, its last samples before that, float32 [2, SPAN].
        room: The reverb of the whole.
        family_rooms: The reverb of each family, kept only while stems are asked for.
    """

    position: int
    sounding: tuple[NoteEvent, ...]
    over: tuple[EndedNote, ...]
    recent: Mapping[Bus, Planar]
    room: reverb.ReverbState
    family_rooms: tuple[reverb.ReverbState, ...] | None = None


class Sampler:
    """Plays notes with the instruments of one SoundFont. For any number of threads."""

    latency: Final = 0

    def __init__(self, soundfont: Path | None = None, *, memory_bytes: int = MEMORY_BYTES) -> None:
        """Open a SoundFont.

        Args:
            soundfont: Any General MIDI SF2 or SF3; the bundled orchestra if None.
            memory_bytes: As of NoteBank.
        Raises:
            SoundFontError: If the file is no usable SoundFont.
        """
        if soundfont is None:
            self._bank = NoteBank(
                BUNDLED_SOUNDFONT, read_levels(BUNDLED_LEVELS), patches_first=True, memory_bytes=memory_bytes
            )
        else:
            self._bank = NoteBank(soundfont, memory_bytes=memory_bytes)

    @cached_property
    def sha256(self) -> str:
        """Return the hash of the SoundFont, hexadecimal."""
        return self._bank.sha256()

    def substitute(self, program: int) -> int:
        """Return the programme that plays for `program`: itself, unless the soundfont lacks it. For warnings."""
        return self._bank.substitute(program)

    def start(self, position: int = 0) -> SamplerState:
        """Return silence before sample `position`."""
        return SamplerState(position=position, sounding=(), over=(), recent={}, room=reverb.start())

    def resumed(self, notes: Sequence[NoteEvent], position: int, gains: Gains | None = None) -> SamplerState:
        """Return the state before `position` in a performance of `notes`, which start before it and come by start.

        It goes on as the performance did, to a few bits of float32, if no note is missing that ended within MEMORY.

        Args:
            gains: The gains of `render` for the samples [begin, end).

        Raises:
            ValueError, SoundFontError: As `render`.
        """
        check_notes(notes, notes[0].start if notes else position, position)
        begin = position - MEMORY
        first = bisect_left(notes, begin, key=lambda note: note.start)
        state = SamplerState(position=begin, sounding=tuple(notes[:first]), over=(), recent={}, room=reverb.start())
        while state.position < position:
            end = min(position, state.position + _PIECE)
            last = bisect_left(notes, end, key=lambda note: note.start)
            sends, pumped = (None, None) if gains is None else gains(state.position, end)
            state, _, _ = self.render(
                state, notes[first:last], end - state.position, send_gains=sends, pump_gains=pumped
            )
            first = last
        return state

    def state_bytes(self, state: SamplerState) -> int:
        """Return the memory that keeping `state` costs, in bytes; the notes themselves are shared by the states around
        it.
        """
        rooms = (state.room, *(state.family_rooms or ()))
        recent = sum(samples.nbytes for samples in state.recent.values())
        return recent + sum(room.nbytes for room in rooms) + sys.getsizeof(state.sounding) + sys.getsizeof(state.over)

    def render(
        self,
        state: SamplerState,
        notes: Sequence[NoteEvent],
        num_samples: int,
        *,
        stems: bool = False,
        releases: Mapping[str, Sequence[int]] = MappingProxyType({}),
        send_gains: Planar | None = None,
        pump_gains: Planar | None = None,
    ) -> tuple[SamplerState, Samples, dict[str, Samples]]:
        """Play on for `num_samples`, with `notes` starting in them.

        Args:
            releases: Where in this chunk the notes of a style that started before are released, rising. Drums ring out.
            send_gains: Of what is sent to the reverb, float32 [S].
            pump_gains: Of all families but the drums, float32 [S].
        Returns:
            The state after, float32 [S, 2], and with `stems` each family's share, float32 [S, 2], summing to the whole
            within rounding; the reverb of what was played before stems were asked for is in "texture".
        Raises:
            ValueError: For notes out of range, out of order or not starting in the chunk.
            SoundFontError: If a compressed sample of a user's font, decoded when first played, turns out to be damaged.
        """
        end = state.position + num_samples
        check_notes(notes, state.position, end)
        sounding = tuple(self._released(note, releases) for note in (*state.sounding, *notes))
        chokes = _chokes(sounding, [note.note for note in state.over])
        points, remaining, ended = self._points(sounding, chokes, state.position, num_samples)
        over = tuple(note for note in (*state.over, *ended) if note.end > end - MEMORY)
        recent, buses = _wide(state.recent, points, num_samples)
        if pump_gains is not None:
            buses = {bus: sound if bus.family == "drums" else sound * pump_gains for bus, sound in buses.items()}
        dry, sent = _mixed(buses, list(buses), num_samples, send_gains)
        room, wet = reverb.process(state.room, sent)
        parts: dict[str, Samples] = {}
        family_rooms: tuple[reverb.ReverbState, ...] | None = None
        if stems:
            before = state.family_rooms or _split_room(state.room)
            family_rooms, parts = _stems(before, buses, num_samples, send_gains)
        after = SamplerState(
            position=end, sounding=remaining, over=over, recent=recent, room=room, family_rooms=family_rooms
        )
        return after, _interleaved(dry + wet), parts

    def _released(self, event: NoteEvent, releases: Mapping[str, Sequence[int]]) -> NoteEvent:
        """Return a note, released where it still sounds when its style's notes are."""
        if event.drums or event.released is not None or event.style not in releases:
            return event
        at = next((position for position in releases[event.style] if position > event.start), None)
        if at is None or at >= event.start + self._bank.note(event).length:
            return event
        return replace(event, released=at)

    def _points(
        self, sounding: Sequence[NoteEvent], chokes: Mapping[NoteEvent, int], position: int, num_samples: int
    ) -> tuple[dict[Bus, Planar], tuple[NoteEvent, ...], list[EndedNote]]:
        """Return notes in their seats, not yet widened, by bus; those that go on after the chunk; and those that do
        not.
        """
        buses: dict[Bus, Planar] = {}
        levelled = np.empty(num_samples, np.float32)
        remaining: list[NoteEvent] = []
        ended: list[EndedNote] = []
        chunk_end = position + num_samples
        for event in sounding:
            note = self._bank.note(event)
            start, note_end = event.start, event.start + note.length
            choked = chokes.get(event)
            if choked is not None:
                note_end = min(note_end, choked + _CHOKE_FADE)
            if event.released is not None:
                note_end = min(note_end, event.released + RELEASE_FADE)
            begin, end = max(start, position), min(note_end, chunk_end)
            if note_end > chunk_end:
                remaining.append(event)
            else:
                ended.append(EndedNote(event, note_end))
            if end <= begin:
                continue
            bus = Bus(event.family, note.send, note.width)
            mixed = buses.get(bus)
            if mixed is None:
                mixed = buses[bus] = np.zeros((2, num_samples), np.float32)
            sound = self._bank.read(note, begin - start, end - start)
            loudness = velocity_gain(event.velocity)
            release = None if event.released is None else _release(begin - event.released, end - event.released)
            for side, gain in enumerate(note.gains):
                share = levelled[: end - begin]
                np.multiply(sound[side % note.channels], np.float32(gain * loudness), out=share)
                if choked is not None:
                    fading = np.arange(begin - choked, end - choked, dtype=np.float32)
                    share *= 1 - np.clip(fading / _CHOKE_FADE, 0, 1)
                if release is not None:
                    share *= release
                mixed[side, begin - position : end - position] += share
        return buses, tuple(remaining), ended


def _release(begin: int, end: int) -> NDArray[np.float32]:
    """Return the gain of a note over the samples [begin, end), counted from its release, float32 [S]."""
    faded = np.clip(np.arange(begin, end, dtype=np.float32) / RELEASE_FADE, 0, 1)
    return np.asarray((1 - faded) ** 2, np.float32)


def check_notes(notes: Sequence[NoteEvent], begin: int, end: int) -> None:
    """Check that notes can be played.

    Raises:
        ValueError: For a note out of range, out of order or not starting in [begin, end).
    """
    previous = begin
    for event in notes:
        if not previous <= event.start < end:
            raise ValueError(f"{event}: expected notes in order, starting in [{begin}, {end})")
        if event.duration < 1 or not 1 <= event.velocity <= 127:
            raise ValueError(f"{event}: expected a duration of at least 1 and a velocity of 1-127")
        if not 0 <= event.pitch < NUM_KEYS or not 0 <= event.program < NUM_PROGRAMS:
            raise ValueError(f"{event}: expected pitch and programme in 0-127")
        if event.family not in FAMILIES:
            raise ValueError(f"{event}: expected a family of {', '.join(FAMILIES)}")
        previous = event.start


def _chokes(sounding: Sequence[NoteEvent], over: Sequence[NoteEvent]) -> dict[NoteEvent, int]:
    """Return when another stroke, which may be over already, ends the drums that still ring."""
    ends: dict[NoteEvent, int] = {}
    for event in sounding:
        by = KITS[event.program].chokes.get(event.pitch) if event.drums and event.program in KITS else None
        if by:
            strokes = [
                other.start
                for other in (*over, *sounding)
                if other.drums and other.program == event.program and other.pitch in by and other.start > event.start
            ]
            if strokes:
                ends[event] = min(strokes)
    return ends


def _wide(
    recent: Mapping[Bus, Planar], points: Mapping[Bus, Planar], num_samples: int
) -> tuple[dict[Bus, Planar], dict[Bus, Planar]]:
    """Return what to remember of each bus, and the buses widened; those that still echo sound though no note does."""
    after: dict[Bus, Planar] = {}
    buses: dict[Bus, Planar] = {}
    # In one order whatever the chunk holds, since sums of floats depend on it.
    for bus in sorted({*recent, *points}):
        sound = points.get(bus)
        if sound is None:
            sound = np.zeros((2, num_samples), np.float32)
        if bus.width == 0:
            buses[bus] = sound
            continue
        before = recent.get(bus)
        if before is None:
            before = np.zeros((2, SPAN), np.float32)
        remembered, buses[bus] = widened(before, sound, bus.width)
        if remembered.any():
            after[bus] = remembered
    return after, buses


def _mixed(
    buses: Mapping[Bus, Planar], keys: Sequence[Bus], num_samples: int, send_gains: Planar | None
) -> tuple[Planar, Planar]:
    """Return the buses `keys` summed, and what they send to the reverb."""
    dry = np.zeros((2, num_samples), np.float32)
    sent = np.zeros((2, num_samples), np.float32)
    for key in keys:
        dry += buses[key]
        sent += np.float32(key.send) * buses[key]
    if send_gains is not None:
        sent *= send_gains
    return dry, sent


def _stems(
    rooms: Sequence[reverb.ReverbState],
    buses: Mapping[Bus, Planar],
    num_samples: int,
    send_gains: Planar | None,
) -> tuple[tuple[reverb.ReverbState, ...], dict[str, Samples]]:
    after, parts = [], {}
    for family, room in zip(FAMILIES, rooms, strict=True):
        dry, sent = _mixed(buses, [key for key in buses if key.family == family], num_samples, send_gains)
        room_after, wet = reverb.process(room, sent)
        after.append(room_after)
        parts[family] = _interleaved(dry + wet)
    return tuple(after), parts


def _split_room(room: reverb.ReverbState) -> tuple[reverb.ReverbState, ...]:
    return tuple(room if family == "texture" else reverb.start() for family in FAMILIES)


def _interleaved(planar: Planar) -> Samples:
    return np.ascontiguousarray(planar.T)
