"""Writes tests/golden/model/mrt2_tiny.npz from Google's implementation: python tests/parity/make_golden.py.

The file contains the input and the output of the official model. The weights follow from a seed
(segue.model.weights.random_weights), so `make test` can compare the reduced case without the official package.
"""

from __future__ import annotations

import tempfile
from pathlib import Path

import numpy as np
from case import make_case
from official import Official

from segue.model.checkpoint import write
from segue.model.config import MRT2_TINY
from segue.model.weights import random_weights

GOLDEN = Path(__file__).parents[1] / "golden" / "model" / "mrt2_tiny.npz"
SEED = 11
FRAMES = 40


def main() -> None:
    case = make_case(MRT2_TINY, FRAMES, SEED)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "weights.safetensors"
        write(path, MRT2_TINY, random_weights(MRT2_TINY, SEED))
        official = Official(MRT2_TINY, path)
    run = official.greedy(case.tokens)
    GOLDEN.parent.mkdir(parents=True, exist_ok=True)
    np.savez_compressed(
        GOLDEN,
        seed=SEED,
        tokens=case.tokens,
        codes=case.codes,
        teacher_forced=official.teacher_forced(case.tokens, case.codes),
        greedy_codes=run.codes,
        greedy_logits=run.logits,
    )
    print(f"{GOLDEN.name}: {GOLDEN.stat().st_size:,} bytes")


if __name__ == "__main__":
    main()
