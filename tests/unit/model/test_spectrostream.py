"""The codec: streaming equals whole pieces, its memory and delay are as declared, and bad input is refused."""

from __future__ import annotations

import math
from dataclasses import replace
from itertools import pairwise
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy import signal

from segue.contract import FRAME_SIZE, Codec, CodecRequest, Samples
from segue.model.spectrostream.codec import SpectroStream
from segue.model.spectrostream.config import SPECTROSTREAM, SPECTROSTREAM_TINY
from segue.model.spectrostream.decoder import DecoderState, decoder
from segue.model.spectrostream.encoder import EncoderPast, encode, encoder, start_encoder
from segue.model.spectrostream.kernels import MatrixKernel, PlainKernel, WinogradKernel, fast_kernel
from segue.model.spectrostream.layers import Upsampling, phases, spectra, waveform
from segue.model.spectrostream.quantizer import dequantise, quantise
from segue.model.spectrostream.weights import decoder_shapes, encoder_shapes, random_decoder, random_encoder

# Shorter than the released codec, so that it compiles in little time; the golden tests have all its blocks.
CONFIG = replace(
    SPECTROSTREAM_TINY,
    name="spectrostream_short",
    hop=24,
    strides=((1, 3), (2, 2), (2, 1)),
    multipliers=(2, 1, 2),
)
USED = 5
# Blocks of other sizes sum in another order: measured 2e-7 of sound with a deviation of 0.06.
ROUNDING = 2e-6
LENGTH = 30


@pytest.fixture(scope="module")
def codec() -> SpectroStream:
    return SpectroStream(
        CONFIG, random_decoder(CONFIG, 1), random_encoder(CONFIG, 1), num_codebooks=USED, blocks=(8, 1)
    )


def some_codes(length: int, seed: int = 0) -> NDArray[np.int32]:
    return np.random.default_rng(seed).integers(0, CONFIG.cardinality, (length, USED)).astype(np.int32)


def some_sound(length: int, seed: int = 0) -> Samples:
    return np.random.default_rng(seed).normal(0, 0.3, (length, CONFIG.channels)).astype(np.float32)


def played(codec: SpectroStream, state: DecoderState, codes: NDArray[np.int32]) -> tuple[DecoderState, Samples]:
    (decoded,) = codec.decode([CodecRequest(state=state, codes=codes)])
    return decoded.state, decoded.samples


@pytest.fixture(scope="module")
def whole(codec: SpectroStream) -> Samples:
    return played(codec, codec.start(), some_codes(LENGTH))[1]


def largest_difference(one: Any, two: Any) -> float:
    return max(
        float(np.abs(np.asarray(a, np.float64) - np.asarray(b)).max())
        for a, b in zip(jax.tree.leaves(one), jax.tree.leaves(two), strict=True)
    )


def test_it_is_a_codec(codec: SpectroStream) -> None:
    as_codec: Codec[DecoderState] = codec
    assert as_codec.num_codebooks == USED
    assert (as_codec.delay_samples, as_codec.memory_frames) == (CONFIG.frame_size, 10)


def test_the_released_sizes() -> None:
    """Parameters as the official package makes them (9.25M and 35.7M, beside the codebooks), and frames of 40 ms."""

    def count(shapes: dict[str, tuple[int, ...]]) -> int:
        return sum(math.prod(shape) for shape in shapes.values())

    decoding = decoder_shapes(SPECTROSTREAM)
    assert count(encoder_shapes(SPECTROSTREAM)) == 9_251_904
    assert count(decoding) - 64 * 1_024 * 256 == 35_684_546
    assert (SPECTROSTREAM.frame_size, SPECTROSTREAM.bands, SPECTROSTREAM.rows) == (FRAME_SIZE, 5, 4)
    assert (SPECTROSTREAM.delay, SPECTROSTREAM.memory_frames) == (FRAME_SIZE, 14)


