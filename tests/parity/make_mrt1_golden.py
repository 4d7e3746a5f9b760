"""Writes tests/golden/model/mrt1_tiny.npz from Google's implementation: python tests/parity/make_mrt1_golden.py.

The weights follow from a seed (segue.model.mrt1.weights.random_weights), so `make test` can compare the reduced case
without Google's code. Two chunks: the first is read from nothing, the second from the first and from the codes of a
made-up past before it.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
from official_mrt1 import OfficialMrt1

from segue.model.mrt1.config import MRT1_TINY
from segue.model.mrt1.weights import random_weights, shapes

GOLDEN = Path(__file__).parents[1] / "golden" / "model" / "mrt1_tiny.npz"
SEED = 11
GUIDANCE = 5.0


def main() -> None:
    config = MRT1_TINY
    official = OfficialMrt1(config, random_weights(config, SEED))
    assert official.names() == shapes(config), "names and shapes differ"
    rng = np.random.default_rng(SEED)
    context = np.full((config.context_frames, config.codes.steps), -1, np.int32)
    style = rng.integers(0, config.style_cardinality, (2, config.style_levels)).astype(np.int32)
    forced = rng.integers(0, 16, (config.chunk_frames, config.codes.steps)).astype(np.int32)
    found = {"seed": SEED, "guidance": GUIDANCE, "style": style, "forced": forced}
    for chunk in range(2):
        tokens = official.tokens(context, style[chunk])
        greedy = official.greedy(tokens, GUIDANCE)
        found |= {
            f"context_{chunk}": context,
            f"tokens_{chunk}": tokens,
            f"encoded_{chunk}": np.asarray(official.encoded(tokens)),
            f"teacher_forced_{chunk}": official.teacher_forced(tokens, forced),
            f"cached_{chunk}": official.cached(tokens, forced),
            f"greedy_{chunk}": greedy,
        }
        context = np.concatenate([context, greedy])[-config.context_frames :]
    GOLDEN.parent.mkdir(parents=True, exist_ok=True)
    np.savez_compressed(GOLDEN, **found)
    print(f"{GOLDEN.name}: {GOLDEN.stat().st_size:,} bytes")


if __name__ == "__main__":
    main()
