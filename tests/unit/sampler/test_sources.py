"""Sources: the same bits however they are read, bounded memory, and errors that leave them usable."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Iterator
from itertools import count, islice, pairwise

import numpy as np
import pytest

from segue.score.sampler.sources import Source, SourceCache, Waveform

BLOCK = 100
EXPECTED = np.arange(1, 100 * BLOCK + 1, dtype=np.float32)


def endless(made: list[int]) -> Callable[[], Iterator[Waveform]]:
    """Return what begins a sound that counts its samples from 1 on, and notes each block in `made`."""

    def blocks() -> Iterator[Waveform]:
        for number in count():
            made.append(number)
            yield np.arange(number * BLOCK + 1, (number + 1) * BLOCK + 1, dtype=np.float32)

    return blocks


def read(source: Source, begin: int, end: int) -> np.ndarray:
    gain = np.ones(end - begin, np.float32)
    source.multiply(gain, begin)
    return gain


def test_a_source_is_made_block_by_block_as_it_is_read() -> None:
    made: list[int] = []
    source = Source(endless(made))
    assert source.make(1)
    assert made == [0]
    assert not source.make(BLOCK)
    assert source.make(3 * BLOCK + 1)
    assert made == [0, 1, 2, 3]
    for begin, end in pairwise([0, 1, BLOCK, BLOCK + 1, 3 * BLOCK + 50, 4 * BLOCK]):
        np.testing.assert_array_equal(read(source, begin, end), EXPECTED[begin:end])


def test_a_closed_source_begins_again_and_goes_twice_as_far() -> None:
    made: list[int] = []
    source = Source(endless(made))
    source.make(3 * BLOCK)
    source.close()
    made.clear()
    assert source.make(3 * BLOCK + 1)
    assert made == [0, 1, 2, 3, 4, 5]
    np.testing.assert_array_equal(read(source, 0, 6 * BLOCK), EXPECTED[: 6 * BLOCK])


def test_a_source_that_is_over_is_silent_from_there_on() -> None:
    source = Source(lambda: islice(endless([])(), 2))
    assert source.make(10 * BLOCK)
    assert not source.make(20 * BLOCK)
    assert not source.is_open
    assert not read(source, 2 * BLOCK, 3 * BLOCK).any()
    np.testing.assert_array_equal(read(source, 150, 250), [*EXPECTED[150:200], *[0] * 50])


def test_an_error_reaches_the_reader_and_the_next_one_begins_again() -> None:
    attempts: list[int] = []

    def failing_once() -> Iterator[Waveform]:
        attempts.append(1)
        yield EXPECTED[:BLOCK]
        if len(attempts) == 1:
            raise ValueError("damaged")
        yield EXPECTED[BLOCK : 2 * BLOCK]

    source = Source(failing_once)
    with pytest.raises(ValueError, match="damaged"):
        source.make(2 * BLOCK)
    source.make(2 * BLOCK)
    np.testing.assert_array_equal(read(source, 0, 2 * BLOCK), EXPECTED[: 2 * BLOCK])


def test_a_cache_counts_what_its_sources_have_grown_to() -> None:
    room = 10 * BLOCK * 4
    cache: SourceCache[int] = SourceCache(room)
    made: list[int] = []
    first = cache.get(1, endless(made), BLOCK)
    assert cache.nbytes == first.nbytes == BLOCK * 4
    assert cache.get(1, endless(made), 6 * BLOCK) is first
    assert cache.nbytes == 6 * BLOCK * 4
    cache.get(2, endless(made), 5 * BLOCK)
    # Both have no room: the one that was used last is kept.
    assert cache.nbytes == 5 * BLOCK * 4
    assert cache.get(1, endless(made), BLOCK) is not first


def test_few_sources_stay_open() -> None:
    cache: SourceCache[int] = SourceCache(1 << 20)
    sources = [cache.get(key, endless([]), BLOCK) for key in range(20)]
    assert [source.is_open for source in sources] == [False] * 12 + [True] * 8


# A note that sounds still, so that its resampler is kept, at the end of a process. A thread that never ends keeps all.
_ENDS_WHILE_A_NOTE_SOUNDS = """
import threading

from segue.contract import NoteEvent
from segue.score.sampler.sampler import Sampler

sampler = Sampler()
note = NoteEvent(start=0, duration=96_000, pitch=60, velocity=90, program=48, drums=False, family="harmony")
sampler.render(sampler.start(), [note], 1_920)
assert [source() for source in sampler._bank._sources._open.values()][0].is_open
threading.Thread(target=lambda kept: threading.Event().wait(), args=[sampler], daemon=True).start()
"""


def test_a_process_that_ends_while_a_note_sounds_reports_no_leak() -> None:
    done = subprocess.run(
        [sys.executable, "-c", _ENDS_WHILE_A_NOTE_SOUNDS], capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