@settings(max_examples=12)
@given(cuts=st.sets(st.integers(1, LENGTH - 1)))
def test_sound_is_the_same_however_codes_are_cut(codec: SpectroStream, whole: Samples, cuts: set[int]) -> None:
    codes, state, samples = some_codes(LENGTH), codec.start(), []
    edges = [0, *sorted(cuts), LENGTH]
    for begin, end in pairwise(edges):
        state, made = played(codec, state, codes[begin:end])
        samples.append(made)
    np.testing.assert_allclose(np.concatenate(samples), whole, rtol=0, atol=ROUNDING)
    assert whole.std() > 0.03


def test_a_state_is_a_value(codec: SpectroStream, whole: Samples) -> None:
    codes = some_codes(LENGTH)
    state, _ = played(codec, codec.start(), codes[:7])
    one, two = played(codec, state, codes[7:11])[1], played(codec, state, codes[7:11])[1]
    assert one.tobytes() == two.tobytes()


def test_sound_lags_by_the_delay(codec: SpectroStream, whole: Samples) -> None:
    """A changed frame is heard from one frame before its place on, once the delay is taken off, and not before."""
    changed = some_codes(LENGTH)
    changed[20] = (changed[20] + 1) % CONFIG.cardinality
    heard = np.abs(played(codec, codec.start(), changed)[1] - whole) > ROUNDING
    first = int(np.flatnonzero(heard.any(axis=1))[0])
    assert not whole[: codec.delay_samples].any()
    assert 20 * CONFIG.frame_size <= first < 20 * CONFIG.frame_size + CONFIG.hop


def test_the_memory_is_enough(codec: SpectroStream) -> None:
    codes = some_codes(LENGTH)
    expected, _ = played(codec, codec.start(), codes)
    short, _ = played(codec, codec.start(), codes[-codec.memory_frames :])
    assert largest_difference(short, expected) < 1e-5


def test_the_state_depends_on_the_memory_and_on_nothing_older(monkeypatch: pytest.MonkeyPatch) -> None:
    """With plain kernels. Winograd's rows are computed together, so rounding goes from row to row."""

    def plain(values: jax.Array, rows: int) -> PlainKernel:
        return PlainKernel(values)

    monkeypatch.setattr(f"{decoder.__module__}.fast_kernel", plain)
    codec = SpectroStream(CONFIG, random_decoder(CONFIG, 1), num_codebooks=USED, blocks=(LENGTH, 1))
    codes = some_codes(LENGTH)
    expected, _ = played(codec, codec.start(), codes)

    def changed(frames_ago: int) -> float:
        others = codes.copy()
        others[-frames_ago] = (others[-frames_ago] + 1) % CONFIG.cardinality
        return largest_difference(played(codec, codec.start(), others)[0], expected)

    assert changed(codec.memory_frames + 1) == 0
    assert changed(codec.memory_frames) > 0


def test_rows_of_a_batch_are_independent(codec: SpectroStream) -> None:
    codes = some_codes(9)
    started, _ = played(codec, codec.start(), codes[:3])
    requests = [
        CodecRequest(state=codec.start(), codes=codes[:4]),
        CodecRequest(state=started, codes=codes[3:7]),
        CodecRequest(state=started, codes=codes[3:9]),
    ]
    for request, found in zip(requests, codec.decode(requests), strict=True):
        state, samples = played(codec, request.state, request.codes)
        np.testing.assert_allclose(found.samples, samples, rtol=0, atol=ROUNDING)
        assert largest_difference(found.state, state) < 1e-5
        assert jax.tree.map(jnp.shape, found.state) == jax.tree.map(jnp.shape, state)


def test_fewer_codes_than_codebooks_are_decoded(codec: SpectroStream) -> None:
    silent = random_decoder(CONFIG, 1)
    silent["quantizer/embedding"][3:] = 0
    coarse = SpectroStream(CONFIG, silent, num_codebooks=USED, blocks=(8, 1))
    codes = some_codes(4)
    np.testing.assert_allclose(
        played(codec, codec.start(), codes[:, :3])[1], played(coarse, coarse.start(), codes)[1], rtol=0, atol=ROUNDING
    )


