"""The program `segue`, also as `python -m segue`."""

from __future__ import annotations

import signal
import sys
from typing import NoReturn


def main() -> NoReturn:
    """Run the command line and exit with its code."""
    # Until the command handles signals, Ctrl-C ends the process at once: imports take time, and must not end in a
    # traceback.
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
        signal.signal(signal.SIGINT, signal.SIG_DFL)
    from segue.cli.main import main as run

    sys.exit(run())


if __name__ == "__main__":
    main()
