"""The tokens that the encoder reads: context, then style.

C context frames, K codes a frame, L style tokens, S tokens read.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from segue.model.config import NO_CODE
from segue.model.mrt1.config import MASK, EncoderDecoder

Tokens = NDArray[np.int32]


def code_tokens(config: EncoderDecoder, codes: NDArray[np.integer]) -> Tokens:
    """Return the rows of codes [..., 1 to K] of the coarsest levels; those of NO_CODE are masked."""
    starts = np.asarray(config.codes.offsets)[: codes.shape[-1]]
    return np.where(codes == NO_CODE, MASK, codes + starts).astype(np.int32)


def style_tokens(config: EncoderDecoder, style: NDArray[np.integer]) -> Tokens:
    """Return the rows of a style's tokens [L]; a style that is NO_CODE throughout is masked."""
    starts = config.style_offset + np.arange(config.style_levels) * config.style_cardinality
    return np.where(style == NO_CODE, MASK, style + starts).astype(np.int32)


def encoder_tokens(config: EncoderDecoder, context: NDArray[np.integer], style: NDArray[np.integer]) -> Tokens:
    """Return what the encoder reads for both streams, [2, S]: the second has no style.

    Args:
        context: Codes [C, K] of the frames before the chunk, NO_CODE where nothing was played.
        style: Tokens [L].
    """
    coarse = code_tokens(config, context[:, : config.context_levels]).reshape(-1)
    masked = np.full(config.style_levels, MASK, np.int32)
    return np.stack([np.concatenate([coarse, style_tokens(config, style)]), np.concatenate([coarse, masked])])
