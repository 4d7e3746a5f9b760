"""From a key press to the samples it sounds: a SoundFont's preset tree resolved into regions.

A region is one sample with everything a voice needs to play it. Preset zones add to instrument zones; a global zone
gives defaults to the zones after it; modulators add what key and velocity change. The sampler applies the default
curve of velocity to loudness itself: a region's gain is what its font makes of a velocity beyond that.

Source: SoundFont Technical Specification 2.04, sec. 8 (generators) and 9.4 (zones).
"""

from __future__ import annotations

import io
import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

import numpy as np
import soundfile
from numpy.typing import NDArray

from segue.contract import SAMPLE_RATE
from segue.score.sampler.cache import ByteCache
from segue.score.sampler.modulators import (
    ATTENUATION,
    DEFAULT_MODULATORS,
    Modulator,
    follows_velocity,
    modulated,
    read_modulators,
)
from segue.score.sampler.soundfont import (
    DRUM_BANK,
    INSTRUMENT_OPERATOR,
    KEY_RANGE_OPERATOR,
    SAMPLE_OPERATOR,
    VELOCITY_RANGE_OPERATOR,
    VORBIS_FLAG,
    SoundFont,
    SoundFontError,
    text,
)

# Generator numbers (sec. 8.1.2) with their defaults; the tree adds preset amounts to instrument amounts.
DEFAULTS: Final[Mapping[int, int]] = {
    0: 0,  # start offset, samples
    1: 0,  # end offset
    2: 0,  # loop start offset
    3: 0,  # loop end offset
    4: 0,  # start offset, 32768 samples
    8: 13_500,  # filter cutoff, absolute cents
    9: 0,  # filter resonance, centibels
    11: 0,  # modulation envelope to cutoff, cents
    12: 0,  # end offset, 32768 samples
    13: 0,  # tremolo depth, centibels
    17: 0,  # pan, 0.1 %
    21: -12_000,  # tremolo delay, timecents
    22: 0,  # tremolo rate, absolute cents
    26: -12_000,  # modulation attack
    27: -12_000,  # modulation hold
    28: -12_000,  # modulation decay
    29: 0,  # modulation sustain, 0.1 %
    33: -12_000,  # delay
    34: -12_000,  # attack
    35: -12_000,  # hold
    36: -12_000,  # decay
    37: 0,  # sustain, centibels down
    38: -12_000,  # release
    39: 0,  # key number to hold
    40: 0,  # key number to decay
    45: 0,  # loop start offset, 32768 samples
    48: 0,  # attenuation, centibels
    50: 0,  # loop end offset, 32768 samples
    51: 0,  # coarse tune, semitones
    52: 0,  # fine tune, cents
    54: 0,  # loop mode
    56: 100,  # scale tuning, cents a key
    58: -1,  # root key
}
# These belong to the sample alone, so a preset may not add to them (sec. 8.5).
_INSTRUMENT_ONLY: Final = frozenset({0, 1, 2, 3, 4, 12, 45, 50, 54, 58})
_MIDDLE_KEY: Final = 60
_MOST_ATTENUATION: Final = 1_440.0
_EVERYTHING: Final = 0x7F00
_HZ_AT_ZERO_CENTS: Final = 8.176
# Samples are played at most six octaves up and ten down, from 48 kHz: what a damaged font asks for beyond would take
# any amount of memory and could not be heard.
_RATES: Final = (SAMPLE_RATE / 1024, SAMPLE_RATE * 64)
_MOST_CENTS: Final = 20_000

LOOP_NEVER: Final = 0
LOOP_ALWAYS: Final = 1
LOOP_WHILE_HELD: Final = 3


@dataclass(frozen=True, kw_only=True)
class Region:
    """One sample as one key press plays it. Times in seconds, levels in dB, cutoff in Hz, pan -1 to 1.

    Attributes:
        rate: Source samples to advance a second of output, over the output rate times that rate: the ratio is
            `rate / sample_rate`.
        sample: Row of shdr.
        loop: (start, end) in samples from the sample's start.
    """

    sample: int
    first: int
    last: int
    loop: tuple[int, int]
    loop_mode: int
    rate: float
    gain_db: float
    pan: float
    delay_s: float
    attack_s: float
    hold_s: float
    decay_s: float
    sustain_db: float
    release_s: float
    cutoff_hz: float
    resonance_db: float
    sweep_cents: float
    sweep_attack_s: float
    sweep_hold_s: float
    sweep_decay_s: float
    sweep_sustain: float
    tremolo_db: float
    tremolo_delay_s: float
    tremolo_hz: float


