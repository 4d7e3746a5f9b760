"""Music that was saved may take long to get ready: nobody else's music waits for it."""

from __future__ import annotations

import threading
from typing import Any

from segue_sdk.limits import SAMPLE_RATE
from segue_sdk.messages import Restore, Save, Saved, Status
from service.peer import Peer
from service.serving import orchestra, serving


class SlowToRestore:
    """The orchestra, whose saved music is not ready before it is let go."""

    def __init__(self) -> None:
        self._inside = orchestra()
        self.begun, self.let_go = threading.Event(), threading.Event()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._inside, name)

    def unpack(self, data: bytes, *, frame: int) -> Any:
        self.begun.set()
        assert self.let_go.wait(30.0)
        return self._inside.unpack(data, frame=frame)


def test_a_restore_that_takes_long_keeps_nobody_from_music() -> None:
    slow = SlowToRestore()
    with (
        serving(slow, lookahead_ms=1_000) as service,  # type: ignore[arg-type]
        Peer(service.addresses[0]) as restored,
        Peer(service.addresses[0]) as other,
    ):
        for peer in (restored, other):
            peer.greet()
            peer.playhead(0)
            peer.fill(SAMPLE_RATE)
        restored.say(Save(id=1))
        restored.say(Restore(id=2, at=SAMPLE_RATE // 2, take=9, blob=restored.expect(Saved).blob))
        assert slow.begun.wait(30.0)
        other.playhead(SAMPLE_RATE)
        other.fill(2 * SAMPLE_RATE)
        slow.let_go.set()
        assert restored.expect(Status, lambda one: one.restore == 2).restored == "all"
