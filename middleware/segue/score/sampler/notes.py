"""Whole notes as sound: rendered from a SoundFont, levelled, seated in the stereo image, and kept for the next time.

A note's sound depends on its key (programme, pitch, velocity layer, duration) alone, so playing from the cache and
rendering afresh give the same bits, and the caches are no part of any state.
"""

from __future__ import annotations

import math
from collections.abc import Hashable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from segue.contract import SAMPLE_RATE, NoteEvent
from segue.score.sampler import voice
from segue.score.sampler.cache import ByteCache
from segue.score.sampler.levels import KIT, Register, flattened, measured
from segue.score.sampler.orchestra import DRUM_KIT, ORCHESTRA, DrumKey, Instrument
from segue.score.sampler.regions import LOOP_WHILE_HELD, Region, SampleBank
from segue.score.sampler.seating import pan_gains
from segue.score.sampler.soundfont import SoundFontError, read_soundfont

Planar = NDArray[np.float32]

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
_SEAT: Final = Instrument(
    program=0, name="unlisted", low=0, high=127, family="harmony", pan=0.0, level_db=-1.0, send=0.3, width=0.2
)
_DRUM_SEAT: Final = DrumKey(key=0, name="unlisted", pan=0.2, level_db=-2.0, send=0.15)
_GROUP: Final = 8
# An end this far below the note's own peak is masked by whatever comes next.
_INAUDIBLE_DB: Final = -66.0
_TRIM_FADE: Final = 480
_SOURCE_SIZES: Final = np.array(sorted(part * DURATION_STEP << n for part in (2, 3) for n in range(13)))
_NOTE_CACHE_BYTES: Final = 96 << 20
_SOURCE_CACHE_BYTES: Final = 64 << 20


class _Key(NamedTuple):
    program: int
    drums: bool
    pitch: int
    layer: int
    duration: int


@dataclass(frozen=True, kw_only=True)
class Note:
    """A note at full velocity. sound: float32 [C, S], C = 1 or, for a stereo preset, 2.

    gains: left and right amplitude (of the one channel, or of each). send: how much goes to the room. width: to be
    widened by, 0 for what is stereo already.
    """

    sound: Planar
    gains: tuple[float, float]
    send: float
    width: float

    @property
    def length(self) -> int:
        return int(self.sound.shape[1])


