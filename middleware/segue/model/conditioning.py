"""Embeddings of a frame's conditioning: the released model's tokens and the bundled model's features.

B batch, T frames, E encoder width, G streams a row: the second, where there is one, is without its style (guidance).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Bool, Float, Int

from segue.model.config import Depthformer, FeatureConditioning, TokenConditioning
from segue.model.layers import LayerNorm, project
from segue.model.weights import CHANNEL_TABLE, ENCODER, STYLE_PROJECTION, STYLE_TABLE


class TokenFrames(NamedTuple):
    """Conditioning of the released models.

    Attributes:
        style: A sum of one row a level of the style table (see `style_vector`), so blends may be formed as weighted
            sums of such vectors.
        notes: -1 not given, 0 off, 1 held, 2 struck, 3 either.
        drums: -1 not given, 0, 1.
        scales: Guidance of style (0-40), notes (0-40) and drums (0-8) as tokens: a scale from -1 to 7 in steps of 0.2,
            or of 1 for drums.
    """

    style: Float[Array, "B T S"]
    notes: Int[Array, "B T 128"]
    drums: Int[Array, "B T"]
    scales: Int[Array, "B T 3"]


class FeatureFrames(NamedTuple):
    """Conditioning of the bundled model. What is not given is embedded as such; training drops parts at random.

    Attributes:
        style: Unit vector, and whether it is given.
        clock: Beat and bar phase in [0, 1), and the natural logarithm of tempo / 120 bpm.
        meter: Beats in the bar, 0 not given.
        intensity: [0, 1], NaN-free, and whether it is given.
        mode: -1 not given.
        drums: -1 not given, 0 off, 1 on.
    """

    style: Float[Array, "B T S"]
    style_given: Bool[Array, "B T"]
    beat_phase: Float[Array, "B T"]
    bar_phase: Float[Array, "B T"]
    log_tempo: Float[Array, "B T"]
    clock_given: Bool[Array, "B T"]
    meter: Int[Array, "B T"]
    intensity: Float[Array, "B T"]
    intensity_given: Bool[Array, "B T"]
    mode: Int[Array, "B T"]
    drums: Int[Array, "B T"]


Frames = TokenFrames | FeatureFrames


class TokenEncoder(NamedTuple):
    """The tables of style vectors and of the other channels, and the projection of the style."""

    norm: LayerNorm
    style_table: Float[Array, "L*V S"]
    style: Float[Array, "E S"]
    channels: Float[Array, "V E"]


class FeatureEncoder(NamedTuple):
    """Each control's matrix or table, the vectors that stand for "not given", and the way into the temporal stack."""

    norm: LayerNorm
    style: Float[Array, "E S"]
    no_style: Float[Array, " E"]
    clock: Float[Array, "E F"]
    no_clock: Float[Array, " E"]
    intensity: Float[Array, "E 1"]
    no_intensity: Float[Array, " E"]
    meter: Float[Array, "M E"]
    mode: Float[Array, "M E"]
    drums: Float[Array, "3 E"]
    inward: Float[Array, "D E"]


def token_encoder(weights: Mapping[str, Array], norm: LayerNorm, dtype: jnp.dtype) -> TokenEncoder:
    """Return the encoder of the released models from stored weights."""
    return TokenEncoder(
        norm=norm,
        style_table=weights[STYLE_TABLE],
        style=weights[STYLE_PROJECTION].T.astype(dtype),
        channels=weights[CHANNEL_TABLE],
    )


def feature_encoder(weights: Mapping[str, Array], norm: LayerNorm, dtype: jnp.dtype) -> FeatureEncoder:
    """Return the encoder of the bundled model from stored weights; matrices in `dtype`."""

    def matrix(name: str) -> Array:
        return weights[f"{ENCODER}/{name}/kernel"].T.astype(dtype)

    return FeatureEncoder(
        norm=norm,
        style=matrix("style"),
        no_style=weights[f"{ENCODER}/style/none"],
        clock=matrix("clock"),
        no_clock=weights[f"{ENCODER}/clock/none"],
        intensity=matrix("intensity"),
        no_intensity=weights[f"{ENCODER}/intensity/none"],
        meter=weights[f"{ENCODER}/meter/embedding"],
        mode=weights[f"{ENCODER}/mode/embedding"],
        drums=weights[f"{ENCODER}/drums/embedding"],
        inward=matrix("input"),
    )


