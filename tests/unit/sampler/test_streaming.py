"""The sampler as a stream: chunk sizes, restored states and caches change no bit of the sound."""

from __future__ import annotations

import random

import numpy as np
import pytest

from segue.contract import FAMILIES, FRAME_SIZE, SAMPLE_RATE
from segue.score.sampler.sampler import MEMORY, Sampler
from unit.sampler.material import note, play, song

TOTAL = 5 * SAMPLE_RATE


@pytest.mark.parametrize("seed", range(3))
def test_chunks_of_any_size_join_to_the_same_bits(sampler: Sampler, seed: int) -> None:
    notes = song(4, seed)
    _, whole, _ = play(sampler, notes, TOTAL, lambda: TOTAL)
    _, frames, _ = play(sampler, notes, TOTAL, lambda: FRAME_SIZE)
    chance = random.Random(seed)
    _, uneven, _ = play(sampler, notes, TOTAL, lambda: chance.randint(1, 30_000))
    np.testing.assert_array_equal(frames, whole)
    np.testing.assert_array_equal(uneven, whole)


def test_a_cold_cache_plays_the_same_bits(sampler: Sampler) -> None:
    notes = song(2, seed=9)
    play(sampler, song(2, seed=8), TOTAL, lambda: TOTAL)
    _, warm, _ = play(sampler, notes, TOTAL, lambda: TOTAL)
    _, cold, _ = play(Sampler(), notes, TOTAL, lambda: TOTAL)
    np.testing.assert_array_equal(warm, cold)


def test_an_old_state_continues_unchanged(sampler: Sampler) -> None:
    notes = song(4, seed=5)
    middle, _, _ = play(sampler, notes, 2 * SAMPLE_RATE, lambda: 19_200)
    _, first, _ = play(sampler, notes, TOTAL, lambda: 19_200, state=middle)
    play(sampler, song(4, seed=6), TOTAL, lambda: 9_600, state=middle)
    _, again, _ = play(sampler, notes, TOTAL, lambda: 19_200, state=middle)
    np.testing.assert_array_equal(first, again)


def test_stems_sum_to_the_whole_and_do_not_change_it(sampler: Sampler) -> None:
    notes = song(3, seed=2)
    _, plain, none = play(sampler, notes, TOTAL, lambda: 19_200)
    _, whole, stems = play(sampler, notes, TOTAL, lambda: 19_200, stems=True)
    assert none == {}
    assert tuple(stems) == FAMILIES
    np.testing.assert_array_equal(whole, plain)
    np.testing.assert_allclose(np.sum(list(stems.values()), axis=0), whole, atol=2e-6)
    for family, share in stems.items():
        played = any(event.family == family for event in notes)
        assert (np.abs(share).max() > 0.01) == played, family


def test_a_closed_hi_hat_ends_an_open_one(sampler: Sampler) -> None:
    def hats(*strokes: tuple[int, int, int]) -> np.ndarray:
        events = [
            note(start, program=kit, pitch=key, drums=True, family="drums", velocity=100) for start, kit, key in strokes
        ]
        # Chunks of which the choking stroke begins one, and is long over before the last.
        _, samples, _ = play(sampler, events, SAMPLE_RATE, lambda: 4_800)
        _, whole, _ = play(sampler, events, SAMPLE_RATE, lambda: SAMPLE_RATE)
        np.testing.assert_array_equal(samples, whole)
        return samples

    for kit in (0, 25):
        ringing, closed = hats((0, kit, 46)), hats((9_600, kit, 42))
        choked = hats((0, kit, 46), (9_600, kit, 42))
        np.testing.assert_array_equal(choked[:9_600], ringing[:9_600])
        assert np.abs(ringing[12_000:14_000]).max() > 0.01
        # What the reverb still has of it is all that is left.
        rest = choked - closed
        assert np.abs(rest[12_000:14_000]).max() < 0.3 * np.abs(ringing[12_000:14_000]).max()
    other = hats((0, 0, 46), (9_600, 25, 42)) - hats((9_600, 25, 42))
    np.testing.assert_allclose(other, hats((0, 0, 46)), atol=1e-6)


def test_gains_of_the_pump_and_of_the_reverb(sampler: Sampler) -> None:
    notes = [event for event in song(2, seed=4) if event.start < SAMPLE_RATE]
    ones, silence = np.ones(SAMPLE_RATE, np.float32), np.zeros(SAMPLE_RATE, np.float32)

    def render(**gains: np.ndarray) -> tuple[np.ndarray, dict[str, np.ndarray]]:
        _, samples, stems = sampler.render(sampler.start(), notes, SAMPLE_RATE, stems=True, **gains)
        return samples, stems

    plain, parts = render()
    np.testing.assert_array_equal(render(send_gains=ones, pump_gains=ones)[0], plain)
    dry, _ = render(send_gains=silence)
    wetter, _ = render(send_gains=2 * ones)
    np.testing.assert_allclose(wetter - dry, 2 * (plain - dry), atol=1e-5)
    pumped, shares = render(pump_gains=silence)
    np.testing.assert_array_equal(shares["drums"], parts["drums"])
    np.testing.assert_allclose(pumped, parts["drums"], atol=1e-6)


