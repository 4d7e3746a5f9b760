"""Measures the milliseconds per frame of Google's JAX code, as one line of JSON for `segue bench lm --official`.

Usage: python tests/parity/time_official.py mrt2_small float32   (in the environment of requirements.txt)
Like the official package, it makes one compiled call per frame.
"""

from __future__ import annotations

import json
import sys
import tempfile
import time
from pathlib import Path

import jax
import jax.numpy as jnp
from case import make_case
from official import Official

from segue.model.checkpoint import write
from segue.model.config import CONFIGS
from segue.model.weights import random_weights

FRAMES = 12


def main() -> None:
    config, dtype = CONFIGS[sys.argv[1]], sys.argv[2]
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "weights.safetensors"
        write(path, config, random_weights(config, 1))
        official = Official(config, path, jnp.dtype(dtype))
    tokens = make_case(config, FRAMES, 1).tokens
    state = official.start(tokens.shape[1])
    seconds = []
    for token in tokens:
        began = time.perf_counter()
        code, state, _ = official.step(jnp.asarray(token), state)
        jax.block_until_ready((code, state))
        seconds.append(time.perf_counter() - began)
    # The first call compiles. The minimum of the others is also what Segue's benchmark takes.
    print(json.dumps({"model": config.name, "dtype": dtype, "batch": 1, "ms": 1e3 * min(seconds[1:])}))


if __name__ == "__main__":
    main()
