"""Speed of the language model: milliseconds a frame by part, beside the machine's floor and the official package.

python -m segue.model.bench --models mrt2_small --batches 1 --dtype float32 --json report.json
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

# An accelerator is shared with the game: take memory as it is needed, not three quarters of it at once.
os.environ.setdefault("XLA_PYTHON_CLIENT_PREALLOCATE", "false")

import jax
import jax.numpy as jnp
from jax import lax

from segue.model import temporal
from segue.model.conditioning import Frames
from segue.model.config import CONFIGS, Depthformer
from segue.model.depthformer import Conditioned, condition
from segue.model.floor import Rates, best_seconds, measure_rates, probe_codes, probe_frames, probe_weights, work
from segue.model.fused import Fused, fuse
from segue.model.generation import SamplingControls, draw, generate
from segue.model.native.library import load
from segue.model.native.packed_matrix import PackedMatrix, pack_matrix
from segue.model.state import State, memories_of, stack_rows, start, state_bytes
from segue.model.weights import lazy_random_weights

FRAME_MS = 40.0
PARTS = ("conditioning", "temporal", "depth")


@dataclass(frozen=True, kw_only=True)
class Row:
    """One model at one batch.

    Attributes:
        ms: A frame of every row, whole and by part (0 where there was no time to measure).
    """

    model: str
    dtype: str
    batch: int
    chunk: int
    ms: float
    parts_ms: dict[str, float]
    floor_ms: dict[str, float]
    compile_s: float
    state_bytes: int

    @property
    def real_time_factor(self) -> float:
        """Of each row: how much faster than it sounds."""
        return FRAME_MS / self.ms

    @property
    def floor(self) -> float:
        return sum(self.floor_ms.values())


@dataclass(frozen=True, kw_only=True)
class BenchReport:
    """The measurements of a run.

    Attributes:
        official: What the peer's command printed as JSON, e.g. {"model": "mrt2_small", "ms": 233.0}.
    """

    device: str
    jax: str
    gigabytes_per_s: float
    gigaflops_per_s: float
    rows: list[Row]
    official: list[dict[str, object]] = field(default_factory=list)


@dataclass(frozen=True)
class _Subject:
    """A model with everything a compiled call takes."""

    config: Depthformer
    fused: Fused
    state: State
    frames: Frames
    controls: SamplingControls

    @staticmethod
    def of(config: Depthformer, fused: Fused, batch: int, chunk: int) -> _Subject:
        dtype = fused.adapter.dtype
        return _Subject(
            config,
            fused,
            stack_rows(tuple(start(config, seed=row, dtype=dtype) for row in range(batch))),
            probe_frames(config, batch, chunk),
            SamplingControls(
                temperature=jnp.ones((batch, chunk)),
                guidance=jnp.full((batch, chunk), 2.0),
                forced=probe_codes(config, batch, chunk),
            ),
        )

    @property
    def chunk(self) -> int:
        return self.controls.temperature.shape[1]

    @property
    def top_k(self) -> int:
        return 0 if self.config.codes.ends_early else 40


def _whole(subject: _Subject, fused: Fused, state: State) -> object:
    limit = jnp.asarray(subject.chunk)
    made = generate(fused, subject.config, state, subject.frames, subject.controls, limit, top_k=subject.top_k)
    return made.state, made.codes


def _conditioning(subject: _Subject, fused: Fused, state: State) -> object:
    conditioned: Conditioned = condition(fused, subject.config, subject.frames)
    return conditioned, temporal.sources(fused.temporal, subject.config, conditioned.encoded)


def _temporal(subject: _Subject, fused: Fused, state: State) -> object:
    """Run the temporal stack alone, its output its next input."""
    config = subject.config
    rows = len(state.frame) * config.streams
    keys = (subject.chunk, rows, 2, config.temporal.heads, config.temporal.head_width)
    given = tuple(None if layer.cross_attention is None else jnp.zeros(keys, jnp.float32) for layer in fused.temporal)
    seen = jnp.repeat(state.seen, config.streams)

    def body(t: jax.Array, carry: tuple[jax.Array, Any]) -> tuple[jax.Array, Any]:
        return temporal.run_frame(fused.temporal, config, carry[0], given, carry[1], t, seen)

    rings = temporal.open_rings(fused.temporal, memories_of(config, state))
    x = jnp.ones((rows, config.temporal.width))
    x, rings = lax.fori_loop(0, subject.chunk, body, (x, rings))
    return x, rings


def _depth(subject: _Subject, fused: Fused, state: State) -> object:
    """Run the depth stack and sampling alone."""
    config = subject.config
    rows = len(state.frame) * config.streams

    def body(t: jax.Array, total: jax.Array) -> jax.Array:
        output = jnp.ones((rows, config.temporal.width)) * jnp.cos(t + total[0, 0])
        return total + draw(fused, config, state, output, subject.controls, t, top_k=subject.top_k).codes

    zeros = jnp.zeros((len(state.frame), config.codes.steps), jnp.int32)
    return lax.fori_loop(0, subject.chunk, body, zeros)


def _dtype_name(fused: Fused) -> str:
    return "int8" if isinstance(fused.logits[0], PackedMatrix) else str(fused.adapter.dtype)


@dataclass
class _Clock:
    deadline: float
    repeats: int

    def out_of_time(self) -> bool:
        return time.monotonic() > self.deadline

    def measure(self, part: Callable[..., object], subject: _Subject) -> tuple[float, float]:
        """Return (milliseconds a frame, seconds of compilation)."""
        began = time.perf_counter()
        compiled = jax.jit(partial(part, subject)).lower(subject.fused, subject.state).compile()
        compile_s = time.perf_counter() - began
        seconds = best_seconds(lambda: compiled(subject.fused, subject.state), self.repeats)
        return 1e3 * seconds / subject.chunk, compile_s


def _row(subject: _Subject, clock: _Clock, rates: Rates, parts: bool) -> Row:
    ms, compile_s = clock.measure(_whole, subject)
    measures = {"conditioning": _conditioning, "temporal": _temporal, "depth": _depth}
    parts_ms = dict.fromkeys(PARTS, 0.0)
    for name in PARTS if parts else ():
        if not clock.out_of_time():
            parts_ms[name], _ = clock.measure(measures[name], subject)
    batch = len(subject.state.frame)
    floors = {
        name: task.floor_ms(batch, rates.bytes_of(task.weights), rates.flops_per_s)
        for name, task in work(subject.fused, subject.config, subject.chunk).items()
    }
    return Row(
        model=subject.config.name,
        dtype=_dtype_name(subject.fused),
        batch=batch,
        chunk=subject.chunk,
        ms=ms,
        parts_ms=parts_ms,
        floor_ms=floors,
        compile_s=compile_s,
        state_bytes=state_bytes(subject.config, subject.fused.adapter.dtype),
    )


def _in_integers(config: Depthformer) -> Fused:
    """Return made-up weights as the integer kernels keep them. Raises: NativeError, where there are none."""
    return fuse(lazy_random_weights(config, 1), config, keep=partial(pack_matrix, load()))


def _ask_official(command: Sequence[str]) -> list[dict[str, object]]:
    """Run the peer's benchmark in its own environment; it prints one JSON object a line."""
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    return [json.loads(line) for line in done.stdout.splitlines() if line.startswith("{")]


