"""Magenta RealTime 2 as a generator: its conditioning, the official player's defaults, and blocks of sound."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from contract.generators import conditioning
from segue.contract import CHANNELS, FRAME_SIZE, CodecRequest, Decoded, Request, Samples, StyleBank
from segue.model.block_codec import BlockCodec
from segue.model.conditioning import TokenEncoder, style_vector
from segue.model.config import MRT2_TINY, NO_CODE, TokenConditioning
from segue.model.engine import Engine, Run
from segue.model.mrt2 import BLOCK_FRAMES, TEMPERATURE, StyleVectors, mrt2_generator, nearest_tokens, token_frames

TOKENS = MRT2_TINY.conditioning
assert isinstance(TOKENS, TokenConditioning)


class LateCodec:
    """Sounds the sum of a frame's codes one frame later, and counts the frames of its calls."""

    num_codebooks = MRT2_TINY.codes.steps
    delay_samples = FRAME_SIZE
    memory_frames = 1
    block_frames = 1

    def __init__(self, scale: float = 0.01) -> None:
        self.scale = scale
        self.lengths: list[int] = []

    def encode(self, samples: Samples) -> NDArray[np.int32]:
        raise NotImplementedError("sums do not determine codes")

    def start(self) -> float:
        return 0.0

    def decode(self, requests: Sequence[CodecRequest[float]]) -> list[Decoded[float]]:
        (request,) = requests
        self.lengths.append(len(request.codes))
        sums = self.scale * request.codes.sum(axis=1)
        late = np.concatenate([[request.state], sums[:-1]])
        samples = np.repeat(late, FRAME_SIZE)[:, None].astype(np.float32) * np.ones(CHANNELS, np.float32)
        return [Decoded(state=float(sums[-1]), samples=samples)]


def styles(count: int = 2) -> StyleBank:
    rows = np.random.default_rng(0).normal(size=(count, TOKENS.style_width)).astype(np.float32)
    unit = rows / np.linalg.norm(rows, axis=1, keepdims=True)
    return StyleBank(names=tuple(map(str, range(count))), embeddings=unit)


def encoder_of(engine: Engine) -> TokenEncoder:
    encoder = engine.fused.encoder
    assert isinstance(encoder, TokenEncoder)
    return encoder


def vectors_of(engine: Engine) -> StyleVectors:
    encoder = encoder_of(engine)
    return StyleVectors(encoder, TOKENS, nearest_tokens(encoder, TOKENS))


def generator_of(engine: Engine, codec: LateCodec) -> Any:
    blocks = BlockCodec(codec, BLOCK_FRAMES)
    return mrt2_generator(engine, blocks, encoder="x", quantise=nearest_tokens(encoder_of(engine), TOKENS))


def test_a_style_is_the_sum_of_the_vectors_its_tokens_name(mrt2_engine: Engine) -> None:
    encoder = encoder_of(mrt2_engine)
    quantise = nearest_tokens(encoder, TOKENS)
    bank = styles()
    tokens = np.stack([quantise(row.astype(np.float16).astype(np.float32)) for row in bank.embeddings])
    assert len(np.unique(tokens, axis=0)) == 2
    expected = np.asarray(style_vector(encoder, TOKENS, tokens))
    np.testing.assert_allclose(vectors_of(mrt2_engine).of(bank.embeddings), expected, rtol=0, atol=1e-6)


def test_embeddings_in_half_precision_have_the_same_tokens(mrt2_engine: Engine) -> None:
    embeddings = styles(50).embeddings
    halves = embeddings.astype(np.float16).astype(np.float32)
    vectors = vectors_of(mrt2_engine)
    assert np.array_equal(vectors.of(embeddings), vectors.of(halves))


@pytest.mark.parametrize("tokens", [[1, 2], [0, 1, 11], [-1, 0, 0]])
def test_tokens_that_the_model_does_not_have_are_refused(mrt2_engine: Engine, tokens: list[int]) -> None:
    vectors = StyleVectors(encoder_of(mrt2_engine), TOKENS, lambda embedding: np.array(tokens, np.int32))
    with pytest.raises(ValueError, match=r"style tokens: expected 3 from 0 to 10, got \["):
        vectors.of(styles().embeddings)


def test_a_mix_moves_without_steps(mrt2_engine: Engine) -> None:
    position = np.linspace(0, 1, 101)
    asked = conditioning(np.stack([1 - position, position], axis=1))
    style = np.asarray(token_frames(vectors_of(mrt2_engine), styles(), asked).style)
    steps = np.linalg.norm(np.diff(style, axis=0), axis=1)
    np.testing.assert_allclose(steps, np.linalg.norm(style[-1] - style[0]) / 100, rtol=1e-3)
    assert steps[0] > 0


