"""Measure how fast this machine is at one part of Segue."""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from importlib import import_module
from typing import Final

EXAMPLES: Final = """examples:
  segue bench rules
  segue bench start music/meadow.yaml
  segue bench service --sessions 1 4 --seconds 30
"""
PARTS: Final[Mapping[str, tuple[str, str]]] = {
    "rules": ("rules", "director frames a second"),
    "reaction": ("reaction", "from an event to the sound it causes, at several buffer depths"),
    "service": ("service", "from an event to the sound it causes over real sockets, with several sessions"),
    "start": ("start", "processor time from the command to a service that serves"),
    "lm": ("language_model", "the language model: milliseconds a frame by part, beside the machine's floor"),
}
"""Every part with its module and its line of help."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parts = parser.add_subparsers(title="parts", metavar="PART", required=True)
    for name, (module_name, summary) in PARTS.items():
        module = import_module(f"segue.cli.bench.{module_name}")
        part = parts.add_parser(name, help=summary, description=module.__doc__)
        module.add_arguments(part)
        part.set_defaults(measure=module.run)


def run(arguments: argparse.Namespace) -> int:
    return int(arguments.measure(arguments))