def run(
    *,
    models: Sequence[str] = ("mrt2_small",),
    batches: Sequence[int] = (1,),
    dtype: str = "float32",
    chunk: int = 10,
    repeats: int = 5,
    parts: bool = True,
    budget_s: float = 600.0,
    official: Sequence[str] | None = None,
    note: Callable[[str], None] = lambda line: None,
) -> BenchReport:
    """Measure each model at each batch on the default device, with made-up weights.

    Args:
        models: Names in CONFIGS.
        batches: Rows generated at once.
        dtype: Of the weights and of the computation: float32, bfloat16, or int8 for the integer kernels.
        chunk: Frames in one measured call.
        repeats: Times that each measurement is repeated.
        parts: Whether the parts of the model are measured too.
        budget_s: Seconds after which no new measurement begins.
        official: A command that times the peer.
        note: Called with a line for each row that is done.
    """
    clock = _Clock(time.monotonic() + budget_s, repeats)
    integers = dtype == "int8"
    kind = jnp.dtype("float32" if integers else dtype)
    rates = measure_rates(kind)
    rows: list[Row] = []
    for config in (CONFIGS[name] for name in models):
        fused = _in_integers(config) if integers else probe_weights(config, kind)
        for batch in batches:
            if clock.out_of_time():
                note(f"{config.name}, batch {batch}: left out, the budget of {budget_s:.0f} s is spent")
                continue
            rows.append(_row(_Subject.of(config, fused, batch, chunk), clock, rates, parts))
            note(row_line(rows[-1]))
        del fused
    return BenchReport(
        device=str(jax.devices()[0].device_kind),
        jax=jax.__version__,
        gigabytes_per_s=rates.bytes_per_s / 1e9,
        gigaflops_per_s=rates.flops_per_s / 1e9,
        rows=rows,
        official=[] if official is None else _ask_official(official),
    )


