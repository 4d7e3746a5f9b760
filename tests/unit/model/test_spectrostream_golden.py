"""The reduced codec against recorded results of Google's code (written by tests/parity/make_codec_golden.py)."""

from __future__ import annotations

from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jaxtyping import Array, Float
from numpy.typing import NDArray

from segue.model.spectrostream.config import SPECTROSTREAM_TINY
from segue.model.spectrostream.decoder import decode, decoder, start_decoder
from segue.model.spectrostream.encoder import encode, encoder, start_encoder
from segue.model.spectrostream.layers import spectra
from segue.model.spectrostream.quantizer import Codebooks, dequantise, quantise
from segue.model.spectrostream.weights import CODEBOOKS, random_decoder, random_encoder

CONFIG = SPECTROSTREAM_TINY
Embeddings = Float[Array, "1 T D"]
GOLDEN = Path(__file__).parents[2] / "golden" / "model" / "spectrostream_tiny.npz"
# Rounding differs by 4e-6 of embeddings with a deviation of 1.6, and by 3e-7 of sound with one of 0.06; a wrong row,
# bin or window by 1e-2 and more.
EMBEDDING_TOLERANCE = 2e-5
SOUND_TOLERANCE = 2e-6
# Levels of the quantiser that the decoded codes have.
USED = 5


@pytest.fixture(scope="module")
def golden() -> dict[str, NDArray[np.float32]]:
    with np.load(GOLDEN) as stored:
        return dict(stored)


@pytest.fixture(scope="module")
def codebooks(golden: dict[str, NDArray[np.float32]]) -> Codebooks:
    return jnp.asarray(random_decoder(CONFIG, int(golden["seed"]))[CODEBOOKS])


@pytest.fixture(scope="module")
def embeddings(golden: dict[str, NDArray[np.float32]]) -> Embeddings:
    layers = encoder(random_encoder(CONFIG, int(golden["seed"])), CONFIG)

    def encoded(sound: Array) -> Array:
        heard = jnp.pad(sound, ((0, 0), (0, CONFIG.hop), (0, 0)))
        return encode(layers, CONFIG, spectra(heard, CONFIG.hop), start_encoder(layers, CONFIG, 1))[0]

    return jax.jit(encoded)(golden["samples"][None])


@pytest.fixture(scope="module")
def decoded(golden: dict[str, NDArray[np.float32]]) -> NDArray[np.float32]:
    layers = decoder(random_decoder(CONFIG, int(golden["seed"])), CONFIG)
    sound, _ = jax.jit(lambda x: decode(layers, CONFIG, x, start_decoder(layers, CONFIG, 1)))(
        golden["dequantised"][None]
    )
    return np.asarray(sound[0])


def test_the_case_is_longer_than_the_memory(golden: dict[str, NDArray[np.float32]]) -> None:
    assert len(golden["codes"]) > 2 * CONFIG.memory_frames
    assert golden["streamed"].std() > 0.05
    assert min(len(np.unique(level)) for level in golden["codes"].T[1:]) >= 5


def test_embeddings(golden: dict[str, NDArray[np.float32]], embeddings: Embeddings) -> None:
    assert np.abs(embeddings[0] - golden["embeddings"]).max() < EMBEDDING_TOLERANCE


def test_codes_of_embeddings(golden: dict[str, NDArray[np.float32]], codebooks: Codebooks) -> None:
    np.testing.assert_array_equal(quantise(codebooks, golden["embeddings"][None])[0], golden["codes"])


def test_codes_of_sound(golden: dict[str, NDArray[np.float32]], embeddings: Embeddings, codebooks: Codebooks) -> None:
    np.testing.assert_array_equal(quantise(codebooks, embeddings)[0], golden["codes"])


def test_embeddings_of_codes(golden: dict[str, NDArray[np.float32]], codebooks: Codebooks) -> None:
    found = dequantise(codebooks, golden["codes"][None, :, :USED].astype(np.int32))[0]
    assert np.abs(found - golden["dequantised"]).max() < EMBEDDING_TOLERANCE


def test_sound_of_whole_pieces(golden: dict[str, NDArray[np.float32]], decoded: NDArray[np.float32]) -> None:
    """The official decoder of whole pieces cuts off the lookahead; ours lags by it."""
    assert not decoded[: CONFIG.delay].any()
    assert np.abs(decoded[CONFIG.delay :] - golden["waveform"]).max() < SOUND_TOLERANCE


def test_streamed_sound(golden: dict[str, NDArray[np.float32]], decoded: NDArray[np.float32]) -> None:
    assert np.abs(decoded - golden["streamed"]).max() < SOUND_TOLERANCE
