"""Notes read in parts: the same bits whatever is cached, wherever they are cut, on any number of threads."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest

from segue.contract import SAMPLE_RATE, NoteEvent
from segue.score.sampler import voice
from segue.score.sampler.cache import ByteCache
from segue.score.sampler.levels import read_levels
from segue.score.sampler.notes import NoteBank
from segue.score.sampler.sampler import BUNDLED_LEVELS, BUNDLED_SOUNDFONT
from segue.score.sampler.voice import VolumeEnvelope
from unit.sampler.material import note
from unit.sampler.test_voice import PLAIN

# A string and a drum that ring, a pad that trembles, a short bass, a synthesised bass and drum.
NOTES = (
    note(program=48, pitch=60, duration=SAMPLE_RATE),
    note(program=0, pitch=49, duration=SAMPLE_RATE // 4, drums=True),
    note(program=89, pitch=67, duration=SAMPLE_RATE // 2),
    note(program=33, pitch=40, duration=SAMPLE_RATE // 5),
    note(program=38, pitch=40, duration=SAMPLE_RATE // 5),
    note(program=25, pitch=35, drums=True),
)
PATIENCE_S = 30.0


def bank(memory_bytes: int = 64 << 20) -> NoteBank:
    levels = read_levels(BUNDLED_LEVELS)
    return NoteBank(BUNDLED_SOUNDFONT, levels, patches_first=True, memory_bytes=memory_bytes)


def whole(of: NoteBank, event: NoteEvent) -> np.ndarray:
    described = of.note(event)
    return of.read(described, 0, described.length).copy()


def test_parts_of_a_note_equal_the_whole_with_and_without_caching() -> None:
    kept, forgetful = bank(), bank(memory_bytes=0)
    for event in NOTES:
        first, again, unkept = whole(kept, event), whole(kept, event), whole(forgetful, event)
        np.testing.assert_array_equal(first, again)
        np.testing.assert_array_equal(first, unkept)
        described = forgetful.note(event)
        cuts = [0, 1, 63, 64, 1_000, described.length // 2, described.length - 100, described.length]
        pieces = [forgetful.read(described, begin, end) for begin, end in pairwise(cuts) if end > begin]
        np.testing.assert_array_equal(np.concatenate(pieces, axis=1), first)


def test_only_repeated_short_notes_are_cached_whole() -> None:
    notes = bank()
    long = notes.note(replace(NOTES[0], duration=2 * SAMPLE_RATE))
    for _ in range(3):
        notes.read(long, 0, 4_800)
    assert len(notes._wholes) == 0
    described = notes.note(NOTES[3])
    for begin in range(0, described.length - 4_800, 4_800):
        notes.read(described, begin, begin + 4_800)
    assert len(notes._wholes) == 0
    notes.read(described, 0, 4_800)
    assert len(notes._wholes) == 1


def test_notes_with_the_same_sound_share_a_source() -> None:
    notes = bank()
    described = {velocity: notes.note(replace(NOTES[0], velocity=velocity)) for velocity in range(60, 120)}
    layer = described[90].key.layer
    notes = bank()
    same = [velocity for velocity, one in described.items() if one.key.layer == layer]
    assert len(same) > 5
    for velocity in same:
        for duration in (SAMPLE_RATE, SAMPLE_RATE + 2_400, 4 * SAMPLE_RATE):
            whole(notes, replace(NOTES[0], velocity=velocity, duration=duration))
    assert len(notes._sources) == 1


def test_a_note_that_begins_makes_no_more_of_its_source_than_is_played() -> None:
    notes = bank()
    described = notes.note(replace(NOTES[0], duration=8 * SAMPLE_RATE))
    assert described.length > 8 * SAMPLE_RATE
    assert notes._sources.nbytes == 0
    notes.read(described, 0, 480)
    assert 4 * 480 <= notes._sources.nbytes <= 4 * SAMPLE_RATE


@pytest.mark.parametrize("event", NOTES)
def test_a_note_ends_where_it_is_inaudible(event: NoteEvent) -> None:
    notes = bank()
    described = notes.note(event)
    entire = notes._summed(described.voices, described.channels, 0, max(one.length for one in described.voices))
    assert np.abs(entire[:, described.length :]).max(initial=0) < 10 ** (-66 / 20) * np.abs(entire).max()


def test_a_drum_note_is_played_by_its_kit_and_else_by_the_standard_one() -> None:
    notes = bank()

    def kick(kit: int, pitch: int = 36) -> np.ndarray:
        return whole(notes, note(program=kit, pitch=pitch, drums=True))

    assert kick(25).shape != kick(0).shape
    # The 808's kit has no vibraslap, and no font has a kit 77.
    for kit, pitch in ((25, 58), (77, 36)):
        np.testing.assert_array_equal(kick(kit, pitch), kick(0, pitch))


def test_all_threads_read_the_same_bits() -> None:
    expected = [whole(bank(), event) for event in NOTES]
    # Room for hardly anything, so that threads make and drop all the time.
    shared = bank(memory_bytes=2 << 20)
    barrier = threading.Barrier(3)

    def play() -> list[np.ndarray]:
        barrier.wait(PATIENCE_S)
        return [whole(shared, event) for event in NOTES for _ in range(3)]

    with ThreadPoolExecutor(3) as threads:
        for found in [future.result() for future in [threads.submit(play) for _ in range(3)]]:
            for number, sound in enumerate(found):
                np.testing.assert_array_equal(sound, expected[number // 3])


@pytest.mark.parametrize("held", [1, 100, 2_400, 20_000, SAMPLE_RATE, 3 * SAMPLE_RATE])
@pytest.mark.parametrize("changes", [{}, {"sustain_db": -100.0}, {"delay_s": 0.01, "release_s": 0.0}])
def test_any_part_of_an_envelope_equals_the_whole(held: int, changes: dict[str, float]) -> None:
    envelope = VolumeEnvelope(replace(PLAIN, **changes), held, 2 * SAMPLE_RATE)
    everything = envelope.read(0, envelope.length)
    cuts = sorted(
        {0, 7, 500, 4_801, 9_600, held, envelope.length - 3, envelope.length} & set(range(envelope.length + 1))
    )
    for begin, end in pairwise(cuts):
        np.testing.assert_array_equal(envelope.read(begin, end), everything[begin:end])


def test_any_part_of_a_tremolo_equals_the_whole() -> None:
    trembling = replace(PLAIN, tremolo_db=3.0, tremolo_delay_s=0.05)
    everything = voice.tremolo(trembling, 0, 30_000)
    assert everything is not None
    assert everything.max() > 1.2
    for begin, end in ((0, 1), (63, 65), (64, 128), (1_000, 29_999), (12_345, 30_000)):
        part = voice.tremolo(trembling, begin, end)
        assert part is not None
        np.testing.assert_array_equal(part, everything[begin:end])
    assert voice.tremolo(PLAIN, 0, 100) is None


def test_a_cached_value_is_made_once_for_all_threads() -> None:
    cache: ByteCache[str, bytes] = ByteCache(100, len)
    making, go_on = threading.Event(), threading.Event()
    made: list[str] = []

    def make(key: str) -> bytes:
        made.append(key)
        making.set()
        assert go_on.wait(PATIENCE_S)
        return bytes(10)

    with ThreadPoolExecutor(2) as threads:
        first = threads.submit(cache.get, "slow", lambda: make("slow"))
        assert making.wait(PATIENCE_S)
        second = threads.submit(cache.get, "slow", lambda: make("slow again"))
        # Who wants another value does not wait for it.
        assert cache.get("quick", lambda: bytes(5)) == bytes(5)
        go_on.set()
        assert first.result(PATIENCE_S) == second.result(PATIENCE_S) == bytes(10)
    assert made == ["slow"]
    assert cache.nbytes == 15


def test_a_value_whose_making_failed_is_made_again() -> None:
    cache: ByteCache[str, bytes] = ByteCache(100, len)

    def failing() -> bytes:
        raise OSError("broken")

    attempts: list[Callable[[], bytes]] = [failing, failing, lambda: bytes(1)]
    for make in attempts[:2]:
        with pytest.raises(OSError, match="broken"):
            cache.get("key", make)
    assert cache.get("key", attempts[2]) == bytes(1)
