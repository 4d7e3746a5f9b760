"""Measure how fast this machine is at one part of Segue."""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from types import ModuleType
from typing import Final

from segue.cli import bench_lm, bench_reaction, bench_rules, bench_service, bench_start

HELP: Final = "measure speed on this machine"
BENCHMARKS: Final[Mapping[str, ModuleType]] = {
    "rules": bench_rules,
    "reaction": bench_reaction,
    "service": bench_service,
    "start": bench_start,
    "lm": bench_lm,
}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    benchmarks = parser.add_subparsers(title="benchmarks", metavar="PART", required=True)
    for name, module in BENCHMARKS.items():
        part = benchmarks.add_parser(name, help=module.HELP, description=module.__doc__)
        module.add_arguments(part)
        part.set_defaults(measure=module.run)


def run(arguments: argparse.Namespace) -> int:
    return int(arguments.measure(arguments))
