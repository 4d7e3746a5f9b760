"""What every Generator keeps when its state travels as bytes: the music goes on, in few bytes, whatever bytes come."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any, Final

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from contract.generators import GENERATORS, bank, conditioning, eventful
from segue.contract import FRAME_SIZE, MOST_STATE_BYTES, Conditioning, Generator, Request, Samples

FRAMES: Final = 200
STYLES: Final = bank("calm", "combat", "town")
# How far sound after `unpack` may be from what would have been. The score's sampler is made anew by playing its notes
# again, all but what the room has forgotten: 1.8e-7 measured. Codes are whole numbers and come the same.
TOLERANCE: Final = {"score": 1e-6, "segue-tiny": 0.0}


@pytest.fixture(scope="module", params=sorted(GENERATORS))
def generator(request: pytest.FixtureRequest) -> Generator[Any]:
    return GENERATORS[request.param]()


def goes_on(generator: Generator[Any], state: Any, asked: Conditioning) -> tuple[Any, Samples]:
    (result,) = generator.generate([Request(state=state, styles=STYLES, conditioning=asked)])
    return result.state, result.chunk.samples


def packed_at(generator: Generator[Any], frame: int, size: int = 10) -> tuple[Any, bytes]:
    """The state before `frame`, reached in chunks of `size` frames, and its bytes."""
    asked = eventful(FRAMES)
    state = generator.start(seed=3)
    for begin in range(0, frame, size):
        state, _ = goes_on(generator, state, asked[begin : min(frame, begin + size)])
    return state, generator.pack(state)


@pytest.fixture(scope="module")
def packed(generator: Generator[Any]) -> bytes:
    return packed_at(generator, 100)[1]


def test_its_model_has_a_name(generator: Generator[Any]) -> None:
    assert 0 < len(generator.model.encode()) <= 128
    assert generator.model == generator.model


@pytest.mark.parametrize("frame", [1, 40, 150])
def test_the_music_goes_on_as_if_it_had_never_stopped(generator: Generator[Any], frame: int) -> None:
    asked = eventful(FRAMES)
    state, data = packed_at(generator, frame)
    _, unbroken = goes_on(generator, state, asked[frame:])
    _, restored = goes_on(generator, generator.unpack(data, frame=frame), asked[frame:])
    assert unbroken.std() > 0.001
    np.testing.assert_allclose(restored, unbroken, rtol=0, atol=TOLERANCE[generator.name])


@pytest.mark.parametrize("moved_to", [0, 7, 90_000])
def test_at_another_frame_the_same_music_goes_on(generator: Generator[Any], packed: bytes, moved_to: int) -> None:
    asked = eventful(FRAMES)[100:]
    _, here = goes_on(generator, generator.unpack(packed, frame=100), asked)
    state, there = goes_on(generator, generator.unpack(packed, frame=moved_to), replace(asked, frame=moved_to))
    np.testing.assert_allclose(there, here, rtol=0, atol=TOLERANCE[generator.name])
    with pytest.raises(ValueError, match="frame"):
        goes_on(generator, state, eventful(FRAMES)[:1])


def test_nothing_played_packs_too(generator: Generator[Any]) -> None:
    start = generator.start(seed=9, frame=30)
    asked = replace(eventful(20), frame=30)
    _, fresh = goes_on(generator, start, asked)
    _, restored = goes_on(generator, generator.unpack(generator.pack(start), frame=30), asked)
    np.testing.assert_allclose(restored, fresh, rtol=0, atol=TOLERANCE[generator.name])


def test_bytes_are_few_and_go_by_what_was_played_alone(generator: Generator[Any]) -> None:
    sizes = []
    for frame in (0, 50, 150):
        _, data = packed_at(generator, frame)
        assert data == packed_at(generator, frame, size=7)[1]
        assert generator.pack(generator.unpack(data, frame=frame)) == data
        moved = generator.pack(generator.unpack(data, frame=12_345))
        assert generator.pack(generator.unpack(moved, frame=12_345)) == moved
        sizes.append(len(data))
    assert max(sizes) <= MOST_STATE_BYTES


def test_the_densest_music_fits(generator: Generator[Any]) -> None:
    asked = conditioning(np.full((FRAMES, 3), 1 / 3), tempo_bpm=180, drums=1, intensity=1.0)
    state, _ = goes_on(generator, generator.start(seed=1), asked)
    data = generator.pack(state)
    assert len(data) <= MOST_STATE_BYTES
    onward = replace(asked[:20], frame=FRAMES)
    _, unbroken = goes_on(generator, state, onward)
    _, restored = goes_on(generator, generator.unpack(data, frame=FRAMES), onward)
    np.testing.assert_allclose(restored, unbroken, rtol=0, atol=TOLERANCE[generator.name])


def test_the_join_is_no_larger_than_inside(generator: Generator[Any], packed: bytes) -> None:
    asked = eventful(FRAMES)
    _, before = goes_on(generator, generator.start(seed=3), asked[:100])
    _, after = goes_on(generator, generator.unpack(packed, frame=100), asked[100:])
    steps = np.abs(np.diff(np.concatenate([before, after]), axis=0)).max(axis=1)
    join = 100 * FRAME_SIZE - 1
    assert steps[join] <= np.delete(steps, join).max()


@pytest.mark.parametrize(
    "data", [b"", b"\0", b"segue", bytes(40), bytes(MOST_STATE_BYTES), bytes(10 * MOST_STATE_BYTES)]
)
def test_foreign_bytes_are_refused(generator: Generator[Any], data: bytes) -> None:
    with pytest.raises(ValueError):
        generator.unpack(data, frame=10)


def test_other_generators_bytes_are_refused(generator: Generator[Any], packed: bytes) -> None:
    for name, make in GENERATORS.items():
        if name != generator.name:
            with pytest.raises(ValueError):
                make().unpack(packed, frame=10)


def test_no_part_will_do_for_the_whole(generator: Generator[Any], packed: bytes) -> None:
    for end in {0, 1, 3, 4, 5, 10, 23, 24, 40, len(packed) // 2, len(packed) - 1}:
        with pytest.raises(ValueError):
            generator.unpack(packed[:end], frame=10)
    with pytest.raises(ValueError):
        generator.unpack(packed + b"\0", frame=10)


@contextmanager
def refusing() -> Iterator[None]:
    """Whether bytes are refused or not does not matter; any other exception does."""
    try:
        yield
    except ValueError:
        return


@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(edits=st.lists(st.tuples(st.integers(0, 11_999), st.integers(0, 255)), min_size=1, max_size=4))
def test_changed_bytes_are_refused_or_play(
    generator: Generator[Any], packed: bytes, edits: list[tuple[int, int]]
) -> None:
    changed = bytearray(packed)
    for place, value in edits:
        changed[place % len(changed)] = value
    with refusing():
        state = generator.unpack(bytes(changed), frame=100)
        _, samples = goes_on(generator, state, eventful(FRAMES)[100:104])
        assert np.isfinite(samples).all()


@settings(max_examples=50, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(tail=st.binary(max_size=300))
def test_its_own_mark_opens_no_door(generator: Generator[Any], packed: bytes, tail: bytes) -> None:
    with pytest.raises(ValueError):
        generator.unpack(packed[:4] + tail, frame=100)