@pytest.mark.parametrize(
    ("guidance", "token"), [(3.0, 20), (0.0, 5), (7.0, 40), (10.0, 40), (2.9, 20), (2.89, 19), (5.0, 30)]
)
def test_guidance_is_a_token_in_steps_of_a_fifth(mrt2_engine: Engine, guidance: float, token: int) -> None:
    """Expected values by the official `discretize_cfg`; 2.9 lies between two tokens and is rounded to the even one."""
    asked = conditioning(np.full((3, 2), 0.5), guidance=guidance, drums=1)
    frames = token_frames(vectors_of(mrt2_engine), styles(), asked)
    assert np.asarray(frames.scales).tolist() == [[token, 10, 2]] * 3
    assert np.asarray(frames.drums).tolist() == [1, 1, 1]
    assert (np.asarray(frames.notes) == -1).all()
    assert np.asarray(frames.notes).shape == (3, 128)


def test_the_first_frame_sounds_though_the_codec_is_late(mrt2_engine: Engine) -> None:
    codec = LateCodec()
    generator = generator_of(mrt2_engine, codec)
    asked = conditioning(np.full((11, 2), 0.5), frame=42)
    start = generator.start(seed=4, frame=42)
    (result,) = generator.generate([Request(state=start, styles=styles(), conditioning=asked)])
    (played,) = result.state.history.pieces
    assert len(played.codes) == 12
    heard = result.chunk.samples[::FRAME_SIZE, 0]
    np.testing.assert_allclose(heard, 0.5 * 0.01 * played.codes[:-1].sum(axis=1), rtol=1e-6)
    assert set(codec.lengths) == {BLOCK_FRAMES}
    assert int(result.state.model.frame) == 44 + 12
    assert result.state.frame == 53


def test_the_sound_is_clipped_after_the_gain(mrt2_engine: Engine) -> None:
    generator = generator_of(mrt2_engine, LateCodec(scale=0.1))
    asked = conditioning(np.full((30, 2), 0.5))
    start = generator.start(seed=4)
    (result,) = generator.generate([Request(state=start, styles=styles(), conditioning=asked)])
    sums = result.state.history.last(31).codes[:-1].sum(axis=1)
    assert sums.max() > 20 > sums.min()
    np.testing.assert_allclose(result.chunk.samples[::FRAME_SIZE, 0], np.minimum(0.05 * sums, 1.0), rtol=1e-6)


def test_a_change_is_heard_in_the_frame_it_is_asked_for(mrt2_engine: Engine) -> None:
    """Codes of frame t + 1 end the sound of frame t, so they are generated under its conditioning."""
    generator = generator_of(mrt2_engine, LateCodec())
    before = conditioning(np.tile([1.0, 0.0], (14, 1)))
    after = replace(before, weights=np.where(np.arange(14)[:, None] < 9, [1.0, 0.0], [0.0, 1.0]).astype(np.float32))
    codes = []
    for asked in (before, after):
        start = generator.start(seed=1)
        (result,) = generator.generate([Request(state=start, styles=styles(), conditioning=asked)])
        codes.append(result.state.history.last(15).codes)
        weights = result.state.history.last(15).conditioning.weights
    assert np.array_equal(codes[0][:10], codes[1][:10])
    assert not np.array_equal(codes[0][10:], codes[1][10:])
    assert weights[9].tolist() != weights[10].tolist()


def test_a_model_of_features_and_a_codec_of_other_frames_are_refused(segue_engine: Engine, mrt2_engine: Engine) -> None:
    with pytest.raises(ValueError, match="segue_tiny: expected a model conditioned by tokens, got features"):
        mrt2_generator(segue_engine, LateCodec(), encoder="x", quantise=lambda row: row.astype(np.int32))
    codec = LateCodec()
    codec.num_codebooks = 12
    with pytest.raises(ValueError, match="codec: expected frames of 4 codes, as mrt2_tiny makes them, got 12"):
        generator_of(mrt2_engine, codec)
    codec = LateCodec()
    codec.delay_samples = 100
    with pytest.raises(ValueError, match="codec: expected a delay of whole frames of 1920, got 100"):
        generator_of(mrt2_engine, codec)


@pytest.mark.parametrize("cuts", [(1,), (3,), (4,), (5, 1, 9)], ids=str)
def test_a_block_codec_decodes_whole_blocks_alone(cuts: tuple[int, ...]) -> None:
    codec = LateCodec()
    blocks = BlockCodec(codec, 4)
    codes = np.random.default_rng(1).integers(0, 16, (23, 4)).astype(np.int32)
    (whole,) = codec.decode([CodecRequest(state=0.0, codes=codes)])
    codec.lengths.clear()
    state, parts, begin, turn = blocks.start(), [], 0, 0
    while begin < len(codes):
        end = begin + cuts[turn % len(cuts)]
        (decoded,) = blocks.decode([CodecRequest(state=state, codes=codes[begin:end])])
        state, begin, turn = decoded.state, end, turn + 1
        parts.append(decoded.samples)
    assert np.array_equal(np.concatenate(parts), whole.samples)
    assert set(codec.lengths) == {4}
    assert len(state.codes) == 23 % 4


def test_a_block_codec_refuses_codes_of_another_shape() -> None:
    blocks = BlockCodec(LateCodec(), 4)
    with pytest.raises(ValueError, match=r"codes: expected \[T, 4\], got \[3, 5\]"):
        blocks.decode([CodecRequest(state=blocks.start(), codes=np.zeros((3, 5), np.int32))])


