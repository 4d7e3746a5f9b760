"""Phrases read without NumPy: the same words and likenesses as the word encoder's."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import save_file

from segue.style.stored_words import StoredTable, StoredWords
from segue.style.word_table import WordEncoder, WordTable
from segue.training.words.evaluate import load_cases

WORDS = StoredWords()
ENCODER = WordEncoder()
TEXTS = sorted({case.text for cases in load_cases().values() for case in cases})


def test_directions_are_those_of_the_word_encoder() -> None:
    assert len(TEXTS) > 100
    for text in TEXTS:
        # float32 has 24 bits; a phrase adds up about ten rows.
        np.testing.assert_allclose(WORDS.direction(text), ENCODER.embed_text(text), atol=1e-6)
        assert WORDS.unknown_words(text) == ENCODER.unknown_words(text)


def test_errors_are_those_of_the_word_encoder(tmp_path: Path) -> None:
    table = WordTable(
        entries=("drums", "harp", "anti"),
        rows=np.array([[127, 0], [0, 64], [-127, 0]], np.int8),
        scales=np.array([0.01, 0.02, 0.01], np.float16),
        descriptors=frozenset({"drums"}),
        about={},
    )
    table.save(tmp_path / "table")
    words, encoder = StoredWords(StoredTable.read(tmp_path / "table")), WordEncoder(table)
    assert words.direction("harp") == [0.0, 1.0]
    for text in (" ", "музыка", "no drums", "drums anti"):
        with pytest.raises(ValueError) as here:
            words.direction(text)
        with pytest.raises(ValueError) as there:
            encoder.embed_text(text)
        assert str(here.value) == str(there.value)


def test_a_table_of_another_shape_is_refused(tmp_path: Path) -> None:
    text = np.frombuffer(b"harp\ndrums", np.uint8)
    rows, scales = np.zeros((1, 3), np.int8), np.zeros(2, np.float16)
    save_file({"entries": text, "descriptors": text, "rows": rows, "scales": scales}, tmp_path / "table")
    with pytest.raises(ValueError, match="expected 2 rows of 3 bytes and 2 scales of 2, got 3 and 4 bytes"):
        StoredTable.read(tmp_path / "table")
