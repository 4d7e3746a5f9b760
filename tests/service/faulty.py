"""`segue serve` whose generator fails on command: a file names what it does next.

The file that FAULT names holds lines "stall SECONDS" or "raise"; each is done once, in order.
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from segue import generators
from segue.cli.main import main
from segue.contract import Generator, Request, Result


class Faulty:
    """A generator with faults; everything else is passed to the generator inside."""

    def __init__(self, inside: Generator[Any], faults: Path) -> None:
        self._inside = inside
        self._faults = faults

    def __getattr__(self, name: str) -> Any:
        return getattr(self._inside, name)

    def generate(self, requests: Sequence[Request[Any]]) -> list[Result[Any]]:
        if self._faults.exists():
            orders = self._faults.read_text().splitlines()
            self._faults.unlink()
            for order in orders:
                if order.startswith("stall"):
                    time.sleep(float(order.split()[1]))
                else:
                    raise RuntimeError("told to fail")
        return self._inside.generate(requests)


def faulty(name: str, options: generators.BuildOptions) -> generators.GeneratorChain:
    built = _build(name, options)
    first, *others = built.generators
    return generators.GeneratorChain(built.encoders, [Faulty(first, Path(os.environ["FAULT"])), *others])


if __name__ == "__main__":
    _build, generators.build = generators.build, faulty
    sys.exit(main(["serve", *sys.argv[1:]]))