def test_no_frames_are_no_sound(codec: SpectroStream) -> None:
    state, samples = played(codec, codec.start(), some_codes(0))
    assert samples.shape == (0, 2)
    assert largest_difference(state, codec.start()) == 0


def test_codes_follow_from_the_sound_so_far(codec: SpectroStream) -> None:
    """A frame hears one hop of the next, and nothing beyond: codes of a longer sound begin the same."""
    sound = some_sound(12 * CONFIG.frame_size)
    codes = codec.encode(sound)
    assert codes.shape == (12, USED)
    np.testing.assert_array_equal(codec.encode(sound[: 8 * CONFIG.frame_size])[:7], codes[:7])
    np.testing.assert_array_equal(codec.encode(sound[: 12 * CONFIG.frame_size - 1]), codes[:11])
    assert codec.encode(sound[: CONFIG.frame_size - 1]).shape == (0, USED)


@pytest.mark.parametrize("cuts", [(0, 1, 2, 3, 4, 5, 6), (0, 4, 6), (0, 1, 6)])
def test_embeddings_are_the_same_however_sound_is_cut(cuts: tuple[int, ...]) -> None:
    layers = encoder(random_encoder(CONFIG, 1), CONFIG)
    rows = spectra(jnp.asarray(some_sound(6 * CONFIG.frame_size + CONFIG.hop))[None], CONFIG.hop)
    run = jax.jit(lambda rows, past: encode(layers, CONFIG, rows, past))
    start: EncoderPast = start_encoder(layers, CONFIG, 1)
    expected, end = run(rows, start)
    past, found = start, []
    for begin, stop in pairwise(cuts):
        made, past = run(rows[:, begin * CONFIG.rows : stop * CONFIG.rows], past)
        found.append(made)
    np.testing.assert_allclose(np.concatenate(found, axis=1), expected, rtol=0, atol=2e-5)
    assert largest_difference(past, end) < 2e-5


@pytest.mark.parametrize("strides", [(2, 1), (2, 2), (1, 2), (1, 3)])
def test_upsampling_is_a_transposed_convolution(strides: tuple[int, int]) -> None:
    """Each input adds the kernel, turned round, to the output; half of what lies outside is cut off at each end."""
    rng = np.random.default_rng(3)
    taps = tuple(max(3, 2 * stride) for stride in strides)
    kernel, x = rng.normal(size=(*taps, 3, 4)), rng.normal(size=(5, 6, 3))
    spread = np.zeros((5 * strides[0] + taps[0], 6 * strides[1] + taps[1], 4))
    for row in range(5):
        for bin_ in range(6):
            place = np.s_[row * strides[0] :, bin_ * strides[1] :]
            spread[place][: taps[0], : taps[1]] += np.einsum("hwio,i->hwo", kernel[::-1, ::-1], x[row, bin_])
    outside = taps[1] - 1 - math.ceil((taps[1] + strides[1] - 2) / 2)
    expected = spread[: 5 * strides[0], outside : outside + 6 * strides[1]]
    layer = Upsampling(PlainKernel(phases(jnp.asarray(kernel, jnp.float32), strides)), jnp.ones(4))
    y, _ = layer(jnp.asarray(x, jnp.float32)[None], layer.silence(1, 6), strides)
    np.testing.assert_allclose(y[0] - 1, expected, rtol=0, atol=1e-5)


@pytest.mark.parametrize(
    ("rows", "form"), [(4, WinogradKernel), (8, WinogradKernel), (2, MatrixKernel), (1, MatrixKernel)]
)
@pytest.mark.parametrize("bins", [2, 3])
def test_every_form_of_a_kernel_gives_the_same(rows: int, form: type, bins: int) -> None:
    rng = np.random.default_rng(4)
    values = jnp.asarray(rng.normal(size=(3, bins, 5, 7)), jnp.float32)
    x = jnp.asarray(rng.normal(size=(2, rows + 2, 6, 5)), jnp.float32)
    kernel, plain = fast_kernel(values, rows), PlainKernel(values)
    assert isinstance(kernel, form)
    assert (kernel.taps, kernel.inputs) == (plain.taps, plain.inputs) == ((3, bins), 5)
    # Outputs have a deviation of 5; measured 8e-6.
    np.testing.assert_allclose(kernel.correlate(x, (1, 1)), plain.correlate(x, (1, 1)), rtol=0, atol=5e-5)


