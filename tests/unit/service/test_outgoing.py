"""What a session sends: stingers as messages, and what is sent again after a broken connection."""

from __future__ import annotations

import asyncio
from array import array
from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from segue.contract import Samples
from segue.runtime.messages import StingerOut
from segue.service.outgoing import ResendBuffer, StingerEncoder
from segue_rules.model import Duck
from segue_rules.plan import StingerCue
from segue_sdk.codec import decode, encode
from segue_sdk.messages import Chunk, Stinger
from segue_sdk.playback import StingerTracker
from segue_sdk.stinger_mixer import StingerMixer
from unit.service.service_harness import ServiceHarness

FRAME = 1_920


def filled() -> ResendBuffer:
    """Return a buffer with three successive chunks of ten frames, each with its beats."""
    buffer = ResendBuffer()
    for seq in (1, 2, 3):
        end = seq * 10 * FRAME
        buffer.add_chunk(seq, end, [f"chunk {seq}".encode(), bytes(100)])
        buffer.add(end, [f"beats of {seq}".encode()])
    return buffer


def names(buffer: ResendBuffer, last_chunk: int) -> list[bytes]:
    return [bytes(parts[0]) for parts in buffer.take(last_chunk)]


def test_chunks_after_the_last_received_are_sent_again_with_all_beats() -> None:
    assert names(filled(), 2) == [b"beats of 1", b"beats of 2", b"chunk 3", b"beats of 3"]


def test_committed_music_is_not_sent_again() -> None:
    buffer = filled()
    buffer.acknowledge(committed=15 * FRAME, last_chunk=0)
    assert names(buffer, 0) == [b"chunk 2", b"beats of 2", b"chunk 3", b"beats of 3"]
    buffer.acknowledge(committed=20 * FRAME, last_chunk=0)
    assert names(buffer, 0) == [b"chunk 3", b"beats of 3"]


def test_resuming_twice_sends_the_same_chunks_twice() -> None:
    buffer = filled()
    assert names(buffer, 1) == names(buffer, 1)


def test_a_missed_message_is_sent_once() -> None:
    buffer = filled()
    buffer.add_missed([b"a change"])
    assert names(buffer, 3)[-1] == b"a change"
    assert b"a change" not in names(buffer, 3)


def test_unreceived_bytes_are_those_not_reported_as_received() -> None:
    buffer = filled()
    assert buffer.unreceived_bytes() == 300
    buffer.acknowledge(committed=0, last_chunk=2)
    assert buffer.unreceived_bytes() == 100
    # A client that reports chunks that were never sent does not free later ones.
    buffer.acknowledge(committed=0, last_chunk=1_000)
    buffer.add_chunk(4, 40 * FRAME, [b"chunk 4", bytes(50)])
    assert buffer.unreceived_bytes() == 50


def test_music_of_another_fallback_level_has_the_word_of_the_protocol() -> None:
    async def scenario() -> None:
        async with ServiceHarness() as service:
            await service.greet(b"one")
            service.playhead(b"one")
            service.generate()
            (session,) = service.sessions
            service.scheduler.set_primary(session.music, 1)
            service.playhead(b"one", committed=FRAME)
            service.generate()
            reasons = [chunk.reason for chunk in service.all(b"one", Chunk)]
            assert (reasons[0], reasons.count("fallback")) == ("extend", 1)
            assert b'segue_chunks_total{reason="fallback"} 1.0' in service.metrics.exposition()

    asyncio.run(scenario())


SECONDS = 25
SOUND = np.random.default_rng(1).uniform(-1, 1, (SECONDS * 48_000, 2)).astype(np.float32)
DUCK = Duck(depth_db=-9.0, fade_out_samples=4_800, recovery_samples=9_600, fade_in_samples=24_000)


def cue(kind: str, start: int = 96_000, reason: str = "") -> StingerCue:
    return StingerCue(kind, "fanfare", start, -3.0, "drop", DUCK, reason)