RECORDED = 37


class RecordingCodec(LateCodec):
    """Encodes any recording of RECORDED frames as the same codes."""

    codes = np.random.default_rng(5).integers(0, MRT2_TINY.codes.cardinalities[0], (RECORDED, LateCodec.num_codebooks))

    def encode(self, samples: Samples) -> NDArray[np.int32]:
        assert samples.shape == (RECORDED * FRAME_SIZE, CHANNELS)
        return self.codes.astype(np.int32)


def continuing(engine: Engine, codec: LateCodec, samples: int = RECORDED * FRAME_SIZE) -> Any:
    quantise = nearest_tokens(encoder_of(engine), TOKENS)
    recording = np.zeros((samples, CHANNELS), np.float32)
    return mrt2_generator(engine, BlockCodec(codec, BLOCK_FRAMES), encoder="x", quantise=quantise, recording=recording)


def test_a_recording_is_continued_as_if_the_model_had_played_it(mrt2_engine: Engine) -> None:
    """The codes are those of one run whose first frames are forced to be the recording's."""
    generator = continuing(mrt2_engine, RecordingCodec())
    asked = conditioning(np.full((11, 2), 0.5))
    start = generator.start(seed=4)
    (result,) = generator.generate([Request(state=start, styles=styles(), conditioning=asked)])
    whole = conditioning(np.full((RECORDED + 12, 2), 0.5))
    forced = np.full((RECORDED + 12, LateCodec.num_codebooks), NO_CODE, np.int32)
    forced[:RECORDED] = RecordingCodec.codes
    state, pieces = mrt2_engine.start(seed=4, frame=-RECORDED), []
    for begin in range(0, len(forced), 10):
        part = whole[begin : begin + 10]
        run = Run(
            state=state,
            frames=token_frames(vectors_of(mrt2_engine), styles(), part),
            temperature=part.temperature * np.float32(TEMPERATURE),
            guidance=part.guidance,
            forced=forced[begin : begin + 10],
        )
        (ran,) = mrt2_engine.generate([run])
        state = ran.state
        pieces.append(ran.codes)
    codes = np.concatenate(pieces)
    assert np.array_equal(codes[:RECORDED], RecordingCodec.codes)
    played = result.state.history.last(12).codes
    assert np.array_equal(played, codes[RECORDED:])
    assert not np.array_equal(played, first_codes(generator_of(mrt2_engine, LateCodec())))


def first_codes(generator: Any) -> NDArray[np.int16]:
    asked = conditioning(np.full((11, 2), 0.5))
    (result,) = generator.generate([Request(state=generator.start(seed=4), styles=styles(), conditioning=asked)])
    codes: NDArray[np.int16] = result.state.history.last(12).codes
    return codes


def test_the_sound_begins_with_the_first_frame_after_the_recording(mrt2_engine: Engine) -> None:
    generator = continuing(mrt2_engine, RecordingCodec(scale=0.001))
    asked = conditioning(np.full((11, 2), 0.5))
    (result,) = generator.generate([Request(state=generator.start(seed=4), styles=styles(), conditioning=asked)])
    played = result.state.history.last(12).codes
    heard = result.chunk.samples[::FRAME_SIZE, 0]
    assert result.chunk.samples.shape == (11 * FRAME_SIZE, CHANNELS)
    np.testing.assert_allclose(heard, 0.5 * 0.001 * played[:-1].sum(axis=1), rtol=1e-5)


def test_chunks_and_saves_do_not_change_what_follows_a_recording(mrt2_engine: Engine) -> None:
    generator = continuing(mrt2_engine, RecordingCodec(scale=0.001))
    asked = conditioning(np.full((21, 2), 0.5))
    (whole,) = generator.generate([Request(state=generator.start(seed=4), styles=styles(), conditioning=asked)])
    # A state that nothing was played from is saved, too.
    state = generator.unpack(generator.pack(generator.start(seed=4)), frame=0)
    parts = []
    for begin, end in ((0, 1), (1, 8), (8, 21)):
        request = Request(state=state, styles=styles(), conditioning=asked[begin:end])
        (result,) = generator.generate([request])
        state = generator.unpack(generator.pack(result.state), frame=end)
        parts.append(result.chunk.samples)
    assert np.array_equal(np.concatenate(parts), whole.chunk.samples)


def test_music_that_begins_later_continues_no_recording(mrt2_engine: Engine) -> None:
    plain, generator = generator_of(mrt2_engine, LateCodec()), continuing(mrt2_engine, RecordingCodec())
    asked = conditioning(np.full((11, 2), 0.5), frame=80)
    first, second = (
        each.generate([Request(state=each.start(seed=4, frame=80), styles=styles(), conditioning=asked)])[0]
        for each in (plain, generator)
    )
    assert np.array_equal(first.chunk.samples, second.chunk.samples)


def test_a_recording_shorter_than_a_frame_is_refused(mrt2_engine: Engine) -> None:
    with pytest.raises(ValueError, match="recording: expected at least a frame of 1920 samples, got 1919"):
        continuing(mrt2_engine, RecordingCodec(), FRAME_SIZE - 1)
