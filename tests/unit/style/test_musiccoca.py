"""MusicCoCa around its parts, which are stand-ins here; `make parity` runs real TFLite files beside Google's code."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from segue.contract import GeneratorError, StyleEncoder
from segue.style.musiccoca import DIMENSION, NUM_TOKENS, TEXT_LENGTH, MusicCoCa, MusicCoCaParts

RATE = 48_000


class Part:
    """Multiplies what it reads, as one row, by a fixed matrix, and keeps it."""

    def __init__(self, outputs: int = DIMENSION) -> None:
        self.outputs = outputs
        self.inputs: list[list[NDArray[Any]]] = []

    def __call__(self, inputs: Sequence[NDArray[Any]]) -> NDArray[Any]:
        self.inputs.append([each.copy() for each in inputs])
        joined = np.concatenate([each.reshape(-1) for each in inputs]).astype(np.float64)
        places = np.arange(self.outputs)[:, None] + np.arange(min(len(joined), 1_000))
        return (np.sin(places) @ joined[:1_000]).astype(np.float32)


def parts(**changed: Any) -> MusicCoCaParts:
    made: dict[str, Any] = {
        "words": lambda text: [ord(letter) for letter in text],
        "text": Part(),
        "mapper": Part(),
        "quantiser": Part(NUM_TOKENS + 3),
        "spectra": Part(500),
        "music": Part(),
    }
    return MusicCoCaParts(**{**made, **changed})


def tone(seconds: float) -> NDArray[np.float32]:
    wave = 0.3 * np.sin(2 * np.pi * 440 * np.arange(round(seconds * RATE)) / RATE)
    return np.stack([wave, np.zeros_like(wave)], axis=1).astype(np.float32)


def test_it_is_a_style_encoder() -> None:
    encoder: StyleEncoder = MusicCoCa(parts())
    assert (encoder.name, encoder.dimension, encoder.unknown_words("x")) == ("musiccoca", 768, ())


def test_a_text_is_lower_case_with_a_start_token_and_paddings() -> None:
    made = parts()
    embedding = MusicCoCa(made).embed_text("Calm")
    assert embedding.shape == (DIMENSION,)
    assert np.linalg.norm(embedding) == pytest.approx(1, abs=1e-6)
    (numbers, paddings), *_ = made.text.inputs  # type: ignore[attr-defined]
    assert numbers.dtype == np.int32
    assert numbers.tolist() == [1, *map(ord, "calm"), *[0] * (TEXT_LENGTH - 5)]
    assert paddings.tolist() == [0.0] * 5 + [1.0] * (TEXT_LENGTH - 5)


def test_a_long_text_is_cut() -> None:
    made = parts()
    MusicCoCa(made).embed_text("x" * 500)
    ((numbers, paddings),) = made.text.inputs  # type: ignore[attr-defined]
    assert numbers.tolist() == [1, *[ord("x")] * (TEXT_LENGTH - 1)]
    assert not paddings.any()


def test_the_mapper_gets_the_same_noise_every_time() -> None:
    made = parts()
    encoder = MusicCoCa(made)
    first, second = encoder.embed_text("calm"), encoder.embed_text("calm")
    assert np.array_equal(first, second)
    (_, noise), (_, again) = made.mapper.inputs  # type: ignore[attr-defined]
    assert np.array_equal(noise, again)
    # The first of NumPy's standard normal numbers of seed 0.
    assert noise[:2] == pytest.approx([1.7640524, 0.4001572], abs=1e-6)


def test_sound_is_mono_at_16_khz_in_clips_of_ten_seconds() -> None:
    made = parts()
    embedding = MusicCoCa(made).embed_audio(tone(12.5))
    assert np.linalg.norm(embedding) == pytest.approx(1, abs=1e-6)
    (first,), (second,) = made.spectra.inputs  # type: ignore[union-attr]
    assert (len(first), len(second)) == (160_000, 160_000)
    assert first.std() == pytest.approx(0.15 / np.sqrt(2), rel=0.01)
    assert second[:39_000].std() > 0.1
    assert not second[40_000:].any()


def test_tokens_are_the_first_twelve() -> None:
    encoder = MusicCoCa(parts(quantiser=lambda inputs: np.arange(20)))
    tokens = encoder.quantise(np.ones(DIMENSION, np.float32))
    assert tokens.dtype == np.int32
    assert tokens.tolist() == list(range(NUM_TOKENS))


@pytest.mark.parametrize(
    ("part", "name", "output", "got"),
    [
        ("text", "text encoder", np.zeros(DIMENSION), "zeros"),
        ("mapper", "mapper", np.full(DIMENSION, np.nan), "numbers that are not finite"),
        ("text", "text encoder", np.ones(512), r"shape \[512\]"),
    ],
)
def test_a_part_that_gives_no_embedding_is_an_error(part: str, name: str, output: Any, got: str) -> None:
    encoder = MusicCoCa(parts(**{part: lambda inputs: output}))
    text = f"MusicCoCa's {name}: expected an embedding of 768 numbers, got {got}"
    with pytest.raises(GeneratorError, match=text):
        encoder.embed_text("calm")


def test_a_silent_music_encoder_is_an_error() -> None:
    encoder = MusicCoCa(parts(music=lambda inputs: np.zeros(DIMENSION)))
    with pytest.raises(GeneratorError, match="MusicCoCa's music encoder: expected an embedding"):
        encoder.embed_audio(tone(1.0))


def test_nothing_to_read_is_refused() -> None:
    encoder = MusicCoCa(parts())
    with pytest.raises(ValueError, match="text: expected a phrase such as"):
        encoder.embed_text("  ")
    with pytest.raises(ValueError, match="expected sound, got silence"):
        encoder.embed_audio(np.zeros((RATE, 2), np.float32))


@pytest.mark.parametrize("missing", ["spectra", "music"])
def test_without_its_files_sound_is_refused_with_advice(missing: str) -> None:
    encoder = MusicCoCa(replace(parts(), **{missing: None}))
    with pytest.raises(NotImplementedError, match=r"music_encoder\.tflite for an audio prompt; 'segue models fetch'"):
        encoder.embed_audio(tone(1.0))
