"""Renders a style profile without a session, for training and measurements."""

from __future__ import annotations

import numpy as np

from segue.contract import FRAME_RATE, MODES, TICKS_PER_BEAT, Chunk, Conditioning, Request, StyleBank
from segue.score.generator import ScoreGenerator
from segue.style_profile import StyleProfile


def rendered(
    generator: ScoreGenerator,
    profile: StyleProfile,
    seed: int,
    *,
    seconds: int,
    intensity: float = 0.6,
    temperature: float = 1.0,
    tonic: int = -1,
    start_bar: int = 0,
) -> Chunk:
    """Return the music of a profile at its own tempo and meter.

    Args:
        generator: Plays it.
        profile: The style.
        seed: Of the music.
        seconds: Its length.
        intensity: As of Conditioning.
        temperature: As of Conditioning.
        tonic: Pitch class, for profiles whose scale is one of MODES; -1 for the composer's choice.
        start_bar: The bar of the form with which it begins.
    """
    mode = MODES.index(profile.scale) if tonic >= 0 else -1
    milli_bpm = round(profile.tempo_bpm * 1000)
    bar_ticks = profile.meter * TICKS_PER_BEAT
    first, frames = start_bar * bar_ticks // milli_bpm, seconds * FRAME_RATE
    ticks = np.arange(first, first + frames, dtype=np.int64) * milli_bpm
    conditioning = Conditioning(
        frame=first,
        weights=np.ones((frames, 1), np.float32),
        tempo_bpm=np.full(frames, milli_bpm / 1000, np.float32),
        ticks=ticks,
        bar=(ticks // bar_ticks).astype(np.int32),
        bar_ticks=ticks // bar_ticks * bar_ticks,
        meter=np.full(frames, profile.meter, np.int8),
        tonic=np.full(frames, tonic, np.int8),
        mode=np.full(frames, mode, np.int8),
        drums=np.full(frames, -1, np.int8),
        intensity=np.full(frames, intensity, np.float32),
        temperature=np.full(frames, temperature, np.float32),
        guidance=np.ones(frames, np.float32),
    )
    bank = StyleBank(names=("it",), embeddings=np.ones((1, 1), np.float32), profiles=(profile,))
    request = Request(state=generator.start(seed=seed, frame=first), styles=bank, conditioning=conditioning)
    return generator.generate([request])[0].chunk
