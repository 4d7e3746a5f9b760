"""Text to situations: a caption is nearest to its own, a blend to both."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from segue.style.situations import CAPTIONS, SITUATIONS, similarities, situation_embeddings
from segue.style.word_table import WordEncoder

ENCODER = WordEncoder()


def test_every_situation_has_three_to_six_captions_of_known_words() -> None:
    assert len(SITUATIONS) == len(set(SITUATIONS)) == 20
    for captions in CAPTIONS.values():
        assert 3 <= len(captions) <= 6
        assert [ENCODER.unknown_words(caption) for caption in captions] == [()] * len(captions)


@pytest.mark.parametrize("name", SITUATIONS)
def test_a_caption_is_far_nearer_to_its_situation_than_to_others(name: str) -> None:
    for caption in CAPTIONS[name]:
        first, second = ranked(ENCODER.embed_text(caption))[:2]
        assert first[0] == name
        assert first[1] > second[1] + 0.3


@pytest.mark.parametrize(("one", "other"), [("combat", "calm"), ("snow", "horror"), ("town", "sad")])
def test_a_blend_is_nearest_to_its_two_situations_by_its_weights(one: str, other: str) -> None:
    centres = situation_embeddings(ENCODER)
    a, b = centres[SITUATIONS.index(one)], centres[SITUATIONS.index(other)]
    leads = []
    for share in (0.25, 0.5, 0.75):
        blend = share * a + (1 - share) * b
        near = ranked((blend / np.linalg.norm(blend)).astype(np.float32))
        assert {name for name, _ in near[:2]} == {one, other}
        leads.append(dict(near)[one] - dict(near)[other])
    assert leads == sorted(leads)
    assert abs(leads[1]) < 0.1 < leads[2]


def ranked(embedding: NDArray[np.float32]) -> list[tuple[str, float]]:
    """The situations with their likenesses, the nearest first."""
    near = similarities(ENCODER, embedding)
    return sorted(zip(SITUATIONS, near.tolist(), strict=True), key=lambda pair: -pair[1])


@pytest.mark.parametrize("embedding", [np.zeros(3, np.float32), np.full(128, np.nan, np.float32)])
def test_a_malformed_embedding_is_an_error(embedding: np.ndarray) -> None:
    with pytest.raises(ValueError, match=r"expected a finite vector \[128\]"):
        similarities(ENCODER, embedding)
