"""Classifies audio by situation: features of four-second windows, and a linear discriminant fitted to them.

It uses audio only, no notes and no tables of the composer. W windows, F features, M situations.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from segue.contract import SAMPLE_RATE, Samples

WINDOW_S: Final = 4.0
HOP_S: Final = 2.0
_FFT: Final = 2_048
_STEP: Final = 960
_MEL_BANDS: Final = 48
_SHRINKAGE: Final = 0.3


def _mel_matrix() -> NDArray[np.float64]:
    """Return triangular filters from 40 Hz to 18 kHz, [bins, _MEL_BANDS]."""
    edges = 700 * (10 ** (np.linspace(_mel(40), _mel(18_000), _MEL_BANDS + 2) / 2595) - 1)
    bins = np.fft.rfftfreq(_FFT, 1 / SAMPLE_RATE)[:, None]
    low, centre, high = edges[:-2], edges[1:-1], edges[2:]
    return np.maximum(0, np.minimum((bins - low) / (centre - low), (high - bins) / (high - centre)))


def _mel(frequency: float) -> float:
    return float(2595 * np.log10(1 + frequency / 700))


_MEL: Final = _mel_matrix()


def windows(samples: Samples) -> list[Samples]:
    """Cut audio into windows of four seconds, one every two seconds."""
    size, hop = round(WINDOW_S * SAMPLE_RATE), round(HOP_S * SAMPLE_RATE)
    return [samples[start : start + size] for start in range(0, len(samples) - size + 1, hop)]


def features(samples: Samples) -> NDArray[np.float64]:
    """Compute the features of one window, [F]: timbre and its movement, attacks, pulse, stereo width.

    Level is left out, so that the classifier cannot recognise a situation by how loud it was mixed; key is too.
    """
    scaled = samples / max(float(np.sqrt(np.mean(np.square(samples)))), 1e-6)
    mono = scaled.mean(axis=1)
    frames = np.lib.stride_tricks.sliding_window_view(mono, _FFT)[::_STEP] * np.hanning(_FFT)
    power = np.abs(np.fft.rfft(frames, axis=1)) ** 2
    mel = np.log10(power @ _MEL + 1e-2)
    flux = np.maximum(np.diff(mel, axis=0), 0)
    attacks = flux.mean(axis=1)
    flatness = np.log10(np.exp(np.log(power + 1e-6).mean(axis=1)) / (power.mean(axis=1) + 1e-6))
    sides = scaled[:, 0] - scaled[:, 1]
    width = float(np.mean(np.square(sides)) / (np.mean(np.square(scaled.sum(axis=1))) + 1e-9))
    return np.concatenate(
        [
            mel.mean(axis=0),
            mel.std(axis=0),
            flux.mean(axis=0) * 4,
            _pulse(attacks),
            [attacks.mean() * 8, attacks.std() * 8, np.percentile(attacks, 90) * 8],
            [flatness.mean(), flatness.std(), np.log10(width + 1e-3)],
        ]
    )


def _pulse(attacks: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the autocorrelation of the attacks at lags of 0.1 to 1 s."""
    centred = attacks - attacks.mean()
    whole = float(centred @ centred) + 1e-9
    return np.array([float(centred[:-lag] @ centred[lag:]) / whole for lag in range(5, 50, 3)])


@dataclass(frozen=True, kw_only=True)
class SituationClassifier:
    """A fitted linear discriminant with a shrunk covariance. labels: M names."""

    labels: tuple[str, ...]
    mean: NDArray[np.float64]
    scale: NDArray[np.float64]
    weights: NDArray[np.float64]
    bias: NDArray[np.float64]

    def scores(self, rows: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return how well each label fits each row, [W, M]."""
        return (rows - self.mean) / self.scale @ self.weights + self.bias

    def classify(self, rows: NDArray[np.float64]) -> list[str]:
        """Return the label that fits each row best."""
        return [self.labels[index] for index in self.scores(rows).argmax(axis=1)]


def fit(rows: NDArray[np.float64], names: list[str]) -> SituationClassifier:
    """Fit a classifier to features `rows` [W, F] of the situations `names` [W]."""
    labels = tuple(sorted(set(names)))
    owners = np.array([labels.index(name) for name in names])
    mean, scale = rows.mean(axis=0), rows.std(axis=0) + 1e-6
    scaled = (rows - mean) / scale
    centres = np.stack([scaled[owners == index].mean(axis=0) for index in range(len(labels))])
    within = scaled - centres[owners]
    covariance = within.T @ within / len(within)
    covariance = (1 - _SHRINKAGE) * covariance + _SHRINKAGE * np.eye(len(covariance)) * np.trace(covariance) / len(
        covariance
    )
    weights = np.linalg.solve(covariance, centres.T)
    return SituationClassifier(
        labels=labels, mean=mean, scale=scale, weights=weights, bias=-0.5 * np.sum(centres.T * weights, axis=0)
    )


def confusion(truth: list[str], guesses: list[str], labels: tuple[str, ...]) -> NDArray[np.int64]:
    """Count how often each situation was classified as each, [true, guessed]."""
    table = np.zeros((len(labels), len(labels)), np.int64)
    for true, guess in zip(truth, guesses, strict=True):
        table[labels.index(true), labels.index(guess)] += 1
    return table


def table_text(table: NDArray[np.int64], labels: tuple[str, ...]) -> str:
    """Write a confusion matrix in columns, in per cent of each row."""
    share = 100 * table / np.maximum(1, table.sum(axis=1, keepdims=True))
    head = " " * 12 + "".join(f"{label[:4]:>5}" for label in labels)
    rows = [
        f"{label:12}" + "".join("    ." if value < 0.5 else f"{value:5.0f}" for value in row)
        for label, row in zip(labels, share, strict=True)
    ]
    return "\n".join([head, *rows])


def spearman(first: NDArray[np.float64], second: NDArray[np.float64]) -> float:
    """Return Spearman's rank correlation."""
    ranks = [np.argsort(np.argsort(values)).astype(float) for values in (first, second)]
    return float(np.corrcoef(ranks[0], ranks[1])[0, 1])
