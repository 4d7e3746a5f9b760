"""Notes as sound: from a SoundFont or synthesised, levelled and placed in the stereo image.

A note's sound depends on its key (programme, pitch, velocity layer, duration) alone, and its layer on its velocity and
pitch, so it is the same bits whenever it is made, and the caches are no part of any state. What is kept is the source
of each sound, a sample at its pitch, filtered, or a synthesised tone, which notes of any length, velocity and session
share. It is made no further than notes have played it. From it a note is made piece by piece as it is played: two
sessions hardly ever play the same notes, and keeping all of them whole would take several times the memory. Only short
notes that come again, drums above all, are kept whole, as far as memory allows.
"""

from __future__ import annotations

import math
import threading
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from segue.contract import SAMPLE_RATE, NoteEvent
from segue.score.sampler import synthesiser, voice
from segue.score.sampler.cache import ByteCache
from segue.score.sampler.drum_patches import DRUM_PATCHES, DrumPatch
from segue.score.sampler.drum_synthesiser import drum_length
from segue.score.sampler.kits import DRUM_KIT, KITS, STANDARD, DrumKey
from segue.score.sampler.levels import NOTE_LUFS, Register, drum_gain_db, level_name, loudest, measured
from segue.score.sampler.orchestra import ORCHESTRA
from segue.score.sampler.patches import PATCHES, Tone, stroke, tone
from segue.score.sampler.regions import LOOP_WHILE_HELD, Region, SampleBank
from segue.score.sampler.soundfont import SoundFontError, read_soundfont
from segue.score.sampler.sources import Source, SourceCache, Waveform
from segue.score.sampler.stereo import Planar, pan_gains
from segue.score.sampler.voice import VolumeEnvelope, fade_end, release_samples

# Note lengths are rounded to 10 ms, finer than a player's release, so that humanised notes share renderings.
DURATION_STEP: Final = 480
MAX_DURATION: Final = 30 * SAMPLE_RATE
# Drums ring out whatever their written length; one whose sample loops is let go after two seconds.
_LOOPED_DRUM: Final = 2 * SAMPLE_RATE
# Timbre follows velocity in eight layers, as fonts themselves layer it; loudness follows the exact velocity.
VELOCITY_LAYER: Final = 16
_MAX_VELOCITY: Final = 127
_LEVEL_VELOCITY: Final = 96
_LEVEL_DURATION: Final = SAMPLE_RATE
_KIT_KEYS: Final = (36, 38, 45)
# Low keys sit to the left of a programme's seat and high keys to the right, this far over four octaves.
_KEY_SPREAD: Final = 0.25
_DRUM_SEAT: Final = DrumKey(key=0, name="unlisted", pan=0.2, level_db=-2.0, send=0.15)
# Microphones above a kit hear all of it but its kick on both sides.
_DRUM_WIDTH, _KICKS = 0.65, (35, 36)
# Sends and widths of seats are brought to the nearest of these: notes of equal ones are widened together.
_SENDS: Final = (0.05, 0.15, 0.25, 0.35, 0.45, 0.55)
_WIDTHS: Final = (0.0, 0.5, 0.8)
_GROUP: Final = 8
# The bundled orchestra's samples have one timbre for all velocities: softer keys are darker here, by a low-pass at so
# many hertz and at so many times the key's frequency above it. By layer, the first that is at least the note's.
_DARKENED: Final = ((2, 1_800.0, 5.0), (4, 4_000.0, 7.0))
_DARKENED_DRUMS: Final = ((3, 6_000.0, 0.0),)
# Velocities are moved by up to this before they fall into layers, so that a repeated note is not one sample again.
_VARIED: Final = 6
# What the sustain of a note falls by until it is released, at most so much a second. Only what sustains does.
_SHADE_DB, _SHADE_DB_A_S = 6.0, 4.0
_SUSTAINED_DB: Final = -60.0
# Programmes from this one on are noises, which are left as they are.
_EFFECTS: Final = 119
# An end 66 dB below the note's own peak is masked by whatever comes next. 4 dB more, for the peaks that say where it is
# are those of samples before their filters: of 768 notes of all programmes, 4 end above -66 dB, none above -60.
_INAUDIBLE_DB: Final = -70.0
_TRIM_FADE: Final = 480
# Where that is, is told by the peaks of 20 ms each.
_PEAK_STEP: Final = 960
MEMORY_BYTES: Final = 96 << 20
"""What a bank keeps by default: enough for one session."""
# Parts of it: for decoded samples, needed only to make sources of them; for sources; and for whole notes.
_WAVEFORMS, _SOURCES, _WHOLES = 2, 10, 4
# Longer notes are never kept whole: what begins again in a replacement is needed soon, and all of it seldom.
_LONGEST_WHOLE: Final = 2 * SAMPLE_RATE
_SHARES: Final = _WAVEFORMS + _SOURCES + _WHOLES
# Notes described and not forgotten, a KiB each.
_MOST_NOTES: Final = 4_096


