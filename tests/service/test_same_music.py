"""A recorded session, rendered by `segue preview`, equals the music that the client was sent, to the sample."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import soundfile

from segue.cli.main import main
from segue_sdk.limits import FRAME_SIZE, SAMPLE_RATE
from segue_sdk.messages import Chunk, Control, Event, EventItem, Receipt, Restore, Rules, Save, Saved, Status
from service.peer import Peer, lay
from service.serving import CALM, serving

# PCM_24 of a WAV file.
QUANTUM = 2.0**-23
# The end of a rendering is faded out, and the limiter has a lookahead.
LAST = SAMPLE_RATE // 10


def go_on(peer: Peer, seconds: int) -> None:
    """Advance the client's clock once all music before it was received, and wait for what it gets then."""
    peer.fill(seconds * SAMPLE_RATE)
    peer.playhead(seconds * SAMPLE_RATE)
    peer.fill((seconds + 2) * SAMPLE_RATE)
    peer.quiet(0.3)


def rendered(recording: Path, rules: Path, folder: Path) -> np.ndarray[tuple[int, int], np.dtype[np.float32]]:
    output = folder / "again.wav"
    assert main(["preview", str(rules), "--recording", str(recording), "-o", str(output)]) == 0
    samples, rate = soundfile.read(output, dtype="float32")
    assert rate == SAMPLE_RATE
    return samples  # type: ignore[no-any-return]


def check_same(chunks: list[Chunk], again: np.ndarray[tuple[int, int], np.dtype[np.float32]]) -> None:
    sent = lay(chunks)
    assert len(again) >= len(sent) - 10 * FRAME_SIZE
    length = min(len(sent), len(again)) - LAST
    assert length > 5 * SAMPLE_RATE
    assert np.abs(sent[:length]).max() > 0.02
    np.testing.assert_allclose(again[:length], sent[:length], atol=QUANTUM)


def test_a_session_with_every_kind_of_operation(tmp_path: Path) -> None:
    folder = tmp_path / "recordings"
    with serving(record=folder, lookahead_ms=2_000) as service, Peer(service.addresses[0]) as peer:
        peer.greet(seed=11)
        go_on(peer, 0)
        peer.send(1, deep=True)
        peer.expect(Chunk, lambda one: one.take == 1)
        go_on(peer, 1)
        peer.send(2, at=SAMPLE_RATE, fire=["ping"], level=0.7)
        peer.send(3, at=SAMPLE_RATE, nonsense=1)
        assert not peer.expect(Receipt, lambda one: one.seq == 3).accepted
        peer.expect(Chunk, lambda one: one.take == 2)
        go_on(peer, 2)
        edited = CALM.read_text("utf-8").replace("72bpm", "96bpm").replace('text: "mysterious', 'text: "dark')
        peer.say(Control(op="rules", rules_text=edited))
        assert peer.expect(Rules).declaration is not None
        peer.expect(Chunk, lambda one: one.take == 3)
        go_on(peer, 3)
        peer.say(Event(events=(EventItem(seq=4, at=0, reset=True),)))
        peer.expect(Chunk, lambda one: one.take == 4)
        go_on(peer, 4)
        peer.say(Save(id=1))
        saved = peer.expect(Saved)
        go_on(peer, 5)
        peer.say(Restore(id=2, at=0, take=50, blob=saved.blob))
        assert peer.expect(Status, lambda one: one.restore == 2).restored == "all"
        assert peer.expect(Chunk, lambda one: one.take == 51).reason == "restore"
        go_on(peer, 6)
        go_on(peer, 8)
        assert {one.reason for one in peer.chunks} == {"extend", "replace", "restore"}
    (recording,) = folder.iterdir()
    check_same(peer.chunks, rendered(recording, CALM, tmp_path))


def test_a_session_restored_after_its_service_was_killed(tmp_path: Path) -> None:
    with serving() as service, Peer(service.addresses[0]) as peer:
        peer.greet(seed=4)
        peer.playhead(0)
        peer.fill(4 * SAMPLE_RATE)
        last = peer.chunks[-1]
    folder = tmp_path / "recordings"
    with serving(record=folder) as service, Peer(service.addresses[0]) as peer:
        at = last.start + last.count
        peer.greet(seed=4)
        peer.say(Restore(id=1, at=at, take=last.take, cell=last.cell))
        peer.expect(Status, lambda one: one.restore == 1)
        peer.playhead(SAMPLE_RATE, have=at)
        peer.fill(at + SAMPLE_RATE)
        peer.playhead(at)
        peer.fill(at + 4 * SAMPLE_RATE)
        peer.send(1, at=at, deep=True)
        peer.playhead(at + 3 * SAMPLE_RATE)
        peer.fill(at + 7 * SAMPLE_RATE)
    (recording,) = folder.iterdir()
    check_same(peer.chunks, rendered(recording, CALM, tmp_path))
