"""The program of a process that generates music for a service. No command for people: `segue serve` starts it.

Its argument is a JSON object: the fields of `BuildOptions`, and `generator`.
"""

from __future__ import annotations

import gc
import json
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Final, NoReturn

from segue.generators import BuildOptions, build

COMMAND: Final = "generator-process"
"""Its name where `segue` is frozen, and no module can be run."""


def command(generator: str, options: BuildOptions) -> list[str]:
    """Return the command that starts the process."""
    program = [sys.executable, COMMAND] if getattr(sys, "frozen", False) else [sys.executable, "-m", __name__]
    fields = {
        "generator": generator,
        "soundfont": None if options.soundfont is None else str(options.soundfont.absolute()),
        "note_memory_mib": options.note_memory_mib,
        "weights": options.weights,
        "continue_from": None if options.continue_from is None else str(options.continue_from.absolute()),
    }
    return [*program, json.dumps(fields)]


def main(arguments: Sequence[str]) -> NoReturn:
    """Play requests until the service ends."""
    # As in `segue.__main__`.
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    from segue.service.generator_process import play_requests, standard_pipes

    requests, replies = standard_pipes()
    fields = json.loads(arguments[0])
    soundfont, continue_from = (
        None if fields[name] is None else Path(fields[name]) for name in ("soundfont", "continue_from")
    )
    memory, weights = fields["note_memory_mib"], fields["weights"]
    options = BuildOptions(soundfont=soundfont, note_memory_mib=memory, weights=weights, continue_from=continue_from)
    generator = build(fields["generator"], options).generators[0]
    gc.freeze()
    play_requests(generator, requests, replies)
    sys.exit(0)


if __name__ == "__main__":
    main(sys.argv[1:])