HEADER = (
    f"{'model':<13}{'type':<10}{'batch':>5}{'ms/frame':>10}{'x real time':>12}{'floor':>8}{'ratio':>7}"
    f"{'cond.':>8}{'temporal':>10}{'depth':>8}{'compile s':>11}{'state KiB':>11}"
)


def row_line(row: Row) -> str:
    """Return a row of the table under HEADER: milliseconds a frame, and real-time factors."""
    parts = row.parts_ms
    return (
        f"{row.model:<13}{row.dtype:<10}{row.batch:>5}{row.ms:>10.2f}{row.real_time_factor:>12.2f}"
        f"{row.floor:>8.2f}{row.ms / row.floor:>7.2f}{parts['conditioning']:>8.2f}{parts['temporal']:>10.2f}"
        f"{parts['depth']:>8.2f}{row.compile_s:>11.1f}{row.state_bytes / 1024:>11.0f}"
    )


def print_table(report: BenchReport) -> None:
    """Print the machine's rates and a line for each row."""
    print(f"{report.device}, jax {report.jax}: {report.gigabytes_per_s:.1f} GB/s, {report.gigaflops_per_s:.0f} GFLOP/s")
    print(HEADER)
    for row in report.rows:
        print(row_line(row))
    for peer in report.official:
        print(f"official JAX, {peer['model']}, {peer['dtype']}: {peer['ms']:.1f} ms a frame")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--models", default="mrt2_small", help="names, comma-separated")
    parser.add_argument("--batches", default="1", help="numbers, comma-separated")
    parser.add_argument("--dtype", default="float32", choices=("float32", "bfloat16", "int8"))
    parser.add_argument("--chunk", type=int, default=10, help="frames a call")
    parser.add_argument("--no-parts", action="store_true", help="only whole frames")
    parser.add_argument("--budget", type=float, default=600.0, help="seconds after which nothing new is begun")
    parser.add_argument("--official", help="command that times the official package")
    parser.add_argument("--json", type=Path, help="write the report here as well")
    options = parser.parse_args()
    print(HEADER, flush=True)
    report = run(
        models=options.models.split(","),
        batches=[int(batch) for batch in options.batches.split(",")],
        dtype=options.dtype,
        chunk=options.chunk,
        parts=not options.no_parts,
        budget_s=options.budget,
        official=options.official.split() if options.official else None,
        note=partial(print, flush=True),
    )
    print()
    print_table(report)
    if options.json:
        options.json.write_text(json.dumps(asdict(report), indent=1), encoding="utf-8")


if __name__ == "__main__":
    main()
