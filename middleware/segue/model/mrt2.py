"""Magenta RealTime 2 as a Generator: its conditioning, its defaults, and its parts joined.

T frames, N styles, D width of style embeddings, S width of style vectors, L levels of style tokens.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from segue.contract import Codec, Conditioning, Samples, StyleBank
from segue.model.conditioning import TokenEncoder, TokenFrames
from segue.model.config import Depthformer, TokenConditioning
from segue.model.engine import Engine
from segue.model.generator import LanguageModelGenerator
from segue.model.native.library import Library

OBEYED: Final = frozenset({"drums", "temperature", "guidance"})
# The official player's defaults (magenta-rt 2.0.3, `MagentaRT2System`).
TEMPERATURE: Final = 1.3
TOP_K: Final = 40
NOTES_SCALE: Final = 1.0
DRUMS_SCALE: Final = 1.0
GAIN: Final = 0.5
# Guidance scales are tokens: from the least one, in steps. The steps of style and notes are a fifth, those of drums 1.
_LEAST_SCALE: Final = -1.0
_FINE_STEPS: Final = 5
# Frames that XLA decodes at once: one core decodes one in 63 ms alone and in 38 ms as one of four; 16 gain 3 ms more.
BLOCK_FRAMES: Final = 4
# A chunk of music is ten frames by default, and a processor gains nothing by batches.
_CHUNK_FRAMES: Final = 16
# Ten seconds, which two cores read again in a second. Twice as much can reach a frame at all, through all layers.
_KEPT_FRAMES: Final = 256
# Styles whose vectors are kept; a rule file has at most 256.
_MOST_STYLES: Final = 1_024

Quantiser = Callable[[NDArray[np.float32]], NDArray[np.int32]]
"""An embedding [D] to its tokens [L]."""


class StyleVectors:
    """Style embeddings as the model's style vectors: the sum of the vectors that their tokens name.

    Vectors, and not tokens, are blended, so a mix moves without steps. Embeddings are read in half precision, which
    packed states may keep them in: a restored style has the tokens it had.
    """

    def __init__(self, encoder: TokenEncoder, config: TokenConditioning, quantise: Quantiser) -> None:
        """Read styles for a model.

        Args:
            encoder: The model's, with its table of style vectors.
            quantise: From the encoder of the embeddings.
        """
        self._config = config
        self._table = np.asarray(encoder.style_table)
        self._quantise = quantise
        self._found: dict[bytes, NDArray[np.float32]] = {}

    def of(self, embeddings: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return the style vectors [N, S] of embeddings [N, D].

        Raises:
            ValueError: If the quantiser's tokens are not those of the model.
        """
        return np.stack([self._one(half) for half in embeddings.astype(np.float16)])

    def _one(self, half: NDArray[np.float16]) -> NDArray[np.float32]:
        key = half.tobytes()
        found = self._found.get(key)
        if found is None:
            # A restore asks from a thread of its own.
            found = self._vector(self._quantise(half.astype(np.float32)))
            if len(self._found) >= _MOST_STYLES:
                self._found.clear()
            self._found[key] = found
        return found

    def _vector(self, tokens: NDArray[np.int32]) -> NDArray[np.float32]:
        levels, size = self._config.style_levels, self._config.style_cardinality
        if tokens.shape != (levels,) or not 0 <= tokens.min() <= tokens.max() < size:
            raise ValueError(f"style tokens: expected {levels} from 0 to {size - 1}, got {tokens.tolist()}")
        rows = tokens + self._config.FIRST_VALUE + np.arange(levels) * self._config.style_rows_per_level
        vector: NDArray[np.float32] = self._table[rows].sum(axis=0, dtype=np.float32)
        return vector


