"""What is synthesised: a patch for each programme that waveforms and sines do better than samples.

A patch is data; `synthesiser` makes sound of it. A `Tone` is one key press of a patch, what a Region is for samples.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Literal

from segue.instruments import PROGRAMS
from segue.score.sampler.drum_patches import DrumPatch

Wave = Literal["saw", "square", "pulse", "triangle", "sine", "driven"]

_SILENT_DB: Final = -100.0


@dataclass(frozen=True, kw_only=True)
class Oscillator:
    """A periodic wave.

    Attributes:
        wave: "pulse" is high for a quarter of the period, "driven" a saturated sine.
        semitones: Above the key.
        level: Amplitude.
    """

    wave: Wave
    semitones: float = 0.0
    level: float = 1.0


@dataclass(frozen=True, kw_only=True)
class Filter:
    """A resonant low-pass of 12 dB an octave that an envelope opens; each in octaves, as filters are heard.

    Attributes:
        cutoff_hz: At rest, for middle C and full velocity.
        follow: How far it follows the key, 0 to 1.
        sweep: How far the envelope opens it.
        attack_s, decay_s: Of the envelope; decay is the time to fall to 1/e.
        velocity: How far the softest key press closes it.
        quality: Q; 0.7 has no peak.
    """

    cutoff_hz: float
    follow: float = 1.0
    sweep: float = 0.0
    attack_s: float = 0.0
    decay_s: float = 1.0
    velocity: float = 0.0
    quality: float = 0.7


@dataclass(frozen=True, kw_only=True)
class Operators:
    """A sine whose phase a second sine moves (frequency modulation).

    Attributes:
        carrier, modulator: Frequencies, in multiples of the key's.
        index: Modulation in radians for full velocity; the softest key press has `soft` of it.
        index_decay_s: Time for the index to fall to 1/e.
        level: Amplitude.
        decay_s: Time for the amplitude to fall to 1/e.
    """

    carrier: float
    modulator: float
    index: float
    index_decay_s: float
    level: float
    decay_s: float
    soft: float = 0.3


@dataclass(frozen=True, kw_only=True)
class Patch:
    """A synthesised instrument.

    Attributes:
        oscillators: Summed, through the filter.
        operators: Summed beside it.
        breath: Amplitude of noise at the key press, falling within `breath_s`.
        vibrato_cents: Of 5.5 Hz, from 0.3 s on.
        drop: Semitones above the key at the key press, falling to it within `drop_s` (to 1/e).
        attack_s, decay_s, sustain_db, release_s: As of a Region.
        follows_velocity: Whether timbre follows velocity; if not, all velocities share one sound.
    """

    oscillators: tuple[Oscillator, ...] = ()
    filter: Filter | None = None
    operators: tuple[Operators, ...] = ()
    breath: float = 0.0
    breath_s: float = 0.05
    vibrato_cents: float = 0.0
    drop: float = 0.0
    drop_s: float = 0.03
    attack_s: float = 0.003
    decay_s: float = 0.0
    sustain_db: float = 0.0
    release_s: float = 0.1

    @property
    def follows_velocity(self) -> bool:
        return bool(self.operators) or (self.filter is not None and self.filter.velocity > 0)


@dataclass(frozen=True, kw_only=True)
class Tone:
    """One key press of a patch; levels and times as of a Region.

    Attributes:
        softness: Of the key press, 0 for full velocity to 1; always 0 where timbre does not follow it.
    """

    patch: Patch | DrumPatch
    pitch: int
    softness: float
    gain_db: float
    attack_s: float
    decay_s: float
    sustain_db: float
    release_s: float
    delay_s: float = 0.0
    hold_s: float = 0.0
    pan: float = 0.0


def tone(patch: Patch, pitch: int, velocity: int) -> Tone:
    """Return what a key press plays, velocity 1-127."""
    return Tone(
        patch=patch,
        pitch=pitch,
        softness=1 - velocity / 127 if patch.follows_velocity else 0.0,
        gain_db=0.0,
        attack_s=patch.attack_s,
        decay_s=patch.decay_s,
        sustain_db=patch.sustain_db,
        release_s=patch.release_s,
    )


def stroke(patch: DrumPatch, pitch: int) -> Tone:
    """Return what a drum plays; its sound falls by itself."""
    return Tone(
        patch=patch,
        pitch=pitch,
        softness=0.0,
        gain_db=patch.gain_db,
        attack_s=0.0,
        decay_s=0.0,
        sustain_db=0.0,
        release_s=0.0,
    )


def _unison(wave: Wave, cents: float, voices: int = 3) -> tuple[Oscillator, ...]:
    """Return some of one wave, spread over twice `cents`."""
    spread = [2 * place / (voices - 1) - 1 for place in range(voices)]
    return tuple(Oscillator(wave=wave, semitones=cents * place / 100, level=voices**-0.5) for place in spread)


_FM_PIANO: Final = Patch(
    operators=(
        Operators(carrier=1.0, modulator=1.0, index=1.4, index_decay_s=1.2, level=0.6, decay_s=1.8),
        Operators(carrier=1.003, modulator=1.003, index=0.9, index_decay_s=2.0, level=0.4, decay_s=2.2),
        Operators(carrier=1.0, modulator=14.0, index=0.8, index_decay_s=0.25, level=0.35, decay_s=0.5, soft=0.1),
    ),
    release_s=0.5,
)
_SYNTH_BASS: Final = Patch(
    oscillators=(Oscillator(wave="saw"), Oscillator(wave="square", semitones=-12.0, level=0.5)),
    filter=Filter(cutoff_hz=420.0, follow=0.5, sweep=3.0, decay_s=0.14, velocity=1.6, quality=1.8),
    decay_s=7.0,
    sustain_db=-9.0,
    release_s=0.12,
)
_SUB_BASS: Final = Patch(
    oscillators=(Oscillator(wave="driven"),), drop=14.0, drop_s=0.022, decay_s=5.5, sustain_db=_SILENT_DB, release_s=0.3
)
_SYNTH_STRINGS: Final = Patch(
    oscillators=(*_unison("saw", 9.0, 5), Oscillator(wave="saw", semitones=12.04, level=0.25)),
    filter=Filter(cutoff_hz=3_600.0, follow=0.5, velocity=1.0),
    attack_s=0.12,
    release_s=0.9,
)
_SOFT_STRINGS: Final = Patch(
    oscillators=_unison("saw", 11.0, 5),
    filter=Filter(cutoff_hz=1_500.0, follow=0.5, velocity=0.8),
    attack_s=0.35,
    release_s=1.4,
)
_SYNTH_BRASS: Final = Patch(
    oscillators=_unison("saw", 8.0),
    filter=Filter(cutoff_hz=900.0, follow=0.6, sweep=2.2, attack_s=0.04, decay_s=0.45, velocity=1.6, quality=0.9),
    attack_s=0.02,
    release_s=0.25,
)
_SOFT_BRASS: Final = Patch(
    oscillators=(*_unison("saw", 6.0), Oscillator(wave="saw", semitones=-12.0, level=0.4)),
    filter=Filter(cutoff_hz=650.0, follow=0.6, sweep=1.6, attack_s=0.12, decay_s=0.9, velocity=1.2),
    attack_s=0.06,
    release_s=0.4,
)
_SQUARE: Final = Patch(oscillators=(Oscillator(wave="square"),), vibrato_cents=10.0, release_s=0.06)
_SAW: Final = Patch(
    oscillators=_unison("saw", 6.0, 2),
    filter=Filter(cutoff_hz=7_000.0, follow=0.5, velocity=1.5),
    vibrato_cents=8.0,
    release_s=0.15,
)
_TRIANGLE: Final = Patch(oscillators=(Oscillator(wave="triangle"),), release_s=0.06)
_CHIFF: Final = Patch(
    oscillators=(Oscillator(wave="triangle"), Oscillator(wave="square", level=0.12)),
    breath=0.5,
    breath_s=0.03,
    vibrato_cents=8.0,
    release_s=0.15,
)
_CHARANG: Final = Patch(
    oscillators=(
        Oscillator(wave="pulse"),
        Oscillator(wave="saw", semitones=0.07),
        Oscillator(wave="saw", semitones=-12.0),
    ),
    filter=Filter(cutoff_hz=2_600.0, follow=0.6, sweep=1.8, decay_s=0.2, velocity=1.0, quality=1.4),
    decay_s=9.0,
    sustain_db=-6.0,
    release_s=0.2,
)
_FIFTHS: Final = Patch(
    oscillators=(*_unison("saw", 7.0, 2), Oscillator(wave="saw", semitones=7.02, level=0.7)),
    filter=Filter(cutoff_hz=4_500.0, follow=0.5, velocity=1.2),
    release_s=0.2,
)
_BASS_LEAD: Final = Patch(
    oscillators=(Oscillator(wave="saw"), Oscillator(wave="pulse", semitones=-0.06, level=0.8)),
    filter=Filter(cutoff_hz=1_100.0, follow=0.6, sweep=1.8, decay_s=0.22, velocity=1.4, quality=1.5),
    decay_s=10.0,
    sustain_db=-5.0,
    release_s=0.12,
)
_POLYSYNTH: Final = Patch(
    oscillators=(*_unison("saw", 8.0), Oscillator(wave="pulse", semitones=12.0, level=0.3)),
    filter=Filter(cutoff_hz=1_900.0, follow=0.5, sweep=1.5, decay_s=0.5, velocity=1.0),
    attack_s=0.008,
    release_s=0.7,
)
_SYNTH_DRUM: Final = Patch(
    oscillators=(Oscillator(wave="sine"),),
    breath=0.3,
    breath_s=0.012,
    drop=15.0,
    drop_s=0.07,
    decay_s=1.6,
    sustain_db=_SILENT_DB,
    release_s=1.0,
)

PATCHES: Final[Mapping[int, Patch]] = {
    PROGRAMS[name]: patch
    for name, patch in (
        ("FM electric piano", _FM_PIANO),
        ("synth bass", _SYNTH_BASS),
        ("soft synth bass", _SUB_BASS),
        ("synth strings", _SYNTH_STRINGS),
        ("soft synth strings", _SOFT_STRINGS),
        ("synth brass", _SYNTH_BRASS),
        ("soft synth brass", _SOFT_BRASS),
        ("square lead", _SQUARE),
        ("saw lead", _SAW),
        ("calliope lead", _TRIANGLE),
        ("chiff lead", _CHIFF),
        ("charang lead", _CHARANG),
        ("fifths lead", _FIFTHS),
        ("bass lead", _BASS_LEAD),
        ("polysynth pad", _POLYSYNTH),
        ("synth drum", _SYNTH_DRUM),
    )
}
"""Programmes that are synthesised."""
