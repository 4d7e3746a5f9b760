"""The reference: Google's Depthformer (magenta-rt 2.0.3), built at any size, with weights read from a file.

It runs only in the environment of requirements.txt.
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from pathlib import Path

import flax.traverse_util
import jax
import jax.numpy as jnp
import magenta_rt  # noqa: F401  (makes its copy of sequence_layers importable)
import numpy as np
import safetensors.flax
import sequence_layers.jax as sl
from magenta_rt.config import (
    CFG_CONDITIONING_DRUMS,
    CFG_CONDITIONING_MUSICCOCA_NOTES,
    DRUM_PIANOROLL,
    MUSICCOCA,
    NUM_RESERVED_TOKENS,
    PIANOROLL_WITH_ONSETS,
    SPECTROSTREAM,
    ModelSpec,
)
from magenta_rt.jax.model import MagentaRT2ModelBase
from numpy.typing import NDArray

from segue.model.config import Depthformer, Stack, TokenConditioning


def _spec(stack: Stack) -> ModelSpec:
    return ModelSpec(
        num_layers=stack.layers,
        model_dims=stack.width,
        hidden_dims=stack.hidden,
        num_heads=stack.heads,
        dim_per_head=stack.head_width,
        ffn_use_gated_activation=False,
    )


def _model(config: Depthformer, dtype: jnp.dtype) -> MagentaRT2ModelBase:
    conditioning = config.conditioning
    assert isinstance(conditioning, TokenConditioning)
    style = dataclasses.replace(
        MUSICCOCA,
        codebook_size=conditioning.style_cardinality,
        rvq_levels=conditioning.style_levels,
        rvq_truncation_level=conditioning.style_levels,
        embedding_size=conditioning.style_width,
    )
    inputs = (
        style,
        PIANOROLL_WITH_ONSETS,
        DRUM_PIANOROLL,
        CFG_CONDITIONING_MUSICCOCA_NOTES,
        CFG_CONDITIONING_DRUMS,
    )

    class Sized(MagentaRT2ModelBase):
        encoder_size = dataclasses.replace(ModelSpec(), model_dims=config.encoder_width)
        decoder_temporal_size = _spec(config.temporal)
        decoder_depth_size = _spec(config.depth)
        # The released code does not count the last frame of a window; ours does.
        decoder_temporal_self_attention_max_past_horizon = config.window - 1
        decoder_temporal_cross_attention_max_past_horizon = config.window - 1
        compute_dtype = dtype
        spectrostream = dataclasses.replace(
            SPECTROSTREAM,
            codebook_size=config.codes.cardinalities[0],
            rvq_truncation_level=config.codes.steps,
        )

        @property
        def input_configs(self):
            return inputs

    return Sized()


@dataclass(frozen=True, kw_only=True)
class Streamed:
    """A greedy run. codes: [T, K]; logits: [T, K, C], those of each codebook, soft-capped as for sampling."""

    codes: NDArray[np.int32]
    logits: NDArray[np.float32]


class Official:
    """Google's model with weights from a file in the released layout."""

    def __init__(self, config: Depthformer, path: Path, dtype: jnp.dtype = jnp.float32) -> None:
        flat = safetensors.flax.load_file(str(path))
        tree = flax.traverse_util.unflatten_dict({tuple(name.split("/")): x for name, x in flat.items()})
        self.config = config
        self.params = {"params": tree["params"]["depthformer"]}
        self.module = _model(config, dtype).depthformer_config().make()
        self._step = jax.jit(self._one_step)

    def _own(self, logits: jax.Array) -> NDArray[np.float32]:
        """Select from logits over all codebooks [..., K, V] those of each step's codebook, [..., K, C]."""
        size = self.config.codes.cardinalities[0]
        parts = [
            logits[..., step, NUM_RESERVED_TOKENS + step * size :][..., :size]
            for step in range(self.config.codes.steps)
        ]
        return np.stack([np.asarray(part, np.float32) for part in parts], axis=-2)

    def _unique(self, codes: NDArray[np.int32]) -> NDArray[np.int32]:
        return codes + NUM_RESERVED_TOKENS + np.arange(codes.shape[-1]) * self.config.codes.cardinalities[0]

    def teacher_forced(self, tokens: NDArray[np.int32], codes: NDArray[np.int32]) -> NDArray[np.float32]:
        """Return logits [T, K, C] of known codes [T, K] under conditioning tokens [T, channels] (-1: not given)."""

        def forward(module, source, target):
            encoded = module.encoder.body.layer(source, training=False)
            return module.decoder.layer_with_emits(target, training=False, constants={"source": encoded})[0]

        source = sl.Sequence.from_values(jnp.asarray(tokens + NUM_RESERVED_TOKENS + 1)[None])
        target = sl.Sequence.from_values(jnp.asarray(self._unique(codes))[None])
        logits = self.module.apply(self.params, source, target, method=forward)
        return self._own(logits.values[0])

    def _one_step(self, params, token, state, temperature=0.0):
        def step(module, x, state):
            constants = {"temperature": jnp.full(1, temperature), "top_k": jnp.full(1, 40, jnp.int32)}
            return module.sampler.step(x, state, training=False, constants=constants)

        x = sl.Sequence.from_values(token[None, None] + NUM_RESERVED_TOKENS + 1)
        rngs = {"random": jax.random.key(0)}
        (output, state), kept = self.module.apply(params, x, state, method=step, rngs=rngs, mutable=["intermediates"])
        (logits,) = [value for path, value in _leaves(kept) if path[-1] == "depth_logits"]
        return output.values[0, 0], state, jnp.concatenate(logits, axis=1)[0]

    def start(self, channels: int):
        def initial(module):
            spec = jax.ShapeDtypeStruct((channels,), jnp.int32)
            return module.sampler.get_initial_state(1, spec, training=False, constants={})

        return self.module.apply(self.params, method=initial, rngs={"random": jax.random.key(0)})

    def step(self, token: jax.Array, state):
        """Generate one greedy frame. Returns: its codes, the state after it, and its raw logits [K, V]."""
        return self._step(self.params, token, state)

    def greedy(self, tokens: NDArray[np.int32]) -> Streamed:
        """Generate frame by frame at temperature 0."""
        state = self.start(tokens.shape[1])
        codes, logits = [], []
        for token in tokens:
            code, state, raw = self.step(jnp.asarray(token), state)
            capped = 30.0 * jnp.tanh(raw / 30.0)
            codes.append(np.asarray(code))
            logits.append(self._own(capped))
        size = self.config.codes.cardinalities[0]
        own = (np.stack(codes) - NUM_RESERVED_TOKENS) % size
        return Streamed(codes=own.astype(np.int32), logits=np.stack(logits))

    def sampled(self, tokens: NDArray[np.int32], temperature: float) -> tuple[NDArray[np.int32], NDArray[np.float32]]:
        """Generate frame by frame from the 40 likeliest codes.

        Returns: the codes [T, K], and the Gumbel noise [T, K, C] that they were drawn with.
        """
        state = self.start(tokens.shape[1])
        books, size = self.config.codes.steps, self.config.codes.cardinalities[0]
        vocabulary = NUM_RESERVED_TOKENS + books * size
        codes, noise = [], []
        for frame, token in enumerate(tokens):
            (keys,) = [leaf for leaf in jax.tree.leaves(state) if jnp.issubdtype(leaf.dtype, jax.dtypes.prng_key)]
            # As the sampler draws: one key a frame, folded with the frame's number after each code.
            (key,) = keys
            for book in range(books):
                drawn = np.asarray(jax.random.gumbel(key, (1, 1, vocabulary)))[0, 0]
                noise.append(drawn[NUM_RESERVED_TOKENS + book * size :][:size])
                key = jax.random.fold_in(key, frame)
            code, state, raw = self._step(self.params, jnp.asarray(token), state, temperature)
            assert raw.shape[-1] == vocabulary
            codes.append(np.asarray(code))
        own = (np.stack(codes) - NUM_RESERVED_TOKENS) % size
        return own.astype(np.int32), np.stack(noise).reshape(len(tokens), books, size)


def _leaves(tree, path=()):
    """Yield (path, tuple of sown values) of nested dicts."""
    for name, value in tree.items():
        if isinstance(value, dict):
            yield from _leaves(value, (*path, name))
        else:
            yield (*path, name), value
