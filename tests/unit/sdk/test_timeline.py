"""The timeline equals the reference for any traffic, makes no click for any delay, and follows each rule."""

from __future__ import annotations

import math
import random
from array import array

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from segue_sdk.limits import FADE, FRAME_SIZE, JOIN, PRE_ROLL
from segue_sdk.timeline import Timeline, Timing, gain_at
from unit.sdk.reference_timeline import ReferenceTimeline

SMALL = Timing(join_samples=4, fade_samples=6, pre_roll_samples=14, capacity_samples=100)
FRAME = 8


def stereo(values: list[float]) -> memoryview:
    """Mono as left and its negative as right, so that swapped channels are noticed."""
    return memoryview(array("f", [x for value in values for x in (value, -value)]))


def tone(take: int, start: int, count: int) -> list[float]:
    """A sample that identifies its take and position; exact in float32."""
    return [float(take * 1_000 + at) for at in range(start, start + count)]


def read(timeline: Timeline, count: int) -> list[float]:
    out = memoryview(array("f", [math.nan] * (2 * count)))
    before = timeline.committed
    assert timeline.read(out) == timeline.committed - before
    assert [-value for value in out[1::2].tolist()] == out[0::2].tolist() if count else True
    return out[0::2].tolist()


def put(timeline: Timeline, take: int, start: int, count: int, *, mixed: bool = False) -> None:
    timeline.write(take=take, start=start, samples=stereo(tone(take, start, count)), mixed=mixed)


# --- against the reference ------------------------------------------------------------------------------------------

chunks = st.tuples(st.integers(0, 4), st.integers(0, 10), st.integers(1, 4), st.booleans())
operations = st.lists(
    st.one_of(chunks, chunks, chunks, st.integers(1, 20), st.sampled_from(["pause", "resume"])), max_size=60
)


def play_both(traffic: list[object]) -> None:
    timeline, reference = Timeline(SMALL), ReferenceTimeline(SMALL)
    for operation in traffic:
        match operation:
            case (int(take), int(frame), int(frames), bool(mixed)):
                put(timeline, take, frame * FRAME, frames * FRAME, mixed=mixed)
                reference.write(take, frame * FRAME, tone(take, frame * FRAME, frames * FRAME), mixed)
            case int(count):
                assert read(timeline, count) == pytest.approx(reference.read(count), rel=1e-5, abs=1e-5)
            case "pause":
                timeline.pause()
                reference.pause()
            case _:
                timeline.resume()
                reference.resume()
        ours = (timeline.committed, timeline.underruns, timeline.late, timeline.dropped, timeline.standing)
        standing = reference.follows is None
        assert ours == (reference.committed, reference.underruns, reference.late, reference.dropped, standing)
        assert timeline.have == reference.have()


@settings(max_examples=300)
@given(operations)
def test_random_traffic_equals_the_reference(traffic: list[object]) -> None:
    play_both(traffic)