def test_spectra_are_those_of_scipy_and_become_the_sound_again() -> None:
    hop, sound = 192, some_sound(192 * 9)
    rows = spectra(jnp.asarray(sound)[None], hop)
    transform = signal.ShortTimeFFT(signal.windows.hann(2 * hop, sym=False), hop, 1.0, fft_mode="onesided")
    # SciPy's slice p is centred at p * hop; ours begins there.
    expected = transform.stft(sound.T, p0=1, p1=9)[:, :-1] * np.exp(-1j * np.pi * np.arange(hop))[:, None]
    found = np.asarray(rows[..., 0] + 1j * rows[..., 1]).transpose(0, 2, 1)
    np.testing.assert_allclose(np.abs(found), np.abs(expected), rtol=0, atol=1e-3)
    again, _ = waveform(rows, jnp.zeros((2, hop)), 2)
    # The bin of half the sample rate is left out, which costs noise 1/192 of its power.
    lost = np.asarray(again[0, hop:]) - sound[hop:-hop]
    assert lost.std() < 0.1 * sound.std()


def test_the_nearest_vectors_are_found_level_by_level() -> None:
    rng = np.random.default_rng(5)
    codebooks, embeddings = rng.normal(size=(4, 11, 6)), rng.normal(size=(2, 9, 6))
    rest, expected = embeddings.copy(), []
    for codebook in codebooks:
        nearest = ((rest[:, :, None] - codebook) ** 2).sum(axis=-1).argmin(axis=-1)
        rest = rest - codebook[nearest]
        expected.append(nearest)
    codes = quantise(jnp.asarray(codebooks, jnp.float32), jnp.asarray(embeddings, jnp.float32))
    np.testing.assert_array_equal(codes, np.stack(expected, axis=-1))
    np.testing.assert_allclose(
        dequantise(jnp.asarray(codebooks, jnp.float32), codes), embeddings - rest, rtol=0, atol=1e-5
    )


def test_bad_input_is_refused(codec: SpectroStream) -> None:
    with pytest.raises(ValueError, match=r"codes: expected \[T, 1 to 5\], got \[4, 6\]"):
        played(codec, codec.start(), np.zeros((4, 6), np.int32))
    with pytest.raises(ValueError, match="codes: expected 0 to 15, got -1 to 16"):
        played(codec, codec.start(), np.array([[-1, 0, 16, 0, 0]], np.int32))
    with pytest.raises(ValueError, match=r"samples: expected \[S, 2\], got \[960, 1\]"):
        codec.encode(np.zeros((960, 1), np.float32))
    with pytest.raises(NotImplementedError, match=r"expected the encoder's weights \(encoder.safetensors\)"):
        SpectroStream(CONFIG, random_decoder(CONFIG, 1), num_codebooks=USED).encode(some_sound(CONFIG.frame_size))
    with pytest.raises(ValueError, match=r"blocks: expected numbers that decrease to 1, got \[4, 8, 1\]"):
        SpectroStream(CONFIG, random_decoder(CONFIG, 1), num_codebooks=USED, blocks=(4, 8, 1))
    with pytest.raises(ValueError, match="num_codebooks: expected 1 to 9, as spectrostream_short has, got 10"):
        SpectroStream(CONFIG, random_decoder(CONFIG, 1), num_codebooks=10)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"hop": 100}, "hop: expected a multiple of 6, the bins' total stride, got 100"),
        (
            {"multipliers": (2, 1)},
            "strides and multipliers: expected two or more of each and as many of both, got 3 and 2",
        ),
        ({"lookahead": 0}, "lookahead: expected at least 1 frame, got 0"),
        ({"outer_taps": 4}, "outer_taps: expected an odd number, got 4"),
    ],
)
def test_bad_sizes_are_refused(change: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        replace(CONFIG, **change)
