"""SpectroStream as a Codec: weights on the device, compiled calls for a few sizes, rows in and out.

B batch rows, T frames, K codebooks, S samples, C channels.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from functools import partial
from itertools import pairwise
from typing import Any, Final, TypeAlias

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Int
from numpy.typing import NDArray

from segue.contract import CodecRequest, Decoded, Samples
from segue.model.native.library import Library
from segue.model.spectrostream.config import SpectroStreamConfig
from segue.model.spectrostream.decoder import Decoder, DecoderState, decode, decoder, start_decoder
from segue.model.spectrostream.encoder import Encoder, EncoderPast, encode, encoder, start_encoder
from segue.model.spectrostream.integer_decoder import IntegerDecoder, IntegerDecoderState
from segue.model.spectrostream.layers import spectra
from segue.model.spectrostream.quantizer import Codebooks, dequantise, quantise
from segue.model.spectrostream.weights import CODEBOOKS

# Levels of the quantiser that Magenta RealTime 2 uses.
USED_CODEBOOKS: Final = 12

# A decoder's state: in float32 or in integers, as the codec decodes.
AnyState: TypeAlias = DecoderState | IntegerDecoderState


class SpectroStream:
    """Implements segue.contract.Codec. Thread-compatible: states are values, calls share nothing but compiled code.

    Attributes:
        num_codebooks: Levels of the quantiser that are used.
    """

    block_frames: Final = 1

    def __init__(
        self,
        config: SpectroStreamConfig,
        decoder_weights: Mapping[str, Any],
        encoder_weights: Mapping[str, Any] | None = None,
        *,
        num_codebooks: int = USED_CODEBOOKS,
        blocks: Sequence[int] = (16, 8, 4, 2, 1),
        library: Library | None = None,
    ) -> None:
        """Put weights on the device.

        Args:
            decoder_weights: As stored, with the quantiser; each is read when it is used.
            encoder_weights: As stored; without them it only decodes.
            num_codebooks: Levels used, the coarsest first; decoded codes may have fewer.
            blocks: Frames of one compiled call: requests are cut into such blocks, the largest first. The last is 1.
            library: Kernels that decode in integers, in calls of any size; None for XLA in float32.

        Raises:
            ValueError: For more codebooks than there are, or blocks that do not decrease to 1.
        """
        if not 1 <= num_codebooks <= config.num_codebooks:
            raise ValueError(
                f"num_codebooks: expected 1 to {config.num_codebooks}, as {config.name} has, got {num_codebooks}"
            )
        if not blocks or blocks[-1] != 1 or any(one <= two for one, two in pairwise(blocks)):
            raise ValueError(f"blocks: expected numbers that decrease to 1, got {list(blocks)}")
        self.config = config
        self.blocks = tuple(blocks)
        self.num_codebooks = num_codebooks
        self._codebooks = jnp.asarray(decoder_weights[CODEBOOKS][:num_codebooks], jnp.float32)
        self._vectors = np.asarray(self._codebooks)
        self._integers = None if library is None else IntegerDecoder(library, decoder_weights, config)
        self._decoder: Decoder | None = None
        if self._integers is None:
            self._decoder = jax.jit(lambda stored: decoder(stored, config))(dict(decoder_weights))
        self._encoder = None if encoder_weights is None else encoder(dict(encoder_weights), config)
        self._decode = jax.jit(partial(_decode, config))
        self._encode = jax.jit(partial(_encode, config))

    @property
    def delay_samples(self) -> int:
        return self.config.delay

    @property
    def memory_frames(self) -> int:
        return self.config.memory_frames

    def start(self) -> AnyState:
        if self._integers is not None:
            return self._integers.start()
        assert self._decoder is not None
        return start_decoder(self._decoder, self.config, 1)

    def encode(self, samples: Samples) -> NDArray[np.int32]:
        """Return codes [T, K] of sound [S, C] from its first sample on; what does not fill a frame is left out.

        A frame hears one hop of the next: after the last sample that is silence.

        Raises:
            NotImplementedError: Without encoder weights.
            ValueError: For another number of channels.
        """
        if self._encoder is None:
            raise NotImplementedError("expected the encoder's weights (encoder.safetensors) to encode sound")
        config = self.config
        if samples.ndim != 2 or samples.shape[1] != config.channels:
            raise ValueError(f"samples: expected [S, {config.channels}], got {list(samples.shape)}")
        frames = len(samples) // config.frame_size
        end = frames * config.frame_size
        heard = np.concatenate([samples[:end], np.zeros((config.hop, config.channels), np.float32)])
        past = start_encoder(self._encoder, config, 1)
        codes = [np.zeros((0, self.num_codebooks), np.int32)]
        for begin, stop in pairwise(self._cuts(frames)):
            part = heard[begin * config.frame_size : stop * config.frame_size + config.hop]
            found, past = self._encode(self._encoder, self._codebooks, jnp.asarray(part)[None], past)
            codes.append(np.asarray(found[0]))
        return np.concatenate(codes)

    def decode(self, requests: Sequence[CodecRequest[AnyState]]) -> list[Decoded[AnyState]]:
        """Decode each request; those of equal length share calls.

        Raises:
            ValueError: For codes of another shape or outside their codebooks.
        """
        by_shape: dict[tuple[int, ...], list[int]] = defaultdict(list)
        for index, request in enumerate(requests):
            self._check(request.codes)
            by_shape[request.codes.shape].append(index)
        if self._integers is not None:
            return [self._decoded_in_integers(self._integers, request) for request in requests]
        found: dict[int, Decoded[AnyState]] = {}
        for members in by_shape.values():
            found.update(zip(members, self._decoded([requests[index] for index in members]), strict=True))
        return [found[index] for index in range(len(requests))]

    def _check(self, codes: NDArray[np.int32]) -> None:
        if codes.ndim != 2 or not 1 <= codes.shape[1] <= self.num_codebooks:
            raise ValueError(f"codes: expected [T, 1 to {self.num_codebooks}], got {list(codes.shape)}")
        if codes.size and not 0 <= codes.min() <= codes.max() < self.config.cardinality:
            raise ValueError(f"codes: expected 0 to {self.config.cardinality - 1}, got {codes.min()} to {codes.max()}")

    def _cuts(self, frames: int) -> list[int]:
        """Return where frames are cut into blocks."""
        cuts = [0]
        for size in self.blocks:
            while frames - cuts[-1] >= size:
                cuts.append(cuts[-1] + size)
        return cuts

    def _decoded_in_integers(self, integers: IntegerDecoder, request: CodecRequest[AnyState]) -> Decoded[AnyState]:
        assert isinstance(request.state, IntegerDecoderState)
        if not len(request.codes):
            return Decoded(state=request.state, samples=np.zeros((0, self.config.channels), np.float32))
        vectors = self._vectors[np.arange(request.codes.shape[1]), request.codes]
        samples, state = integers.decode(vectors.sum(axis=1), request.state)
        return Decoded(state=state, samples=samples)

    def _decoded(self, requests: list[CodecRequest[AnyState]]) -> list[Decoded[AnyState]]:
        """Decode requests of one shape."""
        codes = np.stack([request.codes for request in requests])
        state = jax.tree.map(lambda *leaves: jnp.concatenate(leaves), *(request.state for request in requests))
        samples = [np.zeros((len(requests), 0, self.config.channels), np.float32)]
        for begin, stop in pairwise(self._cuts(codes.shape[1])):
            made, state = self._decode(self._decoder, self._codebooks, jnp.asarray(codes[:, begin:stop]), state)
            samples.append(np.asarray(made))
        sound = np.concatenate(samples, axis=1)
        return [Decoded(state=_row(state, row, len(codes)), samples=sound[row]) for row in range(len(codes))]


def _row(state: DecoderState, row: int, batch: int) -> DecoderState:
    """Return one row of a batch's state."""
    if batch == 1:
        return state

    def cut(leaf: Array) -> Array:
        size = len(leaf) // batch
        return leaf[row * size : (row + 1) * size]

    return jax.tree.map(cut, state)


def _decode(
    config: SpectroStreamConfig,
    layers: Decoder,
    codebooks: Codebooks,
    codes: Int[Array, "B T K"],
    state: DecoderState,
) -> tuple[Float[Array, "B S C"], DecoderState]:
    return decode(layers, config, dequantise(codebooks, codes), state)


def _encode(
    config: SpectroStreamConfig,
    layers: Encoder,
    codebooks: Codebooks,
    samples: Float[Array, "B S C"],
    past: EncoderPast,
) -> tuple[Int[Array, "B T K"], EncoderPast]:
    embeddings, past = encode(layers, config, spectra(samples, config.hop), past)
    return quantise(codebooks, embeddings), past
