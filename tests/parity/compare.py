"""Parity with Google's JAX implementation: python tests/parity/compare.py [--full]. See requirements.txt.

It writes random weights in the released layout, which both read, and prints a table. Exit code 1: beyond the tolerance.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from case import make_case
from official import Official
from ours import Ours

from segue.model.checkpoint import write
from segue.model.config import MRT2_SMALL, MRT2_TINY, Codes, Depthformer, Stack
from segue.model.weights import count, random_weights

MEDIUM = replace(
    MRT2_TINY,
    name="mrt2_medium",
    codes=Codes(cardinalities=(128,) * 12),
    encoder_width=64,
    temporal=Stack(layers=4, width=192, hidden=640, heads=6, head_width=32),
    depth=Stack(layers=2, width=128, hidden=384, heads=4, head_width=32),
    window=18,
)
# Largest difference of logits in [-30, 30]. Measured: 2e-6 (tiny), 4e-6 (medium), 9e-6 (mrt2_small), all by rounding;
# a wrong window, scale or offset causes 1e-2 or more.
TOLERANCE = 5e-5


@dataclass(frozen=True, kw_only=True)
class Row:
    config: Depthformer
    frames: int
    teacher_forced: float
    streaming: float
    spread: float
    codes_equal: float
    seconds: float

    @property
    def passed(self) -> bool:
        return max(self.teacher_forced, self.streaming) <= TOLERANCE and self.codes_equal == 1.0


def compare(config: Depthformer, frames: int, seed: int) -> Row:
    began = time.perf_counter()
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / f"{config.name}.safetensors"
        write(path, config, random_weights(config, seed))
        official, ours = Official(config, path), Ours(config, path)
    case = make_case(config, frames, seed)
    theirs = official.teacher_forced(case.tokens, case.codes)
    forced_error = np.abs(theirs - ours.teacher_forced(case.tokens, case.codes)).max()
    run = official.greedy(case.tokens)
    _, logits = ours.streamed(case.tokens, run.codes)
    codes, _ = ours.streamed(case.tokens)
    return Row(
        config=config,
        frames=frames,
        teacher_forced=float(forced_error),
        streaming=float(np.abs(run.logits - logits).max()),
        spread=float(theirs.std()),
        codes_equal=float((codes == run.codes).mean()),
        seconds=time.perf_counter() - began,
    )


def print_table(rows: list[Row]) -> None:
    print(f"largest difference of logits, float32; tolerance {TOLERANCE:.0e}")
    print(
        f"{'model':<12}{'parameters':>12}{'window':>8}{'frames':>8}{'teacher-forced':>16}{'streaming':>12}"
        f"{'logit std':>11}{'greedy codes':>14}{'seconds':>9}"
    )
    for row in rows:
        verdict = "" if row.passed else "  FAILED"
        print(
            f"{row.config.name:<12}{count(row.config):>12,}{row.config.window:>8}{row.frames:>8}"
            f"{row.teacher_forced:>16.2e}{row.streaming:>12.2e}{row.spread:>11.2f}{row.codes_equal:>13.2%} "
            f"{row.seconds:>9.0f}{verdict}"
        )


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--full", action="store_true", help="mrt2_small at its real size too (minutes, 6 GB)")
    wanted = [(MRT2_TINY, 48), (MEDIUM, 60)]
    if parser.parse_args().full:
        wanted.append((MRT2_SMALL, 60))
    rows = [compare(config, frames, seed=5) for config, frames in wanted]
    print_table(rows)
    return 0 if all(row.passed for row in rows) else 1


if __name__ == "__main__":
    sys.exit(main())
