"""Stingers as messages: their numbers, the pace of their parts, and the sum at the client."""

from __future__ import annotations

from array import array
from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from segue.contract import FRAME_SIZE, Samples
from segue.runtime.messages import StingerOut
from segue.service import stinger_encoder
from segue.service.stinger_encoder import MOST_WAITING_BYTES, PART_SAMPLES, StingerEncoder
from segue_rules.model import Duck
from segue_rules.plan import StingerCue
from segue_sdk.codec import decode, encode
from segue_sdk.limits import LONGEST_STINGER, MOST_PLAYING
from segue_sdk.messages import Stinger
from segue_sdk.playback import StingerTracker
from segue_sdk.stinger_mixer import StingerMixer

SECONDS = 25
SOUND = np.random.default_rng(1).uniform(-1, 1, (SECONDS * 48_000, 2)).astype(np.float32)
DUCK = Duck(depth_db=-9.0, fade_out_samples=4_800, recovery_samples=9_600, fade_in_samples=24_000)


def cue(kind: str, start: int = 96_000, reason: str = "") -> StingerCue:
    return StingerCue(kind, "fanfare", start, -3.0, "drop", DUCK, reason, frames=4)


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
    """Return the encoder's messages, and the parts that follow at once, encoded and decoded."""
    out = StingerOut(cue=cue(kind, start, reason), cancelled=cancelled)
    received = [decode(encode(message)) for message in [*encoder.messages(out), *encoder.due(music, 0)]]
    assert all(isinstance(message, Stinger) for message in received)
    return received  # type: ignore[return-value]


@pytest.fixture
def encoder() -> StingerEncoder:
    return StingerEncoder({"fanfare": SOUND}, "f32le")


def test_a_sound_is_sent_in_parts_that_add_up(encoder: StingerEncoder) -> None:
    parts = said(encoder, "started")
    for committed in range(0, 96_000 + len(SOUND), 48_000):
        encoder.acknowledge(committed, 0, 0)
        parts += encoder.due(no_music, 0)
    assert {part.kind for part in parts} == {"placed"}
    assert [(part.offset, part.count) for part in parts] == [
        (offset, PART_SAMPLES) for offset in range(0, len(SOUND), PART_SAMPLES)
    ]
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
    encoder.acknowledge(960_000, 0, 0)
    assert ahead.id + 1 in {part.id for part in said(encoder, "started", start=960_000)}


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
    encoder.acknowledge(96_001, 0, 0)
    assert {part.kind for part in said(encoder, "started", cancelled=True)} <= {"placed"}


def test_a_dropped_stinger_has_a_reason(encoder: StingerEncoder) -> None:
    (ahead,) = said(encoder, "scheduled")
    (dropped,) = said(encoder, "dropped", reason="cooldown 3 s left")
    assert (dropped.kind, dropped.id, dropped.reason) == ("dropped", ahead.id, "cooldown 3 s left")


def test_a_stinger_that_the_rules_no_longer_have_has_no_messages() -> None:
    assert said(StingerEncoder({}, "f32le"), "started") == []


@pytest.mark.parametrize("included", [False, True])
def test_a_burst_is_told_though_the_music_itself_plays_it(included: bool) -> None:
    encoder = StingerEncoder({}, "f32le", included=included, bursts={"fanfare"})
    (ahead,) = said(encoder, "scheduled")
    (placed,) = said(encoder, "started")
    assert (placed.id, placed.kind, placed.total, placed.count, placed.pcm) == (
        ahead.id,
        "placed",
        4 * FRAME_SIZE,
        0,
        None,
    )
    (gone,) = said(encoder, "started", cancelled=True)
    assert (gone.id, gone.kind) == (placed.id, "cancelled")
    (dropped,) = said(encoder, "dropped", reason="cooldown 3 s left")
    assert (dropped.kind, dropped.reason) == ("dropped", "cooldown 3 s left")
    # A client mixes nothing, and reports it when it is heard, even if it came a little late.
    mixer, tracker = StingerMixer(), StingerTracker()
    assert mixer.take(placed, None, placed.start + 10)
    music = array("f", [0.5] * 2 * FRAME_SIZE)
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


