"""Writes tests/golden/model/spectrostream_tiny.npz from Google's code: python tests/parity/make_codec_golden.py.

The file contains the input and the output of the official codec. The weights follow from a seed
(segue.model.spectrostream.weights), so `make test` can compare the reduced case without the official package.
"""

from __future__ import annotations

import tempfile
from pathlib import Path

import numpy as np
from codec_case import make_sound
from official_codec import OfficialCodec

from segue.model.spectrostream.checkpoint import write_decoder, write_encoder
from segue.model.spectrostream.config import SPECTROSTREAM_TINY
from segue.model.spectrostream.weights import random_decoder, random_encoder

GOLDEN = Path(__file__).parents[1] / "golden" / "model" / "spectrostream_tiny.npz"
SEED = 12
# More than twice the decoder's memory.
FRAMES = 30
# Levels of the quantiser that are decoded.
USED = 5


def main() -> None:
    config = SPECTROSTREAM_TINY
    samples = make_sound(config, FRAMES, SEED)
    with tempfile.TemporaryDirectory() as folder:
        checkpoint, encoder = Path(folder) / "checkpoint.safetensors", Path(folder) / "encoder.safetensors"
        write_decoder(checkpoint, random_decoder(config, SEED))
        write_encoder(encoder, random_encoder(config, SEED))
        official = OfficialCodec(config, checkpoint, encoder)
    embeddings = official.embeddings(samples)
    codes = official.codes(samples)
    dequantised = official.dequantised(codes[:, :USED])
    np.savez_compressed(
        GOLDEN,
        seed=SEED,
        samples=samples,
        embeddings=embeddings,
        codes=codes.astype(np.int16),
        dequantised=dequantised,
        waveform=official.waveform(dequantised),
        streamed=official.streamed(dequantised),
    )
    print(f"{GOLDEN.name}: {GOLDEN.stat().st_size:,} bytes")


if __name__ == "__main__":
    main()