def no_music(start: int, end: int) -> Samples:
    return np.zeros((0, 2), np.float32)


def said(
    encoder: StingerEncoder,
    kind: str,
    *,
    cancelled: bool = False,
    start: int = 96_000,
    reason: str = "",
    music: Callable[[int, int], Samples] = no_music,
) -> list[Stinger]:
    """Return the encoder's messages, encoded and decoded."""
    out = StingerOut(cue=cue(kind, start, reason), cancelled=cancelled)
    received = [decode(encode(message)) for message in encoder.messages(out, music)]
    assert all(isinstance(message, Stinger) for message in received)
    return received  # type: ignore[return-value]


@pytest.fixture
def encoder() -> StingerEncoder:
    return StingerEncoder({"fanfare": SOUND}, "f32le")


def test_a_sound_is_sent_in_parts_that_add_up(encoder: StingerEncoder) -> None:
    parts = said(encoder, "started")
    assert [part.kind for part in parts] == ["placed"] * 3
    assert [(part.offset, part.count) for part in parts] == [(0, 480_000), (480_000, 480_000), (960_000, 240_000)]
    assert {(part.id, part.total, part.start) for part in parts} == {(parts[0].id, len(SOUND), 96_000)}
    assert {part.gain_db for part in parts} == {-3.0}
    whole = np.concatenate([np.frombuffer(bytes(part.pcm or b""), "<f4") for part in parts]).reshape(-1, 2)
    assert np.array_equal(whole, SOUND)
    assert parts[0].duck is not None
    assert (parts[0].duck.depth_db, parts[0].duck.fade_in) == (-9.0, 24_000)


def test_a_scheduled_stinger_starts_under_the_same_number(encoder: StingerEncoder) -> None:
    (ahead,) = said(encoder, "scheduled", start=90_000)
    assert (ahead.kind, ahead.pcm) == ("scheduled", None)
    assert {part.id for part in said(encoder, "started")} == {ahead.id}
    assert {part.id for part in said(encoder, "started", start=960_000)} == {ahead.id + 1}


def test_a_cancelled_stinger_keeps_its_number(encoder: StingerEncoder) -> None:
    (ahead,) = said(encoder, "scheduled")
    (gone,) = said(encoder, "scheduled", cancelled=True)
    assert (gone.kind, gone.id) == ("cancelled", ahead.id)
    number = said(encoder, "started")[0].id
    assert number != ahead.id
    (gone,) = said(encoder, "started", cancelled=True)
    assert (gone.kind, gone.id) == ("cancelled", number)
    assert said(encoder, "started", cancelled=True) == []


def test_a_past_stinger_cannot_be_cancelled(encoder: StingerEncoder) -> None:
    said(encoder, "started")
    encoder.forget(96_001)
    assert said(encoder, "started", cancelled=True) == []


def test_a_dropped_stinger_has_a_reason(encoder: StingerEncoder) -> None:
    (ahead,) = said(encoder, "scheduled")
    (dropped,) = said(encoder, "dropped", reason="cooldown 3 s left")
    assert (dropped.kind, dropped.id, dropped.reason) == ("dropped", ahead.id, "cooldown 3 s left")


def test_a_stinger_that_the_rules_no_longer_have_has_no_messages() -> None:
    assert said(StingerEncoder({}, "f32le"), "started") == []


@pytest.mark.parametrize("included", [False, True])
def test_a_burst_is_told_though_the_music_itself_plays_it(included: bool) -> None:
    encoder = StingerEncoder({}, "f32le", included=included, bursts={"fanfare": 4 * FRAME})
    (ahead,) = said(encoder, "scheduled")
    (placed,) = said(encoder, "started")
    assert (placed.id, placed.kind, placed.total, placed.count, placed.pcm) == (ahead.id, "placed", 4 * FRAME, 0, None)
    (gone,) = said(encoder, "started", cancelled=True)
    assert (gone.id, gone.kind) == (placed.id, "cancelled")
    (dropped,) = said(encoder, "dropped", reason="cooldown 3 s left")
    assert (dropped.kind, dropped.reason) == ("dropped", "cooldown 3 s left")
    # A client mixes nothing, and reports it when it is heard, even if it came a little late.
    mixer, tracker = StingerMixer(), StingerTracker()
    assert mixer.take(placed, None, placed.start + 10)
    music = array("f", [0.5] * 2 * FRAME)
    mixer.mix(placed.start + 10, music)
    assert set(music) == {0.5}
    tracker.take(placed, placed.start + 10)
    assert [heard.name for heard in tracker.reach(placed.start + 10)] == ["fanfare"]


