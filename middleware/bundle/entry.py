"""The program of the bundle: `segue` with the commands that need no packages beyond those of the service."""

from __future__ import annotations

import sys
from typing import Final

LEFT_OUT: Final = ("bench", "completion", "doctor", "play", "studio")
"""The commands that an installation has and a bundle has not."""


def main() -> None:
    """Run a command; exit code 2 for one that is left out."""
    if sys.argv[1:2] and sys.argv[1] in LEFT_OUT:
        sys.exit(_refused(sys.argv[1]))
    from segue.cli import generator_process, worker_process

    if sys.argv[1:2] == [generator_process.COMMAND]:
        generator_process.main(sys.argv[2:])
    if sys.argv[1:2] == [worker_process.COMMAND]:
        worker_process.main()
    from segue.__main__ import main as run

    run()


def _refused(command: str) -> int:
    sys.stderr.write(f"segue {command} is not part of the bundled service: install Segue and run it there\n")
    return 2


if __name__ == "__main__":
    main()
