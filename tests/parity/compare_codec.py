"""Parity of the codec with Google's JAX implementation: python tests/parity/compare_codec.py [--full].

It writes random weights in the released layout, which both read, and prints a table. Exit code 1: beyond the tolerance.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np
from codec_case import make_sound
from numpy.typing import NDArray
from official_codec import OfficialCodec

from segue.contract import CodecRequest
from segue.model.spectrostream.checkpoint import read_decoder, read_encoder, write_decoder, write_encoder
from segue.model.spectrostream.codec import SpectroStream
from segue.model.spectrostream.config import SPECTROSTREAM, SPECTROSTREAM_TINY, SpectroStreamConfig
from segue.model.spectrostream.encoder import encode, encoder, start_encoder
from segue.model.spectrostream.layers import spectra
from segue.model.spectrostream.quantizer import dequantise, quantise
from segue.model.spectrostream.weights import CODEBOOKS, random_decoder, random_encoder

# Largest differences, relative to the deviation of what is compared. Measured: at most 2.7e-5, all by rounding; a wrong
# row, bin or window causes 1e-1 and more.
TOLERANCE = 1e-4
# Rounding decides between two vectors that are equally near; the levels below then differ too.
LEAST_EQUAL_CODES = 0.99


@dataclass(frozen=True, kw_only=True)
class Row:
    """Differences of one codec, relative ones of embeddings, dequantised embeddings and sound.

    Attributes:
        quantised: Share of equal codes of the same embeddings.
        codes: Share of equal codes of the same sound.
        whole, streamed: Of sound decoded in one piece, and frame by frame.
    """

    config: SpectroStreamConfig
    frames: int
    embeddings: float
    quantised: float
    codes: float
    dequantised: float
    whole: float
    streamed: float
    seconds: float

    @property
    def passed(self) -> bool:
        largest = max(self.embeddings, self.dequantised, self.whole, self.streamed)
        return largest <= TOLERANCE and min(self.quantised, self.codes) >= LEAST_EQUAL_CODES


def _relative(found: NDArray[np.float32], expected: NDArray[np.float32]) -> float:
    return float(np.abs(np.asarray(found) - expected).max() / expected.std())


def compare(config: SpectroStreamConfig, frames: int, used: int, seed: int) -> Row:
    """Compare both on one sound;

    Args:
        used: Levels of the quantiser that are decoded; all are encoded.
    """
    began = time.perf_counter()
    with tempfile.TemporaryDirectory() as folder:
        checkpoint, encoder_file = Path(folder) / "checkpoint.safetensors", Path(folder) / "encoder.safetensors"
        write_decoder(checkpoint, random_decoder(config, seed))
        write_encoder(encoder_file, random_encoder(config, seed))
        official = OfficialCodec(config, checkpoint, encoder_file)
        decoder_weights, encoder_weights = read_decoder(checkpoint, config), read_encoder(encoder_file, config)
    # Blocks of four frames and single ones: the official decoder has one program for a whole piece and one a frame.
    codec = SpectroStream(config, decoder_weights, num_codebooks=used, blocks=(4, 1))
    layers = encoder(encoder_weights, config)

    def encoded(sound: jax.Array) -> jax.Array:
        heard = jnp.pad(sound, ((0, 0), (0, config.hop), (0, 0)))
        return encode(layers, config, spectra(heard, config.hop), start_encoder(layers, config, 1))[0]

    sound = make_sound(config, frames, seed)
    theirs = official.embeddings(sound)
    codes = official.codes(sound)
    codebooks = jnp.asarray(decoder_weights[CODEBOOKS])
    ours = jax.jit(encoded)(sound[None])
    dequantised = official.dequantised(codes[:, :used])
    (decoded,) = codec.decode([CodecRequest(state=codec.start(), codes=codes[:, :used])])
    return Row(
        config=config,
        frames=frames,
        embeddings=_relative(ours[0], theirs),
        quantised=float((quantise(codebooks, theirs[None])[0] == official.quantised(theirs)).mean()),
        codes=float((quantise(codebooks, ours)[0] == codes).mean()),
        dequantised=_relative(dequantise(codebooks[:used], codes[None, :, :used])[0], dequantised),
        whole=_relative(decoded.samples[config.delay :], official.waveform(dequantised)),
        streamed=_relative(decoded.samples, official.streamed(dequantised)),
        seconds=time.perf_counter() - began,
    )


def print_table(rows: list[Row]) -> None:
    print(f"largest difference by the deviation of what is compared, float32; tolerance {TOLERANCE:.0e}")
    print(
        f"{'codec':<20}{'frames':>7}{'embeddings':>12}{'quantised':>11}{'codes':>9}{'dequantised':>13}"
        f"{'whole':>10}{'streamed':>10}{'seconds':>9}"
    )
    for row in rows:
        verdict = "" if row.passed else "  FAILED"
        print(
            f"{row.config.name:<20}{row.frames:>7}{row.embeddings:>12.1e}{row.quantised:>11.2%}{row.codes:>9.2%}"
            f"{row.dequantised:>13.1e}{row.whole:>10.1e}{row.streamed:>10.1e}{row.seconds:>9.0f}{verdict}"
        )


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--full", action="store_true", help="the codec at its real size too (a minute, 3 GB)")
    wanted = [(SPECTROSTREAM_TINY, 24, 5)]
    if parser.parse_args().full:
        wanted.append((SPECTROSTREAM, 24, 12))
    rows = [compare(config, frames, used, seed=5) for config, frames, used in wanted]
    print_table(rows)
    return 0 if all(row.passed for row in rows) else 1


if __name__ == "__main__":
    sys.exit(main())