def token_frames(vectors: StyleVectors, styles: StyleBank, conditioning: Conditioning) -> TokenFrames:
    """Return conditioning as the released models read it. Notes are left to the model.

    The greatest guidance that the model knows is 7.
    """
    length = conditioning.num_frames
    last = (7 - int(_LEAST_SCALE)) * _FINE_STEPS
    guidance = np.rint((conditioning.guidance - _LEAST_SCALE) * _FINE_STEPS).astype(np.int32)
    fixed = np.array([round((NOTES_SCALE - _LEAST_SCALE) * _FINE_STEPS), round(DRUMS_SCALE - _LEAST_SCALE)], np.int32)
    scales = np.concatenate([np.clip(guidance, 0, last)[:, None], np.tile(fixed, (length, 1))], axis=1)
    # NumPy leaves, which the type checker takes for JAX's: the engine stacks rows before they go to the device.
    leaves: dict[str, Any] = {
        "style": conditioning.weights @ vectors.of(styles.embeddings),
        "notes": np.full((length, TokenConditioning.NOTES), -1, np.int32),
        "drums": conditioning.drums.astype(np.int32),
        "scales": scales,
    }
    return TokenFrames(**leaves)


def nearest_tokens(encoder: TokenEncoder, config: TokenConditioning) -> Quantiser:
    """Return a quantiser by the model's own table: of each level the vector nearest to what the levels before leave.

    For made-up weights. What belongs to Google's weights is MusicCoCa's own quantiser.
    """
    levels, rows = config.style_levels, config.style_rows_per_level
    table = np.asarray(encoder.style_table)[: levels * rows].reshape(levels, rows, -1)[:, config.FIRST_VALUE :]

    def quantise(embedding: NDArray[np.float32]) -> NDArray[np.int32]:
        left, tokens = embedding, []
        for level in table:
            tokens.append(int(np.argmin(np.square(level - left).sum(axis=1))))
            left = left - level[tokens[-1]]
        return np.array(tokens, np.int32)

    return quantise


def mrt2_engine(config: Depthformer, weights: Mapping[str, Any], library: Library | None = None) -> Engine:
    """Return the language model ready to run on a processor: one row a call, and top-k as the official player.

    Args:
        weights: As stored; each is read when it is used.
        library: Kernels that compute it in integers; None for XLA in float32.
    """
    return Engine(config, weights, top_k=TOP_K, batch_buckets=(1,), chunk_buckets=(_CHUNK_FRAMES,), library=library)


def mrt2_generator(
    engine: Engine,
    codec: Codec[Any],
    *,
    encoder: str,
    quantise: Quantiser,
    name: str = "",
    recording: Samples | None = None,
) -> LanguageModelGenerator:
    """Return a generator with the official player's defaults where rules say nothing.

    A temperature of 1 in the rules is the model's 1.3, and others are in proportion; the guidance is that of the
    style, whose default in rules is the official player's too.

    Args:
        codec: Frames sound the same however they are cut into calls.
        encoder: Name of the StyleEncoder of the styles.
        quantise: Embeddings of that encoder to the model's style tokens.
        name: What it is called; "" for the configuration's name.
        recording: Sound [S, 2] that its sessions continue, for a codec that encodes.

    Raises:
        ValueError: If the parts do not belong together, or the recording is shorter than a frame.
    """
    config = engine.config
    tokens, embeddings = config.conditioning, engine.fused.encoder
    if not isinstance(tokens, TokenConditioning) or not isinstance(embeddings, TokenEncoder):
        raise ValueError(f"{config.name}: expected a model conditioned by tokens, got features")
    if codec.num_codebooks != config.codes.steps:
        raise ValueError(
            f"codec: expected frames of {config.codes.steps} codes, as {config.name} makes them, "
            f"got {codec.num_codebooks}"
        )
    vectors = StyleVectors(embeddings, tokens, quantise)

    def conditioned(styles: StyleBank, conditioning: Conditioning) -> TokenFrames:
        return token_frames(vectors, styles, conditioning)

    return LanguageModelGenerator(
        name=name or config.name,
        encoder=encoder,
        controls=OBEYED,
        exact_beats=False,
        engine=engine,
        codec=codec,
        conditioned=conditioned,
        sounding=lambda codes, conditioning: codes,
        gain=GAIN,
        temperature=TEMPERATURE,
        most_kept=_KEPT_FRAMES,
        recording=recording,
    )