@pytest.mark.parametrize("seed", range(40))
def test_long_realistic_traffic_equals_the_reference(seed: int) -> None:
    """Takes that follow one another and arrive in time, late, twice or not at all."""
    chance = random.Random(seed)
    traffic: list[object] = []
    head, take, clock = 0, 0, 0
    for _ in range(80):
        action = chance.random()
        if action < 0.35 and head * FRAME < clock + 80:
            frames = chance.randint(1, 4)
            if chance.random() < 0.9:
                traffic += [(take, head, frames, False)] * chance.choice([1, 1, 1, 2])
            head += frames
        elif action < 0.5 and head > 0:
            take += 1
            start = max(0, min(head, clock // FRAME + chance.randint(-1, 4)))
            traffic.append((take, start, frames := chance.randint(1, 4), True))
            head = start + frames
        elif action < 0.55:
            traffic.append(chance.choice(["pause", "resume", "resume"]))
        else:
            count = chance.randint(1, 12)
            traffic.append(count)
            clock += count if head * FRAME > clock + 14 else 0
    play_both(traffic)


@settings(max_examples=100)
@given(st.integers(0, 2**32))
def test_the_order_and_repetition_of_chunks_do_not_matter(seed: int) -> None:
    """The same chunks before anything is read, shuffled and some of them twice, give the same stream."""
    chance = random.Random(seed)
    sent = [(0, at * FRAME, FRAME, False) for at in range(8)]
    for take in range(1, 5):
        start = chance.randint(0, 8)
        sent += [(take, (start + i) * FRAME, FRAME, i == 0) for i in range(chance.randint(1, 4))]
    again = [*sent, *chance.sample(sent, 5)]
    chance.shuffle(again)
    one, other = Timeline(SMALL), Timeline(SMALL)
    for timeline, traffic in ((one, sent), (other, again)):
        for take, start, count, mixed in traffic:
            put(timeline, take, start, count, mixed=mixed)
    assert (one.late, one.dropped) == (other.late, other.dropped) == (0, 0)
    assert [read(one, 7) for _ in range(20)] == [read(other, 7) for _ in range(20)]


# --- no clicks ------------------------------------------------------------------------------------------------------

SMOOTH = Timing(join_samples=16, fade_samples=24, pre_roll_samples=64, capacity_samples=2_000)
SMOOTH_FRAME = 32


@pytest.mark.parametrize("seed", range(150))
def test_no_delay_makes_a_click(seed: int) -> None:
    """The service replaces and the wire delays at random; the stream never jumps."""
    chance = random.Random(seed)
    timeline = Timeline(SMOOTH)
    phases = [chance.uniform(0, 2 * math.pi) for _ in range(60)]
    composed: list[float] = []
    wire: list[tuple[int, int, list[float], bool]] = []
    take, heard = 0, []

    def sound(take: int, at: int) -> float:
        return math.sin(0.02 * at + phases[take])

    for _ in range(150):
        if len(composed) < timeline.committed + 400 and chance.random() < 0.7:
            replace = chance.random() < 0.3 and len(composed) >= 3 * SMOOTH_FRAME and take < 59
            start = len(composed)
            if replace:
                take += 1
                start -= chance.randint(1, 3) * SMOOTH_FRAME
            end = start + chance.randint(1, 4) * SMOOTH_FRAME
            samples = [sound(take, at) for at in range(start, end)]
            if replace:
                head = min(48, len(composed) - start, len(samples))
                old = composed[start : start + head]
                samples[:head] = [
                    a + (b - a) * gain_at(i, head) for i, (a, b) in enumerate(zip(old, samples, strict=False))
                ]
            composed[start:] = samples
            wire.append((take, start, samples, replace))
        while wire and chance.random() < 0.4:
            sent, start, samples, mixed = wire.pop(0)
            timeline.write(take=sent, start=start, samples=stereo(samples), mixed=mixed)
        if chance.random() < 0.03:
            timeline.pause()
        elif chance.random() < 0.3:
            timeline.resume()
        heard += read(timeline, chance.randint(1, 40))
    # A crossfade's steepest step, two full-scale sides apart, a fade in and one out; the tone moves by 0.02, a head
    # mixed over at least 32 samples by 2 * 1.5 / 32.
    bound = 2 * 1.5 / SMOOTH.join_samples + 2 * 1.5 / SMOOTH.fade_samples + 0.02 + 2 * 1.5 / 32
    assert max(abs(b - a) for a, b in zip([0.0, *heard], heard, strict=False)) < bound


# --- the rules one by one -------------------------------------------------------------------------------------------


def started(timing: Timing = SMALL, length: int = 80) -> Timeline:
    """A timeline that plays take 0, faded in."""
    timeline = Timeline(timing)
    put(timeline, 0, 0, length)
    assert read(timeline, 8)[7] == 7
    return timeline


def test_nothing_plays_before_the_pre_roll() -> None:
    timeline = Timeline(SMALL)
    put(timeline, 0, 0, 8)
    assert read(timeline, 20) == [0.0] * 20
    assert (timeline.committed, timeline.standing, timeline.have) == (0, True, 8)
    put(timeline, 0, 8, 8)
    assert read(timeline, 8) == pytest.approx([at * gain_at(at, 6) if at < 6 else at for at in range(8)])
    assert (timeline.committed, timeline.underruns) == (8, 0)


def test_a_replacement_in_time_is_entered_without_a_fade() -> None:
    timeline = started()
    put(timeline, 1, 16, 16, mixed=True)
    assert read(timeline, 16) == [*tone(0, 8, 8), *tone(1, 16, 8)]
    assert (timeline.late, timeline.have) == (0, 32)


def test_a_late_replacement_is_joined_at_committed() -> None:
    timeline = started()
    read(timeline, 12)
    put(timeline, 1, 16, 24, mixed=True)
    old, new = tone(0, 20, 8), tone(1, 20, 8)
    mixed = [a + (b - a) * gain_at(i, 4) for i, (a, b) in enumerate(zip(old[:4], new[:4], strict=True))]
    assert read(timeline, 8) == pytest.approx([*mixed, *new[4:]])
    assert (timeline.late, timeline.dropped) == (1, 0)


def test_a_take_mixed_from_one_that_is_not_followed_is_not_entered_but_joined() -> None:
    timeline = started()
    read(timeline, 12)
    put(timeline, 1, 16, 8, mixed=True)
    put(timeline, 2, 22, 40, mixed=True)
    assert read(timeline, 2) == tone(0, 20, 2), "too little is left of take 1 to join it"
    assert read(timeline, 4) == pytest.approx([at + 2_000 * gain_at(at - 22, 4) for at in range(22, 26)])
    assert read(timeline, 4) == tone(2, 26, 4)


def test_a_chunk_wholly_before_committed_is_dropped_and_counted() -> None:
    timeline = started()
    read(timeline, 12)
    put(timeline, 1, 8, 8, mixed=True)
    assert read(timeline, 4) == tone(0, 20, 4)
    assert (timeline.late, timeline.dropped, timeline.take) == (0, 1, 0)


def test_a_late_continuation_falls_back_to_the_older_take_and_returns() -> None:
    timeline = started()
    put(timeline, 1, 8, 16, mixed=True)
    assert read(timeline, 12) == tone(1, 8, 12)
    leaving = read(timeline, 4)
    assert leaving == pytest.approx([1_000 + at - 1_000 * gain_at(at - 20, 4) for at in range(20, 24)])
    assert read(timeline, 4) == tone(0, 24, 4)
    put(timeline, 1, 24, 24)
    assert read(timeline, 4) == pytest.approx([at + 1_000 * gain_at(at - 28, 4) for at in range(28, 32)])
    assert read(timeline, 4) == tone(1, 32, 4)
    assert timeline.underruns == 0


def test_a_restored_take_that_overlaps_the_buffer_is_joined() -> None:
    timeline = started(length=24)
    put(timeline, 1, 16, 40)
    assert timeline.have == 56
    assert read(timeline, 8) == tone(0, 8, 8)
    assert read(timeline, 8)[4:] == tone(1, 20, 4)
    assert (timeline.underruns, timeline.have) == (0, 56)


def test_an_underrun_fades_out_and_continues_where_it_stopped() -> None:
    timeline = started(length=24)
    assert read(timeline, 16) == pytest.approx(
        [*tone(0, 8, 10), *(at * (1 - gain_at(at - 18, 6)) for at in range(18, 24))]
    )
    assert read(timeline, 30) == [0.0] * 30
    assert (timeline.committed, timeline.standing, timeline.underruns) == (24, True, 1)
    put(timeline, 0, 24, 8)
    assert read(timeline, 4) == [0.0] * 4
    put(timeline, 0, 32, 40)
    assert read(timeline, 8) == pytest.approx([at * (gain_at(at - 24, 6) if at < 30 else 1) for at in range(24, 32)])


def test_pause_fades_and_stops_the_clock() -> None:
    timeline = started()
    timeline.pause()
    assert read(timeline, 10) == pytest.approx([*(at * (1 - gain_at(at - 8, 6)) for at in range(8, 14)), 0, 0, 0, 0])
    assert (timeline.committed, timeline.standing, timeline.underruns) == (14, True, 0)
    timeline.resume()
    assert read(timeline, 8)[6:] == tone(0, 20, 2)


def test_where_a_take_ends_and_the_next_is_entered_the_buffer_is_not_empty_and_a_pause_fades() -> None:
    timeline = started(length=24)
    put(timeline, 1, 24, 48, mixed=True)
    assert read(timeline, 16) == tone(0, 8, 16)
    assert (timeline.committed, timeline.have) == (24, 72)
    timeline.pause()
    assert read(timeline, 8) == pytest.approx(
        [*((1_000 + at) * (1 - gain_at(at - 24, 6)) for at in range(24, 30)), 0, 0]
    )
    assert (timeline.committed, timeline.standing, timeline.underruns) == (30, True, 0)


def test_a_fade_out_whose_entry_is_removed_is_shortened() -> None:
    timeline = started(length=24)
    put(timeline, 2, 24, 48, mixed=True)
    read(timeline, 13)
    timeline.pause()
    assert read(timeline, 1) == pytest.approx([21 * (1 - gain_at(0, 6))])
    put(timeline, 1, 16, 8)
    assert read(timeline, 4) == pytest.approx([22 * (1 - gain_at(1, 3)), 23 * (1 - gain_at(2, 3)), 0, 0])
    assert (timeline.committed, timeline.standing, timeline.underruns) == (24, True, 0)


def test_samples_received_first_stay() -> None:
    timeline = started()
    timeline.write(take=0, start=8, samples=stereo([9_999.0] * 80), mixed=False)
    assert read(timeline, 8) == tone(0, 8, 8)
    assert timeline.have == 88


def test_chunks_beyond_capacity_are_dropped() -> None:
    timeline = Timeline(SMALL)
    put(timeline, 0, 96, 8)
    assert (timeline.dropped, timeline.have) == (1, 0)


def test_only_the_newest_takes_and_the_followed_one_are_kept() -> None:
    timeline = started(Timing(join_samples=4, fade_samples=6, pre_roll_samples=14, capacity_samples=100, takes=3))
    for take in range(1, 8):
        put(timeline, take, 64, 8)
    assert sorted(timeline._buffers) == [0, 6, 7]


def test_memory_behind_the_clock_is_freed() -> None:
    timeline = Timeline(SMALL)
    for frame in range(200):
        put(timeline, 0, frame * FRAME, FRAME)
        read(timeline, FRAME)
    (buffer,) = timeline._buffers.values()
    assert len(buffer._pieces) <= 4


def test_wire_lengths_are_as_the_protocol_says() -> None:
    assert (JOIN, FADE, PRE_ROLL) == (960, 1_440, 14_400)
    assert FRAME_SIZE >= FADE


def test_invalid_timings_are_refused() -> None:
    with pytest.raises(ValueError, match="join <= fade"):
        Timing(join_samples=10, fade_samples=6)