@dataclass(frozen=True, kw_only=True)
class _Zone:
    """A zone with its global zone's amounts and modulators merged in."""

    amounts: Mapping[int, int]
    modulators: Mapping[Modulator, int]
    link: int
    keys: tuple[int, int]
    velocities: tuple[int, int]


class SampleBank:
    """The presets of a SoundFont as regions, and its samples as waveforms, decoded when first used."""

    def __init__(self, font: SoundFont, name: str, waveform_bytes: int = 96 << 20) -> None:
        """Read the presets of a font.

        Args:
            waveform_bytes: Of decoded samples that are kept; the bundled orchestra has 130 MiB.
        """
        self._font = font
        self._name = name
        header = font.tables["phdr"][:-1]
        self._presets = {(int(row["bank"]), int(row["program"])): i for i, row in enumerate(header)}
        self.programs: Final[frozenset[int]] = frozenset(program for bank, program in self._presets if bank == 0)
        self.kits: Final[frozenset[int]] = frozenset(program for bank, program in self._presets if bank == DRUM_BANK)
        self.own_loudness: Final = any(
            row.target == ATTENUATION and follows_velocity(row)
            for table in ("pmod", "imod")
            for row in read_modulators(font.tables[table][:-1])
        )
        """Whether velocity means another loudness in this font than by default, at least somewhere."""
        self._waveforms: ByteCache[int, NDArray[np.float32]] = ByteCache(waveform_bytes, lambda wave: wave.nbytes)
        self._lengths: dict[int, int] = {}
        self._zones = lru_cache(maxsize=None)(self._read_zones)

    def sha256(self) -> str:
        """Return the hash of the SoundFont; reads all of it."""
        return self._font.sha256()

    def regions(
        self, program: int, pitch: int, velocity: int, *, drums: bool, loudness: int | None = None
    ) -> tuple[Region, ...]:
        """Return what sounds when a key of a programme, or of a drum kit, is pressed; nothing if it does not cover it.

        Args:
            loudness: The velocity by which loudness goes, if not by `velocity`.
        Raises:
            KeyError: If the font has no such preset.
        """
        preset = self._presets[DRUM_BANK if drums else 0, program]
        found: list[Region] = []
        for above in self._matching("p", preset, pitch, velocity):
            for own in self._matching("i", above.link, pitch, velocity):
                merged = dict(own.amounts)
                for operator, amount in above.amounts.items():
                    if operator in merged and operator not in _INSTRUMENT_ONLY:
                        merged[operator] += amount
                modulators = (own.modulators, above.modulators)
                for operator, added in modulated(modulators, pitch, velocity).items():
                    if operator in merged and operator != ATTENUATION:
                        merged[operator] += round(added)
                struck = velocity if loudness is None else loudness
                gain_db = _gain_db(merged[ATTENUATION], modulated(modulators, pitch, struck), struck)
                found.append(self._region(merged, own.link, pitch, gain_db))
        return tuple(found)

    def waveform(self, sample: int) -> NDArray[np.float32]:
        """Return the waveform of a row of shdr, float32 [S] in [-1, 1].

        Raises:
            SoundFontError: If a compressed sample cannot be decoded.
        """
        return self._waveforms.get(sample, lambda: self._decode(sample))

    def length(self, sample: int) -> int:
        """Return the number of samples in a waveform; a compressed one must be decoded first.

        Raises:
            SoundFontError: If a compressed sample cannot be decoded.
        """
        if sample not in self._lengths:
            self._lengths[sample] = len(self.waveform(sample))
        return self._lengths[sample]

    def _matching(self, level: str, index: int, pitch: int, velocity: int) -> Iterator[_Zone]:
        """Return the zones of a preset ("p") or instrument ("i") that a press reaches."""
        for zone in self._zones(level, index):
            if zone.keys[0] <= pitch <= zone.keys[1] and zone.velocities[0] <= velocity <= zone.velocities[1]:
                yield zone

    def _read_zones(self, level: str, index: int) -> tuple[_Zone, ...]:
        link = INSTRUMENT_OPERATOR if level == "p" else SAMPLE_OPERATOR
        shared = {} if level == "p" else dict(DEFAULTS)
        common: dict[Modulator, int] = {} if level == "p" else dict(DEFAULT_MODULATORS)
        zones = []
        for number, (generators, records) in enumerate(self._font.zones(level, index)):
            modulators = common | read_modulators(records)
            raw = {int(row["operator"]): int(row["amount"]) for row in generators}
            amounts = shared | {operator: _signed(amount) for operator, amount in raw.items()}
            if link in raw:
                keys = _span(amounts.get(KEY_RANGE_OPERATOR, _EVERYTHING))
                velocities = _span(amounts.get(VELOCITY_RANGE_OPERATOR, _EVERYTHING))
                zones.append(
                    _Zone(amounts=amounts, modulators=modulators, link=raw[link], keys=keys, velocities=velocities)
                )
            elif number == 0:
                shared, common = amounts, modulators
        return tuple(zones)

    def _region(self, g: Mapping[int, int], sample: int, pitch: int, gain_db: float) -> Region:
        row = self._font.tables["shdr"][sample]
        base = 0 if row["kind"] & VORBIS_FLAG else int(row["start"])
        first = g[0] + (g[4] << 15)
        loop = (
            int(row["loop_start"]) - base + g[2] + (g[45] << 15),
            int(row["loop_end"]) - base + g[3] + (g[50] << 15),
        )
        root = g[58] if 0 <= g[58] <= 127 else int(row["key"])
        root = root if root <= 127 else _MIDDLE_KEY
        cents = (pitch - root) * g[56] + g[51] * 100 + g[52] + int(row["correction"])
        from_middle = _MIDDLE_KEY - pitch
        return Region(
            sample=sample,
            first=first,
            last=g[1] + (g[12] << 15),
            loop=loop,
            loop_mode=g[54] & 3,
            rate=float(np.clip(row["rate"] * 2.0 ** (np.clip(cents, -_MOST_CENTS, _MOST_CENTS) / 1200), *_RATES)),
            gain_db=gain_db,
            pan=float(np.clip(g[17] / 500, -1, 1)),
            delay_s=_seconds(g[33]),
            attack_s=_seconds(g[34]),
            hold_s=_seconds(g[35] + g[39] * from_middle),
            decay_s=_seconds(g[36] + g[40] * from_middle),
            sustain_db=-0.1 * float(np.clip(g[37], 0, 1440)),
            release_s=_seconds(g[38]),
            cutoff_hz=_HZ_AT_ZERO_CENTS * 2.0 ** (min(g[8], 13_500) / 1200),
            resonance_db=0.1 * float(np.clip(g[9], 0, 960)),
            sweep_cents=float(g[11]),
            sweep_attack_s=_seconds(g[26]),
            sweep_hold_s=_seconds(g[27]),
            sweep_decay_s=_seconds(g[28]),
            sweep_sustain=1 - float(np.clip(g[29], 0, 1000)) / 1000,
            tremolo_db=0.1 * float(g[13]),
            tremolo_delay_s=_seconds(g[21]),
            tremolo_hz=_HZ_AT_ZERO_CENTS * 2.0 ** (float(np.clip(g[22], -16_000, 4_500)) / 1200),
        )

    def _decode(self, sample: int) -> NDArray[np.float32]:
        row = self._font.tables["shdr"][sample]
        start, end = int(row["start"]), int(row["end"])
        if not row["kind"] & VORBIS_FLAG:
            pcm = np.frombuffer(self._font.data[2 * start : 2 * end], dtype="<i2")
            return (pcm / np.float32(32_768)).astype(np.float32)
        try:
            waveform, _ = soundfile.read(io.BytesIO(self._font.data[start:end]), dtype="float32", always_2d=True)
        except soundfile.SoundFileError as error:
            raise SoundFontError(f"{self._name}: sample {text(row['name'])!r}: not Ogg Vorbis: {error}") from error
        return np.ascontiguousarray(waveform[:, 0])


def _gain_db(attenuation: int, added: Mapping[int, float], velocity: int) -> float:
    """Return a region's gain beyond that of the default curve of velocity.

    Args:
        attenuation: Of the generator, centibels; E-mu's hardware, which fonts are voiced for, takes 0.4 of it.
        added: By modulators, centibels, to each generator.
    """
    total = min(_MOST_ATTENUATION, max(0.0, 0.4 * max(0, attenuation) + added.get(ATTENUATION, 0.0)))
    by_default = modulated([DEFAULT_MODULATORS], _MIDDLE_KEY, velocity)[ATTENUATION] if velocity < 127 else 0.0
    return 0.1 * (by_default - total)


def _signed(amount: int) -> int:
    return amount - 65_536 if amount >= 32_768 else amount


def _span(packed: int) -> tuple[int, int]:
    """Return the lowest and highest value of a range generator."""
    return packed & 0xFF, (packed & 0xFFFF) >> 8


def _seconds(timecents: int) -> float:
    """Return timecents as seconds; below -12000 the specification means "at once"."""
    return 0.0 if timecents <= -12_000 else math.pow(2.0, min(timecents, 8_000) / 1200)