@settings(max_examples=40)
@given(seed=st.integers(0, 1 << 30), loud=st.floats(0.1, 1.0), known=st.integers(0, 60_000), gain_db=st.floats(-12, 12))
def test_the_sum_at_the_client_stays_within_full_scale(seed: int, loud: float, known: int, gain_db: float) -> None:
    rng = np.random.default_rng(seed)
    bed = (rng.uniform(-1, 1, (known, 2)) * loud).astype(np.float32)
    sounds = {name: (rng.uniform(-1, 1, (30_000, 2)) * 0.9).astype(np.float32) for name in ("one", "two")}
    encoder = StingerEncoder(sounds, "f32le")
    mixer = StingerMixer()
    for name, start in (("one", 0), ("two", 11_111)):
        out = StingerOut(cue=StingerCue("started", name, start, gain_db, "drop", DUCK, ""), cancelled=False)
        assert list(encoder.messages(out)) == []
        for part in encoder.due(lambda start, end: bed[start:end], 0):
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


def test_a_sound_beyond_full_scale_is_limited_with_its_gain() -> None:
    loud = StingerEncoder({"fanfare": np.array([[2.0, -2.0], [0.5, -0.5]], np.float32)}, "f32le")
    (part,) = said(loud, "started")
    samples = np.frombuffer(bytes(part.pcm or b""), "<f4") * 10 ** (part.gain_db / 20)
    assert 0.999 < np.abs(samples).max() <= 1.0


# --- the pace of the parts --------------------------------------------------------------------------------------------

WHOLE = np.random.default_rng(2).uniform(-0.02, 0.02, (LONGEST_STINGER, 2)).astype(np.float32)


def fired(count: int, *, if_late: str = "drop", lookahead: int = 0) -> StingerEncoder:
    """Return an encoder of stingers of 60 s that begin together."""
    names = [f"s{i}" for i in range(count)]
    encoder = StingerEncoder(dict.fromkeys(names, WHOLE), "f32le", lookahead=lookahead)
    for name in names:
        out = StingerOut(cue=StingerCue("started", name, 4_800, 0.0, if_late, DUCK, ""), cancelled=False)
        assert list(encoder.messages(out)) == []
    return encoder


def all_due(encoder: StingerEncoder) -> list[Stinger]:
    """Return everything that is due for a client that stands still."""
    parts: list[Stinger] = []
    while more := list(encoder.due(no_music, 0)):
        assert len(more) <= stinger_encoder.MOST_PARTS_AT_ONCE
        parts += more
    return parts


def at(part: Stinger) -> int:
    return part.start + part.offset


def size(parts: list[Stinger]) -> int:
    return sum(len(part.pcm or b"") for part in parts)


@pytest.mark.parametrize(("lookahead_s", "ahead_s"), [(0, 4), (1, 4), (10, 10)])
def test_parts_are_sent_as_far_ahead_as_music_is(lookahead_s: int, ahead_s: int) -> None:
    encoder = fired(1, lookahead=lookahead_s * 48_000)
    first = all_due(encoder)
    assert at(first[0]) == 4_800
    assert ahead_s * 48_000 - PART_SAMPLES <= at(first[-1]) < ahead_s * 48_000
    encoder.acknowledge(48_000, 0, 0)
    more = all_due(encoder)
    assert [at(part) for part in more] == [at(first[-1]) + PART_SAMPLES, at(first[-1]) + 2 * PART_SAMPLES]


def test_16_long_stingers_at_once_stay_below_the_bound_and_are_in_time() -> None:
    encoder = fired(MOST_PLAYING)
    waiting = new = all_due(encoder)
    got = {part.id: 0 for part in new}
    assert len(got) == MOST_PLAYING
    for committed in range(0, LONGEST_STINGER, 4_800):
        encoder.acknowledge(committed, 0, 0)
        new = new if committed == 0 else list(encoder.due(no_music, 0))
        for part in new:
            # In order, each at least two seconds before it is heard.
            assert part.offset == got[part.id]
            assert at(part) >= committed + 96_000 or committed == 0
            got[part.id] += part.count
        waiting = [part for part in (waiting if committed == 0 else waiting + new) if at(part) + part.count > committed]
        assert size(waiting) < MOST_WAITING_BYTES + PART_SAMPLES * 8
        assert size(encoder.again()) == size(waiting)
    assert set(got.values()) == {LONGEST_STINGER}


