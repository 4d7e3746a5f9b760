"""Parity of whole music with Google's JAX implementation: python tests/parity/compare_sampler.py.

Both sample from random weights in the released layout, with the same noise, and decode what they drew. Exit code 1:
other codes, or samples beyond the tolerance.
"""

from __future__ import annotations

import sys
import tempfile
import time
from dataclasses import replace
from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np
from compare import MEDIUM
from magenta_rt.jax.system import _float_samples_to_int16, discretize_cfg
from numpy.typing import NDArray
from official import Official
from official_codec import OfficialCodec

from segue.contract import FRAME_SIZE, Conditioning, Request, StyleBank
from segue.model import generation
from segue.model.checkpoint import read, write
from segue.model.mrt2 import BLOCK_FRAMES, TEMPERATURE, mrt2_engine, mrt2_generator
from segue.model.spectrostream.checkpoint import read_decoder, write_decoder, write_encoder
from segue.model.spectrostream.codec import SpectroStream
from segue.model.spectrostream.config import SPECTROSTREAM, SPECTROSTREAM_TINY
from segue.model.spectrostream.weights import random_decoder, random_encoder
from segue.model.weights import random_weights

FRAMES = 60
SEED = 5
CODEC = replace(SPECTROSTREAM_TINY, hop=SPECTROSTREAM.hop, num_codebooks=12, cardinality=128)
# The official player's samples are whole numbers of 16 bits. Rounding of float32 decides between two of them.
MOST_STEPS = 1


def conditioning(frames: int) -> Conditioning:
    """Make conditioning of one style with drums and guidance that change."""
    position = np.arange(frames)
    still = np.zeros(frames, np.int8)
    return Conditioning(
        frame=0,
        weights=np.ones((frames, 1), np.float32),
        tempo_bpm=np.full(frames, 100, np.float32),
        ticks=position * 100_000,
        bar=np.zeros(frames, np.int32),
        bar_ticks=np.zeros(frames, np.int64),
        meter=still + 4,
        tonic=still,
        mode=still,
        drums=(position // 9 % 3 - 1).astype(np.int8),
        intensity=np.full(frames, 0.5, np.float32),
        temperature=np.ones(frames, np.float32),
        guidance=(position % 23 / 3).astype(np.float32),
    )


def official_tokens(asked: Conditioning, style: NDArray[np.int32]) -> NDArray[np.int32]:
    """Return conditioning as the official player spells it, for the codes that end each frame's sound."""
    rows = [0, *range(asked.num_frames)]
    tokens = []
    for row in rows:
        scales = [discretize_cfg(float(asked.guidance[row]), 0.2, 40), discretize_cfg(1.0, 0.2, 40)]
        last = discretize_cfg(1.0, 1.0, 8)
        tokens.append([*style, *[-1] * 128, int(asked.drums[row]), *scales, last])
    return np.array(tokens, np.int32)


def main() -> int:
    began = time.perf_counter()
    style = np.random.default_rng(SEED).integers(0, MEDIUM.conditioning.style_cardinality, 3).astype(np.int32)
    asked = conditioning(FRAMES)
    with tempfile.TemporaryDirectory() as folder:
        model, decoder, encoder = (Path(folder) / f"{name}.safetensors" for name in ("model", "decoder", "encoder"))
        write(model, MEDIUM, random_weights(MEDIUM, SEED))
        write_decoder(decoder, random_decoder(CODEC, SEED))
        write_encoder(encoder, random_encoder(CODEC, SEED))
        official, official_codec = Official(MEDIUM, model), OfficialCodec(CODEC, decoder, encoder)
        weights, decoder_weights = read(model, MEDIUM), read_decoder(decoder, CODEC)
    codes, noise = official.sampled(official_tokens(asked, style), TEMPERATURE)
    sound = official_codec.streamed(official_codec.dequantised(codes))
    expected = np.asarray(_float_samples_to_int16(jnp.asarray(sound)), np.int32)[FRAME_SIZE:]

    table = jnp.asarray(noise)

    def shared(seed: jax.Array, frame: jax.Array, steps: jax.Array, size: int) -> jax.Array:
        return table[frame[:, None], steps][..., :size]

    generation.noise = shared
    codec = SpectroStream(CODEC, decoder_weights, num_codebooks=MEDIUM.codes.steps, blocks=(BLOCK_FRAMES, 1))
    generator = mrt2_generator(mrt2_engine(MEDIUM, weights), codec, encoder="given", quantise=lambda row: style)
    bank = StyleBank(names=("style",), embeddings=np.eye(1, 20, dtype=np.float32))
    state, parts = generator.start(seed=0), []
    for begin in range(0, FRAMES, 10):
        request = Request(state=state, styles=bank, conditioning=asked[begin : begin + 10])
        (result,) = generator.generate([request])
        state = result.state
        parts.append(result.chunk.samples)
    found = np.asarray(_float_samples_to_int16(jnp.asarray(np.concatenate(parts)), gain=1.0), np.int32)
    drawn = state.history.last(FRAMES + 1).codes
    equal, worst = float((drawn == codes).mean()), int(np.abs(found - expected).max())
    passed = equal == 1.0 and worst <= MOST_STEPS and len(np.unique(codes)) > 40 and expected.std() > 500
    print(
        f"sampling at {TEMPERATURE} from 40 codes with shared noise, {FRAMES} frames, {MEDIUM.name} and {CODEC.name}:"
    )
    print(
        f"{equal:.2%} of codes equal; {(found == expected).mean():.2%} of samples of 16 bits equal, the others within"
    )
    print(
        f"{worst} (tolerance {MOST_STEPS}, deviation {expected.std():.0f}); {time.perf_counter() - began:.0f} s"
        f"{'' if passed else '  FAILED'}"
    )
    return 0 if passed else 1


if __name__ == "__main__":
    sys.exit(main())