class NoteBank:
    """Notes rendered on demand from one SoundFont."""

    def __init__(self, path: Path, levels: Mapping[str, Register] | None = None) -> None:
        """levels: measurements that came with the font.

        Raises: SoundFontError if the file cannot be used.
        """
        self._samples = SampleBank(read_soundfont(path), str(path))
        if not self._samples.programs:
            raise SoundFontError(f"{path}: has no melodic presets (bank 0)")
        if not self._samples.has_drums:
            raise SoundFontError(f"{path}: has no drum kit (bank 128, programme 0)")
        self._notes: ByteCache[_Key, Note] = ByteCache(_NOTE_CACHE_BYTES, lambda note: note.sound.nbytes)
        self._sources: ByteCache[Hashable, Planar] = ByteCache(_SOURCE_CACHE_BYTES, lambda wave: wave.nbytes)
        self._levels = dict(levels or {})

    def sha256(self) -> str:
        """Hash of the SoundFont; reads all of it."""
        return self._samples.sha256()

    def substitute(self, program: int) -> int:
        """The programme that plays for `program`: itself, or for one the font lacks the nearest of its GM group."""
        available = self._samples.programs
        if program in available:
            return program
        group = [other for other in available if other // _GROUP == program // _GROUP]
        _, nearest = min((abs(other - program), other) for other in group or available)
        return nearest

    def note(self, event: NoteEvent) -> Note:
        """The sound of `event`, whose `start` and exact velocity do not matter; see `velocity_gain`."""
        duration = DURATION_STEP * max(1, round(min(event.duration, MAX_DURATION) / DURATION_STEP))
        program = 0 if event.drums else self.substitute(event.program)
        layer = event.velocity // VELOCITY_LAYER
        key = _Key(program, event.drums, event.pitch, layer, 0 if event.drums else duration)
        return self._notes.get(key, lambda: self._render(key))

    def _render(self, key: _Key) -> Note:
        if key.drums:
            drum = DRUM_KIT.get(key.pitch, _DRUM_SEAT)
            pan, level_db, send, width = drum.pan, drum.level_db, drum.send, 0.0
        else:
            seat = ORCHESTRA.get(key.program, _SEAT)
            pan, level_db, send, width = seat.pan, seat.level_db, seat.send, seat.width
            pan += _KEY_SPREAD * (key.pitch - 60) / 48
        register = self.register(key.program, drums=key.drums)
        level = 10 ** ((level_db + register.gain_db(key.pitch)) / 20)
        sound = _trimmed(self._sound(key))
        # A pair is balanced, not panned: each side stays where it is, one softer than the other.
        balance = level * math.sqrt(len(sound))
        left, right = (balance * gain for gain in pan_gains(pan))
        return Note(sound=sound, gains=(left, right), send=send, width=width if len(sound) == 1 else 0.0)

    def _sound(self, key: _Key) -> Planar:
        """A key press before level and seat: float32 [1, S], or [2, S] where the font pans its samples apart."""
        voices = self._voices(key)
        length = max((len(wave) for _, wave in voices), default=0)
        apart = len({pan for pan, _ in voices}) > 1
        sound = np.zeros((2 if apart else 1, length), np.float32)
        for pan, wave in voices:
            for channel, gain in zip(sound, pan_gains(pan) if apart else (1.0,), strict=True):
                channel[: len(wave)] += np.float32(gain) * wave
        return sound

    def _voices(self, key: _Key) -> list[tuple[float, Planar]]:
        """(pan, sound) of each region of a key press, without level or seat."""
        velocity = max(1, min(_MAX_VELOCITY, key.layer * VELOCITY_LAYER + VELOCITY_LAYER // 2))
        regions = self._samples.regions(key.program, key.pitch, velocity, drums=key.drums)
        voices = []
        for number, region in enumerate(regions):
            natural = voice.natural_length(region, self._samples.waveform(region.sample))
            held = key.duration if not key.drums else natural or _LOOPED_DRUM
            limit = min(natural or MAX_DURATION, held) + voice.release_samples(region)
            gain = voice.envelope(region, held, limit)
            wave = self._source(key, number, region, held, len(gain))[: len(gain)]
            gain = gain[: len(wave)] * np.float32(10 ** (region.gain_db / 20))
            trembling = voice.tremolo(region, len(wave))
            voices.append((region.pan, wave * gain if trembling is None else wave * gain * trembling))
        return voices

    def _source(self, key: _Key, number: int, region: Region, held: int, length: int) -> Planar:
        """At least `length` samples of a region if it lasts; made in fixed sizes, so that a prefix never varies."""
        size = int(_SOURCE_SIZES[np.searchsorted(_SOURCE_SIZES, length)])
        until = held if region.loop_mode == LOOP_WHILE_HELD else 0
        cached = (key.program, key.drums, key.pitch, key.layer, number, size, until)
        waveform = self._samples.waveform(region.sample)
        return self._sources.get(cached, lambda: voice.source(region, waveform, until, size))

    def register(self, program: int, *, drums: bool = False) -> Register:
        """How loud a programme (or the kit) is by nature; measured once if it did not come with the font."""
        name = KIT if drums else str(program)
        if name not in self._levels:
            layer = _LEVEL_VELOCITY // VELOCITY_LAYER

            def sound(pitch: int) -> Planar:
                return self._sound(_Key(program, drums, pitch, layer, _LEVEL_DURATION))

            seat = ORCHESTRA.get(program, _SEAT)
            across = [seat.low + (seat.high - seat.low) * part // 8 for part in (0, 2, 4, 6, 8)]
            self._levels[name] = flattened(measured(sound, _KIT_KEYS)) if drums else measured(sound, across)
        return self._levels[name]


def velocity_gain(velocity: int) -> float:
    """Amplitude of a velocity 1-127: the SoundFont curve, 40 log10(velocity / 127) dB (sec. 8.4.1)."""
    return (velocity / _MAX_VELOCITY) ** 2


def _trimmed(sound: Planar) -> Planar:
    """`sound` [C, S] without the end that nobody hears, faded out over a few milliseconds."""
    loud = np.abs(sound).max(axis=0, initial=0)
    heard = np.flatnonzero(loud > 10 ** (_INAUDIBLE_DB / 20) * loud.max(initial=0))
    end = min(sound.shape[1], int(heard[-1]) + 1 + _TRIM_FADE) if heard.size else 0
    kept = sound[:, :end].copy()
    fade = min(_TRIM_FADE, end)
    kept[:, end - fade :] *= np.linspace(1, 0, fade, dtype=np.float32)
    return kept
