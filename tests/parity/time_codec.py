"""Measures a frame of Google's decoder and of ours, in float32 and in integers, in turn.

Run python tests/parity/time_codec.py in the environment of requirements.txt. Prints the least milliseconds of
processor time and of wall time a frame, by frames in a call; the official package makes one call a frame. Run it
under `taskset --cpu-list 0` for one core.
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np
from official_codec import OfficialCodec

from segue.model.native.library import load
from segue.model.spectrostream.checkpoint import write_decoder, write_encoder
from segue.model.spectrostream.config import SPECTROSTREAM
from segue.model.spectrostream.decoder import decode, decoder, start_decoder
from segue.model.spectrostream.integer_decoder import IntegerDecoder
from segue.model.spectrostream.weights import random_decoder, random_encoder

CALLS = (1, 4, 16)
REPEATS = 6


def subjects() -> dict[tuple[str, int], Callable[[], object]]:
    """Return what is measured, by name and frames in a call."""
    config, weights = SPECTROSTREAM, random_decoder(SPECTROSTREAM, 1)
    with tempfile.TemporaryDirectory() as folder:
        checkpoint, encoder_file = Path(folder) / "checkpoint.safetensors", Path(folder) / "encoder.safetensors"
        write_decoder(checkpoint, weights)
        write_encoder(encoder_file, random_encoder(config, 1))
        official = OfficialCodec(config, checkpoint, encoder_file)
    layers = jax.jit(lambda stored: decoder(stored, config))(weights)
    ours = jax.jit(lambda layers, embeddings, state: decode(layers, config, embeddings, state))
    state, their_state = start_decoder(layers, config, 1), official.start()
    integers = IntegerDecoder(load(), weights, config)
    rounded_state = integers.start()
    found: dict[tuple[str, int], Callable[[], object]] = {}
    for frames in CALLS:
        embeddings = jnp.asarray(np.random.default_rng(0).normal(size=(frames, config.embedding_width)), jnp.float32)
        found["official", frames] = lambda x=embeddings: official.step(x, their_state)
        found["ours", frames] = lambda x=embeddings: ours(layers, x[None], state)
        found["integers", frames] = lambda x=embeddings: integers.decode(np.asarray(x), rounded_state)
    return found


def main() -> None:
    measured = subjects()
    processor = dict.fromkeys(measured, np.inf)
    wall = dict.fromkeys(measured, np.inf)
    for repeat in range(REPEATS + 1):
        for key, call in measured.items():
            began, began_wall = time.process_time(), time.perf_counter()
            jax.block_until_ready(call())
            # The first call compiles.
            if repeat:
                processor[key] = min(processor[key], time.process_time() - began)
                wall[key] = min(wall[key], time.perf_counter() - began_wall)
    for name, frames in measured:
        key = name, frames
        print(
            f"{name:<10}{frames:>3} frames a call: {1e3 * processor[key] / frames:6.1f} ms of processor time a frame, "
            f"{1e3 * wall[key] / frames:6.1f} ms of wall time"
        )


if __name__ == "__main__":
    main()
