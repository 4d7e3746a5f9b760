"""Google's Magenta RealTime 1 at reduced sizes: its Depthformer on flaxformer, its guided decoding on T5X.

None of the three is on a package index. SEGUE_MRT1_SOURCES names a folder with checkouts of them, side by side:
`magenta_rt` (branch v1_legacy of magenta/magenta-realtime), `flaxformer` (google/flaxformer at 399ea3a) and `t5x`
(google-research/t5x). The packages' own `__init__` modules import TensorFlow, and are not run.
"""

from __future__ import annotations

import os
import sys
import types
from functools import partial
from pathlib import Path
from typing import Any
from unittest import mock

import jax
import jax.numpy as jnp
import numpy as np
from numpy.typing import NDArray

from segue.model.config import Stack
from segue.model.mrt1.config import EncoderDecoder

SOURCES = "SEGUE_MRT1_SOURCES"


def _import_sources() -> None:
    folder = os.environ.get(SOURCES, "")
    parts = ("flaxformer", "magenta_rt/depthformer", "t5x")
    missing = [part for part in parts if not (Path(folder) / part).is_dir()]
    if not folder or missing:
        raise SystemExit(f"{SOURCES}: expected a folder with {', '.join(parts)}, got {folder!r}\n{__doc__}")
    sys.path.insert(0, folder)
    for name in ("magenta_rt", "magenta_rt.depthformer", "t5x"):
        package = types.ModuleType(name)
        package.__path__ = [str(Path(folder) / name.replace(".", "/"))]
        sys.modules[name] = package
    # Used for cost reports, and in annotations.
    for name in ("tensorflow", "tensorflow.compiler", "tensorflow.compiler.xla", "tensorflow.compiler.xla.service"):
        sys.modules[name] = mock.MagicMock()
    sys.modules["t5x.models"] = sys.modules["t5x"].models = mock.MagicMock()


_import_sources()

import flax  # noqa: E402
from flax import linen  # noqa: E402
from flaxformer.architectures.t5 import t5_architecture  # noqa: E402
from flaxformer.components import dense, embedding, layer_norm, relative_position_biases  # noqa: E402
from flaxformer.components.attention import dense_attention  # noqa: E402
from magenta_rt import utils  # noqa: E402
from magenta_rt.depthformer import decode, modules  # noqa: E402


def _module(config: EncoderDecoder) -> Any:
    """Return what `mrt_merged_base.gin` builds, in float32 and at the sizes of `config`."""

    def attention(stack: Stack) -> Any:
        return dense_attention.MultiHeadDotProductAttention(
            num_heads=stack.heads, head_dim=stack.head_width, use_bias=False, dtype="float32"
        )

    def feed_forward(stack: Stack) -> Any:
        return dense.MlpBlock(
            use_bias=False, activations=("gelu", "linear"), intermediate_dim=stack.hidden, dtype="float32"
        )

    plain = {
        "dropout_factory": partial(linen.Dropout, rate=0.1),
        "layer_norm_factory": partial(layer_norm.T5LayerNorm, dtype="float32"),
    }

    def encoder_layer(shared_relative_position_bias: Any) -> Any:
        return t5_architecture.EncoderLayer(
            attention=attention(config.encoder),
            mlp=feed_forward(config.encoder),
            shared_relative_position_bias=shared_relative_position_bias,
            **plain,
        )

    def decoder_layer(stack: Stack, shared_relative_position_bias: Any) -> Any:
        return t5_architecture.DecoderLayer(
            self_attention=attention(stack),
            encoder_decoder_attention=attention(stack),
            mlp=feed_forward(stack),
            shared_relative_position_bias=shared_relative_position_bias,
            **plain,
        )

    def bias(stack: Stack, buckets: int) -> Any:
        return partial(
            relative_position_biases.RelativePositionBiases,
            num_buckets=buckets,
            max_distance=buckets,
            num_heads=stack.heads,
            dtype="float32",
        )

    longest = max(config.source_length, config.decoded_length)
    places = partial(embedding.FixedEmbed, features=config.width, max_length=longest)

    def encoder(shared_token_embedder: Any) -> Any:
        return t5_architecture.Encoder(
            layer_factory=encoder_layer,
            input_dropout_factory=plain["dropout_factory"],
            output_dropout_factory=plain["dropout_factory"],
            layer_norm_factory=plain["layer_norm_factory"],
            num_layers=config.encoder.layers,
            position_embedder_factory=places,
            shared_token_embedder=shared_token_embedder,
        )

    def decoder(shared_token_embedder: Any) -> Any:
        return modules.DepthformerDecoder(
            layer_factory=partial(decoder_layer, config.temporal),
            depth_layer_factory=partial(decoder_layer, config.depth),
            num_layers=config.temporal.layers,
            num_depth_layers=config.depth.layers,
            num_levels=config.codes.steps,
            layer_remat="none",
            output_logits_factory=partial(
                dense.DenseGeneral,
                features=config.rows,
                use_bias=False,
                dtype="float32",
                kernel_init=linen.initializers.normal(),
                bias_init=linen.initializers.normal(),
                kernel_axis_names=["embed", "vocab"],
            ),
            position_embedder_factory=places,
            token_embedder_factory=None,
            shared_token_embedder=shared_token_embedder,
            shared_relative_position_bias_factory=bias(config.temporal, config.temporal_buckets),
            shared_relative_position_depth_bias_factory=bias(config.depth, config.depth_buckets),
            **plain,
        )

    tokens = partial(
        embedding.Embed,
        num_embeddings=config.rows,
        features=config.width,
        cast_input_dtype="int32",
        one_hot=True,
        name="token_embedder",
    )
    return t5_architecture.EncoderDecoder(
        encoder_factory=encoder, decoder_factory=decoder, shared_token_embedder_factory=tokens
    )


