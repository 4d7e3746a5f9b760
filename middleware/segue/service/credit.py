"""A client's clock as far as it is believed, and what it counts: nobody gets music faster than a clock goes."""

from __future__ import annotations

from typing import Final

import numpy as np

from segue.contract import SAMPLE_RATE
from segue.service.metrics import Metrics
from segue_sdk.limits import CAPACITY
from segue_sdk.messages import Playhead

# Samples that a client's clock may go on at once, and how much faster than ours it may be.
_MOST_ADVANCE: Final = 15 * SAMPLE_RATE
_FASTEST_CLOCK: Final = 1.1
# What one report may add to what is counted, and the most that a client can have buffered: the metrics are everybody's.
_MOST_COUNTED: Final = 1_000
_MOST_BUFFERED_S: Final = CAPACITY / SAMPLE_RATE


class Credit:
    """One session's, over all its connections. Positions are samples, times seconds of one clock."""

    def __init__(self, metrics: Metrics, now_s: float) -> None:
        self._metrics = metrics
        self._reported = False
        self._reported_s = now_s
        self._committed = 0
        self._advance: float = _MOST_ADVANCE
        # Underruns, late and dropped chunks that the client has counted.
        self._counts = np.zeros(3, np.int64)

    @property
    def begun(self) -> bool:
        """Whether the client has said where it is."""
        return self._reported

    def silent_s(self, now_s: float) -> float:
        """How long it has not said so any more."""
        return now_s - self._reported_s if self._reported else 0.0

    def believed(self, said: Playhead, most: int, now_s: float) -> int:
        """`committed` of a playhead, as far as it can be.

        most: the end of the music there is. A client may be ahead of a session that was restored for it: it is met
        where the music is now.
        """
        committed = min(said.committed, most)
        if self._reported:
            elapsed = (now_s - self._reported_s) * SAMPLE_RATE
            self._advance = min(_MOST_ADVANCE, self._advance + _FASTEST_CLOCK * elapsed)
            committed = min(committed, self._committed + int(self._advance))
            self._advance -= max(0, committed - self._committed)
        self._committed = max(self._committed, committed)
        self._reported, self._reported_s = True, now_s
        before = self._counts
        self._counts = np.maximum(before, (said.underruns, said.late, said.dropped))
        underruns, late, dropped = np.minimum(self._counts - before, _MOST_COUNTED).tolist()
        buffered_s = min((said.have - said.committed) / SAMPLE_RATE, _MOST_BUFFERED_S)
        self._metrics.reported(buffered_s=buffered_s, underruns=underruns, late=late, dropped=dropped)
        return committed
