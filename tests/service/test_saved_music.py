"""Saved music over a real socket: what a client kept is continued in the same service and in another."""

from __future__ import annotations

import asyncio
import threading
from typing import Any

import numpy as np
import pytest

from segue.runtime.restore import RestoreOutcome
from segue.service.server import Service
from segue.service.server_session import ServerSession
from segue_sdk.limits import FRAME_SIZE, RESTORE_AHEAD, SAMPLE_RATE
from segue_sdk.messages import (
    Bye,
    Chunk,
    Error,
    Restore,
    Save,
    Saved,
    Status,
)
from service.game import largest_step
from service.peer import PATIENCE_S, Peer, play_deep
from service.serving import orchestra, serving

LOOKAHEAD = 2 * SAMPLE_RATE


def test_a_blob_is_restored_in_a_new_service() -> None:
    with serving() as service, Peer(service.addresses[0]) as peer:
        peer.greet(seed=9)
        peer.playhead(0)
        play_deep(peer, 4 * SAMPLE_RATE)
        peer.say(Save(id=1))
        saved = peer.expect(Saved)
        assert len(saved.blob) <= 65_536
        committed = saved.position - FRAME_SIZE * 10
        peer.playhead(committed)
        peer.fill(saved.position + 3 * SAMPLE_RATE)
        music = peer.music()
    with serving() as service, Peer(service.addresses[0]) as peer:
        peer.greet(seed=1)
        peer.say(Restore(id=4, at=0, take=0, blob=saved.blob))
        status = peer.expect(Status, lambda one: one.restore == 4)
        assert status.restored == "all"
        peer.playhead(0)
        peer.fill(3 * SAMPLE_RATE)
        assert peer.chunks[0].states["water"] == "depth"
        expected = music[saved.position : saved.position + 3 * SAMPLE_RATE]
        np.testing.assert_allclose(peer.music()[: len(expected)], expected, atol=1e-3)


@pytest.mark.parametrize("ahead", [RESTORE_AHEAD, 4 * SAMPLE_RATE])
def test_a_cell_is_restored_in_a_new_service(ahead: int) -> None:
    """The music continues from the cell of any chunk as it would have in the old service."""
    with serving() as service, Peer(service.addresses[0]) as peer:
        peer.greet(seed=9)
        peer.playhead(0)
        play_deep(peer, 4 * SAMPLE_RATE)
        take = [chunk for chunk in peer.chunks if chunk.take == peer.chunks[-1].take]
        last = next(chunk for chunk in take if chunk.start + chunk.count >= ahead)
        assert last.cell is not None
        assert len(last.cell) <= 16_384
        at = last.start + last.count
        peer.playhead(max(0, at - 2 * SAMPLE_RATE))
        peer.fill(at + SAMPLE_RATE)
        unbroken = peer.music()
    with serving() as service, Peer(service.addresses[0]) as peer:
        peer.greet(seed=9)
        peer.say(Restore(id=1, at=at, take=last.take, cell=last.cell))
        peer.playhead(max(0, at - 2 * SAMPLE_RATE), have=at)
        answer = peer.expect(Status, lambda one: one.restore == 1)
        assert (answer.restored, answer.last_event) == ("all", 1)
        peer.fill(at + SAMPLE_RATE)
        first = peer.chunks[0]
        assert (first.start, first.take, first.reason, first.mixed) == (at, last.take + 1, "restore", True)
        expected = unbroken[at : at + SAMPLE_RATE]
        np.testing.assert_allclose(peer.music()[: len(expected)], expected, atol=1e-3)
        joint = np.concatenate([unbroken[at - 10 : at], peer.music()[:10]])
        assert largest_step(joint) <= largest_step(unbroken)


@pytest.mark.parametrize("cell", [b"\x00" * 40, b"SGS1" + bytes(100), bytes(range(256)) * 64])
def test_an_invalid_cell_starts_new_music_with_a_crossfade(service: Service, cell: bytes) -> None:
    with Peer(service.addresses[0]) as peer:
        peer.greet()
        at = 100 * FRAME_SIZE
        peer.say(Restore(id=1, at=at, take=6, cell=cell))
        assert peer.expect(Status, lambda one: one.restore == 1).restored == "nothing"
        peer.playhead(90 * FRAME_SIZE, have=at)
        first = peer.expect(Chunk)
        assert (first.start, first.take, first.mixed) == (at - FRAME_SIZE, 7, False)


def test_an_invalid_blob_is_refused(peer: Peer) -> None:
    peer.greet()
    peer.playhead(0)
    peer.fill(LOOKAHEAD)
    peer.say(Restore(id=2, at=0, take=0, blob=b"SGS1" + bytes(200)))
    error = peer.expect(Error)
    assert (error.code, error.about, error.seq) == ("restore_refused", "restore", 2)
    peer.playhead(FRAME_SIZE * 20)
    peer.fill(LOOKAHEAD + 20 * FRAME_SIZE)
    assert {one.take for one in peer.chunks} == {0}


def test_restores_of_a_connection_are_done_one_after_the_other(
    service: Service, peer: Peer, monkeypatch: pytest.MonkeyPatch
) -> None:
    gate, restore, steps = threading.Event(), service.sessions.restore, list[tuple[str, int]]()

    async def held(session: ServerSession, said: Restore) -> RestoreOutcome:
        steps.append(("begins", said.id))
        await asyncio.to_thread(gate.wait, PATIENCE_S)
        outcome = await restore(session, said)
        steps.append(("ends", said.id))
        return outcome

    monkeypatch.setattr(service.sessions, "restore", held)
    peer.greet()
    for number in (1, 2, 3):
        peer.say(Restore(id=number, at=0, take=0))
    # Two may be asked for at once; that the third is refused shows that the others have come.
    error = peer.expect(Error)
    assert (error.code, error.about, error.seq) == ("rate_limited", "restore", 3)
    gate.set()
    peer.expect(Status, lambda one: one.restore == 2)
    # Its answer may come before the call returns.
    assert steps[:3] == [("begins", 1), ("ends", 1), ("begins", 2)]
    assert [one.restore for one in peer.seen if isinstance(one, Status) and one.restore] == [1, 2]


def test_a_fault_in_a_restore_ends_that_session_alone(
    service: Service, peer: Peer, monkeypatch: pytest.MonkeyPatch
) -> None:
    peer.greet()

    async def broken(*arguments: object) -> None:
        raise ArithmeticError("a fault of ours")

    monkeypatch.setattr(service.sessions, "restore", broken)
    peer.say(Restore(id=1, at=0, take=0))
    assert peer.expect(Error).code == "internal"
    assert peer.expect(Bye).retry_ms
    with Peer(service.addresses[0]) as other:
        assert not other.greet().resumed


class SlowToRestore:
    """The orchestra, but restoring saved music waits for the test."""

    def __init__(self) -> None:
        self._inside = orchestra()
        self.begun, self.let_go = threading.Event(), threading.Event()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._inside, name)

    def unpack(self, data: bytes, *, frame: int) -> Any:
        self.begun.set()
        assert self.let_go.wait(30.0)
        return self._inside.unpack(data, frame=frame)


def test_a_slow_restore_does_not_delay_other_sessions() -> None:
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
