"""Stingers in the music: positions, ducks, lateness, parts, cancelling, limits."""

from __future__ import annotations

from array import array
from dataclasses import replace

import pytest

from segue_sdk.limits import FADE, MOST_PLAYING
from segue_sdk.messages import DuckInfo, Stinger
from segue_sdk.stinger_mixer import StingerMixer
from segue_sdk.timeline import Timeline, gain_at


def part(
    number: int, start: int, values: list[float], *, offset: int = 0, total: int = 0
) -> tuple[Stinger, memoryview]:
    samples = array("f", [x for value in values for x in (value, -value)])
    message = Stinger(
        id=number,
        name="victory",
        kind="placed",
        start=start,
        total=total or len(values),
        offset=offset,
        count=len(values),
        pcm=samples.tobytes(),
    )
    return message, memoryview(samples)


def mixed(stingers: StingerMixer, position: int, count: int, music: float = 0.0) -> list[float]:
    """The left channel; the right one must be its negative where there is no music."""
    block = memoryview(array("f", [music] * (2 * count)))
    stingers.mix(position, block)
    if not music:
        assert block[1::2].tolist() == [-value for value in block[0::2].tolist()]
    return block[0::2].tolist()


def test_a_stinger_begins_at_its_sample_across_blocks() -> None:
    stingers = StingerMixer()
    assert stingers.take(*part(1, 103, [0.25, 0.5, 0.75]), committed=100)
    assert mixed(stingers, 100, 5) == [0, 0, 0, 0.25, 0.5]
    assert mixed(stingers, 105, 3) == [0.75, 0, 0]


def test_the_gain_is_applied_and_the_sum_stays_within_one() -> None:
    stingers = StingerMixer()
    message, samples = part(1, 0, [0.5, 0.9])
    stingers.take(replace(message, gain_db=-6.0), samples, committed=0)
    assert mixed(stingers, 0, 2, music=0.7) == pytest.approx([0.7 + 0.5 * 10 ** (-6 / 20), 1.0])


def test_the_music_is_ducked_through_the_corners() -> None:
    stingers = StingerMixer()
    message, samples = part(1, 10, [0.0] * 20)
    duck = DuckInfo(depth_db=-20.0, fade_out=4, recovery=6, fade_in=8)
    stingers.take(replace(message, duck=duck), samples, committed=0)
    heard = mixed(stingers, 0, 50, music=1.0)
    decibels = {9: 0, 10: 0, 12: -10, 14: -20, 29: -20, 36: -20, 40: -10, 44: 0, 49: 0}
    assert [heard[at] for at in decibels] == pytest.approx([10 ** (db / 20) for db in decibels.values()])


def test_ducks_of_several_stingers_add_up_in_db() -> None:
    stingers = StingerMixer()
    duck = DuckInfo(depth_db=-12.0, fade_out=2, recovery=10, fade_in=2)
    for number, depth_db in ((1, -12.0), (2, -6.0)):
        message, samples = part(number, 10 * number, [0.0] * 20)
        stingers.take(replace(message, duck=replace(duck, depth_db=depth_db)), samples, committed=0)
    heard = mixed(stingers, 0, 50, music=1.0)
    decibels = {5: 0, 15: -12, 25: -18, 38: -18, 45: -6}
    assert [heard[at] for at in decibels] == pytest.approx([10 ** (db / 20) for db in decibels.values()])


def test_a_late_stinger_is_dropped_with_its_duck_or_played_at_once() -> None:
    message, samples = part(1, 50, [0.5, 0.25])
    duck = DuckInfo(depth_db=-20.0, fade_out=0, recovery=10, fade_in=0)
    stingers = StingerMixer()
    assert not stingers.take(replace(message, duck=duck), samples, committed=51)
    assert mixed(stingers, 51, 3, music=0.5) == [0.5] * 3
    late = StingerMixer()
    assert late.take(replace(message, if_late="play"), samples, committed=51)
    assert mixed(late, 51, 3) == [0.5, 0.25, 0]


def test_parts_join_and_a_missing_part_is_silence() -> None:
    stingers = StingerMixer()
    stingers.take(*part(1, 0, [0.1, 0.1], total=6), committed=0)
    stingers.take(*part(1, 0, [0.3, 0.3], offset=4, total=6), committed=0)
    assert mixed(stingers, 0, 3) == pytest.approx([0.1, 0.1, 0])
    stingers.take(*part(1, 0, [0.2, 0.2], offset=2, total=6), committed=3)
    assert mixed(stingers, 3, 4) == pytest.approx([0.2, 0.3, 0.3, 0])


def test_later_parts_of_a_dropped_stinger_are_dropped() -> None:
    stingers = StingerMixer()
    assert not stingers.take(*part(1, 0, [0.1], total=200), committed=1)
    assert not stingers.take(*part(1, 0, [0.1] * 100, offset=100, total=200), committed=1)


def test_a_stinger_cancelled_before_its_start_never_sounds() -> None:
    stingers = StingerMixer()
    message, samples = part(1, 10, [0.5] * 4)
    stingers.take(message, samples, committed=0)
    stingers.take(Stinger(id=1, name="victory", kind="cancelled", start=10), None, committed=5)
    assert mixed(stingers, 5, 20) == [0.0] * 20


def test_a_stinger_cancelled_while_it_sounds_fades_and_its_duck_ends() -> None:
    stingers = StingerMixer()
    message, samples = part(1, 0, [0.5] * 10_000)
    duck = DuckInfo(depth_db=-20.0, fade_out=0, recovery=10, fade_in=100)
    stingers.take(replace(message, duck=duck), samples, committed=0)
    assert mixed(stingers, 0, 100, music=0.5) == pytest.approx([0.55] * 100)
    stingers.take(Stinger(id=1, name="victory", kind="cancelled", start=0), None, committed=100)
    heard = mixed(stingers, 100, FADE + 2, music=0.5)
    steps = [abs(b - a) for a, b in zip([0.55, *heard], heard, strict=False)]
    assert max(steps) < 0.002
    assert heard[-2:] == pytest.approx([0.5, 0.5])


def test_the_number_of_stingers_at_once_is_limited() -> None:
    stingers = StingerMixer()
    for number in range(1, MOST_PLAYING + 1):
        assert stingers.take(*part(number, 10, [0.01]), committed=0)
    assert not stingers.take(*part(99, 10, [0.01]), committed=0)
    mixed(stingers, 0, 20)
    mixed(stingers, 20, 1)
    assert stingers.take(*part(100, 30, [0.01]), committed=21)


def test_fades_into_and_out_of_silence_apply_to_stingers() -> None:
    timeline = Timeline()
    music = memoryview(array("f", bytes(8 * 19_200)))
    timeline.write(take=0, start=0, samples=music, mixed=False)
    timeline.stingers.take(*part(1, 0, [0.5] * 30_000), committed=0)
    out = memoryview(array("f", bytes(8 * 19_210)))
    assert timeline.read(out) == 19_200
    left = out[0::2].tolist()
    assert left[:3] == pytest.approx([0.5 * gain_at(i, FADE) for i in range(3)])
    assert left[FADE : 19_200 - FADE] == [0.5] * (19_200 - 2 * FADE)
    assert left[19_199] == pytest.approx(0.5 * (1 - gain_at(FADE - 1, FADE)))
    assert left[19_200:] == [0.0] * 10
