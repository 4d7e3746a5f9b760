"""Measure the live music model: milliseconds a frame by part, beside what the machine's memory and arithmetic allow.

The weights are random: speed does not depend on their values. `--dtype int8` measures the integer kernels, which play
Magenta RealTime 2 where a C++ compiler is. `--official COMMAND` times Google's package in the same
run (`make parity` makes its environment). Models of Magenta RealTime 1 have a table of their own, in processor time.
"""

from __future__ import annotations

import argparse
from functools import partial

from segue.cli.console import BAD_INPUT, DONE, print_problems


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--models", nargs="+", default=["segue_small", "mrt2_small"], help="segue_small, mrt2_small, mrt1_base, …"
    )
    parser.add_argument("--batches", nargs="+", type=int, default=[1])
    parser.add_argument("--dtype", choices=("float32", "bfloat16", "int8"), default="float32")
    parser.add_argument("--chunk", type=int, default=10, help="frames a call (10)")
    parser.add_argument("--budget", type=float, default=600.0, help="seconds after which nothing new is begun (600)")
    parser.add_argument("--official", metavar="COMMAND", help="times the official package")


def run(arguments: argparse.Namespace) -> int:
    from segue.model import bench
    from segue.model.config import CONFIGS
    from segue.model.mrt1 import bench as mrt1_bench
    from segue.model.mrt1.config import MRT1_CONFIGS
    from segue.model.native.compiler import NativeError
    from segue.model.native.library import load

    known = (*CONFIGS, *MRT1_CONFIGS)
    unknown = [name for name in arguments.models if name not in known]
    if unknown:
        print_problems([f"--models: expected some of {', '.join(known)}, got {', '.join(unknown)}"])
        return BAD_INPUT
    if arguments.dtype == "int8":
        try:
            load()
        except NativeError as error:
            print_problems([f"--dtype int8: {error}"])
            return BAD_INPUT
    first = [MRT1_CONFIGS[name] for name in arguments.models if name in MRT1_CONFIGS]
    if first:
        print(mrt1_bench.HEADER, flush=True)
        for config in first:
            print(mrt1_bench.row_line(mrt1_bench.run(config, arguments.dtype)), flush=True)
    models = [name for name in arguments.models if name in CONFIGS]
    if not models:
        return DONE
    print(bench.HEADER, flush=True)
    report = bench.run(
        models=models,
        batches=arguments.batches,
        dtype=arguments.dtype,
        chunk=arguments.chunk,
        budget_s=arguments.budget,
        official=arguments.official.split() if arguments.official else None,
        note=partial(print, flush=True),
    )
    print()
    bench.print_table(report)
    return DONE
