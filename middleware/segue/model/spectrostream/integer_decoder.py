"""SpectroStream's decoder in integers: what `decoder.py` computes, in kernels compiled for the processor.

Each layer is one call, for any number of frames. Frames sound the same however they are cut into calls.

B batch, C channels, T frames, R rows (T * rows of a frame), F bins, D embedding width, S samples.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from segue.contract import Samples
from segue.model.native.convolution import IntegerConvolution, Rows, integer_convolution
from segue.model.native.library import Library
from segue.model.spectrostream.config import Size, SpectroStreamConfig


class _Block(NamedTuple):
    """A residual block: transposed convolution and 3x3; beside them the input, projected where the width changes."""

    up: IntegerConvolution
    conv: IntegerConvolution
    shortcut: IntegerConvolution | None


class IntegerDecoderState(NamedTuple):
    """What each layer keeps of the rows before, in the order of the layers.

    Attributes:
        seen: Frames decoded, as far as the lookahead counts them.
        overlap: What the last window adds to the next hop, [B * C, hop].
    """

    seen: int
    rows: tuple[Rows, ...]
    overlap: NDArray[np.float32]


class IntegerDecoder:
    """The decoder of one codec. Its weights are rounded when they are loaded."""

    def __init__(self, library: Library, weights: Mapping[str, Any], config: SpectroStreamConfig) -> None:
        """Round weights for the kernels.

        Args:
            weights: As stored; each is read when it is used.
        """
        self._config = config

        def layer(path: str, **sizes: Any) -> IntegerConvolution:
            kernel = np.asarray(weights[f"decoder/{path}/conv/kernel"], np.float32)
            bias = np.asarray(weights[f"decoder/{path}/conv/bias"], np.float32)
            return integer_convolution(library, kernel, bias, **sizes)

        def up(path: str, strides: Size) -> IntegerConvolution:
            kernel = phases(np.asarray(weights[f"decoder/{path}/conv/kernel"], np.float32), strides)
            bias = np.asarray(weights[f"decoder/{path}/conv/bias"], np.float32)
            return integer_convolution(library, kernel, bias, margin=1, phases=strides)

        self._first = layer("input_layer/conv1x1_first", elu=False)
        self._first_hidden = layer("input_layer/shortcut_layer/conv1x1_b1", elu=False)
        self._first_shortcut = layer("input_layer/shortcut_layer/conv1x1_b2")
        self._entry = (
            layer("input_layers_residual_unit/conv2d_3x3_a", margin=1),
            layer("input_layers_residual_unit/conv2d_3x3", margin=1),
        )
        blocks = []
        for block in config.decoder_blocks:
            high, wide = block.kernel
            shortcut = layer(f"{block.name}/shortcut_layer/conv1x1", elu=False) if block.projects else None
            own = up(f"{block.name}/conv2dtranspose_{high}x{wide}", block.strides)
            blocks.append(_Block(own, layer(f"{block.name}/conv2d_3x3", margin=1), shortcut))
        self._blocks = tuple(blocks)
        self._last = _several_bins(library, config, weights)

    def start(self) -> IntegerDecoderState:
        """Return the state of one row before its first frame: silence."""
        config, parts, bins = self._config, 1, self._config.bands
        rows = [conv.silence(parts, bins) for conv in self._entry]
        for index, (block, sizes) in enumerate(zip(self._blocks, config.decoder_blocks, strict=True)):
            if index == 1:
                parts = config.channels
            rows.append(block.up.silence(parts, bins))
            bins *= sizes.strides[1]
            rows.append(block.conv.silence(parts, bins))
        rows.append(self._last.silence(parts, bins))
        return IntegerDecoderState(0, tuple(rows), np.zeros((parts, config.hop), np.float32))

    def decode(
        self, embeddings: NDArray[np.float32], state: IntegerDecoderState
    ) -> tuple[Samples, IntegerDecoderState]:
        """Return (sound [S, C] of embeddings [T, D], the state after them).

        Sound lags by the lookahead, which is silent at first.
        """
        config = self._config
        spectra, kept = self._spectra(embeddings, list(state.rows))
        # The rows before the first frame's are not sound: the lookahead's, which a decoder of whole pieces cuts off.
        spectra[:, : max(0, config.rows * (config.lookahead - state.seen))] = 0
        sound, overlap = _waveform(spectra, state.overlap)
        seen = min(state.seen + len(embeddings), config.lookahead)
        return sound, IntegerDecoderState(seen, tuple(kept), overlap)

    def _spectra(self, embeddings: NDArray[np.float32], before: list[Rows]) -> tuple[NDArray[np.float32], list[Rows]]:
        """Return (spectra [C, R, F, 2], what the layers keep)."""
        config, kept = self._config, []

        def run(
            layer: IntegerConvolution, x: Rows, residual: Rows | None = None, repeats: Size = (1, 1)
        ) -> NDArray[np.float32]:
            y, past = layer(x, before[len(kept)], residual, repeats)
            kept.append(past)
            return y

        x = embeddings[None, :, None]
        x = _dense(self._first_shortcut, _dense(self._first_hidden, x), _dense(self._first, x))
        x = x.reshape(1, len(embeddings), config.bands, -1)
        x = run(self._entry[1], run(self._entry[0], x), x)
        for index, (block, sizes) in enumerate(zip(self._blocks, config.decoder_blocks, strict=True)):
            if index == 1:
                # Channels become rows of the batch.
                x = np.moveaxis(x.reshape(*x.shape[:3], config.channels, -1)[0], 2, 0)
            shortcut = np.ascontiguousarray(x) if block.shortcut is None else _dense(block.shortcut, x)
            x = run(block.conv, run(block.up, x), shortcut, sizes.strides)
        rows = run(self._last, x)
        return rows.reshape(*rows.shape[:2], config.hop, 2), kept


def _dense(layer: IntegerConvolution, x: Rows, residual: Rows | None = None) -> Rows:
    """Return the output of a convolution of one tap."""
    return layer(x, layer.silence(len(x), x.shape[2]), residual)[0]


def phases(kernel: NDArray[np.float32], strides: Size) -> NDArray[np.float32]:
    """Return the kernel [H, W, D, E] of a transposed convolution as that of phases, [H/s, W/s, D, s * s * E]."""
    rows, bins, inputs, outputs = kernel.shape
    cut = kernel.reshape(rows // strides[0], strides[0], bins // strides[1], strides[1], inputs, outputs)
    cut = cut[:, ::-1, :, ::-1].transpose(0, 2, 4, 1, 3, 5)
    return cut.reshape(*cut.shape[:3], -1)


def _several_bins(library: Library, config: SpectroStreamConfig, weights: Mapping[str, Any]) -> IntegerConvolution:
    """Return the last convolution, whose two outputs would leave most of a panel empty, for eight bins at a time."""
    kernel = np.asarray(weights["decoder/output_layer/base_conv_last/conv/kernel"], np.float32)
    bias = np.asarray(weights["decoder/output_layer/base_conv_last/conv/bias"], np.float32)
    high, wide, inputs, outputs = kernel.shape
    together = math.gcd(8, config.hop)
    joined = np.zeros((high, wide + together - 1, inputs, together, outputs), np.float32)
    for bin_ in range(together):
        joined[:, bin_ : bin_ + wide, :, bin_] = kernel
    return integer_convolution(
        library,
        joined.reshape(*joined.shape[:3], -1),
        np.tile(bias, together),
        margin=wide // 2,
        step=together,
    )


def _waveform(rows: NDArray[np.float32], overlap: NDArray[np.float32]) -> tuple[Samples, NDArray[np.float32]]:
    """Return (the sound [S, C] of spectra [C, R, F, 2], what to keep): the inverse transform, whose windows overlap by
    half.
    """
    hop = rows.shape[2]
    window = 0.5 - 0.5 * np.cos(np.pi * np.arange(2 * hop) / hop)
    window = (window / (window**2 + np.roll(window, hop) ** 2)).astype(np.float32)
    bins = np.pad(np.ascontiguousarray(rows).view(np.complex64)[..., 0], ((0, 0), (0, 0), (0, 1)))
    windows = np.fft.irfft(bins, n=2 * hop).astype(np.float32) * window
    before = np.concatenate([overlap[:, None], windows[..., hop:]], axis=1)
    samples = windows[..., :hop] + before[:, :-1]
    return samples.reshape(len(rows), -1).T, before[:, -1]
