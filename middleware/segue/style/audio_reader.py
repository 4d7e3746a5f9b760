"""A recording to a style profile: the nearest named style, and what can be measured where it is sure.

The audio tower embeds the recording among the words; the nearest styles give the whole profile, as of a text. Then
tempo, meter, drums, density and width are set where a measurement is sure enough; segue/weights/tower/TOWER.md
says how often that is right.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from hashlib import sha256
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from segue.contract import Samples
from segue.style.changes import StyleSource, bounded
from segue.style.measures import NOTE_NAMES, SURE_TEMPO, SURE_THREEFOLD, Measures, measured
from segue.style.points import NamedStyle
from segue.style.spectra import bands, checked, descriptors, spectra
from segue.style.text_reader import blended, near_styles, nearest, text_reader
from segue.style.text_warnings import StyleWarning
from segue.style.tower import HEADS, tower
from segue.style_profile import StyleProfile

# A recording less like every style than this resembles nothing that the composer plays.
TOO_FAR: Final = 0.45
# The tempo to expect and how far it may lie off, in octaves: that of a style, else that of music in general.
_STYLE_OCTAVES: Final = 0.45
_USUAL_BPM, _ANY_OCTAVES = 110.0, 1.0
# From here on the tower is sure enough to outrank the style.
_SURE_DRUMS: Final = 0.4
# Notes a second count as more or fewer than the style's from this factor on, in octaves.
_SURE_DENSITY: Final = 1.0
_DENSITY_SLOPE: Final = 0.2
_NARROW_DB: Final = -17.0
_WIDE_DB: Final = -2.0
# Power of what counts as nothing, as a share: -40 dB.
_EMPTY: Final = 1e-4


@dataclass(frozen=True, kw_only=True)
class AudioReading:
    """What was made of a recording.

    Attributes:
        profile: How it is to be played.
        embedding: In the space of the word table, float32 [W], unit length.
        sources: The base first, then every axis that was measured, then what no axis has.
        nearest: The nearest named styles with their cosines in [-1, 1], the base first.
        similarity: The greatest cosine with any style.
        warnings: What a user should know.
    """

    profile: StyleProfile
    embedding: NDArray[np.float32]
    sources: tuple[StyleSource, ...]
    nearest: tuple[tuple[str, float], ...]
    similarity: float
    warnings: tuple[StyleWarning, ...]


# The last recording that was read, by its digest: a prompt's profile and embedding are asked for one after the other.
_last: tuple[bytes, AudioReading] | None = None


def read_recording(samples: Samples) -> AudioReading:
    """Read a recording, float32 [S, 2] at 48 kHz.

    Raises:
        ValueError: For sound that is not stereo, too short, not finite or silent.
    """
    global _last
    middle = checked(samples)
    digest = sha256(middle.tobytes()).digest()
    last = _last
    if last is not None and last[0] == digest:
        return last[1]
    reading = _read(middle)
    _last = digest, reading
    return reading


def _read(recorded: Samples) -> AudioReading:
    audible, fault = _audible(recorded)
    sound = spectra(audible)
    heard = bands(sound)
    found = tower().hear(descriptors(heard)[None])
    cosines = text_reader().index.cosines([float(value) for value in found.embeddings[0]])
    weights = near_styles(cosines)
    base = next(iter(weights))
    likeness = max(cosines)
    # Music like no style may have any tempo.
    expected = (base.profile.tempo_bpm, _STYLE_OCTAVES) if likeness >= TOO_FAR else (_USUAL_BPM, _ANY_OCTAVES)
    measures = measured(sound, heard, *expected)
    heads = dict(zip(HEADS, map(float, found.heads[0]), strict=True))
    profile, sources = _measured_over(base, blended(base, weights), measures, heads)
    words = f"nearest to the recording, likeness {likeness:.2f}"
    return AudioReading(
        profile=profile,
        embedding=found.embeddings[0],
        sources=(StyleSource(axis="style", value=base.name, words=words), *sources, *_unused(measures)),
        nearest=nearest(list(weights), cosines),
        similarity=likeness,
        warnings=tuple(_warnings(likeness, fault)),
    )


def _audible(recorded: Samples) -> tuple[Samples, str]:
    """A recording, or the one sound that channels hold which are empty or cancel each other out, and what was wrong."""
    left, right = (float(power) for power in np.mean(np.square(recorded, dtype=np.float64), axis=0))
    if min(left, right) < _EMPTY * max(left, right):
        channel, name = (0, "left") if left > right else (1, "right")
        return np.repeat(recorded[:, channel : channel + 1], 2, axis=1), f"only the {name} channel holds sound"
    if float(np.mean(np.square(recorded.sum(axis=1, dtype=np.float64)))) < _EMPTY * (left + right):
        return recorded[:, [0, 0]], "its channels cancel each other out: one has the wrong polarity"
    return recorded, ""


def _warnings(likeness: float, fault: str) -> Iterator[StyleWarning]:
    if fault:
        yield StyleWarning(code="audio_prompt", text=f"{fault}; the recording is read as mono")
    if likeness < TOO_FAR:
        text = f"the recording resembles no style well (likeness {likeness:.2f}); a text says more"
        yield StyleWarning(code="audio_prompt", text=text)


def _measured_over(
    base: NamedStyle, profile: StyleProfile, measures: Measures, heads: dict[str, float]
) -> tuple[StyleProfile, list[StyleSource]]:
    """Set the axes of which a measurement is sure."""
    changes: dict[str, Any] = {}
    sources: list[StyleSource] = []

    def put(axis: str, value: Any, words: str) -> None:
        changes[axis] = value
        shown = f"{value:g}" if isinstance(value, float) else str(value)
        sources.append(StyleSource(axis=axis, value=shown, words=words))

    if measures.tempo_strength >= SURE_TEMPO:
        others = " or ".join(f"{bpm:.0f}" for bpm in measures.other_tempos_bpm)
        words = f"measured from the onsets{f'; may be {others} bpm' if others else ''}"
        put("tempo_bpm", bounded("tempo_bpm", round(measures.tempo_bpm, 1)), words)
        if measures.threefold >= SURE_THREEFOLD and profile.meter % 3:
            put("meter", 3, "bars of three beats repeat")
        elif measures.threefold <= -SURE_THREEFOLD and profile.meter in (3, 6, 9):
            put("meter", 4, "bars of four beats repeat")
    if heads["drums"] <= -_SURE_DRUMS and profile.groove != "none":
        put("groove", "none", "no drums are heard")
    elif heads["drums"] >= _SURE_DRUMS and profile.groove == "none":
        put("groove", "straight", "drums are heard")
    usual = tower().usual_notes(base.name)
    octaves = float(np.log2(max(0.1, np.expm1(heads["notes"])) / usual))
    if abs(octaves) >= _SURE_DENSITY:
        value = bounded("density", min(0.9, max(0.1, profile.density + _DENSITY_SLOPE * octaves)))
        put("density", value, f"some {np.expm1(heads['notes']):.0f} notes a second, the style has {usual:.0f}")
    if np.isfinite(measures.side_db):
        words = f"difference of the channels over their sum {measures.side_db:.0f} dB"
        if measures.side_db <= _NARROW_DB:
            put("width", bounded("width", min(profile.width, 0.25)), words)
        elif measures.side_db >= _WIDE_DB:
            put("width", bounded("width", max(profile.width, 0.75)), words)
    return replace(profile, **changes), sources


def _unused(measures: Measures) -> Iterator[StyleSource]:
    """What was measured and sets nothing: the key, the brightness, how far loud and quiet lie apart."""
    key = f"{NOTE_NAMES[measures.tonic]} {'major' if measures.majorness > 0 else 'minor'}"
    words = f"{key} fits the pitches best, which is no sure sign; sets nothing"
    yield StyleSource(axis="key", value=key, words=words)
    yield StyleSource(
        axis="brightness",
        value=f"{measures.top_hz:.0f} Hz",
        words=f"99 % of the power lies below {measures.top_hz:.0f} Hz; left to the style",
    )
    dynamics = f"{measures.loudness_range_db:.0f} dB"
    words = f"{dynamics} from quiet to loud moments; left to `intensity` of the rules"
    yield StyleSource(axis="dynamics", value=dynamics, words=words)