def test_numbers_of_stingers_are_those_of_no_other_session() -> None:
    numbers = [said(StingerEncoder({"fanfare": SOUND}, "f32le"), "scheduled")[0].id for _ in range(200)]
    assert len(set(numbers)) == 200
    assert min(numbers) >= 1
    assert max(numbers) < 1 << 53


def test_a_stinger_in_the_chunks_is_placed_once_without_samples() -> None:
    encoder = StingerEncoder({"fanfare": SOUND}, "s16le", included=True)
    (ahead,) = said(encoder, "scheduled")
    (placed,) = said(encoder, "started")
    assert (placed.id, placed.kind, placed.total, placed.count, placed.pcm) == (ahead.id, "placed", len(SOUND), 0, None)
    (gone,) = said(encoder, "started", cancelled=True)
    assert (gone.id, gone.kind) == (ahead.id, "cancelled")


@settings(max_examples=40, deadline=None, derandomize=True)
@given(seed=st.integers(0, 1 << 30), loud=st.floats(0.1, 1.0), known=st.integers(0, 60_000), gain_db=st.floats(-12, 12))
def test_the_sum_at_the_client_stays_within_full_scale(seed: int, loud: float, known: int, gain_db: float) -> None:
    rng = np.random.default_rng(seed)
    bed = (rng.uniform(-1, 1, (known, 2)) * loud).astype(np.float32)
    sounds = {name: (rng.uniform(-1, 1, (30_000, 2)) * 0.9).astype(np.float32) for name in ("one", "two")}
    encoder = StingerEncoder(sounds, "f32le")
    mixer = StingerMixer()
    for name, start in (("one", 0), ("two", 11_111)):
        out = StingerOut(cue=StingerCue("started", name, start, gain_db, "drop", DUCK, ""), cancelled=False)
        for part in encoder.messages(out, lambda start, end: bed[start:end]):
            assert mixer.take(part, memoryview(bytes(part.pcm or b"")).cast("f"), 0)
    placed = list(mixer._placed.values())
    music = bed[:40_000].astype(np.float64)
    duck_db = [sum(one.duck_db(at) for one in placed) for at in range(len(music))]
    sums = music * 10 ** (np.array(duck_db).reshape(-1, 1) / 20)
    # The music under the first stinger is known; under the second that and the first, where these alone fit.
    fits = np.ones_like(sums, bool)
    for one in placed:
        samples = np.zeros((30_000, 2), np.float32)
        one.samples.copy(one.start, memoryview(samples.reshape(-1)))
        heard = samples[: max(0, len(sums) - one.start)] * one.gain
        fits[one.start :] &= np.abs(sums[one.start :]) <= 1.0
        sums[one.start : one.start + len(heard)] += heard
    before = min(known, placed[1].start)
    assert np.abs(sums[:before]).max(initial=0.0) <= 1.0 + 1e-6
    assert np.abs(sums[fits]).max(initial=0.0) <= 1.0 + 1e-6


def test_samples_are_clipped_in_s16le() -> None:
    loud = StingerEncoder({"fanfare": np.array([[2.0, -2.0], [0.5, -0.5]], np.float32)}, "s16le")
    (part,) = said(loud, "started")
    assert np.frombuffer(bytes(part.pcm or b""), "<i2").tolist() == [32_767, -32_768, 16_384, -16_384]