def style_vector(encoder: TokenEncoder, config: TokenConditioning, tokens: Int[Array, "*B L"]) -> Float[Array, "*B S"]:
    """Return the style that RVQ tokens spell; -1 (not given) is a token too."""
    rows = tokens + config.FIRST_VALUE + np.arange(config.style_levels) * config.style_rows_per_level
    return jnp.sum(jnp.take(encoder.style_table, rows, axis=0), axis=-2)


def _encode_tokens(encoder: TokenEncoder, config: TokenConditioning, frames: TokenFrames) -> Float[Array, "B T E"]:
    channels = jnp.concatenate([frames.notes, frames.drums[..., None], frames.scales], axis=-1)
    starts = np.cumsum([0, *config.channel_sizes[:-1]])
    rows = jnp.take(encoder.channels, channels + config.FIRST_VALUE + starts, axis=0)
    mean = (project(frames.style, encoder.style) + jnp.mean(rows, axis=-2)) / 2
    return encoder.norm(mean)


def _clock_features(config: FeatureConditioning, frames: FeatureFrames) -> Float[Array, "B T F"]:
    def waves(phase: Array, harmonics: int) -> list[Array]:
        angle = 2 * np.pi * phase[..., None] * np.arange(1, harmonics + 1)
        return [jnp.sin(angle), jnp.cos(angle)]

    parts = [
        *waves(frames.beat_phase, config.beat_harmonics),
        *waves(frames.bar_phase, config.bar_harmonics),
        frames.log_tempo[..., None],
    ]
    return jnp.concatenate(parts, axis=-1)


def _encode_features(
    encoder: FeatureEncoder, config: FeatureConditioning, frames: FeatureFrames
) -> Float[Array, "B T E"]:
    def given(mask: Array, value: Array, missing: Array) -> Array:
        return jnp.where(mask[..., None], value, missing)

    clock = project(_clock_features(config, frames), encoder.clock)
    intensity = project(2 * frames.intensity[..., None] - 1, encoder.intensity)
    total = (
        given(frames.style_given, project(frames.style, encoder.style), encoder.no_style)
        + given(frames.clock_given, clock, encoder.no_clock)
        + given(frames.intensity_given, intensity, encoder.no_intensity)
        + jnp.take(encoder.meter, jnp.clip(frames.meter, 0, config.max_meter), axis=0)
        + jnp.take(encoder.mode, frames.mode + 1, axis=0)
        + jnp.take(encoder.drums, frames.drums + 1, axis=0)
    )
    return encoder.norm(total)


def encode(encoder: TokenEncoder | FeatureEncoder, config: Depthformer, frames: Frames) -> Float[Array, "B G T E"]:
    """Return each frame's conditioning, encoded on its own; stream 1, if any, without its style."""
    if isinstance(frames, TokenFrames):
        assert isinstance(encoder, TokenEncoder)
        assert isinstance(config.conditioning, TokenConditioning)
        return _encode_tokens(encoder, config.conditioning, frames)[:, None]
    assert isinstance(encoder, FeatureEncoder)
    assert isinstance(config.conditioning, FeatureConditioning)
    streams = [frames, frames._replace(style_given=jnp.zeros_like(frames.style_given))][: config.streams]
    return jnp.stack([_encode_features(encoder, config.conditioning, stream) for stream in streams], axis=1)


def inward(encoder: FeatureEncoder, encoded: Float[Array, "*B E"]) -> Float[Array, "*B D"]:
    """Return what a frame's own conditioning adds to its temporal input."""
    return project(jax.nn.gelu(encoded, approximate=True), encoder.inward)
