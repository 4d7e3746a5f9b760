"""Where a client's music stands."""

from __future__ import annotations

from dataclasses import dataclass

from segue_sdk.client_messages import Playhead


@dataclass(frozen=True, kw_only=True)
class Position:
    """The timeline as its owner sees it, in samples of the session clock; names as in `playhead`."""

    played: int = 0
    committed: int = 0
    have: int = 0
    standing: bool = True
    underruns: int = 0
    late: int = 0
    dropped: int = 0

    def playhead(self, last_chunk: int) -> Playhead:
        """The report of it. last_chunk: `seq` of the last chunk received."""
        return Playhead(
            played=min(self.played, self.committed),
            committed=self.committed,
            have=max(self.have, self.committed),
            paused=self.standing,
            last_chunk=last_chunk,
            underruns=self.underruns,
            late=self.late,
            dropped=self.dropped,
        )
