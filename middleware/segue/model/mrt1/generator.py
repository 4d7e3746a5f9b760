"""Magenta RealTime 1 as a Generator: its conditioning, its defaults, and its parts joined.

R frames, N styles, D width of style embeddings, L style tokens.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from segue.contract import Codec, Conditioning, Samples, StyleBank
from segue.model.generator import LanguageModelGenerator
from segue.model.mrt1.config import EncoderDecoder
from segue.model.mrt1.engine import LEAST_FRAMES, Mrt1Engine, StyleFrames
from segue.model.mrt2 import Quantiser
from segue.model.native.library import Library

OBEYED: Final = frozenset({"temperature", "guidance"})
# The official player's defaults (magenta-rt 0.3.0, `MagentaRTT5X`).
TEMPERATURE: Final = 1.1
TOP_K: Final = 40
# Its default weight of guidance, 5, counts from none; that of rules, 3, from 1. The one is to be the other.
_GUIDANCE_STEP: Final = 5.0 / (3.0 - 1.0)
# Blends whose tokens are kept: a ramp of a minute has fewer.
_MOST_BLENDS: Final = 2_048


class StyleTokens:
    """Blends of style embeddings as tokens: the weighted mean of embeddings is quantised, as in the official player.

    Embeddings and weights are read in half precision, which packed states may keep them in, and summed in double: a
    blend has the same tokens whatever frames are blended with it, and after a restore.
    """

    def __init__(self, config: EncoderDecoder, quantise: Quantiser) -> None:
        """Read styles for a model.

        Args:
            quantise: From the encoder of the embeddings; what it gives beyond the model's levels is left out.
        """
        self._config = config
        self._quantise = quantise
        self._found: dict[bytes, NDArray[np.int32]] = {}

    def of(self, embeddings: NDArray[np.float32], weights: NDArray[np.float32]) -> NDArray[np.int32]:
        """Return the tokens [R, L] of blends of embeddings [N, D] by weights [R, N].

        Raises:
            ValueError: If the quantiser's tokens are not those of the model.
        """
        styles = embeddings.astype(np.float16).astype(np.float64)
        return np.stack([self._one(row, styles) for row in weights.astype(np.float16).astype(np.float64)])

    def _one(self, weights: NDArray[np.float64], styles: NDArray[np.float64]) -> NDArray[np.int32]:
        sounding = np.flatnonzero(weights)
        blend = (weights[sounding, None] * styles[sounding]).sum(axis=0).astype(np.float32)
        key = blend.tobytes()
        found = self._found.get(key)
        if found is None:
            # A restore asks from a thread of its own.
            found = self._checked(self._quantise(blend))
            if len(self._found) >= _MOST_BLENDS:
                self._found.clear()
            self._found[key] = found
        return found

    def _checked(self, tokens: NDArray[np.int32]) -> NDArray[np.int32]:
        levels, size = self._config.style_levels, self._config.style_cardinality
        used = tokens[:levels]
        if used.shape != (levels,) or not 0 <= used.min() <= used.max() < size:
            raise ValueError(f"style tokens: expected at least {levels} from 0 to {size - 1}, got {tokens.tolist()}")
        return used.astype(np.int32)


def style_frames(tokens: StyleTokens, styles: StyleBank, conditioning: Conditioning) -> StyleFrames:
    """Return conditioning as the model reads it. The least guidance is the music without a style."""
    guidance = np.maximum(0.0, 1.0 + (conditioning.guidance - 1.0) * _GUIDANCE_STEP)
    return StyleFrames(tokens.of(styles.embeddings, conditioning.weights), guidance.astype(np.float32))


def mrt1_engine(config: EncoderDecoder, weights: Mapping[str, Any], library: Library | None = None) -> Mrt1Engine:
    """Return the language model ready to run, top-k as the official player.

    Args:
        weights: As stored; each is read when it is used.
        library: Kernels that compute its decoder in integers; None for XLA in float32.
    """
    least = min(LEAST_FRAMES, config.chunk_frames)
    return Mrt1Engine(config, weights, top_k=TOP_K, least_frames=least, library=library)


def mrt1_generator(
    engine: Mrt1Engine,
    codec: Codec[Any],
    *,
    encoder: str,
    quantise: Quantiser,
    name: str = "",
    recording: Samples | None = None,
) -> LanguageModelGenerator:
    """Return a generator with the official player's defaults where rules say nothing.

    A temperature of 1 in the rules is the model's 1.1, a guidance of 3 its 5; others are in proportion. The codec goes
    on from chunk to chunk, where the official player joins chunks that were decoded apart.

    Args:
        codec: Frames sound the same however they are cut into calls.
        encoder: Name of the StyleEncoder of the styles.
        quantise: Embeddings of that encoder to style tokens.
        name: What it is called; "" for the configuration's name.
        recording: Sound [S, 2] that its sessions continue, for a codec that encodes.

    Raises:
        ValueError: If the parts do not belong together, or the recording is shorter than a frame.
    """
    config = engine.config
    if codec.num_codebooks != config.codes.steps:
        raise ValueError(
            f"codec: expected frames of {config.codes.steps} codes, as {config.name} makes them, "
            f"got {codec.num_codebooks}"
        )
    tokens = StyleTokens(config, quantise)
    return LanguageModelGenerator(
        name=name or config.name,
        encoder=encoder,
        controls=OBEYED,
        exact_beats=False,
        engine=engine,
        codec=codec,
        conditioned=lambda styles, conditioning: style_frames(tokens, styles, conditioning),
        sounding=lambda codes, conditioning: codes,
        temperature=TEMPERATURE,
        most_kept=config.receptive_field,
        recording=recording,
    )
