"""Tuning the samples of a cut: each is measured at its own key, and its error is written into its record.

A sample is corrected only where two estimates agree: the frequency at which a comb of eight harmonics catches most of
the spectrum, and the lag at which the sound is most like itself.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from segue.contract import SAMPLE_RATE
from segue.score.sampler import voice
from segue.score.sampler.regions import SampleBank
from segue.score.sampler.soundfont import SoundFont

# Sounds change most at their start; bowed and blown ones have found their pitch after this.
_SKIP: Final = SAMPLE_RATE // 20
_SPAN: Final = SAMPLE_RATE * 3 // 4
_SEARCH_CENTS: Final = 60.0
_AGREE_CENTS: Final = 8.0
# Beats between players and vibrato make anything finer meaningless.
_CORRECT_FROM_CENTS: Final = 3.0
_HARMONICS: Final = 8
_VELOCITY: Final = 100


def retuned(font: SoundFont, programs: Iterable[int]) -> tuple[SoundFont, dict[int, float]]:
    """`font` with the samples of `programs` in tune, and the cents each corrected sample (row of shdr) was off."""
    bank = SampleBank(font, "cut")
    errors: dict[int, list[float]] = {}
    for program in programs:
        for key in range(21, 109):
            for region in bank.regions(program, key, _VELOCITY, drums=False):
                # Heard at the key nearest to how it was recorded: the fewest cents of resampling.
                recorded = float(font.tables["shdr"]["rate"][region.sample])
                if abs(np.log2(region.rate / recorded)) < 1 / 24:
                    wave = voice.source(region, bank.waveform(region.sample), 0, _SKIP + _SPAN)
                    error = pitch_error_cents(wave[_SKIP:], key)
                    if error is not None:
                        errors.setdefault(region.sample, []).append(error)
    records = font.tables["shdr"].copy()
    corrected = {}
    for sample, cents in errors.items():
        error = float(np.median(cents))
        if abs(error) >= _CORRECT_FROM_CENTS:
            corrected[sample] = error
            records["correction"][sample] = np.clip(int(records["correction"][sample]) - round(error), -127, 127)
    return replace(font, tables={**font.tables, "shdr": records}), corrected


def pitch_error_cents(wave: NDArray[np.float32], key: int) -> float | None:
    """How far `wave` [S] at 48 kHz is above `key`, in cents; None if its pitch is not clear or more than 60 off."""
    if len(wave) < _SPAN // 3 or not np.any(wave):
        return None
    hertz = 440.0 * 2 ** ((key - 69) / 12)
    windowed = wave.astype(np.float64) * np.hanning(len(wave))
    by_comb = _comb_error(windowed, hertz)
    by_lag = _lag_error(windowed, hertz)
    return by_comb if abs(by_comb - by_lag) <= _AGREE_CENTS and abs(by_comb) < _SEARCH_CENTS else None


def _comb_error(windowed: NDArray[np.float64], hertz: float) -> float:
    size = 1 << 18
    spectrum = np.abs(np.fft.rfft(windowed, size))
    cents = np.arange(-_SEARCH_CENTS, _SEARCH_CENTS + 0.5, 0.5)
    bins = hertz * 2 ** (cents / 1200) * size / SAMPLE_RATE
    caught = np.zeros(len(cents))
    for harmonic in range(1, _HARMONICS + 1):
        if bins.max() * harmonic < len(spectrum) - 1:
            caught += np.interp(bins * harmonic, np.arange(len(spectrum)), spectrum)
    return float(cents[int(np.argmax(caught))])


def _lag_error(windowed: NDArray[np.float64], hertz: float) -> float:
    """By the autocorrelation peak some periods away, sampled finely by zero-padding its spectrum."""
    size, finer = 1 << 17, 8
    power = np.abs(np.fft.rfft(windowed, size)) ** 2
    alike = np.fft.irfft(power, size * finer)
    period = SAMPLE_RATE * finer / hertz
    # Peaks of neighbouring periods must stay further apart than what is searched.
    periods = int(np.clip(2_000 * finer / period, 1, 8))
    lags = np.arange(
        int(periods * period * 2 ** (-_SEARCH_CENTS / 1200)), int(periods * period * 2 ** (_SEARCH_CENTS / 1200)) + 2
    )
    found = int(lags[int(np.argmax(alike[lags]))])
    return float(1200 * np.log2(periods * period / found))
