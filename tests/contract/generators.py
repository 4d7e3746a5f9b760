"""The generators that the contract tests cover, and conditioning for them.

To cover a new generator, add its constructor to GENERATORS.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import cache
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pytest
from numpy.typing import NDArray

from segue.contract import (
    FRAME_SIZE,
    MODES,
    TICKS_PER_BEAT,
    Codec,
    Conditioning,
    Generator,
    NoteEvent,
    Request,
    Samples,
    StyleBank,
)
from segue.score.generator import ScoreGenerator
from segue.score.sampler.sampler import Sampler
from segue.style.points import POINTS
from segue.style.situations import CAPTIONS, SITUATIONS

if TYPE_CHECKING:
    from segue.model.native.library import Library
    from segue.model.parts import PlayableModel


class CaptionEncoder:
    """A StyleEncoder for the situations' captions only; the embedding of a caption is its situation's axis."""

    name: Final = "captions"
    dimension: Final = len(SITUATIONS)

    def embed_text(self, text: str) -> NDArray[np.float32]:
        for axis, name in zip(np.eye(self.dimension, dtype=np.float32), SITUATIONS, strict=True):
            if text in CAPTIONS[name]:
                return axis
        raise ValueError(f"{text!r}: expected a caption")

    def embed_audio(self, samples: Samples) -> NDArray[np.float32]:
        raise NotImplementedError("expected a caption, not audio")

    def unknown_words(self, text: str) -> tuple[str, ...]:
        return ()


@cache
def score() -> ScoreGenerator:
    return ScoreGenerator(Sampler())


@cache
def language_model() -> Generator[Any]:
    """Make the generator of the bundled model with random weights, which follow no control, and a codec for tests."""
    from contract.step_codec import StepCodec
    from segue.model.config import SEGUE_TINY, FeatureConditioning
    from segue.model.engine import Engine
    from segue.model.generator import bundled_generator
    from segue.model.weights import random_weights

    config = replace(SEGUE_TINY, conditioning=FeatureConditioning(style_width=len(SITUATIONS)))
    generator = bundled_generator(Engine(config, random_weights(config, 3)), StepCodec())
    generator.controls = frozenset()
    return generator


def integer_kernels() -> Library:
    """Return the compiled kernels; a test that needs them is skipped, with the reason, where there are none."""
    from segue.model.native.compiler import NativeError
    from segue.model.native.library import load

    try:
        return load()
    except NativeError as error:
        pytest.skip(f"no integer kernels: {error}")


@cache
def tiny_codec(library: Library | None) -> Codec[Any]:
    """Make a reduced SpectroStream of four codebooks with random weights, at the real rate.

    Args:
        library: The kernels that it is computed with; None for XLA.
    """
    from segue.model.config import MRT2_TINY
    from segue.model.parts import streaming_codec
    from segue.model.spectrostream.config import SPECTROSTREAM, SPECTROSTREAM_TINY
    from segue.model.spectrostream.weights import lazy_random_decoder

    sizes = replace(
        SPECTROSTREAM_TINY,
        hop=SPECTROSTREAM.hop,
        decoder_width=2,
        strides=((2, 6), (2, 8)),
        multipliers=(2, 2),
    )
    return streaming_codec(MRT2_TINY, sizes, lazy_random_decoder(sizes, 3), None, library)


@cache
def mrt2_model(library: Library | None = None) -> PlayableModel:
    """Make a reduced Magenta RealTime 2 with random weights, and an encoder of its styles, and compile it.

    Args:
        library: The kernels that it is computed with; None for XLA.
    """
    import jax

    from segue.model.config import MRT2_TINY, TokenConditioning
    from segue.model.mrt2 import mrt2_engine, mrt2_generator, nearest_tokens
    from segue.model.parts import NoiseEncoder, PlayableModel
    from segue.model.weights import random_weights

    tokens = TokenConditioning(style_levels=3, style_cardinality=11, style_width=len(SITUATIONS))
    # Few layers, because compiling takes most of the time.
    temporal, depth = replace(MRT2_TINY.temporal, layers=1), replace(MRT2_TINY.depth, layers=1)
    config = replace(MRT2_TINY, conditioning=tokens, temporal=temporal, depth=depth)
    engine = mrt2_engine(config, random_weights(config, 3), library)
    quantise = nearest_tokens(engine.fused.encoder, tokens)
    encoder = NoiseEncoder(tokens.style_width)
    name = "" if library is None else f"{config.name}-integers"
    generator = mrt2_generator(engine, tiny_codec(library), encoder=encoder.name, quantise=quantise, name=name)
    # Without XLA's costly passes, compiling takes half the time.
    before = jax.config.values["jax_disable_most_optimizations"]
    jax.config.update("jax_disable_most_optimizations", True)
    played = generator.generate([Request(state=generator.start(seed=1), styles=bank("calm"), conditioning=steady(70))])
    generator.unpack(generator.pack(played[0].state), frame=70)
    jax.config.update("jax_disable_most_optimizations", before)
    return PlayableModel(encoder, generator)


def mrt2() -> Generator[Any]:
    """Return the generator of a reduced Magenta RealTime 2, whose random weights follow no control."""
    generator = mrt2_model().generator
    generator.controls = frozenset()
    return generator


def mrt2_in_integers() -> Generator[Any]:
    """Return the same, computed by the integer kernels."""
    generator = mrt2_model(integer_kernels()).generator
    generator.controls = frozenset()
    return generator


@cache
def mrt1_model(library: Library | None = None) -> PlayableModel:
    """Make a reduced Magenta RealTime 1 with random weights, and an encoder of its styles, and compile it.

    Args:
        library: The kernels that it is computed with; None for XLA.
    """
    import jax

    from segue.model.mrt1.config import MRT1_TINY
    from segue.model.mrt1.generator import mrt1_engine, mrt1_generator
    from segue.model.mrt1.parts import made_up_quantiser
    from segue.model.mrt1.weights import random_weights
    from segue.model.parts import NoiseEncoder, PlayableModel

    # As much context as the codec remembers, and chunks that a style can cut short.
    one = {name: replace(getattr(MRT1_TINY, name), layers=1) for name in ("encoder", "temporal", "depth")}
    config = replace(MRT1_TINY, context_frames=40, chunk_frames=20, temporal_buckets=40, **one)
    engine = mrt1_engine(config, random_weights(config, 3), library)
    encoder = NoiseEncoder(len(SITUATIONS))
    generator = mrt1_generator(
        engine,
        tiny_codec(library),
        encoder=encoder.name,
        quantise=made_up_quantiser(config, encoder.dimension),
        name="" if library is None else f"{config.name}-integers",
    )
    before = jax.config.values["jax_disable_most_optimizations"]
    jax.config.update("jax_disable_most_optimizations", True)
    generator.generate([Request(state=generator.start(seed=1), styles=bank("calm"), conditioning=steady(10))])
    jax.config.update("jax_disable_most_optimizations", before)
    return PlayableModel(encoder, generator)


def mrt1() -> Generator[Any]:
    """Return the generator of a reduced Magenta RealTime 1, whose random weights follow no control."""
    generator = mrt1_model().generator
    generator.controls = frozenset()
    return generator


GENERATORS: Final[Mapping[str, Callable[[], Generator[Any]]]] = {
    "score": score,
    "segue-tiny": language_model,
    "mrt2_tiny": mrt2,
    "mrt2_tiny-integers": mrt2_in_integers,
    "mrt1_tiny": mrt1,
}


def bank(*names: str) -> StyleBank:
    """Make a style for each situation."""
    texts = tuple(CAPTIONS[name][0] for name in names)
    encoder = CaptionEncoder()
    return StyleBank(
        names=names,
        embeddings=np.stack([encoder.embed_text(text) for text in texts]),
        captions=texts,
        profiles=tuple(POINTS[name].profile for name in names),
    )


def conditioning(
    weights: Sequence[Sequence[float]] | NDArray[np.float32],
    *,
    frame: int = 0,
    tempo_bpm: float | Sequence[float] = 120.0,
    meter: int | Sequence[int] = 4,
    tonic: int = 2,
    mode: str = "minor",
    drums: int = -1,
    intensity: float | Sequence[float] = 0.6,
    temperature: float | Sequence[float] = 1.0,
    guidance: float | Sequence[float] = 3.0,
    known: Mapping[int, int] | None = None,
    next_weights: Sequence[Sequence[float]] | NDArray[np.float32] | None = None,
    ramp: int = -1,
) -> Conditioning:
    """Make conditioning from beat 0 with the clock of the director: a bar has the meter of the frame it starts in.

    Args:
        weights: [T, N]. Other sequences have length T.
        known: Maps the frame in which a change starts to the frame from which it is announced.
        next_weights: [T, N], the weights after the announced change; the last weights if None.
        ramp: Frames that known changes take, -1 for what a generator is not told.
    """
    rows = np.asarray(weights, np.float32)
    T = len(rows)
    tempos = np.broadcast_to(np.asarray(tempo_bpm, np.float32), T)
    meters = np.broadcast_to(np.asarray(meter, np.int8), T)
    ticks, bars, origins, beats = (
        np.zeros(T, np.int64),
        np.zeros(T, np.int32),
        np.zeros(T, np.int64),
        np.zeros(T, np.int8),
    )
    position = bar = origin = 0
    current = int(meters[0])
    for index in range(T):
        while position >= origin + current * TICKS_PER_BEAT:
            origin, bar = origin + current * TICKS_PER_BEAT, bar + 1
            current = int(meters[index])
        ticks[index], bars[index], origins[index], beats[index] = position, bar, origin, current
        position += round(float(tempos[index]) * 1000)
    ahead = np.full(T, -1, np.int32)
    for start, since in (known or {}).items():
        ahead[since : start + 1] = np.arange(start - since, -1, -1)[: T - since]
    goals = rows[-1:] if next_weights is None else np.asarray(next_weights, np.float32)
    return Conditioning(
        frame=frame,
        weights=rows,
        tempo_bpm=tempos.copy(),
        ticks=ticks,
        bar=bars,
        bar_ticks=origins,
        meter=beats,
        tonic=np.full(T, tonic, np.int8),
        mode=np.full(T, MODES.index(mode), np.int8),
        drums=np.full(T, drums, np.int8),
        intensity=np.broadcast_to(np.asarray(intensity, np.float32), T).copy(),
        temperature=np.broadcast_to(np.asarray(temperature, np.float32), T).copy(),
        guidance=np.broadcast_to(np.asarray(guidance, np.float32), T).copy(),
        to_change=ahead,
        next_weights=np.where(ahead[:, None] >= 0, goals, rows),
        next_meter=meters.copy(),
        ramp=np.where(ahead == 0, ramp, -1).astype(np.int32),
    )


def steady(num_frames: int, **controls: Any) -> Conditioning:
    """Make conditioning of one style under constant controls."""
    return conditioning(np.ones((num_frames, 1)), **controls)


def eventful(num_frames: int) -> Conditioning:
    """Make conditioning of three styles that change in the middle of bars while tempo, meter and intensity change.

    The second change is announced, the third is announced and withdrawn.
    """
    position = np.linspace(0, 1, num_frames)
    first = np.clip(1 - 4 * np.abs(position - 0.1), 0, 1)
    second = np.clip(np.minimum(8 * (position - 0.3), 8 * (0.8 - position)), 0, 1)
    weights = np.stack([first, second, np.full(num_frames, 0.2)], axis=1)
    asked = conditioning(
        weights / weights.sum(axis=1, keepdims=True),
        known={round(0.3 * num_frames): round(0.15 * num_frames), round(0.9 * num_frames): round(0.72 * num_frames)},
        next_weights=np.tile([0.0, 1 / 1.2, 0.2 / 1.2], (num_frames, 1)),
        tempo_bpm=np.clip(90 + 160 * (position - 0.3), 90, 150).tolist(),
        meter=np.where(position < 0.55, 4, 3).tolist(),
        intensity=position.tolist(),
        temperature=(0.1 + 1.9 * position).tolist(),
        guidance=(10 * (1 - position)).tolist(),
    )
    withdrawn = np.where(position > 0.8, -1, asked.to_change).astype(np.int32)
    return replace(asked, to_change=withdrawn)


def play(
    generator: Generator[Any], styles: StyleBank, asked: Conditioning, sizes: Sequence[int] = (), *, seed: int = 1
) -> tuple[Samples, tuple[NoteEvent, ...]]:
    """Generate all of `asked` from a new state, in chunks of `sizes` frames in turn, or in one chunk."""
    state = generator.start(seed=seed, frame=asked.frame)
    samples: list[Samples] = []
    notes: list[NoteEvent] = []
    begin = turn = 0
    while begin < asked.num_frames:
        size = sizes[turn % len(sizes)] if sizes else asked.num_frames
        end = min(begin + size, asked.num_frames)
        (result,) = generator.generate([Request(state=state, styles=styles, conditioning=asked[begin:end])])
        state = result.state
        samples.append(result.chunk.samples)
        notes.extend(result.chunk.notes)
        begin, turn = end, turn + 1
    return np.concatenate(samples), tuple(notes)


def beat_samples(asked: Conditioning, *, bars_only: bool = False) -> list[int]:
    """Return the sample positions, from the start of the conditioning, of its beats or bars."""
    found = []
    for index in range(asked.num_frames):
        tempo = round(float(asked.tempo_bpm[index]) * 1000)
        start, origin = int(asked.ticks[index]), int(asked.bar_ticks[index])
        beat = origin + -(-(start - origin) // TICKS_PER_BEAT) * TICKS_PER_BEAT
        on_bar = (beat - origin) % (int(asked.meter[index]) * TICKS_PER_BEAT) == 0
        if beat < start + tempo and (on_bar or not bars_only):
            found.append(index * FRAME_SIZE + (beat - start) * FRAME_SIZE // tempo)
    return found