def test_parts_that_wait_share_the_sound() -> None:
    encoder = fired(MOST_PLAYING)
    assert all(np.shares_memory(each.stinger.samples, WHOLE) for each in encoder._playing.values())


def test_a_client_that_comes_back_gets_only_parts_that_it_still_needs() -> None:
    encoder = fired(2)
    sent = all_due(encoder)
    encoder.acknowledge(2 * 48_000, 0, 0)
    again = encoder.again()
    assert again == [part for part in sent if at(part) + part.count > 2 * 48_000]
    assert 0 < len(again) < len(sent)


def test_parts_that_a_slow_client_has_not_received_count_as_waiting() -> None:
    encoder = fired(MOST_PLAYING)
    sent = all_due(encoder)
    # The client's clock runs on, but it has not received the chunk sent after the parts.
    encoder.acknowledge(10 * 48_000, 0, 1)
    assert all_due(encoder) == []
    encoder.acknowledge(10 * 48_000, 1, 1)
    assert 0 < size(all_due(encoder)) <= size(sent)


def test_a_cancelled_stinger_sends_no_further_parts() -> None:
    encoder = fired(1)
    number = all_due(encoder)[0].id
    out = StingerOut(cue=StingerCue("started", "s0", 4_800, 0.0, "drop", DUCK, ""), cancelled=True)
    assert [(one.id, one.kind) for one in encoder.messages(out)] == [(number, "cancelled")]
    encoder.acknowledge(48_000, 0, 0)
    assert encoder.again() == all_due(encoder) == []


@pytest.mark.parametrize("included", [False, True])
def test_a_stinger_beside_16_others_is_dropped_with_a_reason(included: bool) -> None:
    encoder = StingerEncoder({"fanfare": SOUND}, "s16le", included=included)
    for _ in range(MOST_PLAYING):
        assert "dropped" not in [part.kind for part in said(encoder, "started")]
    out = StingerOut(cue=cue("started"), cancelled=False)
    (dropped,) = encoder.messages(out)
    assert (dropped.kind, dropped.reason) == ("dropped", "more than 16 stingers at once")
    over = 96_000 + len(SOUND) + 9_600 + 24_000
    for _ in range(60):
        list(encoder.due(no_music, 0))
        encoder.acknowledge(over, 0, 0)
    assert [part.kind for part in encoder.messages(StingerOut(cue=cue("started", over), cancelled=False))] == (
        ["placed"] if included else []
    )


def test_a_late_stinger_begins_where_the_client_is() -> None:
    encoder = fired(1, if_late="play")
    encoder.acknowledge(48_000, 0, 0)
    parts = all_due(encoder)
    # The last part is due 4 s beyond the client, from where the stinger now begins.
    assert [part.offset for part in parts] == list(range(0, 4 * 48_000, PART_SAMPLES))


def test_a_late_stinger_that_is_to_be_dropped_sends_one_part() -> None:
    encoder = fired(1)
    encoder.acknowledge(48_000, 0, 0)
    assert [part.offset for part in all_due(encoder)] == [0]


def test_the_gain_goes_on_from_part_to_part() -> None:
    tone = np.full((5 * PART_SAMPLES, 2), 0.8, np.float32)
    bed = np.full((5 * PART_SAMPLES, 2), 0.5, np.float32)
    # A quiet bar ends exactly where the second part begins.
    bed[PART_SAMPLES - 10_000 : PART_SAMPLES] = 0.0
    encoder = StingerEncoder({"tone": tone}, "f32le")
    out = StingerOut(cue=StingerCue("started", "tone", 0, 0.0, "drop", None, ""), cancelled=False)
    assert list(encoder.messages(out)) == []
    parts = list(encoder.due(lambda start, end: bed[start:end], 0))
    heard = np.concatenate([np.frombuffer(bytes(part.pcm or b""), "<f4").reshape(-1, 2) for part in parts])
    assert np.abs(heard + bed).max() <= 1.0
    assert np.abs(np.diff(heard, axis=0)).max() <= 0.8 / 2_400 + 1e-6
    assert heard.max() > 0.7
