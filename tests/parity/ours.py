"""Segue's side of the comparison: the same input for segue.model."""

from __future__ import annotations

from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np
from numpy.typing import NDArray

from segue.model.checkpoint import read
from segue.model.conditioning import TokenEncoder, TokenFrames, style_vector
from segue.model.config import NO_CODE, Depthformer, TokenConditioning
from segue.model.depthformer import score
from segue.model.fused import fuse
from segue.model.generation import SamplingControls, generate
from segue.model.state import stack_rows, start


class Ours:
    """Segue's model with weights from a file in the released layout, in batches of one like the reference."""

    def __init__(self, config: Depthformer, path: Path) -> None:
        self.config = config
        weights = read(path, config)
        self.fused = jax.jit(lambda stored: fuse(stored, config))(weights)
        self._score = jax.jit(lambda *arguments: score(self.fused, config, *arguments))
        self._generate = jax.jit(lambda *arguments: generate(self.fused, config, *arguments, top_k=40, trace=True))

    def frames(self, tokens: NDArray[np.int32]) -> TokenFrames:
        conditioning = self.config.conditioning
        assert isinstance(conditioning, TokenConditioning)
        assert isinstance(self.fused.encoder, TokenEncoder)
        levels, notes = conditioning.style_levels, conditioning.NOTES
        rows = jnp.asarray(tokens)[None]
        return TokenFrames(
            style=style_vector(self.fused.encoder, conditioning, rows[..., :levels]),
            notes=rows[..., levels : levels + notes],
            drums=rows[..., levels + notes],
            scales=rows[..., levels + notes + 1 :],
        )

    def _start(self):
        return stack_rows((start(self.config, seed=0),))

    def teacher_forced(self, tokens: NDArray[np.int32], codes: NDArray[np.int32]) -> NDArray[np.float32]:
        """Return logits [T, K, C] of known codes [T, K]."""
        steps = self._score(self._start(), jnp.asarray(codes)[None], self.frames(tokens))
        return np.stack([np.asarray(logits[0, 0]) for logits in steps], axis=1)

    def streamed(
        self, tokens: NDArray[np.int32], forced: NDArray[np.int32] | None = None
    ) -> tuple[NDArray[np.int32], NDArray[np.float32]]:
        """Return greedy codes [T, K] and their logits [T, K, C]; `forced` codes replace the greedy ones."""
        length = len(tokens)
        blank = np.full((length, self.config.codes.steps), NO_CODE, np.int32)
        controls = SamplingControls(
            temperature=jnp.zeros((1, length)),
            guidance=jnp.ones((1, length)),
            forced=jnp.asarray(blank if forced is None else forced)[None],
        )
        made = self._generate(self._start(), self.frames(tokens), controls, jnp.asarray(length))
        return np.asarray(made.codes[0]), np.asarray(made.logits[0])
