"""Seeds on the command line: the same bounds as in a rule file."""

from __future__ import annotations

import argparse
from typing import Final

_MOST: Final = 2**32 - 1


def seed(text: str) -> int:
    """A whole number from 0. Raises: argparse.ArgumentTypeError."""
    try:
        number = int(text)
    except ValueError:
        number = -1
    if not 0 <= number <= _MOST:
        raise argparse.ArgumentTypeError(f"expected a whole number from 0 to {_MOST}, got {text!r}")
    return number
