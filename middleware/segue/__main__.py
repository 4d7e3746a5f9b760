"""The program `segue`, also as `python -m segue`."""

from __future__ import annotations

import os
import signal
import sys
from typing import NoReturn


def main() -> NoReturn:
    """Run the command line and exit with its code."""
    # Until the command handles signals, Ctrl-C ends the process at once: imports take time, and must not end in a
    # traceback.
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
        signal.signal(signal.SIGINT, signal.SIG_DFL)
    # OpenBLAS starts a thread for each core when NumPy is imported, and each spins for 20 to 40 ms of processor time
    # whenever it has nothing to do. Segue multiplies no matrices that are worth it.
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    from segue.cli.main import main as run

    sys.exit(run())


if __name__ == "__main__":
    main()
