"""Packed states of the language model: codes continue the same, sizes are bounded, invalid frames are refused."""

from __future__ import annotations

import tracemalloc
import zlib
from collections.abc import Callable
from dataclasses import replace
from typing import Any, Final

import jax
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from contract.step_codec import LAYOUT, StepCodec
from segue.contract import MOST_STATE_BYTES, Conditioning, Request, Samples, StyleBank
from segue.model import packed_history
from segue.model.config import NO_CODE, NOTE_CODES, SEGUE_SMALL, SEGUE_TINY
from segue.model.engine import BLOCK, Engine
from segue.model.generator import GeneratorState, LanguageModelGenerator, bundled_generator
from segue.model.history import FIELDS, History, Played, frames_to_keep
from segue.model.packed_history import NoisePosition
from segue.model.weights import random_weights

MODEL: Final = "model-of-a-test"
KEEP: Final = frames_to_keep(SEGUE_TINY, BLOCK)
WIDTH: Final = 16


class EchoCodec(StepCodec):
    """A codec of one value a frame, the sum of the last ECHO frames' codes: it forgets, as real ones do."""

    ECHO: Final = 20
    memory_frames = ECHO - 1

    def start(self) -> NDArray[np.int64]:
        return np.zeros(self.ECHO - 1, np.int64)

    def values(self, state: Any, sums: NDArray[np.int64]) -> tuple[Any, NDArray[np.float64]]:
        heard = np.concatenate([state, sums])
        return heard[len(sums) :], np.convolve(heard, np.ones(self.ECHO, np.int64), "valid") / 1e4


def unit_rows(count: int, width: int, seed: int = 0) -> NDArray[np.float32]:
    rows = np.random.default_rng(seed).normal(size=(count, width))
    return (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32)


def bank(count: int = 3, width: int = WIDTH, seed: int = 0) -> StyleBank:
    return StyleBank(names=tuple(f"style {n}" for n in range(count)), embeddings=unit_rows(count, width, seed))


