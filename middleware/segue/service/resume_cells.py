"""The resume cells of one session: one with each chunk, and newer ones for the place where a restart would continue."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Final

from segue.contract import FRAME_SIZE, SAMPLE_RATE
from segue.runtime.messages import ChunkOut, SessionMessage
from segue.runtime.session import Session
from segue.runtime.snapshot import SavedStinger
from segue_sdk.limits import RESTORE_AHEAD
from segue_sdk.messages import Cell

# Newer cells are sent at most this often, and for so many ends of chunks at once: for the one from which the client
# would restore now, and for the next ones, which may be of short chunks.
_RENEW_S: Final = 0.2
_RENEWED: Final = 3
# How far the client's clock may be behind our estimate.
_CLOCK_ERROR: Final = SAMPLE_RATE // 10


def lasting_chunks(outputs: Sequence[SessionMessage]) -> set[int]:
    """Return the numbers of the chunks whose end no later chunk of these replaces: the others need no cell."""
    lasting: set[int] = set()
    replaced_from: float = math.inf
    for output in reversed(outputs):
        if isinstance(output, ChunkOut):
            if output.start + len(output.samples) <= replaced_from:
                lasting.add(output.sequence)
            replaced_from = min(replaced_from, output.start)
    return lasting


class ResumeCells:
    """Makes the cells of a session, and remembers which events those that the client has contain.

    The cell of a chunk contains the events that its music and the music before it follow. The chunk is sent seconds
    before it is heard, so the events of that time are not among them. An event that replaces music has cells of its
    own; others, such as a trigger for a stinger, would be sent again after a restart, long after they were heard. So
    the next cells are made again when such events came.
    """

    def __init__(self, sounding: Callable[[int], Sequence[SavedStinger]], last_event: int = 0) -> None:
        """Begin without chunks.

        Args:
            sounding: Gives the stingers beside the music that sound at a sample.
            last_event: The last event in the cell that the session was restored from, 0 for none.
        """
        self._sounding = sounding
        # By the end of the chunk, in frames: the last event that its cell contains, and that a newer cell contains.
        self._sent: dict[int, int] = {}
        self._renewed: dict[int, int] = {}
        self._renewed_s = -math.inf
        # The last event in cells that are forgotten here; the end of the cell from which the client may restore now.
        self._forgotten, self._first = last_event, 0

    def of_chunk(self, music: Session, chunk: ChunkOut) -> Cell | None:
        """Return the cell of a new chunk that is to be sent now; None if there is none for its end."""
        end = (chunk.start + len(chunk.samples)) // FRAME_SIZE
        cell = self._cell(music, end, newest=False)
        if cell is not None:
            self._sent[end] = cell.last_event
            self._renewed.pop(end, None)
        return cell

    def renewed(self, music: Session, now_s: float) -> list[Cell]:
        """Return newer cells to send now, for ends of chunks shortly after the client's clock; none without events.

        What the session's music has announced must be sent before them.
        """
        committed = music.latency.committed(now_s)
        first = -(-(committed + RESTORE_AHEAD - _CLOCK_ERROR) // FRAME_SIZE)
        self._forget(committed // FRAME_SIZE)
        if now_s - self._renewed_s < _RENEW_S:
            return []
        ends = sorted(end for end in self._sent if end >= first)[:_RENEWED]
        self._first = ends[0] if ends else self._first
        known = {end: max(self._sent[end], self._renewed.get(end, 0)) for end in ends}
        outdated = [end for end in ends if known[end] < music.last_event]
        made = [cell for end in outdated if (cell := self._cell(music, end, newest=True))]
        cells = [cell for cell in made if cell.last_event > known[cell.end // FRAME_SIZE]]
        self._renewed.update({cell.end // FRAME_SIZE: cell.last_event for cell in cells})
        if cells:
            self._renewed_s = now_s
        return cells

    def resumed(self) -> None:
        """Note that the client may have missed newer cells while its connection was gone."""
        self._forgotten = self._contained(self._first)
        self._renewed.clear()

    def _cell(self, music: Session, end: int, *, newest: bool) -> Cell | None:
        """Return the cell at the end of a chunk; None as `Session.snapshot_at`, or if the state is too large."""
        snapshot = music.snapshot_at(end, newest=newest, at_least=self._contained(max(end, self._first)))
        if snapshot is None:
            return None
        snapshot = snapshot.with_stingers(self._sounding(end * FRAME_SIZE))
        if (data := snapshot.to_cell()) is None:
            return None
        return Cell(end=end * FRAME_SIZE, cell=data, last_event=snapshot.last_event)

    def _contained(self, end: int) -> int:
        """Return the last event in any cell up to the frame `end`: the client may send none up to it again."""
        last_events = [last for at, last in (*self._sent.items(), *self._renewed.items()) if at <= end]
        return max([self._forgotten, *last_events])

    def _forget(self, frame: int) -> None:
        """Forget ends before a frame."""
        if min(self._sent, default=frame) >= frame and min(self._renewed, default=frame) >= frame:
            return
        self._forgotten = self._contained(frame - 1)
        self._sent = {end: last for end, last in self._sent.items() if end >= frame}
        self._renewed = {end: last for end, last in self._renewed.items() if end >= frame}
