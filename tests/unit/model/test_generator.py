"""The generator over the bundled model, with a stand-in codec: contract, conditioning, transposition."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from contract.step_codec import LAYOUT, StepCodec
from segue.contract import (
    CHANNELS,
    FAMILIES,
    FRAME_SIZE,
    TICKS_PER_BEAT,
    Codec,
    Conditioning,
    Generator,
    Request,
    StyleBank,
)
from segue.model.config import SEGUE_TINY, FeatureConditioning
from segue.model.engine import Engine
from segue.model.generator import (
    GeneratorState,
    LanguageModelGenerator,
    bundled_generator,
    feature_frames,
    sounding_pitches,
)

FEATURES = SEGUE_TINY.conditioning
assert isinstance(FEATURES, FeatureConditioning)


def styles() -> StyleBank:
    rows = np.random.default_rng(0).normal(size=(2, FEATURES.style_width)).astype(np.float32)
    unit = rows / np.linalg.norm(rows, axis=1, keepdims=True)
    return StyleBank(names=("calm", "combat"), embeddings=unit)


def conditioning(frame: int, length: int) -> Conditioning:
    frames = np.arange(frame, frame + length)
    # 96 bpm: 96 000 ticks a frame; bars of three beats.
    ticks = frames * 96_000
    bar = ticks // (3 * TICKS_PER_BEAT)
    ones = np.ones(length, np.float32)
    return Conditioning(
        frame=frame,
        weights=np.stack([0.25 * ones, 0.75 * ones], axis=1),
        tempo_bpm=96 * ones,
        ticks=ticks,
        bar=bar.astype(np.int32),
        bar_ticks=bar * 3 * TICKS_PER_BEAT,
        meter=np.full(length, 3, np.int8),
        tonic=np.full(length, 2, np.int8),
        mode=np.full(length, 1, np.int8),
        drums=np.full(length, -1, np.int8),
        intensity=0.5 * ones,
        temperature=ones,
        guidance=2 * ones,
    )


@pytest.fixture(scope="module")
def generator(segue_engine: Engine) -> LanguageModelGenerator:
    return bundled_generator(segue_engine, StepCodec())


def request_from(state: GeneratorState, length: int) -> Request[GeneratorState]:
    return Request(state=state, styles=styles(), conditioning=conditioning(state.frame, length))


def test_it_is_a_generator_with_a_codec(generator: LanguageModelGenerator) -> None:
    as_generator: Generator[GeneratorState] = generator
    as_codec: Codec[Any] = StepCodec()
    assert as_generator.name == "segue-tiny"
    assert "key" in as_generator.controls
    assert as_codec.num_codebooks == LAYOUT.steps


def test_chunks_of_a_row_join_as_one(generator: LanguageModelGenerator) -> None:
    start = generator.start(seed=5, frame=40)
    (whole,) = generator.generate([request_from(start, 12)])
    (head,) = generator.generate([request_from(start, 5)])
    (tail,) = generator.generate([request_from(head.state, 7)])
    joined = np.concatenate([head.chunk.samples, tail.chunk.samples])
    np.testing.assert_allclose(joined, whole.chunk.samples, rtol=0, atol=1e-6)
    assert whole.chunk.samples.shape == (12 * FRAME_SIZE, CHANNELS)
    assert (head.chunk.frame, tail.chunk.frame, tail.state.frame) == (40, 45, 52)
    assert np.ptp(whole.chunk.samples) > 0


def test_notes_and_stems_of_a_codec_are_passed_on(generator: LanguageModelGenerator) -> None:
    longest = generator.engine.longest_run
    request = replace(request_from(generator.start(seed=5, frame=40), longest + 3), stems=True)
    (result,) = generator.generate([request])
    starts = [(40 + t) * FRAME_SIZE for t in range(longest + 3)]
    assert [note.start for note in result.chunk.notes] == starts
    assert [note.released for note in result.chunk.notes] == [start + FRAME_SIZE for start in starts]
    assert set(result.chunk.stems) == set(FAMILIES)
    np.testing.assert_array_equal(sum(result.chunk.stems.values()), result.chunk.samples)
    (without,) = generator.generate([replace(request, stems=False)])
    assert not without.chunk.stems


def test_rows_of_a_batch_are_independent(generator: LanguageModelGenerator) -> None:
    first, second = generator.start(seed=1), generator.start(seed=2, frame=9)
    (alone,) = generator.generate([request_from(first, 6)])
    both = generator.generate([request_from(second, 6), request_from(first, 6)])
    assert both[1].chunk.samples.tobytes() == alone.chunk.samples.tobytes()


def test_conditioning_must_start_where_the_state_ends(generator: LanguageModelGenerator) -> None:
    request = replace(request_from(generator.start(seed=1, frame=3), 4), conditioning=conditioning(4, 4))
    with pytest.raises(ValueError, match="conditioning begins at frame 4, its state ends before frame 3"):
        generator.generate([request])


def test_state_bytes_count_model_and_codec(generator: LanguageModelGenerator, segue_engine: Engine) -> None:
    assert generator.state_bytes(generator.start(seed=1)) == segue_engine.state_bytes + 8


def test_a_codec_of_other_frames_is_refused(segue_engine: Engine) -> None:
    codec = StepCodec()
    codec.num_codebooks = 12
    with pytest.raises(ValueError, match="codec: expected frames of 10 codes, as segue_tiny makes them, got 12"):
        bundled_generator(segue_engine, codec)


def test_the_model_reads_the_tempo_map() -> None:
    frames = feature_frames(FEATURES, styles(), conditioning(20, 60))
    ticks = np.arange(20, 80) * 96_000
    np.testing.assert_allclose(frames.beat_phase, ticks % TICKS_PER_BEAT / TICKS_PER_BEAT, atol=1e-6)
    np.testing.assert_allclose(frames.bar_phase, ticks % (3 * TICKS_PER_BEAT) / (3 * TICKS_PER_BEAT), atol=1e-6)
    np.testing.assert_allclose(frames.log_tempo, np.log(0.8), atol=1e-6)
    np.testing.assert_allclose(np.linalg.norm(frames.style, axis=1), 1.0, atol=1e-6)
    assert frames.style_given.all()


def test_styles_that_cancel_leave_none() -> None:
    bank = styles()
    opposite = StyleBank(names=bank.names, embeddings=np.stack([bank.embeddings[0], -bank.embeddings[0]]))
    even = replace(conditioning(0, 3), weights=np.full((3, 2), 0.5, np.float32))
    frames = feature_frames(FEATURES, opposite, even)
    assert not frames.style_given.any()
    assert np.isfinite(frames.style).all()


def test_styles_of_another_width_are_refused() -> None:
    bank = StyleBank(names=("a", "b"), embeddings=np.ones((2, 3), np.float32))
    with pytest.raises(ValueError, match="style embeddings: expected width 16, got 3"):
        feature_frames(FEATURES, bank, conditioning(0, 2))


@pytest.mark.parametrize(("tonic", "shift"), [(0, 0), (2, 2), (5, 5), (6, -6), (11, -1), (-1, 0)])
def test_pitches_follow_the_tonic_and_drums_do_not(tonic: int, shift: int) -> None:
    layout = replace(LAYOUT, cardinalities=(130, 128, 64))
    codes = np.array([[12, 60, 3, 129, 38, 3, 0, -1, -1, -1], [0, *[-1] * 9]], np.int32)
    sounding = sounding_pitches(layout, codes, np.full(2, tonic, np.int8))
    expected = codes.copy()
    expected[0, 1] += shift
    np.testing.assert_array_equal(sounding, expected)


def test_pitches_stay_in_range_by_octaves() -> None:
    layout = replace(LAYOUT, cardinalities=(130, 128, 64))
    codes = np.array([[12, 3, 3, 12, 125, 3, 0, -1, -1, -1]], np.int32)
    assert sounding_pitches(layout, codes, np.array([6], np.int8))[0, [1, 4]].tolist() == [9, 119]
    assert sounding_pitches(layout, codes, np.array([5], np.int8))[0, [1, 4]].tolist() == [8, 118]
