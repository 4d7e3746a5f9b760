"""The program of a process that plays a toy generator; the name of a request's style asks for faults.

"slow" never returns, "loops" never returns and takes all the time it gets, "refused" raises ValueError, "broken"
another error, and "ends" ends the process.
"""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Sequence
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))

from segue.contract import Request, Result
from segue.service.generator_process import play_requests, standard_pipes
from unit.runtime.toy_generator import ToyGenerator, ToyState


class FaultyGenerator(ToyGenerator):
    """Fails as the first style says."""

    def generate(self, requests: Sequence[Request[ToyState]]) -> list[Result[ToyState]]:
        name = requests[0].styles.names[0]
        if name == "slow":
            threading.Event().wait()
        while name == "loops":
            pass
        if name == "refused":
            raise ValueError("refused as asked")
        if name == "broken":
            raise KeyError("broken as asked")
        if name == "ends":
            os._exit(1)
        return super().generate(requests)


if __name__ == "__main__":
    requests, replies = standard_pipes()
    print("what a library prints goes to standard error")
    play_requests(FaultyGenerator(), requests, replies)