class OfficialMrt1:
    """Google's model with given weights. Two rows, the second without a style."""

    def __init__(self, config: EncoderDecoder, weights: dict[str, NDArray[np.float32]]) -> None:
        self.config = config
        self.module = _module(config)
        self.params = flax.traverse_util.unflatten_dict(weights, sep="/")
        self._rows = jnp.ones((2, config.decoded_length), jnp.int32)

    def names(self) -> dict[str, tuple[int, ...]]:
        """Return the names and shapes that the module gives its own weights."""
        source = jnp.ones((2, self.config.source_length), jnp.int32)

        def init() -> Any:
            return self.module.init({"params": jax.random.key(0)}, source, self._rows, self._rows, enable_dropout=False)

        found = flax.traverse_util.flatten_dict(jax.eval_shape(init)["params"], sep="/")
        return {name: leaf.shape for name, leaf in found.items()}

    def tokens(self, context: NDArray[np.int32], style: NDArray[np.int32]) -> NDArray[np.int32]:
        """Return the encoder's rows as `MagentaRTT5X.generate_chunk` makes them."""
        config = self.config
        size = config.codes.cardinalities[0]
        codes = np.where(context >= 0, utils.rvq_to_llm(np.maximum(context, 0), size, 2), 1)
        styled = utils.rvq_to_llm(style, config.style_cardinality, config.style_offset)
        given = np.concatenate([codes[:, : config.context_levels].reshape(-1), styled])
        free = given.copy()
        free[-config.style_levels :] = 1
        return np.stack([given, free]).astype(np.int32)

    def encoded(self, tokens: NDArray[np.int32]) -> jax.Array:
        return self.module.apply({"params": self.params}, tokens, enable_dropout=False, method="encode")

    def teacher_forced(self, tokens: NDArray[np.int32], codes: NDArray[np.int32]) -> NDArray[np.float32]:
        """Return both rows' logits [2, T, K, V] of a whole chunk's codes [T, K], computed at once."""
        target = utils.rvq_to_llm(codes, self.config.codes.cardinalities[0], 2).reshape(1, -1).repeat(2, axis=0)
        shifted = np.pad(target, ((0, 0), (1, 0)))[:, :-1]
        out = self.module.apply({"params": self.params}, tokens, shifted, target, enable_dropout=False)
        return np.asarray(out).reshape(2, *codes.shape, -1)

    def _start(self, tokens: NDArray[np.int32]) -> tuple[Any, Any, Any]:
        """Return the encoder's output, an empty cache, and one cached step."""
        encoded = self.encoded(tokens)
        source = jnp.ones_like(jnp.asarray(tokens))
        # Its own first place, -1 as an unsigned number, is refused by newer NumPy.
        place = {"decoder": {"position_embedder": {"position_embedder_index": jnp.full(1, 2**32 - 1, jnp.uint32)}}}
        _, variables = self.module.apply(
            {"params": self.params, "cache": place},
            source,
            self._rows,
            self._rows,
            decode=True,
            enable_dropout=False,
            mutable=["cache"],
        )

        def step(cache: Any, ids: jax.Array) -> tuple[jax.Array, Any]:
            out, after = self.module.apply(
                {"params": self.params, "cache": cache},
                encoded,
                tokens,
                ids,
                ids,
                enable_dropout=False,
                decode=True,
                max_decode_length=self.config.decoded_length,
                mutable=["cache"],
                method="decode",
            )
            return out[:, 0], after["cache"]

        return encoded, variables["cache"], jax.jit(step)

    def cached(self, tokens: NDArray[np.int32], codes: NDArray[np.int32]) -> NDArray[np.float32]:
        """Return the same logits, one code after another."""
        _, cache, step = self._start(tokens)
        target = utils.rvq_to_llm(codes, self.config.codes.cardinalities[0], 2).reshape(-1)
        rows = []
        for token in [0, *target[:-1]]:
            out, cache = step(cache, jnp.full((2, 1), token, jnp.int32))
            rows.append(np.asarray(out))
        return np.stack(rows, axis=1).reshape(2, *codes.shape, -1)

    def greedy(self, tokens: NDArray[np.int32], weight: float) -> NDArray[np.int32]:
        """Return the likeliest codes [T, K] of a chunk under guidance, each of its own level.

        The released configuration leaves all tokens to the sampler; Google's own constraint keeps to the levels.
        """
        config = self.config
        _, cache, step = self._start(tokens)
        constrained = partial(
            decode.constrained_logit_callback_fn,
            acoustic_depth=config.codes.steps,
            tokens_per_level=config.codes.cardinalities[0],
        )
        found, _ = decode.decode_with_classifier_free_guidance(
            inputs=jnp.zeros((2, config.decoded_length), jnp.int32),
            cache=cache,
            tokens_to_logits=lambda state: (lambda made: (made[0], made[1]))(step(state.cache, state.cur_token)),
            eos_id=-1,
            decode_rng=jax.random.PRNGKey(0),
            guidance_weight=weight,
            logit_callback_fn=constrained,
            topk=1,
            cache_offset=0,
        )
        tokens_found = np.asarray(found)[0, 0].reshape(config.chunk_frames, config.codes.steps)
        return utils.llm_to_rvq(tokens_found, config.codes.cardinalities[0], 2)