def conditioning(length: int, styles: int = 3, *, frame: int = 0, temperature: float = 1.0) -> Conditioning:
    """Styles that come and go, and everything else in motion too."""
    frames = np.arange(frame, frame + length)
    waves = 1 + np.sin(frames[:, None] / 40 + np.arange(styles))
    tempo = 96_000 + 100 * (frames // 50)
    ticks = np.cumsum(tempo)
    bar = frames // 47
    return Conditioning(
        frame=frame,
        weights=(waves / waves.sum(axis=1, keepdims=True)).astype(np.float32),
        tempo_bpm=(tempo / 1000).astype(np.float32),
        ticks=ticks,
        bar=bar.astype(np.int32),
        bar_ticks=ticks - (frames % 47) * 96_000,
        meter=np.full(length, 3, np.int8),
        tonic=(frames // 100 % 12).astype(np.int8),
        mode=np.full(length, 1, np.int8),
        drums=np.full(length, -1, np.int8),
        intensity=(0.5 + 0.5 * np.sin(frames / 90)).astype(np.float32),
        temperature=np.full(length, temperature, np.float32),
        guidance=np.full(length, 2.0, np.float32),
    )


def some_codes(length: int, events: float = 1.0, layout: Any = LAYOUT, seed: int = 0) -> NDArray[np.int16]:
    """Frames of about `events` events each, spelled as a model spells them."""
    chance = np.random.default_rng(seed)
    codes = np.full((length, layout.steps), NO_CODE, np.int16)
    for row in codes:
        count = min(layout.max_events, int(chance.poisson(events)))
        for event in range(count):
            books = slice(event * layout.num_codebooks, (event + 1) * layout.num_codebooks)
            row[books] = chance.integers(1, layout.cardinalities)
        row[count * layout.num_codebooks] = 0
    return codes


def history(
    length: int, *, styles: StyleBank | None = None, layout: Any = LAYOUT, events: float = 1.0, keep: int = KEEP
) -> History:
    """A history in pieces of ten frames."""
    styles = styles or bank()
    asked = conditioning(length, len(styles.names))
    codes = some_codes(length, events, layout)
    grown = History()
    for begin in range(0, length, 10):
        piece = slice(begin, begin + 10)
        grown = grown.grown(Played(styles, asked[piece], codes[piece]), keep)
    return grown


@pytest.fixture(scope="module")
def generator(segue_engine: Engine) -> LanguageModelGenerator:
    return bundled_generator(segue_engine, EchoCodec())


def played_on(
    generator: LanguageModelGenerator, state: GeneratorState, asked: Conditioning
) -> tuple[GeneratorState, Samples]:
    samples = []
    for begin in range(0, asked.num_frames, 10):
        request = Request(state=state, styles=bank(), conditioning=asked[begin : begin + 10])
        (result,) = generator.generate([request])
        state = result.state
        samples.append(result.chunk.samples)
    return state, np.concatenate(samples)


@pytest.mark.parametrize("temperature", [0.01, 1.0])
@pytest.mark.parametrize("length", [30, 70, 330])
def test_codes_and_sound_continue_the_same(generator: LanguageModelGenerator, length: int, temperature: float) -> None:
    asked = conditioning(length + 60, temperature=temperature)
    state, _ = played_on(generator, generator.start(seed=4), asked[:length])
    restored = generator.unpack(generator.pack(state), frame=length)
    unbroken, sound = played_on(generator, state, asked[length:])
    again, same = played_on(generator, restored, asked[length:])
    np.testing.assert_array_equal(again.history.last(60).codes, unbroken.history.last(60).codes)
    np.testing.assert_array_equal(same, sound)
    assert len(np.unique(sound)) > 3


def test_only_what_can_still_be_heard_is_decoded_again(generator: LanguageModelGenerator) -> None:
    decoded: list[int] = []

    class CountingCodec(EchoCodec):
        def values(self, state: Any, sums: NDArray[np.int64]) -> tuple[Any, NDArray[np.float64]]:
            decoded.append(len(sums))
            return super().values(state, sums)

    counting = bundled_generator(generator.engine, CountingCodec())
    state, _ = played_on(counting, counting.start(seed=4), conditioning(70))
    decoded.clear()
    restored = counting.unpack(counting.pack(state), frame=70)
    assert decoded == [EchoCodec.ECHO - 1]
    np.testing.assert_array_equal(restored.codec, state.codec)


def test_the_state_is_rebuilt_within_rounding(generator: LanguageModelGenerator) -> None:
    """Keys and values are those of whole blocks of frames instead of single ones: the same sums in another order."""
    state, _ = played_on(generator, generator.start(seed=4), conditioning(330))
    restored = generator.unpack(generator.pack(state), frame=330)
    assert (int(restored.model.frame), int(restored.model.seed), int(restored.model.seen)) == (
        330,
        4,
        SEGUE_TINY.window,
    )
    for a, b in zip(jax.tree.leaves(restored.model), jax.tree.leaves(state.model), strict=True):
        np.testing.assert_allclose(np.asarray(a), np.asarray(b), rtol=0, atol=5e-5)


def test_no_history_length_compiles_its_own_program(generator: LanguageModelGenerator) -> None:
    state, _ = played_on(generator, generator.start(seed=4), conditioning(130))
    generator.unpack(generator.pack(state), frame=130)
    before = len(generator.engine._compiled)
    for length in (1, 63, 65, 127):
        shorter, _ = played_on(generator, generator.start(seed=4), conditioning(length))
        generator.unpack(generator.pack(shorter), frame=length)
    assert len(generator.engine._compiled) == before


def test_other_weights_are_another_model(generator: LanguageModelGenerator) -> None:
    other = bundled_generator(Engine(SEGUE_TINY, random_weights(SEGUE_TINY, 4)), EchoCodec())
    same = bundled_generator(Engine(SEGUE_TINY, random_weights(SEGUE_TINY, 3)), EchoCodec())
    assert generator.model == same.model != other.model
    with pytest.raises(ValueError, match="packed by"):
        other.unpack(generator.pack(generator.start(seed=1)), frame=0)


def test_styles_of_another_width_are_refused(generator: LanguageModelGenerator) -> None:
    data = packed_history.pack(generator.model, NoisePosition(1, 2), history(20, styles=bank(width=9)), KEEP)
    with pytest.raises(ValueError, match="expected width 16, got 9"):
        generator.unpack(data, frame=0)


def test_a_history_keeps_all_that_reaches_the_next_frame() -> None:
    assert frames_to_keep(SEGUE_TINY, BLOCK) == 256
    assert frames_to_keep(SEGUE_SMALL, BLOCK) == 384 > SEGUE_SMALL.receptive_field
    grown = history(1_000)
    assert KEEP <= grown.num_frames < KEEP + 10
    whole = history(250).last(1_000)
    assert whole.conditioning.num_frames == 250
    np.testing.assert_array_equal(history(250).last(33).codes, whole.codes[-33:])
    with pytest.raises(ValueError, match="at least one frame"):
        History().last(10)


def test_a_history_holds_each_style_in_use_once() -> None:
    both, other = bank(2), bank(3, seed=5)
    swapped = StyleBank(names=("b", "a"), embeddings=both.embeddings[::-1].copy())
    silent = replace(conditioning(4, 3), weights=np.tile(np.float32([0, 0, 1]), (4, 1)))
    pieces = (
        Played(both, conditioning(4, 2), some_codes(4)),
        Played(swapped, conditioning(4, 2), some_codes(4)),
        Played(other, silent, some_codes(4)),
    )
    joined = History(pieces).last(12)
    np.testing.assert_array_equal(joined.styles.embeddings, [*both.embeddings, other.embeddings[2]])
    weights = conditioning(4, 2).weights
    np.testing.assert_array_equal(joined.conditioning.weights[:8, :2], np.concatenate([weights, weights[:, ::-1]]))
    np.testing.assert_array_equal(joined.conditioning.weights[8:], silent.weights)


@pytest.mark.parametrize("length", [1, 10, 256, 300])
def test_packing_loses_nothing(length: int) -> None:
    past = history(length)
    position, played = packed_history.unpack(
        MODEL, packed_history.pack(MODEL, NoisePosition(7, -3), past, KEEP), LAYOUT
    )
    before = past.last(KEEP)
    assert position == NoisePosition(7, -3)
    assert played is not None
    np.testing.assert_array_equal(played.styles.embeddings, before.styles.embeddings)
    np.testing.assert_array_equal(played.codes, before.codes)
    for name in ("weights", *FIELDS):
        row, was = getattr(played.conditioning, name), getattr(before.conditioning, name)
        np.testing.assert_array_equal(row, was)
        assert row.dtype == was.dtype


@pytest.mark.parametrize(
    ("styles", "width", "events", "frames"),
    [(3, 128, 2.0, 384), (6, 128, 2.0, 384), (7, 768, 2.0, 90), (3, 128, 8.0, 300)],
)
def test_too_large_a_history_loses_style_bits_then_old_frames(
    styles: int, width: int, events: float, frames: int
) -> None:
    """Frames kept at least, of 384, with Poisson `events` a frame: two is dense music, eight fills every frame."""
    past = history(390, styles=bank(styles, width), layout=NOTE_CODES, events=events, keep=384)
    data = packed_history.pack(MODEL, NoisePosition(1, 2), past, 384)
    assert len(data) <= MOST_STATE_BYTES
    _, played = packed_history.unpack(MODEL, data, NOTE_CODES)
    assert played is not None
    assert frames <= len(played.codes) <= 384
    np.testing.assert_array_equal(played.codes, past.last(len(played.codes)).codes)
    np.testing.assert_allclose(played.styles.embeddings, past.last(len(played.codes)).styles.embeddings, atol=1e-3)


def test_styles_too_large_for_one_frame_leave_the_position_alone() -> None:
    data = packed_history.pack(MODEL, NoisePosition(1, 2), history(20, styles=bank(50, 768)), KEEP)
    assert packed_history.unpack(MODEL, data, LAYOUT) == (NoisePosition(1, 2), None)


def raw_frames() -> tuple[bytes, bytes]:
    """Head and inflated body of a packing."""
    data = packed_history.pack(MODEL, NoisePosition(1, 2), history(30), KEEP)
    return data[: packed_history._HEAD.size], zlib.decompress(data[packed_history._HEAD.size :])


@settings(max_examples=200)
@given(
    st.lists(st.tuples(st.integers(0, 5_000), st.integers(0, 255)), max_size=3),
    st.lists(st.tuples(st.integers(4, 22), st.integers(0, 255)), max_size=1),
)
def test_any_frames_are_refused_or_valid(body: list[tuple[int, int]], head: list[tuple[int, int]]) -> None:
    """Bytes changed before they are deflated, so that no checksum gives them away."""
    changed_head, changed = (bytearray(part) for part in raw_frames())
    for edits, part in ((body, changed), (head, changed_head)):
        for place, value in edits:
            part[place % len(part)] = value
    try:
        _, played = packed_history.unpack(MODEL, bytes(changed_head) + zlib.compress(bytes(changed)), LAYOUT)
    except ValueError:
        return
    if played is not None:
        assert np.isfinite(played.styles.embeddings).all()
        assert np.isfinite(played.conditioning.weights).all()
        assert (played.codes < max(LAYOUT.cardinalities)).all()


def test_a_compression_bomb_is_not_inflated() -> None:
    head, body = raw_frames()
    bomb = head + zlib.compress(body + bytes(10_000_000))
    vast = head[:16] + b"\xff\x03\xff\xff\xff\xff\0" + zlib.compress(bytes(10_000_000))
    tracemalloc.start()
    with pytest.raises(ValueError, match="whole stream"):
        packed_history.unpack(MODEL, bomb, LAYOUT)
    with pytest.raises(ValueError, match="at most 1048576 bytes"):
        packed_history.unpack(MODEL, vast, LAYOUT)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 500_000


def edited(change: Callable[[Played], Played]) -> bytes:
    return packed_history.pack(MODEL, NoisePosition(1, 2), History((change(history(20).last(20)),)), KEEP)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("tempo_bpm", np.nan),
        ("tempo_bpm", 0.0),
        ("intensity", 1.5),
        ("meter", 0),
        ("tonic", 12),
        ("mode", 6),
        ("drums", 2),
        ("guidance", np.inf),
        ("ticks", 2**60),
        ("weights", 0.5),
        ("weights", np.nan),
    ],
)
def test_impossible_conditioning_is_refused(name: str, value: float) -> None:
    def change(played: Played) -> Played:
        row = getattr(played.conditioning, name).copy()
        row[3] = value
        return played._replace(conditioning=replace(played.conditioning, **{name: row}))

    with pytest.raises(ValueError, match=name):
        packed_history.unpack(MODEL, edited(change), LAYOUT)