def test_a_resumed_room_is_as_loud_as_it_was(sampler: Sampler) -> None:
    notes = [event for event in song(2, seed=4) if event.start < SAMPLE_RATE]
    gains = np.full(SAMPLE_RATE, 2, np.float32)
    state, _, _ = sampler.render(sampler.start(), notes, SAMPLE_RATE, send_gains=gains)
    resumed = sampler.resumed(notes, SAMPLE_RATE, lambda begin, end: (np.full(end - begin, 2, np.float32), None))
    np.testing.assert_allclose(resumed.room.lines, state.room.lines, atol=1e-6)


def test_stems_asked_for_in_the_middle_still_sum_to_the_whole(sampler: Sampler) -> None:
    notes = song(3, seed=2)
    middle, _, _ = play(sampler, notes, SAMPLE_RATE, lambda: 19_200)
    _, whole, stems = play(sampler, notes, 3 * SAMPLE_RATE, lambda: 19_200, state=middle, stems=True)
    np.testing.assert_allclose(np.sum(list(stems.values()), axis=0), whole, atol=2e-6)


def test_a_note_sounds_where_it_starts_and_the_reverb_fades_after_it(sampler: Sampler) -> None:
    _, samples, _ = play(sampler, [note(start=10_000, program=13, pitch=72)], 8 * SAMPLE_RATE, lambda: 19_200)
    assert not samples[:10_000].any()
    peak = np.abs(samples).max()
    assert np.abs(samples[10_000:10_480]).max() > 0.1 * peak
    assert np.abs(samples[-SAMPLE_RATE:]).max() < 1e-3 * peak


def test_a_state_is_small_and_drops_notes_that_ended(sampler: Sampler) -> None:
    notes = song(8, seed=1)
    state, _, _ = play(sampler, notes, 4 * SAMPLE_RATE, lambda: 19_200)
    assert 0 < len(state.sounding) < 60
    assert sampler.state_bytes(state) < 320 * 1024
    after, _, _ = play(sampler, notes, 40 * SAMPLE_RATE, lambda: SAMPLE_RATE, state=state)
    assert after.sounding == ()


@pytest.mark.parametrize("position", [SAMPLE_RATE // 2, 3 * SAMPLE_RATE, 9 * SAMPLE_RATE])
def test_a_state_is_rebuilt_from_the_notes_played_last(sampler: Sampler, position: int) -> None:
    notes = song(12, seed=4)
    middle, _, _ = play(sampler, notes, position, lambda: 19_200)
    heard = sorted((*(over.note for over in middle.over), *middle.sounding), key=lambda event: event.start)
    resumed = sampler.resumed(heard, position)
    assert resumed.sounding == middle.sounding
    assert set(resumed.over) == set(middle.over)
    _, unbroken, _ = play(sampler, notes, position + 2 * SAMPLE_RATE, lambda: 19_200, state=middle)
    _, again, _ = play(sampler, notes, position + 2 * SAMPLE_RATE, lambda: 19_200, state=resumed)
    # What the reverb held longer ago than MEMORY is 158 dB down; adding up in pieces of other lengths changes nothing.
    np.testing.assert_allclose(again, unbroken, rtol=0, atol=1e-6)


def test_without_the_ended_notes_the_reverb_is_missing(sampler: Sampler) -> None:
    notes = song(12, seed=4)
    middle, _, _ = play(sampler, notes, 9 * SAMPLE_RATE, lambda: 19_200)
    resumed = sampler.resumed(middle.sounding, 9 * SAMPLE_RATE)
    _, unbroken, _ = play(sampler, [], 10 * SAMPLE_RATE, lambda: 19_200, state=middle)
    _, again, _ = play(sampler, [], 10 * SAMPLE_RATE, lambda: 19_200, state=resumed)
    assert np.abs(again - unbroken).max() > 1e-3


def test_ended_notes_are_dropped_after_the_reverb(sampler: Sampler) -> None:
    state, _, _ = play(sampler, [note(start=100, duration=4_800)], 2 * SAMPLE_RATE, lambda: 19_200)
    (over,) = state.over
    silent, _, _ = play(sampler, [], over.end + MEMORY, lambda: 19_200, state=state)
    assert silent.over == ()


def test_notes_to_resume_from_must_be_earlier_and_in_order(sampler: Sampler) -> None:
    for wrong in ([note(start=200), note(start=100)], [note(start=300)]):
        with pytest.raises(ValueError, match="in order"):
            sampler.resumed(wrong, 300)


@pytest.mark.parametrize(
    "wrong",
    [
        {"start": 19_200},
        {"start": -1},
        {"duration": 0},
        {"velocity": 0},
        {"velocity": 128},
        {"pitch": 128},
        {"program": -1},
        {"family": "brass"},
    ],
)
def test_invalid_notes_are_refused(sampler: Sampler, wrong: dict[str, object]) -> None:
    with pytest.raises(ValueError, match="expected"):
        sampler.render(sampler.start(), [note(**wrong)], 19_200)


def test_notes_out_of_order_are_refused(sampler: Sampler) -> None:
    with pytest.raises(ValueError, match="in order"):
        sampler.render(sampler.start(), [note(start=500), note(start=100)], 19_200)


def test_an_empty_chunk_changes_nothing(sampler: Sampler) -> None:
    state, _, _ = sampler.render(sampler.start(), [note()], 4_800)
    after, samples, _ = sampler.render(state, [], 0)
    assert samples.shape == (0, 2)
    np.testing.assert_array_equal(sampler.render(after, [], 4_800)[1], sampler.render(state, [], 4_800)[1])
