"""Text to situations: a phrase gives its own, a blend gives both, weights are a distribution."""

from __future__ import annotations

import numpy as np
import pytest

from segue.style.situations import CAPTIONS, SITUATIONS, nearest_situations, similarities, situation_embeddings
from segue.style.word_table import WordEncoder

ENCODER = WordEncoder()


def test_every_situation_has_three_to_six_captions_of_known_words() -> None:
    assert len(SITUATIONS) == len(set(SITUATIONS)) == 20
    for captions in CAPTIONS.values():
        assert 3 <= len(captions) <= 6
        assert [ENCODER.unknown_words(caption) for caption in captions] == [()] * len(captions)


@pytest.mark.parametrize("name", SITUATIONS)
def test_a_caption_gives_nearly_only_its_situation(name: str) -> None:
    for caption in CAPTIONS[name]:
        found, weight = nearest_situations(ENCODER, ENCODER.embed_text(caption))[0]
        assert found == name
        assert weight > 0.8


@pytest.mark.parametrize(("one", "other"), [("combat", "calm"), ("snow", "horror"), ("town", "sad")])
def test_a_blend_gives_both_situations_by_its_weights(one: str, other: str) -> None:
    centres = situation_embeddings(ENCODER)
    a, b = centres[SITUATIONS.index(one)], centres[SITUATIONS.index(other)]
    shares = []
    for share in (0.25, 0.5, 0.75):
        blend = share * a + (1 - share) * b
        weights = dict(nearest_situations(ENCODER, (blend / np.linalg.norm(blend)).astype(np.float32), k=20))
        assert weights[one] + weights[other] > 0.8
        shares.append(weights[one])
    assert shares == sorted(shares)
    assert 0.2 < shares[1] < 0.8


def test_weights_fall_sum_to_one_and_repeat() -> None:
    embedding = ENCODER.embed_text("driving taiko drums and brass")
    for k in (1, 3, 20):
        found = nearest_situations(ENCODER, embedding, k)
        weights = [weight for _, weight in found]
        assert len(found) == k
        assert sum(weights) == pytest.approx(1.0)
        assert weights == sorted(weights, reverse=True)
        assert found == nearest_situations(WordEncoder(), embedding, k)


@pytest.mark.parametrize("k", [0, 21, -1])
def test_k_out_of_range_is_an_error(k: int) -> None:
    with pytest.raises(ValueError, match="k: expected 1 to 20"):
        nearest_situations(ENCODER, ENCODER.embed_text("harp"), k)


@pytest.mark.parametrize("embedding", [np.zeros(3, np.float32), np.full(128, np.nan, np.float32)])
def test_a_malformed_embedding_is_an_error(embedding: np.ndarray) -> None:
    with pytest.raises(ValueError, match=r"expected a finite vector \[128\]"):
        similarities(ENCODER, embedding)