class _Key(NamedTuple):
    program: int
    drums: bool
    pitch: int
    layer: int
    duration: int
    # The exact velocity where the font's loudness follows it by a curve of its own, else 0.
    loudness: int


@dataclass(frozen=True, kw_only=True)
class NoteVoice:
    """A region or tone as one note plays it.

    Attributes:
        number: Its number in the bank.
        until: When its key is released, where its sample loops until then, else 0.
        length: Samples of its sound.
        gain: Amplitude of its level.
        sides: Amplitude in each channel of the note.
    """

    played: Region | Tone
    number: int
    until: int
    length: int
    envelope: VolumeEnvelope
    gain: np.float32
    sides: tuple[np.float32, ...]


@dataclass(frozen=True, kw_only=True)
class BankNote:
    """A note at full velocity, to be read from its bank.

    Attributes:
        channels: 1 or, for a stereo preset, 2.
        length: In samples.
        key: Equal for equal notes.
        gains: Left and right amplitude (of the one channel, or of each).
        send: Share that goes to the reverb.
        width: To be widened by, 0 for what is stereo already.
    """

    key: _Key
    voices: tuple[NoteVoice, ...]
    channels: int
    length: int
    gains: tuple[float, float]
    send: float
    width: float


class NoteBank:
    """Notes rendered on demand, from one SoundFont and from patches. For any number of threads."""

    def __init__(
        self,
        path: Path,
        levels: Mapping[str, Register] | None = None,
        *,
        patches_first: bool = False,
        memory_bytes: int = MEMORY_BYTES,
    ) -> None:
        """Open a SoundFont.

        Args:
            levels: Measurements that came with the font.
            patches_first: Whether patches play also what the font has; else they play only what it lacks.
            memory_bytes: For what is kept of samples and sources.
        Raises:
            SoundFontError: If the file cannot be used.
        """
        self._samples = SampleBank(read_soundfont(path), str(path), memory_bytes * _WAVEFORMS // _SHARES)
        if not self._samples.programs:
            raise SoundFontError(f"{path}: has no melodic presets (bank 0)")
        if STANDARD not in self._samples.kits:
            raise SoundFontError(f"{path}: has no drum kit (bank 128, programme 0)")
        self._sources: SourceCache[tuple[int, int]] = SourceCache(memory_bytes * _SOURCES // _SHARES)
        self._known_peaks: dict[int, NDArray[np.floating]] = {}
        self._wholes: ByteCache[_Key, Planar] = ByteCache(memory_bytes * _WHOLES // _SHARES, lambda note: note.nbytes)
        self._begun: set[_Key] = set()
        self._note = lru_cache(maxsize=_MOST_NOTES)(self._described)
        # A note that sounds is looked up for every chunk, by its exact event.
        self._known = lru_cache(maxsize=_MOST_NOTES)(self._found)
        # Notes of a key differ in their durations above all.
        self._regions = lru_cache(maxsize=_MOST_NOTES)(self._pressed_regions)
        self._patches_first = patches_first
        # By number: keys of one sound have one, whatever programme, velocity or layer leads to them.
        self._numbers: dict[Region | Tone, int] = {}
        self._numbering = threading.Lock()
        self._levels = dict(levels or {})
        kits = {kit: self._levels.get(level_name(kit, drums=True)) for kit in KITS}
        self._drum_levels = {
            (kit, pitch): level
            for kit, register in kits.items()
            if register is not None
            for pitch, level in zip(register.keys, register.lufs, strict=True)
        }

    def sha256(self) -> str:
        """Return the hash of the SoundFont; reads all of it."""
        return self._samples.sha256()

    def substitute(self, program: int) -> int:
        """Return the programme that plays for `program`: itself, or for one that is missing the nearest of its GM
        group.
        """
        if program in self._samples.programs or program in PATCHES:
            return program
        group = [other for other in {*self._samples.programs, *PATCHES} if other // _GROUP == program // _GROUP]
        _, nearest = min((abs(other - program), other) for other in group or self._samples.programs)
        return nearest

    def note(self, event: NoteEvent) -> BankNote:
        """Return the sound of `event`, whose start does not matter; its exact velocity is left to `velocity_gain`."""
        return self._known(event.program, event.drums, event.pitch, event.velocity, event.duration)

    def _found(self, program: int, drums: bool, pitch: int, velocity: int, duration: int) -> BankNote:
        layer = _layer(velocity, pitch)
        rounded = DURATION_STEP * max(1, round(min(duration, MAX_DURATION) / DURATION_STEP))
        loudness = velocity if self._samples.own_loudness else 0
        if drums:
            return self._note(_Key(self._kit(program, pitch, layer), True, pitch, layer, 0, loudness))
        return self._note(_Key(self.substitute(program), False, pitch, layer, rounded, loudness))

    def _kit(self, kit: int, pitch: int, layer: int) -> int:
        """Return the kit that plays a key of `kit`: itself, or the standard one where the kit or its key is missing."""
        return kit if self._pressed(_Key(kit, True, pitch, layer, 0, 0)) else STANDARD

    def read(self, note: BankNote, begin: int, end: int) -> Planar:
        """Return the samples [begin, end) of a note, which lie within it: float32 [C, end - begin], not to be written
        to.
        """
        if note.length <= _LONGEST_WHOLE and (note.key in self._wholes or (begin == 0 and self._is_repeated(note.key))):
            return self._wholes.get(note.key, lambda: self._rendered(note, 0, note.length))[:, begin:end]
        return self._rendered(note, begin, end)

    def _is_repeated(self, key: _Key) -> bool:
        """Return whether a note that begins was begun before."""
        if key in self._begun:
            return True
        if len(self._begun) >= _MOST_NOTES:
            self._begun.clear()
        self._begun.add(key)
        return False

    def _rendered(self, note: BankNote, begin: int, end: int) -> Planar:
        sound = self._summed(note.voices, note.channels, begin, end)
        fade_end(sound, begin, note.length, _TRIM_FADE)
        return sound

    def _described(self, key: _Key) -> BankNote:
        if key.drums:
            kit = KITS.get(key.program, KITS[STANDARD])
            drum = kit.key(key.pitch) or _DRUM_SEAT
            pan, level_db, send = drum.pan, drum.level_db, drum.send + kit.send
            width = 0.0 if key.pitch in _KICKS else _DRUM_WIDTH
        else:
            seat = ORCHESTRA[key.program]
            pan, level_db, send, width = seat.pan, seat.level_db, seat.send, seat.width
            pan += _KEY_SPREAD * (key.pitch - 60) / 48
        gain_db = self._drum_gain_db(key) if key.drums else self.register(key.program).gain_db(key.pitch)
        level = 10 ** ((level_db + gain_db) / 20)
        voices = self._voices(key)
        channels = len(voices[0].sides) if voices else 1
        # A pair is balanced, not panned: each side stays where it is, one softer than the other.
        balance = level * math.sqrt(channels)
        left, right = (balance * gain for gain in pan_gains(pan))
        return BankNote(
            key=key,
            voices=voices,
            channels=channels,
            length=self._audible(voices),
            gains=(left, right),
            send=min(_SENDS, key=lambda one: abs(one - send)),
            width=min(_WIDTHS, key=lambda one: abs(one - width)) if channels == 1 else 0.0,
        )

    def _audible(self, voices: Sequence[NoteVoice]) -> int:
        """Return samples of a note without its inaudible end, by the peaks of its samples: they say it without any of
        the note being made.
        """
        length = max((one.length for one in voices), default=0)
        level = np.zeros(-(-length // _PEAK_STEP))
        for one in voices:
            steps = np.arange(-(-one.length // _PEAK_STEP))
            peaks = self._peaks(one.played, one.number)
            loudest = one.envelope.levels(_PEAK_STEP)[: len(steps)]
            level[: len(steps)] += float(one.gain) * loudest * peaks[np.minimum(steps, len(peaks) - 1)]
        audible = np.flatnonzero(level > 10 ** (_INAUDIBLE_DB / 20) * level.max(initial=0))
        return min(length, (int(audible[-1]) + 1) * _PEAK_STEP + _TRIM_FADE) if audible.size else 0

    def _summed(self, voices: Sequence[NoteVoice], channels: int, begin: int, end: int) -> Planar:
        """Return the samples [begin, end) of a key press before level and seat: float32 [C, end - begin]."""
        if len(voices) == 1:
            (only,) = voices
            return self._played(only, begin, min(end, only.length))[None]
        sound = np.zeros((channels, end - begin), np.float32)
        for one in voices:
            if begin < one.length:
                wave = self._played(one, begin, min(end, one.length))
                for channel, side in zip(sound, one.sides, strict=True):
                    channel[: len(wave)] += side * wave
        return sound

    def _played(self, one: NoteVoice, begin: int, end: int) -> Waveform:
        """Return the samples [begin, end) of a voice, which lie within it: float32 [end - begin]."""
        sound = one.envelope.read(begin, end)
        sound *= one.gain
        self._source(one, end).multiply(sound, begin)
        trembling = voice.tremolo(one.played, begin, end) if isinstance(one.played, Region) else None
        if trembling is not None:
            sound *= trembling
        return sound

    def _voices(self, key: _Key) -> tuple[NoteVoice, ...]:
        """Return each voice of a key press."""
        pressed = self._pressed(key)
        apart = len({one.pan for one in pressed}) > 1
        return tuple(self._voice(one, key, apart=apart) for one in pressed)

    def _pressed(self, key: _Key) -> tuple[Region | Tone, ...]:
        """Return what a key press sounds; nothing for a kit without the key."""
        velocity = max(1, min(_MAX_VELOCITY, key.layer * VELOCITY_LAYER + VELOCITY_LAYER // 2))
        sampled = key.program in (self._samples.kits if key.drums else self._samples.programs)
        if self._patches_first or not sampled:
            if key.drums and (key.program, key.pitch) in DRUM_PATCHES:
                return (stroke(DRUM_PATCHES[key.program, key.pitch], key.pitch),)
            if not key.drums and key.program in PATCHES:
                return (tone(PATCHES[key.program], key.pitch, velocity),)
        return self._regions(key._replace(duration=0), velocity) if sampled else ()

    def _pressed_regions(self, key: _Key, velocity: int) -> tuple[Region, ...]:
        loudness = key.loudness or velocity
        regions = self._samples.regions(key.program, key.pitch, velocity, drums=key.drums, loudness=loudness)
        return tuple(_darkened(region, key) for region in regions) if self._patches_first else regions

    def _voice(self, played: Region | Tone, key: _Key, *, apart: bool) -> NoteVoice:
        with self._numbering:
            number = self._numbers.setdefault(replace(played, gain_db=0.0), len(self._numbers))
        natural = self._natural_length(played)
        held = key.duration if not key.drums else natural or _LOOPED_DRUM
        limit = min(natural or MAX_DURATION, held) + release_samples(played)
        fades = not key.drums and key.program < _EFFECTS and played.sustain_db > _SUSTAINED_DB
        shade_db = min(_SHADE_DB, _SHADE_DB_A_S * held / SAMPLE_RATE) if fades else 0.0
        envelope = VolumeEnvelope(played, held, limit, shade_db=shade_db)
        return NoteVoice(
            played=played,
            number=number,
            until=held if isinstance(played, Region) and played.loop_mode == LOOP_WHILE_HELD else 0,
            length=min(envelope.length, natural or envelope.length),
            envelope=envelope,
            gain=np.float32(10 ** (played.gain_db / 20)),
            sides=tuple(map(np.float32, pan_gains(played.pan) if apart else (1.0,))),
        )

    def _natural_length(self, played: Region | Tone) -> int | None:
        """Return the number of samples after which a sound has ended by itself, None if it goes on while the key is
        held.
        """
        if isinstance(played, Region):
            return voice.natural_length(played, self._samples.length(played.sample))
        return drum_length(played.patch) if isinstance(played.patch, DrumPatch) else None

    def _source(self, one: NoteVoice, end: int) -> Source:
        """Return what a voice reads from, made to `end` at least."""
        played = one.played

        def blocks() -> Iterator[Waveform]:
            if isinstance(played, Region):
                return voice.blocks(played, lambda: self._samples.waveform(played.sample), one.until)
            return synthesiser.blocks(played)

        return self._sources.get((one.number, one.until), blocks, end)

    def _peaks(self, played: Region | Tone, number: int) -> NDArray[np.floating]:
        """Return the peak of each _PEAK_STEP samples of a source; the last is that of all that follow."""
        found = self._known_peaks.get(number)
        if found is None:
            if isinstance(played, Region):
                found = voice.peaks(played, self._samples.waveform(played.sample), _PEAK_STEP)
            else:
                found = synthesiser.peaks(played, MAX_DURATION, _PEAK_STEP)
            if len(self._known_peaks) >= _MOST_NOTES:
                self._known_peaks.clear()
            self._known_peaks[number] = found
        return found

    def register(self, program: int) -> Register:
        """Return how loud a programme is by nature; measured once if it did not come with the font."""
        name = level_name(program, drums=False)
        if name not in self._levels:
            seat = ORCHESTRA[program]
            across = [seat.low + (seat.high - seat.low) * part // 8 for part in (0, 2, 4, 6, 8)]
            self._levels[name] = measured(lambda pitch: self._natural(program, pitch, drums=False), across)
        return self._levels[name]

    def kit_register(self, kit: int) -> Register:
        """Return how loud the drums of a kit are by nature, those that it has."""
        return measured(lambda pitch: self._natural(kit, pitch, drums=True), tuple(DRUM_KIT))

    def _drum_level(self, kit: int, pitch: int) -> float:
        """Return how loud a drum is by nature, LUFS; measured when first played if it did not come with the font."""
        if (kit, pitch) not in self._drum_levels:
            self._drum_levels[kit, pitch] = loudest(self._natural(kit, pitch, drums=True))
        return self._drum_levels[kit, pitch]

    def _drum_gain_db(self, key: _Key) -> float:
        own = key.program in KITS and key.pitch in KITS[key.program].keys
        kit = [self._drum_level(key.program if own else STANDARD, pitch) for pitch in _KIT_KEYS]
        sounding = [level for level in kit if math.isfinite(level)] or [NOTE_LUFS]
        same = None if own or key.program == STANDARD else self._drum_level(STANDARD, key.pitch)
        return drum_gain_db(sounding, self._drum_level(key.program, key.pitch), same)

    def _natural(self, program: int, pitch: int, *, drums: bool) -> Planar:
        """Return a note before level and seat, of the velocity at which levels are measured: float32 [C, S]."""
        duration = 0 if drums else _LEVEL_DURATION
        voices = self._voices(_Key(program, drums, pitch, _LEVEL_VELOCITY // VELOCITY_LAYER, duration, 0))
        channels = len(voices[0].sides) if voices else 1
        return self._summed(voices, channels, 0, max((one.length for one in voices), default=0))


def _layer(velocity: int, pitch: int) -> int:
    """Return the velocity layer of a note."""
    # Neighbouring velocities are scrambled (Knuth's multiplicative hash), so that they fall into different layers.
    varied = ((velocity * 128 + pitch) * 2_654_435_761 % 2**32 >> 16) % (2 * _VARIED + 1) - _VARIED
    return max(1, min(_MAX_VELOCITY, velocity + varied)) // VELOCITY_LAYER


def _darkened(region: Region, key: _Key) -> Region:
    """Return the region with the low-pass of its velocity layer."""
    if key.program >= _EFFECTS and not key.drums:
        return region
    for layer, least_hz, partials in _DARKENED_DRUMS if key.drums else _DARKENED:
        if key.layer <= layer:
            cutoff_hz = least_hz + partials * 440.0 * 2 ** ((key.pitch - 69) / 12)
            return replace(region, cutoff_hz=min(region.cutoff_hz, cutoff_hz))
    return region


def velocity_gain(velocity: int) -> float:
    """Return the amplitude of a velocity 1-127: the SoundFont curve, 40 log10(velocity / 127) dB (sec. 8.4.1)."""
    return (velocity / _MAX_VELOCITY) ** 2