@pytest.mark.parametrize(
    "frame",
    [
        [NO_CODE] * 10,
        [0] * 10,
        [1, 2, 3] * 3 + [1],
        [0, 3] + [NO_CODE] * 8,
        [7, 2, 3, 0] + [NO_CODE] * 6,
        [1, 2, 0] + [NO_CODE] * 7,
    ],
    ids=["no end", "after the end", "no end at the end", "more after the end", "out of the codebook", "in an event"],
)
def test_frames_that_the_model_cannot_spell_are_refused(frame: list[int]) -> None:
    def change(played: Played) -> Played:
        codes = played.codes.copy()
        codes[5] = frame
        return played._replace(codes=codes)

    with pytest.raises(ValueError, match="codes"):
        packed_history.unpack(MODEL, edited(change), LAYOUT)


def test_embeddings_without_unit_length_are_refused() -> None:
    for factor in (0.5, 2.0, np.inf):

        def change(played: Played, factor: float = factor) -> Played:
            loud = played.styles.embeddings.copy()
            loud[0] *= np.float32(min(factor, 1e30))
            return played._replace(styles=replace(played.styles, embeddings=loud))

        with pytest.raises(ValueError, match="style embeddings"):
            packed_history.unpack(MODEL, edited(change), LAYOUT)
