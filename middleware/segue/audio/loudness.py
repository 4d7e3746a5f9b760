"""Loudness (K-weighting, integrated and short-term, EBU R128) and true peak. S samples, C channels, 48 kHz.

Source: ITU-R BS.1770-4, with the two filters of annex 1, tables 1 and 2; EBU Tech 3341 (2016).
"""

from __future__ import annotations

import math
from functools import lru_cache
from typing import Final

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from segue.audio.biquads import filtered
from segue.contract import SAMPLE_RATE, Samples

# Second-order sections for 48 kHz as printed: a shelf for the head, then a high-pass (RLB).
K_WEIGHTING: Final = np.array(
    [
        [1.53512485958697, -2.69169618940638, 1.19839281085285, 1.0, -1.69065929318241, 0.73248077421585],
        [1.0, -2.0, 1.0, 1.0, -1.99004745483398, 0.99007225036621],
    ]
)
# Loudness in LUFS is this plus 10 log10 of the summed channel powers.
LOUDNESS_OFFSET: Final = -0.691
SHORT_TERM_S: Final = 3.0
# Gating blocks of 400 ms begin every 100 ms; GATING_STEP is in samples.
GATING_STEP: Final = SAMPLE_RATE // 10
GATING_BLOCK_STEPS: Final = 4
# Samples after which the filters' response has fallen by 200 dB; a second and two of them fit into a spectrum.
_RESPONSE: Final = 4_800
_SPECTRUM: Final = 1 << 16
_ABSOLUTE_GATE_LUFS: Final = -70.0
_RELATIVE_GATE_LU: Final = -10.0
OVERSAMPLING: Final = 4
# 24 taps a phase keep the peaks of tones up to 20 kHz within 0.1 dB; the 12 of BS.1770's example are 0.4 dB off.
_TAPS: Final = 24
# Samples on each side that the true peak at a sample depends on.
PEAK_CONTEXT: Final = _TAPS // 2
_KAISER_BETA: Final = 8.0
# Samples looked at together: they and what is computed of them stay in the processor's cache.
_BLOCK: Final = 4_096
# Samples whose peaks are one row of a matrix product.
_STRETCH: Final = 32


def k_weighted(samples: NDArray[np.floating]) -> NDArray[np.float64]:
    """Weight [S, C] at 48 kHz as the loudness measure does: float64 [S, C]."""
    return filtered(K_WEIGHTING, samples)[0]


def loudness(power: float) -> float:
    """Return the LUFS of a summed mean square of K-weighted channels; -inf for silence."""
    return LOUDNESS_OFFSET + 10 * float(np.log10(power)) if power > 0 else -float("inf")


def integrated_loudness(samples: Samples) -> float:
    """Measure the gated loudness of a sound as a whole.

    It needs NumPy alone: `segue check` measures sounds without importing SciPy.

    Args:
        samples: [S, C], C of 1 or 2.
    Returns:
        LUFS; -inf for silence or less than 400 ms.
    """
    steps = len(samples) // GATING_STEP
    if steps < GATING_BLOCK_STEPS:
        return -math.inf
    # The filters as a product of spectra, a second at a time behind as much sound as the filters still respond to.
    response, energies = _k_weighting_response(), list[NDArray[np.float64]]()
    padded = np.pad(samples[: steps * GATING_STEP].T.astype(np.float64), ((0, 0), (_RESPONSE, 0)))
    for start in range(0, steps * GATING_STEP, SAMPLE_RATE):
        block = padded[:, start : start + _RESPONSE + SAMPLE_RATE]
        weighted = np.fft.irfft(np.fft.rfft(block, _SPECTRUM) * response, _SPECTRUM)[:, _RESPONSE : block.shape[1]]
        energies.append((weighted.reshape(len(weighted), -1, GATING_STEP) ** 2).sum(axis=(0, 2)))
    windows = sliding_window_view(np.concatenate(energies), GATING_BLOCK_STEPS)
    return gated_loudness(windows.sum(axis=1) / (GATING_BLOCK_STEPS * GATING_STEP))


def gated_loudness(powers: NDArray[np.float64]) -> float:
    """Average gating blocks as BS.1770 does: without those that are silent, or far below the others.

    Args:
        powers: Of blocks of 400 ms that begin every 100 ms: the mean square after K-weighting, summed over channels.
    Returns:
        LUFS; -inf if all blocks are silent.
    """
    loud = powers[powers > _power(_ABSOLUTE_GATE_LUFS)]
    if not len(loud):
        return -math.inf
    return loudness(float(loud[loud > _power(loudness(float(loud.mean())) + _RELATIVE_GATE_LU)].mean()))


def _power(lufs: float) -> float:
    return 10 ** ((lufs - LOUDNESS_OFFSET) / 10)


