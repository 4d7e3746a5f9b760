"""The game's volume: the samples after it, and no click for any sequence of changes."""

from __future__ import annotations

import random
from array import array
from itertools import pairwise

import pytest

from segue_sdk.limits import FADE, GAIN_RAMP
from segue_sdk.messages import Control, Hello, Stinger
from segue_sdk.player import Player, ReceivedChunk, ReceivedStinger, Volume, gain_change
from segue_sdk.session import ClientSession
from segue_sdk.timeline import gain_at
from unit.sdk.peer import WELCOME, Peer, of_type

BLOCK = 480


def played(volume: Volume, count: int, level: float = 0.5) -> list[float]:
    """The left samples of a constant level after the volume."""
    heard: list[float] = []
    while len(heard) < count:
        block = array("f", [level, -level] * BLOCK)
        volume.apply(memoryview(block))
        assert all(left == -right for left, right in zip(block[0::2], block[1::2], strict=True))
        heard += block[0::2]
    return heard


def take(volume: Volume, op: str, gain_db: float | None = None, ramp_ms: int = 0) -> None:
    order = gain_change(Control(op=op, gain_db=gain_db, ramp_ms=ramp_ms))
    assert order is not None
    volume.take(order)


def test_without_a_change_samples_stay_as_they_are() -> None:
    assert set(played(Volume(), 2_000)) == {0.5}


def test_a_volume_is_reached_over_the_shortest_ramp_and_held() -> None:
    volume = Volume()
    take(volume, "volume", -20.0)
    heard = played(volume, 2 * GAIN_RAMP)
    law = [0.5 * (1.0 + (0.1 - 1.0) * gain_at(i, GAIN_RAMP)) for i in range(GAIN_RAMP)]
    assert heard[:GAIN_RAMP] == pytest.approx(law, abs=1e-6)
    assert heard[GAIN_RAMP:] == pytest.approx([0.05] * GAIN_RAMP, abs=1e-6)


def test_a_longer_ramp_of_the_message_is_used() -> None:
    volume = Volume()
    take(volume, "volume", -96.0, ramp_ms=1_000)
    heard = played(volume, 48_000 + BLOCK)
    assert heard[24_000] == pytest.approx(0.25, abs=1e-3)
    assert heard[47_999] > 0.0
    assert set(heard[48_000:]) == {0.0}


def test_mute_keeps_the_volume_and_a_volume_keeps_the_mute() -> None:
    volume = Volume()
    take(volume, "volume", -6.0)
    take(volume, "mute")
    assert played(volume, GAIN_RAMP + BLOCK)[-1] == 0.0
    take(volume, "volume", -20.0)
    assert set(played(volume, GAIN_RAMP + BLOCK)) == {0.0}
    take(volume, "unmute")
    assert played(volume, GAIN_RAMP + BLOCK)[-1] == pytest.approx(0.05, abs=1e-6)


@pytest.mark.parametrize("seed", range(5))
def test_no_sequence_of_changes_makes_a_click(seed: int) -> None:
    chance, volume = random.Random(seed), Volume()
    heard = [0.5]
    for _ in range(60):
        for _ in range(chance.choice((0, 0, 1, 3))):
            op = chance.choice(("volume", "mute", "unmute"))
            take(volume, op, chance.uniform(-96, 0) if op == "volume" else None, ramp_ms=chance.choice((0, 200)))
        heard += played(volume, BLOCK)
    assert max(abs(b - a) for a, b in pairwise(heard)) <= 0.5 * 1.5 / GAIN_RAMP + 1e-6


def test_a_gain_above_0_db_is_kept_within_full_scale() -> None:
    volume = Volume()
    take(volume, "volume", 12.0)
    heard = played(volume, GAIN_RAMP + BLOCK, level=0.9)
    assert max(heard) == 1.0
    take(volume, "volume", 0.0)
    assert played(volume, GAIN_RAMP + BLOCK, level=0.9)[-1] == pytest.approx(0.9, abs=1e-6)


def test_controls_for_the_service_alone_change_no_volume() -> None:
    assert gain_change(Control(op="reset")) is None


def test_the_player_applies_the_volume_to_music_and_stingers() -> None:
    player = Player()
    player.enqueue(ReceivedChunk(0, 0, memoryview(array("f", [0.5] * 2 * 48_000)), False))
    sting = Stinger(id=1, name="victory", kind="placed", start=24_000, total=9_600, count=9_600, pcm=bytes(8 * 9_600))
    player.enqueue(ReceivedStinger(sting, memoryview(array("f", [0.25] * 2 * 9_600))))
    order = gain_change(Control(op="volume", gain_db=-20.0))
    assert order is not None
    player.enqueue(order)
    heard = player.read_array(48_000)[0::2]
    assert heard[GAIN_RAMP + FADE : 24_000].tolist() == [pytest.approx(0.05, abs=1e-6)] * (24_000 - GAIN_RAMP - FADE)
    assert heard[25_000] == pytest.approx(0.075, abs=1e-6)
    mute = gain_change(Control(op="mute"))
    assert mute is not None
    player.enqueue(mute)
    assert player.read_array(2 * GAIN_RAMP)[4 * GAIN_RAMP - 1] == 0.0


def test_a_new_session_receives_the_volume_and_a_resumed_one_does_not() -> None:
    peer = Peer(ClientSession(Hello(versions=(1,), client="test")))
    assert not peer.session.control(Control(op="volume", gain_db=-6.0, ramp_ms=300)), "nobody to tell"
    peer.session.control(Control(op="mute"))
    peer.session.connected(0.0)
    peer.says(WELCOME)
    assert of_type(Control, peer.sent()) == [Control(op="volume", gain_db=-6.0), Control(op="mute")]
    assert peer.session.control(Control(op="unmute"))
    assert of_type(Control, peer.sent()) == [Control(op="unmute")]


def test_the_players_gain_is_the_volume() -> None:
    player = Player()
    player.enqueue(ReceivedChunk(0, 0, memoryview(array("f", [0.5] * 2 * 48_000)), False))
    player.gain_db = -20.0
    assert player.gain_db == -20.0
    heard = player.read_array(FADE + GAIN_RAMP + BLOCK)
    assert heard[-1] == pytest.approx(0.05, abs=1e-6)
    change = gain_change(Control(op="volume", gain_db=-6.0))
    assert change is not None
    player.enqueue(change)
    assert player.gain_db == -6.0
    with pytest.raises(ValueError, match=r"gain_db: expected -96 to 12, got 13"):
        player.gain_db = 13.0
    assert player.gain_db == -6.0


@pytest.mark.parametrize(
    ("block", "found"),
    [
        (memoryview(bytearray(64)).cast("f", (8, 2)), '2 dimensions of format "f"'),
        (memoryview(bytearray(64)), '1 dimension of format "B"'),
    ],
)
def test_a_block_that_is_no_flat_view_of_floats_is_refused_with_what_to_pass(block: memoryview, found: str) -> None:
    with pytest.raises(ValueError, match="expected a memoryview of 1 dimension") as caught:
        Player().read(block)
    text = f'got {found}; memoryview(block).cast("B").cast("f") is one of the same samples'
    assert str(caught.value).endswith(text)
    Player().read(block.cast("B").cast("f") if block.ndim == 2 else block.cast("f"))
