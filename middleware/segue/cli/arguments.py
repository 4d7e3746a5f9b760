"""Types of arguments that several commands take: seeds, times, factors, percentages, names."""

from __future__ import annotations

import argparse
from typing import Final

WEIGHTS_HELP: Final = "weights for a model of Magenta RealTime: a file, or random, which plays noise"
CONTINUE_HELP: Final = "a sound file that a model of Magenta RealTime continues, from its last ten seconds or more"
_MAX_SEED: Final = 2**32 - 1
MAX_DURATION_S: Final = 6 * 3600.0
"""The longest rendering, and the longest timeline."""
_MAX_FACTOR: Final = 1000.0


def seed(text: str) -> int:
    """Parse a whole number within the bounds of a rule file's seed.

    Raises:
        argparse.ArgumentTypeError: The text is not one.
    """
    try:
        number = int(text)
    except ValueError:
        number = -1
    if not 0 <= number <= _MAX_SEED:
        raise argparse.ArgumentTypeError(f"expected a whole number from 0 to {_MAX_SEED}, got {text!r}")
    return number


def duration(text: str) -> float:
    """Parse a time as in a rule file, or a bare number of seconds.

    Returns:
        Seconds, above 0.
    Raises:
        argparse.ArgumentTypeError: The text is not one.
    """
    from fractions import Fraction

    from segue_yaml.nodes import NOWHERE, Scalar
    from segue_yaml.quantities import Duration
    from segue_yaml.report import Report

    try:
        seconds: float | None = float(text)
    except ValueError:
        report = Report()
        read = Duration(high=Fraction(MAX_DURATION_S), moment=True).read(
            Scalar(mark=NOWHERE, value=text, text=text), report.scope()
        )
        seconds = None if read is None else float(read)
    if seconds is None or not 0 < seconds <= MAX_DURATION_S:
        most = f"{MAX_DURATION_S / 3600:.0f}h"
        raise argparse.ArgumentTypeError(f"expected a time up to {most}, such as 90s or 2min, got {text!r}")
    return seconds


def factor(text: str) -> float:
    """Parse a number above 0.

    Raises:
        argparse.ArgumentTypeError: The text is not one.
    """
    try:
        number = float(text)
    except ValueError:
        number = -1.0
    if not 0 < number <= _MAX_FACTOR:
        raise argparse.ArgumentTypeError(f"expected a number above 0 and up to {_MAX_FACTOR:g}, got {text!r}")
    return number


def percent(text: str) -> float:
    """Parse a number from 0 to 100, with or without a percent sign.

    Raises:
        argparse.ArgumentTypeError: The text is not one.
    """
    try:
        number = float(text.removesuffix("%"))
    except ValueError:
        number = -1.0
    if not 0 <= number <= 100:
        raise argparse.ArgumentTypeError(f"expected a percentage from 0 to 100, got {text!r}")
    return number


def names(text: str) -> tuple[str, ...]:
    """Parse names with commas between them.

    Raises:
        argparse.ArgumentTypeError: A name is empty.
    """
    found = tuple(name.strip() for name in text.split(","))
    if not all(found):
        raise argparse.ArgumentTypeError(f"expected names with commas between them, got {text!r}")
    return found