@lru_cache(maxsize=1)
def _k_weighting_response() -> NDArray[np.complex128]:
    """The response of the K-weighting filters at the frequencies of `rfft` of _SPECTRUM samples."""
    delay = np.exp(-2j * np.pi * np.arange(_SPECTRUM // 2 + 1) / _SPECTRUM)
    # Not as a product of matrices: for that NumPy wakes a thread for each core, which costs more than the sum.
    shelf, high_pass = (
        np.polyval(section[2::-1], delay) / np.polyval(section[:2:-1], delay) for section in K_WEIGHTING
    )
    return np.asarray(shelf * high_pass, np.complex128)


def true_peak_db(samples: Samples) -> float:
    """Return the highest level between and at samples of [S, C], in dBTP; -inf for silence."""
    peak = float(oversampled_peaks(samples, edge=False).max(initial=0))
    return 20 * math.log10(peak) if peak > 0 else -math.inf


def oversampled_peaks(samples: Samples, *, edge: bool) -> NDArray[np.float32]:
    """Return the largest magnitude around each sample over all channels, at four times the rate.

    Args:
        edge: Whether `samples` [S, C] come with PEAK_CONTEXT samples of context on both sides, which get no value of
            their own: the result is then float32 [S - 2 * PEAK_CONTEXT], else [S] as if silence surrounded them.
    """
    padded = samples if edge else np.pad(samples, ((PEAK_CONTEXT, PEAK_CONTEXT), (0, 0)))
    planar = np.ascontiguousarray(padded.T, np.float32)
    length = len(padded) - _TAPS
    blocks = [_peaks(planar[:, at : min(at + _BLOCK, length) + _TAPS]) for at in range(0, length, _BLOCK)]
    return np.concatenate(blocks) if blocks else np.zeros(0, np.float32)


def highest_peak(samples: Samples, floor: float) -> float:
    """Return the largest of `oversampled_peaks(samples, edge=True)`, or `floor` where none is larger.

    It oversamples only where the samples are high enough to exceed `floor`, as one matrix product. The result differs
    from `oversampled_peaks` by rounding alone.

    Args:
        samples: [S, C] with PEAK_CONTEXT samples of context on both sides.
        floor: A magnitude >= 0, such as the largest peak found so far.
    """
    length = len(samples) - _TAPS
    if length < _STRETCH:
        return max(floor, float(oversampled_peaks(samples, edge=True).max(initial=0)))
    if max(float(samples.max()), -float(samples.min())) * peak_bound() <= floor:
        return floor
    inner = samples[PEAK_CONTEXT:-PEAK_CONTEXT]
    # The filter passes the samples themselves with a gain that differs from 1 by 2e-5.
    gain = float(_phases()[OVERSAMPLING // 2].max())
    highest = max(floor, gain * float(inner.max()), -gain * float(inner.min()))
    windows = sliding_window_view(samples, _STRETCH + _TAPS, axis=0)
    # Highest magnitude in each stretch of samples; a window lies in two of them.
    padded = np.pad(samples, ((0, -len(samples) % _STRETCH), (0, 0)))
    levels = np.abs(padded).reshape(-1, _STRETCH * samples.shape[1]).max(axis=1)
    first = np.arange(0, length - _STRETCH + 1, _STRETCH)
    high = np.maximum(levels[:-1], levels[1:])[: len(first)] * peak_bound() > highest
    # The last window overlaps the one before, so that no sample is left over.
    chosen = windows[np.append(first[high], length - _STRETCH)].reshape(-1, _STRETCH + _TAPS)
    dense = chosen @ _stretch_filter()
    return max(highest, float(dense.max()), -float(dense.min()))


@lru_cache(maxsize=1)
def peak_bound() -> float:
    """Return the factor by which `oversampled_peaks` can exceed the largest of its samples."""
    return float(np.abs(_phases().astype(np.float64)).sum(axis=1).max())


def _peaks(planar: NDArray[np.float32]) -> NDArray[np.float32]:
    """`oversampled_peaks` of [C, S] with context: float32 [S - 2 * PEAK_CONTEXT]."""
    length = planar.shape[1] - _TAPS
    dense = np.zeros((OVERSAMPLING, len(planar), length), np.float32)
    scaled = np.empty_like(dense)
    # Sums taken one tap after the other, so that no result depends on where a block begins.
    for offset, gains in enumerate(_phases().T):
        np.multiply(planar[:, offset : offset + length], gains[:, None, None], out=scaled)
        dense += scaled
    np.abs(dense, out=dense)
    return np.asarray(dense.max(axis=(0, 1)), np.float32)


@lru_cache(maxsize=1)
def _stretch_filter() -> NDArray[np.float32]:
    """Return `_phases` of _STRETCH consecutive samples as one matrix, float32 [_STRETCH + TAPS, 3 * _STRETCH].

    The phase of the samples themselves is left out.
    """
    between = np.delete(_phases(), OVERSAMPLING // 2, axis=0)
    filters = np.zeros((_STRETCH, len(between), _STRETCH + _TAPS), np.float32)
    for sample in range(_STRETCH):
        filters[sample, :, sample : sample + _TAPS + 1] = between
    return np.ascontiguousarray(filters.reshape(-1, _STRETCH + _TAPS).T)


@lru_cache(maxsize=1)
def _phases() -> NDArray[np.float32]:
    """Gains of the TAPS + 1 samples around one, for each of the points looked at: float32 [OVERSAMPLING, TAPS + 1].

    The points lie half a sample before it to a quarter of one after. The filter behind them is a low-pass at the old
    Nyquist frequency by a Kaiser window, of unit gain per phase and odd length: whole samples pass unchanged.
    """
    length = OVERSAMPLING * _TAPS + 1
    taps = np.sinc((np.arange(length) - length // 2) / OVERSAMPLING) * np.kaiser(length, _KAISER_BETA)
    taps *= OVERSAMPLING / taps.sum()
    points, offsets = np.arange(OVERSAMPLING)[:, None], np.arange(_TAPS + 1)
    wanted = length - 1 - OVERSAMPLING // 2 + points - OVERSAMPLING * offsets
    inside = (wanted >= 0) & (wanted < length)
    return np.where(inside, taps[np.where(inside, wanted, 0)], 0).astype(np.float32)
